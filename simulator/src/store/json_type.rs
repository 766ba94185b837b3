//! What kind of JSON a value is, in the word that refusals use.

use crate::json::Value;

/// The JSON type of `value`. Source: Go `encoding/json` `UnmarshalTypeError.Value`.
pub(crate) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
