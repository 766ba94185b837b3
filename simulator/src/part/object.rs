//! Any object as a part sees it.

use std::borrow::Cow;

use bytes::Bytes;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::{ApiResource, DynamicResourceScope, TypeMeta};
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Error, Map, Value};

use super::Data;
use super::bytes::from_bytes;
use super::scan::Scanner;

/// An object of any kind, as [`kube::core::DynamicObject`] but read lazily, and without `metadata.managedFields`, which
/// no part looks at and which stay as they are in a write that does not name them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LazyObject {
    /// `apiVersion` and `kind`; absent in lists.
    pub types: Option<TypeMeta>,
    /// `metadata` but for `managedFields`.
    pub metadata: ObjectMeta,
    /// Everything else.
    pub data: Data,
}

impl LazyObject {
    /// An object with a name and nothing else.
    #[must_use]
    pub fn new(name: &str, resource: &ApiResource) -> Self {
        Self {
            types: Some(TypeMeta {
                api_version: resource.api_version.clone(),
                kind: resource.kind.clone(),
            }),
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                ..ObjectMeta::default()
            },
            data: Data::default(),
        }
    }

    /// The object that `value` is.
    ///
    /// # Errors
    /// It has no metadata, or such as no object has.
    pub fn of(value: Value) -> Result<Self, Error> {
        let types = TypeMeta::deserialize(&value).ok();
        let mut fields = match value {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        fields.remove("apiVersion");
        fields.remove("kind");
        let metadata = fields.remove("metadata").unwrap_or_default();
        Ok(Self {
            types,
            metadata: ObjectMeta::deserialize(&metadata)?,
            data: Data::from(fields),
        })
    }

    /// The object as its own type.
    ///
    /// # Errors
    /// It is not one of these.
    pub fn typed<K: DeserializeOwned>(&self) -> Result<K, Error> {
        let metadata = to_raw_value(&self.metadata)?;
        let mut fields = self.data.texts()?;
        fields.push(("metadata", Cow::Owned(metadata)));
        let fields = fields.iter().map(|(name, text)| (*name, text.as_ref()));
        K::deserialize(MapDeserializer::new(fields))
    }
}

impl Resource for LazyObject {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        resource.kind.as_str().into()
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        resource.group.as_str().into()
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        resource.version.as_str().into()
    }

    fn api_version(resource: &ApiResource) -> Cow<'_, str> {
        resource.api_version.as_str().into()
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        resource.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl Serialize for LazyObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(types) = &self.types {
            map.serialize_entry("apiVersion", &types.api_version)?;
            map.serialize_entry("kind", &types.kind)?;
        }
        map.serialize_entry("metadata", &self.metadata)?;
        self.data.serialize_into(&mut map)?;
        map.end()
    }
}

impl LazyObject {
    /// Reads the object that follows in `text`, of which its fields keep their parts.
    pub(super) fn scan(text: &Bytes, scanner: &mut Scanner) -> Result<Self, Error> {
        let (mut metadata, mut api_version, mut kind) = (None, None, None);
        let mut data = Data::default();
        scanner.each_field(|scanner, name| {
            match name {
                b"metadata" => metadata = Some(lean_metadata(text, scanner)?),
                b"apiVersion" => api_version = from_bytes(&text[scanner.value()?])?,
                b"kind" => kind = from_bytes(&text[scanner.value()?])?,
                _ => {
                    let name: String = from_bytes(&[b"\"", name, b"\""].concat())?;
                    data.insert_text(name, text.slice(scanner.value()?));
                }
            }
            Ok(())
        })?;
        let types = Option::zip(api_version, kind);
        Ok(Self {
            types: types.map(|(api_version, kind)| TypeMeta { api_version, kind }),
            metadata: metadata.ok_or_else(|| Error::missing_field("metadata"))?,
            data,
        })
    }
}

/// Metadata without `managedFields`, which are most of its text.
fn lean_metadata(text: &[u8], scanner: &mut Scanner) -> Result<ObjectMeta, Error> {
    let mut managed_fields = None;
    let all = scanner.each_field(|scanner, name| {
        let value = scanner.value()?;
        if name == b"managedFields" {
            managed_fields = Some(value);
        }
        Ok(())
    })?;
    let Some(managed_fields) = managed_fields else {
        return from_bytes(&text[all]);
    };
    let (before, after) = (
        &text[all.start..managed_fields.start],
        &text[managed_fields.end..all.end],
    );
    from_bytes(&[before, b"null", after].concat())
}

impl<'de> Deserialize<'de> for LazyObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: Box<str> = Box::<RawValue>::deserialize(deserializer)?.into();
        let text = Bytes::from(text.into_boxed_bytes());
        Self::scan(&text, &mut Scanner::new(&text)).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::api::core::v1::ConfigMap;
    use serde_json::json;

    use super::*;

    const TEXT: &str = r#"{"apiVersion":"v1","data":{"a":"1"},"kind":"ConfigMap","metadata":{"managedFields":[{"manager":"m"}],"name":"c"}}"#;

    fn object() -> LazyObject {
        serde_json::from_str(TEXT).unwrap()
    }

    #[test]
    fn an_object_is_read_without_its_managed_fields() {
        let object = object();
        assert_eq!(object.metadata.name.as_deref(), Some("c"));
        assert_eq!(object.metadata.managed_fields, None);
        assert_eq!(object.data["data"], json!({"a": "1"}));
    }

    #[test]
    fn an_object_reads_as_its_type_before_and_after_a_change() {
        let mut object = object();
        let read = |object: &LazyObject| object.typed::<ConfigMap>().unwrap().data.unwrap();
        assert_eq!(read(&object)["a"], "1");
        object.data["data"]["a"] = "2".into();
        assert_eq!(read(&object)["a"], "2");
    }

    #[test]
    fn what_is_written_is_what_was_read_or_what_it_was_changed_to() {
        let mut object = object();
        let read =
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}"#;
        assert_eq!(serde_json::to_string(&object).unwrap(), read);
        object.data["data"] = json!({});
        let changed = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{}}"#;
        assert_eq!(serde_json::to_string(&object).unwrap(), changed);
    }

    #[test]
    fn a_field_reads_as_its_type_before_and_after_it_is_written() {
        let mut object = object();
        let read = |object: &LazyObject| object.data.read::<BTreeMap<String, String>>("data");
        assert_eq!(read(&object).unwrap().unwrap()["a"], "1");
        object.data.write("data", &json!({"a": "2"})).unwrap();
        assert_eq!(read(&object).unwrap().unwrap()["a"], "2");
        assert_eq!(object.data.read::<String>("spec").unwrap(), None);
        assert!(object.data.read::<String>("data").is_err());
    }

    #[test]
    fn an_object_without_metadata_is_none() {
        let error = serde_json::from_str::<LazyObject>(r#"{"kind":"ConfigMap"}"#).unwrap_err();
        assert!(error.to_string().starts_with("missing field `metadata`"));
    }
}
