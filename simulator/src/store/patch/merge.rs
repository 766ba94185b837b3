//! JSON merge patch, RFC 7386.

use crate::json::{Map, Value};

/// What `live` becomes under `patch`: objects merge, `null` deletes, everything else replaces.
///
/// The caller has made sure that `patch` is an object; another value would replace the whole of `live`.
/// Source: `spec/kube-api.md` §1.13, RFC 7386 §2.
#[must_use]
pub fn merge_patch(mut live: Value, patch: &Value) -> Value {
    merge(&mut live, patch);
    live
}

fn merge(live: &mut Value, patch: &Value) {
    let Some(changes) = patch.as_object() else {
        *live = patch.clone();
        return;
    };
    if !live.is_object() {
        *live = Value::Object(Map::new());
    }
    let fields = live.as_object_mut().expect("it was made an object above");
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::a_value_replaces_a_value(json!({"a": 1, "b": 2}), json!({"a": 3}), json!({"a": 3, "b": 2}))]
    #[case::null_deletes(json!({"a": 1, "b": 2}), json!({"a": null}), json!({"b": 2}))]
    #[case::null_for_an_absent_field_is_nothing(json!({"b": 2}), json!({"a": null}), json!({"b": 2}))]
    #[case::objects_merge(json!({"a": {"b": 1, "c": 2}}), json!({"a": {"c": null, "d": 3}}), json!({"a": {"b": 1, "d": 3}}))]
    #[case::nulls_of_a_new_object_are_dropped(json!({}), json!({"a": {"b": {"c": null}}}), json!({"a": {"b": {}}}))]
    #[case::a_list_replaces_a_list(json!({"a": [1, 2]}), json!({"a": [3]}), json!({"a": [3]}))]
    #[case::an_object_replaces_a_scalar(json!({"a": 1}), json!({"a": {"b": 2}}), json!({"a": {"b": 2}}))]
    fn a_merge_patch_follows_the_rfc(
        #[case] live: Value,
        #[case] patch: Value,
        #[case] expected: Value,
    ) {
        assert_eq!(merge_patch(live, &patch), expected);
    }
}
