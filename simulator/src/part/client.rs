//! A part's way to the API.

use kube::Client;

use crate::http::service::ApiService;

/// A way to the API: to a server in this process, which exchanges values with its parts, or to any other.
#[derive(Clone)]
pub struct PartClient {
    kube: Client,
    direct: Option<ApiService>,
}

impl PartClient {
    /// A way to a server in this process.
    ///
    /// Must be called within a tokio runtime, on which kube places its request queue.
    #[must_use]
    pub fn direct(service: ApiService) -> Self {
        Self {
            kube: Client::new(service.clone(), "default"),
            direct: Some(service),
        }
    }

    /// The same way for what kube builds itself, always as text.
    #[must_use]
    pub fn kube(&self) -> Client {
        self.kube.clone()
    }

    /// The server, if it is in this process.
    pub(super) fn service(&self) -> Option<ApiService> {
        self.direct.clone()
    }
}

/// A way to some server, as text.
impl From<Client> for PartClient {
    fn from(kube: Client) -> Self {
        Self { kube, direct: None }
    }
}
