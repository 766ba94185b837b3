//! What happens when a run is due.
//!
//! Source: argo-workflows v3.7.4 `workflow/cron/operator.go`, `run`, `enforceRuntimePolicy`; `workflow/common/convert.go`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cron_workflow::{ConcurrencyPolicy, CronWorkflow, Spec};
use super::record::{Record, SPEC_ERROR};
use super::timetable::Timetable;
use crate::argo::key;
use crate::argo::tag::{self, Mode, Scope};
use crate::argo::when;
use crate::clock::in_seconds;
use crate::json::{Value, json};

/// A run to start.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Start {
    /// When it was due.
    pub(super) at: Timestamp,
    /// Names of the runs to terminate first.
    pub(super) terminate: Vec<String>,
    /// The Workflow to create.
    pub(super) workflow: Value,
}

/// Decides whether the run that is due at `at` starts, and notes the reason if it may not.
pub(super) fn fire(
    cron_workflow: &CronWorkflow,
    spec: &Spec,
    timetable: &Timetable,
    record: &mut Record,
    at: Timestamp,
) -> Option<Start> {
    record.last_used_schedule = Some(timetable.text.clone());
    record.clear(SPEC_ERROR);
    if !stop_if_asked(cron_workflow, spec, record) {
        return None;
    }
    match terminated(cron_workflow, spec, record) {
        Ok(Some(terminate)) => Some(Start {
            at,
            terminate,
            workflow: workflow(cron_workflow, spec, at),
        }),
        Ok(None) => None,
        Err(error) => {
            record.submission_error(format!("run policy error: {error}"));
            None
        }
    }
}

/// Stops the schedule if its stop condition is met; returns whether there was an answer.
pub(super) fn stop_if_asked(
    cron_workflow: &CronWorkflow,
    spec: &Spec,
    record: &mut Record,
) -> bool {
    let Some(strategy) = &spec.stop_strategy else {
        return true;
    };
    let names = names(cron_workflow, record);
    match tag::boolean(&strategy.expression, &Scope(&[&names])) {
        Ok(true) => record.stop(),
        Ok(false) => {}
        Err(error) => {
            record.spec_error(format!(
                "failed to check CronWorkflow '{}' stopping condition: failed to evaluate stop expression: {error}",
                cron_workflow.name
            ));
            return false;
        }
    }
    true
}

/// The runs that have to go before the next one may start; `None` if it may not start.
fn terminated(
    cron_workflow: &CronWorkflow,
    spec: &Spec,
    record: &Record,
) -> Result<Option<Vec<String>>, String> {
    if spec.suspend == Some(true) || record.is_stopped() {
        return Ok(None);
    }
    if !holds(cron_workflow, spec)? {
        return Ok(None);
    }
    let active = &record.status.active;
    Ok(match spec.concurrency()? {
        ConcurrencyPolicy::Allow => Some(Vec::new()),
        ConcurrencyPolicy::Forbid => active.is_empty().then(Vec::new),
        ConcurrencyPolicy::Replace => Some(
            active
                .iter()
                .filter_map(|reference| reference.name.clone())
                .collect(),
        ),
    })
}

fn holds(cron_workflow: &CronWorkflow, spec: &Spec) -> Result<bool, String> {
    let when = spec.when.as_deref().unwrap_or_default();
    let names = BTreeMap::from([
        ("cronworkflow.name".to_owned(), cron_workflow.name.clone()),
        (
            "cronworkflow.namespace".to_owned(),
            cron_workflow.namespace.clone(),
        ),
    ]);
    let when = tag::replace(when, &Scope(&[&names]), Mode::Strict).map_err(|e| e.to_string())?;
    when::holds_as_written(&when).map_err(|error| error.to_string())
}

fn names(cron_workflow: &CronWorkflow, record: &Record) -> BTreeMap<String, String> {
    let name = |name: &str, value: String| (format!("cronworkflow.{name}"), value);
    BTreeMap::from([
        name("name", cron_workflow.name.clone()),
        name("namespace", cron_workflow.namespace.clone()),
        name("succeeded", record.status.succeeded.to_string()),
        name("failed", record.status.failed.to_string()),
    ])
}

fn workflow(cron_workflow: &CronWorkflow, spec: &Spec, at: Timestamp) -> Value {
    let metadata = spec.workflow_metadata.clone().unwrap_or_default();
    let inherited = key::OF_CRON_WORKFLOW.into_iter().filter_map(|key| {
        let value = cron_workflow.labels.get(key)?;
        Some((key.to_owned(), value.clone()))
    });
    let mut labels: BTreeMap<String, String> = inherited.collect();
    labels.insert(key::CRON_WORKFLOW.to_owned(), cron_workflow.name.clone());
    labels.extend(metadata.labels);
    let time = in_seconds(at);
    let mut annotations = BTreeMap::from([(key::SCHEDULED_TIME.to_owned(), time)]);
    annotations.extend(metadata.annotations);
    let mut workflow = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            "name": format!("{}-{}", cron_workflow.name, at.as_second()),
            "namespace": cron_workflow.namespace,
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [{
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "CronWorkflow",
                "name": cron_workflow.name,
                "uid": cron_workflow.uid,
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        },
        "spec": spec.workflow_spec,
    });
    if !metadata.finalizers.is_empty() {
        workflow["metadata"]["finalizers"] = json!(metadata.finalizers);
    }
    workflow
}
