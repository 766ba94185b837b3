//! The garbage collector: follows the metadata of every kind and carries out what [`ownership`](super::ownership) decides.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams, Preconditions, PropagationPolicy};

use super::error::{CollectError, unless_overtaken};
use super::kinds::{self, Served};
use super::ownership::{self, Act, Dependent, Owner};
use crate::json::{Value, json};
use crate::part::{Caches, Change, ChangeKind, Failure, Key, Part, PartObject, Wake, Watch};

/// The watch of CustomResourceDefinitions; it comes first.
const DEFINITIONS: usize = 0;

/// The chore of finding out what a definition defines.
const DISCOVERY: &str = "discovery";

/// Deletes what has lost its owners.
///
/// Its watches grow when a definition is established; those it has keep their places.
pub struct GarbageCollector {
    client: Client,
    /// By index of the watch.
    kinds: Vec<Served>,
    /// Watches of kinds that were defined a moment ago.
    learned: Vec<Watch>,
    /// uid of an owner → keys of its dependents, each as often as it is alive.
    dependents: BTreeMap<String, BTreeSet<Key>>,
    /// Key of a dependent → the owners it names.
    owners: BTreeMap<Key, Vec<Named>>,
}

/// An owner as a dependent names it.
struct Named {
    uid: String,
    /// Where it is, if its kind is known.
    key: Option<Key>,
}

impl GarbageCollector {
    /// A collector that has seen nothing yet.
    #[must_use]
    pub fn new(client: Client) -> Self {
        let mut all = vec![kinds::definitions()];
        all.extend(kinds::built_in());
        Self {
            client,
            kinds: all,
            learned: Vec::new(),
            dependents: BTreeMap::new(),
            owners: BTreeMap::new(),
        }
    }

    /// Takes up the kind of a definition once it is served; when it is known, looks at every dependent again.
    async fn learn(
        &mut self,
        key: &Key,
        caches: &Caches,
    ) -> Result<Option<SignedDuration>, Failure> {
        if self.index_of(&key.name).is_some() {
            for dependent in self.owners.keys() {
                self.look(dependent, caches).await?;
            }
            return Ok(None);
        }
        let served = Served::called(&self.client, &key.name).await;
        let Some(served) = served.map_err(CollectError::during("discover", key))? else {
            return Ok(None);
        };
        let watch = Watch::all(served.resource.clone()).metadata_only();
        self.learned.push(watch);
        self.kinds.push(served);
        Ok(Some(SignedDuration::ZERO))
    }

    /// Remembers whom the object behind `key` names; returns the owners it named before or names now.
    fn link(&mut self, key: &Key, change: &Change) -> BTreeSet<Key> {
        let before = self.owners.remove(key).unwrap_or_default();
        for owner in &before {
            if let Some(keys) = self.dependents.get_mut(&owner.uid) {
                keys.remove(key);
                if keys.is_empty() {
                    self.dependents.remove(&owner.uid);
                }
            }
        }
        let mut now = Vec::new();
        if change.kind == ChangeKind::Applied {
            for reference in references(&change.object.metadata) {
                let owner = self.target(reference, &key.namespace).map(|(_, key)| key);
                now.push(Named {
                    uid: reference.uid.clone(),
                    key: owner,
                });
                self.dependents
                    .entry(reference.uid.clone())
                    .or_default()
                    .insert(key.clone());
            }
        }
        let both = before
            .iter()
            .chain(&now)
            .filter_map(|owner| owner.key.clone())
            .collect();
        if !now.is_empty() {
            self.owners.insert(key.clone(), now);
        }
        both
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        self.kinds.iter().position(|served| served.name == name)
    }

