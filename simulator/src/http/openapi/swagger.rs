//! OpenAPI v2: the documents of v3 as one, in the older language.
//!
//! Source: `spec/kube-api.md` §1.4; apiextensions-apiserver v0.34.3, pkg/controller/openapi/v2/conversion.go.

use sha2::{Digest, Sha512};

use super::{all_paths, document, hash, hex, security};
use crate::json::{Map, Text, Value, json};
use crate::store::kind::Kind;

/// The document of everything that is served.
#[must_use]
pub fn swagger(kinds: &[&Kind]) -> Value {
    let (mut paths, mut definitions) = (Map::new(), Map::new());
    for path in all_paths(kinds) {
        let Some(document) = document(kinds, &path) else {
            continue;
        };
        for (path, item) in fields(&document["paths"]) {
            paths.insert(path.clone(), path_item(item));
        }
        for (name, component) in fields(&document["components"]["schemas"]) {
            definitions.insert(name.clone(), schema(component));
        }
    }
    json!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "1.34"},
        "paths": paths,
        "definitions": definitions,
        "securityDefinitions": security(),
        "security": [{"BearerToken": []}],
    })
}

/// What changes whenever [`swagger`] does: 128 upper-case hex digits.
#[must_use]
pub fn swagger_hash(kinds: &[&Kind]) -> String {
    let hashes = all_paths(kinds).into_iter();
    let hashes = hashes.map(|path| hash(kinds, &path));
    hex(&hashes.fold(Sha512::new(), Digest::chain_update).finalize())
}

fn fields(object: &Value) -> impl Iterator<Item = (&Text, &Value)> {
    object.as_object().into_iter().flatten()
}

/// Operations with their bodies among the parameters.
fn path_item(item: &Value) -> Value {
    let converted = fields(item).map(|(name, held)| {
        let held = match name.as_str() {
            "parameters" => list(held).map(parameter).collect::<Vec<_>>().into(),
            _ => operation(held),
        };
        (name.clone(), held)
    });
    Value::Object(converted.collect())
}

fn operation(entry: &Value) -> Value {
    let content = &entry["requestBody"]["content"];
    let mut consumed: Vec<&str> = fields(content).map(|(name, _)| name.as_str()).collect();
    let mut parameters = Vec::new();
    match fields(content).next() {
        Some((_, media)) => {
            let mut body =
                json!({"name": "body", "in": "body", "schema": schema(&media["schema"])});
            if entry["requestBody"]["required"] == true {
                body["required"] = true.into();
            }
            parameters.push(body);
        }
        None => consumed.push("*/*"),
    }
    parameters.extend(list(&entry["parameters"]).map(parameter));
    let answered = &entry["responses"]["200"]["content"];
    let responses = fields(&entry["responses"]);
    let responses: Map = responses
        .map(|(code, response)| (code.clone(), answer(response)))
        .collect();
    let mut operation = json!({
        "consumes": consumed,
        "produces": fields(answered).map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        "schemes": ["https"],
        "parameters": parameters,
        "responses": responses,
    });
    let kept = ["description", "operationId", "tags"];
    let told =
        fields(entry).filter(|(name, _)| name.starts_with("x-") || kept.contains(&name.as_str()));
    for (name, held) in told {
        operation[name.as_str()] = held.clone();
    }
    operation
}

fn list(of: &Value) -> impl Iterator<Item = &Value> {
    of.as_array().into_iter().flatten()
}

fn parameter(of: &Value) -> Value {
    let mut converted = json!({
        "name": of["name"], "in": of["in"], "type": of["schema"]["type"], "uniqueItems": true,
    });
    if of["required"] == true {
        converted["required"] = true.into();
    }
    converted
}

fn answer(response: &Value) -> Value {
    let mut converted = json!({"description": response["description"]});
    if let Some((_, media)) = fields(&response["content"]).next() {
        converted["schema"] = schema(&media["schema"]);
    }
    converted
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
            // Of the types that values may have on the wire, one can be told.
            "oneOf" if list(value).any(|branch| branch["type"] == "string") => {
                converted.insert("type", "string".into());
                continue;
            }
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
