//! `arcsim serve`: a cluster in memory behind HTTPS, for kubectl and any other client.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, FutureExt, join, join_all, select, try_join3};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Failed, Verdict, books, load, manifest, screen};
use crate::assembly::{self, PartName, Shared};
use crate::clock::{Clock, EPOCH, WallClock};
use crate::cluster::{Cluster, SETTLE_HORIZON, Transport};
use crate::drive::{Runner, run_live};
use crate::http::listener::Listener;
use crate::http::service::ApiServer;
use crate::http::threads::Threads;
use crate::outcomes::{MadeUp, Script};
use crate::state::StateFile;
use crate::store::window::Window;

/// How long a cluster in virtual time waits, on the wall, before it looks whether a client wrote.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How often Events may run out where nobody asks for anything, in the time of the cluster.
const PASS_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// How long, on the wall, a part that panicked stays away.
///
/// Source: Kubernetes v1.34 `pkg/kubelet/kubelet.go`, the first back-off of a container that crashed.
const RESTART_PAUSE: Duration = Duration::from_secs(10);

/// What the command takes.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub(super) listen: SocketAddr,
    /// Where to write the kubeconfig
    #[arg(long, default_value = "arcsim.kubeconfig", value_name = "FILE")]
    pub(super) kubeconfig: PathBuf,
    /// Parts to leave out
    #[arg(long, value_delimiter = ',', value_enum, value_name = "PARTS")]
    pub(super) without: Vec<PartName>,
    /// How fast time runs: real, a factor such as 60x, or virtual, which jumps whenever nothing can act before then
    #[arg(long, default_value = "real", value_name = "SPEED", value_parser = pace)]
    pub(super) time: Pace,
    /// Manifests to begin with: files, folders, or - for standard input
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) load: Vec<PathBuf>,
    /// Where to keep the cluster, so that it goes on when it is served again; --load is for a new one
    #[arg(long, value_name = "FILE")]
    pub(super) state: Option<PathBuf>,
    /// What containers do; without it, outcomes/default.yaml in the folders loaded
    #[arg(long, value_name = "FILE")]
    pub(super) outcomes: Option<PathBuf>,
    /// Where uids, generated names, certificates and the token come from
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(super) seed: u64,
}

/// How time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pace {
    /// So many times as fast as on the wall.
    Times(f64),
    /// By jumps, as long as anything is to be done.
    Virtual,
}

fn pace(text: &str) -> Result<Pace, String> {
    let factor = match text {
        "virtual" => return Ok(Pace::Virtual),
        "real" => Some(1.0),
        _ => text
            .strip_suffix('x')
            .and_then(|factor| factor.parse().ok()),
    };
    factor
        .filter(|factor: &f64| factor.is_finite() && *factor > 0.0)
        .map(Pace::Times)
        .ok_or_else(|| "expected real, virtual or a factor such as 60x".to_owned())
}

/// Serves until `stop` is ready; prints one line with the URL once clients can come.
///
/// # Errors
/// Bad input, or an address or file that cannot be had.
pub(super) async fn serve(
    args: &ServeArgs,
    wall: WallClock,
    stop: impl Future<Output = ()>,
) -> Result<Verdict, Failed> {
    let book = books::find(args.outcomes.as_deref(), &args.load)?;
    let network = Network::of(args.time)?;
    // Keys and certificates are made while the cluster is.
    let binding = network
        .first()
        .spawn(Listener::bind(args.listen, args.seed));
    let server = cluster(args, wall).await?;
    let clock = server.clock().clone();
    let listener = ended(binding).await?;
    if let Some(address) = listener.access().advertised {
        let advertised = server.advertise(address).await;
        advertised.map_err(|error| Failed::Advertise(address, error))?;
    }
    let (url, file) = (listener.access().url.clone(), &args.kubeconfig);
    let written = listener.access().write_kubeconfig(file);
    written.map_err(|error| Failed::WriteKubeconfig(file.clone(), error))?;

    let (go_on, ending) = watch::channel(());
    let shared = Shared {
        outcomes: Script::new(book),
        made_up: MadeUp::default(),
        clock,
        authority_pem: listener.access().authority_pem.clone(),
    };
    let listener = listener.spread(network.handles().to_vec());
    let serving = listener.serve(server.service("user"), gone(ending.clone()));
    let serving = ended(network.first().spawn(serving));
    screen::print(&format!(
        "arcsim serves {url}; export KUBECONFIG={}\n",
        file.display()
    ))?;
    let moving = async {
        match args.time {
            Pace::Times(_) => run(args, &server, &shared, &ending).map(Ok).await,
            Pace::Virtual => jump(args, &server, &shared, &ending).await,
        }
    };
    let stopping = async {
        stop.await;
        drop(go_on);
        Ok(())
    };
    let keeping = server.unkept().map(|why| Err(Failed::State(why)));
    let working = try_join3(serving.map(Ok), moving, stopping);
    // Whatever is kept is kept, and else nothing may be answered.
    match select(pin!(working), pin!(keeping)).await {
        Either::Left((ended, _)) => ended.map(|_| Verdict::Good),
        Either::Right((lost, _)) => lost,
    }
}

/// Where connections are served: on every core; but for a cluster in virtual time, in which clients have their turns
/// between two instants, among the parts.
enum Network {
    Threads(Threads),
    Here(Handle),
}

impl Network {
    fn of(time: Pace) -> Result<Self, Failed> {
        match time {
            Pace::Times(_) => Threads::start().map(Self::Threads).map_err(Failed::Threads),
            Pace::Virtual => Ok(Self::Here(Handle::current())),
        }
    }

