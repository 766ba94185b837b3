//! How secure pods have to be in a namespace, as its labels say.
//!
//! ```text
//! labels of the namespace ─▶ Policy (what is enforced, what is warned of)
//!                              │
//! Pod (or a template) ─▶ evaluation (every check of a level, by version) ─▶ refusal, or warnings
//! ```
//!
//! Source: pod-security-admission v0.34.3.

mod admission;
mod capabilities;
mod evaluation;
mod existing;
mod host;
mod pod;
mod policy;
mod privilege;
mod profile;
mod sysctls;
mod user;
mod violation;
mod volumes;
