//! Everything of a server that changes.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::backend::Backends;
use super::flow::Flows;
use super::hold::Present;
use super::journal::Journal;
use super::trouble::Trouble;
use super::watchers::Watchers;
use crate::faults::{Faults, Instant};
use crate::ids::Ids;
use crate::state::{StateError, StateFile};
use crate::store::kernel::Kernel;
use crate::store::log::TableId;
use crate::store::window::Window;

/// Everything that changes, under one lock.
pub(crate) struct State {
    /// Shared with forks until one of them changes something.
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) ids: Ids,
    pub(crate) journal: Journal,
    pub(crate) watchers: Watchers,
    pub(super) faults: Option<Faults>,
    pub(crate) trouble: Trouble,
    /// How much history is kept; all of it, if nothing says otherwise.
    pub(crate) window: Option<Window>,
    /// Where every change is kept, if anywhere.
    pub(super) file: Option<StateFile>,
    /// Whether requests that panic are answered.
    pub(super) outlives_panics: bool,
    /// Whether a change could not be kept: then nothing is answered any more.
    pub(crate) is_lost: bool,
    /// Why, until it is told.
    pub(super) unkept: Option<StateError>,
    /// Clients that are dead: nothing of theirs comes through until they are started afresh.
    pub(super) crashed: BTreeSet<Arc<str>>,
    /// What answers say of flows, once there was one.
    pub(super) flows: Option<Arc<Flows>>,
    /// What lies open of it.
    pub(super) open: Option<Present>,
    /// What stands behind Services, by namespace and name, where webhooks are called.
    pub(super) backends: Backends,
}

impl State {
    /// The state of a server that nobody has asked for anything.
    pub(super) fn new(kernel: Arc<Kernel>, ids: Ids, journal: Journal) -> Self {
        Self {
            kernel,
            ids,
            journal,
            watchers: Watchers::default(),
            faults: None,
            trouble: Trouble::default(),
            window: None,
            file: None,
            outlives_panics: false,
            is_lost: false,
            unkept: None,
            crashed: BTreeSet::new(),
            flows: None,
            open: None,
            backends: Backends::default(),
        }
    }

    /// The table of a resource in any of its versions, if it is served.
    pub(super) fn table(&self, group: &str, plural: &str) -> Option<TableId> {
        let mut all = self.kernel.registry().all();
        let served = all.find(|served| served.kind.group == group && served.kind.plural == plural);
        served.map(|served| served.table)
    }

    /// Notes what was written after `revision`, and wakes who watches it.
    pub(crate) fn wake_since(&mut self, revision: u64, now: Timestamp) {
        let log = self.kernel.log();
        if log.revision() > revision {
            let revision = log.revision();
            self.trouble.streams.written(Instant { now, revision });
        }
        let mut woken = None;
        for event in log.events_since(revision) {
            if woken.replace(event.table) != Some(event.table) {
                self.watchers.wake(event.table);
            }
        }
    }

    /// The kernel to change, of which forks keep what there was.
    pub(crate) fn kernel_mut(&mut self) -> &mut Kernel {
        Arc::make_mut(&mut self.kernel)
    }
}
