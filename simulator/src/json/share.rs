//! What a new value has in common with an old one.

use super::Value;

/// Puts into `new`, wherever it equals `old` in the same place, what `old` has there: from then on both share it.
///
/// Gives whether they are equal.
pub fn share(new: &mut Value, old: &Value) -> bool {
    match (&mut *new, old) {
        (Value::Object(fields), Value::Object(known)) => {
            if fields.is_shared_with(known) {
                return true;
            }
            let mut is_same = fields.len() == known.len();
            let mut olds = known.iter().peekable();
            for (name, value) in &mut *fields {
                while olds.next_if(|(old, _)| *old < name).is_some() {}
                is_same &= match olds.next_if(|(old, _)| *old == name) {
                    Some((_, old)) => share(value, old),
                    None => false,
                };
            }
            if is_same {
                *fields = known.clone();
            }
            is_same
        }
        (Value::Array(items), Value::Array(known)) => {
            if items.is_shared_with(known) {
                return true;
            }
            let mut is_same = items.len() == known.len();
            for (item, old) in items.iter_mut().zip(known) {
                is_same &= share(item, old);
            }
            if is_same {
                *items = known.clone();
            }
            is_same
        }
        (new, old) => new == old,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn what_is_equal_is_shared_afterwards() {
        let old = json!({"a": {"x": [1, {"y": 2}]}, "b": {"c": 1}, "d": {"e": {}}});
        let mut new = json!({"a": {"x": [1, {"y": 2}]}, "aa": 1, "b": {"c": 2}, "d": {"e": {}}});
        let expected = new.clone();
        assert!(!share(&mut new, &old));
        assert_eq!(new, expected);
        let is_shared = |name: &str| {
            let fields = |value: &Value| value[name].as_object().cloned();
            let (old, new) = (fields(&old), fields(&new));
            old.unwrap().is_shared_with(&new.unwrap())
        };
        assert!(is_shared("a") && is_shared("d") && !is_shared("b"));
    }

    #[test]
    fn a_value_that_is_equal_shares_all() {
        let old = json!({"a": [{}, {"b": null}]});
        let mut new = json!({"a": [{}, {"b": null}]});
        assert!(share(&mut new, &old));
        let (Value::Object(new), Value::Object(old)) = (&new, &old) else {
            unreachable!("both are objects");
        };
        assert!(new.is_shared_with(old));
    }
}
