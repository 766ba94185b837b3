//! What of the metadata of an object a conversion may change: labels and annotations, and nothing else.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/apiserver/conversion/webhook_converter.go, `validateConvertedObject` and
//! `restoreObjectMeta`.

use crate::json::{Map, Value};
use crate::store::metadata::key_faults;
use crate::store::status::aggregate;

/// Refuses another object than the one that was sent.
pub(super) fn check_identity(original: &Value, converted: &Value) -> Result<(), String> {
    for (field, called) in [("name", "name"), ("namespace", "namespace"), ("uid", "UID")] {
        let text = |object: &Value| {
            let text = object["metadata"][field].as_str();
            text.unwrap_or_default().to_owned()
        };
        let (sent, came) = (text(original), text(converted));
        if sent != came {
            return Err(format!("must have the same {called}: {sent} != {came}"));
        }
    }
    Ok(())
}

/// Gives `converted` the metadata of `original` with its own labels and annotations.
pub(super) fn restore_metadata(original: &Value, converted: &mut Value) -> Result<(), String> {
    let came = match converted.get("metadata") {
        None => return Err("missing metadata in converted object".to_owned()),
        Some(Value::Object(came)) => came,
        Some(other) => {
            let found = go_type(other);
            return Err(format!(
                "invalid metadata of type {found} in converted object"
            ));
        }
    };
    let mut metadata = original["metadata"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    for field in ["labels", "annotations"] {
        restore_texts(field, came, &mut metadata)?;
    }
    converted["metadata"] = Value::Object(metadata);
    Ok(())
}

/// Takes labels, or annotations, over into `metadata`.
fn restore_texts(field: &str, came: &Map, metadata: &mut Map) -> Result<(), String> {
    let texts = match came.get(field) {
        None | Some(Value::Null) => {
            metadata.remove(field);
            return Ok(());
        }
        Some(Value::Object(texts)) => texts,
        Some(other) => {
            let found = go_type(other);
            return Err(format!(
                "invalid metadata.{field} of type {found} in converted object"
            ));
        }
    };
    if let Some((key, value)) = texts.iter().find(|(_, value)| !value.is_string()) {
        let found = go_type(value);
        return Err(format!(
            "metadata.{field}[{key}] must be a string, but is {found} in converted object"
        ));
    }
    let came: Map = [(field.to_owned(), Value::Object(texts.clone()))]
        .into_iter()
        .collect();
    if metadata.get(field) != came.get(field) {
        check_texts(&Value::Object(came.clone()))?;
    }
    metadata.extend(came);
    Ok(())
}

/// Refuses labels or annotations that an object may not have, in the words of an aggregate of errors.
fn check_texts(metadata: &Value) -> Result<(), String> {
    let mut causes = Vec::new();
    key_faults(metadata, &mut causes);
    let texts: Vec<String> = causes
        .iter()
        .map(|cause| {
            // A real server calls it so.
            let field = cause.field.replace("annotations", "annotation");
            format!("{field}: {}", cause.message)
        })
        .collect();
    match texts.as_slice() {
        [] => Ok(()),
        all => Err(aggregate(all)),
    }
}

/// The Go type that a value has once it is read.
///
/// Source: apimachinery v0.34.3, pkg/util/json.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.as_i64().is_some() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
