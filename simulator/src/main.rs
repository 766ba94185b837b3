//! `arcsim`, the command line of the simulator.

use std::future::Future;
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
        Ok(runtime) => runtime.block_on(async { arc_simulator::cli::main(wall, stopped()).await }),
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            ExitCode::from(2)
        }
    }
}

/// Ready on SIGINT or SIGTERM; never, where signals cannot be had.
fn stopped() -> impl Future<Output = ()> {
    let told = arc_operator::signal::stopped();
    async {
        if told.await.is_err() {
            std::future::pending().await
        }
    }
}
