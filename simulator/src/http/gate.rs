//! What happens to every request that comes over the network, before and after the API answers it.
//!
//! Source: `spec/kube-api.md` §1.1, §1.5, §1.21.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, HeaderName, WARNING};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::ext::ReasonPhrase;
use sha2::{Digest, Sha256};
use tower::{BoxError, Service};

use super::{response, warning};
use crate::ids::Ids;
use crate::store::status::Status;

/// The largest request body, in bytes.
const BODY_LIMIT_BYTES: usize = 3 * 1024 * 1024;

/// What HTTP/1 says of a body that is larger, as it was called before RFC 9110.
///
/// Source: Go 1.24 `net/http`, `StatusText`.
const TOO_LARGE: &[u8] = b"Request Entity Too Large";
/// What is said of a token that does not count.
const MISPLACED: &str = "the provided Authorization header contains extra space before the bearer token, and is ignored";

const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");

/// The body of an answer that leaves the gate.
pub(crate) type GateBody = UnsyncBoxBody<Bytes, BoxError>;

/// Lets requests with the right token through to a service, with their bodies read and bounded.
#[derive(Clone)]
pub(crate) struct Gate<S> {
    inner: S,
    shared: Arc<Shared>,
}

/// The token that opens a gate, which the gate tells with each request: as a digest, so that a comparison takes equally
/// long for every wrong token.
#[derive(Clone)]
pub(crate) struct OwnToken([u8; 32]);

impl OwnToken {
    fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Whether `token` is the one.
    pub(crate) fn is(&self, token: &[u8]) -> bool {
        self.0 == Self::of(token).0
    }
}

struct Shared {
    token: OwnToken,
    ids: Mutex<Ids>,
}

impl<S> Gate<S> {
    /// A gate that `token` opens; audit ids come from `ids`.
    pub(crate) fn new(inner: S, token: &str, ids: Ids) -> Self {
        let shared = Shared {
            token: OwnToken::of(token.as_bytes()),
            ids: Mutex::new(ids),
        };
        Self {
            inner,
            shared: Arc::new(shared),
        }
    }
}

impl Shared {
    fn admits<B>(&self, request: &Request<B>) -> bool {
        match credentials(request.headers()) {
            Credentials::None | Credentials::Misplaced => is_public(request.uri().path()),
            Credentials::Bearer(token) => is_of_account(token) || self.token.is(token),
        }
    }

    fn audit_id(&self) -> HeaderValue {
        let id = self.ids.lock().expect("no holder of the ids panics").uid();
        let id = HeaderValue::from_str(&id);
        let mut id = id.expect("a uid is made of hex digits and dashes");
        // It never comes again, so that HTTP/2 need not remember it.
        id.set_sensitive(true);
        id
    }
}

/// Whether a path may be read without credentials.
///
/// Source: kubernetes v1.34 `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`, `system:public-info-viewer`.
fn is_public(path: &str) -> bool {
    matches!(
        path,
        "/version" | "/version/" | "/healthz" | "/livez" | "/readyz"
    )
}

/// Whether a token looks like one that a service account was granted; the API itself decides whether it was.
pub(super) fn is_of_account(token: &[u8]) -> bool {
    token.iter().filter(|byte| **byte == b'.').count() == 2
}

/// What a request brings to say who makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credentials<'r> {
    /// Nothing that anybody reads.
    None,
    /// A token behind more spaces than one, which does not count.
    Misplaced,
    /// A token.
    Bearer(&'r [u8]),
}

/// The credentials among the headers of a request.
///
/// Source: apiserver v0.34.3, pkg/authentication/request/bearertoken/bearertoken.go, `AuthenticateRequest`.
pub(super) fn credentials(headers: &HeaderMap) -> Credentials<'_> {
    let value = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let mut parts = value
        .unwrap_or_default()
        .trim_ascii()
        .splitn(3, |byte| *byte == b' ');
    let scheme = parts.next().unwrap_or_default();
    match parts.next() {
        Some(_) if !scheme.eq_ignore_ascii_case(b"bearer") => Credentials::None,
        Some(b"") => Credentials::Misplaced,
        Some(token) => Credentials::Bearer(token),
        None => Credentials::None,
    }
}

