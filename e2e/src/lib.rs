//! ARC on a real cluster: k3s in a container, Argo, and real tools between real registries.
//!
//! ```text
//! parts (what, from where) ─┐
//! image (what is made here) ┴▶ node (k3s, ready) ─▶ cluster (Argo, services, kinds, operator) ─┬▶ pipeline cases
//!                                                                                              ├▶ fault cases
//!                                                                                              └▶ scenarios
//! ```

pub mod apply;
mod argo;
pub mod cluster;
pub mod diagnosis;
pub mod fault;
pub mod image;
pub mod node;
pub mod order;
pub mod outside;
pub mod parts;
pub mod pipeline;
pub mod report;
pub mod scenarios;
pub mod wait;
