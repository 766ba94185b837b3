//! What is wrong with single versions of a definition.
//!
//! The server moves what all versions share to the top of `spec` before it checks, so fields are named there.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{list, text, visible_to_rules};
use crate::json::{Value, json};
use crate::store::schema::cause::{duplicate, forbidden, invalid, required, too_many};
use crate::store::schema::cel::Rules;
use crate::store::schema::memory::Memory;
use crate::store::schema::node::{Node, Type};
use crate::store::schema::parse::parse_beside;
use crate::store::status::Cause;

/// A schema that was read: as declared, and its rules.
pub(super) struct Parsed {
    pub(super) declared: Node,
    pub(super) rules: Arc<Rules>,
}

/// Checks every version and gives back its schema, if that can be read.
pub(super) fn check_all(
    crd: &Value,
    old: Option<&Value>,
    (memory, causes): (&mut Memory, &mut Vec<Cause>),
) -> Vec<Option<Arc<Parsed>>> {
    let versions = list(crd, "/spec/versions");
    let schemas = schemas(versions, old, (memory, causes));
    for part in PARTS {
        for (i, path) in places(versions, part.name, part.shared) {
            (part.check)(&versions[i], &path, causes);
        }
    }
    let is_apart = is_shared(versions, "schema") != is_shared(versions, "selectableFields");
    for (i, path) in places(versions, "selectableFields", "spec.selectableFields") {
        if is_apart && !list(&versions[i], "/selectableFields").is_empty() {
            causes.push(apart(&path));
        } else if let Some(parsed) = &schemas[i] {
            selectable_fields(&versions[i], &parsed.declared, &path, causes);
        }
    }
    schemas
}

/// Whether all versions have a part alike.
fn is_shared(versions: &[Value], name: &str) -> bool {
    let mut pairs = versions.windows(2);
    pairs.all(|pair| pair[0].get(name) == pair[1].get(name))
}

/// What is said of selectable fields that stand elsewhere than the schema that they are of.
fn apart(path: &str) -> Cause {
    let detail = match path {
        "spec.selectableFields" => "may only be set when validations.schema is included",
        _ => "may only be set when `version.schema.openAPIV3Schema` is not included",
    };
    invalid(path, &"".into(), detail)
}

struct Part {
    name: &'static str,
    shared: &'static str,
    check: fn(&Value, &str, &mut Vec<Cause>),
}

const PARTS: [Part; 2] = [
    Part {
        name: "subresources",
        shared: "spec.subresources",
        check: subresources,
    },
    Part {
        name: "additionalPrinterColumns",
        shared: "spec.additionalPrinterColumns",
        check: columns,
    },
];

/// The versions to look at for a part of theirs, and where that part stands: once if all share it.
fn places(versions: &[Value], name: &str, shared: &str) -> Vec<(usize, String)> {
    let is_shared = is_shared(versions, name);
    let n_different = if is_shared {
        versions.len().min(1)
    } else {
        versions.len()
    };
    (0..n_different)
        .map(|i| {
            let own = format!("spec.versions[{i}].{name}");
            (i, if is_shared { shared.to_owned() } else { own })
        })
        .collect()
}

fn schemas(
    versions: &[Value],
    old: Option<&Value>,
    (memory, causes): (&mut Memory, &mut Vec<Cause>),
) -> Vec<Option<Arc<Parsed>>> {
    for (i, version) in versions.iter().enumerate() {
        if version["schema"]["openAPIV3Schema"].is_null() {
            let place = format!("spec.versions[{i}].schema.openAPIV3Schema");
            causes.push(required(place, ""));
        }
    }
    let mut parsed: Vec<Option<Arc<Parsed>>> = places(versions, "schema", "spec.validation")
        .into_iter()
        .map(|(i, path)| {
            let is_old = old.is_some_and(|old| has_schema_of(old, &versions[i]));
            schema((&versions[i], is_old), &path, memory, causes).map(Arc::new)
        })
        .collect();
    let shared = parsed.first().cloned().flatten();
    parsed.resize(versions.len(), shared);
    parsed
}

/// Whether the version had the same schema in the definition that is replaced.
fn has_schema_of(old: &Value, version: &Value) -> bool {
    let mut before = list(old, "/spec/versions").iter();
    before.any(|known| known["name"] == version["name"] && known["schema"] == version["schema"])
}

fn schema(
    (version, is_old): (&Value, bool),
    path: &str,
    memory: &mut Memory,
    causes: &mut Vec<Cause>,
) -> Option<Parsed> {
    let path = format!("{path}.openAPIV3Schema");
    let schema = &version["schema"]["openAPIV3Schema"];
    if schema.is_null() {
        return None;
    }
    if !version["subresources"]["status"].is_null() {
        root_below_status(schema, &path, causes);
    }
    if schema["nullable"] == json!(true) {
        let detail = "nullable cannot be true at the root";
        causes.push(forbidden(format!("{path}.nullable"), detail));
    }
    let read = parse_beside(schema, &path, memory).and_then(|declared| {
        let rules = Rules::compile(&visible_to_rules(&declared), &path, is_old)?;
        Ok(Parsed {
            declared,
            rules: Arc::new(rules),
        })
    });
    read.map_err(|mut found| causes.append(&mut found)).ok()
}

