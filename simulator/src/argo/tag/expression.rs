//! Expression tags and other expressions of expr-lang.

use super::{Mode, Scope, TagError};

const UNSUPPORTED: &str = "not supported by the simulator: expression";

/// Appends the value of one expression tag.
pub(super) fn one(source: &str, _: &Scope, _: Mode, _: &mut String) -> Result<(), TagError> {
    Err(TagError::Failed(format!("{UNSUPPORTED} {{{{={source}}}}}")))
}

/// The value of an expression as text.
pub(crate) fn evaluate(source: &str, _: &Scope) -> Result<String, String> {
    Err(format!("{UNSUPPORTED} {source}"))
}

/// The truth of an expression.
pub(crate) fn boolean(source: &str, _: &Scope) -> Result<bool, String> {
    Err(format!("{UNSUPPORTED} {source}"))
}
