//! Fields of objects, read as cells show them.

use jiff::Timestamp;

use crate::http::age::age;
use crate::json::{Value, json};

pub(super) const NONE: &str = "<none>";
pub(super) const UNSET: &str = "<unset>";
pub(super) const UNKNOWN: &str = "<unknown>";

pub(super) fn name(object: &Value) -> Value {
    str_at(object, "/metadata/name").into()
}

/// The age of the object itself.
pub(super) fn created(object: &Value, now: Timestamp) -> Value {
    since(&object["metadata"]["creationTimestamp"], now).into()
}

/// The age of an instant in wire form; an instant that is absent or no instant is unknown.
pub(super) fn since(instant: &Value, now: Timestamp) -> String {
    timestamp(instant).map_or_else(|| UNKNOWN.to_owned(), |instant| age(instant, now))
}

/// The names and the images of containers, each as one cell.
pub(super) fn containers(object: &Value, pointer: &str) -> [Value; 2] {
    ["/name", "/image"].map(|field| {
        let texts: Vec<&str> = items(object, pointer)
            .map(|item| str_at(item, field))
            .collect();
        texts.join(",").into()
    })
}

/// A label selector in the form of `kubectl -l`.
///
/// Source: kubernetes v1.34 `staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go`.
pub(super) fn selector(selector: &Value) -> String {
    let equal = selector["matchLabels"].as_object().into_iter().flatten();
    let mut terms: Vec<(String, String)> = equal
        .map(|(key, value)| {
            let value = value.as_str().unwrap_or_default();
            (key.to_string(), format!("{key}={value}"))
        })
        .collect();
    terms.extend(items(selector, "/matchExpressions").map(|term| {
        let key = str_at(term, "/key");
        let mut values: Vec<&str> = items(term, "/values").filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let text = match str_at(term, "/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        };
        (key.to_owned(), text)
    }));
    terms.sort_by(|(a, _), (b, _)| a.cmp(b));
    let texts: Vec<String> = terms.into_iter().map(|(_, text)| text).collect();
    texts.join(",")
}

pub(super) fn labels(labels: &Value) -> String {
    selector(&json!({"matchLabels": labels}))
}

/// The status of a condition of `object`.
pub(super) fn condition<'o>(object: &'o Value, kind: &str) -> Option<&'o str> {
    items(object, "/status/conditions")
        .find(|condition| condition["type"] == kind)
        .map(|condition| str_at(condition, "/status"))
}

pub(super) fn items<'o>(
    object: &'o Value,
    pointer: &str,
) -> impl DoubleEndedIterator<Item = &'o Value> {
    object
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

pub(super) fn str_at<'o>(object: &'o Value, pointer: &str) -> &'o str {
    str_or(object, pointer, "")
}

pub(super) fn int_at(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

/// The first `n_named` of many, and how many more there are.
pub(super) fn first_few(all: &[String], n_named: usize, separator: &str) -> String {
    let named = all[..all.len().min(n_named)].join(separator);
    match all.len().saturating_sub(n_named) {
        0 => named,
        n_more => format!("{named} + {n_more} more..."),
    }
}

pub(super) fn timestamp(instant: &Value) -> Option<Timestamp> {
    instant.as_str()?.parse().ok()
}

pub(super) fn str_or<'o>(object: &'o Value, pointer: &str, default: &'o str) -> &'o str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or(default)
}

pub(super) fn len_at(object: &Value, pointer: &str) -> usize {
    match object.pointer(pointer) {
        Some(Value::Object(fields)) => fields.len(),
        Some(Value::Array(items)) => items.len(),
        _ => 0,
    }
}

pub(super) fn or(text: &str, default: &str) -> Value {
    non_empty(text).unwrap_or(default).into()
}

pub(super) fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
