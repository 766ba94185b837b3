//! Gives claims their volumes, and takes the volumes away with the claims.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{
    Event, ObjectReference, PersistentVolume, PersistentVolumeClaim,
    PersistentVolumeClaimVolumeSource, Pod,
};
use k8s_openapi::api::storage::v1::{StorageClass, VolumeAttributesClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, ObjectMeta};
use serde::Deserialize;

use super::error::{CollectError, unless_overtaken, unless_there};
use crate::json::{Value, json};
use crate::part::{Cache, Caches, Change, ChangeKind, Failure, Key, Part, PartObject, Wake, Watch};

const CLAIMS: usize = 0;
const VOLUMES: usize = 1;
const CLASSES: usize = 2;
const PODS: usize = 3;
const ATTRIBUTES: usize = 4;

const CLAIM: &str = "PersistentVolumeClaim";
const VOLUME: &str = "PersistentVolume";
const ATTRIBUTES_CLASS: &str = "VolumeAttributesClass";
const CLAIM_PROTECTION: &str = "kubernetes.io/pvc-protection";
const VOLUME_PROTECTION: &str = "kubernetes.io/pv-protection";
const ATTRIBUTES_PROTECTION: &str = "kubernetes.io/vac-protection";

/// Binds every claim at once to a volume made for it.
///
/// A claim of a class that does not exist waits; so that a pod may use it, a claim with any other class, or none, is
/// bound whatever the class asks for. There is no binding to volumes made by hand.
pub struct VolumeBinder {
    client: Client,
}

/// What to do about a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
    Keep,
    Bind { volume: String },
    Warn(String),
    Unprotect(Vec<String>),
}

/// Source: kubernetes v1.34 `pkg/controller/volume/persistentvolume`, `pvcprotection`.
fn decide(claim: &PartObject, has_class: impl Fn(&str) -> bool, is_used: bool) -> Act {
    if is_ending(&claim.metadata) {
        return match unprotected(&claim.metadata, CLAIM_PROTECTION) {
            Some(kept) if !is_used => Act::Unprotect(kept),
            _ => Act::Keep,
        };
    }
    if claim.data["status"]["phase"] == "Bound" {
        return Act::Keep;
    }
    match claim.data["spec"]["storageClassName"].as_str() {
        Some(class) if !class.is_empty() && !has_class(class) => {
            Act::Warn(format!("storageclass.storage.k8s.io \"{class}\" not found"))
        }
        _ => Act::Bind {
            volume: format!("pvc-{}", claim.metadata.uid.as_deref().unwrap_or_default()),
        },
    }
}

