//! OpenAPI v2: the documents of v3 as one, in the older language.
//!
//! Source: `spec/kube-api.md` §1.4; apiextensions-apiserver v0.34.3, pkg/controller/openapi/v2/conversion.go.

use std::collections::BTreeSet;

use sha2::{Digest, Sha512};

use super::{document, hash, hex};
use crate::json::{Map, Text, Value, json};
use crate::store::kind::Kind;

/// The document of everything that is served.
#[must_use]
pub fn swagger(kinds: &[&Kind]) -> Value {
    let (mut paths, mut definitions) = (Map::new(), Map::new());
    for (group, version) in versions(kinds) {
        let Some(document) = document(kinds, group, version) else {
            continue;
        };
        let tag = tag(group, version);
        for (path, item) in fields(&document["paths"]) {
            paths.insert(path.clone(), path_item(path, item, &tag));
        }
        for (name, component) in fields(&document["components"]["schemas"]) {
            definitions.insert(name.clone(), schema(component));
        }
    }
    json!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "v1.34.3"},
        "paths": paths,
        "definitions": definitions,
    })
}

/// What changes whenever [`swagger`] does: 128 upper-case hex digits.
#[must_use]
pub fn swagger_hash(kinds: &[&Kind]) -> String {
    let hashes = versions(kinds).into_iter();
    let hashes = hashes.map(|(group, version)| hash(kinds, group, version));
    hex(&hashes.fold(Sha512::new(), Digest::chain_update).finalize())
}

fn versions<'k>(kinds: &[&'k Kind]) -> BTreeSet<(&'k str, &'k str)> {
    let versions = kinds
        .iter()
        .map(|kind| (kind.group.as_str(), kind.version.as_str()));
    versions.collect()
}

fn fields(object: &Value) -> impl Iterator<Item = (&Text, &Value)> {
    object.as_object().into_iter().flatten()
}

/// `core_v1` or `rbacAuthorization_v1`.
fn tag(group: &str, version: &str) -> String {
    let mut words = group.trim_end_matches(".k8s.io").split('.');
    let first = match words.next() {
        None | Some("") => "core",
        Some(word) => word,
    };
    let rest = words.map(|word| {
        let (head, tail) = word.split_at(word.len().min(1));
        head.to_uppercase() + tail
    });
    format!("{first}{}_{version}", rest.collect::<String>())
}

/// Operations with what the names in braces of a path stand for.
fn path_item(path: &str, item: &Value, tag: &str) -> Value {
    let operations = fields(item).map(|(method, entry)| (method.clone(), operation(entry, tag)));
    let mut converted: Map = operations.collect();
    let names = path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?;
        name.strip_suffix('}')
    });
    let parameters: Vec<Value> = names
        .map(|name| json!({"name": name, "in": "path", "required": true, "type": "string", "uniqueItems": true}))
        .collect();
    if !parameters.is_empty() {
        converted.insert("parameters", parameters.into());
    }
    Value::Object(converted)
}

fn operation(entry: &Value, tag: &str) -> Value {
    const ANSWERED: [&str; 3] = [
        "application/json",
        "application/yaml",
        "application/vnd.kubernetes.protobuf",
    ];
    let content = &entry["requestBody"]["content"];
    let mut consumed: Vec<&str> = fields(content).map(|(name, _)| name.as_str()).collect();
    let mut parameters = Vec::new();
    match fields(content).next() {
        Some((_, media)) => parameters.push(json!({
            "name": "body", "in": "body", "required": true, "schema": schema(&media["schema"]),
        })),
        None => consumed.push("*/*"),
    }
    let queried = entry["parameters"].as_array().into_iter().flatten();
    parameters.extend(queried.map(|parameter| {
        json!({
            "name": parameter["name"], "in": parameter["in"],
            "type": parameter["schema"]["type"], "uniqueItems": true,
        })
    }));
    json!({
        "consumes": consumed,
        "produces": ANSWERED,
        "schemes": ["https"],
        "tags": [tag],
        "parameters": parameters,
        "responses": entry["responses"],
        "x-kubernetes-action": entry["x-kubernetes-action"],
        "x-kubernetes-group-version-kind": entry["x-kubernetes-group-version-kind"],
    })
}

/// A schema without what v2 cannot say. Clients of v2 stumble over items and properties of what may be something else, so
/// that those go too.
pub(super) fn schema(of: &Value) -> Value {
    let is = |field: &str| of[field] == true;
    let is_free = is("x-kubernetes-preserve-unknown-fields");
    let is_open = is("nullable") || is_free;
    let mut converted = Map::new();
    for (name, value) in fields(of) {
        let value: Value = match name.as_str() {
            "anyOf" | "not" | "nullable" | "oneOf" => continue,
            "items" | "properties" if is_open => continue,
            "type" if is("nullable") => continue,
            "type" if is_free && *value == "object" => continue,
            "type" if *value == "array" && (is_open || of["items"].is_null()) => continue,
            "allOf" => {
                if let Some(place) = value[0]["$ref"].as_str() {
                    converted.insert("$ref", renamed(place).into());
                }
                continue;
            }
            "$ref" => value.as_str().map(renamed).into(),
            "items" => schema(value),
            "additionalProperties" if value.is_object() => schema(value),
            "properties" => fields(value)
                .map(|(name, property)| (name.clone(), schema(property)))
                .collect(),
            "required" => {
                let names = value.as_array().into_iter().flatten();
                let is_never_null = |name: &&Value| {
                    let property = name.as_str().and_then(|name| of["properties"].get(name));
                    property.is_none_or(|property| property["nullable"] != true)
                };
                let kept: Vec<Value> = names.filter(is_never_null).cloned().collect();
                if kept.is_empty() {
                    continue;
                }
                kept.into()
            }
            _ => value.clone(),
        };
        converted.insert(name.clone(), value);
    }
    Value::Object(converted)
}

/// Where a component of v3 lies in v2.
fn renamed(place: &str) -> String {
    place.replace("#/components/schemas/", "#/definitions/")
}
