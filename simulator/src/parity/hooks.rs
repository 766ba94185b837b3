//! Webhooks that both servers call: they answer what a case says, and remember what they were asked.

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::http::certificate::{self, Identity, identity};

/// Why there are no webhooks.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No port can be had.
    #[error("listen for webhooks")]
    Listen(#[from] io::Error),
    /// They have no certificate.
    #[error(transparent)]
    Certificate(#[from] certificate::Error),
}

/// The webhooks of one server, on a port of their own for as long as this is held.
pub struct Hooks {
    origin: String,
    authority: String,
    told: Arc<Mutex<Told>>,
    task: JoinHandle<()>,
}

/// What webhooks answer and were asked, by path.
#[derive(Default)]
struct Told {
    answers: BTreeMap<String, Value>,
    heard: BTreeMap<String, Vec<Value>>,
}

/// The webhooks of one case.
#[derive(Clone, Copy)]
pub struct HooksOf<'a> {
    hooks: &'a Hooks,
    namespace: &'a str,
}

impl Drop for Hooks {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hooks {
    /// Two of them, with the same authority behind their certificates.
    ///
    /// # Errors
    /// There is no port, or no certificate.
    pub async fn pair() -> Result<[Self; 2], Error> {
        let identity = identity(&[Ipv4Addr::LOCALHOST.into()])?;
        Ok([
            Self::listen(&identity).await?,
            Self::listen(&identity).await?,
        ])
    }

    async fn listen(identity: &Identity) -> Result<Self, Error> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let origin = format!("https://{}", socket.local_addr()?);
        let told = Arc::new(Mutex::new(Told::default()));
        let acceptor = TlsAcceptor::from(Arc::clone(&identity.tls));
        let serving = serve(socket, acceptor, Arc::clone(&told));
        Ok(Self {
            origin,
            authority: BASE64_STANDARD.encode(&identity.authority_pem),
            told,
            task: tokio::spawn(serving),
        })
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The authority behind their certificates, as a `caBundle`.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Those of the case that is played in `namespace`.
    #[must_use]
    pub fn of<'a>(&'a self, namespace: &'a str) -> HooksOf<'a> {
        HooksOf {
            hooks: self,
            namespace,
        }
    }
}

impl HooksOf<'_> {
    /// What the URLs of these webhooks begin with.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.hooks.origin, self.namespace)
    }

    /// From now on the webhook `name` gives this answer: the fields of a `response`, where a `patch` may be a list of
    /// operations; or `raw`, a text, with a `code` and a `type`; or `hang`. Asked to convert objects it does so: `move`
    /// says how a field of their `spec` is called in which version, `merge` is merged into each, and `review` into the
    /// answer.
    pub fn set(&self, name: &str, answer: Value) {
        let path = self.path(name);
        locked(&self.hooks.told).answers.insert(path, answer);
    }

    /// What the webhook `name` has been asked so far.
    #[must_use]
    pub fn heard(&self, name: &str) -> Vec<Value> {
        let told = locked(&self.hooks.told);
        told.heard
            .get(&self.path(name))
            .cloned()
            .unwrap_or_default()
    }

    fn path(&self, name: &str) -> String {
        format!("/{}/{name}", self.namespace)
    }
}

fn locked(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(socket: TcpListener, acceptor: TlsAcceptor, told: Arc<Mutex<Told>>) {
    loop {
        match socket.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, acceptor.clone(), Arc::clone(&told)));
            }
            Err(error) => tracing::warn!(%error, "accept a call of a webhook"),
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, told: Arc<Mutex<Told>>) {
    let stream = match acceptor.accept(stream).await {
        Ok(stream) => stream,
        Err(error) => return tracing::debug!(%error, "greet a server that calls a webhook"),
    };
    let service = service_fn(move |request| answer(request, Arc::clone(&told)));
    let builder = auto::Builder::new(TokioExecutor::new());
    let served = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(error, "answer as a webhook");
    }
}

