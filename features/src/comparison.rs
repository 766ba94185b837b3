//! Whether an object says at least what is expected of it.

use serde_json::Value;

/// Where `actual` first falls short of `expected`: maps may hold more than expected, lists may not.
pub(crate) fn shortfall(expected: &Value, actual: &Value) -> Option<String> {
    match (expected, actual) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(key, value)| {
            let inner = shortfall(value, found.get(key).unwrap_or(&Value::Null))?;
            Some(format!(".{key}{inner}"))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let pairs = wanted.iter().zip(found).enumerate();
            pairs
                .filter_map(|(index, (wanted, found))| {
                    Some(format!("[{index}]{}", shortfall(wanted, found)?))
                })
                .next()
        }
        _ if expected == actual => None,
        _ => Some(format!(": expected {expected}, found {actual}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_map_may_hold_more_than_expected() {
        assert_eq!(shortfall(&json!({"a": 1}), &json!({"a": 1, "b": 2})), None);
    }

    #[test]
    fn a_list_may_not() {
        assert_eq!(
            shortfall(&json!({"a": [1]}), &json!({"a": [1, 2]})).as_deref(),
            Some(".a: expected [1], found [1,2]")
        );
    }

    #[test]
    fn a_difference_is_named_by_its_path() {
        assert_eq!(
            shortfall(&json!({"a": [{"b": "x"}]}), &json!({"a": [{"b": "y"}]})).as_deref(),
            Some(r#".a[0].b: expected "x", found "y""#)
        );
    }
}
