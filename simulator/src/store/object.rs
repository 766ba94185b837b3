//! One stored state of one object, shared by tables, log, lists and watches.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::Deserialize;

use super::text::Text;
use crate::json::{self, Map, Value};

/// Where an object lies in its table; orders as lists do, by namespace and then by name.
///
/// Source: `spec/kube-api.md` §1.10.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What decides about the order, nearly always, at hand: a table is searched several times for each request.
    head: [u64; N_HEAD_WORDS],
    namespace: json::Text,
    name: json::Text,
}

/// How many words of a key are its head.
const N_HEAD_WORDS: usize = 3;

impl Key {
    /// The place of the object with these names; no namespace is the empty one.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            head: head(namespace.as_bytes(), name.as_bytes()),
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// Empty for cluster-scoped objects.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// `metadata.name`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The first bytes of both, as numbers in their order: between them is a byte that sorts before what names consist of.
fn head(namespace: &[u8], name: &[u8]) -> [u64; N_HEAD_WORDS] {
    let mut words = [[0; 8]; N_HEAD_WORDS];
    let bytes = words.as_flattened_mut();
    let n_bytes = namespace.len().min(bytes.len());
    bytes[..n_bytes].copy_from_slice(&namespace[..n_bytes]);
    if let Some((_, rest)) = bytes[n_bytes..].split_first_mut() {
        let n_bytes = name.len().min(rest.len());
        rest[..n_bytes].copy_from_slice(&name[..n_bytes]);
    }
    words.map(u64::from_be_bytes)
}

/// One state of an object: everything but `apiVersion` and `kind`, which depend on the version that is asked for.
///
/// Encoded at most once, however many readers there are. A state that was written lately is at hand as a value. An older
/// one that was ever read as text is that, a tenth of its size, until somebody asks what is in it; one that nobody read
/// shares with its neighbours whatever they have in common.
#[derive(Debug)]
pub struct Object {
    value: OnceLock<Value>,
    /// `metadata` without `managedFields`, of a state that rests, once somebody asked.
    resting_metadata: OnceLock<Value>,
    revision: u64,
    text: OnceLock<Text>,
    /// As many bytes as the text has at most, once somebody has found out.
    pub(super) bytes_max: OnceLock<usize>,
}

impl Object {
    /// Takes `value`, drops its `apiVersion` and `kind` and stamps it with `revision`; zero leaves it unstamped.
    #[must_use]
    pub fn new(mut value: Value, revision: u64) -> Arc<Self> {
        if let Some(fields) = value.as_object_mut() {
            fields.remove("apiVersion");
            fields.remove("kind");
        }
        let metadata = metadata_mut(&mut value);
        if revision == 0 {
            metadata.remove("resourceVersion");
        } else {
            metadata.insert("resourceVersion", revision.to_string().into());
        }
        Arc::new(Self {
            value: OnceLock::from(value),
            resting_metadata: OnceLock::new(),
            revision,
            text: OnceLock::new(),
            bytes_max: OnceLock::new(),
        })
    }

    /// The same state as one that nobody has written for a while.
    pub(super) fn rested(self: &Arc<Self>) -> Arc<Self> {
        if self.text.get().is_none() || self.value.get().is_none() {
            return Arc::clone(self);
        }
        Self::resting(self.text().clone(), self.revision)
    }

    fn resting(text: Text, revision: u64) -> Arc<Self> {
        Arc::new(Self {
            value: OnceLock::new(),
            resting_metadata: OnceLock::new(),
            revision,
            text: OnceLock::from(text),
            bytes_max: OnceLock::new(),
        })
    }

    /// The same state with another revision, which must not be zero.
    pub(super) fn restamped(&self, revision: u64) -> Arc<Self> {
        if let Some(value) = self.value.get() {
            return Self::new(value.clone(), revision);
        }
        Self::resting(self.text().restamped(revision), revision)
    }

    /// The object without `apiVersion` and `kind`.
    #[must_use]
    pub fn value(&self) -> &Value {
        self.value.get_or_init(|| read(self.text().whole()))
    }