impl<S, B, R> Service<Request<B>> for Gate<S>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    S: Service<Request<Full<Bytes>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<GateBody>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let shared = Arc::clone(&self.shared);
        let audit_id = request.headers().get(AUDIT_ID).cloned();
        let is_misplaced = credentials(request.headers()) == Credentials::Misplaced;
        Box::pin(async move {
            let mut response = if shared.admits(&request) {
                let (mut parts, body) = request.into_parts();
                parts.extensions.insert(shared.token.clone());
                let accept = parts.headers.get(ACCEPT).cloned();
                match read(body).await? {
                    Ok(body) => inner
                        .call(Request::from_parts(parts, Full::new(body)))
                        .await
                        .map_err(Into::into)?
                        .map(|body| body.map_err(Into::into).boxed_unsync()),
                    Err(too_large) => refusal(accept.as_ref(), &too_large),
                }
            } else {
                refusal(request.headers().get(ACCEPT), &unauthorized())
            };
            if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let phrase = ReasonPhrase::from_static(TOO_LARGE);
                response.extensions_mut().insert(phrase);
            }
            let headers = response.headers_mut();
            headers.insert(AUDIT_ID, audit_id.unwrap_or_else(|| shared.audit_id()));
            if is_misplaced {
                let told = warning::headers(&[MISPLACED.to_owned()]);
                headers.extend(told.into_iter().map(|told| (WARNING, told)));
            }
            headers
                .entry(CACHE_CONTROL)
                .or_insert(HeaderValue::from_static("no-cache, private"));
            Ok(response)
        })
    }
}

/// Reads a request body; the inner error is the answer to one that is too large, the outer one a broken connection.
async fn read<B>(body: B) -> Result<Result<Bytes, Status>, BoxError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    match Limited::new(body, BODY_LIMIT_BYTES).collect().await {
        Ok(collected) => Ok(Ok(collected.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Ok(Err(too_large())),
        Err(error) => Err(error),
    }
}

fn refusal(accept: Option<&HeaderValue>, status: &Status) -> Response<GateBody> {
    response::refusal(accept, status).map(|body| body.map_err(Into::into).boxed_unsync())
}

/// 401 for a token that nobody knows.
pub(super) fn unauthorized() -> Status {
    Status {
        code: 401,
        reason: "Unauthorized".into(),
        message: "Unauthorized".to_owned(),
        details: None,
    }
}

fn too_large() -> Status {
    Status {
        code: 413,
        reason: "RequestEntityTooLarge".into(),
        message: format!("Request entity too large: limit is {BODY_LIMIT_BYTES}"),
        details: None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tower::ServiceExt;

    use super::*;
    use crate::json::Value;

    async fn echo(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, BoxError> {
        let n_bytes = request.into_body().collect().await?.to_bytes().len();
        Ok(Response::new(Full::from(format!("{{\"n\":{n_bytes}}}"))))
    }

    async fn ask(path: &str, authorization: Option<&str>, n_bytes: usize) -> (u16, Value, usize) {
        let mut request = Request::post(path);
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(Full::from(vec![b' '; n_bytes])).unwrap();
        let gate = Gate::new(tower::service_fn(echo), "secret", Ids::new(1));
        let response = gate.oneshot(request).await.unwrap();
        let (code, audit_id) = (
            response.status().as_u16(),
            response.headers()[AUDIT_ID].len(),
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (code, serde_json::from_slice(&body).unwrap(), audit_id)
    }

    #[rstest]
    #[case("/api", Some("Bearer secret"), 200)]
    #[case("/api", Some("bearer secret"), 200)]
    #[case("/api", Some("Bearer wrong"), 401)]
    #[case("/api", Some("Basic secret"), 401)]
    #[case("/api", Some("Bearer"), 401)]
    #[case("/api", None, 401)]
    #[case("/version", None, 200)]
    #[case("/readyz", None, 200)]
    #[case("/readyz/etcd", None, 401)]
    #[case("/version", Some("Bearer wrong"), 401)]
    #[case("/version", Some("Bearer  wrong"), 200)]
    #[case("/version", Some("Basic secret"), 200)]
    #[case("/api", Some("Bearer  secret"), 401)]
    #[case("/api", Some(" Bearer secret and more"), 200)]
    #[tokio::test]
    async fn only_the_token_opens_the_gate(
        #[case] path: &str,
        #[case] authorization: Option<&str>,
        #[case] code: u16,
    ) {
        assert_eq!(ask(path, authorization, 0).await.0, code);
    }

    #[tokio::test]
    async fn a_refusal_is_a_status_with_an_audit_id() {
        let (_, body, audit_id) = ask("/api", None, 0).await;
        let expected = crate::json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "Unauthorized", "reason": "Unauthorized", "code": 401,
        });
        assert_eq!((body, audit_id), (expected, 36));
    }

    #[rstest]
    #[case(3_145_728, 200, "null")]
    #[case(3_145_729, 413, "\"Request entity too large: limit is 3145728\"")]
    #[tokio::test]
    async fn a_body_may_have_three_mebibytes(
        #[case] n_bytes: usize,
        #[case] code: u16,
        #[case] message: &str,
    ) {
        let (answered, body, _) = ask("/api", Some("Bearer secret"), n_bytes).await;
        assert_eq!(
            (answered, body["message"].to_string()),
            (code, message.to_owned())
        );
    }
}
