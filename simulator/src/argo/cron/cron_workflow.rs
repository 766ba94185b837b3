//! A CronWorkflow and its runs, as far as they matter here.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;
use serde::Deserialize;

use super::record::Record;
use crate::argo::controller::revision;
use crate::argo::key;
use crate::json::Value;
use crate::part::PartObject;

/// A CronWorkflow.
#[derive(Clone, Debug)]
pub(super) struct CronWorkflow {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) uid: String,
    /// Changes whenever anybody writes it.
    pub(super) revision: u64,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) spec: Result<Spec, String>,
    pub(super) record: Record,
}

/// What is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Spec {
    pub(super) schedules: Vec<String>,
    pub(super) timezone: Option<String>,
    pub(super) concurrency_policy: Option<String>,
    pub(super) starting_deadline_seconds: Option<i64>,
    pub(super) suspend: Option<bool>,
    pub(super) successful_jobs_history_limit: Option<i32>,
    pub(super) failed_jobs_history_limit: Option<i32>,
    pub(super) stop_strategy: Option<StopStrategy>,
    pub(super) when: Option<String>,
    pub(super) workflow_metadata: Option<RunMetadata>,
    pub(super) workflow_spec: Value,
}

/// When it is to stop for good.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StopStrategy {
    pub(super) expression: String,
}

/// What its runs carry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunMetadata {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) finalizers: Vec<String>,
}

/// What happens to a run that still goes on when the next is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConcurrencyPolicy {
    /// Both go on.
    Allow,
    /// The next one is skipped.
    Forbid,
    /// The old one is terminated.
    Replace,
}

impl CronWorkflow {
    /// Reads a CronWorkflow; a specification or status of the wrong shape is kept as the reason why nothing runs.
    pub(super) fn of(object: &PartObject) -> Self {
        let spec = Spec::deserialize(&object.data["spec"]);
        let record = Record::of(object);
        let malformed = |error: serde_json::Error| format!("malformed cron workflow: {error}");
        Self {
            name: object.name_any(),
            namespace: object.namespace().unwrap_or_default(),
            uid: object.uid().unwrap_or_default(),
            revision: revision(object),
            labels: object.labels().clone(),
            spec: match (spec, &record) {
                (Ok(_), Err(error)) => Err(format!("malformed cron workflow: {error}")),
                (spec, _) => spec.map_err(malformed),
            },
            record: record.unwrap_or_default(),
        }
    }
}

impl Spec {
    /// What holds for runs that overlap.
    pub(super) fn concurrency(&self) -> Result<ConcurrencyPolicy, String> {
        match self.concurrency_policy.as_deref().unwrap_or_default() {
            "" | "Allow" => Ok(ConcurrencyPolicy::Allow),
            "Forbid" => Ok(ConcurrencyPolicy::Forbid),
            "Replace" => Ok(ConcurrencyPolicy::Replace),
            other => Err(format!("'{other}' is not a valid concurrencyPolicy")),
        }
    }
}

/// One run of a CronWorkflow.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) uid: String,
    pub(super) resource_version: String,
    /// The CronWorkflow that its label names.
    pub(super) label: String,
    pub(super) result: RunResult,
}

/// How far a run got.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RunResult {
    /// It goes on.
    Active,
    /// It ended well.
    Succeeded(Option<Time>),
    /// It failed, or could not be run.
    Failed(Option<Time>),
}

impl Run {
    /// Reads a Workflow.
    pub(super) fn of(workflow: &PartObject) -> Self {
        let status = &workflow.data["status"];
        let finished_at = Time::deserialize(&status["finishedAt"]).ok();
        Self {
            name: workflow.name_any(),
            namespace: workflow.namespace().unwrap_or_default(),
            uid: workflow.uid().unwrap_or_default(),
            resource_version: workflow.resource_version().unwrap_or_default(),
            label: workflow
                .labels()
                .get(key::CRON_WORKFLOW)
                .cloned()
                .unwrap_or_default(),
            result: match status["phase"].as_str() {
                Some("Succeeded") => RunResult::Succeeded(finished_at),
                Some("Failed" | "Error") => RunResult::Failed(finished_at),
                _ => RunResult::Active,
            },
        }
    }
}
