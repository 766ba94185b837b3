//! A JSON value that is read when it is asked for.

use std::borrow::Cow;
use std::sync::OnceLock;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::bytes::from_bytes;

/// A JSON value as it came, read, or both; null by default.
#[derive(Clone, Debug, Default)]
pub struct Lazy {
    /// `None` once the value was changed or made here.
    text: Option<Text>,
    value: OnceLock<Value>,
}

/// The text of a value.
#[derive(Clone, Debug)]
enum Text {
    /// On its own, and known to be JSON.
    Whole(Box<RawValue>),
    /// Within a longer text, which it keeps alive.
    Part(Bytes),
}

impl Text {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Whole(text) => text.get().as_bytes(),
            Self::Part(text) => text,
        }
    }

    fn read<'t, T: Deserialize<'t>>(&'t self) -> Result<T, serde_json::Error> {
        match self {
            Self::Whole(text) => serde_json::from_str(text.get()),
            Self::Part(text) => from_bytes(text),
        }
    }

    fn raw(&self) -> Result<&RawValue, serde_json::Error> {
        match self {
            Self::Whole(text) => Ok(text),
            Self::Part(text) => from_bytes(text),
        }
    }
}

impl Lazy {
    /// The value, read at the first call; null, if the text turns out not to be JSON.
    pub fn value(&self) -> &Value {
        let read = |text: &Text| text.read().unwrap_or_default();
        self.value
            .get_or_init(|| self.text.as_ref().map(read).unwrap_or_default())
    }

    /// Whether both were written the same; one that was changed or made here never is.
    #[must_use]
    pub fn is_same_text(&self, other: &Self) -> bool {
        match (&self.text, &other.text) {
            (Some(text), Some(other)) => text.bytes() == other.bytes(),
            _ => false,
        }
    }

    /// The value to change.
    pub fn value_mut(&mut self) -> &mut Value {
        self.value();
        self.text = None;
        self.value.get_mut().expect("the value was read just now")
    }

    /// The value as its own type, without a [`Value`] in between; `None` if it is null.
    ///
    /// # Errors
    /// It is not one of these.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, serde_json::Error> {
        match &self.text {
            Some(text) => text.read(),
            None => Option::deserialize(self.value()),
        }
    }

    /// The JSON text.
    pub(super) fn text(&self) -> Result<Cow<'_, RawValue>, serde_json::Error> {
        Ok(match &self.text {
            Some(text) => Cow::Borrowed(text.raw()?),
            None => Cow::Owned(to_raw_value(self.value())?),
        })
    }
}

impl From<Box<RawValue>> for Lazy {
    fn from(text: Box<RawValue>) -> Self {
        Self {
            text: Some(Text::Whole(text)),
            value: OnceLock::new(),
        }
    }
}

/// A part of a longer text.
impl From<Bytes> for Lazy {
    fn from(text: Bytes) -> Self {
        Self {
            text: Some(Text::Part(text)),
            value: OnceLock::new(),
        }
    }
}

impl From<Value> for Lazy {
    fn from(value: Value) -> Self {
        Self {
            text: None,
            value: OnceLock::from(value),
        }
    }
}

impl Serialize for Lazy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.text {
            Some(text) => text.raw().map_err(S::Error::custom)?.serialize(serializer),
            None => self.value().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Lazy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::from)
    }
}

impl PartialEq for Lazy {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_text(other) || self.value() == other.value()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_written_as_it_came_until_it_is_changed() {
        let text = r#"{"b" : 1, "a": 2}"#;
        let mut lazy: Lazy = serde_json::from_str(text).unwrap();
        assert_eq!(lazy.value()["a"], 2);
        assert_eq!(serde_json::to_string(&lazy).unwrap(), text);
        lazy.value_mut()["a"] = json!(3);
        assert_eq!(serde_json::to_string(&lazy).unwrap(), r#"{"a":3,"b":1}"#);
    }

    #[test]
    fn two_texts_of_one_value_are_equal() {
        let read = |text: &str| serde_json::from_str::<Lazy>(text).unwrap();
        assert_eq!(read("[1, 2]"), read("[1,2]"));
        assert_ne!(read("[1]"), Lazy::from(json!([2])));
    }
}
