//! One of the two servers that get the same requests.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use kube::client::ConfigExt;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::util::BoxCloneService;
use tower::{BoxError, ServiceExt};

use super::body;
use crate::access::User;
use crate::clock::Clock;
use crate::http::gate::Gate;
use crate::http::service::ApiServer;
use crate::ids::Ids;

/// The token that both servers take for one of `system:masters`.
pub const TOKEN: &str = "parity";
/// How long an answer, or the next event of a watch, may take.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// The body of an answer.
pub type AnswerBody = UnsyncBoxBody<Bytes, BoxError>;

/// Why a server gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be written down.
    #[error("write the request")]
    Request(#[from] http::Error),
    /// It cannot be reached, or broke off.
    #[error("no answer")]
    Broken(#[source] BoxError),
    /// It takes too long.
    #[error("no answer within {} s", ANSWER_LIMIT.as_secs())]
    Late,
    /// The client for it cannot be made.
    #[error("make a client")]
    Client(#[source] kube::Error),
}

/// One of the two servers; clones reach the same.
#[derive(Clone)]
pub struct Peer {
    origin: String,
    service: BoxCloneService<Request<Full<Bytes>>, Response<AnswerBody>, BoxError>,
}

/// The head of an answer, with its body yet to be read.
pub struct Answer {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: AnswerBody,
}

impl Peer {
    /// A simulated server of its own, on `clock`, with what a real one begins with.
    #[must_use]
    pub fn simulated(clock: Clock, seed: u64) -> Self {
        let server = ApiServer::new(clock, seed);
        server.found();
        let gate = Gate::new(server.service_of("parity", user()), TOKEN, Ids::new(!seed));
        Self {
            origin: String::new(),
            service: BoxCloneService::new(gate),
        }
    }

    /// The server at `origin`, whose certificate is its own.
    ///
    /// # Errors
    /// [`Error::Client`] if there is no TLS to be had.
    pub fn real(origin: &str) -> Result<Self, Error> {
        let uri = origin.parse().map_err(http::Error::from)?;
        let mut config = kube::Config::new(uri);
        config.accept_invalid_certs = true;
        let connector = config.rustls_https_connector().map_err(Error::Client)?;
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let boxed = client
            .map_response(|response: Response<hyper::body::Incoming>| {
                response.map(|body| body.map_err(Into::into).boxed_unsync())
            })
            .map_err(Into::into);
        Ok(Self {
            origin: origin.to_owned(),
            service: BoxCloneService::new(boxed),
        })
    }

    /// Scheme, host and port; empty for a simulated one.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Sends a request, to a path at this server, and returns the head of the answer.
    ///
    /// # Errors
    /// There is none, or not in time.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Bytes,
    ) -> Result<Answer, Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.origin));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body))?;
        let answer = timeout(ANSWER_LIMIT, self.service.clone().oneshot(request)).await;
        let response = answer.map_err(|_| Error::Late)?.map_err(Error::Broken)?;
        let (parts, body) = response.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }
}

/// The user that the token of the real server is for.
fn user() -> User {
    User {
        name: TOKEN.to_owned(),
        uid: TOKEN.to_owned(),
        ..User::admin()
    }
}

impl Answer {
    /// Reads the body and sets down what is compared: status code, content type, warnings, body.
    ///
    /// # Errors
    /// The body breaks off, or does not end in time.
    pub async fn record(self) -> Result<Value, Error> {
        let mut record = head(self.status, &self.headers);
        let collected = timeout(ANSWER_LIMIT, self.body.collect()).await;
        let collected = collected.map_err(|_| Error::Late)?.map_err(Error::Broken)?;
        let content_type = record["contentType"].as_str().unwrap_or_default();
        record["body"] = body::read(content_type, &collected.to_bytes());
        Ok(record)
    }
}

/// What of the head of an answer is compared.
#[must_use]
pub fn head(status: StatusCode, headers: &HeaderMap) -> Value {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let content_type = headers.get(http::header::CONTENT_TYPE).map(text);
    let warnings: Vec<_> = headers
        .get_all(http::header::WARNING)
        .iter()
        .map(text)
        .collect();
    json!({"status": status.as_u16(), "contentType": content_type, "warnings": warnings})
}