    /// `metadata`, of a state that rests without `managedFields`.
    fn metadata(&self) -> &Value {
        match self.value.get() {
            Some(value) => &value["metadata"],
            None => self.resting_metadata.get_or_init(|| {
                let mut metadata = read(&self.text().metadata());
                if let Some(fields) = metadata.as_object_mut() {
                    fields.remove("managedFields");
                }
                metadata
            }),
        }
    }

    /// The revision of the write that made this state.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The JSON text of [`Object::value`]; always an object that is not empty.
    #[must_use]
    pub fn encoded(&self) -> Bytes {
        self.text().whole().clone()
    }

    /// The JSON text of `metadata`.
    #[must_use]
    pub fn encoded_metadata(&self) -> Bytes {
        self.text().metadata()
    }

    /// Where the object lies.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(self.field("namespace"), self.name())
    }

    /// `metadata.name`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.field("name")
    }

    /// `metadata.namespace`, empty for cluster-scoped objects.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.field("namespace")
    }

    /// `metadata.uid`.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.field("uid")
    }

    /// Whether `metadata.deletionTimestamp` is set.
    #[must_use]
    pub fn is_terminating(&self) -> bool {
        !self.field("deletionTimestamp").is_empty()
    }

    /// `metadata.finalizers`.
    #[must_use]
    pub fn finalizers(&self) -> Vec<&str> {
        texts(&self.metadata()["finalizers"])
    }

    /// `metadata.labels`.
    #[must_use]
    pub fn labels(&self) -> Option<&Map> {
        self.metadata()["labels"].as_object()
    }

    fn text(&self) -> &Text {
        self.text.get_or_init(|| {
            let value = self.value.get();
            Text::of(value.expect("a state without a text has a value"))
        })
    }

    fn field(&self, field: &str) -> &str {
        self.metadata()[field].as_str().unwrap_or_default()
    }
}

/// Reads the text of an object, or of a part of it.
fn read(text: &[u8]) -> Value {
    let mut reader = serde_json::Deserializer::from_slice(text);
    // Who owns its fields is told deeper than a body may be.
    reader.disable_recursion_limit();
    let value = Value::deserialize(&mut reader);
    value.expect("the text of an object was written from a value")
}

/// The strings of a JSON list, passing over anything else.
#[must_use]
pub(crate) fn texts(list: &Value) -> Vec<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// The `metadata` of an object, made if absent or of another type.
pub(crate) fn metadata_mut(value: &mut Value) -> &mut Map {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let metadata = &mut value["metadata"];
    if !metadata.is_object() {
        *metadata = Value::Object(Map::new());
    }
    metadata
        .as_object_mut()
        .expect("metadata was made an object above")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn keys_are_in_the_order_of_namespaces_and_names() {
        let long = [
            "n".repeat(22),
            "n".repeat(23),
            "n".repeat(24),
            "n".repeat(25),
        ];
        let texts = [
            "",
            "a",
            "a-b",
            "a.b",
            "ab",
            "default",
            "name-that-is-quite-a-bit-longer",
        ];
        let texts = texts.into_iter().chain(long.iter().map(String::as_str));
        let pairs = texts
            .clone()
            .flat_map(|a| texts.clone().map(move |b| (a, b)));
        let pairs = Vec::from_iter(pairs);
        for a in &pairs {
            for b in &pairs {
                let keys = [a, b].map(|(namespace, name)| Key::new(namespace, name));
                assert_eq!(keys[0].cmp(&keys[1]), a.cmp(b), "{keys:?}");
            }
        }
    }

    #[test]
    fn a_state_that_rests_reads_as_it_was_however_deep_it_is() {
        let deep = (0..200).fold(json!(1), |value, _| json!({"a": value}));
        let metadata =
            json!({"name": "x", "labels": {"l": "1"}, "managedFields": [{"manager": "m"}]});
        let present = Object::new(json!({"metadata": metadata, "spec": deep}), 7);
        assert!(!present.encoded().is_empty());
        let rested = present.rested();
        assert!(rested.value.get().is_none());
        assert_eq!((rested.name(), rested.revision()), ("x", 7));
        assert_eq!(rested.labels(), present.labels());
        assert_eq!(rested.encoded_metadata(), present.encoded_metadata());
        assert_eq!(rested.value(), present.value());
    }
}
