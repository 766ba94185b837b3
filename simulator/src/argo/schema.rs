//! The structural schemas of Argo's wire structs, without words for people.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::json;

use crate::json::{Map, Value};

/// Where a root schema keeps those of the types that it is made of.
const DEFINITIONS: &str = "$defs";

/// The schema of a type, in which whatever occurs several times is shared.
pub(super) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    let generator = settings.with_transform(Bare).into_generator();
    let mut root = generator.into_root_schema_for::<T>().to_value();
    let definitions = root
        .as_object_mut()
        .and_then(|root| root.remove(DEFINITIONS));
    let mut references = References {
        definitions: &definitions.unwrap_or_default(),
        resolved: BTreeMap::new(),
    };
    references.resolve(&root)
}

/// The schemas that others refer to; none refers to itself.
struct References<'a> {
    definitions: &'a serde_json::Value,
    resolved: BTreeMap<&'a str, Value>,
}

impl<'a> References<'a> {
    /// The same schema with what it refers to in place.
    fn resolve(&mut self, schema: &'a serde_json::Value) -> Value {
        match schema {
            serde_json::Value::Object(fields) => self.resolve_fields(fields),
            serde_json::Value::Array(items) => {
                items.iter().map(|item| self.resolve(item)).collect()
            }
            other => other.clone().into(),
        }
    }

    fn resolve_fields(&mut self, fields: &'a serde_json::Map<String, serde_json::Value>) -> Value {
        let mut resolved = Map::new();
        for (name, field) in fields {
            match (name.as_str(), field) {
                ("$ref", serde_json::Value::String(path)) if fields.len() == 1 => {
                    return self.referred(path);
                }
                // A reference that has other fields beside it is wrapped.
                ("allOf", serde_json::Value::Array(all)) => {
                    for one in all {
                        if let Value::Object(one) = self.resolve(one) {
                            resolved.extend(one);
                        }
                    }
                }
                _ => {
                    resolved.insert(name.clone(), self.resolve(field));
                }
            }
        }
        Value::Object(resolved)
    }

    fn referred(&mut self, path: &'a str) -> Value {
        let name = path.rsplit('/').next().unwrap_or_default();
        if let Some(known) = self.resolved.get(name) {
            return known.clone();
        }
        let definitions = self.definitions;
        let value = self.resolve(&definitions[name]);
        self.resolved.insert(name, value.clone());
        value
    }
}

/// Takes out what a structural schema cannot have, and what only explains.
#[derive(Clone, Debug)]
struct Bare;

impl Transform for Bare {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(fields) = schema.as_object_mut() else {
            return;
        };
        for field in [
            "description",
            "title",
            "nullable",
            "default",
            "minimum",
            "maximum",
            "examples",
        ] {
            fields.remove(field);
        }
        if matches!(
            fields.get("format").and_then(serde_json::Value::as_str),
            Some("uint64" | "uint32" | "double")
        ) {
            fields.remove("format");
        }
        if let Some(serde_json::Value::Array(types)) = fields.get("type").cloned() {
            let kept = types
                .into_iter()
                .find(|kind| kind != "null")
                .unwrap_or_else(|| json!("object"));
            fields.insert("type".to_owned(), kept);
        }
        if let Some(serde_json::Value::Array(variants)) = fields.remove("oneOf") {
            // The variants are the words of an enumeration.
            let kind = variants
                .first()
                .map_or_else(|| json!("string"), |variant| variant["type"].clone());
            fields.insert("type".to_owned(), kind);
        }
        if let Some(serde_json::Value::Array(variants)) = fields.remove("anyOf") {
            let other = variants
                .into_iter()
                .find(|variant| variant["type"] != "null");
            fields.extend(
                other
                    .and_then(|other| other.as_object().cloned())
                    .unwrap_or_default(),
            );
        }
        let is_container = fields
            .get("properties")
            .is_some_and(|p| !p["image"].is_null() && !p["volumeMounts"].is_null());
        if is_container {
            fields.remove("required");
        }
        if fields.get("x-kubernetes-int-or-string").is_some() {
            fields.remove("type");
        }
    }
}
