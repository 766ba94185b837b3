//! Empties namespaces that are being deleted, and lets them go.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use kube::core::ApiResource;
use kube::{Client, Error, ResourceExt};

use super::error::{CollectError, unless_overtaken};
use crate::json::{Value, json};
use crate::part::{Caches, Change, ChangeKind, Failure, Key, Part, PartObject, Wake, Watch};

const NAMESPACES: usize = 0;
const FINALIZER: &str = "kubernetes";
/// The shortest wait before a namespace that still has content is looked at again.
const WAIT_MIN: SignedDuration = SignedDuration::from_secs(1);
/// The longest.
const WAIT_MAX: SignedDuration = SignedDuration::from_secs(60);

/// The namespace controller.
pub struct Namespaces {
    client: Client,
}

/// What is left in a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Remains {
    /// `resource.group` → number of objects.
    content: BTreeMap<String, usize>,
    /// Finalizer → number of objects that have it.
    finalizers: BTreeMap<String, usize>,
}

/// How far a namespace has been emptied.
enum Swept {
    /// Its pods are on their way; nothing else was touched.
    Pods,
    /// All but this.
    All(Remains),
}

impl Namespaces {
    /// Works through `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    async fn empty(
        &self,
        key: &Key,
        caches: &Caches,
        now: Timestamp,
    ) -> Result<Option<SignedDuration>, Failure> {
        let Some(object) = caches.get(NAMESPACES, key) else {
            return Ok(None);
        };
        let Some(Time(since)) = object.metadata.deletion_timestamp else {
            return Ok(None);
        };
        let finalizers = object.data["spec"]["finalizers"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if !finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
            return Ok(None);
        }
        let swept = self.sweep(key).await?;
        let told = match &swept {
            Swept::Pods => &Remains::default(),
            Swept::All(remains) => remains,
        };
        let Some(version) = self.report(key, object, told, now).await? else {
            return Ok(Some(WAIT_MIN));
        };
        if matches!(&swept, Swept::All(remains) if remains.content.is_empty()) {
            let left = finalizers
                .into_iter()
                .filter(|finalizer| finalizer != FINALIZER);
            let namespace = (&**object, version);
            self.finalize(key, namespace, left.collect()).await?;
            return Ok(None);
        }
        Ok(Some(
            (now.duration_since(since) / 2).clamp(WAIT_MIN, WAIT_MAX),
        ))
    }

    /// Deletes everything, kind by kind, and counts what stays; nothing else as long as there are pods.
    async fn sweep(&self, key: &Key) -> Result<Swept, Failure> {
        let mut remains = Remains::default();
        let kinds = self
            .discover()
            .await
            .map_err(CollectError::during("discover the content of", key))?;
        let is_pods = |kind: &ApiResource| kind.group.is_empty() && kind.plural == "pods";
        let (pods, others): (Vec<_>, Vec<_>) = kinds.into_iter().partition(is_pods);
        self.sweep_kinds(key, &pods, &mut remains).await?;
        if !remains.content.is_empty() {
            return Ok(Swept::Pods);
        }
        self.sweep_kinds(key, &others, &mut remains).await?;
        Ok(Swept::All(remains))
    }

    /// Deletes all objects of some kinds and counts those that stay.
    async fn sweep_kinds(
        &self,
        key: &Key,
        kinds: &[ApiResource],
        remains: &mut Remains,
    ) -> Result<(), Failure> {
        for resource in kinds {
            let api: Api<PartObject> =
                Api::namespaced_with(self.client.clone(), &key.name, resource);
            let all = ListParams::default();
            let found = api
                .list_metadata(&all)
                .await
                .map_err(CollectError::during("list the content of", key))?;
            if found.items.is_empty() {
                continue;
            }
            let deleted = api
                .delete_collection(&DeleteParams::background(), &all)
                .await;
            deleted.map_err(CollectError::during("delete the content of", key))?;
            let left = api
                .list_metadata(&all)
                .await
                .map_err(CollectError::during("list the content of", key))?;
            if !left.items.is_empty() {
                remains.content.insert(
                    format!("{}.{}", resource.plural, resource.group),
                    left.items.len(),
                );
            }
            for finalizer in left
                .items
                .iter()
                .flat_map(|object| object.metadata.finalizers.iter().flatten())
            {
                *remains.finalizers.entry(finalizer.clone()).or_default() += 1;
            }
        }
        Ok(())
    }

    /// The namespaced kinds, each in its preferred version, that can be listed and deleted as a collection.
    async fn discover(&self) -> Result<Vec<ApiResource>, Error> {
        let core = self.client.list_core_api_resources("v1").await?;
        let mut lists = vec![core];
        for group in self.client.list_api_groups().await?.groups {
            let preferred = group
                .preferred_version
                .or_else(|| group.versions.into_iter().next());
            if let Some(version) = preferred {
                lists.push(
                    self.client
                        .list_api_group_resources(&version.group_version)
                        .await?,
                );
            }
        }
        let mut found: Vec<ApiResource> = Vec::new();
        for list in lists {
            let (group, version) = list
                .group_version
                .split_once('/')
                .unwrap_or(("", &list.group_version));
            for kind in &list.resources {
                let has = |verb: &str| kind.verbs.iter().any(|known| known == verb);
                // Events are one collection seen through two groups.
                let is_twin = group == "events.k8s.io";
                if kind.namespaced
                    && has("deletecollection")
                    && has("list")
                    && !kind.name.contains('/')
                    && !is_twin
                {
                    found.push(ApiResource {
                        group: group.to_owned(),
                        version: version.to_owned(),
                        api_version: list.group_version.clone(),
                        kind: kind.kind.clone(),
                        plural: kind.name.clone(),
                    });
                }
            }
        }
        Ok(found)
    }

    async fn finalize(
        &self,
        key: &Key,
        (namespace, version): (&PartObject, Option<String>),
        left: Vec<Value>,
    ) -> Result<(), Failure> {
        let mut namespace = namespace.clone();
        namespace.metadata.resource_version = version;
        namespace.data["spec"]["finalizers"] = left.into();
        let resource = ApiResource::erase::<Namespace>(&());
        let api: Api<PartObject> = Api::all_with(self.client.clone(), &resource);
        let params = kube::api::PostParams::default();
        let result = api
            .replace_subresource("finalize", &key.name, &params, &namespace)
            .await;
        Ok(unless_overtaken(result).map_err(CollectError::during("finalize", key))?)
    }

    /// Says in the status of a namespace what remains; the version of the namespace afterwards, unless it has just become
    /// another one.
    async fn report(
        &self,
        key: &Key,
        namespace: &PartObject,
        remains: &Remains,
        now: Timestamp,
    ) -> Result<Option<Option<String>>, Failure> {
        let before = namespace.data["status"]["conditions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let after = conditions(remains, &before, now);
        if before == after {
            return Ok(Some(namespace.metadata.resource_version.clone()));
        }
        let api: Api<Namespace> = Api::all(self.client.clone());
        let patch = Patch::Merge(json!({"status": {"conditions": after}}));
        let result = api
            .patch_status(&key.name, &PatchParams::default(), &patch)
            .await;
        let version = result.as_ref().ok().map(Namespace::resource_version);
        unless_overtaken(result).map_err(CollectError::during("update the status of", key))?;
        Ok(version)
    }
}

