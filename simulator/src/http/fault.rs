//! The place where faults enter: each request is shown to one function, before and after the kernel has seen it.
//!
//! Source: `spec/kube-api.md` §5.2.

use crate::store::request::Request;
use crate::store::status::Status;

/// When a request is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing has happened yet.
    Before,
    /// A write has taken effect, but its answer has not left.
    After,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// The client gets this instead.
    Answer(Status),
    /// The connection breaks.
    Break,
}

/// Decides about a request; after the kernel has seen it, bodies are gone from it.
pub type Fault = Box<dyn FnMut(&Request, Moment) -> Verdict + Send>;
