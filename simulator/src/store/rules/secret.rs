//! Secrets and ConfigMaps.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::of_kind::immutable;
use crate::store::metadata::invalid;
use crate::store::naming::config_key_fault;
use crate::store::status::Cause;

/// The most bytes that the data of one Secret or ConfigMap may have.
const MAX_BYTES: usize = 1024 * 1024;

/// Folds `stringData` into `data` and sets the default type.
pub(super) fn prepare(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    if let Some(Value::Object(texts)) = fields.remove("stringData") {
        let data = fields.entry("data").or_insert_with(|| json!({}));
        if !data.is_object() {
            *data = json!({});
        }
        for (key, text) in texts {
            let text = text.as_str().unwrap_or_default();
            data[key] = BASE64_STANDARD.encode(text).into();
        }
    }
    if fields
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .is_empty()
    {
        fields.insert("type".to_owned(), "Opaque".into());
    }
    fields.retain(|_, field| !field.is_null());
}

/// What is wrong with a Secret.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = immutable(new, old, "type").into_iter().collect();
    causes.extend(frozen(new, old, &["data"]));
    key_faults(new, "data", &mut causes);
    let size = |text: &Value| text.as_str().unwrap_or_default().len() / 4 * 3;
    size_fault(
        new["data"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, v)| size(v))
            .sum(),
        "data",
        &mut causes,
    );
    causes
}

/// What is wrong with a ConfigMap.
pub(super) fn config_map_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = frozen(new, old, &["data", "binaryData"]);
    key_faults(new, "data", &mut causes);
    key_faults(new, "binaryData", &mut causes);
    let bytes = |field: &str| -> usize {
        let entries = new[field].as_object().into_iter().flatten();
        entries
            .map(|(_, v)| v.as_str().unwrap_or_default().len())
            .sum()
    };
    size_fault(bytes("data") + bytes("binaryData"), "[]", &mut causes);
    causes
}

fn frozen(new: &Value, old: Option<&Value>, fields: &[&str]) -> Vec<Cause> {
    let Some(old) = old.filter(|old| old["immutable"] == true) else {
        return Vec::new();
    };
    let forbidden = |field: &str| Cause {
        reason: "FieldValueForbidden",
        message: "Forbidden: field is immutable when `immutable` is set".to_owned(),
        field: field.to_owned(),
    };
    let mut causes = Vec::new();
    if new["immutable"] != true {
        causes.push(forbidden("immutable"));
    }
    let empty = Value::Object(Map::new());
    for field in fields {
        if new.get(*field).unwrap_or(&empty) != old.get(*field).unwrap_or(&empty) {
            causes.push(forbidden(field));
        }
    }
    causes
}

fn key_faults(new: &Value, field: &str, causes: &mut Vec<Cause>) {
    for key in new[field].as_object().into_iter().flat_map(Map::keys) {
        if let Some(text) = config_key_fault(key) {
            causes.push(invalid(&format!("{field}[{key}]"), key, &text));
        }
    }
}

fn size_fault(bytes: usize, field: &str, causes: &mut Vec<Cause>) {
    if bytes > MAX_BYTES {
        causes.push(Cause {
            reason: "FieldValueTooLong",
            message: format!("Too long: may not be more than {MAX_BYTES} bytes"),
            field: field.to_owned(),
        });
    }
}
