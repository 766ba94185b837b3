//! How pods end before their work does: deadlines, evictions, lost nodes, deletions.

use jiff::Timestamp;

use super::containers::{self, Progress};
use super::executor;
use super::identity::Work;
use super::node::{LOST_TOLERATION, NODE_NAME};
use super::stage::{self, Exit, Stage};
use super::status::{self, Phase, Verdict, condition};
use super::step::{Action, Case, Step, actions, as_value, warn};
use crate::json::json;
use crate::outcomes::Ending;

/// Ends every running container and fails the pod, as for a deadline.
pub(super) fn kill(case: &Case, verdict: Verdict) -> Step {
    let progress = killed(case);
    let status = status::render(case, Phase::Failed, &progress, Some(&verdict));
    let mut step = Step::default();
    step.actions.extend(last_words(case));
    step.actions.push(Action::Status(as_value(&status)));
    step
}

/// The executor ends in order when it is told to stop, with no outputs.
fn last_words(case: &Case) -> Option<Action> {
    match &case.work {
        Work::Argo(argo) if case.status.pod_ip.is_some() => Some(Action::TaskResult(
            executor::task_result(argo, case.namespace(), json!({})),
        )),
        Work::Argo(_) | Work::Plain | Work::Agent => None,
    }
}

fn killed(case: &Case) -> Progress {
    let mut progress = match case.status.pod_ip {
        Some(_) => containers::advance(case),
        None => containers::untouched(case),
    };
    let lists = [
        (
            case.spec.init_containers.as_deref().unwrap_or_default(),
            &mut progress.inits,
            true,
        ),
        (
            case.spec.containers.as_slice(),
            &mut progress.containers,
            false,
        ),
    ];
    for (list, stages, init) in lists {
        for (container, stage) in list.iter().zip(stages) {
            if let Stage::Running { since } = *stage {
                let (outcome, scripted) = containers::outcome(case, container, init);
                let obeys = !(scripted && outcome.ending == Ending::Hang);
                *stage = Stage::Ended(Exit::killed(obeys, since, case.now));
            }
        }
    }
    progress
}

pub(super) fn evict(case: &Case) -> Step {
    let message =
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. "
            .to_owned();
    let mut progress = killed(case);
    for stage in &mut progress.containers {
        if let Stage::Ended(exit) = stage
            && exit.end == case.now
        {
            exit.code = 137;
        }
    }
    let verdict = Verdict {
        reason: "Evicted",
        message,
    };
    let mut status = status::render(case, Phase::Failed, &progress, Some(&verdict));
    let disruption = condition(
        case,
        "DisruptionTarget",
        true,
        Some(("TerminationByKubelet", verdict.message.clone())),
    );
    status.conditions.get_or_insert_default().push(disruption);
    actions([
        warn("kubelet", "Evicted", verdict.message),
        Action::Status(as_value(&status)),
    ])
}

/// A pod whose node stopped answering: marked at once, removed when the toleration has passed.
pub(super) fn lose(case: &Case, lost: Timestamp) -> Step {
    let removal = lost + LOST_TOLERATION;
    if removal <= case.now {
        return actions([Action::Delete]);
    }
    let again = Some(removal.duration_since(case.now));
    if case.status.reason.as_deref() == Some("NodeLost") {
        return Step {
            again,
            ..Step::default()
        };
    }
    let mut conditions = case.status.conditions.clone().unwrap_or_default();
    conditions.retain(|condition| condition.type_ != "Ready");
    conditions.push(condition(case, "Ready", false, None));
    let message = format!(
        "Node {NODE_NAME} which was running pod {} is unresponsive",
        case.name()
    );
    let status = json!({"reason": "NodeLost", "message": message, "conditions": conditions});
    Step {
        again,
        ..actions([Action::Status(status)])
    }
}

/// Ends a pod that is being deleted; containers that do not obey keep it until `end`.
pub(super) fn terminate(case: &Case, end: Timestamp) -> Step {
    let statuses = case
        .status
        .container_statuses
        .as_deref()
        .unwrap_or_default();
    let running: Vec<bool> = case
        .spec
        .containers
        .iter()
        .filter(|container| {
            matches!(
                stage::stage_of(statuses, &container.name),
                Some(Stage::Running { .. })
            )
        })
        .map(|container| {
            let (outcome, scripted) = containers::outcome(case, container, false);
            scripted && outcome.ending == Ending::Hang
        })
        .collect();
    if running.is_empty() {
        return actions([Action::Delete]);
    }
    if running.contains(&true) && case.now < end {
        return Step {
            again: Some(end.duration_since(case.now)),
            ..Step::default()
        };
    }
    let progress = killed(case);
    let status = status::render(case, Phase::Failed, &progress, None);
    let mut step = Step::default();
    step.actions.extend(last_words(case));
    step.actions
        .extend([Action::Status(as_value(&status)), Action::Delete]);
    step
}
