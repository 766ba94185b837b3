//! The shell: reads what a plan needs, and does what it says.
//!
//! A driver owns a queue of keys. It follows the kinds of [`watch::Watched`], turns each change into keys with the
//! functions of [`related`] (unless it is one of the [`Echoes`] of our own writes), and calls [`order::reconcile`] or [`artifact_workflow::reconcile`] for each; `Some(delay)`
//! asks to be called again, an [`Error`] after [`Error::retry_after`]. [`driver`] is the one of production;
//! [`election`] decides which of several does.

pub mod artifact_workflow;
pub mod driver;
pub mod election;
pub mod order;
pub mod related;
pub mod watch;

mod context;
mod echo;
mod error;
mod events;
mod logs;
mod read;
mod write;

pub use context::{Clock, Context};
pub use echo::Echoes;
pub use error::{Act, Error};
pub use related::ObjectKey;
