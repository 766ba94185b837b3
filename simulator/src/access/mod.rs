//! Who asks the API for what, and whether Roles and their bindings allow it.
//!
//! ```text
//! User ─┐
//!       ├─▶ Policy::decide ─▶ Verdict
//! Question ─┘     │
//!      ClusterRoleBindings, RoleBindings ─▶ ClusterRole, Role ─▶ rules
//! ```
//!
//! Source: `spec/kube-api.md` §1.21.

pub mod escalation;

mod flow;
mod policy;
mod question;
mod rule;
mod user;

pub(crate) use flow::FlowRules;
pub use policy::{Policy, Verdict};
pub use question::{Question, ResourceQuestion};
pub use user::User;
