//! Requests of parts, which carry values: they become text only on their way to another process.

use bytes::Bytes;
use http::HeaderValue;
use http::header::ACCEPT;
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::Empty;
use kube::Error;
use kube::core::{Status, request};
use serde::de::DeserializeOwned;
use tower::{BoxError, Service};

use super::PartClient;
use crate::http::direct::{Direct, Told};
use crate::http::service::ApiService;
use crate::json::Value;

/// Asks for no more of an object than its metadata. Source: `spec/kube-api.md` §1.6.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// A request as kube builds it.
pub(super) type Built = Result<http::Request<Vec<u8>>, request::Error>;

/// An answer: attached as a value, or as text.
pub(super) enum Answer {
    /// From this process.
    Told(Told),
    /// From another.
    Text(http::Response<kube::client::Body>),
}

/// The revision that an object has after a write; 0 if the answer does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written(pub u64);

/// Sends a write without asking for the object in return; `content` is its body, whatever `built` holds.
///
/// # Errors
/// The request cannot be built, or what the API answered.
pub async fn send(client: &PartClient, built: Built, content: Value) -> Result<Written, Error> {
    let mut built = built.map_err(Error::BuildRequest)?;
    let metadata = HeaderValue::from_static(METADATA);
    built.headers_mut().insert(ACCEPT, metadata);
    let answer = exchange(client, built, Some(content)).await?;
    let object = match answer {
        Answer::Told(Told::Object(object)) => object,
        Answer::Told(_) => Value::Null,
        Answer::Text(response) => read(response).await?,
    };
    let revision = object["metadata"]["resourceVersion"].as_str();
    let revision = revision.and_then(|revision| revision.parse().ok());
    Ok(Written(revision.unwrap_or(0)))
}

/// Deletes an object.
///
/// # Errors
/// The request cannot be built, or what the API answered.
pub async fn delete(client: &PartClient, built: Built) -> Result<(), Error> {
    let built = built.map_err(Error::BuildRequest)?;
    let options = serde_json::from_slice(built.body()).map_err(Error::SerdeError)?;
    exchange(client, built, Some(options)).await.map(drop)
}

/// Sends a request and takes its answer either way; `content` is its body, whatever `built` holds.
pub(super) async fn exchange(
    client: &PartClient,
    built: http::Request<Vec<u8>>,
    content: Option<Value>,
) -> Result<Answer, Error> {
    let (parts, _) = built.into_parts();
    if let Some(service) = client.service() {
        return tell(service, parts, content).await.map(Answer::Told);
    }
    let text = content.map(|value| value.to_string().into_bytes());
    let request = http::Request::from_parts(parts, text.unwrap_or_default().into());
    let response = client.kube().send(request).await?;
    if response.status().is_success() {
        return Ok(Answer::Text(response));
    }
    Err(Error::Api(Box::new(refusal(response).await?)))
}

/// Exchanges values with a server in this process.
async fn tell(
    mut service: ApiService,
    parts: http::request::Parts,
    content: Option<Value>,
) -> Result<Told, Error> {
    let mut request = http::Request::from_parts(parts, Empty::<Bytes>::new());
    request.extensions_mut().insert(Direct(content));
    let response = service.call(request).await;
    let mut response = response.map_err(|error| Error::Service(error.into()))?;
    match response.extensions_mut().remove::<Told>() {
        Some(told) => Ok(told),
        None => Err(Error::Api(Box::new(refusal(response).await?))),
    }
}

/// The Status of an answer that is a refusal.
async fn refusal<B>(response: http::Response<B>) -> Result<Status, Error>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let code = response.status();
    let text = text(response).await?;
    let status = serde_json::from_slice(&text);
    Ok(status.unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(&text);
        Status::failure(&text, "Failed to parse error data").with_code(code.as_u16())
    }))
}

/// Reads an answer that came as text.
pub(super) async fn read<T: DeserializeOwned>(
    response: http::Response<kube::client::Body>,
) -> Result<T, Error> {
    let text = text(response).await?;
    serde_json::from_slice(&text).map_err(Error::SerdeError)
}

async fn text<B>(response: http::Response<B>) -> Result<Bytes, Error>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let collected = response.into_body().collect().await;
    let collected = collected.map_err(|error| Error::Service(error.into()))?;
    Ok(collected.to_bytes())
}
