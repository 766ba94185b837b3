//! What an Order wants, artifact by artifact.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde_json::json;

use super::identity::{self, Hash, Identity};
use super::ownership::controlled_by;
use super::resolve::{self, Blocked, Named, References};
use crate::api::artifact_workflow::{ArtifactWorkflow, ArtifactWorkflowSpec};
use crate::api::keys;
use crate::api::order::Order;
use crate::settings::Settings;

/// What an Order wants, artifact by artifact.
pub(crate) struct Wishes {
    /// By hash, so that the same artifact twice is one wish.
    pub(crate) identified: BTreeMap<Hash, Wish>,
    /// Indexes of artifacts that name no source or no destination, hence have no hash.
    pub(crate) unidentified: BTreeSet<i64>,
    /// Index and obstacle, ascending.
    pub(crate) blocked: Vec<(usize, Blocked)>,
}

pub(crate) struct Wish {
    /// The last index of this artifact.
    pub(crate) index: i64,
    /// `None` if the artifact is blocked.
    pub(crate) child: Option<ArtifactWorkflow>,
}

impl Wishes {
    pub(crate) fn of(
        order: &Order,
        references: &References,
        force_at: Option<&str>,
        settings: &Settings,
    ) -> Self {
        let mut wishes = Self {
            identified: BTreeMap::new(),
            unidentified: BTreeSet::new(),
            blocked: Vec::new(),
        };
        for (index, artifact) in order.spec.artifacts.iter().enumerate() {
            let place = i64::try_from(index).unwrap_or(i64::MAX);
            let named = match resolve::named(artifact, &order.spec.defaults) {
                Ok(named) => named,
                Err(blocked) => {
                    wishes.unidentified.insert(place);
                    wishes.blocked.push((index, blocked));
                    continue;
                }
            };
            let hash = identity_hash(order, &named, force_at);
            let child = match resolve::child_spec(&named, references, settings) {
                Ok(spec) => Some(child(order, &named, &hash, spec, settings)),
                Err(blocked) => {
                    wishes.blocked.push((index, blocked));
                    None
                }
            };
            let wish = Wish {
                index: place,
                child,
            };
            wishes.identified.insert(hash, wish);
        }
        wishes
    }

    pub(crate) fn n_artifacts(&self) -> usize {
        self.identified.len() + self.unidentified.len()
    }
}

fn identity_hash(order: &Order, named: &Named<'_>, force_at: Option<&str>) -> Hash {
    Identity {
        namespace: order.metadata.namespace.as_deref().unwrap_or_default(),
        order: order.metadata.name.as_deref().unwrap_or_default(),
        artifact: named.artifact,
        src: named.src,
        dst: named.dst,
        cron: named.cron,
        force_at,
    }
    .hash()
}

/// Source: spec/arc.md §4.4.
fn child(
    order: &Order,
    named: &Named<'_>,
    hash: &Hash,
    spec: ArtifactWorkflowSpec,
    settings: &Settings,
) -> ArtifactWorkflow {
    let order_name = order.metadata.name.as_deref().unwrap_or_default();
    let none = BTreeMap::new();
    let labels = identity::child_labels(
        order.metadata.labels.as_ref().unwrap_or(&none),
        &settings.label_exclude,
        order_name,
        &named.artifact.r#type,
    );
    let owner = controlled_by(&Order::api_version(&()), &Order::kind(&()), &order.metadata);
    ArtifactWorkflow {
        metadata: ObjectMeta {
            name: Some(identity::child_name(order_name, hash, named.cron)),
            namespace: order.metadata.namespace.clone(),
            labels: Some(labels),
            annotations: Some(
                [(keys::CONFIG_HASH_ANNOTATION.to_owned(), fingerprint(&spec))].into(),
            ),
            owner_references: Some(vec![owner]),
            ..ObjectMeta::default()
        },
        spec,
        status: None,
    }
}

/// Everything that a run depends on, in 16 digits. Source: spec/arc.md §4.6.
fn fingerprint(spec: &ArtifactWorkflowSpec) -> String {
    let configuration = json!([
        spec.workflow_template_ref,
        spec.parameters,
        spec.src_secret_ref,
        spec.dst_secret_ref,
        spec.cron,
    ]);
    Hash::of(&configuration).to_string()
}
