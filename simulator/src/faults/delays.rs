//! Clients that see late, as a seed says.

use std::sync::Arc;

use jiff::SignedDuration;

use super::disturbance::Disturbance;
use super::rule::{Fault, Judged};
use crate::ids::Ids;
use crate::store::request::Request;

/// What keeps these choices apart from those of other faults although all may come from one seed.
const DELAY_STREAM: u64 = 0x1a_7e_5e_ed;

/// At some writes, whosever they are, one of some clients sees nothing new for a while.
#[derive(Clone, Debug)]
pub struct Delays {
    /// What chooses the writes, the clients and how long.
    pub seed: u64,
    /// At one of so many writes on average.
    pub one_in: usize,
    /// The longest while, in seconds.
    pub seconds_max: usize,
    /// The clients.
    pub victims: Vec<String>,
}

/// [`Delays`] at work.
#[derive(Clone)]
pub(super) struct Delaying {
    delays: Delays,
    ids: Ids,
}

impl Delaying {
    pub(super) fn new(delays: Delays) -> Self {
        let ids = Ids::new(delays.seed ^ DELAY_STREAM);
        Self { delays, ids }
    }

    pub(super) fn judge(&mut self, request: &Request) -> Option<Judged> {
        let Delays {
            one_in,
            seconds_max,
            victims,
            ..
        } = &self.delays;
        if !request.verb.is_write() || self.ids.below(*one_in) != 0 {
            return None;
        }
        let victim = victims.get(self.ids.below(victims.len()))?;
        let seconds = 1 + self.ids.below(*seconds_max);
        let while_ = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        Some(Judged {
            victim: Some(Arc::from(victim.as_str())).filter(|victim| *victim != request.actor),
            ..Judged::of(Fault::Disturb(Disturbance::Lag(while_)))
        })
    }
}
