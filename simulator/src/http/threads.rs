//! Threads on which connections are served, each with a runtime of its own: a request is read, answered and written where
//! its connection is, and no thread waits for another one but for the state itself.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::num::NonZero;
use std::pin::pin;
use std::rc::Rc;
use std::thread;

use futures::future::poll_fn;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Notify, oneshot};
use tokio::task::yield_now;

/// How often a thread that has run out of work looks for more before it sleeps.
const N_LOOKS: usize = 64;

thread_local! {
    static LOOKOUT: Rc<Lookout> = Rc::default();
}

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
    let lookout = LOOKOUT.with(Rc::clone);
    // Nothing is ever sent.
    runtime.block_on(async {
        tokio::select! {
            _ = ended => {}
            never = lookout.keep() => match never {}
        }
    });
}

/// Keeps a thread awake for a moment after there was work on it, since more of it is near: to sleep and to be woken takes
/// longer than a request does. Other threads of the core go first all the while.
#[derive(Default)]
struct Lookout {
    is_kept: Cell<bool>,
    /// Whether there was work since the last look.
    saw_work: Cell<bool>,
    begins: Notify,
}

impl Lookout {
    /// Notes that there is work.
    fn note(&self) {
        self.saw_work.set(true);
        if !self.is_kept.get() {
            self.begins.notify_one();
        }
    }

    /// Keeps the thread awake.
    async fn keep(&self) -> Infallible {
        loop {
            self.begins.notified().await;
            self.is_kept.set(true);
            let mut n_left = N_LOOKS;
            while n_left > 0 {
                if self.saw_work.take() {
                    n_left = N_LOOKS;
                } else {
                    n_left -= 1;
                    thread::yield_now();
                }
                yield_now().await;
            }
            self.is_kept.set(false);
        }
    }
}

/// Does `work`, keeping the thread awake that it is on.
pub(super) async fn awake<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let turn = poll_fn(|context| {
        LOOKOUT.with(|lookout| lookout.note());
        work.as_mut().poll(context)
    });
    turn.await
}
