//! Threads on which connections are served, each with a runtime of its own: a request is read, answered and written where
//! its connection is, and no thread waits for another one but for the state itself.

use std::io;
use std::num::NonZero;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// Running threads, which end with this value.
pub struct Threads {
    handles: Vec<Handle>,
    _ends: Vec<oneshot::Sender<()>>,
}

impl Threads {
    /// Starts one for each core.
    ///
    /// # Errors
    /// The system gives no thread, or nothing to wait on.
    pub fn start() -> io::Result<Self> {
        let n_cores = thread::available_parallelism().map_or(1, NonZero::get);
        let (mut handles, mut ends) = (Vec::new(), Vec::new());
        for index in 0..n_cores {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            handles.push(runtime.handle().clone());
            let (end, ended) = oneshot::channel();
            ends.push(end);
            let name = format!("connections-{index}");
            thread::Builder::new()
                .name(name)
                .spawn(move || run(&runtime, ended))?;
        }
        Ok(Self {
            handles,
            _ends: ends,
        })
    }

    /// Their runtimes, of which there is one at least.
    #[must_use]
    pub fn handles(&self) -> &[Handle] {
        &self.handles
    }
}

/// Runs what is spawned, until the other end of `ended` is dropped.
fn run(runtime: &Runtime, ended: oneshot::Receiver<()>) {
    // Nothing is ever sent.
    let _ = runtime.block_on(ended);
}
