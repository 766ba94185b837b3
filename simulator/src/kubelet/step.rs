//! One look at one pod: what the scheduler, the kubelet and the executor do next.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{PodSpec, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::checks;
use super::containers::{self, Progress};
use super::ending::{evict, kill, lose, terminate};
use super::executor;
use super::identity::Work;
use super::node::{NODE_NAME, NodeView, START_DELAY, TERMINATE_ANNOTATION};
use super::pod::PodView;
use super::schedule;
use super::stage::{self, Stage};
use super::status::{self, Phase, Verdict, condition, whole_second};
use crate::json::{Value, json, to_value};
use crate::outcomes::{Book, Ending, MadeUpValue, Role};

/// What to do about a pod now, in this order, and when to look again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Writes, in order; each may be repeated safely.
    pub actions: Vec<Action>,
    /// Values in these writes that nobody scripted.
    pub made_up: Vec<MadeUpValue>,
    /// How long from now until something happens by itself.
    pub again: Option<SignedDuration>,
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Bind the pod to this node.
    Bind(&'static str),
    /// Merge this into the pod's status.
    Status(Value),
    /// Tell people what is wrong.
    Warn(Warning),
    /// Hand over the log of a container.
    Log {
        /// Name of the container.
        container: String,
        /// All of it.
        text: String,
    },
    /// Create this WorkflowTaskResult, or bring it to this state.
    TaskResult(Value),
    /// Remove the pod at once.
    Delete,
}

/// An event of type Warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// `kubelet` or `default-scheduler`.
    pub component: &'static str,
    /// Such as `FailedMount`.
    pub reason: &'static str,
    /// What a person reads.
    pub message: String,
}

/// Everything that one look sees.
pub(super) struct Case<'a> {
    pub(super) metadata: &'a ObjectMeta,
    pub(super) spec: &'a PodSpec,
    pub(super) status: &'a PodStatus,
    pub(super) work: Work,
    pub(super) view: &'a NodeView,
    pub(super) book: &'a Book,
    /// In whole seconds, as the API writes times.
    pub(super) now: Timestamp,
}

impl Case<'_> {
    pub(super) fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    pub(super) fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    pub(super) fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// Since when the work is to stop.
    pub(super) fn terminate_at(&self) -> Option<Timestamp> {
        let annotations = self.metadata.annotations.as_ref()?;
        let at: Timestamp = annotations.get(TERMINATE_ANNOTATION)?.parse().ok()?;
        Some(whole_second(at))
    }

    /// When the pod has been active for too long.
    fn deadline(&self) -> Option<Timestamp> {
        let start = self.status.start_time.as_ref()?.0;
        let seconds = self.spec.active_deadline_seconds?;
        start.checked_add(SignedDuration::from_secs(seconds)).ok()
    }
}

/// Decides what happens to `pod` at `now`.
///
/// Source: `spec/argo.md` §21–23, `spec/kube-api.md` §1.15; kubernetes v1.34 `pkg/kubelet`, `pkg/scheduler`.
#[must_use]
pub fn step(pod: PodView, view: &NodeView, book: &Book, now: Timestamp) -> Step {
    let case = Case {
        metadata: pod.metadata,
        spec: pod.spec,
        status: pod.status,
        work: Work::of(pod),
        view,
        book,
        now: whole_second(now),
    };
    let mut step = decide(&case);
    // Times are kept in whole seconds; what is due at a whole second is due that much later than `now`.
    let passed = now.duration_since(case.now);
    step.again = step
        .again
        .map(|again| (again - passed).max(SignedDuration::ZERO));
    step
}

fn decide(case: &Case) -> Step {
    let terminating = case.metadata.deletion_timestamp.as_ref().map(|time| time.0);
    let is_over = matches!(case.status.phase.as_deref(), Some("Succeeded" | "Failed"));
    let is_seen = case.status.start_time.is_some();
    match (case.spec.node_name.as_deref(), terminating) {
        (Some(node), _) if !node.is_empty() && node != NODE_NAME => Step::default(),
        (_, Some(_)) if is_over || !is_seen => actions([Action::Delete]),
        _ if is_over => Step::default(),
        (None | Some(""), _) => place(case),
        (Some(_), _) if !is_seen => admit(case),
        (Some(_), terminating) => run(case, terminating),
    }
}

