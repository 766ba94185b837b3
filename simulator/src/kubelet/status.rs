//! The status of a pod, as a kubelet writes it.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{
    Container, ContainerState, ContainerStateRunning, ContainerStateTerminated,
    ContainerStateWaiting, ContainerStatus, HostIP, PodCondition, PodIP, PodStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use sha2::{Digest, Sha256};

use super::containers::Progress;
use super::node::NODE_ADDRESS;
use super::stage::{Exit, Stage};
use super::step::Case;

/// Phase of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
}

/// What stands beside the phase: reason and message of the whole pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// The phase that follows from the containers.
///
/// Source: kubernetes v1.34 `pkg/kubelet/kubelet_pods.go` `getPhase`.
pub(super) fn phase_of(case: &Case, progress: &Progress) -> Phase {
    let failed = |stage: &Stage| matches!(stage, Stage::Ended(exit) if exit.code != 0);
    if progress.inits.iter().any(failed) {
        return Phase::Failed;
    }
    let stages = &progress.containers;
    if stages
        .iter()
        .any(|stage| matches!(stage, Stage::Waiting { .. }))
    {
        return Phase::Pending;
    }
    if !stages.iter().all(|stage| matches!(stage, Stage::Ended(_))) {
        return Phase::Running;
    }
    debug_assert!(!case.spec.containers.is_empty());
    if stages.iter().any(failed) {
        Phase::Failed
    } else {
        Phase::Succeeded
    }
}

/// The whole status at `case.now`.
pub(super) fn render(
    case: &Case,
    phase: Phase,
    progress: &Progress,
    verdict: Option<&Verdict>,
) -> PodStatus {
    let inits: Vec<ContainerStatus> = statuses(
        case,
        case.spec.init_containers.as_deref().unwrap_or_default(),
        &progress.inits,
    );
    let mut status = PodStatus {
        phase: Some(format!("{phase:?}")),
        start_time: case.status.start_time.clone().or(Some(Time(case.now))),
        host_ip: Some(NODE_ADDRESS.to_owned()),
        host_ips: Some(vec![HostIP {
            ip: NODE_ADDRESS.to_owned(),
        }]),
        init_container_statuses: Some(inits).filter(|inits| !inits.is_empty()),
        container_statuses: Some(statuses(case, &case.spec.containers, &progress.containers)),
        reason: verdict.map(|verdict| verdict.reason.to_owned()),
        message: verdict.map(|verdict| verdict.message.clone()),
        ..PodStatus::default()
    };
    let touched = progress.inits.iter().chain(&progress.containers);
    let has_sandbox = touched
        .clone()
        .any(|stage| !matches!(stage, Stage::Waiting { .. }));
    if has_sandbox {
        let ip = pod_ip(case);
        status.pod_ips = Some(vec![PodIP { ip: ip.clone() }]);
        status.pod_ip = Some(ip);
    }
    status.conditions = Some(conditions(case, phase, progress, has_sandbox));
    status
}

/// Sets the condition `kind`, keeping its time of transition if it does not change.
pub(super) fn condition(
    case: &Case,
    kind: &str,
    holds: bool,
    why: Option<(&str, String)>,
) -> PodCondition {
    let truth = if holds { "True" } else { "False" };
    let before = case
        .status
        .conditions
        .iter()
        .flatten()
        .find(|condition| condition.type_ == kind);
    let unchanged = before.filter(|before| before.status == truth);
    let since = unchanged.and_then(|before| before.last_transition_time.clone());
    PodCondition {
        type_: kind.to_owned(),
        status: truth.to_owned(),
        reason: why.as_ref().map(|(reason, _)| (*reason).to_owned()),
        message: why
            .map(|(_, message)| message)
            .filter(|message| !message.is_empty()),
        last_transition_time: since.or(Some(Time(case.now))),
        ..PodCondition::default()
    }
}

