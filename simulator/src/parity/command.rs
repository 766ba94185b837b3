//! The command line of `parity`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use futures::future::{Either, select};

use super::hooks::{self, Hooks};
use super::known::Known;
use super::random::Kinds;
use super::run::{Job, Outcome, Runner};
use super::server::{self, RealServer};
use super::{fidelity, parse, random, report};
use crate::clock::WallClock;

/// How many answers one random sequence takes.
pub(super) const SEQUENCE_LENGTH: u64 = 100;
/// The exit status of what SIGINT ended, as shells have it.
const INTERRUPTED: u8 = 130;

/// Compares the simulated parts with the real ones.
#[derive(Debug, Parser)]
#[command(name = "parity", version, max_term_width = 120)]
struct Parity {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send the same requests to the simulated API server and to kube-apiserver, and compare the answers
    #[command(after_help = HELP)]
    Api(ApiArgs),
}

const HELP: &str = "Examples:
  parity api                               every case
  parity api --only crud/                  the cases of one area
  parity api --only 'no-op' --trace        what the real server answers to some
  parity api --random 10000 --seed 7       and random requests
  parity api --random 10000 --kinds all    to Deployments, Services, claims, Roles and Jobs too

Exit status: 0 every difference is explained, 1 one is not, 2 bad input or usage, 130 interrupted.";

#[derive(Debug, clap::Args)]
struct ApiArgs {
    /// The folder of kube-apiserver and etcd [default: bin/ in the cache of ../shared/offline-cluster/up]
    #[arg(long, env = "ARC_PARITY_BIN", value_name = "DIR")]
    bin: Option<PathBuf>,
    /// The folder of the cases
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/parity/api"), hide_default_value = true)]
    cases: PathBuf,
    /// Only cases whose `area/name` holds this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Also so many random requests, in sequences of a hundred
    #[arg(long, value_name = "N", default_value_t = 0)]
    random: u64,
    /// Which kinds random requests write
    #[arg(long, value_name = "KINDS", default_value_t, value_enum)]
    kinds: Kinds,
    /// What the first random sequence comes from; the next one comes from the next number
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// How many cases are played at a time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// Also put the figures into FIDELITY.md; of the whole suite alone
    #[arg(long, conflicts_with = "only")]
    write: bool,
    /// Print every answer of the real server, normalised
    #[arg(long)]
    trace: bool,
    /// What to print
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// One JSON document: total, areas, differences, outdated.
    Json,
}

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Cases(#[from] parse::Error),
    #[error(transparent)]
    Server(#[from] server::Error),
    #[error(transparent)]
    Hooks(#[from] hooks::Error),
    #[error("write the figures into FIDELITY.md")]
    Write(#[source] std::io::Error),
    #[error("print the report")]
    Print(#[from] std::io::Error),
}

/// Parses the command line, does what it says and returns the exit status; `stop` is ready when the process is to end.
pub async fn main(wall: WallClock, stop: impl Future<Output = ()>) -> ExitCode {
    let Command::Api(args) = Parity::parse().command;
    futures::pin_mut!(stop);
    let compared = api(&args, wall);
    futures::pin_mut!(compared);
    match select(stop, compared).await {
        Either::Left(_) => ExitCode::from(INTERRUPTED),
        Either::Right((Ok(code), _)) => code,
        Either::Right((Err(error), _)) => {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            anstream::eprintln!("error: {text}");
            ExitCode::from(2)
        }
    }
}

async fn api(args: &ApiArgs, wall: WallClock) -> Result<ExitCode, Error> {
    let known = Known::read(&args.cases)?;
    let jobs = jobs(args)?;
    let bin = match &args.bin {
        Some(bin) => Some(bin.clone()).filter(|bin| holds_both(bin)),
        None => real_programs(),
    };
    let Some(bin) = bin else {
        anstream::println!(
            "SKIPPED parity api: no kube-apiserver and etcd; build them with ../shared/offline-cluster/up, or name \
             their folder with --bin or $ARC_PARITY_BIN"
        );
        return Ok(ExitCode::SUCCESS);
    };
    anstream::eprintln!("starting kube-apiserver of {}", bin.display());
    let server = RealServer::start(&bin).await?;
    let hooks = Hooks::pair().await?;
    let runner = Runner {
        real: server.peer(),
        hooks: &hooks,
        wall,
        known: &known,
        n_at_once: usize::from(args.jobs),
        is_traced: args.trace,
    };
    let (n_jobs, mut n_done) = (jobs.len(), 0);
    let outcomes = runner
        .run(jobs, |outcome| {
            n_done += 1;
            progress(outcome, n_done, n_jobs);
        })
        .await;
    print(args.output, &outcomes, &known)?;
    if args.write {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/FIDELITY.md");
        fidelity::write(Path::new(file), &outcomes).map_err(Error::Write)?;
    }
    let is_good = report::is_good(&outcomes);
    Ok(ExitCode::from(u8::from(!is_good)))
}

fn jobs(args: &ApiArgs) -> Result<Vec<Job>, parse::Error> {
    let mut jobs = Vec::new();
    for suite in parse::suites(&args.cases)? {
        let job = |case| Job {
            area: suite.area.clone(),
            case,
            is_sequence: false,
            replay: None,
        };
        jobs.extend(suite.cases.into_iter().map(job));
    }
    let n_sequences = args.random.div_ceil(SEQUENCE_LENGTH);
    jobs.extend((args.seed..args.seed.saturating_add(n_sequences)).map(|seed| Job {
        area: "random".to_owned(),
        case: random::sequence(seed, SEQUENCE_LENGTH, args.kinds),
        is_sequence: true,
        replay: Some(format!(
            "cargo run -p arc-simulator --bin parity -- api --only random/ --random {SEQUENCE_LENGTH} --seed {seed}{}",
            match args.kinds {
                Kinds::Core => "",
                Kinds::All => " --kinds all",
            }
        )),
    }));
    jobs.retain(|job| {
        args.only
            .as_ref()
            .is_none_or(|only| job.title().contains(only))
    });
    Ok(jobs)
}

fn holds_both(bin: &Path) -> bool {
    ["kube-apiserver", "etcd"]
        .iter()
        .all(|program| bin.join(program).is_file())
}

/// The folder in which `../shared/offline-cluster/up` leaves kube-apiserver and etcd, if they are there.
#[must_use]
pub fn real_programs() -> Option<PathBuf> {
    cached_programs().filter(|bin| holds_both(bin))
}

/// The folder in which `../shared/offline-cluster/up` leaves real programs, whether or not they are there.
#[must_use]
pub fn cached_programs() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let cache = variable("ARC_OFFLINE_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("arc-offline-cluster")))
        .or_else(|| Some(variable("HOME")?.join(Path::new(".cache/arc-offline-cluster"))));
    cache.map(|cache| cache.join("bin"))
}

fn progress(outcome: &Outcome, n_done: usize, n_jobs: usize) {
    if !outcome.differences.is_empty() {
        let word = if outcome.known.is_some() {
            "known"
        } else {
            "differs"
        };
        anstream::eprintln!("[{n_done}/{n_jobs}] {word}: {}", outcome.job.title());
    } else if n_done.is_multiple_of(50) || n_done == n_jobs {
        anstream::eprintln!("[{n_done}/{n_jobs}]");
    }
}

fn print(output: Output, outcomes: &[Outcome], known: &Known) -> std::io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    match output {
        Output::Text => stdout.write_all(report::text(outcomes, known).as_bytes()),
        Output::Json => writeln!(stdout, "{:#}", report::json(outcomes, known)),
    }
}
