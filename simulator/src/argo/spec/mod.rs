//! What Workflows and templates are made of, field by field as on the wire.
//!
//! Source: argo-workflows v3.7.4 `pkg/apis/workflow/v1alpha1`, with the additions of v4.1 of `spec/argo.md` §36.

mod artifact;
mod artifact_location;
mod metric;
mod parameter;
mod status;
mod step;
mod synchronization;
mod template;
pub(crate) mod wire;
mod workflow;

pub use artifact::*;
pub use artifact_location::*;
pub use metric::*;
pub use parameter::*;
pub use status::*;
pub use step::*;
pub use synchronization::*;
pub use template::*;
pub use workflow::*;
