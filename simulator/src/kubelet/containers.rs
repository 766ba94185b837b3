//! How far each container of a pod has come.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Container as PodContainer, ContainerStatus};

use super::checks;
use super::executor::{self, Report};
use super::identity::Work;
use super::image;
use super::node::STOP_GRACE;
use super::stage::{Exit, Stage, stage_of};
use super::step::Case;
use crate::outcomes::{Ending, Outcome, Role};

/// Bytes of a log that a termination message takes at most. Source: kubernetes v1.34 `pkg/kubelet/container`.
const MESSAGE_BYTES_MAX: usize = 2048;

/// All containers of a pod at one instant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Progress {
    pub(super) inits: Vec<Stage>,
    pub(super) containers: Vec<Stage>,
    /// When the next container ends, if one ends by itself.
    pub(super) next: Option<Timestamp>,
    /// What the executor reports; there once the work has ended.
    pub(super) report: Option<Report>,
}

/// What the book says about `container`, or what is done without a rule.
pub(super) fn outcome<'a>(
    case: &'a Case,
    container: &'a PodContainer,
    init: bool,
) -> (Cow<'a, Outcome>, bool) {
    let context = case.work.context(case.metadata, container, init);
    let is_executor = context.role == Role::Executor;
    match case.book.lookup(&context) {
        Some(outcome) if is_executor => (
            Cow::Owned(Outcome {
                duration: SignedDuration::ZERO,
                ..outcome.clone()
            }),
            true,
        ),
        Some(outcome) => (Cow::Borrowed(outcome), true),
        None => (Cow::Owned(unnamed(case, is_executor, init)), false),
    }
}

fn unnamed(case: &Case, is_executor: bool, init: bool) -> Outcome {
    let outcome = Outcome::default();
    let runs_on = match &case.work {
        Work::Argo(argo) => argo.is_daemon(),
        Work::Plain => case.spec.restart_policy.as_deref().unwrap_or("Always") == "Always",
        Work::Agent => false,
    };
    match case.work {
        _ if is_executor => Outcome {
            duration: SignedDuration::ZERO,
            ..outcome
        },
        Work::Agent => Outcome {
            ending: Ending::Exit(1),
            duration: SignedDuration::ZERO,
            ..outcome
        },
        Work::Plain | Work::Argo(_) if runs_on && !init => Outcome {
            ending: Ending::Hang,
            ..outcome
        },
        Work::Plain | Work::Argo(_) => outcome,
    }
}

/// Lets the containers come as far as they can until `case.now`.
pub(super) fn advance(case: &Case) -> Progress {
    let mut progress = Progress {
        inits: Vec::new(),
        containers: Vec::new(),
        next: None,
        report: None,
    };
    let ready = advance_inits(case, &mut progress);
    if ready {
        advance_containers(case, &mut progress);
        stop_sidecars(case, &mut progress);
    } else {
        let waiting = |_| Stage::Waiting {
            reason: default_reason(case).into(),
            message: None,
        };
        progress.containers = case.spec.containers.iter().map(waiting).collect();
    }
    progress
}

/// Init containers that run on are told to stop once all containers have ended.
fn stop_sidecars(case: &Case, progress: &mut Progress) {
    let is_over = progress
        .containers
        .iter()
        .all(|stage| matches!(stage, Stage::Ended(_)));
    for stage in progress.inits.iter_mut().filter(|_| is_over) {
        if let Stage::Running { since } = *stage {
            *stage = Stage::Ended(Exit::new(0, since, case.now));
        }
    }
}

/// The stages before anything has started.
pub(super) fn untouched(case: &Case) -> Progress {
    let waiting = |_| Stage::Waiting {
        reason: default_reason(case).into(),
        message: None,
    };
    Progress {
        inits: case
            .spec
            .init_containers
            .iter()
            .flatten()
            .map(waiting)
            .collect(),
        containers: case.spec.containers.iter().map(waiting).collect(),
        next: None,
        report: None,
    }
}