/// What a terminating namespace is told if nothing is wrong: condition, reason and message.
///
/// Source: kubernetes v1.34 `pkg/controller/namespace/deletion/status_condition_utils.go`.
const GOOD: [(&str, &str, &str); 5] = [
    (
        "NamespaceDeletionDiscoveryFailure",
        "ResourcesDiscovered",
        "All resources successfully discovered",
    ),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    (
        "NamespaceContentRemaining",
        "ContentRemoved",
        "All content successfully removed",
    ),
    (
        "NamespaceFinalizersRemaining",
        "ContentHasNoFinalizers",
        "All content-preserving finalizers finished",
    ),
];

/// The five conditions of a terminating namespace.
fn conditions(remains: &Remains, before: &[Value], now: Timestamp) -> Vec<Value> {
    let told = |(kind, reason, message): (&str, &str, &str)| {
        let bad = remains.told(kind);
        let status = if bad.is_some() { "True" } else { "False" };
        let (reason, message) = bad.unwrap_or((reason, message.to_owned()));
        let mut known = before.iter();
        let known = known.find(|known| known["type"] == kind && known["status"] == status);
        let since = known.map_or_else(
            || json!(Time(now)),
            |known| known["lastTransitionTime"].clone(),
        );
        json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since})
    };
    GOOD.into_iter().map(told).collect()
}

