//! How large an object may be.

use std::sync::Arc;

use super::object::Object;
use super::status::Status;
use crate::json::{Map, Value, is_plain};

/// The largest object, in bytes.
///
/// Simplified: etcd measures a whole request, in which built-in kinds are protobuf; here it is the text of the object.
///
/// Source: `spec/kube-api.md` §1.1; etcd v3.6 `--max-request-bytes`.
const BYTES_MAX: usize = 1536 * 1024;

/// The most bytes that a letter takes in JSON text: `\u0000`.
const LETTER_BYTES_MAX: usize = 6;

/// The most bytes that a number or a literal takes.
const SCALAR_BYTES_MAX: usize = 24;

/// What stands around and between texts: quotes, a colon, a comma.
const AROUND_BYTES: usize = 4;

/// As many bytes as `text` has in JSON at most: no more than it has itself, as a rule.
fn text_bytes_max(text: &str) -> usize {
    let letter_bytes_max = if is_plain(text) { 1 } else { LETTER_BYTES_MAX };
    text.len() * letter_bytes_max + AROUND_BYTES
}

/// As many bytes as the text of a value has at most.
fn bytes_max(value: &Value) -> usize {
    AROUND_BYTES
        + match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => SCALAR_BYTES_MAX,
            Value::String(content) => text_bytes_max(content),
            Value::Array(items) => items.iter().map(bytes_max).sum(),
            Value::Object(fields) => {
                let fields = fields.iter();
                fields
                    .map(|(name, field)| text_bytes_max(name) + bytes_max(field))
                    .sum()
            }
        }
}

/// As many bytes as `new` has at most beyond those that `old` has at most; what both share adds nothing.
fn added_bytes_max(new: &Value, old: &Value) -> usize {
    match (new, old) {
        (Value::Object(fields), Value::Object(known)) if !fields.is_shared_with(known) => {
            let mut added = 0;
            Map::each_of(Some(known), Some(fields), |name, old, new| {
                added += match (old, new) {
                    (Some(old), Some(new)) => added_bytes_max(new, old),
                    (None, Some(new)) => text_bytes_max(name) + bytes_max(new),
                    (_, None) => 0,
                };
            });
            added
        }
        (Value::Array(items), Value::Array(known)) if !items.is_shared_with(known) => {
            let rest = items.iter().skip(known.len()).map(bytes_max);
            let both = items.iter().zip(known.iter());
            both.map(|(item, old)| added_bytes_max(item, old))
                .chain(rest)
                .sum()
        }
        (new, old) if new == old => 0,
        (new, _) => bytes_max(new),
    }
}

/// Refuses an object that is too large to be stored; few come near, and the text of one need not be written to see that.
///
/// # Errors
/// 500 in the words of etcd.
pub(super) fn check(object: &Object, old: Option<&Arc<Object>>) -> Result<(), Status> {
    let grown = old.and_then(|old| {
        let known = old.bytes_max.get()?;
        Some(known + added_bytes_max(object.value(), old.value()))
    });
    let grown = grown.filter(|bytes| *bytes <= BYTES_MAX);
    let bytes = grown.unwrap_or_else(|| bytes_max(object.value()));
    if bytes > BYTES_MAX && object.encoded().len() > BYTES_MAX {
        return Err(Status::bare_internal("etcdserver: request is too large"));
    }
    object.bytes_max.get_or_init(|| bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{added_bytes_max, bytes_max};
    use crate::json::json;

    #[test]
    fn no_text_is_longer_than_its_bound() {
        let number = f64::MIN_POSITIVE;
        for value in [
            json!(null),
            json!("\u{0}\u{1f}\"\\"),
            json!(-number),
            json!([[], {}, {"": ""}, {"\n": [u64::MAX, i64::MIN, false]}]),
        ] {
            assert!(value.to_string().len() <= bytes_max(&value), "{value}");
        }
    }

    #[test]
    fn what_is_added_makes_up_for_what_the_old_bound_lacks() {
        let old = json!({"a": [1, {"b": "x"}], "c": "y", "d": null});
        for new in [
            old.clone(),
            json!({"a": [1, {"b": "longer than before"}, "z"], "c": "y", "e": {"f": {}}}),
            json!({"a": "other", "c": [], "d": {"g": true}}),
        ] {
            let bound = bytes_max(&old) + added_bytes_max(&new, &old);
            assert!(new.to_string().len() <= bound, "{new}");
        }
        assert_eq!(added_bytes_max(&old.clone(), &old), 0);
    }
}
