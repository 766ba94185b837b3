//! How far a child or an Order has come.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Phase of an ArtifactWorkflow. "Not started" is the absence of a phase.
///
/// Source: spec/arc.md §6.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// The Argo object exists, no pod has run yet.
    Pending,
    /// Steps are running.
    Running,
    /// The run did what it was for.
    Succeeded,
    /// A step failed.
    Failed,
    /// The run could not be carried out.
    Error,
    /// A new run of a schedule was noticed and has no phase of its own yet.
    Active,
    /// The schedule has ended.
    Stopped,
}

/// What a phase means for those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// May change without anybody's doing.
    InProgress,
    /// Final and good.
    Succeeded,
    /// Final and bad.
    Failed,
    /// Will not run again.
    Stopped,
}

impl Phase {
    /// What this phase means for those who wait.
    #[must_use]
    pub fn progress(self) -> Progress {
        match self {
            Self::Pending | Self::Running | Self::Active => Progress::InProgress,
            Self::Succeeded => Progress::Succeeded,
            Self::Failed | Self::Error => Progress::Failed,
            Self::Stopped => Progress::Stopped,
        }
    }

    /// Whether a single run is over.
    #[must_use]
    pub fn is_completed(self) -> bool {
        matches!(self.progress(), Progress::Succeeded | Progress::Failed)
    }

    /// The phase that Argo calls `text`; `None` if Argo has not looked at the run yet.
    ///
    /// # Errors
    /// A text that is no phase of Argo.
    pub fn of_argo(text: &str) -> Result<Option<Self>, UnknownPhase> {
        match text {
            "" => Ok(None),
            "Pending" => Ok(Some(Self::Pending)),
            "Running" => Ok(Some(Self::Running)),
            "Succeeded" => Ok(Some(Self::Succeeded)),
            "Failed" => Ok(Some(Self::Failed)),
            "Error" => Ok(Some(Self::Error)),
            other => Err(UnknownPhase(other.to_owned())),
        }
    }
}

/// A Workflow phase that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown Workflow phase {0:?}")]
pub struct UnknownPhase(pub String);

/// Phase of an Order, rolled up from its children.
///
/// Source: spec/arc.md §6.4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OrderPhase {
    /// Nothing has started, or something could not.
    #[default]
    Pending,
    /// Some child is in progress and none has failed.
    Running,
    /// Every artifact's child succeeded.
    Succeeded,
    /// Some child failed.
    Failed,
    /// Some schedule has ended.
    Stopped,
}

impl OrderPhase {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Stopped => "Stopped",
        }
    }
}
