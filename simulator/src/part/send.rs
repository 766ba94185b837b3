//! Writes after which nobody looks at the object.

use http::HeaderValue;
use http::header::ACCEPT;
use kube::core::request;
use kube::{Client, Error};
use serde::Deserialize;

/// Asks for no more of an object than its metadata. Source: `spec/kube-api.md` §1.6.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// The answer to a write.
pub struct Written(String);

#[derive(Deserialize)]
struct Answer {
    metadata: Stamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stamp {
    resource_version: String,
}

impl Written {
    /// The revision that the object has now; 0 if the answer does not tell.
    #[must_use]
    pub fn revision(&self) -> u64 {
        let answer: Result<Answer, _> = serde_json::from_str(&self.0);
        answer.map_or(0, |answer| {
            answer.metadata.resource_version.parse().unwrap_or(0)
        })
    }
}

/// Sends a write without asking for the object in return.
///
/// # Errors
/// The request cannot be built, or what the API answered.
pub async fn send(
    client: &Client,
    request: Result<http::Request<Vec<u8>>, request::Error>,
) -> Result<Written, Error> {
    let mut request = request.map_err(Error::BuildRequest)?;
    let metadata = HeaderValue::from_static(METADATA);
    request.headers_mut().insert(ACCEPT, metadata);
    client.request_text(request).await.map(Written)
}
