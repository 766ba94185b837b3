//! The open watches as the server knows them, and what faults did to them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::clock::after;
use crate::faults::{Flaw, Instant, Swizzle};
use crate::ids::Ids;
use crate::store::kernel::Kernel;
use crate::store::log::TableId;
use crate::store::watch::{Cursor, Selection};

/// When a watch ends that sets no timeout: the least that a real server draws.
///
/// Source: `spec/kube-api.md` §1.11.
const TIMEOUT_DEFAULT: SignedDuration = SignedDuration::from_mins(30);

/// Every open watch of a server.
#[derive(Default)]
pub(crate) struct Streams {
    open: BTreeMap<u64, Stream>,
    /// Nearly always none.
    flawed: BTreeMap<u64, Flawed>,
    /// What is wrong with the watch that the request under way opens.
    next_flaw: Option<Flaw>,
}

/// One open watch.
struct Stream {
    actor: Arc<str>,
    table: TableId,
    selection: Arc<Selection>,
    closes_at: Timestamp,
    end: Option<End>,
}

/// How a watch ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Without a word.
    Cut,
    /// As too old.
    Expired,
}

/// A watch that does not work as it should.
struct Flawed {
    flaw: Flaw,
    since: Timestamp,
    closes_at: Timestamp,
    /// The last revision that it shows.
    view: u64,
    /// What it shows from when on.
    due: VecDeque<(Timestamp, u64)>,
    /// Whether it has told, for the last time, how far it came.
    is_mute: bool,
}

/// What a watch is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Up to which revision.
    pub(crate) until: u64,
    /// Whether its next event breaks off.
    pub(crate) is_torn: bool,
    /// How many events may wait beyond `until` before it ends.
    pub(crate) buffer: Option<usize>,
}

impl Default for Sight {
    /// Everything.
    fn default() -> Self {
        Self {
            until: u64::MAX,
            is_torn: false,
            buffer: None,
        }
    }
}

impl Streams {
    /// Knows of a watch from now on: its number, whose it is, and what it reads.
    pub(crate) fn open(
        &mut self,
        (id, actor, watch): (u64, &Arc<str>, &Cursor),
        timeout_seconds: u64,
        at: Instant,
    ) {
        let timeout = match i64::try_from(timeout_seconds) {
            Ok(0) | Err(_) => TIMEOUT_DEFAULT,
            Ok(seconds) => SignedDuration::from_secs(seconds),
        };
        let stream = Stream {
            actor: Arc::clone(actor),
            table: watch.table(),
            selection: Arc::clone(watch.selection()),
            closes_at: at.now.saturating_add(timeout).unwrap_or(Timestamp::MAX),
            end: None,
        };
        if let Some(flaw) = self.next_flaw.take() {
            self.flawed.insert(id, Flawed::new(flaw, &stream, at));
        }
        self.open.insert(id, stream);
    }

    /// Forgets a watch that ended.
    pub(crate) fn forget(&mut self, id: u64) {
        self.open.remove(&id);
        self.flawed.remove(&id);
    }

    /// Decides about the watch that the request under way opens, if any.
    pub(crate) fn mean_next(&mut self, flaw: Option<Flaw>) {
        self.next_flaw = flaw;
    }

    /// Ends the watches of a client, or of everybody.
    pub(crate) fn end(&mut self, actor: Option<&str>, end: End) {
        let is_meant = |stream: &Stream| actor.is_none_or(|actor| *stream.actor == *actor);
        self.end_those(is_meant, end);
    }

    /// Ends everybody's watches of some tables.
    pub(crate) fn end_of(&mut self, tables: &BTreeSet<TableId>) {
        self.end_those(|stream| tables.contains(&stream.table), End::Cut);
    }

    fn end_those(&mut self, is_meant: impl Fn(&Stream) -> bool, end: End) {
        for (id, stream) in &mut self.open {
            if is_meant(stream) {
                stream.end = Some(end);
                self.flawed.remove(id);
            }
        }
    }

    /// Ends one watch without a word.
    pub(crate) fn cut(&mut self, id: u64) {
        if let Some(stream) = self.open.get_mut(&id) {
            stream.end = Some(End::Cut);
        }
    }

    /// How a watch is to end; that it has expired it is told once.
    pub(crate) fn take_end(&mut self, id: u64) -> Option<End> {
        let end = &mut self.open.get_mut(&id)?.end;
        match end {
            Some(End::Cut) => *end,
            Some(End::Expired) | None => end.take(),
        }
    }

