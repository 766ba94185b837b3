//! What plan tests are about, with everything else filled in.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use super::ownership::controlled_by;
use super::resolve::{FoundType, References};
use crate::api::argo::{CronWorkflow, CronWorkflowSpec, Workflow, WorkflowSpec, WorkflowStatus};
use crate::api::artifact_type::ArtifactTypeSpec;
use crate::api::artifact_workflow::{ArtifactWorkflow, ArtifactWorkflowSpec};
use crate::api::endpoint::{EndpointSpec, Usage};
use crate::api::keys;
use crate::api::order::{Order, OrderArtifact, OrderSpec};
use crate::api::parameter::Parameter;
use crate::api::reference::{LocalRef, WorkflowTemplateRef};

pub(crate) const NOON: Timestamp = Timestamp::constant(1_893_499_200, 0);

pub(crate) fn endpoint(r#type: &str, remote_url: &str) -> EndpointSpec {
    EndpointSpec {
        r#type: r#type.into(),
        remote_url: remote_url.into(),
        secret_ref: None,
        usage: Usage::All,
    }
}

pub(crate) fn artifact_type() -> ArtifactTypeSpec {
    ArtifactTypeSpec {
        workflow_template_ref: WorkflowTemplateRef {
            name: "oci-image-pipeline".into(),
            cluster_scope: false,
        },
        ..ArtifactTypeSpec::default()
    }
}

/// From `src` to `dst`.
pub(crate) fn artifact(r#type: &str, spec: &str) -> OrderArtifact {
    OrderArtifact {
        r#type: r#type.into(),
        src_ref: Some(LocalRef::to("src")),
        dst_ref: Some(LocalRef::to("dst")),
        spec: serde_saphyr::from_str(spec).unwrap(),
        cron: None,
    }
}

/// Endpoints `src` and `dst`, type `oci`.
pub(crate) fn references() -> References {
    References {
        endpoints: [
            ("src".into(), endpoint("oci", "gcr.io")),
            ("dst".into(), endpoint("oci", "dst.zot")),
        ]
        .into(),
        types: [("oci".into(), FoundType::Namespaced(artifact_type()))].into(),
        secrets: [].into(),
    }
}

/// Order `default/o` with its finalizer, created at noon.
pub(crate) fn order(artifacts: Vec<OrderArtifact>) -> Order {
    Order {
        metadata: ObjectMeta {
            finalizers: Some(vec![keys::ORDER_FINALIZER.into()]),
            ..meta("o")
        },
        spec: OrderSpec {
            artifacts,
            ..OrderSpec::default()
        },
        status: None,
    }
}

/// `default/<name>` with uid `uid-<name>`, created at noon.
pub(crate) fn meta(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.into()),
        namespace: Some("default".into()),
        uid: Some(format!("uid-{name}")),
        generation: Some(1),
        creation_timestamp: Some(Time(NOON)),
        ..ObjectMeta::default()
    }
}

pub(crate) fn pairs(parameters: &[Parameter]) -> Vec<String> {
    parameters
        .iter()
        .map(|parameter| format!("{}={}", parameter.name, parameter.value))
        .collect()
}

/// ArtifactWorkflow `default/aw` with its finalizer.
pub(crate) fn artifact_workflow() -> ArtifactWorkflow {
    ArtifactWorkflow {
        metadata: ObjectMeta {
            labels: Some([("team".into(), "a".into())].into()),
            finalizers: Some(vec![keys::ARTIFACT_WORKFLOW_FINALIZER.into()]),
            ..meta("aw")
        },
        spec: ArtifactWorkflowSpec {
            workflow_template_ref: WorkflowTemplateRef {
                name: "oci-image-pipeline".into(),
                cluster_scope: true,
            },
            parameters: vec![
                Parameter::new("cron", "false"),
                Parameter::new("specOverride", ""),
            ],
            ..ArtifactWorkflowSpec::default()
        },
        status: None,
    }
}

/// CronWorkflow `default/aw` of [`artifact_workflow`].
pub(crate) fn cron_workflow() -> CronWorkflow {
    CronWorkflow {
        metadata: owned_by_aw(meta("aw")),
        spec: CronWorkflowSpec::default(),
        status: None,
    }
}

/// Workflow `default/aw` of [`artifact_workflow`] in this phase, finished at noon if that is an end.
pub(crate) fn workflow(phase: &str) -> Workflow {
    Workflow {
        metadata: owned_by_aw(meta("aw")),
        ..run("aw", phase, 0)
    }
}

fn owned_by_aw(metadata: ObjectMeta) -> ObjectMeta {
    let owner = controlled_by(
        "arc.opendefense.cloud/v1alpha1",
        "ArtifactWorkflow",
        &meta("aw"),
    );
    ObjectMeta {
        owner_references: Some(vec![owner]),
        ..metadata
    }
}

/// A run of [`cron_workflow`], created and, if that is its phase, finished so many seconds after noon.
pub(crate) fn run(name: &str, phase: &str, seconds: i64) -> Workflow {
    let time = Time(NOON + SignedDuration::from_secs(seconds));
    let is_over = matches!(phase, "Succeeded" | "Failed" | "Error");
    Workflow {
        metadata: ObjectMeta {
            creation_timestamp: Some(time.clone()),
            owner_references: Some(vec![controlled_by(
                "argoproj.io/v1alpha1",
                "CronWorkflow",
                &meta("aw"),
            )]),
            ..meta(name)
        },
        spec: WorkflowSpec::default(),
        status: Some(WorkflowStatus {
            phase: phase.into(),
            finished_at: is_over.then_some(time),
            ..WorkflowStatus::default()
        }),
    }
}
