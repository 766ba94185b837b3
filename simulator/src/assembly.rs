//! The parts of a whole cluster, and the kinds that they need.

use http::Request;
use kube::Client;
use serde_json::Value;

use crate::argo;
use crate::clock::Clock;
use crate::collector::{GarbageCollector, Namespaces, ServiceAccounts, VolumeBinder};
use crate::kubelet::Kubelet;
use crate::operator;
use crate::outcomes::{Book, MadeUp};
use crate::part::Part;

/// What may be left out of a cluster, or be replaced by the real thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum PartName {
    /// The ARC operator.
    Operator,
    /// The Argo controller.
    Argo,
    /// Nodes and what runs on them.
    Kubelet,
    /// Garbage collection, namespaces, service accounts, volumes.
    Collectors,
}

/// What the parts of one cluster share.
pub struct Plan {
    /// What containers do.
    pub outcomes: Book,
    /// Where made up values are noted.
    pub made_up: MadeUp,
    /// The time of the cluster.
    pub clock: Clock,
}

/// A part and its way to the API.
pub struct Assembled {
    /// The part.
    pub part: Box<dyn Part>,
    /// Its client, known to the event log by the part's name.
    pub client: Client,
}

/// Every part but those of `without`, each with a client that `connect` makes for its name.
pub fn parts(
    plan: &Plan,
    without: &[PartName],
    connect: impl Fn(&str) -> Client,
) -> Vec<Assembled> {
    let mut parts = Vec::new();
    let mut add = |name: PartName, actor: &str, make: &dyn Fn(Client) -> Box<dyn Part>| {
        if !without.contains(&name) {
            let client = connect(actor);
            parts.push(Assembled {
                part: make(client.clone()),
                client,
            });
        }
    };
    add(PartName::Collectors, "garbage-collector", &|client| {
        Box::new(GarbageCollector::new(client))
    });
    add(PartName::Collectors, "namespaces", &|client| {
        Box::new(Namespaces::new(client))
    });
    add(PartName::Collectors, "service-accounts", &|client| {
        Box::new(ServiceAccounts::new(client))
    });
    add(PartName::Collectors, "volume-binder", &|client| {
        Box::new(VolumeBinder::new(client))
    });
    add(PartName::Kubelet, "kubelet", &|client| {
        Box::new(Kubelet::new(
            client,
            plan.outcomes.clone(),
            plan.made_up.clone(),
        ))
    });
    add(PartName::Argo, "argo", &|client| {
        Box::new(argo::ArgoController::new(client))
    });
    add(PartName::Operator, "operator", &|client| {
        Box::new(operator::Operator::new(client, plan.clock.clone()))
    });
    parts
}

/// The kinds could not be installed, which is a fault of this program.
#[derive(Debug, thiserror::Error)]
#[error("install {name}")]
pub struct InstallError {
    name: String,
    source: kube::Error,
}

/// Installs the CustomResourceDefinitions of Argo and of ARC.
///
/// # Errors
/// The API server refuses one.
pub async fn install(client: &Client) -> Result<(), InstallError> {
    for crd in argo::crds().into_iter().chain(operator::crds()) {
        let name = crd["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let request = Request::post(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldManager=arcsim",
        )
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(crd.to_string().into_bytes())
        .expect("the path is a valid URI");
        client
            .request::<Value>(request)
            .await
            .map_err(|source| InstallError { name, source })?;
    }
    Ok(())
}
