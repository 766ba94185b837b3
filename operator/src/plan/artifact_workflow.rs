//! ArtifactWorkflow + its Argo object → what to make, delete and report.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use super::event::{Event, Reason};
use super::expiry;
use super::failure::Logs;
use super::ownership::{self, Own, is_deleting, is_owned};
use super::workflow::ArgoObject;
use super::{cron_run, force, single_run, timetable};
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

impl Plan {
    /// When to look again once this plan for `artifact_workflow` is carried out: at once if its own status asks for
    /// more, since nobody is woken by that. What is made tells of itself.
    pub(crate) fn next_look(
        &self,
        artifact_workflow: &ArtifactWorkflow,
        observed: &Observed,
        settings: &Settings,
        now: Timestamp,
    ) -> Option<SignedDuration> {
        let Some(status) = self.status.as_ref().filter(|_| self.create.is_none()) else {
            return self.requeue;
        };
        let reported = ArtifactWorkflow {
            status: Some(status.clone()),
            ..artifact_workflow.clone()
        };
        let next = plan(&reported, observed, settings, now);
        if next.does_something() {
            return Some(SignedDuration::ZERO);
        }
        [self.requeue, next.requeue].into_iter().flatten().min()
    }

    fn does_something(&self) -> bool {
        let writes = self.create.is_some() || self.status.is_some() || self.delete.is_some();
        writes || self.own != Own::Keep
    }
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
    let waiting = |reason, message: String| waiting(artifact_workflow, reason, message, now);
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
        Owner::Nobodys => match obstacle(artifact_workflow, observed, settings) {
            Some((reason, message)) => waiting(reason, message),
            None => {
                let run = RunStatus {
                    phase: Some(Phase::Pending),
                    ..RunStatus::default()
                };
                Plan {
                    create: Some(made(artifact_workflow, settings)),
                    ..reported(artifact_workflow, with_run(artifact_workflow, run), now)
                }
            }
        },
    }
}

/// Why nothing can be made yet.
fn obstacle(
    artifact_workflow: &ArtifactWorkflow,
    observed: &Observed,
    settings: &Settings,
) -> Option<(Reason, String)> {
    if let Some(message) = bad_schedule(artifact_workflow, settings) {
        return Some((Reason::CreationFailed, message));
    }
    let names = observed.missing_secrets.join(", ");
    let message = format!("failed to fetch secret: {names} not found");
    (!names.is_empty()).then_some((Reason::InvalidSecret, message))
}

/// A plan that tells what is in the way, and to look again whether it still is.
fn waiting(
    artifact_workflow: &ArtifactWorkflow,
    reason: Reason,
    message: String,
    now: Timestamp,
) -> Plan {
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
}

