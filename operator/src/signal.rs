//! When a program is told to stop.

use std::future::Future;
use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Ready on the first SIGINT or SIGTERM after this call, which must be made within a tokio runtime.
///
/// # Errors
/// Signals cannot be had.
pub fn stopped() -> impl Future<Output = io::Result<()>> {
    // Taken up now and not when somebody waits: who says that it is ready may be told to stop in the next moment.
    let interrupt = signal(SignalKind::interrupt());
    let terminate = signal(SignalKind::terminate());
    async {
        let (mut interrupt, mut terminate) = (interrupt?, terminate?);
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(())
    }
}
