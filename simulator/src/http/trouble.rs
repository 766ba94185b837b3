//! What faults did to the server and to what its clients see of it, until time puts it right.
//!
//! Source: `spec/kube-api.md` §5.2.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::foresight;
use super::hang::Hangs;
use super::lifecycle::Lifecycle;
use super::state::State;
use super::streams::{End, Sight, Streams};
use crate::clock::Lead;
use crate::faults::{Disturbance, Flaw, Instant, Moment, Outlook, Verdict};
use crate::store::request::{At, Request, Verb};
use crate::store::status::Status;
use crate::store::watch::{Cursor, too_large};

/// What is not as it should be.
#[derive(Default)]
pub(crate) struct Trouble {
    /// The clients for whom time stands still.
    views: BTreeMap<Arc<str>, View>,
    /// Nobody reaches the server before this.
    away_until: Option<Timestamp>,
    /// How far the server's clock is ahead.
    skew: SignedDuration,
    /// How far each client's clock is ahead, as far as anybody asked.
    leads: BTreeMap<Arc<str>, Lead>,
    /// The clients whose watches end at once, until then.
    short: BTreeMap<Arc<str>, Timestamp>,
    /// The open watches.
    pub(crate) streams: Streams,
    /// The requests that nobody answers.
    pub(crate) hangs: Hangs,
    /// What is not served, or shown, as it should be.
    pub(crate) lifecycle: Lifecycle,
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

    /// How far a client's clock is ahead, now and later.
    pub(crate) fn lead(&mut self, actor: &str) -> Lead {
        self.leads.entry(Arc::from(actor)).or_default().clone()
    }

    /// What a watch of a client is to tell.
    pub(crate) fn sight(&self, actor: &str, id: u64) -> Sight {
        let view = self.view(actor).unwrap_or(u64::MAX);
        let sight = self.streams.sight(id).unwrap_or_default();
        Sight {
            until: sight.until.min(view),
            ..sight
        }
    }

    /// When a watch of a client has something to tell, or ends, although nobody writes.
    pub(crate) fn due(&self, actor: &str, id: u64) -> Option<Timestamp> {
        let view = self.views.get(actor).map(|view| view.until);
        view.into_iter().chain(self.streams.next_due(id)).min()
    }

    /// Knows of a new watch of a client, which ends at once if that is its lot.
    pub(crate) fn open(
        &mut self,
        id: u64,
        watch: &Cursor,
        (actor, seconds): (&Arc<str>, u64),
        at: Instant,
    ) {
        self.streams.open((id, actor, watch), seconds, at);
        if self.short.contains_key(actor) {
            self.streams.cut(id);
        }
    }

    /// When the next trouble that time puts right is over.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        let views = self.views.values().map(|view| view.until);
        let times = views
            .chain(self.away_until)
            .chain(self.short.values().copied());
        times
            .chain(self.streams.ends_at())
            .chain(self.hangs.ends_at())
            .chain(self.lifecycle.ends_at())
            .min()
    }

    /// Puts right what is over at `now`.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        if self.ends_at().is_none_or(|at| at > now) {
            return;
        }
        self.views.retain(|_, view| view.until > now);
        self.short.retain(|_, until| *until > now);
        self.away_until = self.away_until.filter(|until| *until > now);
        self.streams.pass(now);
        self.hangs.pass(now);
        self.lifecycle.pass(now);
    }
}

impl State {
    /// What the fault rules, if any, make of a request before or after it took effect.
    pub(crate) fn fault(&mut self, request: &Request, moment: Moment, now: Timestamp) -> Verdict {
        if moment == Moment::Before {
            self.trouble.streams.mean_next(None);
        }
        if self.trouble.is_away() || self.crashed.contains(&request.actor) {
            return Verdict::Break;
        }
        let Some(faults) = &mut self.faults else {
            return Verdict::Pass;
        };
        let revision = self.kernel.log().revision();
        let instant = Instant { now, revision };
        let shown = self.trouble.clock(now);
        let look = || foresight::changes((&self.kernel, &self.ids), request, shown);
        let verdict = match moment {
            Moment::Before => faults.before(request, &Outlook::new(&look), instant),
            Moment::After => faults.after(),
        };
        match verdict {
            Verdict::Disturb(what, whom) => self.disturb((request, &whom), what, instant),
            Verdict::Crash => {
                self.crashed.insert(Arc::clone(&request.actor));
                Verdict::Crash
            }
            Verdict::Kill(victim) => {
                self.crashed.insert(victim);
                Verdict::Pass
            }
            Verdict::Pass
            | Verdict::Meddle(_)
            | Verdict::GoAway
            | Verdict::Pages(_)
            | Verdict::Answer(_)
            | Verdict::Break
            | Verdict::Hang(_) => verdict,
        }
    }

    fn disturb(
        &mut self,
        (request, actor): (&Request, &Arc<str>),
        what: Disturbance,
        at: Instant,
    ) -> Verdict {
        let Instant { now, revision } = at;
        match what {
            Disturbance::DropWatches => self.end_watches(Some(actor), End::Cut),
            Disturbance::ExpireWatches => self.end_watches(Some(actor), End::Expired),
            Disturbance::ShortWatches(time) => {
                self.trouble.short.insert(Arc::clone(actor), now + time);
                self.end_watches(Some(actor), End::Cut);
            }
            Disturbance::Watches(flaw) => match request.verb {
                Verb::Watch(_) if *actor == request.actor => {
                    self.trouble.streams.mean_next(Some(flaw))
                }
                _ => self.spoil(actor, flaw, at),
            },
            Disturbance::Lag(delay) => {
                let until = now + delay;
                let view = View { revision, until };
                self.trouble.views.entry(Arc::clone(actor)).or_insert(view);
            }
            Disturbance::Compact => self.kernel_mut().compact(revision),
            Disturbance::Skew(skew) => self.trouble.skew = skew,
            Disturbance::ClientSkew(lead) => self.trouble.lead(actor).set(lead),
            Disturbance::Restart(outage) => {
                self.kernel_mut().compact(revision);
                self.end_watches(None, End::Cut);
                self.trouble.hangs.end_all();
                self.trouble.views.clear();
                self.trouble.away_until = Some(now + outage);
                return Verdict::Break;
            }
            Disturbance::Swizzle(swizzle) => {
                self.trouble.streams.swizzle(actor, swizzle, at);
                self.watchers.wake_all();
            }
            Disturbance::Unserve(time) => self.unserve(request, time, at),
            Disturbance::FreezeDiscovery(time) => self.freeze_discovery(time, at),
            Disturbance::HoldDefinitions(time) => self.hold_definitions(time, at),
            Disturbance::Pages(n) => return Verdict::Pages(n),
            Disturbance::Meddle(what) => return Verdict::Meddle(what),
            Disturbance::GoAway => return Verdict::GoAway,
        }
        Verdict::Pass
    }

    fn spoil(&mut self, actor: &str, flaw: Flaw, at: Instant) {
        self.trouble.streams.spoil(actor, flaw, at);
        // Who waits does not know yet when to look again.
        self.watchers.wake_all();
    }

    fn end_watches(&mut self, actor: Option<&str>, end: End) {
        self.trouble.streams.end(actor, end);
        self.watchers.wake_all();
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
                options.as_of = Some(view);
            }
            _ => {}
        }
        Ok(())
    }
}
