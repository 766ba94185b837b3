//! Reads, straight from the API server so that no plan is made from what is past.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use kube::api::{GetParams, ListParams, PartialObjectMeta};
use kube::core::Request;
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;

use super::error::{Act, Error, is_not_found};
use super::related::ObjectKey;
use crate::api::argo::{ReadWorkflow, Workflow};

/// The objects of one kind in one namespace.
pub(super) struct Reader<'a> {
    pub(super) client: &'a Client,
    pub(super) namespace: &'a str,
}

impl Reader<'_> {
    pub(super) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), self.namespace)
    }

    /// The object, if there is one.
    pub(super) async fn get<K>(&self, name: &str) -> Result<Option<K>, Error>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + Debug,
    {
        get(&self.api(), &ObjectKey::new(self.namespace, name)).await
    }

    /// The Workflow, if there is one, with what plans look at.
    pub(super) async fn workflow(&self, name: &str) -> Result<Option<Workflow>, Error> {
        let api = self.api::<Workflow>();
        let request = Request::new(api.resource_url()).get(name, &GetParams::default());
        let read = match request {
            Ok(request) => self.client.request::<ReadWorkflow>(request).await,
            Err(source) => Err(kube::Error::BuildRequest(source)),
        };
        known(
            read.map(Workflow::from),
            &ObjectKey::new(self.namespace, name),
        )
    }

    /// Whether there is such an object, without reading more than its metadata.
    pub(super) async fn exists<K>(&self, name: &str) -> Result<bool, Error>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + Debug,
    {
        let found = self.api::<K>().get_metadata_opt(name).await;
        found
            .map(|found: Option<PartialObjectMeta<K>>| found.is_some())
            .map_err(|source| failed::<K>(Act::Get, &ObjectKey::new(self.namespace, name), source))
    }

    /// The objects with these labels, which belong to `owner`.
    pub(super) async fn list<K>(&self, labels: &str, owner: &str) -> Result<Vec<K>, Error>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + Debug,
    {
        let found = self
            .api::<K>()
            .list(&ListParams::default().labels(labels))
            .await;
        found.map(|list| list.items).map_err(|source| {
            failed::<K>(Act::List, &ObjectKey::new(self.namespace, owner), source)
        })
    }
}

/// The object, if there is one, of any scope.
pub(super) async fn get<K>(api: &Api<K>, key: &ObjectKey) -> Result<Option<K>, Error>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    known(api.get(&key.name).await, key)
}

/// What was answered, if there is such an object.
fn known<K>(answer: kube::Result<K>, key: &ObjectKey) -> Result<Option<K>, Error>
where
    K: Resource<DynamicType = ()>,
{
    match answer {
        Ok(object) => Ok(Some(object)),
        Err(source) if is_not_found(&source) => Ok(None),
        Err(source) => Err(failed::<K>(Act::Get, key, source)),
    }
}

/// `source`, told as a failed act on a `K`.
pub(super) fn failed<K>(act: Act, key: &ObjectKey, source: kube::Error) -> Error
where
    K: Resource<DynamicType = ()>,
{
    let kind = match K::kind(&()) {
        std::borrow::Cow::Borrowed(kind) => kind,
        std::borrow::Cow::Owned(_) => "object",
    };
    Error {
        act,
        kind,
        key: key.clone(),
        source: Box::new(source),
    }
}
