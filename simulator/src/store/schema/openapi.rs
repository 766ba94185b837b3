//! [`Node`] → OpenAPI v3, as `/openapi/v3` publishes it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::builtin;
use super::node::{Checks, ListType, Node, PatchStrategy, Type};
use crate::json::{Map, Value, json};

/// The schema as JSON, everything inline.
///
/// Source: `spec/kube-api.md` §1.4.
#[must_use]
pub fn to_openapi(node: &Node) -> Value {
    Writer::default().whole(node)
}

/// The schema as JSON, with references to the parts of built-in kinds, whose names are added to `named`.
///
/// Source: `spec/kube-api.md` §1.4; layout as in `/openapi/v3` of kube-apiserver v1.34.3.
pub fn to_component(node: &Node, named: &mut BTreeSet<Arc<str>>) -> Value {
    let named = Some(named);
    Writer {
        named,
        is_inside: false,
    }
    .whole(node)
}

const API_VERSION: &str = "apiVersion defines the versioned schema of this representation of an object. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const KIND: &str = "kind is a string value representing the type of this object. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
/// What `metadata` is for, as kinds of their own and embedded ones tell.
pub const METADATA: &str = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// Writes schemas, inline or with references.
#[derive(Default)]
struct Writer<'n> {
    named: Option<&'n mut BTreeSet<Arc<str>>>,
    /// Whether what is written lies inside of a part of a built-in kind.
    is_inside: bool,
}

impl Writer<'_> {
    /// A node where it stands: a reference, if there may be one.
    fn place(&mut self, node: &Node) -> Value {
        match (&mut self.named, &node.definition) {
            (Some(named), Some(name)) => {
                named.insert(Arc::clone(name));
                reference(node, name)
            }
            _ => self.whole(node),
        }
    }

    /// An element of a list or a map, or a required field; that of a part of a built-in kind tells its default.
    fn present(&mut self, node: &Node) -> Value {
        let mut present = self.place(node);
        if !self.is_inside || node.default.is_some() {
            return present;
        }
        if let Some(default) = zero(node) {
            present["default"] = default;
        }
        // Nothing stands beside it.
        match &present["allOf"][0] {
            place if present.as_object().is_some_and(|fields| fields.len() == 1) => place.clone(),
            _ => present,
        }
    }

    fn whole(&mut self, node: &Node) -> Value {
        let was_inside = self.is_inside;
        self.is_inside |= self.named.is_some() && node.definition.is_some();
        let written = self.fields(node);
        self.is_inside = was_inside;
        written
    }

    fn fields(&mut self, node: &Node) -> Value {
        if let (Some(_), Some(union)) = (&self.named, union(node)) {
            return union;
        }
        let mut out = Map::new();
        let mut set = |name: &str, value: Value| {
            out.insert(name.to_owned(), value);
        };
        if !node.description.is_empty() {
            set("description", node.description.as_str().into());
        }
        if let Some(kind) = type_name(node.kind) {
            set("type", kind.into());
        }
        if node.kind == Type::IntOrString {
            set("x-kubernetes-int-or-string", true.into());
            set("anyOf", json!([{"type": "integer"}, {"type": "string"}]));
        }
        if node.embedded_resource {
            set("x-kubernetes-embedded-resource", true.into());
        }
        let properties = self.properties(node);
        if !properties.is_empty() {
            set("properties", properties.into());
        }
        if let Some(additional) = &node.additional {
            set("additionalProperties", self.present(additional));
        }
        if let Some(items) = &node.items {
            set("items", self.present(items));
        }
        let is_part = self.named.is_some() && node.definition.is_some();
        if node.preserve_unknown && !is_part {
            set("x-kubernetes-preserve-unknown-fields", true.into());
        }
        attributes(node, &mut out);
        Value::Object(out)
    }

    fn properties(&mut self, node: &Node) -> Map {
        let properties = node.properties.iter();
        let mut written: Map = properties
            .map(|(name, property)| (name.clone(), self.property(node, name, property)))
            .collect();
        if node.embedded_resource {
            self.embed(&mut written);
        }
        written
    }

    /// What every object has.
    fn embed(&mut self, written: &mut Map) {
        let mut metadata = self.place(&builtin::object_meta());
        if self.named.is_some() {
            metadata["description"] = METADATA.into();
        }
        written.insert("metadata", metadata);
        for (name, description) in [("apiVersion", API_VERSION), ("kind", KIND)] {
            let text = match self.named {
                Some(_) => json!({"type": "string", "description": description}),
                None => json!({"type": "string"}),
            };
            written.entry(name).or_insert_with(|| text);
        }
    }

    /// A property; with references, that of a part of a built-in kind tells its values.
    fn property(&mut self, owner: &Node, name: &str, property: &Node) -> Value {
        let (Some(_), Some(definition)) = (&self.named, &owner.definition) else {
            return self.place(property);
        };
        let is_there = OBJECT.contains(&name) || owner.required.iter().any(|field| field == name);
        let mut written = match is_there {
            true => self.present(property),
            false => self.place(property),
        };
        let values = builtin::values(definition, name);
        if !values.is_empty() {
            match property.kind {
                Type::Array => written["items"]["enum"] = values.to_vec().into(),
                _ => written["enum"] = values.to_vec().into(),
            }
        }
        written
    }
}

