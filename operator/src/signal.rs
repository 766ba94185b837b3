//! When a program is told to stop.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Ready on SIGINT or SIGTERM.
///
/// # Errors
/// Signals cannot be had.
pub async fn stopped() -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
