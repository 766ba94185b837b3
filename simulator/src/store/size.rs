//! How large an object may be.

use serde_json::Value;

use super::status::Status;
use super::write::bare_internal;

/// The largest object, in bytes.
///
/// Simplified: etcd measures a whole request, in which built-in kinds are protobuf; here it is JSON without escapes.
///
/// Source: `spec/kube-api.md` §1.1; etcd v3.6 `--max-request-bytes`.
const BYTES_MAX: usize = 1536 * 1024;

/// Refuses an object that is too large to be stored.
///
/// # Errors
/// 500 in the words of etcd.
pub(super) fn check(value: &Value) -> Result<(), Status> {
    if n_bytes(value) <= BYTES_MAX {
        return Ok(());
    }
    Err(bare_internal("etcdserver: request is too large"))
}

/// The length of the JSON text, were nothing in it escaped.
fn n_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 4,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| n_bytes(item) + 1).sum::<usize>(),
        Value::Object(fields) => {
            let fields = fields.iter();
            2 + fields
                .map(|(key, field)| key.len() + n_bytes(field) + 4)
                .sum::<usize>()
        }
    }
}
