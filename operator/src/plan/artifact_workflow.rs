//! ArtifactWorkflow + its Argo object → what to make, delete and report.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use super::event::{Event, Reason};
use super::expiry;
use super::failure::Logs;
use super::ownership::{self, Own, is_deleting, is_owned};
use super::workflow::ArgoObject;
use super::{cron_run, force, single_run};
use crate::api::argo::Workflow;
use crate::api::artifact_workflow::{ArtifactWorkflow, ArtifactWorkflowStatus, RunStatus};
use crate::api::keys;
use crate::api::phase::{Phase, Progress};
use crate::api::reference::LocalRef;
use crate::settings::Settings;

/// When to look again at what a watch should have announced.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// How far an ArtifactWorkflow is; decides what must be read for it.
///
/// Source: spec/arc.md §6.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Deleted, and waiting for us.
    Deleting,
    /// Deleted, and nothing of ours keeps it.
    Released,
    /// Without our finalizer.
    Unclaimed,
    /// Asked to run again.
    Forced,
    /// Without Order, and past its TTL.
    Expired,
    /// Nothing has been made yet.
    NotStarted,
    /// A Workflow or CronWorkflow is to be followed.
    Started,
    /// The one run is over.
    Finished,
}

impl Stage {
    pub(crate) fn of(artifact_workflow: &ArtifactWorkflow, now: Timestamp) -> Self {
        let metadata = &artifact_workflow.metadata;
        let status = artifact_workflow.status.clone().unwrap_or_default();
        let is_ours = ownership::has_finalizer(metadata, keys::ARTIFACT_WORKFLOW_FINALIZER);
        let observed = status.observed_force_at.as_deref();
        if is_deleting(metadata) {
            if is_ours {
                Self::Deleting
            } else {
                Self::Released
            }
        } else if !is_ours {
            Self::Unclaimed
        } else if force::effective(metadata, observed) != observed {
            Self::Forced
        } else if left(artifact_workflow, now) == Some(SignedDuration::ZERO) {
            Self::Expired
        } else {
            match status.run.phase {
                None => Self::NotStarted,
                Some(phase) if phase.is_completed() && artifact_workflow.spec.cron.is_none() => {
                    Self::Finished
                }
                Some(_) => Self::Started,
            }
        }
    }
}

/// Time that an ArtifactWorkflow without Order has left; those with one are the Order's business.
///
/// Source: spec/arc.md §5.9.
fn left(artifact_workflow: &ArtifactWorkflow, now: Timestamp) -> Option<SignedDuration> {
    let owners = artifact_workflow.metadata.owner_references.iter().flatten();
    if owners.into_iter().any(|owner| owner.kind == "Order") {
        return None;
    }
    let run = &artifact_workflow.status.as_ref()?.run;
    expiry::of_child(&artifact_workflow.spec, run).left(now)
}

/// What was read for an ArtifactWorkflow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    /// The Argo object of the same name, whoever owns it.
    pub(crate) argo: Option<ArgoObject>,
    /// The runs of the CronWorkflow.
    pub(crate) runs: Vec<Workflow>,
    /// Secrets that are referred to and do not exist.
    pub(crate) missing_secrets: Vec<String>,
    /// Ends of the logs of what failed anew.
    pub(crate) logs: Logs,
}

/// What to do, in this order: creation, status, deletion, the ArtifactWorkflow itself, events.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) create: Option<ArgoObject>,
    /// The whole new status, if it differs.
    pub(crate) status: Option<ArtifactWorkflowStatus>,
    pub(crate) delete: Option<Deletion>,
    pub(crate) own: Own,
    pub(crate) events: Vec<Event>,
    pub(crate) requeue: Option<SignedDuration>,
}

/// The Argo object to delete, and what to tell once it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Deletion {
    pub(crate) argo: ArgoObject,
    pub(crate) event: Event,
}

/// What to do about an ArtifactWorkflow.
///
/// Source: spec/arc.md §6.2.
pub(crate) fn plan(
    artifact_workflow: &ArtifactWorkflow,
    observed: &Observed,
    settings: &Settings,
    now: Timestamp,
) -> Plan {
    let own = |own| Plan {
        own,
        ..Plan::default()
    };
    match Stage::of(artifact_workflow, now) {
        Stage::Released => Plan::default(),
        Stage::Deleting => Plan {
            delete: deletion(artifact_workflow, observed, Reason::Deleted),
            ..own(Own::RemoveFinalizer)
        },
        Stage::Unclaimed => own(Own::AddFinalizer),
        Stage::Forced => forced(artifact_workflow, observed, now),
        Stage::Expired => Plan {
            events: vec![Event::new(Reason::Deleting, "the time to keep it is over")],
            ..own(Own::Delete)
        },
        Stage::NotStarted => start(artifact_workflow, observed, settings, now),
        Stage::Started => follow(artifact_workflow, observed, settings, now),
        Stage::Finished => Plan {
            requeue: left(artifact_workflow, now),
            ..Plan::default()
        },
    }
}

