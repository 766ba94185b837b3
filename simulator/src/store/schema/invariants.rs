//! What makes a schema structural: types everywhere, and checks only on what is declared.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/apiserver/schema/validation.go.

use super::cause::{forbidden, invalid, required};
use super::parse::{flag, list, text};
use super::path::{MAX_DEPTH, Path};
use super::seen::Seen;
use crate::json::{Map, Text, Value, json};
use crate::store::status::Cause;

type Schema = Map;

/// The causes against `schema`, which stands at `path`, in the order of their texts; of what is below it and was `seen`
/// before, there are none.
pub(super) fn check(schema: &Schema, path: &str, seen: &mut Seen<(), ()>) -> Vec<Cause> {
    let mut checker = Checker {
        causes: Vec::new(),
        seen,
    };
    checker.structure(schema, Level::Root, &Path::ROOT.field(path), 0);
    checker.completeness(schema, Some(schema), path, path);
    let mut causes = checker.causes;
    causes.sort_by_key(Cause::to_string);
    causes
}

/// What a schema describes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Items,
    Field,
}

struct Checker<'s> {
    causes: Vec<Cause>,
    /// Below the root.
    seen: &'s mut Seen<(), ()>,
}

impl Checker<'_> {
    fn structure(&mut self, schema: &Schema, level: Level, path: &Path, depth: usize) {
        if depth > MAX_DEPTH {
            let detail = format!("must not nest more than {MAX_DEPTH} levels");
            self.causes.push(forbidden(path.bracketed(), &detail));
            return;
        }
        if self.seen.known(schema, (), depth).is_some() {
            return;
        }
        let n_causes = self.causes.len();
        if text(schema, "type") == Some("array") && !schema.contains_key("items") {
            self.causes
                .push(required(format!("{path}.items"), "must be specified"));
        }
        if let Some(Value::Object(items)) = schema.get("items") {
            self.structure(items, Level::Items, &path.field("items"), depth + 1);
        }
        let fields = path.field("properties");
        for (name, property) in properties(schema) {
            self.structure(property, Level::Field, &fields.key(name), depth + 1);
        }
        if let Some(additional) = schema.get("additionalProperties") {
            let path = path.field("additionalProperties");
            if level == Level::Root {
                self.causes
                    .push(forbidden(path.bracketed(), "must not be used at the root"));
            }
            if let Value::Object(additional) = additional {
                self.structure(additional, Level::Field, &path, depth + 1);
            }
        }
        self.extensions(schema, path);
        self.branches(schema, path, Exceptions::of(schema));
        self.kind(schema, level, path);
        self.resource(schema, level, path);
        if level != Level::Root && self.causes.len() == n_causes {
            self.seen.note(schema, (), (depth, ()));
        }
    }

    fn extensions(&mut self, schema: &Schema, path: &Path) {
        if !flag(schema, "x-kubernetes-int-or-string") {
            return;
        }
        for name in [
            "x-kubernetes-preserve-unknown-fields",
            "x-kubernetes-embedded-resource",
        ] {
            if flag(schema, name) {
                let detail = "must be false if x-kubernetes-int-or-string is true";
                self.causes
                    .push(invalid(format!("{path}.{name}"), &json!(true), detail));
            }
        }
    }

    fn kind(&mut self, schema: &Schema, level: Level, path: &Path) {
        let field = || format!("{path}.type");
        let kind = text(schema, "type").unwrap_or_default();
        let is_embedded = flag(schema, "x-kubernetes-embedded-resource");
        let needs_none = flag(schema, "x-kubernetes-int-or-string")
            || flag(schema, "x-kubernetes-preserve-unknown-fields");
        if is_embedded && kind != "object" {
            let detail = "must be object if x-kubernetes-embedded-resource is true";
            self.causes.push(if kind.is_empty() {
                required(field(), detail)
            } else {
                invalid(field(), &kind.into(), detail)
            });
        } else if kind.is_empty() && !needs_none {
            let detail = match level {
                Level::Root => "must not be empty at the root",
                Level::Items => "must not be empty for specified array items",
                Level::Field => "must not be empty for specified object fields",
            };
            self.causes.push(required(field(), detail));
        }
        if level == Level::Root && !kind.is_empty() && kind != "object" {
            self.causes
                .push(invalid(field(), &kind.into(), "must be object at the root"));
        }
    }

    fn resource(&mut self, schema: &Schema, level: Level, path: &Path) {
        let is_embedded = flag(schema, "x-kubernetes-embedded-resource");
        let has = |name: &str| schema.contains_key(name);
        if is_embedded && has("additionalProperties") {
            let detail = "must not be used if x-kubernetes-embedded-resource is set";
            self.causes
                .push(forbidden(format!("{path}.additionalProperties"), detail));
        }
        let is_resource = is_embedded || level == Level::Root;
        for (name, property) in properties(schema).filter(|_| is_resource) {
            let kind = text(property, "type").unwrap_or_default();
            let wanted = match name.as_str() {
                "apiVersion" | "kind" => "string",
                "metadata" => "object",
                _ => continue,
            };
            if kind != wanted {
                let field = format!("{path}.properties[{name}].type");
                self.causes
                    .push(invalid(field, &kind.into(), &format!("must be {wanted}")));
            }
            if name == "metadata" && level == Level::Root && !restricts_names_only(property) {
                let field = format!("{path}.properties[metadata]");
                let detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
                self.causes.push(forbidden(field, detail));
            }
        }
        let preserves = flag(schema, "x-kubernetes-preserve-unknown-fields");
        if is_embedded && !preserves && properties(schema).next().is_none() {
            let detail = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
            self.causes
                .push(required(format!("{path}.properties"), detail));
        }
    }

    fn branches(&mut self, schema: &Schema, path: &Path, exceptions: Exceptions) {
        for (name, i, branch) in alternatives(schema) {
            let inner = match (exceptions, name) {
                (Exceptions::AnyOf, "anyOf") => continue,
                (Exceptions::FirstAllOf, "allOf") if i == Some(0) => Exceptions::AnyOf,
                _ => Exceptions::None,
            };
            self.nested(branch, &place(&path.bracketed(), name, i), inner);
        }
    }

    fn nested(&mut self, schema: &Schema, path: &str, exceptions: Exceptions) {
        self.branches(schema, &Path::ROOT.field(path), exceptions);
        if let Some(Value::Object(items)) = schema.get("items") {
            self.nested(items, &format!("{path}.items"), Exceptions::None);
        }
        for (name, property) in properties(schema) {
            self.nested(
                property,
                &format!("{path}.properties[{name}]"),
                Exceptions::None,
            );
            if name == "metadata" {
                let field = format!("{path}.properties[metadata]");
                self.causes.push(forbidden(
                    field,
                    "must not be specified in a nested context",
                ));
            }
        }
        for (name, detail) in FORBIDDEN_IN_BRANCHES {
            let is_set = match schema.get(name) {
                None | Some(Value::Null | Value::Bool(false)) => false,
                Some(Value::String(text)) => !text.is_empty(),
                Some(Value::Array(list)) => !list.is_empty(),
                Some(Value::Bool(true) | Value::Number(_) | Value::Object(_)) => true,
            };
            if is_set {
                self.causes
                    .push(forbidden(format!("{path}.{name}"), detail));
            }
        }
    }

    /// Every field that a branch checks must be declared in `declared`, the schema that the branch belongs to.
    fn completeness(
        &mut self,
        checks: &Schema,
        declared: Option<&Schema>,
        place_of: &str,
        path: &str,
    ) {
        for (name, i, branch) in alternatives(checks) {
            self.declared(branch, declared, place_of, &place(path, name, i));
        }
    }

    fn declared(&mut self, branch: &Schema, declared: Option<&Schema>, place_of: &str, path: &str) {
        let Some(schema) = declared else {
            let detail = format!("because it is defined in {path}");
            self.causes.push(required(place_of, &detail));
            return;
        };
        self.completeness(branch, declared, place_of, path);
        if let Some(Value::Object(items)) = branch.get("items") {
            let known = schema.get("items").and_then(Value::as_object);
            self.declared(
                items,
                known,
                &format!("{place_of}.items"),
                &format!("{path}.items"),
            );
        }
        for (name, property) in properties(branch) {
            let known = schema
                .get("properties")
                .and_then(|all| all.get(name)?.as_object());
            let step = format!("properties[{name}]");
            self.declared(
                property,
                known,
                &format!("{place_of}.{step}"),
                &format!("{path}.{step}"),
            );
        }
    }
}

