//! What one container is doing, and how it ended.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// What a container is doing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    /// Not started.
    Waiting {
        reason: String,
        message: Option<String>,
    },
    /// Started and not ended.
    Running { since: Timestamp },
    /// Ended for good.
    Ended(Exit),
    /// Ended, and to be started again by the pod's restart policy, which never comes to pass.
    BackOff(Exit),
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exit {
    pub(super) code: i32,
    pub(super) reason: String,
    pub(super) message: Option<String>,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

impl Exit {
    pub(super) fn new(code: i32, start: Timestamp, end: Timestamp) -> Self {
        let reason = if code == 0 { "Completed" } else { "Error" };
        Self {
            code,
            reason: reason.to_owned(),
            message: None,
            start,
            end,
        }
    }

    pub(super) fn because(mut self, message: String) -> Self {
        self.message = Some(message).filter(|message| !message.is_empty());
        self
    }

    /// The end of a container that was told to stop, or killed because it would not.
    pub(super) fn killed(obeys: bool, start: Timestamp, end: Timestamp) -> Self {
        Self::new(if obeys { 143 } else { 137 }, start, end)
    }
}

/// What a status says about the container `name`.
pub(super) fn stage_of(statuses: &[ContainerStatus], name: &str) -> Option<Stage> {
    let status = statuses.iter().find(|status| status.name == name)?;
    if status.restart_count > 0 {
        let last = status
            .last_state
            .as_ref()
            .and_then(|state| state.terminated.as_ref())?;
        return Some(Stage::BackOff(exit_from(last)));
    }
    let state = status.state.as_ref()?;
    if let Some(ended) = &state.terminated {
        return Some(Stage::Ended(exit_from(ended)));
    }
    if let Some(running) = &state.running {
        return Some(Stage::Running {
            since: running.started_at.as_ref()?.0,
        });
    }
    let waiting = state.waiting.as_ref()?;
    Some(Stage::Waiting {
        reason: waiting.reason.clone().unwrap_or_default(),
        message: waiting.message.clone(),
    })
}

fn exit_from(ended: &ContainerStateTerminated) -> Exit {
    let time = |time: &Option<Time>| time.as_ref().map_or(Timestamp::UNIX_EPOCH, |time| time.0);
    Exit {
        code: ended.exit_code,
        reason: ended.reason.clone().unwrap_or_default(),
        message: ended.message.clone(),
        start: time(&ended.started_at),
        end: time(&ended.finished_at),
    }
}