async fn answer(
    request: Request<Incoming>,
    told: Arc<Mutex<Told>>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (path, query) = (request.uri().path().to_owned(), request.uri().query());
    let headers = request.headers();
    let header = |name: &str| {
        headers
            .get(name)
            .map(|text| String::from_utf8_lossy(text.as_bytes()).into_owned())
    };
    let mut heard = json!({
        "method": request.method().as_str(), "query": query, "agent": header("user-agent"),
        "accept": header("accept"), "type": header("content-type"),
    });
    let body = request.into_body().collect().await?.to_bytes();
    let review: Value = serde_json::from_slice(&body).unwrap_or_default();
    heard["review"] = review.clone();
    let answer = {
        let mut told = locked(&told);
        told.heard.entry(path.clone()).or_default().push(heard);
        told.answers.get(&path).cloned()
    };
    Ok(match answer {
        None => response(404, "text/plain", "there is no such webhook".to_owned()),
        Some(answer) if answer["hang"] == true => pending().await,
        Some(answer) => written(answer, &review),
    })
}

fn written(mut answer: Value, review: &Value) -> Response<Full<Bytes>> {
    if let Some(raw) = answer["raw"].as_str() {
        let code = answer["code"]
            .as_u64()
            .and_then(|code| code.try_into().ok());
        let media_type = answer["type"].as_str().unwrap_or("application/json");
        return response(code.unwrap_or(200), media_type, raw.to_owned());
    }
    if answer["patch"].is_array() {
        answer["patch"] = BASE64_STANDARD.encode(answer["patch"].to_string()).into();
        answer["patchType"] = "JSONPatch".into();
    }
    if answer.get("uid").is_none() {
        answer["uid"] = review["request"]["uid"].clone();
    }
    if review["kind"] == "ConversionReview" {
        let review = converted(&answer, review);
        return response(200, "application/json", review.to_string());
    }
    let review = json!({
        "kind": "AdmissionReview", "apiVersion": review["apiVersion"], "response": answer,
    });
    response(200, "application/json", review.to_string())
}

/// A review with its objects in the version that is wanted.
fn converted(answer: &Value, review: &Value) -> Value {
    let api_version = &review["request"]["desiredAPIVersion"];
    let version = api_version.as_str().unwrap_or_default();
    let (_, version) = version.rsplit_once('/').unwrap_or_default();
    let objects = review["request"]["objects"]
        .as_array()
        .into_iter()
        .flatten();
    let objects = objects.map(|object| {
        let mut object = object.clone();
        object["apiVersion"] = api_version.clone();
        let names = answer["move"].as_object().into_iter().flatten();
        let others = names.filter(|(other, _)| *other != version);
        for name in others.filter_map(|(_, name)| name.as_str()) {
            let spec = object["spec"].as_object_mut();
            let moved = spec.and_then(|spec| spec.remove(name));
            if let (Some(moved), Some(name)) = (moved, answer["move"][version].as_str()) {
                object["spec"][name] = moved;
            }
        }
        merge(&mut object, &answer["merge"]);
        object
    });
    let mut review = json!({
        "kind": "ConversionReview", "apiVersion": review["apiVersion"],
        "response": {
            "uid": answer["uid"], "result": {"status": "Success"}, "convertedObjects": objects.collect::<Vec<_>>(),
        },
    });
    merge(&mut review, &answer["review"]);
    review
}

/// Merges a patch into a value as JSON merge patches are.
fn merge(value: &mut Value, patch: &Value) {
    for (name, field) in patch.as_object().into_iter().flatten() {
        match field {
            Value::Null => {
                value.as_object_mut().map(|fields| fields.remove(name));
            }
            Value::Object(_) if value[name].is_object() => merge(&mut value[name], field),
            other => value[name] = other.clone(),
        }
    }
}

fn response(code: u16, media_type: &str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(media_type) = HeaderValue::from_str(media_type) {
        response.headers_mut().insert(CONTENT_TYPE, media_type);
    }
    response
}
