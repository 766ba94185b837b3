//! What a definition's schema must not say, structural or not.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/apis/apiextensions/validation/validation.go
//! (`ValidateCustomResourceDefinitionOpenAPISchema`).

use std::collections::BTreeSet;

use super::cause::{forbidden, invalid, not_supported, required};
use super::parse::{flag, list, text};
use super::path::{MAX_DEPTH, Path};
use super::seen::Seen;
use crate::json::{Map, Value, json};
use crate::store::status::Cause;

type Schema = Map;

/// What is found against a schema.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) causes: Vec<Cause>,
    /// Whether the schema uses what cannot be read at all, so that no other check applies.
    pub(super) is_unreadable: bool,
}

/// What is to be said against `schema`, which stands at `path`, and was not `seen` before.
pub(super) fn check(schema: &Schema, path: &str, seen: &mut Seen<(bool, bool), ()>) -> Findings {
    let mut checker = Checker {
        causes: Vec::new(),
        is_unreadable: false,
        seen,
    };
    let around = Around {
        no_defaults: None,
        in_metadata: false,
        depth: 0,
    };
    checker.schema(schema, &Path::ROOT.field(path), around);
    Findings {
        causes: checker.causes,
        is_unreadable: checker.is_unreadable,
    }
}

/// What the place of a schema forbids.
#[derive(Clone, Copy)]
struct Around {
    /// Why `default` must not be set, if it must not.
    no_defaults: Option<&'static str>,
    in_metadata: bool,
    depth: usize,
}

impl Around {
    fn below(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }

    /// Inside of `apiVersion`, `kind` or `metadata`, of the object itself if `is_root`.
    fn inside(self, why: &'static str, is_root: bool) -> Self {
        Self {
            in_metadata: true,
            no_defaults: if is_root { Some(why) } else { self.no_defaults },
            ..self
        }
    }
}

struct Checker<'s> {
    causes: Vec<Cause>,
    is_unreadable: bool,
    /// By whether defaults are allowed there, and whether it is metadata.
    seen: &'s mut Seen<(bool, bool), ()>,
}