/// The fields of whole objects, which are there even if they are left out.
const OBJECT: [&str; 3] = ["metadata", "spec", "status"];

/// Where a part lies, with what is different here from what is said there.
fn reference(node: &Node, name: &str) -> Value {
    let there = builtin::definition(name);
    let there = there.as_deref();
    let mut out = Map::new();
    let place = json!({"$ref": format!("#/components/schemas/{name}")});
    out.insert("allOf", vec![place].into());
    let said = there.map_or("", |there| &there.description);
    if !node.description.is_empty() && node.description != said {
        out.insert("description", node.description.as_str().into());
    }
    if node.atomic_map && there.is_some_and(|there| !there.atomic_map) {
        out.insert("x-kubernetes-map-type", "atomic".into());
    }
    patch(&node.patch, &mut out);
    Value::Object(out)
}

/// The types that are written as what they may be on the wire.
fn union(node: &Node) -> Option<Value> {
    let types = match node.definition.as_deref()? {
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString" => ["integer", "string"],
        "io.k8s.apimachinery.pkg.api.resource.Quantity" => ["string", "number"],
        _ => return None,
    };
    let mut out = json!({
        "description": node.description,
        "oneOf": types.map(|name| json!({"type": name})),
    });
    if node.kind == Type::IntOrString {
        out["format"] = "int-or-string".into();
    }
    Some(out)
}

/// What Go has where nothing is said.
fn zero(node: &Node) -> Option<Value> {
    match node.kind {
        Type::Object if node.definition.is_some() => Some(json!({})),
        Type::String if node.definition.is_none() && node.checks.format.is_none() => {
            Some("".into())
        }
        Type::Integer | Type::Number => Some(0.into()),
        Type::Boolean => Some(false.into()),
        _ => None,
    }
}

/// What a node says of itself alone.
fn attributes(node: &Node, out: &mut Map) {
    let mut set = |name: &str, value: Value| {
        out.insert(name.to_owned(), value);
    };
    let mut required = node.required.clone();
    if node.embedded_resource {
        let own = ["kind", "apiVersion"].map(str::to_owned).into_iter();
        required.extend(own.filter(|name| !node.required.contains(name)));
    }
    if !required.is_empty() {
        set("required", required.into());
    }
    if node.nullable {
        set("nullable", true.into());
    }
    if let Some(default) = &node.default {
        set("default", default.clone());
    }
    if node.atomic_map {
        set("x-kubernetes-map-type", "atomic".into());
    }
    if !node.rules.is_empty() {
        set("x-kubernetes-validations", node.rules.clone().into());
    }
    list_type(&node.list_type, out);
    patch(&node.patch, out);
    checks(&node.checks, out);
}

fn type_name(kind: Type) -> Option<&'static str> {
    match kind {
        Type::Any | Type::IntOrString => None,
        Type::Object => Some("object"),
        Type::Array => Some("array"),
        Type::String => Some("string"),
        Type::Integer => Some("integer"),
        Type::Number => Some("number"),
        Type::Boolean => Some("boolean"),
    }
}

fn list_type(list_type: &ListType, out: &mut Map) {
    let name = match list_type {
        ListType::Atomic => return,
        ListType::Set => "set",
        ListType::Map(keys) => {
            out.insert("x-kubernetes-list-map-keys", keys.clone().into());
            "map"
        }
    };
    out.insert("x-kubernetes-list-type", name.into());
}

