//! Keys that wait for their time, each at most once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::part::Key;

/// The delay after a first failure; each further one doubles it.
const BACKOFF_FIRST: SignedDuration = SignedDuration::from_secs(1);
/// No failure waits longer than this.
const BACKOFF_MAX: SignedDuration = SignedDuration::from_mins(5);

/// A work queue ordered by due time, then by key.
#[derive(Default)]
pub(crate) struct Queue {
    by_time: BTreeSet<(Timestamp, Key)>,
    due: BTreeMap<Key, Timestamp>,
    failures: BTreeMap<Key, u32>,
    /// Keys that wait for a time they asked for themselves.
    timers: BTreeSet<Key>,
    /// Keys whose time has come since the last write anywhere, and since the last change that became known; a turn because of
    /// a change does not count.
    visited: BTreeSet<Key>,
}

impl Queue {
    /// Lets `key` wait until `at` because of a change, about which it has had no turn; if it waits already, the earlier time
    /// stands.
    pub(crate) fn add(&mut self, key: Key, at: Timestamp) {
        // News may come long after the write that they tell of.
        self.visited.remove(&key);
        self.place(key, at);
    }

    fn place(&mut self, key: Key, at: Timestamp) {
        match self.due.get(&key) {
            Some(earlier) if *earlier <= at => return,
            Some(later) => {
                self.by_time.remove(&(*later, key.clone()));
            }
            None => {}
        }
        self.timers.remove(&key);
        self.by_time.insert((at, key.clone()));
        self.due.insert(key, at);
    }

    /// Lets `key` wait until `at`, as its last turn asked for; if it waits already, the earlier time stands.
    pub(crate) fn add_timer(&mut self, key: Key, at: Timestamp) {
        self.place(key.clone(), at);
        if self.due.get(&key) == Some(&at) {
            self.timers.insert(key);
        }
    }

    /// Takes the first key that is due at `now`.
    pub(crate) fn take(&mut self, now: Timestamp) -> Option<Key> {
        if self.by_time.first().is_none_or(|(at, _)| *at > now) {
            return None;
        }
        let (_, key) = self.by_time.pop_first()?;
        self.due.remove(&key);
        if self.timers.remove(&key) {
            self.visited.insert(key.clone());
        }
        Some(key)
    }

    /// When the next key is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Forgets which keys had their turn, because something was written.
    pub(crate) fn forget_visits(&mut self) {
        self.visited.clear();
    }

    /// Whether the time of every key that waits has come once since the last [`Queue::forget_visits`].
    pub(crate) fn all_visited(&self) -> bool {
        self.due.keys().all(|key| self.visited.contains(key))
    }

    /// `key` succeeded: its next failure waits the shortest time again.
    pub(crate) fn succeeded(&mut self, key: &Key) {
        self.failures.remove(key);
    }

    /// `key` failed: it waits again, longer each time. Returns the wait.
    pub(crate) fn failed(&mut self, key: Key, now: Timestamp) -> SignedDuration {
        let failures = self.failures.entry(key.clone()).or_default();
        let wait = BACKOFF_FIRST
            .saturating_mul(1 << (*failures).min(16))
            .min(BACKOFF_MAX);
        *failures += 1;
        self.add_timer(key, now + wait);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::EPOCH;

    fn key(name: &str) -> Key {
        Key {
            kind: "Pod".into(),
            namespace: "default".into(),
            name: name.into(),
        }
    }

    #[test]
    fn a_key_waits_once_and_for_the_earlier_time() {
        let mut queue = Queue::default();
        queue.add(key("a"), EPOCH + SignedDuration::from_secs(9));
        queue.add(key("a"), EPOCH);
        queue.add(key("a"), EPOCH + SignedDuration::from_secs(5));
        assert_eq!(queue.take(EPOCH), Some(key("a")));
        assert_eq!(queue.next_due(), None);
    }

    #[test]
    fn a_failing_key_waits_longer_each_time_up_to_five_minutes() {
        let mut queue = Queue::default();
        let waits: Vec<i64> = (0..11)
            .map(|_| queue.failed(key("a"), EPOCH).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn a_write_makes_every_waiting_key_unvisited_again() {
        let mut queue = Queue::default();
        let soon = EPOCH + SignedDuration::from_secs(1);
        queue.add_timer(key("a"), EPOCH);
        assert!(!queue.all_visited());
        queue.take(EPOCH);
        queue.add_timer(key("a"), soon);
        assert!(queue.all_visited());
        queue.forget_visits();
        assert!(!queue.all_visited());
    }

    #[test]
    fn a_change_that_becomes_known_after_a_turn_asks_for_another() {
        let mut queue = Queue::default();
        queue.add_timer(key("a"), EPOCH);
        queue.take(EPOCH);
        queue.add_timer(key("a"), EPOCH + SignedDuration::from_secs(5));
        assert!(queue.all_visited());
        queue.add(key("a"), EPOCH + SignedDuration::from_secs(10));
        assert!(!queue.all_visited());
    }

    #[test]
    fn a_turn_because_of_a_change_says_nothing_about_a_timer() {
        let mut queue = Queue::default();
        queue.add(key("a"), EPOCH);
        queue.take(EPOCH);
        queue.add_timer(key("a"), EPOCH + SignedDuration::from_secs(5));
        assert!(!queue.all_visited());
    }
}
