//! Secrets and ConfigMaps.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::of_kind::{immutable, required};
use crate::json::{Map, Value, json, parsed};
use crate::store::json_type::json_type;
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
            data[key.as_str()] = BASE64_STANDARD.encode(text).into();
        }
    }
    if fields
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .is_empty()
    {
        fields.insert("type", "Opaque".into());
    }
    fields.retain(|_, field| !field.is_null());
    prepare_config_map(value);
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
    type_faults(new, &mut causes);
    causes
}

/// What the type of a Secret asks of its data.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, ValidateSecret.
fn type_faults(new: &Value, causes: &mut Vec<Cause>) {
    let data = &new["data"];
    let mut require = |keys: &[&str]| {
        let fields = keys.iter().map(|key| format!("data[{key}]"));
        causes.extend(fields.map(|field| required(field, "Required value")));
    };
    let is_absent = |key: &&str| data.get(*key).is_none();
    match new["type"].as_str().unwrap_or_default() {
        "kubernetes.io/service-account-token" => {
            let name = &new["metadata"]["annotations"]["kubernetes.io/service-account.name"];
            if name.as_str().unwrap_or_default().is_empty() {
                let field = "metadata.annotations[kubernetes.io/service-account.name]";
                causes.push(required(field, "Required value"));
            }
        }
        "kubernetes.io/dockercfg" => json_fault(data, ".dockercfg", causes),
        "kubernetes.io/dockerconfigjson" => json_fault(data, ".dockerconfigjson", causes),
        "kubernetes.io/basic-auth" if ["username", "password"].iter().all(is_absent) => {
            require(&["username", "password"]);
        }
        "kubernetes.io/ssh-auth" if data["ssh-privatekey"].as_str().is_none_or(str::is_empty) => {
            require(&["ssh-privatekey"]);
        }
        "kubernetes.io/tls" => {
            let absent = ["tls.crt", "tls.key"]
                .into_iter()
                .filter(|key| is_absent(key));
            require(&absent.collect::<Vec<_>>());
        }
        _ => {}
    }
}

/// A key that must hold a JSON object.
fn json_fault(data: &Value, key: &str, causes: &mut Vec<Cause>) {
    let field = format!("data[{key}]");
    let Some(text) = data[key].as_str() else {
        causes.push(required(field, "Required value"));
        return;
    };
    let bytes = BASE64_STANDARD.decode(text).unwrap_or_default();
    let why = match parsed(&bytes) {
        Ok(Value::Object(_) | Value::Null) => return,
        Ok(other) => {
            let found = json_type(&other);
            format!(
                "json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
            )
        }
        Err(why) => why,
    };
    causes.push(invalid(&field, "<secret contents redacted>", &why));
}

/// Drops data that is empty, which Go does not write.
pub(super) fn prepare_config_map(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        let is_data = |name: &str| matches!(name, "data" | "binaryData");
        let is_empty = |field: &Value| field.as_object().is_none_or(Map::is_empty);
        fields.retain(|name, field| !is_data(name) || !is_empty(field));
    }
}

/// What is wrong with a ConfigMap.
pub(super) fn config_map_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = frozen(new, old, &["data", "binaryData"]);
    key_faults(new, "data", &mut causes);
    for key in new["data"].as_object().into_iter().flat_map(Map::keys) {
        if new["binaryData"].get(key).is_some() {
            let text = "duplicate of key present in binaryData";
            causes.push(invalid(&format!("data[{key}]"), key, text));
        }
    }
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

/// Keeps of the secrets that an account names nothing but their names.
///
/// Source: kubernetes v1.34.3, pkg/registry/core/serviceaccount/strategy.go, `cleanSecretReferences`.
pub(super) fn prepare_account(value: &mut Value) {
    let secrets = value.get_mut("secrets").and_then(Value::as_array_mut);
    for secret in secrets.into_iter().flatten() {
        if let Some(fields) = secret.as_object_mut() {
            fields.retain(|field, _| field == "name");
        }
    }
}