/// Whose the Argo object of our name is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Owner<'a> {
    Nobodys,
    Ours(&'a ArgoObject),
    /// Of a namesake that is gone, or being deleted: it will go.
    Leaving,
    /// Somebody else's for good.
    Foreign(&'a ArgoObject),
}

fn owner<'a>(artifact_workflow: &ArtifactWorkflow, observed: &'a Observed) -> Owner<'a> {
    let Some(argo) = &observed.argo else {
        return Owner::Nobodys;
    };
    let metadata = argo.metadata();
    if is_owned(metadata, &artifact_workflow.metadata) {
        Owner::Ours(argo)
    } else if is_deleting(metadata) || is_of_namesake(metadata, &artifact_workflow.metadata) {
        Owner::Leaving
    } else {
        Owner::Foreign(argo)
    }
}

fn is_of_namesake(argo: &ObjectMeta, artifact_workflow: &ObjectMeta) -> bool {
    argo.owner_references.iter().flatten().any(|owner| {
        owner.kind == "ArtifactWorkflow" && Some(&owner.name) == artifact_workflow.name.as_ref()
    })
}

/// Deletes the Argo object if it is ours and not yet going. Source: spec/arc.md §7.2.
fn deletion(
    artifact_workflow: &ArtifactWorkflow,
    observed: &Observed,
    reason: Reason,
) -> Option<Deletion> {
    match owner(artifact_workflow, observed) {
        Owner::Ours(argo) if !is_deleting(argo.metadata()) => Some(Deletion {
            event: Event::new(
                reason,
                format!("deleted {} {}", argo.kind(), name(artifact_workflow)),
            ),
            argo: argo.clone(),
        }),
        Owner::Ours(_) | Owner::Nobodys | Owner::Leaving | Owner::Foreign(_) => None,
    }
}

/// The old Argo object goes first; only then does the status start anew. Source: spec/arc.md §6.7.
fn forced(artifact_workflow: &ArtifactWorkflow, observed: &Observed, now: Timestamp) -> Plan {
    let old = artifact_workflow.status.clone().unwrap_or_default();
    if let Owner::Ours(_) = owner(artifact_workflow, observed) {
        return Plan {
            delete: deletion(artifact_workflow, observed, Reason::ForceReconcile),
            requeue: Some(LOOK_AGAIN),
            ..Plan::default()
        };
    }
    let force_at = force::effective(
        &artifact_workflow.metadata,
        old.observed_force_at.as_deref(),
    );
    Plan {
        status: Some(ArtifactWorkflowStatus {
            observed_force_at: force_at.map(str::to_owned),
            last_force_at: Some(Time(now)),
            last_reconcile_at: Some(Time(now)),
            observed_generation: artifact_workflow.metadata.generation,
            ..ArtifactWorkflowStatus::default()
        }),
        events: vec![Event::new(Reason::ForceReconcile, "runs again")],
        ..Plan::default()
    }
}

fn start(
    artifact_workflow: &ArtifactWorkflow,
    observed: &Observed,
    settings: &Settings,
    now: Timestamp,
) -> Plan {
    let waiting = |reason, message: String| {
        let mut plan = reported(
            artifact_workflow,
            with_message(artifact_workflow, message.clone()),
            now,
        );
        if plan.status.is_some() {
            plan.events = vec![Event::new(reason, message)];
        }
        plan.requeue = Some(LOOK_AGAIN);
        plan
    };
    match owner(artifact_workflow, observed) {
        Owner::Ours(_) => follow(artifact_workflow, observed, settings, now),
        Owner::Leaving => Plan {
            requeue: Some(LOOK_AGAIN),
            ..Plan::default()
        },
        Owner::Foreign(argo) => {
            let message = format!(
                "a {} named {} exists and is not owned by this ArtifactWorkflow",
                argo.kind(),
                name(artifact_workflow)
            );
            waiting(Reason::CreationFailed, message)
        }
        Owner::Nobodys if !observed.missing_secrets.is_empty() => {
            let names = observed.missing_secrets.join(", ");
            waiting(
                Reason::InvalidSecret,
                format!("failed to fetch secret: {names} not found"),
            )
        }
        Owner::Nobodys => {
            let run = RunStatus {
                phase: Some(Phase::Pending),
                ..RunStatus::default()
            };
            Plan {
                create: Some(made(artifact_workflow, settings)),
                ..reported(artifact_workflow, with_run(artifact_workflow, run), now)
            }
        }
    }
}

