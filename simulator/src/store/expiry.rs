//! Events last an hour.
//!
//! Source: `spec/kube-api.md` §1.22; Kubernetes v1.34 `pkg/registry/core/event/storage/storage.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::kernel::Kernel;
use super::kind::Origin;
use super::object::{Key, Object};
use super::registry::Served;
use crate::json::Value;

/// How long an Event stays after the last write to it.
///
/// Source: kube-apiserver v1.34 `--event-ttl`.
pub const EVENT_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// When which writes to Events run out, by their time and revision.
#[derive(Clone, Debug, Default)]
pub(super) struct Expiries(BTreeMap<(Timestamp, u64), Key>);

impl Expiries {
    /// Takes note of a state that was stored at `now`, if it is one that does not last.
    pub(super) fn learn(&mut self, served: &Served, stored: &Object, now: Timestamp) {
        if is_event(served)
            && let Ok(end) = now.checked_add(EVENT_LIFETIME)
        {
            self.0.insert((end, stored.revision()), stored.key());
        }
    }

    /// The same for a state that comes out of a file.
    pub(super) fn learn_again(&mut self, served: &Served, stored: &Object) {
        if is_event(served) {
            self.learn(served, stored, written_at(stored.value()));
        }
    }

    /// Forgets the states after `revision`, which were taken back.
    pub(super) fn take_back(&mut self, revision: u64) {
        self.0.retain(|(_, of), _| *of <= revision);
    }

    /// What ran out until `now`.
    fn take_due(&mut self, now: Timestamp) -> BTreeMap<(Timestamp, u64), Key> {
        match self.0.first_key_value() {
            Some(((end, _), _)) if *end <= now => {
                let later = self.0.split_off(&(now, u64::MAX));
                std::mem::replace(&mut self.0, later)
            }
            _ => BTreeMap::new(),
        }
    }
}

impl Kernel {
    /// Deletes what has run out until `now`: nothing holds it, and watches tell of its end.
    pub fn expire(&mut self, now: Timestamp) {
        let due = self.expiries.take_due(now);
        if due.is_empty() {
            return;
        }
        let table = self.registry.get("", "v1", "events").table;
        for ((_, revision), key) in due {
            let present = self.log.get(table, &key).map(Arc::clone);
            if let Some(last) = present.filter(|present| present.revision() == revision) {
                self.log.remove(table, &key, last.value().clone());
            }
        }
    }
}

fn is_event(served: &Served) -> bool {
    let kind = &served.kind;
    kind.kind == "Event" && kind.plural == "events" && kind.origin == Origin::BuiltIn
}

/// When an object was last written, as far as it says so itself.
fn written_at(value: &Value) -> Timestamp {
    let metadata = &value["metadata"];
    let entries = metadata["managedFields"].as_array().into_iter().flatten();
    let times = entries.map(|entry| &entry["time"]);
    let times = times.chain([&metadata["creationTimestamp"]]);
    let times = times.filter_map(|time| time.as_str()?.parse().ok());
    times.max().unwrap_or_default()
}
