//! The value itself.

use std::fmt;
use std::ops::{Index, IndexMut};

use super::write::write;
use super::{List, Map, Number, Text};

/// A JSON value; a copy of it shares all that lies below.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(Text),
    /// Items.
    Array(List),
    /// Fields.
    Object(Map),
}

static NULL: Value = Value::Null;

impl Value {
    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is a boolean.
    #[must_use]
    pub fn is_boolean(&self) -> bool {
        matches!(self, Self::Bool(_))
    }

    /// Whether it is a number.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Whether it is a string.
    #[must_use]
    pub fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// The boolean, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether it is a number that [`Value::as_i64`] gives.
    #[must_use]
    pub fn is_i64(&self) -> bool {
        self.as_i64().is_some()
    }

    /// Whether it is a number that [`Value::as_u64`] gives.
    #[must_use]
    pub fn is_u64(&self) -> bool {
        self.as_u64().is_some()
    }

    /// The number, if it is whole and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::as_i64)
    }

    /// The number, if it is whole, not negative, and fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number().and_then(Number::as_u64)
    }

    /// The number, however exactly a float can tell it.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number().and_then(Number::as_f64)
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&Vec<Self>> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The items, if it is an array, to change.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The fields, if it is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Map> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// The fields, if it is an object, to change.
    pub fn as_object_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// A field of an object or an item of an array, if it is there.
    #[must_use]
    pub fn get<S: Step>(&self, step: S) -> Option<&Self> {
        step.below(self)
    }

    /// The same, to change.
    pub fn get_mut<S: Step>(&mut self, step: S) -> Option<&mut Self> {
        step.below_mut(self)
    }

    /// Where a JSON Pointer (RFC 6901) leads, if it leads anywhere.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        tokens(pointer)?.try_fold(self, |value, token| match value {
            Self::Object(fields) => fields.get(&token),
            Self::Array(items) => items.get(index(&token)?),
            _ => None,
        })
    }

    /// The same, to change.
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Self> {
        tokens(pointer)?.try_fold(self, |value, token| match value {
            Self::Object(fields) => fields.get_mut(&token),
            Self::Array(items) => items.get_mut(index(&token)?),
            _ => None,
        })
    }

    /// Whether both are equal, as far as that can be told without looking into lists and maps: those must be shared.
    pub(crate) fn is_evidently(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Array(items), Self::Array(others)) => items.is_shared_with(others),
            (Self::Object(fields), Self::Object(others)) => fields.is_shared_with(others),
            (one, other) => one == other,
        }
    }

    /// Leaves `null` and gives what was there.
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

/// The names and indices that a JSON Pointer consists of; `None` if it is not one.
fn tokens(pointer: &str) -> Option<impl Iterator<Item = String> + '_> {
    let rest = match pointer.strip_prefix('/') {
        Some(rest) => Some(rest),
        None if pointer.is_empty() => None,
        None => return None,
    };
    let tokens = rest.into_iter().flat_map(|rest| rest.split('/'));
    Some(tokens.map(|token| token.replace("~1", "/").replace("~0", "~")))
}

/// The index that a token of a JSON Pointer is.
fn index(token: &str) -> Option<usize> {
    let is_padded = token.starts_with('0') && token.len() > 1;
    (!is_padded && !token.starts_with('+')).then(|| token.parse().ok())?
}

/// What leads from a value to one below it.
pub trait Step {
    /// Where it leads.
    fn below(self, value: &Value) -> Option<&Value>;
    /// The same, to change.
    fn below_mut(self, value: &mut Value) -> Option<&mut Value>;
}

impl Step for &str {
    fn below(self, value: &Value) -> Option<&Value> {
        value.as_object()?.get(self)
    }

    fn below_mut(self, value: &mut Value) -> Option<&mut Value> {
        value.as_object_mut()?.get_mut(self)
    }
}

macro_rules! step_as_text {
    ($($text:ty),*) => {$(
        impl Step for $text {
            fn below(self, value: &Value) -> Option<&Value> {
                let name: &str = self.as_ref();
                Step::below(name, value)
            }

            fn below_mut(self, value: &mut Value) -> Option<&mut Value> {
                let name: &str = self.as_ref();
                name.below_mut(value)
            }
        }
    )*};
}

step_as_text!(&&str, &String, &Text);

impl Step for usize {
    fn below(self, value: &Value) -> Option<&Value> {
        value.as_array()?.get(self)
    }

    fn below_mut(self, value: &mut Value) -> Option<&mut Value> {
        value.as_array_mut()?.get_mut(self)
    }
}

impl<S: Step> Index<S> for Value {
    type Output = Self;

    /// What lies there, or `null`.
    fn index(&self, step: S) -> &Self {
        step.below(self).unwrap_or(&NULL)
    }
}

impl IndexMut<usize> for Value {
    /// The item, which must be there.
    fn index_mut(&mut self, index: usize) -> &mut Self {
        self.get_mut(index).expect("there is such an item")
    }
}

impl IndexMut<&str> for Value {
    /// The field, made `null` if it is absent; `null` becomes an object. Nothing else has fields.
    fn index_mut(&mut self, name: &str) -> &mut Self {
        if self.is_null() {
            *self = Self::Object(Map::new());
        }
        let fields = self.as_object_mut().expect("objects have fields");
        fields.entry(name).or_insert(Self::Null)
    }
}

impl fmt::Display for Value {
    /// The JSON text, without spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        write(&mut text, self);
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    #[test]
    fn a_change_is_seen_by_nobody_else() {
        let before = json!({"a": {"b": [1, 2]}, "c": {}});
        let mut after = before.clone();
        after["a"]["b"][1] = 3.into();
        after["d"]["e"] = "new".into();
        assert_eq!(before, json!({"a": {"b": [1, 2]}, "c": {}}));
        assert_eq!(
            after,
            json!({"a": {"b": [1, 3]}, "c": {}, "d": {"e": "new"}})
        );
    }

    #[test]
    fn a_change_copies_only_the_path_to_it() {
        let before = json!({"a": {"b": {}}, "c": {"d": {}}});
        let mut after = before.clone();
        after["a"]["b"]["e"] = 1.into();
        let below = |value: &crate::json::Value| value["c"].as_object().cloned();
        let (before, after) = (below(&before).unwrap(), below(&after).unwrap());
        assert!(before.is_shared_with(&after));
    }

    #[test]
    fn what_is_absent_is_null() {
        assert!(json!({"a": [1]})["a"][1].is_null());
        assert!(json!(1)["a"]["b"].is_null());
    }
}
