//! The parts of a whole cluster, and the kinds that they need.

use http::Request;
use tokio::sync::OnceCell;

use crate::argo::{self, ArgoController, CronController};
use crate::clock::{Clock, EPOCH};
use crate::collector::{GarbageCollector, Namespaces, Quotas, ServiceAccounts, VolumeBinder};
use crate::http::service::ApiServer;
use crate::json::Value;
use crate::kubelet::Kubelet;
use crate::operator::{self, Operator};
use crate::outcomes::{MadeUp, Script};
use crate::part::{self, Part, PartClient};

/// What may be left out of a cluster, or be replaced by the real thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum PartName {
    /// The ARC operator.
    Operator,
    /// The Argo controller.
    Argo,
    /// Nodes and what runs on them.
    Kubelet,
    /// Garbage collection, namespaces, service accounts, volumes, quotas.
    Collectors,
}

/// What the parts of one cluster share.
#[derive(Clone)]
pub struct Shared {
    /// What containers do.
    pub outcomes: Script,
    /// Where made up values are noted.
    pub made_up: MadeUp,
    /// The time of the cluster, as the program's own clock tells it.
    pub clock: Clock,
    /// The certificate that pods are to trust, as PEM; empty where the API has no address.
    pub authority_pem: String,
}

/// One of the programs that make up a [`PartName`].
#[derive(Clone, Copy)]
pub struct Actor {
    /// What it belongs to.
    pub part: PartName,
    /// Its name in the event log.
    pub actor: &'static str,
    make: fn(PartClient, &Shared) -> Box<dyn Part>,
}

impl Actor {
    /// The program, which reaches the API through `client`.
    #[must_use]
    pub fn make(&self, client: PartClient, shared: &Shared) -> Box<dyn Part> {
        (self.make)(client, shared)
    }
}

/// Every program of a whole cluster.
pub const ACTORS: [Actor; 9] = [
    Actor {
        part: PartName::Collectors,
        actor: "garbage-collector",
        make: |client, _| Box::new(GarbageCollector::new(client.kube())),
    },
    Actor {
        part: PartName::Collectors,
        actor: "namespaces",
        make: |client, _| Box::new(Namespaces::new(client.kube())),
    },
    Actor {
        part: PartName::Collectors,
        actor: "service-accounts",
        make: |client, shared| {
            Box::new(ServiceAccounts::new(
                client.kube(),
                shared.authority_pem.clone(),
            ))
        },
    },
    Actor {
        part: PartName::Collectors,
        actor: "volume-binder",
        make: |client, _| Box::new(VolumeBinder::new(client.kube())),
    },
    Actor {
        part: PartName::Collectors,
        actor: "resourcequota-controller",
        make: |client, _| Box::new(Quotas::new(client.kube())),
    },
    Actor {
        part: PartName::Kubelet,
        actor: "kubelet",
        make: |client, shared| {
            Box::new(Kubelet::new(
                client,
                shared.outcomes.clone(),
                shared.made_up.clone(),
            ))
        },
    },
    Actor {
        part: PartName::Argo,
        actor: "argo",
        make: |client, _| Box::new(ArgoController::new(client, argo::Settings::default())),
    },
    Actor {
        part: PartName::Argo,
        actor: "argo-cron",
        make: |client, _| Box::new(CronController::new(client.kube())),
    },
    Actor {
        part: PartName::Operator,
        actor: "operator",
        make: |client, shared| Box::new(Operator::new(client.kube(), shared.clock.clone())),
    },
];

/// A second operator beside the first, as if neither heeded their lease; no cluster has it by itself.
///
/// Source: `spec/kube-api.md` §5.2 F7.
pub const SECOND_OPERATOR: Actor = Actor {
    part: PartName::Operator,
    actor: "second-operator",
    make: |client, shared| {
        let operator = Operator::new(client.kube(), shared.clock.clone());
        Box::new(operator.named(SECOND_OPERATOR.actor))
    },
};

/// The kinds could not be installed, which is a fault of this program.
#[derive(Debug, thiserror::Error)]
#[error("install {name}")]
pub struct InstallError {
    name: String,
    source: kube::Error,
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// The API server that [`installed`] gives out.
static INSTALLED: OnceCell<ApiServer> = OnceCell::const_new();

/// An API server at the epoch with the kinds of Argo and ARC, for every cluster of this process to begin as a fork of:
/// reading their schemas takes many times longer than a fork.
///
/// # Errors
/// The API server refuses a kind.
pub async fn installed() -> Result<&'static ApiServer, InstallError> {
    let make = || async {
        let server = ApiServer::new(Clock::virtual_from(EPOCH), 0);
        install(&server).await?;
        Ok(server)
    };
    INSTALLED.get_or_try_init(make).await
}

/// Installs what every cluster begins with, and the CustomResourceDefinitions of Argo and of ARC.
///
/// # Errors
/// The API server refuses one.
pub async fn install(server: &ApiServer) -> Result<(), InstallError> {
    server.found();
    let client = server.part_client("admin");
    let of_operator = operator::crds().into_iter().map(Value::from);
    for crd in argo::crds::crds().into_iter().chain(of_operator) {
        create(&client, crd).await?;
    }
    Ok(())
}

async fn create(client: &PartClient, definition: Value) -> Result<(), InstallError> {
    let name = definition["metadata"]["name"].as_str();
    let name = name.unwrap_or_default().to_owned();
    let request = Request::post(format!("{DEFINITIONS}?fieldManager=arcsim"))
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Vec::new())
        .expect("the path is a valid URI");
    let created = part::send(client, Ok(request), definition).await;
    created
        .map(drop)
        .map_err(|source| InstallError { name, source })
}
