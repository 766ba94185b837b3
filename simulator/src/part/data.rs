//! What an object holds beside its metadata, read when it is asked for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// The fields of an object beside `apiVersion`, `kind` and `metadata`, each of which stays text until somebody looks.
///
/// Most of what a watch shows is never looked at: only the part that a change concerns reads it.
#[derive(Clone, Debug, Default)]
pub struct Data(BTreeMap<String, Field>);

/// One field: as it came, read, or both.
#[derive(Clone, Debug, Default)]
struct Field {
    /// `None` once the value was changed or made here.
    text: Option<Box<RawValue>>,
    value: OnceLock<Value>,
}

impl Field {
    fn value(&self) -> &Value {
        let read = |text: &RawValue| serde_json::from_str(text.get()).unwrap_or_default();
        self.value
            .get_or_init(|| self.text.as_deref().map(read).unwrap_or_default())
    }
}

impl From<Box<RawValue>> for Field {
    fn from(text: Box<RawValue>) -> Self {
        Self {
            text: Some(text),
            value: OnceLock::new(),
        }
    }
}

impl Data {
    /// A field that is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(Field::value)
    }

    /// A field as its own type, without a [`Value`] in between; `None` if it is absent or null.
    ///
    /// # Errors
    /// It is not one of these.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        let Some(field) = self.0.get(name) else {
            return Ok(None);
        };
        match &field.text {
            Some(text) => serde_json::from_str(text.get()),
            None => Option::deserialize(field.value()),
        }
    }

    /// Puts `content` in place of a field.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn write<T: Serialize>(
        &mut self,
        name: &str,
        content: &T,
    ) -> Result<(), serde_json::Error> {
        let text = to_raw_value(content)?;
        self.0.insert(name.to_owned(), Field::from(text));
        Ok(())
    }

    pub(super) fn insert_text(&mut self, name: String, text: Box<RawValue>) {
        self.0.insert(name, Field::from(text));
    }

    /// Every field as JSON text.
    pub(super) fn texts(&self) -> Result<Vec<(&str, Cow<'_, RawValue>)>, serde_json::Error> {
        let fields = self.0.iter().map(|(name, field)| {
            let text = match &field.text {
                Some(text) => Cow::Borrowed(text.as_ref()),
                None => Cow::Owned(to_raw_value(field.value())?),
            };
            Ok((name.as_str(), text))
        });
        fields.collect()
    }

    pub(super) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for (name, field) in &self.0 {
            match &field.text {
                Some(text) => map.serialize_entry(name, text)?,
                None => map.serialize_entry(name, field.value())?,
            }
        }
        Ok(())
    }
}

impl From<serde_json::Map<String, Value>> for Data {
    fn from(fields: serde_json::Map<String, Value>) -> Self {
        let field = |value| Field {
            text: None,
            value: OnceLock::from(value),
        };
        Self(
            fields
                .into_iter()
                .map(|(name, value)| (name, field(value)))
                .collect(),
        )
    }
}

/// The field, or null.
impl Index<&str> for Data {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        static ABSENT: Value = Value::Null;
        self.get(name).unwrap_or(&ABSENT)
    }
}

/// The field to change; null at first, if it is absent.
impl IndexMut<&str> for Data {
    fn index_mut(&mut self, name: &str) -> &mut Value {
        let field = self.0.entry(name.to_owned()).or_default();
        field.value();
        field.text = None;
        field.value.get_mut().expect("the value was read just now")
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.0.keys().eq(other.0.keys())
            && self
                .0
                .keys()
                .all(|name| self[name.as_str()] == other[name.as_str()])
    }
}
