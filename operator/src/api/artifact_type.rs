//! What kinds of artifacts there are, and which template moves them.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration::GoDuration;
use super::parameter::Parameter;
use super::reference::WorkflowTemplateRef;

/// Which template moves artifacts of a type, between which Endpoints, with which fixed parameters.
///
/// Source: spec/arc.md §2.4.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "arc.opendefense.cloud",
    version = "v1alpha1",
    kind = "ArtifactType",
    plural = "artifacttypes",
    namespaced,
    status = "ArtifactTypeStatus",
    derive = "PartialEq",
    shortname = "at",
    category = "arc",
    doc = "A kind of artifact and the template that moves it, for one namespace.",
    printcolumn(
        name = "Workflow",
        type_ = "string",
        json_path = ".spec.workflowTemplateRef.name"
    ),
    printcolumn(
        name = "Cluster Scoped",
        type_ = "boolean",
        json_path = ".spec.workflowTemplateRef.clusterScope"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
pub struct ArtifactTypeSpec {
    /// Endpoints that are allowed.
    #[serde(default)]
    pub rules: Rules,
    /// Parameters that win over everything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub parameters: Vec<Parameter>,
    /// The template that runs are made from; always cluster-scoped for a ClusterArtifactType.
    pub workflow_template_ref: WorkflowTemplateRef,
    /// How long a succeeded child is kept: absent means not at all, `0` for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_after_finished: Option<GoDuration>,
    /// How long a failed child is kept: absent and `0` mean for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_after_failed: Option<GoDuration>,
}

/// The same as an ArtifactType, for all namespaces.
///
/// Source: spec/arc.md §2.4.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[kube(
    group = "arc.opendefense.cloud",
    version = "v1alpha1",
    kind = "ClusterArtifactType",
    plural = "clusterartifacttypes",
    status = "ArtifactTypeStatus",
    derive = "PartialEq",
    shortname = "cat",
    category = "arc",
    doc = "A kind of artifact and the template that moves it, for all namespaces.",
    printcolumn(
        name = "Workflow",
        type_ = "string",
        json_path = ".spec.workflowTemplateRef.name"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
pub struct ClusterArtifactTypeSpec(pub ArtifactTypeSpec);

/// Endpoint types that an artifact type allows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// Endpoint types allowed as source; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 253)))]
    pub src_types: Vec<String>,
    /// Endpoint types allowed as destination; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 253)))]
    pub dst_types: Vec<String>,
}

/// Nothing yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct ArtifactTypeStatus {}