/// The two forms in which a branch may name the types of an integer or string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exceptions {
    None,
    AnyOf,
    FirstAllOf,
}

impl Exceptions {
    fn of(schema: &Schema) -> Self {
        let names_both = |any_of: Option<&Value>| {
            any_of.is_some_and(|any_of| *any_of == json!([{"type": "integer"}, {"type": "string"}]))
        };
        if names_both(schema.get("anyOf")) {
            Self::AnyOf
        } else if names_both(
            list(schema, "allOf")
                .first()
                .and_then(|first| first.get("anyOf")),
        ) {
            Self::FirstAllOf
        } else {
            Self::None
        }
    }
}

const FORBIDDEN_IN_BRANCHES: [(&str, &str); 13] = [
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    (
        "x-kubernetes-preserve-unknown-fields",
        "must be false to be structural",
    ),
    (
        "x-kubernetes-embedded-resource",
        "must be false to be structural",
    ),
    (
        "x-kubernetes-int-or-string",
        "must be false to be structural",
    ),
    (
        "x-kubernetes-list-map-keys",
        "must be empty to be structural",
    ),
    (
        "x-kubernetes-list-type",
        "must be undefined to be structural",
    ),
    (
        "x-kubernetes-map-type",
        "must be undefined to be structural",
    ),
    ("x-kubernetes-validations", "must be empty to be structural"),
];

fn properties(schema: &Schema) -> impl Iterator<Item = (&Text, &Schema)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .filter_map(|(name, property)| Some((name, property.as_object()?)))
}

/// Every branch with the keyword it stands under and its position there.
fn alternatives(schema: &Schema) -> impl Iterator<Item = (&'static str, Option<usize>, &Schema)> {
    let lists = ["anyOf", "allOf", "oneOf"].into_iter().flat_map(|name| {
        let branches = list(schema, name).iter().enumerate();
        branches.filter_map(move |(i, branch)| Some((name, Some(i), branch.as_object()?)))
    });
    let not = schema.get("not").and_then(Value::as_object);
    lists.chain(not.map(|branch| ("not", None, branch)))
}

fn place(path: &str, name: &str, i: Option<usize>) -> String {
    match i {
        Some(i) => format!("{path}.{name}[{i}]"),
        None => format!("{path}.{name}"),
    }
}

fn restricts_names_only(metadata: &Schema) -> bool {
    metadata
        .iter()
        .all(|(keyword, value)| match keyword.as_str() {
            "type" | "default" => true,
            "properties" => properties(metadata)
                .all(|(name, _)| matches!(name.as_str(), "name" | "generateName")),
            _ => value.is_null(),
        })
}