fn default_reason(case: &Case) -> &'static str {
    if case.spec.init_containers.iter().flatten().next().is_some() {
        "PodInitializing"
    } else {
        "ContainerCreating"
    }
}

/// Runs the init containers one after the other; whether all have succeeded.
fn advance_inits(case: &Case, progress: &mut Progress) -> bool {
    let statuses = case
        .status
        .init_container_statuses
        .as_deref()
        .unwrap_or_default();
    let mut ready = true;
    for container in case.spec.init_containers.iter().flatten() {
        let existing = stage_of(statuses, &container.name);
        let is_sidecar = container.restart_policy.as_deref() == Some("Always");
        let stage = match existing {
            Some(stage @ (Stage::Ended(_) | Stage::BackOff(_))) => stage,
            _ if !ready => Stage::Waiting {
                reason: "PodInitializing".into(),
                message: None,
            },
            Some(Stage::Running { since }) => run_init(case, container, since),
            Some(Stage::Waiting { .. }) | None => start_init(case, container),
        };
        if let (Stage::Running { since }, false) = (&stage, is_sidecar) {
            let (outcome, _) = outcome(case, container, true);
            note_end(progress, outcome_end(&outcome, *since));
        }
        ready &= match &stage {
            Stage::Running { .. } => is_sidecar,
            Stage::Ended(exit) => exit.code == 0,
            Stage::Waiting { .. } | Stage::BackOff(_) => false,
        };
        progress.inits.push(stage);
    }
    ready
}

fn start_init(case: &Case, container: &PodContainer) -> Stage {
    let (outcome, _) = outcome(case, container, true);
    match obstacle(case, container, &outcome) {
        Some(waiting) => waiting,
        None => run_init(case, container, case.now),
    }
}

fn run_init(case: &Case, container: &PodContainer, since: Timestamp) -> Stage {
    let (outcome, _) = outcome(case, container, true);
    let exit = exit_of(container, &outcome, since, since);
    match exit.filter(|exit| exit.end <= case.now && container.restart_policy.is_none()) {
        Some(exit) if exit.code != 0 && restarts(case, &exit) => Stage::BackOff(exit),
        Some(exit) => Stage::Ended(exit),
        None => Stage::Running { since },
    }
}

fn note_end(progress: &mut Progress, end: Option<Timestamp>) {
    progress.next = progress.next.into_iter().chain(end).min();
}

fn outcome_end(outcome: &Outcome, since: Timestamp) -> Option<Timestamp> {
    match outcome.ending {
        Ending::Exit(_) | Ending::OomKilled | Ending::Evicted | Ending::NodeLost => {
            Some(since + outcome.duration)
        }
        Ending::ImagePullBackOff | Ending::Pending | Ending::Hang => None,
    }
}

/// Why a container cannot start, as its waiting stage.
fn obstacle(case: &Case, container: &PodContainer, outcome: &Outcome) -> Option<Stage> {
    if let Some(blocked) = checks::blocked(container, case.namespace(), case.view) {
        return Some(Stage::Waiting {
            reason: blocked.reason.into(),
            message: Some(blocked.message),
        });
    }
    let name = container.image.as_deref().unwrap_or_default();
    match outcome.ending {
        Ending::ImagePullBackOff => Some(Stage::Waiting {
            reason: "ImagePullBackOff".into(),
            message: Some(image::back_off(name)),
        }),
        Ending::Exit(_)
        | Ending::OomKilled
        | Ending::Evicted
        | Ending::NodeLost
        | Ending::Pending
        | Ending::Hang => None,
    }
}

/// A container that may start, with the end it will come to.
struct Run<'a> {
    container: &'a PodContainer,
    role: Role,
    outcome: Cow<'a, Outcome>,
    scripted: bool,
    stage: Stage,
}

