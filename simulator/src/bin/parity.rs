//! `parity`, which measures how like the real thing the simulated one is.

use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "here the wall clock comes in")]
    let wall = Arc::new(jiff::Timestamp::now);
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("ARCSIM_LOG"))
        .with_writer(anstream::stderr)
        .init();
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(arc_simulator::parity::main(wall, stopped())),
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
