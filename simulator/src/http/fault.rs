//! The place where faults enter: each request is shown to one function, before and after the kernel has seen it.
//!
//! Source: `spec/kube-api.md` §5.2.

use std::sync::Arc;

use crate::store::answer::{Answer, Reply};
use crate::store::kernel::Kernel;
use crate::store::kind::Kind;
use crate::store::object::{Key, Object};
use crate::store::request::{Part, Request};
use crate::store::status::Status;

/// A request as a fault sees it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Who asks.
    pub actor: Arc<str>,
    /// Such as `create`, `get` or `deletecollection`.
    pub verb: &'static str,
    /// What is asked for.
    pub kind: Arc<Kind>,
    /// Empty for cluster-scoped kinds and for calls across namespaces.
    pub namespace: String,
    /// Empty for calls on a collection, creations among them.
    pub name: String,
    /// The object or a subresource.
    pub part: Part,
    /// The named object before the request.
    pub old: Option<Arc<Object>>,
}

/// When a request is shown.
#[derive(Clone, Debug)]
pub enum Moment {
    /// Nothing has happened yet.
    Before,
    /// The request has taken effect, but its answer has not left.
    After(Outcome),
}

/// What the kernel answered.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The HTTP status.
    pub code: u16,
    /// The newest revision after the request.
    pub revision: u64,
    /// The object of the answer, where it is one.
    pub new: Option<Arc<Object>>,
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

/// Decides about a request; called twice for each that passes.
pub type Fault = Box<dyn FnMut(&Attempt, &Moment) -> Verdict + Send>;

impl Attempt {
    /// What a fault shall see of `request`.
    pub(crate) fn of(request: &Request, kernel: &Kernel) -> Self {
        let key = Key {
            namespace: request.namespace.clone(),
            name: request.name.clone(),
        };
        Self {
            actor: Arc::clone(&request.actor),
            verb: request.verb.name(),
            kind: Arc::clone(&request.served.kind),
            old: kernel.log().get(request.served.table, &key).cloned(),
            namespace: key.namespace,
            name: key.name,
            part: request.part,
        }
    }
}

impl Outcome {
    /// What a fault shall see of an answer.
    pub(crate) fn of(result: &Result<Reply, Status>, kernel: &Kernel) -> Self {
        let (code, new) = match result {
            Ok(reply) => match &reply.answer {
                Answer::Object(code, object) => (*code, Some(Arc::clone(object))),
                answer => (answer.code(), None),
            },
            Err(status) => (status.code, None),
        };
        Self {
            code,
            revision: kernel.log().revision(),
            new,
        }
    }
}
