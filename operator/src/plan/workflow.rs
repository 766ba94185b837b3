//! ArtifactWorkflow → the Argo object that does the work.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{EmptyDirVolumeSource, SecretVolumeSource, Volume};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;

use super::ownership::controlled_by;
use crate::api::argo::{
    Arguments, CronWorkflow, CronWorkflowSpec, RunMetadata, Workflow, WorkflowSpec,
};
use crate::api::artifact_workflow::{ArtifactWorkflow, ArtifactWorkflowSpec};
use crate::api::cron::Cron;
use crate::api::keys;
use crate::api::reference::LocalRef;

/// The one Argo object behind an ArtifactWorkflow; both have the same name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ArgoObject {
    Workflow(Box<Workflow>),
    CronWorkflow(Box<CronWorkflow>),
}

impl ArgoObject {
    /// What `artifact_workflow` asks Argo for.
    ///
    /// Source: spec/arc.md §3.1, §3.2.
    pub(crate) fn of(artifact_workflow: &ArtifactWorkflow, service_account: Option<&str>) -> Self {
        let metadata = metadata(artifact_workflow);
        let workflow_spec = workflow_spec(&artifact_workflow.spec, service_account);
        match &artifact_workflow.spec.cron {
            None => Self::Workflow(Box::new(Workflow {
                metadata,
                spec: workflow_spec,
                status: None,
            })),
            Some(cron) => Self::CronWorkflow(Box::new(CronWorkflow {
                spec: cron_spec(cron, workflow_spec, metadata.labels.clone()),
                metadata,
                status: None,
            })),
        }
    }

    pub(crate) fn metadata(&self) -> &ObjectMeta {
        match self {
            Self::Workflow(workflow) => &workflow.metadata,
            Self::CronWorkflow(cron_workflow) => &cron_workflow.metadata,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Workflow(_) => "Workflow",
            Self::CronWorkflow(_) => "CronWorkflow",
        }
    }
}

fn metadata(artifact_workflow: &ArtifactWorkflow) -> ObjectMeta {
    let owner = controlled_by(
        &ArtifactWorkflow::api_version(&()),
        &ArtifactWorkflow::kind(&()),
        &artifact_workflow.metadata,
    );
    ObjectMeta {
        name: artifact_workflow.metadata.name.clone(),
        namespace: artifact_workflow.metadata.namespace.clone(),
        labels: artifact_workflow.metadata.labels.clone(),
        owner_references: Some(vec![owner]),
        ..ObjectMeta::default()
    }
}

fn workflow_spec(spec: &ArtifactWorkflowSpec, service_account: Option<&str>) -> WorkflowSpec {
    WorkflowSpec {
        workflow_template_ref: Some(spec.workflow_template_ref.clone()),
        arguments: Some(Arguments {
            parameters: spec.parameters.clone(),
        }),
        volumes: vec![
            secret_volume(keys::SRC_SECRET_VOLUME, spec.src_secret_ref.as_ref()),
            secret_volume(keys::DST_SECRET_VOLUME, spec.dst_secret_ref.as_ref()),
        ],
        service_account_name: service_account.map(str::to_owned),
    }
}

/// An empty folder stands in for a missing Secret, so that templates may always mount both.
///
/// Source: spec/arc.md §3.3.
fn secret_volume(name: &str, secret: Option<&LocalRef>) -> Volume {
    let secret = LocalRef::name_of(secret).map(|secret_name| SecretVolumeSource {
        secret_name: Some(secret_name.to_owned()),
        ..SecretVolumeSource::default()
    });
    Volume {
        name: name.to_owned(),
        empty_dir: secret.is_none().then(EmptyDirVolumeSource::default),
        secret,
        ..Volume::default()
    }
}

fn cron_spec(
    cron: &Cron,
    workflow_spec: WorkflowSpec,
    labels: Option<BTreeMap<String, String>>,
) -> CronWorkflowSpec {
    CronWorkflowSpec {
        workflow_spec,
        schedules: cron.schedules.clone(),
        timezone: cron.timezone.clone(),
        starting_deadline_seconds: cron.starting_deadline_seconds,
        when: cron.when.clone(),
        concurrency_policy: Some(cron.concurrency_policy),
        successful_jobs_history_limit: Some(1),
        failed_jobs_history_limit: Some(1),
        workflow_metadata: labels.map(|labels| RunMetadata { labels }),
        suspend: cron.suspend,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::builders::artifact_workflow;

    fn check(artifact_workflow: &ArtifactWorkflow, yaml: &str) {
        let made = match ArgoObject::of(artifact_workflow, None) {
            ArgoObject::Workflow(workflow) => serde_json::to_value(workflow),
            ArgoObject::CronWorkflow(cron_workflow) => serde_json::to_value(cron_workflow),
        };
        let expected: serde_json::Value = serde_saphyr::from_str(yaml).unwrap();
        assert_eq!(made.unwrap(), expected);
    }

    #[test]
    fn without_schedule_it_is_a_workflow() {
        let mut artifact_workflow = artifact_workflow();
        artifact_workflow.spec.dst_secret_ref = Some(LocalRef::to("creds"));
        check(
            &artifact_workflow,
            r#"
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  name: aw
  namespace: default
  labels: {team: a}
  ownerReferences:
    - apiVersion: arc.opendefense.cloud/v1alpha1
      kind: ArtifactWorkflow
      name: aw
      uid: uid-aw
      controller: true
      blockOwnerDeletion: true
spec:
  workflowTemplateRef: {name: oci-image-pipeline, clusterScope: true}
  arguments:
    parameters: [{name: cron, value: "false"}, {name: specOverride, value: ""}]
  volumes:
    - {name: src-secret-vol, emptyDir: {}}
    - {name: dst-secret-vol, secret: {secretName: creds}}
"#,
        );
    }

    #[test]
    fn with_a_schedule_it_is_a_cron_workflow() {
        let mut artifact_workflow = artifact_workflow();
        artifact_workflow.spec.cron = Some(Cron {
            schedules: vec!["@daily".into()],
            timezone: Some("Europe/Berlin".into()),
            ..Cron::default()
        });
        check(
            &artifact_workflow,
            r#"
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata:
  name: aw
  namespace: default
  labels: {team: a}
  ownerReferences:
    - apiVersion: arc.opendefense.cloud/v1alpha1
      kind: ArtifactWorkflow
      name: aw
      uid: uid-aw
      controller: true
      blockOwnerDeletion: true
spec:
  schedules: ["@daily"]
  timezone: Europe/Berlin
  concurrencyPolicy: Replace
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 1
  workflowMetadata: {labels: {team: a}}
  workflowSpec:
    workflowTemplateRef: {name: oci-image-pipeline, clusterScope: true}
    arguments:
      parameters: [{name: cron, value: "false"}, {name: specOverride, value: ""}]
    volumes:
      - {name: src-secret-vol, emptyDir: {}}
      - {name: dst-secret-vol, emptyDir: {}}
"#,
        );
    }
}