    /// Lets every open watch of a client work as `flaw` says.
    pub(crate) fn spoil(&mut self, actor: &str, flaw: Flaw, at: Instant) {
        let streams = self.open.iter();
        for (id, stream) in streams.filter(|(_, stream)| *stream.actor == *actor) {
            self.flawed.insert(*id, Flawed::new(flaw, stream, at));
        }
    }

    /// Stops some of a client's open watches one by one, and then lets them go on, in another order.
    pub(crate) fn swizzle(&mut self, actor: &str, swizzle: Swizzle, at: Instant) {
        let open = self.open.iter();
        let all: Vec<u64> = open
            .filter(|(_, stream)| *stream.actor == *actor)
            .map(|(id, _)| *id)
            .collect();
        let mut ids = Ids::new(swizzle.seed);
        for (id, wait, length) in pauses(&all, swizzle.pace, &mut ids) {
            let flaw = Flaw::Paused(wait, length);
            let flawed = Flawed::new(flaw, &self.open[&id], at);
            self.flawed.insert(id, flawed);
        }
    }

    /// Notes that something was written.
    pub(crate) fn written(&mut self, at: Instant) {
        for flawed in self.flawed.values_mut() {
            flawed.written(at);
        }
    }

    /// Shows what is due at `now`, and ends those that were silent until their timeout.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        for flawed in self.flawed.values_mut() {
            while let Some((due, revision)) = flawed.due.front().copied()
                && due <= now
            {
                flawed.view = revision;
                flawed.due.pop_front();
            }
        }
        self.flawed
            .retain(|_, flawed| flawed.pause().is_none_or(|(_, end)| end > now));
        let is_over = |_: &u64, flawed: &mut Flawed| flawed.is_silent() && flawed.closes_at <= now;
        let over = self.flawed.extract_if(.., is_over);
        for (id, _) in over.collect::<Vec<_>>() {
            self.cut(id);
        }
    }

    /// When the next flawed watch has something to show, or ends.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        self.flawed.values().filter_map(Flawed::next_due).min()
    }

    /// When a watch has something to show, or ends, because of a flaw.
    pub(crate) fn next_due(&self, id: u64) -> Option<Timestamp> {
        self.flawed.get(&id)?.next_due()
    }

    /// What a watch is to tell; `None` if everything.
    pub(crate) fn sight(&self, id: u64) -> Option<Sight> {
        self.flawed.get(&id).map(Flawed::sight)
    }

    /// Whether a watch may tell how far it came; one that falls silent, or pauses, says it once more.
    pub(crate) fn takes_bookmark(&mut self, id: u64, now: Timestamp) -> bool {
        match self.flawed.get_mut(&id) {
            Some(flawed) if flawed.flaw == Flaw::Unmarked => false,
            Some(flawed) if flawed.is_silent() || flawed.is_paused(now) => {
                !std::mem::replace(&mut flawed.is_mute, true)
            }
            Some(_) | None => true,
        }
    }

    /// Whether any watch does not work as it should.
    pub(crate) fn has_flaws(&self) -> bool {
        !self.flawed.is_empty()
    }

    /// The last revision that every watch of a client on a table shows.
    pub(crate) fn seen_by(&self, actor: &str, table: TableId, kernel: &Kernel) -> u64 {
        let shown = self.flawed.iter().filter_map(|(id, flawed)| {
            let stream = self.open.get(id)?;
            let is_meant = *stream.actor == *actor && stream.table == table;
            is_meant.then(|| match flawed.flaw {
                // Only events tell how far it came.
                Flaw::Unmarked => stream.selection.newest(kernel),
                Flaw::Torn => u64::MAX,
                Flaw::Late(_)
                | Flaw::Batched(_)
                | Flaw::Paused(..)
                | Flaw::Silent
                | Flaw::Stalled(_) => flawed.view,
            })
        });
        shown.min().unwrap_or(u64::MAX)
    }
}

impl Flawed {
    fn new(flaw: Flaw, stream: &Stream, at: Instant) -> Self {
        Self {
            flaw,
            since: at.now,
            closes_at: stream.closes_at,
            view: at.revision,
            due: VecDeque::new(),
            is_mute: false,
        }
    }

