//! The pod of a node. Source: `spec/argo.md` §21; argo-workflows v3.7.4 `workflow/controller/workflowpod.go`.

mod build;
mod containers;
mod volumes;

pub(crate) use build::{PodPlan, build};
