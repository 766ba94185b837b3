//! `make e2e`: every case and every scenario on one cluster, then a table; 0 if all passed or nothing could be run,
//! which is said loudly.

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, anyhow};
use arc_e2e::cluster::Cluster;
use arc_e2e::parts::Parts;
use arc_e2e::pipeline::CASES;
use arc_e2e::scenarios::{BACKENDS, Row, verdicts};
use arc_e2e::{diagnosis, image};
use arc_operator::signal;
use clap::{Parser, ValueEnum};

/// Runs ARC on a real cluster of one node, which goes with the program.
///
/// Exits with 0 if everything passed, or if nothing could be run here, which is said loudly; with 1 otherwise.
#[derive(Parser)]
#[command(name = "arc-e2e", version)]
struct Arguments {
    /// Runs only these.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Runs nothing, writes a kubeconfig and leaves the cluster up until it is interrupted.
    #[arg(long)]
    hold: bool,
    /// How many scenarios run at once.
    #[arg(long, value_name = "N", default_value_t = 6)]
    at_once: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Real tools between real registries.
    Pipelines,
    /// The scenarios of features/.
    Scenarios,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let parts = match Parts::find() {
        Ok(parts) => parts,
        Err(unavailable) => {
            println!("SKIPPED e2e: {unavailable}");
            return ExitCode::SUCCESS;
        }
    };
    // What is dropped takes its container along.
    let result = tokio::select! {
        result = run(parts, &arguments) => result,
        told = signal::stopped() => told.map_err(Into::into).and(Err(anyhow!("interrupted"))),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what is asked for; whether all of it passed.
async fn run(parts: Parts, arguments: &Arguments) -> Result<bool> {
    let watch = Stopwatch::start();
    let cluster = Cluster::start(parts).await?;
    println!("cluster ready after {} s", watch.seconds());
    if arguments.hold {
        let file = image::folder().join("kubeconfig");
        fs::write(&file, cluster.node.kubeconfig()?)?;
        println!("export KUBECONFIG={}", file.canonicalize()?.display());
        return std::future::pending().await;
    }
    let is_wanted = |part| arguments.only.is_none_or(|only| only == part);
    let mut is_green = true;
    if is_wanted(Part::Scenarios) {
        is_green &= scenarios(&cluster, arguments.at_once).await?;
    }
    if is_wanted(Part::Pipelines) {
        is_green &= pipelines(&cluster).await;
    }
    Ok(is_green)
}

async fn scenarios(cluster: &Cluster, n_at_once: usize) -> Result<bool> {
    let watch = Stopwatch::start();
    let rows = verdicts(cluster, n_at_once).await?;
    println!(
        "\n{:>8} {:>8} {:>8}  scenario",
        BACKENDS[0], BACKENDS[1], BACKENDS[2]
    );
    for row in &rows {
        let [memory, https, real] = row.verdicts.each_ref().map(|verdict| match verdict {
            None => "-",
            Some(verdict) if verdict.problem.is_none() => "passed",
            Some(_) => "FAILED",
        });
        println!(
            "{memory:>8} {https:>8} {real:>8}  {} {}",
            row.place, row.name
        );
    }
    println!("scenarios: {} s\n", watch.seconds());
    Ok(rows.iter().all(Row::is_green))
}

async fn pipelines(cluster: &Cluster) -> bool {
    let mut is_green = true;
    for case in CASES {
        let watch = Stopwatch::start();
        let result = case.run(cluster).await;
        let seconds = watch.seconds();
        match result {
            Ok(()) => println!("{:<20} passed  {seconds:>4} s", case.name),
            Err(error) => {
                is_green = false;
                println!("{:<20} FAILED  {seconds:>4} s  {error:#}", case.name);
                eprint!("{}", diagnosis::of(&cluster.client, case.name).await);
            }
        }
    }
    is_green
}

/// How long something takes, for people.
struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "a real cluster runs on real time"
    )]
    fn start() -> Self {
        Self(Instant::now())
    }

    fn seconds(&self) -> u64 {
        self.0.elapsed().as_secs()
    }
}
