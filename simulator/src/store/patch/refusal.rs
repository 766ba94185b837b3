//! The refusals that only patches give.

use crate::json::{Value, json};
use crate::store::status::Status;

/// 422 for a patch that cannot be carried out on this object; its details are empty.
pub(super) fn unprocessable() -> Status {
    Status {
        code: 422,
        reason: "Invalid".into(),
        message: "the server rejected our request due to an error in our request".to_owned(),
        details: Some(json!({})),
    }
}

/// 413 for a JSON patch with too many operations.
pub(super) fn too_many_operations(n_operations: usize, limit: usize) -> Status {
    Status {
        code: 413,
        reason: "RequestEntityTooLarge".into(),
        message: format!(
            "Request entity too large: The allowed maximum operations in a JSON patch is {limit}, got {n_operations}"
        ),
        details: None,
    }
}

/// 500 with a text and neither reason nor details, which is how an error without a status of its own goes out.
pub(crate) fn unexplained(message: impl Into<String>) -> Status {
    Status {
        code: 500,
        reason: "".into(),
        message: message.into(),
        details: None,
    }
}

/// `value` as Go's `%v` prints it, which the texts of several refusals contain.
pub(crate) fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(go_text).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}:{}", go_text(value)))
                .collect();
            format!("map[{}]", fields.join(" "))
        }
    }
}
