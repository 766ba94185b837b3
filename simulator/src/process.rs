//! How a program of this crate begins, and how it is told to stop.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;

/// Ready on SIGINT or SIGTERM; never, where signals cannot be had.
pub type Stop = Pin<Box<dyn Future<Output = ()>>>;

/// Starts logging, as `ARCSIM_LOG` says, and runs `main` to its exit status; signals are heeded from the start.
pub fn run<F: Future<Output = ExitCode>>(main: impl FnOnce(Stop) -> F) -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("ARCSIM_LOG"))
        .with_writer(anstream::stderr)
        .with_ansi(true)
        .init();
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(async { main(stopped()).await }),
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            ExitCode::from(2)
        }
    }
}

fn stopped() -> Stop {
    let told = arc_operator::signal::stopped();
    Box::pin(async {
        if told.await.is_err() {
            std::future::pending().await
        }
    })
}
