//! The schemas of a definition as Go's structs hold them: what they have no field for is dropped, and so is what is empty.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/apis/apiextensions/v1/types_jsonschema.go, `JSONSchemaProps`.

use crate::json::{Map, Value};
use crate::store::schema::format::Format;

/// What a keyword holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// A text, a flag, or a list of anything; left out where it is empty or says no.
    Plain,
    /// Something that is kept as it is.
    Kept,
    Schema,
    /// A schema, or a flag that is kept.
    SchemaOrFlag,
    Schemas,
    SchemasByName,
}

/// The list of rules.
const RULES: &str = "x-kubernetes-validations";
/// What rules have.
const OF_RULES: [&str; 6] = [
    "fieldPath",
    "message",
    "messageExpression",
    "optionalOldSelf",
    "reason",
    "rule",
];

fn holds(name: &str) -> Option<Holds> {
    Some(match name {
        "description"
        | "enum"
        | "exclusiveMaximum"
        | "exclusiveMinimum"
        | "format"
        | "id"
        | "nullable"
        | "pattern"
        | "required"
        | "$schema"
        | "title"
        | "type"
        | "uniqueItems"
        | "x-kubernetes-embedded-resource"
        | "x-kubernetes-int-or-string"
        | "x-kubernetes-list-map-keys"
        | RULES => Holds::Plain,
        "default"
        | "example"
        | "externalDocs"
        | "maxItems"
        | "maxLength"
        | "maxProperties"
        | "maximum"
        | "minItems"
        | "minLength"
        | "minProperties"
        | "minimum"
        | "multipleOf"
        | "$ref"
        | "x-kubernetes-list-type"
        | "x-kubernetes-map-type"
        | "x-kubernetes-preserve-unknown-fields" => Holds::Kept,
        "items" | "not" => Holds::Schema,
        "additionalItems" | "additionalProperties" => Holds::SchemaOrFlag,
        "allOf" | "anyOf" | "oneOf" => Holds::Schemas,
        "definitions" | "dependencies" | "patternProperties" | "properties" => Holds::SchemasByName,
        _ => return None,
    })
}

/// Drops from the schemas of a definition what Go has no field for, and what it does not write; the paths of the former.
pub fn prune(crd: &mut Value) -> Vec<String> {
    let mut unknown = Vec::new();
    let n_versions = crd["spec"]["versions"]
        .as_array()
        .map_or(0, |all| all.len());
    for index in 0..n_versions {
        let pointer = format!("/spec/versions/{index}/schema/openAPIV3Schema");
        // Most are as they are written: whoever shares them goes on to.
        if crd
            .pointer(&pointer)
            .is_some_and(|schema| !is_whole(schema))
            && let Some(schema) = crd.pointer_mut(&pointer)
        {
            let path = format!("spec.versions[{index}].schema.openAPIV3Schema");
            prune_schema(schema, &path, &mut unknown);
        }
    }
    unknown
}

/// Whether nothing is to be dropped from a schema.
fn is_whole(schema: &Value) -> bool {
    let mut fields = schema.as_object().into_iter().flat_map(Map::iter);
    fields.all(|(name, value)| {
        let Some(holds) = holds(name).filter(|holds| is_written(value, *holds)) else {
            return false;
        };
        let mut items = value.as_array().into_iter().flatten();
        match holds {
            Holds::Schema | Holds::SchemaOrFlag => is_whole(value),
            Holds::Schemas => items.all(is_whole),
            Holds::SchemasByName => {
                let mut fields = value.as_object().into_iter().flat_map(Map::iter);
                fields.all(|(_, schema)| is_whole(schema))
            }
            Holds::Plain if name == RULES => items.all(is_whole_rule),
            Holds::Plain | Holds::Kept => true,
        }
    })
}

fn is_whole_rule(rule: &Value) -> bool {
    let mut fields = rule.as_object().into_iter().flat_map(Map::iter);
    fields.all(|(name, value)| is_of_rule(name, value))
}

/// Whether a rule has such a field, and it is written.
fn is_of_rule(name: &str, value: &Value) -> bool {
    let is_empty = name != "rule" && *value == "";
    OF_RULES.contains(&name) && !value.is_null() && !is_empty
}

