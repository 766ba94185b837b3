//! What is asked of webhooks about one request, and what they said.

use std::sync::Arc;

use bytes::Bytes;

use super::endpoint::Endpoint;
use crate::json::Value;

/// How often one request may be interrupted: whoever changes the object meanwhile makes webhooks be asked again.
const ROUNDS_MAX: usize = 1_000;

/// Something to be asked of a webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Inquiry {
    /// Configuration and webhook.
    pub(in crate::store) hook: Arc<str>,
    /// Where to ask.
    pub endpoint: Arc<Endpoint>,
    /// The review, without its uid.
    pub(in crate::store) review: Value,
}

impl Inquiry {
    /// The body of the call; `uid` must be its own.
    #[must_use]
    pub fn body(&self, uid: &str) -> Value {
        let mut review = self.review.clone();
        review["request"]["uid"] = uid.into();
        review
    }
}

/// What came of a inquiry.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The uid of the review.
    pub uid: String,
    /// The answer, or what failed on the way.
    pub answer: Result<Answered, Unanswered>,
}

/// Why there is no answer, in the words of kube-apiserver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// There is no client to ask with.
    Client(String),
    /// The call failed.
    Call(String),
}

/// An answer as it came over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status code.
    pub code: u16,
    /// The content type.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

/// All inquiries about one request, and their answers so far.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    heard: Vec<(Inquiry, Heard)>,
    open: Vec<Inquiry>,
    n_rounds: usize,
}

impl Conversation {
    /// Takes out what has to be asked before the request can go on; nothing if it came to its end.
    #[must_use]
    pub fn take_open(&mut self) -> Vec<Inquiry> {
        self.n_rounds += 1;
        std::mem::take(&mut self.open)
    }

    /// Notes what came of a inquiry.
    pub fn hear(&mut self, inquiry: Inquiry, heard: Heard) {
        self.heard.push((inquiry, heard));
    }

    /// Whether something has to be asked.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// How much has to be asked.
    pub(in crate::store) fn n_open(&self) -> usize {
        self.open.len()
    }

    /// Whether so much was asked that the request can come to no end.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        self.n_rounds > ROUNDS_MAX
    }

    /// What came of `inquiry`; one that was not asked yet is now open.
    pub(in crate::store) fn heard(&mut self, inquiry: Inquiry) -> Option<&Heard> {
        let place = self.heard.iter().position(|(asked, _)| *asked == inquiry);
        let Some(place) = place else {
            if !self.open.contains(&inquiry) {
                self.open.push(inquiry);
            }
            return None;
        };
        Some(&self.heard[place].1)
    }
}
