//! A part in running time: a task of its own that waits for changes, timers and the end.

use std::future::Future;
use std::time::Duration;

use futures::future::{Either, select};
use futures::pin_mut;
use jiff::Timestamp;

use super::runner::Runner;
use crate::clock::Clock;

/// The longest wait between two looks at the queue, so that a distant timer needs no exact wait.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Runs one part on a running clock until `stop` is ready.
pub async fn run_live(mut runner: Runner, clock: Clock, stop: impl Future<Output = ()>) {
    pin_mut!(stop);
    loop {
        runner.connect(&clock).await;
        while runner.reconcile_next(&clock, clock.now()).await {
            // What the part has just learned to follow is there before it goes on.
            runner.connect(&clock).await;
            runner.take_news(clock.now()).await;
        }
        let wait = tokio::time::sleep(wait_until(runner.next_due(), &clock));
        let now = clock.now();
        let news = runner.await_news(now);
        pin_mut!(wait, news);
        if let Either::Left(_) = select(stop.as_mut(), select(news, wait)).await {
            return;
        }
    }
}

fn wait_until(due: Option<Timestamp>, clock: &Clock) -> Duration {
    let Some(due) = due else { return LOOK_AGAIN };
    let until = due.duration_since(clock.now());
    match clock.wall_duration(until) {
        Some(wall) => Duration::try_from(wall)
            .unwrap_or(Duration::ZERO)
            .min(LOOK_AGAIN),
        None => Duration::ZERO,
    }
}
