//! The parts of a whole cluster, and the kinds that they need.

use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};

use crate::argo::{self, ArgoController, CronController};
use crate::clock::{Clock, EPOCH};
use crate::collector::{GarbageCollector, Namespaces, Quotas, ServiceAccounts, VolumeBinder};
use crate::http::service::ApiServer;
use crate::json::Value;
use crate::kubelet::Kubelet;
use crate::operator::{self, Operator};
use crate::outcomes::{MadeUp, Script};
use crate::part::{Part, PartClient};
use crate::store::kind::Kind;
use crate::store::schema::definition;

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

/// A kind of this program cannot be had, which is a fault of it.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A schema is wrong.
    #[error("read {0}: {1}")]
    Read(&'static str, String),
    /// The API server refuses a definition.
    #[error("install {0}: {1}")]
    Refused(String, String),
}

/// The API server that [`installed`] gives out.
static INSTALLED: Mutex<Option<ApiServer>> = Mutex::new(None);

/// An API server at the epoch as [`founded`] makes it, for every cluster of this process to begin as a fork of: reading
/// the schemas takes many times longer than a fork.
///
/// # Errors
/// See [`founded`].
pub fn installed() -> Result<ApiServer, InstallError> {
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = &*installed {
        return Ok(server.clone());
    }
    let server = founded(Clock::virtual_from(EPOCH), 0)?;
    Ok(installed.insert(server).clone())
}

/// An API server with what every cluster begins with, and the CustomResourceDefinitions of Argo and of ARC; their schemas
/// are read beside those of Kubernetes.
///
/// # Errors
/// A fault of this program.
pub fn founded(clock: Clock, seed: u64) -> Result<ApiServer, InstallError> {
    let (server, of_argo, of_operator) = thread::scope(|scope| {
        let of_argo = scope.spawn(|| read("the kinds of Argo", argo::crds::crds()));
        let of_operator = scope.spawn(|| {
            let crds = operator::crds().into_iter().map(Value::from);
            read("the kinds of ARC", crds.collect())
        });
        let server = ApiServer::new(clock, seed);
        server.found();
        (server, joined(of_argo), joined(of_operator))
    });
    for (definition, kinds) in of_argo?.into_iter().chain(of_operator?) {
        let name = definition["metadata"]["name"].as_str();
        let name = name.unwrap_or_default().to_owned();
        let defined = server.define(definition, kinds);
        defined.map_err(|status| InstallError::Refused(name, status.message))?;
    }
    Ok(server)
}

/// Definitions with the kinds that they make.
type Definitions = Vec<(Value, Vec<Kind>)>;

fn read(whose: &'static str, crds: Vec<Value>) -> Result<Definitions, InstallError> {
    let mut complete = crds.clone();
    complete.iter_mut().for_each(definition::set_defaults);
    match definition::define_all(&complete) {
        Ok(kinds) => Ok(crds.into_iter().zip(kinds).collect()),
        Err(causes) => {
            let causes: Vec<_> = causes.iter().map(ToString::to_string).collect();
            Err(InstallError::Read(whose, causes.join("; ")))
        }
    }
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(made) => made,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema::openapi::to_openapi;

    #[test]
    fn kinds_are_those_that_their_definitions_make() {
        let server = installed().unwrap();
        let state = server.lock();
        let registry = state.kernel.registry();
        let definitions = "customresourcedefinitions";
        let table = registry
            .get("apiextensions.k8s.io", "v1", definitions)
            .table;
        let mut n_kinds = 0;
        for stored in state.kernel.log().objects(table).values() {
            for made in definition::define(stored.value(), None).unwrap() {
                let kind = &registry.get(&made.group, &made.version, &made.plural).kind;
                assert_eq!(kind.short_names, made.short_names);
                assert_eq!(kind.list_kind, made.list_kind);
                assert!(
                    to_openapi(&kind.schema) == to_openapi(&made.schema),
                    "{}",
                    made.kind
                );
                n_kinds += 1;
            }
        }
        assert_eq!(n_kinds, 13);
    }
}