fn advance_containers(case: &Case, progress: &mut Progress) {
    let statuses = case
        .status
        .container_statuses
        .as_deref()
        .unwrap_or_default();
    let runs: Vec<Run> = case
        .spec
        .containers
        .iter()
        .map(|container| open_run(case, container, statuses))
        .collect();
    let ends = main_ends(case, &runs);
    let work_end = ends.values().cloned().collect::<Option<Vec<Exit>>>();
    let work_end = work_end.and_then(|exits| exits.iter().map(|exit| exit.end).max());
    if work_end.is_some_and(|end| end <= case.now) {
        progress.report = executor::report(case, &ends);
    }
    for run in &runs {
        let end = match run.role {
            Role::Main => ends.get(run.container.name.as_str()).cloned().flatten(),
            Role::Auxiliary => auxiliary_end(run, work_end),
            Role::Executor => executor_end(run, work_end, progress.report.as_ref()),
        };
        let stage = settle(case, run, end, progress);
        progress.containers.push(stage);
    }
    for run in &runs {
        if let Stage::Running { since } = &run.stage {
            let fate = matches!(run.outcome.ending, Ending::Evicted | Ending::NodeLost);
            note_end(progress, fate.then_some(*since + run.outcome.duration));
        }
    }
}

fn open_run<'a>(
    case: &'a Case,
    container: &'a PodContainer,
    statuses: &[ContainerStatus],
) -> Run<'a> {
    let (outcome, scripted) = outcome(case, container, false);
    let stage = match stage_of(statuses, &container.name) {
        Some(stage @ (Stage::Running { .. } | Stage::Ended(_) | Stage::BackOff(_))) => stage,
        Some(Stage::Waiting { .. }) | None => {
            obstacle(case, container, &outcome).unwrap_or(Stage::Running { since: case.now })
        }
    };
    Run {
        container,
        role: case.work.role(&container.name, false),
        outcome,
        scripted,
        stage,
    }
}

/// The end of each main container; `None` for one that does not end by itself.
fn main_ends<'a>(case: &Case, runs: &'a [Run]) -> BTreeMap<&'a str, Option<Exit>> {
    let mains: Vec<&Run> = runs.iter().filter(|run| run.role == Role::Main).collect();
    let mut ends: BTreeMap<&str, Option<Exit>> = BTreeMap::new();
    for _ in &mains {
        for run in &mains {
            let before = match &case.work {
                Work::Argo(argo) => argo.dependencies(&run.container.name),
                Work::Plain | Work::Agent => Vec::new(),
            };
            if before.iter().all(|name| ends.contains_key(name)) {
                let before = before
                    .iter()
                    .map(|name| (*name, ends[name].clone()))
                    .collect();
                ends.insert(&run.container.name, main_end(case, run, before));
            }
        }
    }
    for run in mains {
        ends.entry(&run.container.name).or_insert(None);
    }
    ends
}

fn main_end(case: &Case, run: &Run, before: Vec<(&str, Option<Exit>)>) -> Option<Exit> {
    let since = match &run.stage {
        Stage::Ended(exit) | Stage::BackOff(exit) => return Some(exit.clone()),
        Stage::Waiting { .. } => return None,
        Stage::Running { since } => *since,
    };
    let mut begin = since;
    for (name, exit) in before {
        let exit = exit?;
        if exit.code != 0 {
            let message = format!(
                "dependency \"{name}\" exited with non-zero code: {}",
                exit.code
            );
            return Some(Exit::new(64, since, exit.end.max(since)).because(message));
        }
        begin = begin.max(exit.end);
    }
    let exit = exit_of(run.container, &run.outcome, since, begin);
    if matches!(case.work, Work::Agent) && !run.scripted {
        let message =
            "the simulated kubelet runs no Argo agent: http and plugin templates are not supported";
        return exit.map(|exit| exit.because(message.to_owned()));
    }
    let stop = case.terminate_at().map(|at| stopped(run, since, at));
    [exit, stop]
        .into_iter()
        .flatten()
        .min_by_key(|exit| exit.end)
}

