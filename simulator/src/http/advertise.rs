//! Where programs in the cluster reach the server: what is behind the Service `kubernetes`.
//!
//! Source: kubernetes v1.34 `pkg/controlplane/controller/kubernetesservice` and `pkg/controlplane/reconcilers`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use k8s_openapi::api::core::v1::{
    EndpointAddress, EndpointPort as OldEndpointPort, EndpointSubset, Endpoints, Service,
};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::core::NamespaceResourceScope;
use kube::{Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::service::ApiServer;

const NAME: &str = "kubernetes";
const MANAGER: &str = "kube-apiserver";
const PORT: &str = "https";
/// No host has this address; what would be sent to it leaves by the way of everything that leaves.
const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// Under which address others reach a server that listens there; `None` if this host has no way out.
#[must_use]
pub(super) fn reachable(listening: IpAddr) -> Option<IpAddr> {
    if !listening.is_unspecified() && !listening.is_loopback() {
        return Some(listening);
    }
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_loopback() && !own.is_unspecified()).then_some(own)
}

impl ApiServer {
    /// Puts an address behind the Service `kubernetes`.
    ///
    /// # Errors
    /// Whatever the API answers.
    pub async fn advertise(&self, address: SocketAddr) -> Result<(), kube::Error> {
        let client = self.client(MANAGER);
        put(&client, endpoints(address)).await?;
        put(&client, slice(address)).await?;
        let services: Api<Service> = Api::default_namespaced(client);
        let port =
            json!([{"op": "replace", "path": "/spec/ports/0/targetPort", "value": address.port()}]);
        let port = serde_json::from_value(port).map_err(kube::Error::SerdeError)?;
        let params = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Json::<()>(port);
        services.patch(NAME, &params, &patch).await.map(drop)
    }
}

/// Creates an object, or replaces the one that is there.
async fn put<K>(client: &Client, mut object: K) -> Result<(), kube::Error>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + Serialize
        + DeserializeOwned,
{
    let api: Api<K> = Api::default_namespaced(client.clone());
    let params = PostParams {
        field_manager: Some(MANAGER.to_owned()),
        ..PostParams::default()
    };
    match api.get_opt(NAME).await? {
        None => api.create(&params, &object).await.map(drop),
        Some(present) => {
            object.meta_mut().resource_version = present.meta().resource_version.clone();
            api.replace(NAME, &params, &object).await.map(drop)
        }
    }
}

fn metadata(label: (&str, &str)) -> ObjectMeta {
    ObjectMeta {
        name: Some(NAME.to_owned()),
        labels: Some([(label.0.to_owned(), label.1.to_owned())].into()),
        ..ObjectMeta::default()
    }
}

fn endpoints(address: SocketAddr) -> Endpoints {
    Endpoints {
        metadata: metadata(("endpointslice.kubernetes.io/skip-mirror", "true")),
        subsets: Some(vec![EndpointSubset {
            addresses: Some(vec![EndpointAddress {
                ip: address.ip().to_string(),
                ..EndpointAddress::default()
            }]),
            ports: Some(vec![OldEndpointPort {
                name: Some(PORT.to_owned()),
                port: address.port().into(),
                protocol: Some("TCP".to_owned()),
                ..OldEndpointPort::default()
            }]),
            ..EndpointSubset::default()
        }]),
    }
}

fn slice(address: SocketAddr) -> EndpointSlice {
    let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
    EndpointSlice {
        metadata: metadata(("kubernetes.io/service-name", NAME)),
        address_type: family.to_owned(),
        endpoints: vec![Endpoint {
            addresses: vec![address.ip().to_string()],
            conditions: Some(EndpointConditions {
                ready: Some(true),
                ..EndpointConditions::default()
            }),
            ..Endpoint::default()
        }],
        ports: Some(vec![EndpointPort {
            name: Some(PORT.to_owned()),
            port: Some(address.port().into()),
            protocol: Some("TCP".to_owned()),
            ..EndpointPort::default()
        }]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, EPOCH};

    #[test]
    fn an_address_of_the_network_is_itself() {
        let own = IpAddr::from([10, 1, 2, 3]);
        assert_eq!(reachable(own), Some(own));
        assert!(reachable(Ipv4Addr::LOCALHOST.into()).is_none_or(|own| !own.is_loopback()));
    }

    #[tokio::test]
    async fn a_server_that_moves_is_behind_its_service_again() {
        let server = ApiServer::new(Clock::virtual_from(EPOCH), 0);
        server.found();
        for port in [6443, 7443] {
            server
                .advertise(([10, 1, 2, 3], port).into())
                .await
                .unwrap();
            let client = server.client("someone");
            let slices: Api<EndpointSlice> = Api::default_namespaced(client.clone());
            let slice = slices.get(NAME).await.unwrap();
            assert_eq!(slice.ports.unwrap()[0].port, Some(port.into()));
            let services: Api<Service> = Api::default_namespaced(client);
            let service = services.get(NAME).await.unwrap();
            let target = service.spec.unwrap().ports.unwrap().remove(0).target_port;
            assert_eq!(json!(target), port);
        }
    }
}
