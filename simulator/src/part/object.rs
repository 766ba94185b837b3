//! Any object as a part sees it.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::{ApiResource, DynamicResourceScope, TypeMeta};
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};

use crate::json::{Error, Map, Value, from_value, to_value};

/// An object of any kind, as [`kube::core::DynamicObject`] but of shared values, and without `metadata.managedFields`,
/// which no part looks at and which stay as they are in a write that does not name them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartObject {
    /// `apiVersion` and `kind`; absent in lists.
    pub types: Option<TypeMeta>,
    /// `metadata` but for `managedFields`.
    pub metadata: ObjectMeta,
    /// An object with everything else.
    pub data: Value,
}

impl PartObject {
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
            data: Map::new().into(),
        }
    }

    /// The object that `value` is.
    ///
    /// # Errors
    /// It has no metadata, or such as no object has.
    pub fn of(value: Value) -> Result<Self, Error> {
        let mut fields = match value {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let mut text = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) => Some(text.into_string()),
            _ => None,
        };
        let types = Option::zip(text("apiVersion"), text("kind"));
        let mut metadata = fields.remove("metadata").unwrap_or_default();
        if let Some(metadata) = metadata.as_object_mut()
            && metadata.contains_key("managedFields")
        {
            metadata.remove("managedFields");
        }
        if metadata.is_null() {
            return Err(Error::missing_field("metadata"));
        }
        Ok(Self {
            types: types.map(|(api_version, kind)| TypeMeta { api_version, kind }),
            metadata: from_value(&metadata)?,
            data: fields.into(),
        })
    }

    /// All of it as one value.
    ///
    /// # Errors
    /// Its metadata cannot be written as JSON.
    pub fn to_value(&self) -> Result<Value, Error> {
        let mut value = self.data.clone();
        if let Some(types) = &self.types {
            value["apiVersion"] = types.api_version.clone().into();
            value["kind"] = types.kind.clone().into();
        }
        value["metadata"] = to_value(&self.metadata)?;
        Ok(value)
    }

    /// A field as its own type; `None` if it is absent or null.
    ///
    /// # Errors
    /// It is not one of these.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        match &self.data[name] {
            Value::Null => Ok(None),
            content => from_value(content).map(Some),
        }
    }

    /// The object as its own type.
    ///
    /// # Errors
    /// It is not one of these.
    pub fn typed<K: DeserializeOwned>(&self) -> Result<K, Error> {
        from_value(&self.to_value()?)
    }
}

impl Resource for PartObject {
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

impl Serialize for PartObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.to_value().map_err(S::Error::custom)?;
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PartObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::api::core::v1::ConfigMap;

    use super::*;
    use crate::json::json;

    fn sample() -> PartObject {
        let metadata = json!({"managedFields": [{"manager": "m"}], "name": "c"});
        let value = json!({"apiVersion": "v1", "data": {"a": "1"}, "kind": "ConfigMap", "metadata": metadata});
        PartObject::of(value).unwrap()
    }

    #[test]
    fn an_object_is_all_but_its_managed_fields() {
        let object = sample();
        assert_eq!(object.metadata.managed_fields, None);
        assert_eq!(
            object.to_value().unwrap(),
            json!({"apiVersion": "v1", "data": {"a": "1"}, "kind": "ConfigMap", "metadata": {"name": "c"}})
        );
    }

    #[test]
    fn an_object_is_read_as_its_own_type() {
        let typed: ConfigMap = sample().typed().unwrap();
        assert_eq!(typed.metadata.name.as_deref(), Some("c"));
        assert_eq!(typed.data.unwrap()["a"], "1");
    }

    #[test]
    fn a_field_is_read_as_its_own_type() {
        let object = sample();
        let data: Option<BTreeMap<String, String>> = object.read("data").unwrap();
        assert_eq!(data.unwrap()["a"], "1");
        assert_eq!(object.read::<String>("spec").unwrap(), None);
        assert!(object.read::<String>("data").is_err());
    }

    #[test]
    fn an_object_without_metadata_is_none() {
        let error = serde_json::from_str::<PartObject>(r#"{"kind":"ConfigMap"}"#).unwrap_err();
        assert!(error.to_string().starts_with("missing field `metadata`"));
    }
}
