//! Argo Workflows: the simulated workflow controller.
//!
//! Source: `spec/argo.md`.

pub mod spec;
pub mod when;
