//! The wire types of `arc.opendefense.cloud/v1alpha1`, and those parts of Argo's kinds that the operator reads or writes.

#![expect(
    unreachable_pub,
    reason = "the KubeSchema derive repeats each struct inside a function"
)]
#![expect(
    clippy::duplicated_attributes,
    reason = "every printcolumn has a name, a type and a path"
)]

pub mod argo;
pub mod artifact_type;
pub mod artifact_workflow;
pub mod crds;
pub mod cron;
pub mod duration;
pub mod endpoint;
pub mod keys;
pub mod order;
pub mod parameter;
pub mod phase;
pub mod reference;
pub mod schedule;
