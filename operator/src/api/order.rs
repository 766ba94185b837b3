//! What a user asks for.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::artifact_workflow::RunStatus;
use super::cron::Cron;
use super::duration::GoDuration;
use super::phase::OrderPhase;
use super::reference::LocalRef;

/// Artifacts to move, and between which Endpoints.
///
/// Source: spec/arc.md §2.1.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "arc.opendefense.cloud",
    version = "v1alpha1",
    kind = "Order",
    plural = "orders",
    namespaced,
    status = "OrderStatus",
    derive = "PartialEq",
    shortname = "arcorder",
    category = "arc",
    doc = "Artifacts to move, and between which Endpoints.",
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Progress", type_ = "string", json_path = ".status.progress"),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.message",
        priority = 1
    )
)]
#[x_kube(
    validation = Rule::new("(has(self.defaults) && has(self.defaults.srcRef) && has(self.defaults.srcRef.name) && self.defaults.srcRef.name != '') || !has(self.artifacts) || self.artifacts.all(a, has(a.srcRef) && has(a.srcRef.name) && a.srcRef.name != '')")
        .message("spec.artifacts[*].srcRef: every artifact needs a srcRef, since spec.defaults has none")
        .field_path(".artifacts")
        .reason(Reason::FieldValueRequired),
    validation = Rule::new("(has(self.defaults) && has(self.defaults.dstRef) && has(self.defaults.dstRef.name) && self.defaults.dstRef.name != '') || !has(self.artifacts) || self.artifacts.all(a, has(a.dstRef) && has(a.dstRef.name) && a.dstRef.name != '')")
        .message("spec.artifacts[*].dstRef: every artifact needs a dstRef, since spec.defaults has none")
        .field_path(".artifacts")
        .reason(Reason::FieldValueRequired)
)]
pub struct OrderSpec {
    /// What holds for every artifact that does not say otherwise.
    #[serde(default)]
    pub defaults: OrderDefaults,
    /// What to move.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub artifacts: Vec<OrderArtifact>,
    /// How long the Order lives after its creation; absent and `0` mean for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<GoDuration>,
}

/// What holds for every artifact that does not say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderDefaults {
    /// Endpoint that artifacts come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub src_ref: Option<LocalRef>,
    /// Endpoint that artifacts go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dst_ref: Option<LocalRef>,
    /// When artifacts are moved again and again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<Cron>,
}

/// One artifact of an Order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderArtifact {
    /// Name of an ArtifactType or ClusterArtifactType.
    #[schemars(length(min = 1, max = 253))]
    pub r#type: String,
    /// Endpoint that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub src_ref: Option<LocalRef>,
    /// Endpoint that it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dst_ref: Option<LocalRef>,
    /// What the type's template needs to know; becomes parameters named `spec…`.
    #[serde(default)]
    #[schemars(schema_with = "free_form")]
    pub spec: Map<String, Value>,
    /// When it is moved again and again; replaces the default as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<Cron>,
}

fn free_form(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
    })
}

/// What became of an Order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderStatus {
    /// One entry per distinct artifact, by identity hash; outlives the ArtifactWorkflow.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub artifact_workflows: BTreeMap<String, ArtifactWorkflowEntry>,
    /// What is wrong with the Order; empty if nothing is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Last reconcile that wrote this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reconcile_at: Option<Time>,
    /// When the force annotation was last acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_force_at: Option<Time>,
    /// Value of the force annotation that was last acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_force_at: Option<String>,
    /// Roll-up of the entries.
    #[serde(default)]
    pub phase: OrderPhase,
    /// Succeeded and all distinct artifacts, as in `2/3`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub progress: String,
    /// Generation that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `Complete`, `Failed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// What became of one artifact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactWorkflowEntry {
    /// Index in `spec.artifacts`; the last one if several are the same.
    pub artifact_index: i64,
    /// Copied from the ArtifactWorkflow.
    #[serde(flatten)]
    pub run: RunStatus,
}