impl VolumeBinder {
    /// Works through `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    async fn look_at_claim(
        &self,
        key: &Key,
        caches: &Caches,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let Some(claim) = caches.get(CLAIMS, key) else {
            return Ok(());
        };
        let has_class = |name: &str| {
            caches
                .of(CLASSES)
                .contains_key(&(String::new(), name.to_owned()))
        };
        match decide(claim, has_class, is_used(key, caches.of(PODS))) {
            Act::Keep => Ok(()),
            Act::Warn(message) => self.warn(key, claim, message, now).await,
            Act::Bind { volume } => self.bind(key, claim, &volume).await,
            Act::Unprotect(kept) => {
                self.keep_finalizers(self.claims(key), key, &claim.metadata, kept)
                    .await
            }
        }
    }

    fn claims(&self, key: &Key) -> Api<PersistentVolumeClaim> {
        Api::namespaced(self.client.clone(), &key.namespace)
    }

    async fn bind(&self, key: &Key, claim: &PartObject, volume: &str) -> Result<(), Failure> {
        let volumes: Api<PersistentVolume> = Api::all(self.client.clone());
        let wanted = PersistentVolume::deserialize(&volume_for(key, claim, volume))?;
        unless_there(volumes.create(&PostParams::default(), &wanted).await)
            .map_err(CollectError::during("create a volume for", key))?;
        let params = PatchParams::default();
        let bound = Patch::Merge(json!({"status": {"phase": "Bound"}}));
        unless_overtaken(volumes.patch_status(volume, &params, &bound).await)
            .map_err(CollectError::during("bind the volume of", key))?;
        let annotations = json!({"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"});
        let named = json!({"metadata": {"uid": claim.metadata.uid, "annotations": annotations}, "spec": {"volumeName": volume}});
        unless_overtaken(
            self.claims(key)
                .patch(&key.name, &params, &Patch::Merge(named))
                .await,
        )
        .map_err(CollectError::during("name the volume of", key))?;
        let spec = &claim.data["spec"];
        let status = json!({"phase": "Bound", "accessModes": spec["accessModes"], "capacity": spec["resources"]["requests"]});
        unless_overtaken(
            self.claims(key)
                .patch_status(&key.name, &params, &Patch::Merge(json!({"status": status})))
                .await,
        )
        .map_err(CollectError::during("bind", key))?;
        Ok(())
    }

    async fn warn(
        &self,
        key: &Key,
        claim: &PartObject,
        message: String,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let event = Event {
            metadata: ObjectMeta {
                name: Some(format!("{}.provisioning-failed", key.name)),
                ..ObjectMeta::default()
            },
            involved_object: ObjectReference {
                api_version: Some("v1".into()),
                kind: Some(CLAIM.into()),
                name: Some(key.name.clone()),
                namespace: Some(key.namespace.clone()),
                uid: claim.metadata.uid.clone(),
                ..ObjectReference::default()
            },
            type_: Some("Warning".into()),
            reason: Some("ProvisioningFailed".into()),
            message: Some(message),
            reporting_component: Some("persistentvolume-controller".into()),
            first_timestamp: Some(Time(now)),
            last_timestamp: Some(Time(now)),
            count: Some(1),
            ..Event::default()
        };
        let events: Api<Event> = Api::namespaced(self.client.clone(), &key.namespace);
        Ok(
            unless_there(events.create(&PostParams::default(), &event).await)
                .map_err(CollectError::during("create an event for", key))?,
        )
    }

    /// A volume whose claim is gone goes too; one that is deleted stays as long as it has a claim.
    async fn look_at_volume(&self, key: &Key, caches: &Caches) -> Result<(), Failure> {
        let Some(volume) = caches.get(VOLUMES, key) else {
            return Ok(());
        };
        let claim = &volume.data["spec"]["claimRef"];
        let name = |field: &str| claim[field].as_str().unwrap_or_default().to_owned();
        let place = (name("namespace"), name("name"));
        if !claim.is_null() && caches.of(CLAIMS).contains_key(&place) {
            return Ok(());
        }
        let volumes: Api<PersistentVolume> = Api::all(self.client.clone());
        if is_ending(&volume.metadata) {
            return self
                .unprotect(volumes, key, &volume.metadata, VOLUME_PROTECTION)
                .await;
        }
        let policy = &volume.data["spec"]["persistentVolumeReclaimPolicy"];
        if claim.is_null() || policy != "Delete" {
            return Ok(());
        }
        let result = volumes.delete(&key.name, &DeleteParams::default()).await;
        Ok(unless_overtaken(result).map_err(CollectError::during("delete", key))?)
    }

    /// A class that is deleted stays as long as a volume or a claim names it.
    ///
    /// Source: kubernetes v1.34 `pkg/controller/volume/vacprotection`.
    async fn look_at_attributes(&self, key: &Key, caches: &Caches) -> Result<(), Failure> {
        let names = |object: &PartObject| {
            let (spec, status) = (&object.data["spec"], &object.data["status"]);
            spec["volumeAttributesClassName"] == key.name.as_str()
                || status["currentVolumeAttributesClassName"] == key.name.as_str()
        };
        let mut users = caches
            .of(CLAIMS)
            .values()
            .chain(caches.of(VOLUMES).values());
        match caches.get(ATTRIBUTES, key) {
            Some(class) if is_ending(&class.metadata) && !users.any(|user| names(user)) => {
                let classes: Api<VolumeAttributesClass> = Api::all(self.client.clone());
                self.unprotect(classes, key, &class.metadata, ATTRIBUTES_PROTECTION)
                    .await
            }
            _ => Ok(()),
        }
    }

    async fn unprotect<K>(
        &self,
        api: Api<K>,
        key: &Key,
        meta: &ObjectMeta,
        protection: &str,
    ) -> Result<(), Failure>
    where
        K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
    {
        match unprotected(meta, protection) {
            Some(kept) => self.keep_finalizers(api, key, meta, kept).await,
            None => Ok(()),
        }
    }

    async fn keep_finalizers<K>(
        &self,
        api: Api<K>,
        key: &Key,
        meta: &ObjectMeta,
        kept: Vec<String>,
    ) -> Result<(), Failure>
    where
        K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
    {
        let patch = json!({"metadata": {"uid": meta.uid, "resourceVersion": meta.resource_version, "finalizers": kept}});
        let result = api
            .patch(&key.name, &PatchParams::default(), &Patch::Merge(patch))
            .await;
        Ok(unless_overtaken(result).map_err(CollectError::during("take protection from", key))?)
    }
}

