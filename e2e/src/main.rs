//! `make e2e`: every case on one cluster, then a table; 0 if all passed or nothing could be run, which is said loudly.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, anyhow};
use arc_e2e::cluster::Cluster;
use arc_e2e::diagnosis;
use arc_e2e::parts::Parts;
use arc_e2e::pipeline::CASES;
use arc_operator::signal;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let parts = match Parts::find() {
        Ok(parts) => parts,
        Err(unavailable) => {
            println!("SKIPPED e2e: {unavailable}");
            return ExitCode::SUCCESS;
        }
    };
    // What is dropped takes its container along.
    let result = tokio::select! {
        result = run(parts) => result,
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

/// Runs the cases; whether all passed.
async fn run(parts: Parts) -> Result<bool> {
    let watch = Stopwatch::start();
    let cluster = Cluster::start(parts).await?;
    println!("cluster ready after {} s", watch.seconds());
    let mut is_green = true;
    for case in CASES {
        let watch = Stopwatch::start();
        let result = case.run(&cluster).await;
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
    Ok(is_green)
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