impl Checker<'_> {
    fn schema(&mut self, schema: &Schema, path: &Path, around: Around) {
        let context = (around.no_defaults.is_none(), around.in_metadata);
        let is_known = self.seen.known(schema, context, around.depth).is_some();
        if is_known || around.depth > MAX_DEPTH {
            return;
        }
        let n_causes = self.causes.len();
        self.keywords(schema, path, around);
        self.children(schema, path, around);
        self.map_type(schema, path);
        self.list_type(schema, path);
        if text(schema, "x-kubernetes-list-type") == Some("map") {
            self.map_list(schema, path);
        }
        self.elements(schema, path);
        if self.causes.len() == n_causes {
            self.seen.note(schema, context, (around.depth, ()));
        }
    }

    fn keywords(&mut self, schema: &Schema, path: &Path, around: Around) {
        let mut forbid = |keyword: &str, detail: &str| {
            self.causes
                .push(forbidden(format!("{path}.{keyword}"), detail));
        };
        if let Some(why) = around.no_defaults
            && schema
                .get("default")
                .is_some_and(|default| !default.is_null())
        {
            forbid("default", &format!("must not be set {why}"));
        }
        let unsupported = [
            "id",
            "additionalItems",
            "patternProperties",
            "definitions",
            "dependencies",
            "$ref",
        ];
        for keyword in schema.keys() {
            if unsupported.contains(&keyword.as_str()) {
                self.is_unreadable = true;
                forbid(keyword, &format!("{keyword} is not supported"));
            }
        }
        if schema.get("items").is_some_and(Value::is_array) {
            self.is_unreadable = true;
            forbid("items", "items must be a schema object and not an array");
        }
        if around.in_metadata && flag(schema, "x-kubernetes-embedded-resource") {
            forbid(
                "x-kubernetes-embedded-resource",
                "must not be used inside of resource meta",
            );
        }
        if flag(schema, "uniqueItems") {
            let detail =
                "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
            forbid("uniqueItems", detail);
        }
        if schema.contains_key("additionalProperties")
            && schema.get("additionalProperties") != Some(&json!(true))
            && schema
                .get("properties")
                .is_some_and(|all| all != &json!({}))
        {
            let detail = "additionalProperties and properties are mutual exclusive";
            forbid("additionalProperties", detail);
        }
        let types = ["array", "boolean", "integer", "number", "object", "string"];
        match text(schema, "type") {
            None | Some("") => {}
            Some(kind) if types.contains(&kind) => {}
            Some(kind) => {
                let field = format!("{path}.type");
                let supported = types.map(str::to_owned);
                self.causes
                    .push(not_supported(field.as_str(), &kind.into(), &supported));
                if kind == "null" {
                    let detail = "type cannot be set to null, use nullable as an alternative";
                    self.causes.push(forbidden(field, detail));
                }
            }
        }
        if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&json!(false)) {
            let field = format!("{path}.x-kubernetes-preserve-unknown-fields");
            self.causes
                .push(invalid(field, &json!(false), "must be true or undefined"));
        }
    }

    fn children(&mut self, schema: &Schema, path: &Path, around: Around) {
        let is_root = around.depth == 0;
        if let Some(Value::Object(additional)) = schema.get("additionalProperties") {
            let mut around = around.below();
            if around.in_metadata {
                around.no_defaults =
                    Some("inside additionalProperties applying to object metadata");
            }
            self.schema(additional, &path.field("additionalProperties"), around);
        }
        let is_resource = is_root || flag(schema, "x-kubernetes-embedded-resource");
        let fields = path.field("properties");
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let Value::Object(property) = property else {
                continue;
            };
            let mut around = around.below();
            if is_resource {
                match name.as_str() {
                    "metadata" => around = around.inside("in top-level metadata", is_root),
                    "kind" => around = around.inside("in top-level kind", is_root),
                    "apiVersion" => around = around.inside("in top-level apiVersion", is_root),
                    _ => {}
                }
            }
            self.schema(property, &fields.key(name), around);
        }
        for keyword in ["allOf", "oneOf", "anyOf"] {
            for (i, branch) in list(schema, keyword).iter().enumerate() {
                if let Value::Object(branch) = branch {
                    self.schema(branch, &path.field(keyword).index(i), around.below());
                }
            }
        }
        for keyword in ["not", "items"] {
            if let Some(Value::Object(child)) = schema.get(keyword) {
                self.schema(child, &path.field(keyword), around.below());
            }
        }
    }

    fn needs_type(&mut self, schema: &Schema, path: &Path, wanted: &str, because: &str) {
        let kind = text(schema, "type").unwrap_or_default();
        if kind == wanted {
            return;
        }
        let detail = format!("must be {wanted} if {because} is specified");
        let field = format!("{path}.type");
        self.causes.push(if kind.is_empty() {
            required(field, &detail)
        } else {
            invalid(field, &kind.into(), &detail)
        });
    }

    fn map_type(&mut self, schema: &Schema, path: &Path) {
        let Some(map_type) = text(schema, "x-kubernetes-map-type") else {
            return;
        };
        self.needs_type(schema, path, "object", "x-kubernetes-map-type");
        if !matches!(map_type, "atomic" | "granular") {
            let field = format!("{path}.x-kubernetes-map-type");
            let supported = ["atomic", "granular"].map(str::to_owned);
            self.causes
                .push(not_supported(field, &map_type.into(), &supported));
        }
    }

    fn list_type(&mut self, schema: &Schema, path: &Path) {
        let list_type = text(schema, "x-kubernetes-list-type");
        let field = || format!("{path}.x-kubernetes-list-type");
        if let Some(list_type) = list_type {
            self.needs_type(schema, path, "array", "x-kubernetes-list-type");
            if list_type == "set" && text(schema, "type") == Some("array") {
                self.set_items(schema, path);
            }
            if !matches!(list_type, "atomic" | "set" | "map") {
                let supported = ["atomic", "set", "map"].map(str::to_owned);
                self.causes
                    .push(not_supported(field(), &list_type.into(), &supported));
            }
        }
        if !list(schema, "x-kubernetes-list-map-keys").is_empty() {
            let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
            match list_type {
                None => self.causes.push(required(field(), detail)),
                Some("map") => {}
                Some(other) => self.causes.push(invalid(field(), &other.into(), detail)),
            }
        }
    }

    fn set_items(&mut self, schema: &Schema, path: &Path) {
        let Some(Value::Object(items)) = schema.get("items") else {
            return;
        };
        let keyword = match text(items, "type") {
            Some("array") => "x-kubernetes-list-type",
            Some("object") => "x-kubernetes-map-type",
            _ => return,
        };
        let found = text(items, keyword);
        if found == Some("atomic") || (found.is_none() && keyword == "x-kubernetes-list-type") {
            return;
        }
        let shown = items
            .get("x-kubernetes-list-type")
            .cloned()
            .unwrap_or_default();
        let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
        self.causes
            .push(invalid(format!("{path}.items.{keyword}"), &shown, detail));
    }

    fn map_list(&mut self, schema: &Schema, path: &Path) {
        let keys = list(schema, "x-kubernetes-list-map-keys");
        let field = format!("{path}.x-kubernetes-list-map-keys");
        if keys.is_empty() {
            let detail = "must not be empty if x-kubernetes-list-type is map";
            self.causes.push(required(field.as_str(), detail));
        }
        let Some(Value::Object(items)) = schema.get("items") else {
            let detail = "must have a schema if x-kubernetes-list-type is map";
            self.causes.push(required(format!("{path}.items"), detail));
            return;
        };
        let kind = text(items, "type").unwrap_or_default();
        if kind != "object" {
            let detail = "must be object if parent array's x-kubernetes-list-type is map";
            self.causes
                .push(invalid(format!("{path}.items.type"), &kind.into(), detail));
            return;
        }
        let shown = Value::from(keys.to_vec());
        let mut seen = BTreeSet::new();
        for key in keys.iter().filter_map(Value::as_str) {
            match items.get("properties").and_then(|all| all.get(key)) {
                Some(property) => {
                    if matches!(property["type"].as_str(), Some("array" | "object")) {
                        let field = format!("{path}.items.properties[{key}].type");
                        let detail =
                            "must be a scalar type if parent array's x-kubernetes-list-type is map";
                        self.causes.push(invalid(field, &kind.into(), detail));
                    }
                }
                None => {
                    let detail = "entries must all be names of item properties";
                    self.causes.push(invalid(field.as_str(), &shown, detail));
                }
            }
            if !seen.insert(key) {
                self.causes.push(invalid(
                    field.as_str(),
                    &shown,
                    "must not contain duplicate entries",
                ));
            }
        }
    }

    /// Elements of sets and map lists cannot be null, and neither can their keys.
    fn elements(&mut self, schema: &Schema, path: &Path) {
        let Some(list_type @ ("set" | "map")) = text(schema, "x-kubernetes-list-type") else {
            return;
        };
        let Some(Value::Object(items)) = schema.get("items") else {
            return;
        };
        if flag(items, "nullable") {
            let detail = format!("cannot be nullable when x-kubernetes-list-type is {list_type}");
            self.causes
                .push(forbidden(format!("{path}.items.nullable"), &detail));
        }
        if list_type == "set" {
            return;
        }
        for key in list(schema, "x-kubernetes-list-map-keys")
            .iter()
            .filter_map(Value::as_str)
        {
            let Some(property) = items.get("properties").and_then(|all| all.get(key)) else {
                continue;
            };
            let field = format!("{path}.items.properties[{key}]");
            let is_required = list(items, "required").iter().any(|name| name == key);
            if !is_required && property.get("default").is_none_or(Value::is_null) {
                let detail = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
                self.causes
                    .push(required(format!("{field}.default"), detail));
            }
            if property["nullable"] == json!(true) {
                let detail =
                    "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
                self.causes
                    .push(forbidden(format!("{field}.nullable"), detail));
            }
        }
    }
}