pub(super) fn actions(actions: impl IntoIterator<Item = Action>) -> Step {
    Step {
        actions: actions.into_iter().collect(),
        ..Step::default()
    }
}

fn place(case: &Case) -> Step {
    let scheduler = case
        .spec
        .scheduler_name
        .as_deref()
        .unwrap_or(schedule::SCHEDULER);
    if scheduler != schedule::SCHEDULER
        || case.spec.scheduling_gates.iter().flatten().next().is_some()
    {
        return Step::default();
    }
    if let Some(message) = checks::invalid(case.name(), case.spec) {
        return actions([Action::Status(
            json!({"phase": "Failed", "reason": "Invalid", "message": message}),
        )]);
    }
    let pending =
        case.spec.containers.iter().any(|container| {
            containers::outcome(case, container, false).0.ending == Ending::Pending
        });
    let message =
        schedule::unschedulable(case.spec, case.view).or_else(|| pending.then(schedule::no_room));
    let Some(message) = message else {
        return actions([Action::Bind(NODE_NAME)]);
    };
    let is_told = case
        .status
        .conditions
        .iter()
        .flatten()
        .any(|c| c.message.as_ref() == Some(&message));
    if is_told {
        return Step::default();
    }
    let condition = condition(
        case,
        "PodScheduled",
        false,
        Some(("Unschedulable", message.clone())),
    );
    let status = json!({"phase": "Pending", "conditions": [condition]});
    actions([
        Action::Status(status),
        warn("default-scheduler", "FailedScheduling", message),
    ])
}

fn admit(case: &Case) -> Step {
    let status = status::render(case, Phase::Pending, &containers::untouched(case), None);
    Step {
        again: Some(START_DELAY),
        ..actions([Action::Status(as_value(&status))])
    }
}

fn run(case: &Case, terminating: Option<Timestamp>) -> Step {
    if let Some(lost) = fate(case, Ending::NodeLost).filter(|lost| *lost <= case.now) {
        return lose(case, lost);
    }
    if let Some(end) = terminating {
        return terminate(case, end);
    }
    if case.deadline().is_some_and(|deadline| deadline <= case.now) {
        let message = "Pod was active on the node longer than the specified deadline".to_owned();
        return kill(
            case,
            Verdict {
                reason: "DeadlineExceeded",
                message,
            },
        );
    }
    if fate(case, Ending::Evicted).is_some_and(|end| end <= case.now) {
        return evict(case);
    }
    let mut step = proceed(case);
    let until_deadline = case
        .deadline()
        .map(|deadline| deadline.duration_since(case.now));
    if !step
        .actions
        .iter()
        .any(|action| matches!(action, Action::Status(status) if is_final(status)))
    {
        step.again = step.again.into_iter().chain(until_deadline).min();
    }
    step
}

fn is_final(status: &Value) -> bool {
    status["phase"] == "Succeeded" || status["phase"] == "Failed"
}

/// When a running container brings this upon its pod.
fn fate(case: &Case, ending: Ending) -> Option<Timestamp> {
    let statuses = case
        .status
        .container_statuses
        .as_deref()
        .unwrap_or_default();
    let ends = case.spec.containers.iter().filter_map(|container| {
        let (outcome, _) = containers::outcome(case, container, false);
        match stage::stage_of(statuses, &container.name) {
            Some(Stage::Running { since }) if outcome.ending == ending => {
                Some(since + outcome.duration)
            }
            _ => None,
        }
    });
    ends.min()
}

