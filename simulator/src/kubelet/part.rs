//! The shell: gathers what a pod refers to, and carries out what [`step`] decides.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Pod, PodSpec, Secret};
use kube::core::ApiResource;

use super::node::{Claim, NodeView};
use super::pod::{PodView, Specs};
use super::step::{Action, Step, step};
use super::write::Writer;
use crate::json::Map;
use crate::outcomes::{MadeUp, Script};
use crate::part::{
    Cache, Caches, Change, ChangeKind, Failure, Key, Part, PartClient, PartObject, Wake, Watch,
};

const PODS: usize = 0;
const SECRETS: usize = 1;
const CONFIG_MAPS: usize = 2;
const CLAIMS: usize = 3;

/// One simulated node with its scheduler, and the Argo executor in its pods.
pub struct Kubelet {
    client: PartClient,
    script: Script,
    made_up: MadeUp,
    specs: Specs,
}

impl Kubelet {
    /// A node whose containers do what `script` says; values nobody scripted go to `made_up`.
    #[must_use]
    pub fn new(client: PartClient, script: Script, made_up: MadeUp) -> Self {
        Self {
            client,
            script,
            made_up,
            specs: Specs::default(),
        }
    }

    async fn look(
        &mut self,
        key: &Key,
        caches: &Caches,
        now: Timestamp,
    ) -> Result<Option<SignedDuration>, Failure> {
        let Some(object) = caches.get(PODS, key) else {
            self.specs.forget(key);
            return Ok(None);
        };
        let offloaded = caches.get(CONFIG_MAPS, key);
        let offloaded = offloaded.and_then(|map| map.data["data"]["ARGO_TEMPLATE"].as_str());
        let asked = self.specs.read(key, object, offloaded)?;
        let status = object.read("status")?;
        let pod = PodView {
            metadata: &object.metadata,
            spec: &asked.spec,
            template: asked.template.as_ref(),
            status: &status.unwrap_or_default(),
        };
        let view = view(pod, caches);
        let Step {
            actions,
            made_up,
            again,
        } = step(pod, &view, &self.script.book(), now);
        let mut writer = Writer::new(&self.client, pod.metadata, now);
        for action in actions {
            let is_report = matches!(action, Action::TaskResult(_));
            if let Some(again) = writer.write(action).await? {
                return Ok(Some(again));
            }
            if is_report {
                self.made_up.record(made_up.iter().cloned());
            }
        }
        Ok(again)
    }
}

impl Part for Kubelet {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![
            Watch::all(ApiResource::erase::<Pod>(&())),
            Watch::all(ApiResource::erase::<Secret>(&())),
            Watch::all(ApiResource::erase::<ConfigMap>(&())),
            Watch::all(ApiResource::erase::<PersistentVolumeClaim>(&())),
        ]
    }

    fn observe(&mut self, change: &Change, caches: &Caches) -> Vec<Wake> {
        match (change.watch, change.kind) {
            (_, ChangeKind::Deleted) => Vec::new(),
            (PODS, ChangeKind::Applied) => vec![Wake::now(Key::of("Pod", &change.object))],
            (_, ChangeKind::Applied) => {
                let namespace = change.object.metadata.namespace.clone().unwrap_or_default();
                pending_pods(&namespace, caches.of(PODS))
            }
        }
    }

    fn reconcile<'a>(
        &'a mut self,
        key: &'a Key,
        caches: &'a Caches,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>> {
        Box::pin(self.look(key, caches, now))
    }
}

/// The pods that may wait for an object which has just changed.
fn pending_pods(namespace: &str, pods: &Cache) -> Vec<Wake> {
    let from = (namespace.to_owned(), String::new());
    let here = pods
        .range(from..)
        .take_while(|((ns, _), _)| ns == namespace);
    let waiting = here
        .filter(|(_, pod)| matches!(pod.data["status"]["phase"].as_str(), None | Some("Pending")));
    waiting
        .map(|(_, pod)| Wake::now(Key::of("Pod", pod)))
        .collect()
}

/// The objects that `pod` may refer to.
fn view(pod: PodView, caches: &Caches) -> NodeView {
    let namespace = pod.metadata.namespace.clone().unwrap_or_default();
    let names = Names::of(pod.spec);
    let find =
        |watch: usize, name: &str| caches.of(watch).get(&(namespace.clone(), name.to_owned()));
    let keys = |watch: usize, names: &BTreeSet<String>| {
        let found = names
            .iter()
            .filter_map(|name| Some((name.clone(), object_keys(find(watch, name)?))));
        found.collect()
    };
    let claims = names.claims.iter().filter_map(|name| {
        let is_bound = find(CLAIMS, name)?.data["status"]["phase"] == "Bound";
        Some((
            name.clone(),
            if is_bound {
                Claim::Bound
            } else {
                Claim::Unbound
            },
        ))
    });
    NodeView {
        secrets: keys(SECRETS, &names.secrets),
        config_maps: keys(CONFIG_MAPS, &names.config_maps),
        claims: claims.collect(),
    }
}

fn object_keys(object: &PartObject) -> BTreeSet<String> {
    let lists = ["data", "stringData", "binaryData"].map(|list| object.data[list].as_object());
    lists
        .into_iter()
        .flatten()
        .flat_map(Map::keys)
        .map(ToString::to_string)
        .collect()
}

/// Names that a pod mentions.
#[derive(Default)]
struct Names {
    secrets: BTreeSet<String>,
    config_maps: BTreeSet<String>,
    claims: BTreeSet<String>,
}

impl Names {
    fn of(spec: &PodSpec) -> Self {
        let mut names = Self::default();
        for volume in spec.volumes.iter().flatten() {
            names.secrets.extend(
                volume
                    .secret
                    .as_ref()
                    .and_then(|secret| secret.secret_name.clone()),
            );
            names
                .config_maps
                .extend(volume.config_map.as_ref().map(|map| map.name.clone()));
            names.claims.extend(
                volume
                    .persistent_volume_claim
                    .as_ref()
                    .map(|claim| claim.claim_name.clone()),
            );
            for source in volume
                .projected
                .iter()
                .flat_map(|projected| projected.sources.iter().flatten())
            {
                names
                    .secrets
                    .extend(source.secret.as_ref().map(|secret| secret.name.clone()));
                names
                    .config_maps
                    .extend(source.config_map.as_ref().map(|map| map.name.clone()));
            }
        }
        for container in spec
            .init_containers
            .iter()
            .flatten()
            .chain(&spec.containers)
        {
            for source in container.env_from.iter().flatten() {
                names
                    .secrets
                    .extend(source.secret_ref.as_ref().map(|secret| secret.name.clone()));
                names
                    .config_maps
                    .extend(source.config_map_ref.as_ref().map(|map| map.name.clone()));
            }
            for source in container
                .env
                .iter()
                .flatten()
                .filter_map(|variable| variable.value_from.as_ref())
            {
                names
                    .secrets
                    .extend(source.secret_key_ref.as_ref().map(|key| key.name.clone()));
                names.config_maps.extend(
                    source
                        .config_map_key_ref
                        .as_ref()
                        .map(|key| key.name.clone()),
                );
            }
        }
        names
    }
}
