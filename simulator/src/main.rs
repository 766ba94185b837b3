//! `arcsim`, the command line of the simulator.

use std::process::ExitCode;
use std::sync::Arc;

/// A simulation is trees of JSON, which is many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "here the wall clock comes in")]
    let wall = Arc::new(jiff::Timestamp::now);
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("ARCSIM_LOG"))
        .with_writer(anstream::stderr)
        .with_ansi(true)
        .init();
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(arc_simulator::cli::main(wall, stopped())),
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            ExitCode::from(2)
        }
    }
}

/// Ready on SIGINT or SIGTERM; never, where signals cannot be had.
async fn stopped() {
    if arc_operator::signal::stopped().await.is_err() {
        std::future::pending().await
    }
}