    fn written(&mut self, at: Instant) {
        let due = match self.flaw {
            Flaw::Paused(..) => {
                if !self.is_paused(at.now) {
                    self.view = at.revision;
                }
                return;
            }
            Flaw::Late(delay) => at.now + delay,
            Flaw::Batched(period) => {
                self.since + rounded_up(at.now.duration_since(self.since), period)
            }
            Flaw::Torn | Flaw::Unmarked | Flaw::Silent | Flaw::Stalled(_) => return,
        };
        match self.due.back_mut() {
            Some((last, revision)) if *last == due => *revision = at.revision,
            Some(_) | None => self.due.push_back((due, at.revision)),
        }
    }

    /// From when until when nothing comes, of a watch that pauses.
    fn pause(&self) -> Option<(Timestamp, Timestamp)> {
        match self.flaw {
            Flaw::Paused(wait, length) => {
                let begin = after(self.since, wait);
                Some((begin, after(begin, length)))
            }
            Flaw::Late(_)
            | Flaw::Batched(_)
            | Flaw::Torn
            | Flaw::Unmarked
            | Flaw::Silent
            | Flaw::Stalled(_) => None,
        }
    }

    fn is_paused(&self, now: Timestamp) -> bool {
        self.pause()
            .is_some_and(|(begin, end)| begin <= now && now < end)
    }

    fn is_silent(&self) -> bool {
        matches!(self.flaw, Flaw::Silent | Flaw::Stalled(_))
    }

    fn holds_back(&self) -> bool {
        !matches!(self.flaw, Flaw::Torn | Flaw::Unmarked)
    }

    fn next_due(&self) -> Option<Timestamp> {
        if self.is_silent() {
            return Some(self.closes_at);
        }
        let due = self.due.front().map(|(due, _)| *due);
        due.or(self.pause().map(|(_, end)| end))
    }

    fn sight(&self) -> Sight {
        Sight {
            until: if self.holds_back() {
                self.view
            } else {
                u64::MAX
            },
            is_torn: self.flaw == Flaw::Torn,
            buffer: match self.flaw {
                Flaw::Stalled(n_events) => Some(n_events),
                Flaw::Late(_)
                | Flaw::Batched(_)
                | Flaw::Paused(..)
                | Flaw::Torn
                | Flaw::Unmarked
                | Flaw::Silent => None,
            },
        }
    }
}

/// The least multiple of `period` that is not less than `elapsed`, and not zero.
fn rounded_up(elapsed: SignedDuration, period: SignedDuration) -> SignedDuration {
    let (elapsed, period) = (elapsed.as_nanos(), period.as_nanos().max(1));
    let n_periods = (elapsed + period - 1) / period;
    SignedDuration::from_nanos_i128(n_periods.max(1) * period)
}

/// Which of `all` pause, each with the time until then and how long: one more stops each time that `pace` has passed, and
/// when the last of them has, one more goes on each time, in another order.
fn pauses(
    all: &[u64],
    pace: SignedDuration,
    ids: &mut Ids,
) -> Vec<(u64, SignedDuration, SignedDuration)> {
    let mut chosen: Vec<u64> = all.iter().copied().filter(|_| ids.below(2) == 0).collect();
    // One alone has no order.
    if chosen.len() < 2 {
        chosen = all.to_vec();
    }
    let stops = shuffled(chosen, ids);
    let mut starts = shuffled(stops.clone(), ids);
    if starts == stops {
        starts.reverse();
    }
    let steps = |n: usize| pace.saturating_mul(i32::try_from(n).unwrap_or(i32::MAX));
    let turn = |id: &u64| starts.iter().position(|other| other == id);
    let turns = stops.iter().filter_map(|id| Some((*id, turn(id)?)));
    let n_stops = stops.len();
    turns
        .enumerate()
        .map(|(stop, (id, start))| (id, steps(stop), steps(n_stops + start - stop)))
        .collect()
}

fn shuffled(mut some: Vec<u64>, ids: &mut Ids) -> Vec<u64> {
    for n_left in (2..=some.len()).rev() {
        some.swap(n_left - 1, ids.below(n_left));
    }
    some
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one(&[7], 1, &[(7, 0, 1)])]
    #[case::two(&[7, 8], 3, &[(8, 0, 3), (7, 1, 1)])]
    fn a_swizzle_stops_each_before_any_goes_on(
        #[case] all: &[u64],
        #[case] seed: u64,
        #[case] expected: &[(u64, i64, i64)],
    ) {
        let pauses = pauses(all, SignedDuration::from_secs(1), &mut Ids::new(seed));
        let pauses = pauses
            .into_iter()
            .map(|(id, wait, length)| (id, wait.as_secs(), length.as_secs()));
        assert_eq!(pauses.collect::<Vec<_>>(), expected);
    }
}