/// With the status subresource, `status` is checked on its own, so the root must not check anything about it.
fn root_below_status(schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    const FORBIDDEN: [&str; 12] = [
        "additionalProperties",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "enum",
        "default",
        "maxProperties",
        "minProperties",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-map-type",
    ];
    let kind = text(schema, "/type");
    if !kind.is_empty() && kind != "object" {
        let detail = "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        causes.push(invalid(format!("{path}.type"), &kind.into(), detail));
    } else if FORBIDDEN
        .iter()
        .any(|keyword| schema.get(keyword).is_some())
    {
        let detail = "only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations] fields are allowed at the root of the schema if the status subresource is enabled";
        causes.push(invalid(path, schema, detail));
    }
}

fn subresources(version: &Value, path: &str, causes: &mut Vec<Cause>) {
    let Some(scale) = version["subresources"]
        .get("scale")
        .filter(|scale| !scale.is_null())
    else {
        return;
    };
    let places: [(&str, &[&str], &str, bool); 3] = [
        (
            "specReplicasPath",
            &[".spec."],
            "should be a json path under .spec",
            true,
        ),
        (
            "statusReplicasPath",
            &[".status."],
            "should be a json path under .status",
            true,
        ),
        (
            "labelSelectorPath",
            &[".spec.", ".status."],
            "should be a json path under either .spec or .status",
            false,
        ),
    ];
    for (name, prefixes, detail, is_required) in places {
        let found = text(scale, &format!("/{name}"));
        let field = format!("{path}.scale.{name}");
        if found.is_empty() {
            if is_required {
                causes.push(required(field, ""));
            }
        } else if !found.starts_with('.') {
            let detail = "must be a simple json path starting with .";
            causes.push(invalid(field, &found.into(), detail));
        } else if !prefixes.iter().any(|prefix| found.starts_with(prefix)) {
            causes.push(invalid(field, &found.into(), detail));
        }
    }
}

fn columns(version: &Value, path: &str, causes: &mut Vec<Cause>) {
    const TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
    const FORMATS: [&str; 8] = [
        "byte",
        "date",
        "date-time",
        "double",
        "float",
        "int32",
        "int64",
        "password",
    ];
    for (i, column) in list(version, "/additionalPrinterColumns")
        .iter()
        .enumerate()
    {
        let field = |name: &str| format!("{path}[{i}].{name}");
        if text(column, "/name").is_empty() {
            causes.push(required(field("name"), ""));
        }
        let kind = text(column, "/type");
        let detail = format!("must be one of {}", TYPES.join(","));
        if kind.is_empty() {
            causes.push(required(field("type"), &detail));
        } else if !TYPES.contains(&kind) {
            causes.push(invalid(field("type"), &kind.into(), &detail));
        }
        let format = text(column, "/format");
        if !format.is_empty() && !FORMATS.contains(&format) {
            let detail = format!("must be one of {}", FORMATS.join(","));
            causes.push(invalid(field("format"), &format.into(), &detail));
        }
        let json_path = text(column, "/jsonPath");
        if json_path.is_empty() {
            causes.push(required(field("JSONPath"), ""));
        } else if !json_path.starts_with('.') {
            let detail = "must be a simple json path starting with .";
            causes.push(invalid(field("JSONPath"), &json_path.into(), detail));
        }
    }
}

const MAX_SELECTABLE_FIELDS: u64 = 8;

fn selectable_fields(version: &Value, node: &Node, path: &str, causes: &mut Vec<Cause>) {
    let fields = list(version, "/selectableFields");
    let mut seen = BTreeSet::new();
    for (i, selectable) in fields.iter().enumerate() {
        let field = format!("{path}[{i}].jsonPath");
        let json_path = text(selectable, "/jsonPath");
        let value = Value::from(json_path);
        if json_path.is_empty() {
            causes.push(required(field, ""));
            continue;
        }
        let target = match target(node, json_path) {
            Ok(target) => target,
            Err(why) => {
                causes.push(invalid(
                    field,
                    &value,
                    &format!("is an invalid path: {why}"),
                ));
                continue;
            }
        };
        if json_path.starts_with(".metadata") {
            causes.push(invalid(
                field.as_str(),
                &value,
                "must not point to fields in metadata",
            ));
        }
        if !matches!(target.kind, Type::String | Type::Boolean | Type::Integer) {
            let detail = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
            causes.push(invalid(field.as_str(), &value, detail));
        }
        if !seen.insert(json_path) {
            causes.push(duplicate(field, &value));
        }
    }
    if seen.len() as u64 > MAX_SELECTABLE_FIELDS {
        causes.push(too_many(path, seen.len(), MAX_SELECTABLE_FIELDS));
    }
}

fn target<'a>(node: &'a Node, json_path: &str) -> Result<&'a Node, String> {
    let Some(names) = json_path.strip_prefix('.') else {
        return Err(format!("expected [ or . but got: {json_path}"));
    };
    if names.contains('[') {
        return Err("array notation is not allowed".to_owned());
    }
    let mut node = node;
    for name in names.split('.') {
        node = node
            .properties
            .get(name)
            .or(node.additional.as_ref())
            .ok_or("does not refer to a valid field")?;
    }
    Ok(node)
}
