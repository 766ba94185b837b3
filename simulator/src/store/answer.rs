//! What the kernel answers, free of HTTP.

use std::sync::Arc;

use bytes::Bytes;

use super::object::Object;
use super::pod_log::Follow;
use super::watch::Cursor;
use crate::json::Value;

/// The answer to one accepted request.
#[derive(Debug)]
pub struct Reply {
    /// The body.
    pub answer: Answer,
    /// Texts of `warning` headers.
    pub warnings: Vec<String>,
}

/// The body of an answer.
#[derive(Debug)]
pub enum Answer {
    /// One object, with the HTTP status: 200 or 201.
    Object(u16, Arc<Object>),
    /// A page of a collection.
    List(Page),
    /// A `Status` of success, with the HTTP status.
    Done(u16, Value),
    /// Plain text.
    Text(Bytes),
    /// No body, since there is nobody to ask.
    Empty,
    /// A log that goes on, to be pulled from the kernel.
    Follow(Follow),
    /// A watch, to be pulled from the log.
    Watch(Cursor),
}

impl Answer {
    /// The HTTP status.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::Object(code, _) | Self::Done(code, _) => *code,
            Self::Empty => 204,
            Self::List(_) | Self::Text(_) | Self::Follow(_) | Self::Watch(_) => 200,
        }
    }
}

/// A page of a collection.
#[derive(Clone, Debug)]
pub struct Page {
    /// The objects, ordered by key.
    pub items: Vec<Arc<Object>>,
    /// The revision of the list.
    pub revision: u64,
    /// The `continue` token; `None` on the last page.
    pub token: Option<String>,
    /// How many objects the following pages hold, where that is known.
    pub remaining: Option<usize>,
}

/// Why a request changed nothing, and what its author was warned of before.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The answer.
    pub status: super::status::Status,
    /// Texts of `Warning` headers.
    pub warnings: Vec<String>,
}
