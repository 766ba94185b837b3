//! Admission webhooks: servers of their own that change writes, or refuse them.
//!
//! The kernel cannot call anybody: where an answer is missing it says what has to be asked, and is applied again once
//! the shell has asked. Nothing has changed until every answer is there.
//!
//! ```text
//! Attempt ─▶ Webhook (is it meant?) ─▶ Inquiry ─▶ Conversation ─▶ (the shell asks) ─▶ Heard ─▶ Response
//!                                          mutating: patch the object ◀─┴─▶ both: refusal, warnings
//! ```
//!
//! Source: `spec/kube-api.md` §1.20; apiserver v0.34.3, pkg/admission/plugin/webhook.

mod admission;
mod configurations;
mod conversation;
mod endpoint;
mod faults;
mod hook;
mod mutation;
mod patching;
mod reinvocation;
mod response;
mod review;
mod review_type;
mod trouble;
mod url_faults;
mod writes;

pub(crate) use admission::failed_call;
pub(super) use admission::unheard;
pub(super) use configurations::Webhooks;
pub use conversation::{Answered, Conversation, Heard, Inquiry, Unanswered};
pub use endpoint::{Address, Endpoint};
pub(super) use faults::{address_faults, configuration_faults, version_faults};
pub(super) use hook::REVIEW_VERSIONS;
pub(super) use response::body;
pub(super) use review_type::ReviewType;
