//! The cells of kinds that show little more than their name.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use jiff::Timestamp;

use super::field::{created, items, len_at, name, str_at};
use crate::json::Value;

pub(super) fn plain(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![name(object), created(object, now)]
}

pub(super) fn named_and_dated(object: &Value, _: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        object["metadata"]["creationTimestamp"].clone(),
    ]
}

pub(super) fn namespace(object: &Value, now: Timestamp) -> Vec<Value> {
    let phase = str_at(object, "/status/phase");
    vec![name(object), phase.into(), created(object, now)]
}

pub(super) fn config_map(object: &Value, now: Timestamp) -> Vec<Value> {
    let n_keys = len_at(object, "/data") + len_at(object, "/binaryData");
    vec![name(object), n_keys.into(), created(object, now)]
}

pub(super) fn secret(object: &Value, now: Timestamp) -> Vec<Value> {
    let (kind, n_keys) = (str_at(object, "/type"), len_at(object, "/data"));
    vec![
        name(object),
        kind.into(),
        n_keys.into(),
        created(object, now),
    ]
}

pub(super) fn service_account(object: &Value, now: Timestamp) -> Vec<Value> {
    let n_secrets = len_at(object, "/secrets");
    vec![name(object), n_secrets.into(), created(object, now)]
}

pub(super) fn lease(object: &Value, now: Timestamp) -> Vec<Value> {
    let holder = str_at(object, "/spec/holderIdentity");
    vec![name(object), holder.into(), created(object, now)]
}

pub(super) fn role_binding(object: &Value, now: Timestamp) -> Vec<Value> {
    let subjects = |kind: &str, text: fn(&Value) -> String| {
        let names: Vec<String> = items(object, "/subjects")
            .filter(|subject| subject["kind"] == kind)
            .map(text)
            .collect();
        Value::from(names.join(", "))
    };
    let plain = |subject: &Value| str_at(subject, "/name").to_owned();
    let role = &object["roleRef"];
    vec![
        name(object),
        format!("{}/{}", str_at(role, "/kind"), str_at(role, "/name")).into(),
        created(object, now),
        subjects("User", plain),
        subjects("Group", plain),
        subjects("ServiceAccount", |subject| {
            format!(
                "{}/{}",
                str_at(subject, "/namespace"),
                str_at(subject, "/name")
            )
        }),
    ]
}