fn follow(
    artifact_workflow: &ArtifactWorkflow,
    observed: &Observed,
    settings: &Settings,
    now: Timestamp,
) -> Plan {
    let old = artifact_workflow.status.clone().unwrap_or_default();
    let is_scheduled = artifact_workflow.spec.cron.is_some();
    let new = match owner(artifact_workflow, observed) {
        Owner::Ours(ArgoObject::Workflow(workflow)) => {
            let run = single_run::follow(&old.run, workflow, &observed.logs, now);
            with_run(artifact_workflow, run)
        }
        Owner::Ours(ArgoObject::CronWorkflow(cron_workflow)) => {
            cron_run::follow(&old, cron_workflow, &observed.runs, &observed.logs, now)
        }
        Owner::Nobodys if is_scheduled => {
            return Plan {
                create: Some(made(artifact_workflow, settings)),
                ..Plan::default()
            };
        }
        Owner::Leaving | Owner::Foreign(_) if is_scheduled => {
            return Plan {
                requeue: Some(LOOK_AGAIN),
                ..Plan::default()
            };
        }
        Owner::Nobodys | Owner::Leaving | Owner::Foreign(_) => {
            let run = single_run::vanished(name(artifact_workflow), now);
            let mut plan = reported(
                artifact_workflow,
                with_run(artifact_workflow, run.clone()),
                now,
            );
            plan.events = vec![Event::new(Reason::WorkflowMissing, run.message)];
            return plan;
        }
    };
    reported(artifact_workflow, new, now)
}

fn made(artifact_workflow: &ArtifactWorkflow, settings: &Settings) -> ArgoObject {
    ArgoObject::of(
        artifact_workflow,
        settings.workflow_service_account.as_deref(),
    )
}

/// The run whose failure is about to be told, hence whose logs are wanted.
pub(crate) fn failed_anew<'a>(
    artifact_workflow: &ArtifactWorkflow,
    observed: &'a Observed,
) -> Option<&'a Workflow> {
    let run = artifact_workflow.status.clone().unwrap_or_default().run;
    match owner(artifact_workflow, observed) {
        Owner::Ours(ArgoObject::Workflow(workflow)) => {
            let text = workflow.status.as_ref().map_or("", |status| &status.phase);
            let phase = Phase::of_argo(text).unwrap_or(None);
            (phase.map(Phase::progress) == Some(Progress::Failed)).then_some(workflow)
        }
        Owner::Ours(ArgoObject::CronWorkflow(cron_workflow)) => {
            cron_run::failed_anew(&run, cron_workflow, &observed.runs)
        }
        Owner::Nobodys | Owner::Leaving | Owner::Foreign(_) => None,
    }
}

fn with_run(artifact_workflow: &ArtifactWorkflow, run: RunStatus) -> ArtifactWorkflowStatus {
    ArtifactWorkflowStatus {
        run,
        ..artifact_workflow.status.clone().unwrap_or_default()
    }
}

fn with_message(artifact_workflow: &ArtifactWorkflow, message: String) -> ArtifactWorkflowStatus {
    let old = artifact_workflow.status.clone().unwrap_or_default();
    with_run(artifact_workflow, RunStatus { message, ..old.run })
}

/// A plan that writes `new` if it is news, and tells of the end of a run.
fn reported(
    artifact_workflow: &ArtifactWorkflow,
    new: ArtifactWorkflowStatus,
    now: Timestamp,
) -> Plan {
    let old = artifact_workflow.status.clone().unwrap_or_default();
    let new = ArtifactWorkflowStatus {
        observed_generation: artifact_workflow.metadata.generation,
        workflow_ref: new.run.phase.map(|_| LocalRef::to(name(artifact_workflow))),
        ..new
    };
    let ended_anew = new.run.phase != old.run.phase
        || new.run.completion_time != old.run.completion_time
        || new.run.failure_time != old.run.failure_time;
    let event = match new.run.phase.filter(|_| ended_anew).map(Phase::progress) {
        Some(Progress::Succeeded) => Some(Event::new(Reason::Succeeded, "the run succeeded")),
        Some(Progress::Failed) => Some(Event::new(Reason::Failed, &new.run.message)),
        Some(Progress::InProgress | Progress::Stopped) | None => None,
    };
    Plan {
        events: event.into_iter().collect(),
        status: (artifact_workflow.status.as_ref() != Some(&new)).then(|| ArtifactWorkflowStatus {
            last_reconcile_at: Some(Time(now)),
            ..new
        }),
        ..Plan::default()
    }
}

/// What to tell once the Argo object was made.
pub(crate) fn created(argo: &ArgoObject) -> Event {
    let name = argo.metadata().name.as_deref().unwrap_or_default();
    Event::new(Reason::Created, format!("created {} {name}", argo.kind()))
}

/// The status and the events that tell of an Argo object that the API server refused.
pub(crate) fn with_refusal(
    artifact_workflow: &ArtifactWorkflow,
    message: &str,
    now: Timestamp,
) -> (Option<ArtifactWorkflowStatus>, Option<Event>) {
    let plan = reported(
        artifact_workflow,
        with_message(artifact_workflow, message.to_owned()),
        now,
    );
    let event = plan
        .status
        .as_ref()
        .map(|_| Event::new(Reason::CreationFailed, message));
    (plan.status, event)
}

fn name(artifact_workflow: &ArtifactWorkflow) -> &str {
    artifact_workflow
        .metadata
        .name
        .as_deref()
        .unwrap_or_default()
}
