//! What faults did to the server and to what its clients see of it, until time puts it right.
//!
//! Source: `spec/kube-api.md` §5.2.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::service::State;
use crate::faults::{Disturbance, Instant, Moment, Verdict};
use crate::store::request::{At, Request, Start, Verb};
use crate::store::status::Status;
use crate::store::watch::too_large;

/// What is not as it should be.
#[derive(Default)]
pub(crate) struct Trouble {
    /// The clients for whom time stands still.
    views: BTreeMap<Arc<str>, View>,
    /// Nobody reaches the server before this.
    away_until: Option<Timestamp>,
    /// How far the server's clock is ahead.
    skew: SignedDuration,
}

/// What a lagging replica shows.
#[derive(Clone, Copy)]
struct View {
    /// The last revision that is seen.
    revision: u64,
    until: Timestamp,
}

impl Trouble {
    /// The last revision that a client sees, if that is not the newest.
    pub(crate) fn view(&self, actor: &str) -> Option<u64> {
        // Nearly always there is none.
        if self.views.is_empty() {
            return None;
        }
        self.views.get(actor).map(|view| view.revision)
    }

    /// Whether nobody is there to answer.
    pub(crate) fn is_away(&self) -> bool {
        self.away_until.is_some()
    }

    /// What the server takes `now` for.
    pub(crate) fn clock(&self, now: Timestamp) -> Timestamp {
        now + self.skew
    }

    /// When the next trouble that time puts right is over.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        let views = self.views.values().map(|view| view.until);
        views.chain(self.away_until).min()
    }

    /// Puts right what is over at `now`.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        self.views.retain(|_, view| view.until > now);
        self.away_until = self.away_until.filter(|until| *until > now);
    }
}

impl State {
    /// What the fault rules, if any, make of a request before or after it took effect.
    pub(crate) fn fault(&mut self, request: &Request, moment: Moment, now: Timestamp) -> Verdict {
        if self.trouble.is_away() || self.crashed.contains(&request.actor) {
            return Verdict::Break;
        }
        let Some(faults) = &mut self.faults else {
            return Verdict::Pass;
        };
        let revision = self.kernel.log().revision();
        let instant = Instant { now, revision };
        let verdict = match moment {
            Moment::Before => faults.before(request, instant),
            Moment::After => faults.after(),
        };
        match verdict {
            Verdict::Disturb(disturbance) => self.disturb(&request.actor, disturbance, instant),
            Verdict::Crash => {
                self.crashed.insert(Arc::clone(&request.actor));
                Verdict::Crash
            }
            Verdict::Pass | Verdict::Answer(_) | Verdict::Break => verdict,
        }
    }

    fn disturb(&mut self, actor: &Arc<str>, what: Disturbance, at: Instant) -> Verdict {
        let Instant { now, revision } = at;
        match what {
            Disturbance::DropWatches => self.watchers.cut(actor),
            Disturbance::ExpireWatches => self.watchers.expire(actor),
            Disturbance::Lag(delay) => {
                let until = now + delay;
                let view = View { revision, until };
                self.trouble.views.entry(Arc::clone(actor)).or_insert(view);
            }
            Disturbance::Compact => self.kernel_mut().compact(revision),
            Disturbance::Skew(skew) => self.trouble.skew = skew,
            Disturbance::Restart(outage) => {
                self.kernel_mut().compact(revision);
                self.watchers.cut_all();
                self.trouble.views.clear();
                self.trouble.away_until = Some(now + outage);
                return Verdict::Break;
            }
        }
        Verdict::Pass
    }

    /// Makes of a request what a client that sees nothing after `view` asks for: reads that need not be current, and
    /// watches, find an older state; a get is always current.
    ///
    /// # Errors
    /// 504 if it asks for more than it can see.
    pub(crate) fn through(&self, view: u64, request: &mut Request) -> Result<(), Status> {
        let view = view.max(self.kernel.log().compacted());
        match &mut request.verb {
            Verb::List(options) if options.token.is_none() => {
                options.at = match options.at {
                    At::Any => {
                        options.limit = 0;
                        At::Exactly(view)
                    }
                    At::NotOlderThan(revision) if revision > view => {
                        return Err(too_large(revision, view));
                    }
                    At::NotOlderThan(_) => At::Exactly(view),
                    current @ (At::Newest | At::Exactly(_)) => current,
                }
            }
            Verb::Watch(options) => {
                if let Start::StateThenBookmark(revision) = options.start
                    && revision > view
                {
                    return Err(too_large(revision, view));
                }
                options.as_of = Some(view);
            }
            _ => {}
        }
        Ok(())
    }
}
