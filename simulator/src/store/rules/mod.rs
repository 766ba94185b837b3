//! What single kinds demand beyond their schema: defaults, and values that may not be or may not change.

mod event;
mod lease;
mod namespace;
mod of_kind;
mod pod;
mod pod_spec;
mod role;
mod secret;
mod volume;

pub(super) use event::{to_core_event, to_new_event};
pub(super) use of_kind::{admit, faults, prepare, prepare_status, readmit};
