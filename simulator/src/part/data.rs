//! What an object holds beside its metadata, read when it is asked for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::Lazy;

/// The fields of an object beside `apiVersion`, `kind` and `metadata`, each of which stays text until somebody looks.
///
/// Most of what a watch shows is never looked at: only the part that a change concerns reads it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Data(BTreeMap<String, Lazy>);

impl Data {
    /// A field that is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(Lazy::value)
    }

    /// Whether there is no field at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A field that may stay text.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Lazy> {
        self.0.get(name)
    }

    /// A field that may stay text; null, if it is absent.
    #[must_use]
    pub fn lazy(&self, name: &str) -> Lazy {
        self.0.get(name).cloned().unwrap_or_default()
    }

    /// The names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A field as its own type, without a [`Value`] in between; `None` if it is absent or null.
    ///
    /// # Errors
    /// It is not one of these.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        self.0.get(name).map_or(Ok(None), Lazy::read)
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
        self.0.insert(name.to_owned(), Lazy::from(text));
        Ok(())
    }

    pub(super) fn insert_text(&mut self, name: String, text: Bytes) {
        self.0.insert(name, Lazy::from(text));
    }

    /// Every field as JSON text.
    pub(super) fn texts(&self) -> Result<Vec<(&str, Cow<'_, RawValue>)>, serde_json::Error> {
        let fields = self.0.iter();
        fields
            .map(|(name, field)| Ok((name.as_str(), field.text()?)))
            .collect()
    }

    pub(super) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.0
            .iter()
            .try_for_each(|(name, field)| map.serialize_entry(name, field))
    }
}

impl From<serde_json::Map<String, Value>> for Data {
    fn from(fields: serde_json::Map<String, Value>) -> Self {
        let fields = fields.into_iter();
        Self(
            fields
                .map(|(name, value)| (name, Lazy::from(value)))
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
        self.0.entry(name.to_owned()).or_default().value_mut()
    }
}
