//! `arcsim serve`: a cluster in memory behind HTTPS, for kubectl and any other client.

use std::net::SocketAddr;
use std::path::PathBuf;

use futures::future::{FutureExt, select_all};
use tokio::sync::watch;

use super::{Failed, Verdict, books, load, manifest};
use crate::assembly::{self, PartName, Shared};
use crate::clock::{Clock, WallClock};
use crate::drive::{Runner, run_live};
use crate::http::listener::Listener;
use crate::http::service::ApiServer;
use crate::outcomes::{MadeUp, Script};

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
    /// How fast time runs: real, or a factor such as 60x
    #[arg(long, default_value = "real", value_name = "SPEED", value_parser = speed)]
    pub(super) time: f64,
    /// Manifests to begin with: files, folders, or - for standard input
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) load: Vec<PathBuf>,
    /// What containers do; without it, outcomes/default.yaml in the folders loaded
    #[arg(long, value_name = "FILE")]
    pub(super) outcomes: Option<PathBuf>,
    /// Where uids, generated names, certificates and the token come from
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(super) seed: u64,
}

fn speed(text: &str) -> Result<f64, String> {
    if text == "real" {
        return Ok(1.0);
    }
    let factor = text
        .strip_suffix('x')
        .and_then(|factor| factor.parse::<f64>().ok());
    factor
        .filter(|factor| factor.is_finite() && *factor > 0.0)
        .ok_or_else(|| "expected real or a factor such as 60x; virtual time needs a cluster in process, see arcsim run".to_owned())
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
    let documents = manifest::read(&args.load)?;
    let clock = Clock::scaled(wall, args.time);
    let server = ApiServer::new(clock.clone(), args.seed);
    assembly::install(&server.client("admin")).await?;
    load::load(&server.client("user"), &documents, "default").await?;
    let listener = Listener::bind(args.listen, args.seed).await?;
    let url = listener.access().url.clone();
    listener
        .access()
        .write_kubeconfig(&args.kubeconfig)
        .map_err(|error| Failed::WriteKubeconfig(args.kubeconfig.clone(), error))?;

    let (ended, ending) = watch::channel(());
    let book = books::find(args.outcomes.as_deref(), &args.load)?;
    let shared = Shared {
        outcomes: Script::new(book),
        made_up: MadeUp::default(),
        clock: clock.clone(),
        authority_pem: listener.access().authority_pem.clone(),
    };
    let chosen = assembly::ACTORS
        .iter()
        .filter(|actor| !args.without.contains(&actor.part));
    let running = chosen.map(|actor| {
        let client = server.client(actor.actor);
        let runner = Runner::new(actor.make(client.clone(), &shared), client);
        run_live(runner, clock.clone(), gone(ending.clone())).boxed_local()
    });
    let serving = listener
        .serve(server.service("user"), gone(ending.clone()))
        .boxed_local();
    let mut all: Vec<_> = running.chain([serving]).collect();
    println!(
        "arcsim serves {url}; export KUBECONFIG={}",
        args.kubeconfig.display()
    );

    futures::pin_mut!(stop);
    let everything = async {
        while !all.is_empty() {
            let (_, _, rest) = select_all(std::mem::take(&mut all)).await;
            all = rest;
        }
    };
    futures::pin_mut!(everything);
    futures::future::select(stop, everything.as_mut()).await;
    drop(ended);
    everything.await;
    Ok(Verdict::Good)
}

/// Ready once the sender of `ending` is dropped.
async fn gone(mut ending: watch::Receiver<()>) {
    while ending.changed().await.is_ok() {}
}
