//! A cluster with everything in it: the kinds of Argo and ARC, the operator, Argo, a node and the collectors.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use tokio::task::JoinHandle;

use crate::assembly::{self, Actor, InstallError, PartName, Shared};
use crate::cluster::{Cluster, Spinning, Transport};
use crate::http::kubeconfig::Access;
use crate::http::listener::{self, Listener};
use crate::http::service::ApiServer;
use crate::outcomes::{Book, MadeUp, Script};
use crate::part::PartClient;

/// What one simulation is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where uids, names and the order of turns come from.
    pub seed: u64,
    /// How every client, the parts included, reaches the API server.
    pub transport: Transport,
    /// What containers do at first.
    pub outcomes: Book,
    /// Parts that are left out.
    pub without: BTreeSet<PartName>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            transport: Transport::InProcess,
            outcomes: Book::default(),
            without: BTreeSet::new(),
        }
    }
}

/// A running simulation in virtual time.
pub struct Simulation {
    cluster: Cluster,
    script: Script,
    made_up: MadeUp,
    access: Route,
}

/// How clients get in.
enum Route {
    InProcess,
    Sockets(Doors),
}

/// A port for each client, by which the API server knows who it is.
struct Doors {
    seed: u64,
    /// Opened first, for whoever needs a certificate to trust.
    first: Access,
    serving: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Doors {
    fn drop(&mut self) {
        for serving in self.serving().drain(..) {
            serving.abort();
        }
    }
}

/// A simulation that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A kind is refused.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// No address to listen on.
    #[error(transparent)]
    Listen(#[from] listener::Error),
    /// No client for it.
    #[error("make a client from the kubeconfig")]
    Kubeconfig(#[from] KubeconfigError),
    /// No client for it.
    #[error("make a client")]
    Client(#[source] kube::Error),
    /// It does not come to rest.
    #[error(transparent)]
    Spinning(#[from] Spinning),
}

impl Simulation {
    /// Starts the parts on a cluster that serves the kinds, and lets them come to rest. Must be called within a tokio
    /// runtime.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let server = assembly::installed()?.fork(config.seed);
        let cluster = Cluster::on(server, config.seed, config.transport);
        cluster.server().enable_account_admission();
        let access = Route::open(cluster.server(), config.transport, config.seed).await?;
        let script = Script::new(config.outcomes);
        let mut simulation = Self {
            cluster,
            script,
            made_up: MadeUp::default(),
            access,
        };
        for actor in assembly::ACTORS
            .into_iter()
            .filter(|actor| !config.without.contains(&actor.part))
        {
            simulation.join(actor).await?;
        }
        simulation.cluster.settle_now().await?;
        Ok(simulation)
    }

    /// Lets one more program take part from now on.
    ///
    /// # Errors
    /// Over sockets: no client can be made.
    pub async fn join(&mut self, actor: Actor) -> Result<(), StartError> {
        let client = self.part_client(actor.actor).await?;
        let shared = Shared {
            outcomes: self.script.clone(),
            made_up: self.made_up.clone(),
            clock: self.server().clock_of(actor.actor),
            authority_pem: self.access.authority_pem().to_owned(),
        };
        let start = Box::new(move |client| actor.make(client, &shared));
        self.cluster.add_restartable(start, client);
        Ok(())
    }

    /// A client, known to the event log as `actor`.
    ///
    /// # Errors
    /// Over sockets: no client can be made.
    pub async fn client(&self, actor: &str) -> Result<Client, StartError> {
        match &self.access {
            Route::InProcess => Ok(self.cluster.server().client(actor)),
            Route::Sockets(doors) => self.client_through(doors, actor).await,
        }
    }

    async fn part_client(&self, actor: &str) -> Result<PartClient, StartError> {
        Ok(match &self.access {
            Route::InProcess => self.cluster.server().part_client(actor),
            Route::Sockets(doors) => self.client_through(doors, actor).await?.into(),
        })
    }

    async fn client_through(&self, doors: &Doors, actor: &str) -> Result<Client, StartError> {
        let access = doors.open(self.cluster.server(), actor).await?;
        let kubeconfig = Kubeconfig::from_yaml(&access.kubeconfig())?;
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await?;
        Client::try_from(config).map_err(StartError::Client)
    }

    /// The cluster, to let time pass in.
    pub fn cluster(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// The API server.
    #[must_use]
    pub fn server(&self) -> &ApiServer {
        self.cluster.server()
    }

    /// From now on containers do what `book` says.
    pub fn set_outcomes(&self, book: Book) {
        self.script.replace(book);
    }

    /// What no book has given so far.
    #[must_use]
    pub fn made_up(&self) -> &MadeUp {
        &self.made_up
    }

    /// Lets time pass until the cluster is quiet; see [`Cluster::settle`].
    ///
    /// # Errors
    /// Parts keep each other busy for ever.
    pub async fn settle(&mut self) -> Result<(), Spinning> {
        self.cluster.settle().await
    }

    /// Lets exactly `duration` pass.
    ///
    /// # Errors
    /// Parts keep each other busy for ever.
    pub async fn advance(&mut self, duration: SignedDuration) -> Result<(), Spinning> {
        self.cluster.advance(duration).await
    }
}

impl Route {
    fn authority_pem(&self) -> &str {
        match self {
            Self::InProcess => "",
            Self::Sockets(doors) => &doors.first.authority_pem,
        }
    }

    async fn open(server: &ApiServer, transport: Transport, seed: u64) -> Result<Self, StartError> {
        match transport {
            Transport::InProcess => Ok(Self::InProcess),
            Transport::Sockets => {
                let (first, serving) = door(server, "client", seed).await?;
                let serving = Mutex::new(vec![serving]);
                Ok(Self::Sockets(Doors {
                    seed,
                    first,
                    serving,
                }))
            }
        }
    }
}

impl Doors {
    async fn open(&self, server: &ApiServer, actor: &str) -> Result<Access, listener::Error> {
        let (access, serving) = door(server, actor, self.seed).await?;
        self.serving().push(serving);
        Ok(access)
    }

    fn serving(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves `actor` on a port of its own.
async fn door(
    server: &ApiServer,
    actor: &str,
    seed: u64,
) -> Result<(Access, JoinHandle<()>), listener::Error> {
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), seed).await?;
    let access = listener.access().clone();
    let service = server.service(actor);
    let serving = tokio::spawn(async move {
        listener.serve(service, std::future::pending()).await;
    });
    Ok((access, serving))
}
