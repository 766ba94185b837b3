//! The cells of a custom resource: what its printer columns point to.

use jiff::Timestamp;

use crate::http::age::age;
use crate::http::json_path::JsonPath;
use crate::json::Value;
use crate::store::kind::Column;

/// A printer column with its path parsed; a path that does not parse shows nothing.
pub(super) struct Pointer<'k> {
    pub(super) column: &'k Column,
    path: Option<JsonPath>,
}

impl<'k> Pointer<'k> {
    pub(super) fn new(column: &'k Column) -> Self {
        let path = JsonPath::parse(&column.json_path).ok();
        Self { column, path }
    }

    /// The first value the path leads to, as the column's type shows it, or `null`.
    pub(super) fn cell(&self, object: &Value, now: Timestamp) -> Value {
        let found = self.path.as_ref().and_then(|path| path.find(object).ok());
        match found.as_deref() {
            None | Some([]) => Value::Null,
            Some([first, ..]) => shown(&self.column.kind, first, now),
        }
    }
}

fn shown(kind: &str, value: &Value, now: Timestamp) -> Value {
    match (kind, value) {
        ("string", Value::Null) => "<no value>".into(),
        (_, Value::Null) => Value::Null,
        ("string", Value::String(_)) => value.clone(),
        ("string", _) => value.to_string().into(),
        ("integer", Value::Number(number)) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|float| float as i64))
            .into(),
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
        ("date", Value::String(text)) => match text.parse::<Timestamp>() {
            Ok(since) => age(since, now).into(),
            Err(_) => "<invalid>".into(),
        },
        _ => Value::Null,
    }
}