/// Source: kubernetes v1.34 `pkg/kubelet/status/generate.go`.
fn conditions(
    case: &Case,
    phase: Phase,
    progress: &Progress,
    has_sandbox: bool,
) -> Vec<PodCondition> {
    let over = matches!(phase, Phase::Succeeded | Phase::Failed);
    let unfinished = named(
        case.spec.init_containers.as_deref().unwrap_or_default(),
        &progress.inits,
        |stage| match stage {
            Stage::Ended(exit) => exit.code != 0,
            Stage::Running { .. } | Stage::Waiting { .. } | Stage::BackOff(_) => true,
        },
    );
    let unready = named(&case.spec.containers, &progress.containers, |stage| {
        !matches!(stage, Stage::Running { .. })
    });
    let ended = match phase {
        Phase::Succeeded => Some(("PodCompleted", String::new())),
        Phase::Failed => Some(("PodFailed", String::new())),
        Phase::Pending | Phase::Running => None,
    };
    let initialized = match phase {
        Phase::Succeeded => (true, ended.clone()),
        Phase::Pending | Phase::Running | Phase::Failed => (
            unfinished.is_empty(),
            (!unfinished.is_empty()).then(|| {
                (
                    "ContainersNotInitialized",
                    format!("containers with incomplete status: [{unfinished}]"),
                )
            }),
        ),
    };
    let not_ready = (!unready.is_empty()).then(|| {
        (
            "ContainersNotReady",
            format!("containers with unready status: [{unready}]"),
        )
    });
    let is_ready = !over && not_ready.is_none();
    let why = ended.or(not_ready);
    let mut all = vec![
        condition(
            case,
            "PodReadyToStartContainers",
            has_sandbox && !over,
            None,
        ),
        condition(case, "Initialized", initialized.0, initialized.1),
        condition(case, "Ready", is_ready, why.clone()),
        condition(case, "ContainersReady", is_ready, why),
    ];
    all.push(condition(case, "PodScheduled", true, None));
    all
}

fn named(containers: &[Container], stages: &[Stage], select: impl Fn(&Stage) -> bool) -> String {
    let pairs = containers.iter().zip(stages);
    let names: Vec<&str> = pairs
        .filter(|(_, stage)| select(stage))
        .map(|(container, _)| container.name.as_str())
        .collect();
    names.join(" ")
}

fn statuses(case: &Case, containers: &[Container], stages: &[Stage]) -> Vec<ContainerStatus> {
    containers
        .iter()
        .zip(stages)
        .map(|(container, stage)| container_status(case, container, stage))
        .collect()
}

fn container_status(case: &Case, container: &Container, stage: &Stage) -> ContainerStatus {
    let image = container.image.clone().unwrap_or_default();
    let id = format!("containerd://{}", digest(case, &container.name));
    let mut status = ContainerStatus {
        name: container.name.clone(),
        image: image.clone(),
        ready: matches!(stage, Stage::Running { .. }),
        started: Some(matches!(stage, Stage::Running { .. })),
        last_state: Some(ContainerState::default()),
        ..ContainerStatus::default()
    };
    if !matches!(stage, Stage::Waiting { .. }) {
        status.image_id = image;
        status.container_id = Some(id.clone());
    }
    let mut state = ContainerState::default();
    match stage {
        Stage::Waiting { reason, message } => {
            state.waiting = Some(ContainerStateWaiting {
                reason: Some(reason.clone()),
                message: message.clone(),
            });
        }
        Stage::Running { since } => {
            state.running = Some(ContainerStateRunning {
                started_at: Some(Time(*since)),
            })
        }
        Stage::Ended(exit) => state.terminated = Some(terminated(exit, id)),
        Stage::BackOff(exit) => {
            let (pod, namespace, uid) = (case.name(), case.namespace(), case.uid());
            let message = format!(
                "back-off 10s restarting failed container={} pod={pod}_{namespace}({uid})",
                container.name
            );
            state.waiting = Some(ContainerStateWaiting {
                reason: Some("CrashLoopBackOff".into()),
                message: Some(message),
            });
            status.last_state = Some(ContainerState {
                terminated: Some(terminated(exit, id)),
                ..ContainerState::default()
            });
            status.restart_count = 1;
        }
    }
    status.state = Some(state);
    status
}

fn terminated(exit: &Exit, id: String) -> ContainerStateTerminated {
    ContainerStateTerminated {
        container_id: Some(id),
        exit_code: exit.code,
        reason: Some(exit.reason.clone()),
        message: exit.message.clone(),
        started_at: Some(Time(whole_second(exit.start))),
        finished_at: Some(Time(whole_second(exit.end))),
        signal: None,
    }
}

/// The instant as the API writes it.
pub(super) fn whole_second(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

fn pod_ip(case: &Case) -> String {
    let hash = Sha256::digest(case.uid());
    format!("10.42.{}.{}", hash[0], hash[1].clamp(2, 254))
}

fn digest(case: &Case, container: &str) -> String {
    let hash = Sha256::digest(format!("{}/{container}", case.uid()));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