fn prune_schema(schema: &mut Value, path: &str, unknown: &mut Vec<String>) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    for (name, value) in fields.iter_mut() {
        let below = || format!("{path}.{name}");
        match holds(name) {
            Some(Holds::Schema | Holds::SchemaOrFlag) => prune_schema(value, &below(), unknown),
            Some(Holds::Schemas) => {
                let list = value.as_array_mut().into_iter().flatten().enumerate();
                list.for_each(|(index, schema)| {
                    prune_schema(schema, &format!("{path}.{name}[{index}]"), unknown);
                });
            }
            Some(Holds::SchemasByName) => {
                for (property, schema) in value.as_object_mut().into_iter().flat_map(Map::iter_mut)
                {
                    prune_schema(schema, &format!("{path}.{name}.{property}"), unknown);
                }
            }
            Some(Holds::Plain) if name == RULES => {
                let rules = value.as_array_mut().into_iter().flatten().enumerate();
                rules.for_each(|(index, rule)| {
                    prune_rule(rule, &format!("{path}.{name}[{index}]"), unknown);
                });
            }
            Some(Holds::Plain | Holds::Kept) => {}
            None => unknown.push(below()),
        }
    }
    fields.retain(|name, value| holds(name).is_some_and(|holds| is_written(value, holds)));
}

fn prune_rule(rule: &mut Value, path: &str, unknown: &mut Vec<String>) {
    let Some(fields) = rule.as_object_mut() else {
        return;
    };
    let strange = fields
        .keys()
        .filter(|name| !OF_RULES.contains(&name.as_str()));
    unknown.extend(strange.map(|name| format!("{path}.{name}")));
    fields.retain(|name, value| is_of_rule(name, value));
}

fn is_written(value: &Value, holds: Holds) -> bool {
    match value {
        Value::Null => false,
        _ if matches!(holds, Holds::Kept | Holds::Schema | Holds::SchemaOrFlag) => true,
        Value::Bool(flag) => *flag,
        Value::String(text) => !text.as_str().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => fields.iter().next().is_some(),
        Value::Number(_) => true,
    }
}

/// What is told of formats that nobody checks, of those that `old` has not.
///
/// Source: apiextensions-apiserver v0.34.3, pkg/registry/customresourcedefinition/strategy.go, `WarningsOnUpdate`.
pub(in crate::store) fn format_warnings(crd: &Value, old: Option<&Value>) -> Vec<String> {
    let known = old.map(formats).unwrap_or_default();
    let new = formats(crd).into_iter();
    new.filter(|format| !known.contains(format))
        .map(|format| format!("unrecognized format {format:?}"))
        .collect()
}

/// The formats of texts that are not known. A schema that all versions share stands for one.
fn formats(crd: &Value) -> Vec<String> {
    let versions = crd["spec"]["versions"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let schemas = Vec::from_iter(versions.iter().map(|version| &version["schema"]));
    let is_shared = schemas.windows(2).all(|pair| pair[0] == pair[1]);
    let count = if is_shared { 1 } else { schemas.len() };
    let mut found = Vec::new();
    for schema in schemas.into_iter().take(count) {
        formats_of(&schema["openAPIV3Schema"], &mut found);
    }
    found
}

fn formats_of(schema: &Value, found: &mut Vec<String>) {
    let Some(fields) = schema.as_object() else {
        return;
    };
    let format = schema["format"]
        .as_str()
        .filter(|format| !format.is_empty());
    if let Some(format) = format.filter(|_| schema["type"] == "string")
        && !Format::new(format).is_checked()
    {
        found.push(format.to_owned());
    }
    for (name, value) in fields.iter() {
        match holds(name) {
            Some(Holds::Schema | Holds::SchemaOrFlag) => formats_of(value, found),
            Some(Holds::Schemas) => {
                let list = value.as_array().into_iter().flatten();
                list.for_each(|schema| formats_of(schema, found));
            }
            Some(Holds::SchemasByName) => {
                let named = value.as_object().into_iter().flatten();
                named.for_each(|(_, schema)| formats_of(schema, found));
            }
            Some(Holds::Plain | Holds::Kept) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn definition(schema: &Value) -> Value {
        json!({"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]}})
    }

    #[test]
    fn what_go_has_no_field_for_is_found_and_dropped() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string", "nope": 1, "enum": [], "default": null, "nullable": false}}, "additionalProperties": false, "required": []});
        let mut crd = definition(&schema);
        let path = "spec.versions[0].schema.openAPIV3Schema.properties.a.nope";
        assert_eq!(prune(&mut crd), [path]);
        let kept = json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false});
        assert_eq!(crd, definition(&kept));
    }

    #[test]
    fn only_new_formats_of_texts_are_told() {
        let schema = json!({"properties": {"a": {"type": "string", "format": "nope"}, "b": {"type": "integer", "format": "int32"}, "c": {"type": "string", "format": "date-time"}}});
        let crd = definition(&schema);
        let told = "unrecognized format \"nope\"";
        assert_eq!(format_warnings(&crd, None), [told]);
        assert!(format_warnings(&crd, Some(&crd)).is_empty());
    }
}
