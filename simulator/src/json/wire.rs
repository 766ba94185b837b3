//! Values out of texts that clients send, refused in Go's words.

use std::borrow::Cow;

use super::Value;
use super::fault::fault;

/// How deep the lists and objects of a text may nest: as deep as `serde_json` reads, so that whatever walks a value
/// afterwards has stack enough. Go reads 10,000 levels.
pub(crate) const DEPTH_MAX: usize = 127;

/// Reads JSON.
///
/// # Errors
/// What Go says of it.
pub(crate) fn parsed(text: &[u8]) -> Result<Value, String> {
    serde_json::from_str(&repaired(text)).map_err(|error| unreadable(text, &error))
}

/// Why our reader does not like a text, in Go's words if Go does not like it either.
pub(crate) fn unreadable(text: &[u8], error: &super::Error) -> String {
    fault(text).unwrap_or_else(|| error.to_string())
}

/// A text as Go sees it, to which every byte that is not UTF-8 is a character of its own.
pub(crate) fn repaired(text: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(text) {
        return text.into();
    }
    let mut repaired = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        repaired.push_str(chunk.valid());
        repaired.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    repaired.into()
}

/// How deep the lists and objects of a value nest.
pub(crate) fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::whole("{\"a\":\"ä\"}".as_bytes(), json!({"a": "ä"}))]
    #[case::two_bad_bytes(b"{\"a\":\"x\xff\xfey\"}", json!({"a": "x\u{fffd}\u{fffd}y"}))]
    #[case::cut_short(b"{\"a\":\"\xe2\x82\"}", json!({"a": "\u{fffd}\u{fffd}"}))]
    fn what_is_not_utf_8_is_replaced_byte_by_byte(#[case] text: &[u8], #[case] value: Value) {
        assert_eq!(parsed(text), Ok(value));
    }

    #[rstest]
    #[case("[", "]")]
    #[case("{\"a\":", "}")]
    fn the_deepest_text_is_read_and_a_deeper_one_refused(#[case] open: &str, #[case] close: &str) {
        let nested = |n: usize| open.repeat(n) + "0" + &close.repeat(n);
        assert_eq!(depth(&parsed(nested(127).as_bytes()).unwrap()), 127);
        let first = &open[..1];
        let refused = format!("invalid character '{first}' exceeded max depth");
        for n_levels in [128, 10_000, 100_000] {
            assert_eq!(parsed(nested(n_levels).as_bytes()), Err(refused.clone()));
        }
    }
}