    fn object<'a>(&self, key: &Key, caches: &'a Caches) -> Option<&'a PartObject> {
        caches
            .get(self.index_of(&key.kind)?, key)
            .map(AsRef::as_ref)
    }

    /// The object that a reference from `namespace` means: its kind and its key.
    fn target(&self, reference: &OwnerReference, namespace: &str) -> Option<(&Served, Key)> {
        let mut kinds = self.kinds.iter();
        let served =
            kinds.find(|served| served.is_meant_by(&reference.api_version, &reference.kind))?;
        if served.namespaced && namespace.is_empty() {
            return None;
        }
        let namespace = if served.namespaced { namespace } else { "" };
        let key = Key {
            kind: served.name.clone(),
            namespace: namespace.to_owned(),
            name: reference.name.clone(),
        };
        Some((served, key))
    }

    async fn owner(
        &self,
        reference: &OwnerReference,
        namespace: &str,
        caches: &Caches,
    ) -> Result<Owner, Failure> {
        let Some((served, key)) = self.target(reference, namespace) else {
            return Ok(Owner::Unresolvable);
        };
        if let Some(object) = self.object(&key, caches) {
            let state = state_of(&object.metadata, reference);
            if state != Owner::Absent {
                return Ok(state);
            }
        }
        // What a watch does not show yet may be there all the same: only the API's own answer makes it absent.
        let found = self
            .api(served, &key.namespace)
            .get_metadata_opt(&key.name)
            .await;
        let found = found.map_err(CollectError::during("get owner", &key))?;
        Ok(found.map_or(Owner::Absent, |object| {
            state_of(&object.metadata, reference)
        }))
    }

    fn dependents_of(&self, meta: &ObjectMeta, caches: &Caches) -> Vec<(Key, Dependent)> {
        let uid = meta.uid.as_deref().unwrap_or_default();
        let keys = self.dependents.get(uid).into_iter().flatten();
        let found = keys.filter_map(|key| {
            let object = self.object(key, caches)?;
            let reference = references(&object.metadata)
                .iter()
                .find(|reference| reference.uid == uid)?;
            let dependent = Dependent {
                blocks: reference.block_owner_deletion == Some(true),
                waits: ownership::waits_for_dependents(&object.metadata),
            };
            Some((key.clone(), dependent))
        });
        found.collect()
    }

    fn api(&self, served: &Served, namespace: &str) -> Api<PartObject> {
        if namespace.is_empty() {
            Api::all_with(self.client.clone(), &served.resource)
        } else {
            Api::namespaced_with(self.client.clone(), namespace, &served.resource)
        }
    }

    async fn look(&self, key: &Key, caches: &Caches) -> Result<(), Failure> {
        let Some(object) = self.object(key, caches) else {
            return Ok(());
        };
        let meta = &object.metadata;
        let mut owners = Vec::new();
        if meta.deletion_timestamp.is_none() {
            for reference in references(meta) {
                owners.push(self.owner(reference, &key.namespace, caches).await?);
            }
        }
        let dependents = self.dependents_of(meta, caches);
        let states: Vec<Dependent> = dependents.iter().map(|(_, dependent)| *dependent).collect();
        match ownership::decide(meta, &owners, &states) {
            Act::Keep => Ok(()),
            Act::Delete(policy) => self.delete(key, meta, policy).await,
            Act::KeepOwners(kept) => {
                self.patch(key, meta, json!({"ownerReferences": kept}))
                    .await
            }
            Act::KeepFinalizers(kept) => self.patch(key, meta, json!({"finalizers": kept})).await,
            Act::Orphan(kept) => {
                for (dependent, _) in dependents {
                    self.release(&dependent, meta, caches).await?;
                }
                self.patch(key, meta, json!({"finalizers": kept})).await
            }
        }
    }

    async fn release(
        &self,
        dependent: &Key,
        owner: &ObjectMeta,
        caches: &Caches,
    ) -> Result<(), Failure> {
        let Some(object) = self.object(dependent, caches) else {
            return Ok(());
        };
        let all = references(&object.metadata).iter();
        let kept: Vec<&OwnerReference> = all
            .filter(|reference| Some(&reference.uid) != owner.uid.as_ref())
            .collect();
        self.patch(
            dependent,
            &object.metadata,
            json!({"ownerReferences": kept}),
        )
        .await
    }

    async fn delete(
        &self,
        key: &Key,
        meta: &ObjectMeta,
        policy: PropagationPolicy,
    ) -> Result<(), Failure> {
        let Some(index) = self.index_of(&key.kind) else {
            return Ok(());
        };
        let params = DeleteParams {
            propagation_policy: Some(policy),
            preconditions: Some(Preconditions {
                uid: meta.uid.clone(),
                resource_version: meta.resource_version.clone(),
            }),
            ..DeleteParams::default()
        };
        let result = self
            .api(&self.kinds[index], &key.namespace)
            .delete(&key.name, &params)
            .await;
        Ok(unless_overtaken(result).map_err(CollectError::during("delete", key))?)
    }

    async fn patch(&self, key: &Key, meta: &ObjectMeta, mut change: Value) -> Result<(), Failure> {
        let Some(index) = self.index_of(&key.kind) else {
            return Ok(());
        };
        change["uid"] = json!(meta.uid);
        change["resourceVersion"] = json!(meta.resource_version);
        let patch = Patch::Merge(json!({"metadata": change}));
        let api = self.api(&self.kinds[index], &key.namespace);
        let result = api.patch(&key.name, &PatchParams::default(), &patch).await;
        Ok(unless_overtaken(result).map_err(CollectError::during("patch", key))?)
    }
}

