//! Writes, each safe to repeat.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions, PropagationPolicy};
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::context::Context;
use super::error::{Act, Error, is_not_found, refusal};
use super::read::failed;
use super::related::ObjectKey;
use crate::api::keys::FIELD_MANAGER;

/// What an API server made of an object that was to be created.
pub(super) enum Creation {
    /// It exists now.
    Made,
    /// An object of that name was there before.
    Taken,
    /// It will not exist as long as nobody changes something; the reason is for people.
    Refused(Error, String),
}

pub(super) async fn create<K>(client: &Client, object: &K) -> Result<Creation, Error>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Serialize
        + DeserializeOwned
        + Debug,
{
    let key = ObjectKey::of(object.meta());
    let api: Api<K> = Api::namespaced(client.clone(), &key.namespace);
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    match api.create(&params, object).await {
        Ok(_) => {
            tracing::info!(child = %key, kind = %K::kind(&()), "created");
            Ok(Creation::Made)
        }
        Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(Creation::Taken),
        Err(source) => {
            let reason = refusal(&source).map(str::to_owned);
            let error = failed::<K>(Act::Create, &key, source);
            match reason {
                Some(reason) => Ok(Creation::Refused(error, reason)),
                None => Err(error),
            }
        }
    }
}

/// Deletes exactly the object with this uid; one that is gone, or another of that name, is left alone.
pub(super) async fn delete<K>(
    client: &Client,
    key: &ObjectKey,
    uid: &str,
    propagation: PropagationPolicy,
) -> Result<(), Error>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + Debug,
{
    let api: Api<K> = Api::namespaced(client.clone(), &key.namespace);
    let params = DeleteParams {
        propagation_policy: Some(propagation),
        preconditions: Some(Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        }),
        ..DeleteParams::default()
    };
    match api.delete(&key.name, &params).await {
        Ok(_) => {
            tracing::info!(object = %key, kind = %K::kind(&()), "deleted");
            Ok(())
        }
        Err(source) if is_not_found(&source) => Ok(()),
        Err(kube::Error::Api(status)) if status.is_conflict() => Ok(()),
        Err(source) => Err(failed::<K>(Act::Delete, key, source)),
    }
}

/// Writes the finalizers of an object, unless it changed since it was read.
async fn set_finalizers<K>(
    client: &Client,
    metadata: &ObjectMeta,
    finalizers: &[String],
) -> Result<(), Error>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + Debug,
{
    let key = ObjectKey::of(metadata);
    let api: Api<K> = Api::namespaced(client.clone(), &key.namespace);
    let patch = json!({"metadata": {"resourceVersion": metadata.resource_version, "finalizers": finalizers}});
    api.patch(
        &key.name,
        &PatchParams::apply(FIELD_MANAGER),
        &Patch::Merge(patch),
    )
    .await
    .map(|_| ())
    .map_err(|source| failed::<K>(Act::PatchFinalizers, &key, source))
}

pub(super) async fn add_finalizer<K>(
    client: &Client,
    metadata: &ObjectMeta,
    finalizer: &str,
) -> Result<(), Error>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + Debug,
{
    let mut finalizers = metadata.finalizers.clone().unwrap_or_default();
    finalizers.push(finalizer.to_owned());
    set_finalizers::<K>(client, metadata, &finalizers).await
}

/// An object that is gone needs no finalizer removed.
pub(super) async fn remove_finalizer<K>(
    client: &Client,
    metadata: &ObjectMeta,
    finalizer: &str,
) -> Result<(), Error>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + Debug,
{
    let mut finalizers = metadata.finalizers.clone().unwrap_or_default();
    finalizers.retain(|other| other != finalizer);
    match set_finalizers::<K>(client, metadata, &finalizers).await {
        Err(error) if is_not_found(&error.source) => Ok(()),
        other => other,
    }
}

/// Writes what differs between two statuses, unless the object changed since it was read. Nothing, if nothing differs.
pub(super) async fn patch_status<K, S>(
    context: &Context,
    metadata: &ObjectMeta,
    old: Option<&S>,
    new: &S,
) -> Result<(), Error>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + Debug,
    S: Serialize,
{
    let Some(status) = difference(&wire(old), &wire(Some(new))) else {
        return Ok(());
    };
    let key = ObjectKey::of(metadata);
    let api: Api<K> = Api::namespaced(context.client.clone(), &key.namespace);
    let patch =
        json!({"metadata": {"resourceVersion": metadata.resource_version}, "status": status});
    let made = api
        .patch_status(
            &key.name,
            &PatchParams::apply(FIELD_MANAGER),
            &Patch::Merge(patch),
        )
        .await
        .map_err(|source| failed::<K>(Act::PatchStatus, &key, source))?;
    context.echoes.wrote::<K>(made.meta());
    tracing::info!("status written");
    Ok(())
}

fn wire<S: Serialize>(status: Option<&S>) -> Value {
    status.map_or(Value::Object(Map::new()), |status| {
        serde_json::to_value(status).expect("a status has string keys only")
    })
}

/// The merge patch (RFC 7396) that makes `new` of `old`.
fn difference(old: &Value, new: &Value) -> Option<Value> {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let mut patch = Map::new();
            for key in old.keys().filter(|key| !new.contains_key(*key)) {
                patch.insert(key.clone(), Value::Null);
            }
            for (key, value) in new {
                let changed = match old.get(key) {
                    Some(before) => difference(before, value),
                    None => Some(value.clone()),
                };
                patch.extend(changed.map(|value| (key.clone(), value)));
            }
            (!patch.is_empty()).then_some(Value::Object(patch))
        }
        (old, new) => (old != new).then(|| new.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(json!({"a": 1}), json!({"a": 1}), None)]
    #[case(json!({"a": 1, "b": 2}), json!({"a": 1, "c": 3}), Some(json!({"b": null, "c": 3})))]
    #[case(json!({"m": {"x": {"p": 1}, "y": {}}}), json!({"m": {"x": {"p": 2}}}), Some(json!({"m": {"x": {"p": 2}, "y": null}})))]
    #[case(json!({"l": [1, 2]}), json!({"l": [1]}), Some(json!({"l": [1]})))]
    #[case(json!({}), json!({"a": {"b": 1}}), Some(json!({"a": {"b": 1}})))]
    fn statuses_differ_by(#[case] old: Value, #[case] new: Value, #[case] patch: Option<Value>) {
        assert_eq!(difference(&old, &new), patch);
    }
}
