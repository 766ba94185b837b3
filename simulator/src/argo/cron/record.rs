//! What a CronWorkflow remembers: its status, and the marks it carries.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;
use serde::Deserialize;

use super::cron_workflow::Run;
use crate::argo::key;
use crate::argo::spec::Condition;
use crate::json::{Value, json};
use crate::part::PartObject;

/// The condition of a specification that cannot be followed.
pub(super) const SPEC_ERROR: &str = "SpecError";
/// The condition of a run that could not be started.
pub(super) const SUBMISSION_ERROR: &str = "SubmissionError";

/// The phase once the stop condition was met.
const STOPPED: &str = "Stopped";

/// Everything that this controller writes into a CronWorkflow.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    pub(super) status: Status,
    /// The annotation with the schedule of the last turn.
    pub(super) last_used_schedule: Option<String>,
    /// The label of one that has met its stop condition.
    pub(super) completed: bool,
}

/// The status of a CronWorkflow.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Status {
    pub(super) active: Vec<ObjectReference>,
    pub(super) last_scheduled_time: Option<Time>,
    pub(super) conditions: Vec<Condition>,
    pub(super) succeeded: i64,
    pub(super) failed: i64,
    pub(super) phase: String,
}

impl Record {
    /// Reads it from a CronWorkflow.
    pub(super) fn of(object: &PartObject) -> Result<Self, serde_json::Error> {
        let status = match &object.data["status"] {
            Value::Null => Status::default(),
            status => Status::deserialize(status)?,
        };
        Ok(Self {
            status,
            last_used_schedule: object.annotations().get(key::LAST_USED_SCHEDULE).cloned(),
            completed: object.labels().get(key::CRON_COMPLETED).map(String::as_str) == Some("true"),
        })
    }

    /// The merge patch that writes it.
    pub(super) fn patch(&self) -> Value {
        let status = &self.status;
        let or_null = |empty: bool, value: Value| if empty { Value::Null } else { value };
        let mut patch = json!({
            "status": {
                "active": or_null(status.active.is_empty(), json!(status.active)),
                "lastScheduledTime": status.last_scheduled_time,
                "conditions": or_null(status.conditions.is_empty(), json!(status.conditions)),
                "succeeded": status.succeeded,
                "failed": status.failed,
                "phase": status.phase,
            },
        });
        if let Some(schedule) = &self.last_used_schedule {
            patch["metadata"]["annotations"] = json!({key::LAST_USED_SCHEDULE: schedule});
        }
        if self.completed {
            patch["metadata"]["labels"] = json!({key::CRON_COMPLETED: "true"});
        }
        patch
    }

    /// Whether it has met its stop condition.
    pub(super) fn is_stopped(&self) -> bool {
        self.status.phase == STOPPED
    }

    /// Notes that it has met its stop condition.
    pub(super) fn stop(&mut self) {
        self.status.phase = STOPPED.to_owned();
        self.completed = true;
    }

    /// Notes that the specification cannot be followed.
    pub(super) fn spec_error(&mut self, message: String) {
        self.set(SPEC_ERROR, message);
    }

    /// Notes that a run could not be started, which counts as a failed one.
    pub(super) fn submission_error(&mut self, message: String) {
        self.set(SUBMISSION_ERROR, message);
        self.status.failed += 1;
    }

    /// Notes that `run` was started because it was due at `at`.
    pub(super) fn started(&mut self, run: &Run, at: Timestamp) {
        self.activate(run);
        self.status.phase = "Active".to_owned();
        self.status.last_scheduled_time = Some(Time(at));
        self.clear(SUBMISSION_ERROR);
    }

    /// Notes that `run` goes on.
    pub(super) fn activate(&mut self, run: &Run) {
        self.status.active.push(ObjectReference {
            api_version: Some("argoproj.io/v1alpha1".to_owned()),
            kind: Some("Workflow".to_owned()),
            name: Some(run.name.clone()),
            namespace: Some(run.namespace.clone()),
            uid: Some(run.uid.clone()),
            resource_version: Some(run.resource_version.clone()),
            ..ObjectReference::default()
        });
    }

    /// Takes a condition away.
    pub(super) fn clear(&mut self, kind: &str) {
        self.status
            .conditions
            .retain(|condition| condition.kind != kind);
    }

    fn set(&mut self, kind: &str, message: String) {
        let condition = Condition {
            kind: kind.to_owned(),
            status: "True".to_owned(),
            message,
        };
        let conditions = &mut self.status.conditions;
        match conditions.iter_mut().find(|known| known.kind == kind) {
            Some(known) => *known = condition,
            None => conditions.push(condition),
        }
    }
}
