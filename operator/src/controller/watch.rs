//! What a driver follows.

use k8s_openapi::api::core::v1::Secret;
use kube::core::ApiResource;

use crate::api::argo::{CronWorkflow, Workflow};
use crate::api::artifact_type::{ArtifactType, ClusterArtifactType};
use crate::api::artifact_workflow::ArtifactWorkflow;
use crate::api::endpoint::Endpoint;
use crate::api::order::Order;

/// A kind whose changes wake reconciles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    /// Wakes itself.
    Order,
    /// Wakes itself, and by [`order_for_artifact_workflow`](super::related::order_for_artifact_workflow).
    ArtifactWorkflow,
    /// Wakes by [`orders_for_endpoint`](super::related::orders_for_endpoint).
    Endpoint,
    /// Wakes by [`orders_for_artifact_type`](super::related::orders_for_artifact_type).
    ArtifactType,
    /// Wakes by [`orders_for_artifact_type`](super::related::orders_for_artifact_type).
    ClusterArtifactType,
    /// Wakes by [`orders_for_secret`](super::related::orders_for_secret) and
    /// [`artifact_workflows_for_secret`](super::related::artifact_workflows_for_secret).
    Secret,
    /// Wakes by [`artifact_workflow_for_argo`](super::related::artifact_workflow_for_argo).
    Workflow,
    /// Wakes by [`artifact_workflow_for_argo`](super::related::artifact_workflow_for_argo).
    CronWorkflow,
}

impl Watched {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Order,
        Self::ArtifactWorkflow,
        Self::Endpoint,
        Self::ArtifactType,
        Self::ClusterArtifactType,
        Self::Secret,
        Self::Workflow,
        Self::CronWorkflow,
    ];

    /// Where it is listed and watched.
    #[must_use]
    pub fn resource(self) -> ApiResource {
        match self {
            Self::Order => ApiResource::erase::<Order>(&()),
            Self::ArtifactWorkflow => ApiResource::erase::<ArtifactWorkflow>(&()),
            Self::Endpoint => ApiResource::erase::<Endpoint>(&()),
            Self::ArtifactType => ApiResource::erase::<ArtifactType>(&()),
            Self::ClusterArtifactType => ApiResource::erase::<ClusterArtifactType>(&()),
            Self::Secret => ApiResource::erase::<Secret>(&()),
            Self::Workflow => ApiResource::erase::<Workflow>(&()),
            Self::CronWorkflow => ApiResource::erase::<CronWorkflow>(&()),
        }
    }

    /// Whether `metadata` is enough; always so for Secrets, whose contents nobody shall hold.
    #[must_use]
    pub fn metadata_only(self) -> bool {
        match self {
            Self::Order | Self::ArtifactWorkflow | Self::Endpoint => false,
            Self::ArtifactType
            | Self::ClusterArtifactType
            | Self::Secret
            | Self::Workflow
            | Self::CronWorkflow => true,
        }
    }
}
