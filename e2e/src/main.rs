//! `make e2e`: every case and every scenario on one cluster, then a table; 0 if all passed or nothing could be run,
//! which is said loudly.

use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use arc_e2e::cluster::{Cluster, OperatorMode};
use arc_e2e::parts::Parts;
use arc_e2e::report::{Report, Trial};
use arc_e2e::scenarios::Simulated;
use arc_e2e::{diagnosis, fault, image, pipeline};
use arc_operator::signal;
use clap::{Parser, ValueEnum};
use futures::future::{join, join_all};

/// What a scenario sees are trees of JSON, which is many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Where the operator runs.
    #[arg(long, value_enum, default_value = "deployment")]
    operator: OperatorMode,
    /// Writes a JUnit report to this file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Runs only the scenarios below these, from features/ on, such as `order` or `failure/pods.feature`.
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    features: Vec<PathBuf>,
    /// Runs only the pipelines and faults whose names begin so, such as `helm`.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    cases: Vec<String>,
    /// Runs every scenario on the cluster, also those that differ little from another one there, tagged @extended.
    #[arg(long)]
    all: bool,
    /// How many scenarios run at once.
    #[arg(long, value_name = "N", default_value_t = 6)]
    at_once: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Real tools between real registries.
    Pipelines,
    /// What breaks while an Order is under way.
    Faults,
    /// The scenarios of features/.
    Scenarios,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let parts = match Parts::find() {
        Ok(parts) => parts,
        Err(unavailable) => {
            println!("SKIPPED e2e: {unavailable}");
            return ExitCode::SUCCESS;
        }
    };
    match suite(parts, &arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what is asked for, until it is told to stop; whether all of it passed.
fn suite(parts: Parts, arguments: &Arguments) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start a runtime")?;
    let result = runtime.block_on(async {
        // What is dropped takes its container along.
        tokio::select! {
            result = run(parts, arguments) => result,
            told = signal::stopped() => told.map_err(Into::into).and(Err(anyhow!("interrupted"))),
        }
    });
    // Scenarios that wait for a cluster which is gone are not waited for.
    runtime.shutdown_background();
    result
}

/// Runs what is asked for; whether all of it passed.
async fn run(parts: Parts, arguments: &Arguments) -> Result<bool> {
    ensure!(
        arguments.only != Some(Part::Faults) || arguments.operator == OperatorMode::Deployment,
        "faults break an operator that is a Deployment"
    );
    let is_wanted = |part| match arguments.only {
        Some(only) => only == part,
        // Who debugs the operator in this process does not want it killed.
        None => part != Part::Faults || arguments.operator == OperatorMode::Deployment,
    };
    // Only scenarios run it, here or by hand.
    let runs_outcomes = arguments.hold || is_wanted(Part::Scenarios);
    let programs = runs_outcomes.then_some(image::OUTCOME);
    let watch = Stopwatch::start();
    // What needs no cluster is done while one comes up.
    let scenarios = is_wanted(Part::Scenarios) && !arguments.hold;
    let scenarios = scenarios.then(|| Simulated::start(&arguments.features, arguments.all));
    let scenarios = scenarios.transpose()?;
    let cluster = Cluster::start(parts, arguments.operator, programs.as_slice()).await?;
    println!("cluster ready after {} s", watch.seconds());
    if arguments.hold {
        let file = image::folder().join("kubeconfig");
        fs::write(&file, cluster.node.kubeconfig()?)?;
        println!("export KUBECONFIG={}", file.canonicalize()?.display());
        return std::future::pending().await;
    }
    let mut report = Report::default();
    if let Some(scenarios) = scenarios {
        let watch = Stopwatch::start();
        report.scenarios = scenarios.beside(&cluster, arguments.at_once).await?;
        println!("\n{}scenarios took {} s\n", report.table(), watch.seconds());
    }
    let is_case = |name: &str| {
        let mut wanted = arguments.cases.iter();
        arguments.cases.is_empty() || wanted.any(|begin| name.starts_with(begin))
    };
    let pipelines = async {
        if !is_wanted(Part::Pipelines) {
            return Ok(Vec::new());
        }
        let rows = pipeline::rows(&cluster).await?.into_iter();
        let rows = rows.map(async |row| {
            let mut trials = Vec::new();
            for case in row.iter().filter(|case| is_case(case.name)) {
                trials.push(trial(&cluster, case.name, case.run(&cluster)).await);
            }
            trials
        });
        anyhow::Ok(join_all(rows).await.concat())
    };
    let faults = fault::CASES.iter().filter(|case| is_case(case.name));
    let faults = faults.filter(|_| is_wanted(Part::Faults));
    let (sparing, breaking): (Vec<_>, Vec<_>) = faults.partition(|case| case.spares_the_node());
    // Pipelines keep the processors busy, an operator that dies mostly waits; and they must bear that it does.
    let (pipelines, spared) = join(pipelines, trials(&cluster, &sparing)).await;
    report.pipelines = pipelines?;
    report.faults = [spared, trials(&cluster, &breaking).await].concat();
    if let Some(file) = &arguments.junit {
        let text = report.junit()?;
        fs::write(file, text).with_context(|| format!("write {}", file.display()))?;
    }
    Ok(report.is_green())
}

/// Breaks the cluster in one way after the other.
async fn trials(cluster: &Cluster, faults: &[&fault::Case]) -> Vec<Trial> {
    let mut trials = Vec::new();
    for case in faults {
        if !case.is_possible(cluster).await {
            println!("{:<28} skipped: this node cannot be broken so", case.name);
            continue;
        }
        trials.push(trial(cluster, case.name, case.run(cluster)).await);
    }
    trials
}

/// Runs a case in the namespace `name`, says how it went and, if badly, what is to be seen there.
async fn trial(
    cluster: &Cluster,
    name: &'static str,
    case: impl Future<Output = Result<()>>,
) -> Trial {
    let watch = Stopwatch::start();
    let result = case.await;
    let seconds = watch.seconds();
    let problem = match result {
        Ok(()) => {
            println!("{name:<28} passed  {seconds:>4} s");
            None
        }
        Err(error) => {
            println!("{name:<28} FAILED  {seconds:>4} s  {error:#}");
            let seen = diagnosis::of(&cluster.client, name).await;
            eprint!("{seen}");
            Some(format!("{error:#}\n{seen}"))
        }
    };
    Trial {
        name,
        seconds,
        problem,
    }
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