/// Starts what can start, ends what has come to its end.
fn proceed(case: &Case) -> Step {
    let has_started = case.status.pod_ip.is_some();
    if !has_started {
        let start = case
            .status
            .start_time
            .as_ref()
            .map_or(case.now, |start| start.0 + START_DELAY);
        if let Some(message) = checks::mount_failure(case.spec, case.view) {
            return actions([warn("kubelet", "FailedMount", message)]);
        }
        if case.now < start {
            return Step {
                again: Some(start.duration_since(case.now)),
                ..Step::default()
            };
        }
    }
    let progress = containers::advance(case);
    let phase = status::phase_of(case, &progress);
    let status = status::render(case, phase, &progress, None);
    let mut step = Step {
        again: progress.next.map(|next| next.duration_since(case.now)),
        ..Step::default()
    };
    if is_same(case.status, &status) {
        return step;
    }
    step.actions.extend(obstacles(case, &progress));
    step.actions.extend(logs(case, &progress));
    if let (Work::Argo(argo), Some(report)) = (&case.work, progress.report) {
        step.made_up = report.made_up;
        step.actions.push(Action::TaskResult(executor::task_result(
            argo,
            case.namespace(),
            report.outputs,
        )));
    }
    step.actions.push(Action::Status(as_value(&status)));
    step
}

fn obstacles(case: &Case, progress: &Progress) -> Vec<Action> {
    let inits = case.spec.init_containers.iter().flatten();
    let names = inits.chain(&case.spec.containers);
    let stages = progress.inits.iter().chain(&progress.containers);
    let waiting = names
        .zip(stages)
        .filter_map(|(container, stage)| match stage {
            Stage::Waiting {
                reason,
                message: Some(message),
            } => match reason.as_str() {
                "InvalidImageName" => Some(warn("kubelet", "InspectFailed", message.clone())),
                "ImagePullBackOff" => {
                    let image = container.image.as_deref().unwrap_or_default();
                    Some(warn(
                        "kubelet",
                        "Failed",
                        format!("Failed to pull image \"{image}\": not found"),
                    ))
                }
                _ => Some(warn("kubelet", "Failed", format!("Error: {message}"))),
            },
            Stage::BackOff(_) => {
                let (name, pod) = (&container.name, case.name());
                let message = format!(
                    "Back-off restarting failed container {name} in pod {pod}_{}({})",
                    case.namespace(),
                    case.uid()
                );
                Some(warn("kubelet", "BackOff", message))
            }
            Stage::Waiting { .. } | Stage::Running { .. } | Stage::Ended(_) => None,
        });
    waiting.collect()
}

/// The logs of the containers that have ended since the status was written.
fn logs(case: &Case, progress: &Progress) -> Vec<Action> {
    let inits = case
        .spec
        .init_containers
        .iter()
        .flatten()
        .map(|container| (container, true));
    let all = inits.chain(
        case.spec
            .containers
            .iter()
            .map(|container| (container, false)),
    );
    let stages = progress.inits.iter().chain(&progress.containers);
    let before = |name: &str, init| {
        let statuses = if init {
            &case.status.init_container_statuses
        } else {
            &case.status.container_statuses
        };
        stage::stage_of(statuses.as_deref().unwrap_or_default(), name)
    };
    let mut logs = Vec::new();
    for ((container, init), stage) in all.zip(stages) {
        let ended = matches!(stage, Stage::Ended(_) | Stage::BackOff(_))
            && before(&container.name, init).as_ref() != Some(stage);
        if ended && case.work.role(&container.name, init) != Role::Executor {
            let text = containers::log_text(&containers::outcome(case, container, init).0);
            logs.push((container.name.clone(), text));
        }
    }
    let written = logs.into_iter().filter(|(_, text)| !text.is_empty());
    written
        .map(|(container, text)| Action::Log { container, text })
        .collect()
}

pub(super) fn warn(component: &'static str, reason: &'static str, message: String) -> Action {
    Action::Warn(Warning {
        component,
        reason,
        message,
    })
}

fn is_same(before: &PodStatus, after: &PodStatus) -> bool {
    before.phase == after.phase
        && before.init_container_statuses == after.init_container_statuses
        && before.container_statuses == after.container_statuses
}

pub(super) fn as_value(status: &PodStatus) -> Value {
    to_value(status).expect("a pod status has only string keys")
}
