//! One stored state of one object, shared by tables, log, lists and watches.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::{Map, Value};

/// Where an object lies in its table; orders as lists do, by namespace and then by name.
///
/// Source: `spec/kube-api.md` §1.10.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

/// One state of an object: everything but `apiVersion` and `kind`, which depend on the version that is asked for.
///
/// Encoded at most once, however many readers there are.
#[derive(Debug)]
pub struct Object {
    value: Value,
    revision: u64,
    encoded: OnceLock<Bytes>,
    encoded_metadata: OnceLock<Bytes>,
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
            metadata.insert("resourceVersion".to_owned(), revision.to_string().into());
        }
        Arc::new(Self {
            value,
            revision,
            encoded: OnceLock::new(),
            encoded_metadata: OnceLock::new(),
        })
    }

    /// The object without `apiVersion` and `kind`.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The revision of the write that made this state.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The JSON text of [`Object::value`]; always an object that is not empty.
    #[must_use]
    pub fn encoded(&self) -> Bytes {
        self.encoded
            .get_or_init(|| self.value.to_string().into())
            .clone()
    }

    /// The JSON text of `metadata`.
    #[must_use]
    pub fn encoded_metadata(&self) -> Bytes {
        self.encoded_metadata
            .get_or_init(|| self.value["metadata"].to_string().into())
            .clone()
    }

    /// Where the object lies.
    #[must_use]
    pub fn key(&self) -> Key {
        Key {
            namespace: self.text("namespace").to_owned(),
            name: self.name().to_owned(),
        }
    }

    /// `metadata.name`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// `metadata.namespace`, empty for cluster-scoped objects.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.text("namespace")
    }

    /// `metadata.uid`.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.text("uid")
    }

    /// Whether `metadata.deletionTimestamp` is set.
    #[must_use]
    pub fn is_terminating(&self) -> bool {
        !self.text("deletionTimestamp").is_empty()
    }

    /// `metadata.finalizers`.
    #[must_use]
    pub fn finalizers(&self) -> Vec<&str> {
        texts(&self.value["metadata"]["finalizers"])
    }

    /// `metadata.labels`.
    #[must_use]
    pub fn labels(&self) -> Option<&Map<String, Value>> {
        self.value["metadata"]["labels"].as_object()
    }

    fn text(&self, field: &str) -> &str {
        self.value["metadata"][field].as_str().unwrap_or_default()
    }
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
pub(crate) fn metadata_mut(value: &mut Value) -> &mut Map<String, Value> {
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