fn patch(patch: &PatchStrategy, out: &mut Map) {
    if let Some(key) = &patch.merge_key {
        out.insert(
            "x-kubernetes-patch-merge-key".to_owned(),
            key.as_str().into(),
        );
    }
    let strategy = match (patch.merge, patch.retain_keys) {
        (false, false) => return,
        (true, false) => "merge",
        (false, true) => "retainKeys",
        (true, true) => "merge,retainKeys",
    };
    out.insert("x-kubernetes-patch-strategy", strategy.into());
}

fn checks(checks: &Checks, out: &mut Map) {
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.insert(name.to_owned(), value);
        }
    };
    let branches = |nodes: &[Arc<Node>]| {
        let branches = nodes.iter().map(|node| to_openapi(node)).collect();
        (!nodes.is_empty()).then_some(Value::Array(branches))
    };
    let exclusive = |bound: Option<(f64, bool)>| {
        bound
            .filter(|(_, exclusive)| *exclusive)
            .map(|_| true.into())
    };
    set(
        "enum",
        (!checks.allowed.is_empty()).then(|| checks.allowed.clone().into()),
    );
    set(
        "pattern",
        checks
            .pattern
            .as_ref()
            .map(|pattern| pattern.source().into()),
    );
    set(
        "format",
        checks.format.as_ref().map(|format| format.name().into()),
    );
    set("minimum", checks.minimum.map(|(bound, _)| number(bound)));
    set("exclusiveMinimum", exclusive(checks.minimum));
    set("maximum", checks.maximum.map(|(bound, _)| number(bound)));
    set("exclusiveMaximum", exclusive(checks.maximum));
    set("multipleOf", checks.multiple_of.map(number));
    set("minLength", checks.length.0.map(Value::from));
    set("maxLength", checks.length.1.map(Value::from));
    set("minItems", checks.items.0.map(Value::from));
    set("maxItems", checks.items.1.map(Value::from));
    set("minProperties", checks.properties.0.map(Value::from));
    set("maxProperties", checks.properties.1.map(Value::from));
    set("allOf", branches(&checks.all_of));
    set("anyOf", branches(&checks.any_of));
    set("oneOf", branches(&checks.one_of));
    set("not", checks.not.as_deref().map(to_openapi));
}

/// Integral bounds without a fraction, as they were written.
#[expect(
    clippy::cast_possible_truncation,
    reason = "only floats that are integers are cast"
)]
fn number(bound: f64) -> Value {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    if bound.fract() == 0.0 && bound.abs() <= MAX_EXACT {
        Value::from(bound as i64)
    } else {
        Value::from(bound)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::store::schema::parse::parse;

    #[rstest]
    #[case::texts(json!({"type": "string", "description": "d", "pattern": "^a", "format": "password", "minLength": 1, "maxLength": 3, "enum": ["a"], "default": "a", "nullable": true}))]
    #[case::numbers(json!({"type": "number", "minimum": 1.5, "exclusiveMinimum": true, "maximum": 10, "multipleOf": 0.5}))]
    #[case::int_or_string(json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]}))]
    #[case::map_list(json!({"type": "array", "minItems": 1, "maxItems": 2, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"], "items": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}}))]
    #[case::set(json!({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}))]
    #[case::dictionary(json!({"type": "object", "minProperties": 1, "maxProperties": 2, "additionalProperties": {"type": "integer"}, "x-kubernetes-map-type": "atomic"}))]
    #[case::branches(json!({"type": "object", "properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}], "oneOf": [{"required": ["a"]}], "allOf": [{"required": ["a"]}], "not": {"required": ["a"]}}))]
    #[case::free(json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-validations": [{"rule": "has(self.a)"}]}))]
    fn a_parsed_schema_is_written_as_it_was(#[case] schema: Value) {
        let root = json!({"type": "object", "properties": {"spec": schema}});
        assert_eq!(to_openapi(&parse(&root, "").unwrap()), root);
    }

    #[test]
    fn lists_of_built_in_kinds_say_how_they_are_patched() {
        let pod = to_openapi(&builtin::builtin("", "v1", "Pod").unwrap());
        let volumes = &pod["properties"]["spec"]["properties"]["volumes"];
        assert_eq!(volumes["x-kubernetes-patch-strategy"], "merge,retainKeys");
        assert_eq!(volumes["x-kubernetes-patch-merge-key"], "name");
        assert_eq!(volumes["x-kubernetes-list-map-keys"], json!(["name"]));
    }
}