/// What is wrong with the schedule: that of an Order's artifact was checked before, one written by hand was not.
fn bad_schedule(artifact_workflow: &ArtifactWorkflow, settings: &Settings) -> Option<String> {
    let cron = artifact_workflow.spec.cron.as_ref()?;
    let verdict = timetable::check(cron, settings.cron_interval_min);
    verdict.err().map(|error| error.to_string())
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
            return match bad_schedule(artifact_workflow, settings) {
                Some(message) => waiting(artifact_workflow, Reason::CreationFailed, message, now),
                None => Plan {
                    create: Some(made(artifact_workflow, settings)),
                    ..Plan::default()
                },
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
        status: (artifact_workflow.status.as_ref() != Some(&new)).then_some(
            ArtifactWorkflowStatus {
                last_reconcile_at: Some(Time(now)),
                ..new
            },
        ),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::cron::Cron;
    use crate::api::duration::GoDuration;
    use crate::plan::builders::{NOON, artifact_workflow, cron_workflow, meta, order, workflow};
    use crate::plan::ownership::controlled_by;
    use rstest::rstest;

    fn in_phase(phase: Phase) -> ArtifactWorkflow {
        let run = RunStatus {
            phase: Some(phase),
            ..RunStatus::default()
        };
        let status = reported(
            &artifact_workflow(),
            with_run(&artifact_workflow(), run),
            NOON,
        )
        .status;
        ArtifactWorkflow {
            status,
            ..artifact_workflow()
        }
    }

    fn forced(of: ArtifactWorkflow) -> ArtifactWorkflow {
        let mut forced = of;
        forced.metadata.annotations = Some([(keys::FORCE_AT_ANNOTATION.into(), "7".into())].into());
        forced
    }

    fn with(argo: Workflow) -> Observed {
        Observed {
            argo: Some(ArgoObject::Workflow(Box::new(argo))),
            ..Observed::default()
        }
    }

    fn check(of: &ArtifactWorkflow, observed: &Observed) -> Plan {
        plan(of, observed, &Settings::default(), NOON)
    }

    fn run_of(plan: &Plan) -> RunStatus {
        plan.status.clone().unwrap().run
    }

    fn reasons(plan: &Plan) -> Vec<Reason> {
        plan.events.iter().map(|event| event.reason).collect()
    }

    /// The Workflow of an ArtifactWorkflow of the same name that is gone.
    fn left_over() -> Workflow {
        let mut argo = workflow("Running");
        let gone = ObjectMeta {
            uid: Some("gone".into()),
            ..meta("aw")
        };
        let owner = controlled_by("arc.opendefense.cloud/v1alpha1", "ArtifactWorkflow", &gone);
        argo.metadata.owner_references = Some(vec![owner]);
        argo
    }

    fn stranger() -> Workflow {
        let mut argo = workflow("Running");
        argo.metadata.owner_references = None;
        argo
    }

    #[test]
    fn it_starts_with_a_workflow() {
        let plan = check(&artifact_workflow(), &Observed::default());
        assert_eq!(plan.create.as_ref().map(ArgoObject::kind), Some("Workflow"));
        assert_eq!(run_of(&plan).phase, Some(Phase::Pending));
        assert_eq!(plan.status.unwrap().workflow_ref, Some(LocalRef::to("aw")));
    }

    fn every(schedule: &str) -> Cron {
        Cron {
            schedules: vec![schedule.into()],
            ..Cron::default()
        }
    }

    #[rstest]
    #[case::too_dense(
        "* * * * *",
        "cron.schedules: runs would start 1m apart, less than the minimum of 10m"
    )]
    #[case::not_a_schedule(
        "never",
        r#"cron.schedules[0]: "never" is no schedule: expected exactly 5 fields, found 1: [never]"#
    )]
    fn with_a_bad_schedule_it_does_not_start(#[case] schedule: &str, #[case] message: &str) {
        let mut scheduled = artifact_workflow();
        scheduled.spec.cron = Some(every(schedule));
        let plan = check(&scheduled, &Observed::default());
        let status = plan.status.unwrap();
        assert_eq!((plan.create, status.run.phase), (None, None));
        assert_eq!(status.run.message, message);
        assert_eq!(plan.events, [Event::new(Reason::CreationFailed, message)]);
        scheduled.status = Some(status);
        let plan = check(&scheduled, &Observed::default());
        assert_eq!((plan.status, plan.events), (None, vec![]));
    }

    #[test]
    fn a_schedule_that_became_bad_is_followed_and_not_made_again() {
        let mut scheduled = in_phase(Phase::Succeeded);
        scheduled.spec.cron = Some(every("* * * * *"));
        let plan = check(&scheduled, &Observed::default());
        let run = plan.status.unwrap().run;
        assert_eq!((plan.create, run.phase), (None, Some(Phase::Succeeded)));
        assert_eq!(
            run.message,
            "cron.schedules: runs would start 1m apart, less than the minimum of 10m"
        );
        let observed = Observed {
            argo: Some(ArgoObject::CronWorkflow(Box::new(cron_workflow()))),
            ..Observed::default()
        };
        let plan = check(&scheduled, &observed);
        assert_eq!((plan.create, plan.delete), (None, None));
    }

    #[test]
    fn with_a_schedule_it_starts_with_a_cron_workflow() {
        let mut scheduled = artifact_workflow();
        scheduled.spec.cron = Some(every("@daily"));
        let plan = check(&scheduled, &Observed::default());
        assert_eq!(
            plan.create.as_ref().map(ArgoObject::kind),
            Some("CronWorkflow")
        );
    }

    #[test]
    fn nothing_is_made_without_its_secrets() {
        let observed = Observed {
            missing_secrets: vec!["Secret \"creds\"".into()],
            ..Observed::default()
        };
        let plan = check(&artifact_workflow(), &observed);
        assert_eq!(
            (plan.create.clone(), reasons(&plan)),
            (None, vec![Reason::InvalidSecret])
        );
        assert_eq!(
            run_of(&plan).message,
            "failed to fetch secret: Secret \"creds\" not found"
        );
        let told = ArtifactWorkflow {
            status: plan.status,
            ..artifact_workflow()
        };
        let again = check(&told, &observed);
        assert_eq!((again.status, again.events), (None, vec![]));
    }

    #[test]
    fn a_workflow_of_ours_is_taken_up_after_a_crash() {
        let plan = check(&artifact_workflow(), &with(workflow("Running")));
        assert_eq!(
            (plan.create.clone(), run_of(&plan).phase),
            (None, Some(Phase::Running))
        );
    }

    #[test]
    fn a_strangers_workflow_is_never_adopted() {
        let plan = check(&artifact_workflow(), &with(stranger()));
        assert_eq!(
            (plan.create.clone(), reasons(&plan)),
            (None, vec![Reason::CreationFailed])
        );
        assert_eq!(
            run_of(&plan).message,
            "a Workflow named aw exists and is not owned by this ArtifactWorkflow"
        );
    }

    #[test]
    fn a_left_over_workflow_is_waited_for() {
        let plan = check(&artifact_workflow(), &with(left_over()));
        assert_eq!((plan.create, plan.status), (None, None));
        assert_eq!(plan.requeue, Some(LOOK_AGAIN));
    }

    #[rstest]
    #[case::not_looked_at_yet("", Phase::Pending, &[])]
    #[case::running("Running", Phase::Running, &[])]
    #[case::succeeded("Succeeded", Phase::Succeeded, &[Reason::Succeeded])]
    #[case::failed("Failed", Phase::Failed, &[Reason::Failed])]
    #[case::error("Error", Phase::Error, &[Reason::Failed])]
    fn a_workflow_is_followed(#[case] argo: &str, #[case] phase: Phase, #[case] told: &[Reason]) {
        let mut before = in_phase(Phase::Pending);
        before.status.as_mut().unwrap().run.message = "earlier trouble".into();
        let plan = check(&before, &with(workflow(argo)));
        assert_eq!(run_of(&plan).phase, Some(phase));
        assert_ne!(run_of(&plan).message, "earlier trouble");
        assert_eq!(reasons(&plan), told);
    }

    #[test]
    fn the_end_of_a_run_is_counted_and_dated() {
        let succeeded = run_of(&check(
            &in_phase(Phase::Running),
            &with(workflow("Succeeded")),
        ));
        assert_eq!((succeeded.succeeded, succeeded.failed), (1, 0));
        assert_eq!(
            (succeeded.completion_time, succeeded.failure_time),
            (Some(Time(NOON)), None)
        );
        let failed = run_of(&check(&in_phase(Phase::Running), &with(workflow("Failed"))));
        assert_eq!((failed.succeeded, failed.failed), (0, 1));
        assert_eq!(
            (failed.completion_time, failed.failure_time),
            (None, Some(Time(NOON)))
        );
    }

    #[test]
    fn an_unknown_phase_is_told_and_changes_nothing_else() {
        let run = run_of(&check(&in_phase(Phase::Running), &with(workflow("Paused"))));
        assert_eq!(run.phase, Some(Phase::Running));
        assert_eq!(run.message, "unknown Workflow phase \"Paused\"");
    }

    #[test]
    fn a_vanished_workflow_is_an_error() {
        let plan = check(&in_phase(Phase::Running), &Observed::default());
        assert_eq!(run_of(&plan).phase, Some(Phase::Error));
        assert_eq!(
            run_of(&plan).message,
            "Workflow aw vanished before it was finished"
        );
        assert_eq!(reasons(&plan), [Reason::WorkflowMissing]);
    }

    #[test]
    fn a_vanished_cron_workflow_is_made_again() {
        let mut scheduled = in_phase(Phase::Succeeded);
        scheduled.spec.cron = Some(every("@daily"));
        let plan = check(&scheduled, &Observed::default());
        assert_eq!(
            plan.create.as_ref().map(ArgoObject::kind),
            Some("CronWorkflow")
        );
        assert_eq!(plan.status, None);
    }

    #[rstest]
    #[case::running(Phase::Running, with(workflow("Running")))]
    #[case::pending(Phase::Pending, with(workflow("")))]
    fn a_settled_plan_is_empty(#[case] phase: Phase, #[case] observed: Observed) {
        assert_eq!(check(&in_phase(phase), &observed), Plan::default());
    }

    #[test]
    fn a_finished_child_of_an_order_is_left_to_it() {
        let mut child = in_phase(Phase::Succeeded);
        let owner = controlled_by(
            "arc.opendefense.cloud/v1alpha1",
            "Order",
            &order(vec![]).metadata,
        );
        child.metadata.owner_references = Some(vec![owner]);
        assert_eq!(check(&child, &Observed::default()), Plan::default());
    }

    #[test]
    fn one_written_by_hand_keeps_its_own_ttl() {
        let by_hand = in_phase(Phase::Succeeded);
        assert_eq!(check(&by_hand, &Observed::default()).own, Own::Delete);
        let mut kept = by_hand;
        kept.spec.ttl_after_finished = Some(GoDuration("10s".into()));
        kept.status.as_mut().unwrap().run.completion_time = Some(Time(NOON));
        let plan = check(&kept, &Observed::default());
        assert_eq!(
            (plan.own, plan.requeue),
            (Own::Keep, Some(SignedDuration::from_secs(10)))
        );
    }

    #[test]
    fn force_waits_until_the_old_workflow_is_gone() {
        let again = forced(in_phase(Phase::Failed));
        let plan = check(&again, &with(workflow("Failed")));
        assert_eq!(
            plan.delete.map(|deletion| deletion.event.reason),
            Some(Reason::ForceReconcile)
        );
        assert_eq!(plan.status, None);
        let mut going = workflow("Failed");
        going.metadata.deletion_timestamp = Some(Time(NOON));
        let plan = check(&again, &with(going));
        assert_eq!((plan.delete, plan.status), (None, None));
        let plan = check(&again, &Observed::default());
        assert_eq!(run_of(&plan), RunStatus::default());
        let status = plan.status.unwrap();
        assert_eq!(status.observed_force_at.as_deref(), Some("7"));
        let reset = ArtifactWorkflow {
            status: Some(status),
            ..again
        };
        assert!(check(&reset, &Observed::default()).create.is_some());
    }

    #[rstest]
    #[case::ours(Some(workflow("Running")), true)]
    #[case::a_strangers(Some(stranger()), false)]
    #[case::none(None, false)]
    fn deletion_takes_only_our_workflow_along(
        #[case] argo: Option<Workflow>,
        #[case] deletes: bool,
    ) {
        let mut deleted = in_phase(Phase::Running);
        deleted.metadata.deletion_timestamp = Some(Time(NOON));
        let plan = check(&deleted, &argo.map(with).unwrap_or_default());
        assert_eq!(
            (plan.own, plan.delete.is_some()),
            (Own::RemoveFinalizer, deletes)
        );
    }

    #[test]
    fn a_new_one_gets_our_finalizer_first() {
        let mut new = artifact_workflow();
        new.metadata.finalizers = None;
        let own = Own::AddFinalizer;
        assert_eq!(
            check(&new, &Observed::default()),
            Plan {
                own,
                ..Plan::default()
            }
        );
    }

    #[test]
    fn a_refused_workflow_is_told_once() {
        let (status, event) = with_refusal(&artifact_workflow(), "no", NOON);
        assert_eq!(event, Some(Event::new(Reason::CreationFailed, "no")));
        let told = ArtifactWorkflow {
            status,
            ..artifact_workflow()
        };
        assert_eq!(with_refusal(&told, "no", NOON), (None, None));
    }

    #[test]
    fn logs_are_wanted_of_what_just_failed() {
        let running = in_phase(Phase::Running);
        assert!(failed_anew(&running, &with(workflow("Failed"))).is_some());
        assert!(failed_anew(&running, &with(workflow("Running"))).is_none());
        assert!(failed_anew(&running, &with(stranger())).is_none());
    }

    #[test]
    fn a_schedule_is_followed() {
        let mut scheduled = in_phase(Phase::Pending);
        scheduled.spec.cron = Some(every("@daily"));
        let observed = Observed {
            argo: Some(ArgoObject::CronWorkflow(Box::new(cron_workflow()))),
            runs: vec![crate::plan::builders::run("aw-1", "Succeeded", 1)],
            ..Observed::default()
        };
        let plan = check(&scheduled, &observed);
        assert_eq!(reasons(&plan), [Reason::Succeeded]);
        let followed = ArtifactWorkflow {
            status: plan.status,
            ..scheduled
        };
        assert_eq!(check(&followed, &observed), Plan::default());
    }
}
