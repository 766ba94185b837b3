//! How like the real API server ours is: the same requests to both, compared answer by answer.
//!
//! ```text
//!   parity/api/*.yaml ─ parse ─▶ case ◀─ random (from a seed)
//!                                 │ play
//!               simulated ◀─ peer ┴ peer ─▶ server: kube-apiserver and etcd
//!                                 │ answers
//!                    normal ─▶ difference ─▶ report, less what known.yaml explains
//! ```
//!
//! Source: `design.md` §7, `spec/kube-api.md` Part 2.

mod body;
pub mod case;
pub mod command;
pub mod difference;
mod fidelity;
pub mod hooks;
pub mod known;
pub mod normal;
pub mod parse;
pub mod peer;
pub mod play;
pub mod random;
pub mod report;
pub mod run;
pub mod server;
pub mod template;

pub use command::main;
