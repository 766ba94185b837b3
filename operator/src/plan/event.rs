//! What people are told about.

use super::excerpt;

/// The longest note. Source: spec/arc.md §9.
const NOTE_BYTES_MAX: usize = 1024;

/// One thing that happened to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// What happened.
    pub(crate) reason: Reason,
    /// To what, and why; at most 1 KiB.
    note: String,
}

impl Event {
    pub(crate) fn new(reason: Reason, note: impl AsRef<str>) -> Self {
        Self {
            reason,
            note: excerpt::head(note.as_ref(), NOTE_BYTES_MAX),
        }
    }

    pub(crate) fn note(&self) -> &str {
        &self.note
    }
}

/// What an event is about. Source: spec/arc.md §9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Created,
    Deleted,
    Deleting,
    ForceReconcile,
    InvalidEndpoint,
    InvalidArtifactType,
    InvalidSecret,
    ComputationFailed,
    HydrationFailed,
    CreationFailed,
    WorkflowMissing,
    ConfigurationChanged,
    Succeeded,
    Failed,
}

impl Reason {
    /// The word on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Deleted => "Deleted",
            Self::Deleting => "Deleting",
            Self::ForceReconcile => "ForceReconcile",
            Self::InvalidEndpoint => "InvalidEndpoint",
            Self::InvalidArtifactType => "InvalidArtifactType",
            Self::InvalidSecret => "InvalidSecret",
            Self::ComputationFailed => "ComputationFailed",
            Self::HydrationFailed => "HydrationFailed",
            Self::CreationFailed => "CreationFailed",
            Self::WorkflowMissing => "WorkflowMissing",
            Self::ConfigurationChanged => "ConfigurationChanged",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }

    /// `Normal` or `Warning`.
    pub(crate) fn type_(self) -> &'static str {
        match self {
            Self::Created
            | Self::Deleted
            | Self::Deleting
            | Self::ForceReconcile
            | Self::ConfigurationChanged
            | Self::Succeeded => "Normal",
            Self::InvalidEndpoint
            | Self::InvalidArtifactType
            | Self::InvalidSecret
            | Self::ComputationFailed
            | Self::HydrationFailed
            | Self::CreationFailed
            | Self::WorkflowMissing
            | Self::Failed => "Warning",
        }
    }

    /// What the operator was doing, as events.k8s.io/v1 asks for.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Created | Self::CreationFailed => "Create",
            Self::Deleted | Self::Deleting => "Delete",
            Self::ForceReconcile | Self::ConfigurationChanged => "Replace",
            Self::InvalidEndpoint
            | Self::InvalidArtifactType
            | Self::InvalidSecret
            | Self::ComputationFailed
            | Self::HydrationFailed => "Resolve",
            Self::WorkflowMissing | Self::Succeeded | Self::Failed => "Follow",
        }
    }
}