/// The exit of a container that is told at `at` to stop.
fn stopped(run: &Run, since: Timestamp, at: Timestamp) -> Exit {
    let obeys = !(run.scripted && run.outcome.ending == Ending::Hang);
    let end = if obeys { at } else { at + STOP_GRACE };
    Exit::killed(obeys, since, end.max(since))
}

/// The exit of a container that starts at `start` and does its work from `begin`.
fn exit_of(
    container: &PodContainer,
    outcome: &Outcome,
    start: Timestamp,
    begin: Timestamp,
) -> Option<Exit> {
    let end = begin + outcome.duration;
    match outcome.ending {
        Ending::Exit(code) => {
            let falls_back =
                container.termination_message_policy.as_deref() == Some("FallbackToLogsOnError");
            let message = if falls_back && code != 0 {
                tail(&log_text(outcome))
            } else {
                String::new()
            };
            Some(Exit::new(code.into(), start, end).because(message))
        }
        Ending::OomKilled => Some(Exit {
            reason: "OOMKilled".to_owned(),
            ..Exit::new(137, start, end)
        }),
        Ending::Evicted
        | Ending::NodeLost
        | Ending::ImagePullBackOff
        | Ending::Pending
        | Ending::Hang => None,
    }
}

/// A sidecar ends when the work does: by itself before, told to stop then.
fn auxiliary_end(run: &Run, work_end: Option<Timestamp>) -> Option<Exit> {
    let Stage::Running { since } = run.stage else {
        return None;
    };
    let own = if run.scripted {
        exit_of(run.container, &run.outcome, since, since)
    } else {
        None
    };
    match (own, work_end) {
        (Some(own), Some(work_end)) if own.end <= work_end => Some(own),
        (Some(own), None) => Some(own),
        (_, Some(work_end)) if !run.scripted => Some(Exit::new(0, since, work_end.max(since))),
        (_, Some(work_end)) => Some(Exit::killed(
            run.outcome.ending != Ending::Hang,
            since,
            work_end.max(since),
        )),
        (None, None) => None,
    }
}

fn executor_end(run: &Run, work_end: Option<Timestamp>, report: Option<&Report>) -> Option<Exit> {
    let Stage::Running { since } = run.stage else {
        return None;
    };
    let end = work_end?.max(since);
    if run.scripted {
        let exit = exit_of(run.container, &run.outcome, since, end)?;
        return Some(exit.because(run.outcome.stderr.clone()));
    }
    match report.and_then(|report| report.error.clone()) {
        Some(error) => Some(Exit::new(64, since, end).because(error)),
        None => Some(Exit::new(0, since, end)),
    }
}

fn settle(case: &Case, run: &Run, end: Option<Exit>, progress: &mut Progress) -> Stage {
    let Stage::Running { .. } = run.stage else {
        return run.stage.clone();
    };
    match end {
        Some(exit) if exit.end <= case.now => {
            if run.role == Role::Main && restarts(case, &exit) {
                Stage::BackOff(exit)
            } else {
                Stage::Ended(exit)
            }
        }
        end => {
            note_end(progress, end.map(|exit| exit.end));
            run.stage.clone()
        }
    }
}

fn restarts(case: &Case, exit: &Exit) -> bool {
    match case.spec.restart_policy.as_deref() {
        Some("Never") => false,
        Some("OnFailure") => exit.code != 0,
        _ => true,
    }
}

/// What the log of a container holds.
pub(super) fn log_text(outcome: &Outcome) -> String {
    let mut text = outcome.stdout.clone().unwrap_or_default();
    if !text.is_empty() && !text.ends_with('\n') && !outcome.stderr.is_empty() {
        text.push('\n');
    }
    text.push_str(&outcome.stderr);
    text
}

fn tail(text: &str) -> String {
    let from = text.len().saturating_sub(MESSAGE_BYTES_MAX);
    let from = (from..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len());
    text[from..].to_owned()
}
