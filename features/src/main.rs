//! Runs any feature files against a simulated cluster with ARC in it.

use std::path::PathBuf;
use std::process::ExitCode;

use arc_features::backend::Backend;
use arc_features::run::{Options, run};
use clap::Parser;
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
    backend: Backend,
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

fn main() -> ExitCode {
    let Arguments {
        paths,
        backend,
        seed,
        junit,
        tags,
    } = Arguments::parse();
    let options = Options {
        paths,
        backend,
        seed,
        junit,
        tags,
    };
    match run(&options) {
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
        Ok(summary) => {
            println!("{} passed, {} failed", summary.n_passed, summary.n_failed);
            match (summary.n_failed, summary.n_passed) {
                (0, 0) => ExitCode::from(2),
                (0, _) => ExitCode::SUCCESS,
                _ => ExitCode::FAILURE,
            }
        }
    }
}
