//! Where a runner sits in virtual time: it acts in its turns, and stands still while one of its requests hangs.

use futures::future::{BoxFuture, Either, FutureExt, select};
use jiff::Timestamp;

use super::runner::Runner;
use crate::http::service::ApiServer;

/// A runner, wherever it is.
pub(crate) struct Seat {
    name: &'static str,
    occupant: Occupant,
}

enum Occupant {
    /// It can act.
    Free(Box<Runner>),
    /// It is in the midst of something that hangs.
    Held(Doing),
    /// It acts at this moment.
    Away,
}

/// What a runner is in the midst of: it comes back, and says whether it did anything.
type Doing = BoxFuture<'static, (Box<Runner>, bool)>;

impl Seat {
    /// A seat for `runner`.
    pub(crate) fn new(runner: Runner) -> Self {
        Self {
            name: runner.name(),
            occupant: Occupant::Free(Box::new(runner)),
        }
    }

    /// The name of the part that sits there.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The runner, unless it stands still.
    pub(crate) fn runner(&self) -> Option<&Runner> {
        match &self.occupant {
            Occupant::Free(runner) => Some(runner),
            Occupant::Held(_) | Occupant::Away => None,
        }
    }

    /// The runner, unless it stands still.
    pub(crate) fn runner_mut(&mut self) -> Option<&mut Runner> {
        match &mut self.occupant {
            Occupant::Free(runner) => Some(runner),
            Occupant::Held(_) | Occupant::Away => None,
        }
    }

    /// Whether it has something to do at `now`.
    pub(crate) fn is_due(&self, now: Timestamp, server: &ApiServer) -> bool {
        match self.runner() {
            Some(runner) => runner.is_due(now),
            None => !server.is_hung(self.name),
        }
    }

    /// Takes up all changes, and opens the watches that are closed and may be tried at `now`.
    pub(crate) async fn take_news(&mut self, now: Timestamp, server: &ApiServer) {
        if let Some(runner) = self.runner_mut() {
            // A watch that has ended by now is opened again at once.
            runner.take_news(now).await;
        }
        if self.runner().is_some_and(|it| it.is_to_connect(now)) {
            let clock = server.clock().clone();
            let connect = |mut runner: Box<Runner>| {
                async move {
                    runner.connect(&clock).await;
                    (runner, true)
                }
                .boxed()
            };
            self.go_on(connect, server).await;
        }
        if let Some(runner) = self.runner_mut() {
            runner.take_news(now).await;
        }
    }

    /// Reconciles the first key that is due, or goes on with what hung; returns whether it did anything.
    pub(crate) async fn act(&mut self, server: &ApiServer) -> bool {
        let (clock, told) = (server.clock().clone(), server.clock_of(self.name).now());
        let reconcile = |mut runner: Box<Runner>| {
            async move {
                let acted = runner.reconcile_next(&clock, told).await;
                (runner, acted)
            }
            .boxed()
        };
        self.go_on(reconcile, server).await
    }

    /// Lets the runner go on with what it is in the midst of, else begin `something`, until it is back or hangs.
    async fn go_on(
        &mut self,
        something: impl FnOnce(Box<Runner>) -> Doing,
        server: &ApiServer,
    ) -> bool {
        let (doing, was_held) = match std::mem::replace(&mut self.occupant, Occupant::Away) {
            Occupant::Free(runner) => (something(runner), false),
            Occupant::Held(doing) => (doing, true),
            // Only if somebody gave up the turn before its end.
            Occupant::Away => return false,
        };
        let hung = std::pin::pin!(server.hung(self.name));
        match select(doing, hung).await {
            Either::Left(((mut runner, acted), _)) => {
                if was_held {
                    // Nobody could tell it what was written meanwhile.
                    runner.forget_visits();
                }
                self.occupant = Occupant::Free(runner);
                acted
            }
            Either::Right(((), doing)) => {
                self.occupant = Occupant::Held(doing);
                true
            }
        }
    }
}
