//! Why the API server refused a manifest, at the place in the file that is wrong.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kube::Client;
use kube::core::Status;

use super::manifest::Document;
use super::suggestion;
use crate::input_error::InputError;
use crate::json::Value;
use crate::store::json_type::json_type;

/// The first thing that the API server found wrong, at its place.
pub(super) async fn refusal(client: &Client, document: &Document, status: &Status) -> InputError {
    let message = status.message.as_str();
    if let Some((_, errors)) = message.split_once("strict decoding error: ") {
        let mut parts = errors.split('"');
        let (fault, field) = (parts.next(), parts.next().unwrap_or_default());
        let mut text = format!("{}\"{field}\"", fault.unwrap_or_default());
        if fault == Some("unknown field ") {
            let names = suggestion::siblings(client, document, field).await;
            let name = field.rsplit('.').next().unwrap_or_default();
            text.push_str(&suggestion::hint(name, names.iter().map(String::as_str)));
        }
        return document.error(field, text);
    }
    if let Some(error) = mistyped(document, message) {
        return error;
    }
    let causes = status.details.as_ref().map(|details| &details.causes);
    let mut causes = causes.into_iter().flatten();
    match causes.find(|cause| !cause.field.is_empty() && cause.field != "<nil>") {
        Some(cause) => document.error(&cause.field, format!("{}: {}", cause.field, cause.message)),
        None if status.is_not_found() => document.error("metadata.namespace", message),
        None => document.error("", message),
    }
}

/// What the decoder of a built-in kind says names Go types and no index, and of bad base64 not even the field.
fn mistyped(document: &Document, message: &str) -> Option<InputError> {
    if let Some((_, error)) = message.split_once("illegal base64 data") {
        let data = document.value["data"].as_object()?;
        let wrong = data.iter().find(|(_, value)| {
            BASE64_STANDARD
                .decode(value.as_str().unwrap_or_default())
                .is_err()
        });
        let field = format!("data.{}", wrong?.0);
        let message = format!("{field}: expected base64, found illegal data{error}");
        return Some(document.error(&field, message));
    }
    let (_, error) = message.split_once("json: cannot unmarshal ")?;
    let (found, error) = error.split_once(" into Go struct field ")?;
    let (field, expected) = error.split_once(" of type ")?;
    let (_, field) = field.split_once('.')?;
    let mut path = String::new();
    let value = Value::from(document.value.clone());
    let is_found = find(&value, field, found, &mut path);
    let path = if is_found { path.as_str() } else { field };
    let message = format!(
        "{path}: expected {}, found {found}",
        expected_type(expected)
    );
    Some(document.error(path, message))
}

/// Completes `path` to the first value of the Go type `found` whose fields, indices aside, are `wanted`.
fn find(value: &Value, wanted: &str, found: &str, path: &mut String) -> bool {
    if wanted.is_empty() {
        if json_type(value) == found {
            return true;
        }
        if let Value::Object(entries) = value {
            // The decoder names a map of texts, and not the key in it.
            let wrong = entries.iter().find(|(_, entry)| json_type(entry) == found);
            if let Some((key, _)) = wrong {
                path.push_str(&format!(".{key}"));
            }
            return wrong.is_some();
        }
        if !value.is_array() {
            return false;
        }
    }
    let length = path.len();
    match value {
        Value::Array(items) => items.iter().enumerate().any(|(index, item)| {
            path.truncate(length);
            path.push_str(&format!("[{index}]"));
            find(item, wanted, found, path)
        }),
        Value::Object(fields) => fields.iter().any(|(name, field)| {
            let Some(rest) = wanted.strip_prefix(name.as_str()) else {
                return false;
            };
            if !rest.is_empty() && !rest.starts_with('.') {
                return false;
            }
            path.truncate(length);
            if length > 0 {
                path.push('.');
            }
            path.push_str(name);
            find(field, rest.trim_start_matches('.'), found, path)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn expected_type(go: &str) -> &str {
    match go {
        "string" => "a text",
        "bool" => "true or false",
        "int32" | "int64" => "a whole number",
        "float64" => "a number",
        "intstr.IntOrString" => "a whole number or a text",
        go if go.starts_with("map[") || go == "struct" || go.contains('.') => "a mapping",
        go if go.starts_with("[]") => "a list",
        go => go,
    }
}