impl Part for GarbageCollector {
    fn name(&self) -> &'static str {
        "garbage-collector"
    }

    fn watches(&self) -> Vec<Watch> {
        let watch = |served: &Served| Watch::all(served.resource.clone()).metadata_only();
        self.kinds.iter().map(watch).collect()
    }

    fn further_watches(&mut self) -> Vec<Watch> {
        std::mem::take(&mut self.learned)
    }

    fn observe(&mut self, change: &Change, caches: &Caches) -> Vec<Wake> {
        let mut woken: BTreeSet<Key> = BTreeSet::new();
        let meta = &change.object.metadata;
        let defined = Key::of(DISCOVERY, &change.object);
        if change.watch == DEFINITIONS
            && change.kind == ChangeKind::Applied
            && self.index_of(&defined.name).is_none()
        {
            woken.insert(defined);
        }
        let key = Key::of(&self.kinds[change.watch].name, &change.object);
        let owners = self.link(&key, change);
        let uid = meta.uid.as_deref().unwrap_or_default();
        if change.kind == ChangeKind::Deleted || ownership::waits_for_dependents(meta) {
            woken.extend(self.dependents.get(uid).into_iter().flatten().cloned());
        }
        // An owner in the foreground waits for the last dependent that blocks it.
        let waits = |owner: &Key| {
            self.object(owner, caches)
                .is_some_and(|object| ownership::waits_for_dependents(&object.metadata))
        };
        woken.extend(owners.into_iter().filter(waits));
        if change.kind == ChangeKind::Applied
            && (!references(meta).is_empty() || meta.deletion_timestamp.is_some())
        {
            woken.insert(key);
        }
        woken.into_iter().map(Wake::now).collect()
    }

    fn reconcile<'a>(
        &'a mut self,
        key: &'a Key,
        caches: &'a Caches,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>> {
        Box::pin(async move {
            if key.kind == DISCOVERY {
                return self.learn(key, caches).await;
            }
            self.look(key, caches).await?;
            Ok(None)
        })
    }
}

fn references(meta: &ObjectMeta) -> &[OwnerReference] {
    meta.owner_references.as_deref().unwrap_or_default()
}

fn state_of(meta: &ObjectMeta, reference: &OwnerReference) -> Owner {
    if meta.uid.as_ref() != Some(&reference.uid) {
        Owner::Absent
    } else if ownership::waits_for_dependents(meta) {
        Owner::WaitsForDependents
    } else {
        Owner::Live
    }
}