    /// The runtimes of the connections.
    fn handles(&self) -> &[Handle] {
        match self {
            Self::Threads(threads) => threads.handles(),
            Self::Here(handle) => std::slice::from_ref(handle),
        }
    }

    /// The runtime that takes connections in.
    fn first(&self) -> &Handle {
        &self.handles()[0]
    }
}

/// What a task ends with; if it panicked, so does this.
async fn ended<T>(task: JoinHandle<T>) -> T {
    match task.await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The cluster that the state holds, or a new one with what is to be loaded.
async fn cluster(args: &ServeArgs, wall: WallClock) -> Result<ApiServer, Failed> {
    let documents = manifest::read(&args.load)?;
    let (file, kept) = match args.state.as_deref().map(StateFile::open).transpose()? {
        Some((file, kept)) => (Some(file), kept),
        None => (None, None),
    };
    let earliest = kept.as_ref().map_or(Timestamp::MIN, |kept| kept.now);
    let clock = match args.time {
        Pace::Times(factor) => Clock::scaled_from(wall, factor, earliest),
        Pace::Virtual => Clock::virtual_from(EPOCH.max(earliest)),
    };
    let server = match kept {
        Some(kept) => {
            if !documents.is_empty() {
                screen::print_aside(
                    "note: the state holds a cluster already; --load is left out\n",
                );
            }
            ApiServer::started_again(clock, args.seed, kept)
        }
        None => {
            let server = assembly::founded(clock, args.seed)?;
            load::load(&server.client("user"), &documents, "default").await?;
            server
        }
    };
    server.bound_history(Window::OF_A_SERVER);
    server.outlive_panics();
    keep_panics_secret();
    // Only now, since nothing has made the accounts yet that loaded pods may name.
    server.enable_account_admission();
    if let Some(file) = file {
        server.keep_in(file)?;
    }
    Ok(server)
}

/// Lets the log tell where a fault of this program is, and not what it was about, which may be a Secret.
fn keep_panics_secret() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a fault of arcsim, which is worth a report");
    }));
}

/// The parts that are not left out.
fn actors(args: &ServeArgs) -> impl Iterator<Item = assembly::Actor> {
    let actors = assembly::ACTORS.into_iter();
    actors.filter(|actor| !args.without.contains(&actor.part))
}

/// Runs the parts, each by itself; one that panics is started afresh.
async fn run(args: &ServeArgs, server: &ApiServer, shared: &Shared, ending: &watch::Receiver<()>) {
    let running = actors(args).map(async |actor| {
        let life = || {
            let client = server.part_client(actor.actor);
            let runner = Runner::new(actor.make(client.clone(), shared), client);
            run_live(runner, shared.clock.clone(), gone(ending.clone()))
        };
        while AssertUnwindSafe(life()).catch_unwind().await.is_err() {
            tracing::error!(part = actor.actor, "a part panicked, and starts afresh");
            pause(RESTART_PAUSE, ending).await;
        }
    });
    join(join_all(running), pass(server, ending)).await;
}

/// Lets time do what it does where nobody asks for anything.
async fn pass(server: &ApiServer, ending: &watch::Receiver<()>) {
    let wall = server.clock().wall_duration(PASS_EVERY);
    let wall = wall.and_then(|wall| Duration::try_from(wall).ok());
    let wall = wall.unwrap_or_default().max(LOOK_AGAIN);
    while pause(wall, ending).await {
        server.pass();
    }
}

/// Waits; `false` if the server ends before.
async fn pause(wall: Duration, ending: &watch::Receiver<()>) -> bool {
    timeout(wall, gone(ending.clone())).await.is_err()
}

/// Runs the parts in turns, and lets time jump as long as they have something to do; where one panics, all start afresh.
async fn jump(
    args: &ServeArgs,
    server: &ApiServer,
    shared: &Shared,
    ending: &watch::Receiver<()>,
) -> Result<(), Failed> {
    loop {
        let mut cluster = Cluster::on(server.clone(), args.seed, Transport::InProcess);
        for actor in actors(args) {
            let client = server.part_client(actor.actor);
            cluster.add(actor.make(client.clone(), shared), client);
        }
        let turns = turns(&mut cluster, ending);
        if let Ok(ended) = AssertUnwindSafe(turns).catch_unwind().await {
            return ended;
        }
        tracing::error!("a part panicked; all start afresh");
        pause(RESTART_PAUSE, ending).await;
    }
}

/// The turns of the parts until the server ends. Clients have theirs between two instants; while nothing moves, the
/// cluster looks again when they may have written.
async fn turns(cluster: &mut Cluster, ending: &watch::Receiver<()>) -> Result<(), Failed> {
    let mut ended = gone(ending.clone()).boxed_local();
    let mut horizon = EPOCH;
    let mut revision = None;
    while futures::poll!(&mut ended).is_pending() {
        let is_written = revision != Some(cluster.server().revision());
        cluster.settle_now().await?;
        if is_written {
            horizon = cluster.clock().now() + SETTLE_HORIZON;
        }
        let moved = !cluster.is_quiet() && cluster.step(horizon).await?;
        revision = Some(cluster.server().revision());
        let pause = if moved { Duration::ZERO } else { LOOK_AGAIN };
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

/// Ready once the sender of `ending` is dropped.
async fn gone(mut ending: watch::Receiver<()>) {
    while ending.changed().await.is_ok() {}
}
