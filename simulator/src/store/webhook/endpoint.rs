//! Where a webhook is.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::json::Value;

/// Where a webhook is and how it is called, as its configuration says.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// The address.
    pub address: Address,
    /// Whose certificates are trusted, in PEM; nothing for those of the system.
    pub authority_pem: Vec<u8>,
    /// How long an answer may take.
    pub timeout_seconds: i64,
}

/// The address of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A URL, with `https` and without a query.
    Url(String),
    /// A Service of the cluster.
    Service {
        /// Where the Service lies.
        namespace: String,
        /// What it is called.
        name: String,
        /// The port of the Service.
        port: i64,
        /// The path, with or without a slash at its start.
        path: String,
    },
}

impl Endpoint {
    /// Reads a `clientConfig` that validation has passed.
    pub(in crate::store) fn read(config: &Value, timeout_seconds: i64) -> Self {
        let service = &config["service"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let address = match config["url"].as_str() {
            Some(url) => Address::Url(url.to_owned()),
            None => Address::Service {
                namespace: text(&service["namespace"]),
                name: text(&service["name"]),
                port: service["port"].as_i64().unwrap_or(443),
                path: text(&service["path"]),
            },
        };
        let bundle = config["caBundle"].as_str().unwrap_or_default();
        Self {
            address,
            authority_pem: BASE64_STANDARD.decode(bundle).unwrap_or_default(),
            timeout_seconds,
        }
    }

    /// The URL that is posted to.
    #[must_use]
    pub fn url(&self) -> String {
        let seconds = self.timeout_seconds;
        let base = match &self.address {
            Address::Url(url) => url.clone(),
            Address::Service {
                namespace,
                name,
                port,
                path,
            } => format!(
                "https://{name}.{namespace}.svc:{port}/{}",
                path.trim_start_matches('/')
            ),
        };
        format!("{base}?timeout={seconds}s")
    }
}
