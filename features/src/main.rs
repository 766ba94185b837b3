//! Runs any feature files against a cluster with ARC in it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use arc_features::backend::{Backend, Places, RealCluster};
use arc_features::run::{Options, run};
use clap::{Parser, ValueEnum};
use cucumber::gherkin::tagexpr::TagOperation;

/// A simulation is trees of JSON, which is many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs scenarios about ARC; exits with 1 if one fails, with 2 if nothing could be run.
#[derive(Parser)]
#[command(name = "arc-features", version)]
struct Arguments {
    /// Feature files, or folders that hold them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The cluster to run in.
    #[arg(long, value_enum, default_value = "memory")]
    backend: Choice,
    /// With --backend real: the image of arc-outcome, which the nodes have.
    #[arg(long, value_name = "IMAGE", default_value = "arc-outcome:latest")]
    outcome_image: String,
    /// With --backend real: how many scenarios are at work at once, but for three more that wait for a schedule.
    #[arg(long, value_name = "N", default_value_t = 4)]
    at_once: usize,
    /// The seed of every cluster.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also writes a JUnit report to this file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Runs only scenarios whose tags satisfy this expression, such as "@oci and not @slow".
    #[arg(long, value_name = "EXPRESSION")]
    tags: Option<TagOperation>,
}

/// Where scenarios run.
#[derive(Clone, Copy, ValueEnum)]
enum Choice {
    /// The simulated cluster, in process.
    Memory,
    /// The simulated cluster, every client over TLS.
    Https,
    /// The cluster that KUBECONFIG names, with ARC and Argo in it; the operator runs there with
    /// --cron-min-schedule-interval 1m, since ten minutes of a scenario take one.
    Real,
}

fn main() -> ExitCode {
    match options(Arguments::parse()).and_then(|options| run(&options)) {
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
        Ok(summary) => {
            let (n_passed, n_failed) = (summary.n_passed(), summary.n_failed());
            println!("{n_passed} passed, {n_failed} failed");
            match (n_failed, n_passed) {
                (0, 0) => ExitCode::from(2),
                (0, _) => ExitCode::SUCCESS,
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn options(arguments: Arguments) -> anyhow::Result<Options> {
    let backend = match arguments.backend {
        Choice::Memory => Backend::Memory,
        Choice::Https => Backend::Https,
        Choice::Real => Backend::Real(Box::new(RealCluster {
            config: config()?,
            image: arguments.outcome_image,
            places: Places::new(arguments.at_once),
        })),
    };
    Ok(Options {
        paths: arguments.paths,
        backend,
        seed: arguments.seed,
        junit: arguments.junit,
        tags: arguments.tags,
    })
}

fn config() -> anyhow::Result<kube::Config> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime
        .block_on(kube::Config::infer())
        .context("find the cluster")
}