impl Remains {
    /// The reason and the message of a condition, if something remains that it is about.
    fn told(&self, kind: &str) -> Option<(&'static str, String)> {
        let (counts, verb, reason, what) = match kind {
            "NamespaceContentRemaining" => (
                &self.content,
                "has",
                "SomeResourcesRemain",
                "Some resources are remaining",
            ),
            "NamespaceFinalizersRemaining" => (
                &self.finalizers,
                "in",
                "SomeFinalizersRemain",
                "Some content in the namespace has finalizers remaining",
            ),
            _ => return None,
        };
        let parts = counts.iter();
        let parts = parts.map(|(name, count)| format!("{name} {verb} {count} resource instances"));
        let list = parts.collect::<Vec<_>>().join(", ");
        (!counts.is_empty()).then(|| (reason, format!("{what}: {list}")))
    }
}

impl Part for Namespaces {
    fn name(&self) -> &'static str {
        "namespaces"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![Watch::all(ApiResource::erase::<Namespace>(&()))]
    }

    fn observe(&mut self, change: &Change, _caches: &Caches) -> Vec<Wake> {
        let is_ending = change.object.metadata.deletion_timestamp.is_some();
        match change.kind {
            ChangeKind::Applied if is_ending => {
                vec![Wake::now(Key::of("Namespace", &change.object))]
            }
            ChangeKind::Applied | ChangeKind::Deleted => Vec::new(),
        }
    }

    fn reconcile<'a>(
        &'a mut self,
        key: &'a Key,
        caches: &'a Caches,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>> {
        Box::pin(self.empty(key, caches, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::EPOCH;

    #[test]
    fn what_remains_is_counted_by_kind_and_finalizer() {
        let remains = Remains {
            content: [
                ("configmaps.".to_owned(), 1),
                ("widgets.ex.io".to_owned(), 2),
            ]
            .into(),
            finalizers: [("ex.io/hold".to_owned(), 2)].into(),
        };
        let found = conditions(&remains, &[], EPOCH);
        let expected = json!([
            {"type": "NamespaceContentRemaining", "status": "True", "reason": "SomeResourcesRemain", "lastTransitionTime": "2030-01-01T00:00:00Z",
             "message": "Some resources are remaining: configmaps. has 1 resource instances, widgets.ex.io has 2 resource instances"},
            {"type": "NamespaceFinalizersRemaining", "status": "True", "reason": "SomeFinalizersRemain", "lastTransitionTime": "2030-01-01T00:00:00Z",
             "message": "Some content in the namespace has finalizers remaining: ex.io/hold in 2 resource instances"},
        ]);
        assert_eq!(json!(found[3..]), expected);
    }

    #[test]
    fn conditions_that_do_not_change_keep_their_time() {
        let remains = Remains {
            content: [("pods.".to_owned(), 1)].into(),
            ..Remains::default()
        };
        let before = conditions(&remains, &[], EPOCH);
        assert_eq!(
            conditions(&remains, &before, EPOCH + SignedDuration::from_secs(9)),
            before
        );
    }
}
