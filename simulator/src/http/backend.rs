//! What stands behind the Services of a cluster, where the API server itself calls them: nothing, or a tower service.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Request, Response};
use tower::util::BoxCloneService;
use tower::{BoxError, Service, ServiceExt};

use super::service::ApiServer;
use crate::store::object::{Key, Object};

/// Answers calls in place of the pods behind a Service.
pub type Backend = BoxCloneService<Request<Bytes>, Response<Bytes>, BoxError>;

/// Every backend, by namespace and name of its Service.
#[derive(Clone, Default)]
pub(crate) struct Backends(BTreeMap<(String, String), Backend>);

impl ApiServer {
    /// From now on `backend` answers the webhooks that are called through a Service, which must be there to be found: no
    /// socket is opened and no certificate looked at. What it fails with is told as why the call failed; in virtual
    /// time it may take as long as it likes.
    ///
    /// Forks of this cluster share it.
    pub fn set_backend<S>(&self, namespace: &str, name: &str, backend: S)
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<BoxError>,
    {
        let key = (namespace.to_owned(), name.to_owned());
        let backend = BoxCloneService::new(backend.map_err(Into::into));
        self.lock().backends.0.insert(key, backend);
    }

    /// What stands behind a Service.
    ///
    /// # Errors
    /// Why it cannot be reached, in the words of kube-apiserver.
    pub(super) fn backend(
        &self,
        namespace: &str,
        name: &str,
        port: i64,
    ) -> Result<Backend, String> {
        let state = self.lock();
        let key = Key::new(namespace, name);
        let behind = (namespace.to_owned(), name.to_owned());
        let services = state.kernel.registry().get("", "v1", "services").table;
        let Some(service) = state.kernel.log().get(services, &key) else {
            return Err(format!("service {name:?} not found"));
        };
        let address = address(service, port)?;
        let backend = state.backends.0.get(&behind);
        let refused = || format!("dial tcp {address}:{port}: connect: connection refused");
        backend.cloned().ok_or_else(refused)
    }
}

/// The address under which a port of a Service is reached.
///
/// Source: apiserver v0.34.3, pkg/util/proxy/proxy.go, `ResolveCluster`.
fn address(service: &Object, port: i64) -> Result<&str, String> {
    let spec = &service.value()["spec"];
    let address = spec["clusterIP"].as_str().unwrap_or_default();
    if spec["type"] == "ExternalName" {
        let why =
            "the simulated API server does not call Services of type ExternalName; see FIDELITY.md";
        return Err(why.to_owned());
    }
    if address == "None" {
        return Err("cannot route to service with ClusterIP \"None\"".to_owned());
    }
    let mut ports = spec["ports"].as_array().into_iter().flatten();
    if !ports.any(|known| known["port"] == port) {
        let name = service.name();
        return Err(format!("no service port {port} found for service {name:?}"));
    }
    Ok(address)
}
