//! What an object holds beside its metadata, read when it is asked for.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The fields of an object beside `apiVersion`, `kind` and `metadata`; a [`Value`] that stays text until somebody looks.
///
/// Most of what a watch shows is never looked at: only the part that a change concerns reads it.
#[derive(Clone, Default)]
pub struct Data {
    /// The fields as they came; empty once they were changed.
    text: Vec<(String, Box<RawValue>)>,
    value: OnceLock<Value>,
}

impl Data {
    pub(super) fn of_text(text: Vec<(String, Box<RawValue>)>) -> Self {
        Self {
            text,
            value: OnceLock::new(),
        }
    }

    /// The fields as they came, unless they were changed or made here.
    pub(super) fn text(&self) -> &[(String, Box<RawValue>)] {
        &self.text
    }

    fn read(text: &[(String, Box<RawValue>)]) -> Value {
        let read = |text: &RawValue| serde_json::from_str(text.get()).unwrap_or_default();
        let fields = text.iter().map(|(name, text)| (name.clone(), read(text)));
        Value::Object(fields.collect::<Map<_, _>>())
    }
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        Self {
            text: Vec::new(),
            value: OnceLock::from(value),
        }
    }
}

impl Deref for Data {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.value.get_or_init(|| Self::read(&self.text))
    }
}

impl DerefMut for Data {
    fn deref_mut(&mut self) -> &mut Value {
        let text = std::mem::take(&mut self.text);
        self.value.get_or_init(|| Self::read(&text));
        self.value.get_mut().expect("the line above set it")
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        fmt::Debug::fmt(&**self, formatter)
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
