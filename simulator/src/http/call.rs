//! A request, as the server reads it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};

use super::direct::Direct;
use super::gate::OwnToken;
use crate::access::User;
use crate::json::Value;

/// The parts of a request that the server reads.
pub(crate) struct Call {
    pub(crate) actor: Arc<str>,
    pub(crate) user: Arc<User>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the client takes values, and what it sends as one.
    pub(crate) direct: Option<Direct>,
    /// The token of the server's own user, where the call came over the network.
    pub(crate) own_token: Option<OwnToken>,
}

impl Call {
    /// The body as a value, where it came as one.
    pub(crate) fn value(&self) -> Option<&Value> {
        self.direct.as_ref()?.0.as_ref()
    }

    /// A header as text, empty if absent or not text.
    pub(crate) fn header(&self, name: http::HeaderName) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}