fn is_ending(meta: &ObjectMeta) -> bool {
    meta.deletion_timestamp.is_some()
}

/// The finalizers without `protection`, if it is among them.
fn unprotected(meta: &ObjectMeta, protection: &str) -> Option<Vec<String>> {
    let mut finalizers = meta.finalizers.clone().unwrap_or_default();
    let place = finalizers.iter().position(|known| known == protection)?;
    finalizers.remove(place);
    Some(finalizers)
}

fn volume_for(key: &Key, claim: &PartObject, volume: &str) -> Value {
    let spec = &claim.data["spec"];
    json!({
        "apiVersion": "v1",
        "kind": VOLUME,
        "metadata": {"name": volume, "annotations": {"pv.kubernetes.io/provisioned-by": "arcsim"}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": spec["resources"]["requests"],
            "claimRef": {"apiVersion": "v1", "kind": CLAIM, "namespace": key.namespace, "name": key.name, "uid": claim.metadata.uid},
            "hostPath": {"path": format!("/var/lib/arcsim/{volume}")},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec["storageClassName"],
            "volumeMode": "Filesystem",
        },
    })
}

/// Whether a pod that has a node uses the claim, be it over or not.
///
/// Source: kubernetes v1.34 `pkg/controller/volume/pvcprotection`, `podUsesPVC`.
fn is_used(claim: &Key, pods: &Cache) -> bool {
    let from = (claim.namespace.clone(), String::new());
    let mut here = pods
        .range(from..)
        .take_while(|((namespace, _), _)| *namespace == claim.namespace);
    here.any(|(_, pod)| {
        let node = pod.data["spec"]["nodeName"].as_str();
        node.is_some_and(|node| !node.is_empty()) && claims_of(pod).contains(&claim.name)
    })
}

/// As much of a pod as tells its claims.
#[derive(Default, Deserialize)]
struct Mounts {
    #[serde(default)]
    volumes: Vec<Mount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mount {
    persistent_volume_claim: Option<PersistentVolumeClaimVolumeSource>,
}

fn key_of(kind: &str, namespace: &str, name: &str) -> Key {
    Key {
        kind: kind.into(),
        namespace: namespace.into(),
        name: name.into(),
    }
}

fn claims_that_end<'c>(namespace: &str, claims: &'c Cache) -> BTreeSet<&'c str> {
    let from = (namespace.to_owned(), String::new());
    claims
        .range(from..)
        .take_while(|((there, _), _)| there == namespace)
        .filter(|(_, claim)| claim.metadata.deletion_timestamp.is_some())
        .map(|((_, name), _)| name.as_str())
        .collect()
}

fn claims_of(pod: &PartObject) -> Vec<String> {
    let mounts: Mounts = pod.read("spec").ok().flatten().unwrap_or_default();
    let claims = mounts.volumes.into_iter();
    claims
        .filter_map(|mount| Some(mount.persistent_volume_claim?.claim_name))
        .collect()
}

