//! Where a default belongs in an object, as tables name it.

use crate::json::{Value, json};

/// One default of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Default {
    /// Steps separated by dots: `a[]` goes into each element of a list, `a?` only into what is there, `a` makes an
    /// object where nothing is.
    pub(super) path: &'static str,
    /// The value, as JSON.
    pub(super) value: &'static str,
    /// A field that must have a value for the default to count: a path of plain steps, and a text.
    pub(super) when: Option<(&'static str, &'static str)>,
}

/// A default that always counts.
pub(super) const fn always(path: &'static str, value: &'static str) -> Default {
    Default {
        path,
        value,
        when: None,
    }
}

/// A default that counts if the field `path.0` is the text `path.1`.
pub(super) const fn when(
    condition: (&'static str, &'static str),
    path: &'static str,
    value: &'static str,
) -> Default {
    Default {
        path,
        value,
        when: Some(condition),
    }
}

/// Writes the default wherever it belongs and nothing is yet.
pub(super) fn fill(object: &mut Value, default: &Default) {
    let is_wanted = default
        .when
        .is_none_or(|(path, text)| at(object, path) == Some(text));
    if is_wanted {
        let value = serde_json::from_str(default.value).expect("tables of defaults hold JSON");
        descend(object, default.path, &value);
    }
}

/// The text at a path of plain steps.
pub(super) fn at<'v>(object: &'v Value, path: &str) -> Option<&'v str> {
    path.split('.')
        .try_fold(object, |value, step| value.get(step))?
        .as_str()
}

fn descend(value: &mut Value, path: &str, default: &Value) {
    let Some((step, rest)) = path.split_once('.') else {
        return set(value, path, default);
    };
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    if let Some(list) = step.strip_suffix("[]") {
        let elements = fields.get_mut(list).and_then(Value::as_array_mut);
        for element in elements.into_iter().flatten() {
            descend(element, rest, default);
        }
    } else if let Some(name) = step.strip_suffix('?') {
        if let Some(below) = fields.get_mut(name) {
            descend(below, rest, default);
        }
    } else {
        let below = fields.entry(step).or_insert(Value::Null);
        if below.is_null() {
            *below = json!({});
        }
        descend(below, rest, default);
    }
}

/// Nothing, null and an empty text are what Go takes for unset; where the default is null, so is an empty list.
fn set(value: &mut Value, field: &str, default: &Value) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    let is_unset = match fields.get(field) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(list)) => default.is_null() && list.is_empty(),
        Some(_) => false,
    };
    if is_unset {
        fields.insert(field.to_owned(), default.clone());
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::made(json!({}), always("spec.replicas", "1"), json!({"spec": {"replicas": 1}}))]
    #[case::kept(json!({"spec": {"replicas": 0}}), always("spec.replicas", "1"), json!({"spec": {"replicas": 0}}))]
    #[case::empty_text(json!({"type": ""}), always("type", "\"x\""), json!({"type": "x"}))]
    #[case::each(json!({"a": [{}, {"b": 2}]}), always("a[].b", "1"), json!({"a": [{"b": 1}, {"b": 2}]}))]
    #[case::no_list(json!({}), always("a[].b", "1"), json!({}))]
    #[case::not_there(json!({}), always("a?.b", "1"), json!({}))]
    #[case::there(json!({"a": {}}), always("a?.b", "1"), json!({"a": {"b": 1}}))]
    #[case::condition(json!({"t": "x"}), when(("t", "x"), "b", "1"), json!({"t": "x", "b": 1}))]
    #[case::other_condition(json!({"t": "y"}), when(("t", "x"), "b", "1"), json!({"t": "y"}))]
    #[case::empty_list(json!({"l": []}), always("l", "null"), json!({"l": null}))]
    fn a_default_is_written_where_nothing_is(
        #[case] mut object: Value,
        #[case] default: Default,
        #[case] expected: Value,
    ) {
        fill(&mut object, &default);
        assert_eq!(object, expected);
    }
}
