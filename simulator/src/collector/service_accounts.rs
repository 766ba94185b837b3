//! What every namespace comes with: a service account and the cluster's certificate authority.

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ServiceAccount};
use kube::Client;
use kube::api::{Api, PostParams};
use kube::core::{ApiResource, ObjectMeta};

use super::error::{CollectError, unless_overtaken, unless_there};
use crate::part::{Caches, Change, ChangeKind, Failure, Key, Part, Wake, Watch};

const NAMESPACES: usize = 0;
const ACCOUNTS: usize = 1;
const CONFIG_MAPS: usize = 2;

const ACCOUNT: &str = "default";
const AUTHORITY: &str = "kube-root-ca.crt";
/// Source: kubernetes v1.34 `pkg/controller/certificates/rootcacertpublisher`.
const DESCRIPTION: (&str, &str) = (
    "kubernetes.io/description",
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
);

/// Gives each namespace the service account `default` and the ConfigMap `kube-root-ca.crt`, which it keeps as it should be.
pub struct ServiceAccounts {
    client: Client,
    authority: String,
}

impl ServiceAccounts {
    /// `authority` is the certificate authority of the API server in PEM.
    #[must_use]
    pub fn new(client: Client, authority: String) -> Self {
        Self { client, authority }
    }

    async fn furnish(&self, key: &Key, caches: &Caches) -> Result<(), Failure> {
        let Some(namespace) = caches.get(NAMESPACES, key) else {
            return Ok(());
        };
        if namespace.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let has = |watch: usize, name: &str| {
            caches
                .of(watch)
                .contains_key(&(key.name.clone(), name.to_owned()))
        };
        let params = PostParams::default();
        if !has(ACCOUNTS, ACCOUNT) {
            let account = ServiceAccount {
                metadata: named(ACCOUNT),
                ..ServiceAccount::default()
            };
            let result = Api::namespaced(self.client.clone(), &key.name)
                .create(&params, &account)
                .await;
            unless_there(result).map_err(CollectError::during("create service account of", key))?;
        }
        let maps = Api::namespaced(self.client.clone(), &key.name);
        if !has(CONFIG_MAPS, AUTHORITY) {
            let mut map = ConfigMap {
                metadata: named(AUTHORITY),
                ..ConfigMap::default()
            };
            self.publish(&mut map);
            let result = maps.create(&params, &map).await;
            unless_there(result)
                .map_err(CollectError::during("create certificate authority of", key))?;
            return Ok(());
        }
        let found = maps.get_opt(AUTHORITY).await;
        let found = found.map_err(CollectError::during("read certificate authority of", key))?;
        if let Some(mut map) = found
            && self.publish(&mut map)
        {
            let result = maps.replace(AUTHORITY, &params, &map).await;
            unless_overtaken(result).map_err(CollectError::during(
                "restore certificate authority of",
                key,
            ))?;
        }
        Ok(())
    }

    /// Puts into a ConfigMap what it should hold; whether it held something else.
    ///
    /// Source: kubernetes v1.34 `pkg/controller/certificates/rootcacertpublisher/publisher.go`, `syncNamespace`.
    fn publish(&self, map: &mut ConfigMap) -> bool {
        let data = Some([("ca.crt".to_owned(), self.authority.clone())].into());
        let (description, text) = DESCRIPTION;
        let annotations = map.metadata.annotations.get_or_insert_default();
        let is_described = annotations
            .get(description)
            .is_some_and(|text| !text.is_empty());
        if map.data == data && is_described {
            return false;
        }
        annotations.insert(description.to_owned(), text.to_owned());
        map.data = data;
        true
    }
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    }
}

impl Part for ServiceAccounts {
    fn name(&self) -> &'static str {
        "service-accounts"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![
            Watch::all(ApiResource::erase::<Namespace>(&())).metadata_only(),
            Watch::all(ApiResource::erase::<ServiceAccount>(&())).metadata_only(),
            Watch::all(ApiResource::erase::<ConfigMap>(&())).metadata_only(),
        ]
    }

    fn observe(&mut self, change: &Change, _caches: &Caches) -> Vec<Wake> {
        let name = change.object.metadata.name.as_deref().unwrap_or_default();
        let namespace = match (change.watch, change.kind) {
            (NAMESPACES, ChangeKind::Applied) => Some(name),
            (ACCOUNTS, ChangeKind::Deleted) if name == ACCOUNT => {
                change.object.metadata.namespace.as_deref()
            }
            (CONFIG_MAPS, _) if name == AUTHORITY => change.object.metadata.namespace.as_deref(),
            _ => None,
        };
        let key = |name: &str| Key {
            kind: "Namespace".into(),
            namespace: String::new(),
            name: name.to_owned(),
        };
        namespace
            .map(|name| Wake::now(key(name)))
            .into_iter()
            .collect()
    }

    fn reconcile<'a>(
        &'a mut self,
        key: &'a Key,
        caches: &'a Caches,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>> {
        Box::pin(async move {
            self.furnish(key, caches).await?;
            Ok(None)
        })
    }
}