impl Part for VolumeBinder {
    fn name(&self) -> &'static str {
        "volume-binder"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![
            Watch::all(ApiResource::erase::<PersistentVolumeClaim>(&())),
            Watch::all(ApiResource::erase::<PersistentVolume>(&())),
            Watch::all(ApiResource::erase::<StorageClass>(&())).metadata_only(),
            Watch::all(ApiResource::erase::<Pod>(&())),
            Watch::all(ApiResource::erase::<VolumeAttributesClass>(&())).metadata_only(),
        ]
    }

    fn observe(&mut self, change: &Change, caches: &Caches) -> Vec<Wake> {
        let object = &change.object;
        let mut keys: Vec<Key> = match (change.watch, change.kind) {
            (CLAIMS, ChangeKind::Applied) => vec![Key::of(CLAIM, object)],
            (CLAIMS, ChangeKind::Deleted) => {
                let volume = object.data["spec"]["volumeName"].as_str();
                volume
                    .map(|name| key_of(VOLUME, "", name))
                    .into_iter()
                    .collect()
            }
            (VOLUMES, ChangeKind::Applied) => vec![Key::of(VOLUME, object)],
            (CLASSES, ChangeKind::Applied) => caches
                .of(CLAIMS)
                .keys()
                .map(|(namespace, name)| key_of(CLAIM, namespace, name))
                .collect(),
            (PODS, _) => {
                let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
                let ending = claims_that_end(namespace, caches.of(CLAIMS));
                if ending.is_empty() {
                    return Vec::new();
                }
                let used = claims_of(object);
                let freed = used.iter().filter(|name| ending.contains(name.as_str()));
                freed.map(|name| key_of(CLAIM, namespace, name)).collect()
            }
            (ATTRIBUTES, ChangeKind::Applied) => vec![Key::of(ATTRIBUTES_CLASS, object)],
            _ => Vec::new(),
        };
        if let CLAIMS | VOLUMES = change.watch {
            let classes = caches.of(ATTRIBUTES).values();
            let ending = classes.filter(|class| is_ending(&class.metadata));
            keys.extend(ending.map(|class| Key::of(ATTRIBUTES_CLASS, class)));
        }
        keys.into_iter().map(Wake::now).collect()
    }

    fn reconcile<'a>(
        &'a mut self,
        key: &'a Key,
        caches: &'a Caches,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>> {
        Box::pin(async move {
            match key.kind.as_str() {
                VOLUME => self.look_at_volume(key, caches).await?,
                ATTRIBUTES_CLASS => self.look_at_attributes(key, caches).await?,
                _ => self.look_at_claim(key, caches, now).await?,
            }
            Ok(None)
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::store::patch::merge::merge_patch;

    fn a_claim(change: Value) -> PartObject {
        let mut claim = json!({"metadata": {"name": "c", "namespace": "ns", "uid": "u1"}, "spec": {}, "status": {"phase": "Pending"}});
        claim = merge_patch(claim, &change);
        PartObject::of(claim).unwrap()
    }

    #[rstest]
    #[case::no_class(json!({}), false, Act::Bind { volume: "pvc-u1".into() })]
    #[case::known_class(json!({"spec": {"storageClassName": "fast"}}), false, Act::Bind { volume: "pvc-u1".into() })]
    #[case::unknown_class(json!({"spec": {"storageClassName": "slow"}}), false, Act::Warn("storageclass.storage.k8s.io \"slow\" not found".into()))]
    #[case::bound(json!({"status": {"phase": "Bound"}}), false, Act::Keep)]
    #[case::in_use(json!({"metadata": {"deletionTimestamp": "2030-01-01T00:00:00Z", "finalizers": ["kubernetes.io/pvc-protection"]}}), true, Act::Keep)]
    #[case::out_of_use(json!({"metadata": {"deletionTimestamp": "2030-01-01T00:00:00Z", "finalizers": ["a/b", "kubernetes.io/pvc-protection"]}}), false, Act::Unprotect(vec!["a/b".into()]))]
    fn a_claim_is_bound_or_let_go(
        #[case] change: Value,
        #[case] is_used: bool,
        #[case] expected: Act,
    ) {
        assert_eq!(
            decide(&a_claim(change), |class| class == "fast", is_used),
            expected
        );
    }
}
