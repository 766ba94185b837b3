//! One wish of an Order and what there is of it → what becomes of the child.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::event::{Event, Reason};
use super::identity::Hash;
use super::ownership::is_deleting;
use super::wish::{Wish, Wishes};
use super::{excerpt, expiry};
use crate::api::artifact_workflow::{ArtifactWorkflow, RunStatus};
use crate::api::keys;
use crate::api::order::ArtifactWorkflowEntry;
use crate::api::phase::Phase;
use crate::settings::Settings;

/// How much of a child's message an entry repeats. Source: spec/arc.md §6.3.
const ENTRY_MESSAGE_BYTES_MAX: usize = 1024;

/// One child to delete, and what to tell once it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Deletion {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) event: Option<Event>,
}

impl Deletion {
    pub(crate) fn of(child: &ArtifactWorkflow, event: Option<Event>) -> Self {
        Self {
            name: child.metadata.name.clone().unwrap_or_default(),
            uid: child.metadata.uid.clone().unwrap_or_default(),
            event,
        }
    }
}

/// One wish, and what there is of it.
pub(crate) struct Situation<'a> {
    pub(crate) wish: &'a Wish,
    pub(crate) child: Option<&'a ArtifactWorkflow>,
    pub(crate) entry: Option<&'a ArtifactWorkflowEntry>,
}

#[derive(Default)]
pub(crate) struct Outcome {
    /// The entry; `None` drops it.
    pub(crate) run: Option<RunStatus>,
    pub(crate) create: Option<ArtifactWorkflow>,
    pub(crate) delete: Option<Deletion>,
    pub(crate) look_again: Option<SignedDuration>,
}

impl Situation<'_> {
    pub(crate) fn outcome(&self, settings: &Settings, now: Timestamp) -> Outcome {
        match self.child {
            None => self.without_child(),
            Some(child) if is_deleting(&child.metadata) => Outcome {
                run: Some(
                    self.entry
                        .map(|entry| entry.run.clone())
                        .unwrap_or_default(),
                ),
                ..Outcome::default()
            },
            Some(child) if self.is_outdated(child, settings) => Outcome {
                run: Some(RunStatus::default()),
                delete: Some(Deletion::of(
                    child,
                    Some(told(Reason::ConfigurationChanged, "replaced", child)),
                )),
                ..Outcome::default()
            },
            Some(child) => kept(child, now),
        }
    }

    /// Finished work is not repeated; everything else is made, again if need be.
    fn without_child(&self) -> Outcome {
        match (self.entry, &self.wish.child) {
            (Some(entry), _) if entry.run.phase.is_some_and(Phase::is_completed) => Outcome {
                run: Some(entry.run.clone()),
                ..Outcome::default()
            },
            (_, Some(child)) => Outcome {
                run: Some(RunStatus::default()),
                create: Some(child.clone()),
                ..Outcome::default()
            },
            (_, None) => Outcome::default(),
        }
    }

    /// Whether the child's configuration changed and its run is not worth keeping. Source: spec/arc.md §4.6.
    fn is_outdated(&self, child: &ArtifactWorkflow, settings: &Settings) -> bool {
        let annotation = |of: &ArtifactWorkflow| {
            let annotations = of.metadata.annotations.as_ref()?;
            annotations.get(keys::CONFIG_HASH_ANNOTATION).cloned()
        };
        let Some(wanted) = &self.wish.child else {
            return false;
        };
        let is_same = annotation(child).is_none_or(|had| Some(had) == annotation(wanted));
        if is_same || !settings.retry_on_config_change {
            return false;
        }
        let phase = child.status.as_ref().and_then(|status| status.run.phase);
        match phase {
            None | Some(Phase::Pending | Phase::Failed | Phase::Error) => true,
            Some(Phase::Succeeded | Phase::Running | Phase::Active | Phase::Stopped) => {
                child.spec.cron.is_some()
            }
        }
    }
}

fn kept(child: &ArtifactWorkflow, now: Timestamp) -> Outcome {
    let run = child.status.clone().unwrap_or_default().run;
    let left = expiry::of_child(&child.spec, &run).left(now);
    let is_over = left == Some(SignedDuration::ZERO);
    Outcome {
        run: Some(copied(child, run)),
        create: None,
        delete: is_over.then(|| {
            Deletion::of(
                child,
                Some(told(Reason::Deleted, "deleted finished", child)),
            )
        }),
        look_again: left.filter(|_| !is_over),
    }
}

/// The child's status as its entry shows it: a long message cut, and preceded by the child's name.
fn copied(child: &ArtifactWorkflow, run: RunStatus) -> RunStatus {
    let name = child.metadata.name.as_deref().unwrap_or_default();
    let message = if run.message.is_empty() {
        String::new()
    } else {
        format!(
            "{name}: {}",
            excerpt::head(&run.message, ENTRY_MESSAGE_BYTES_MAX)
        )
    };
    RunStatus { message, ..run }
}

/// Deletes the children that no artifact wants any more, and that are no remnants.
pub(crate) fn obsolete(
    children: &[ArtifactWorkflow],
    wishes: &Wishes,
    remnants: &BTreeMap<Hash, Wish>,
    is_forced: bool,
) -> Vec<Deletion> {
    let (reason, verb) = if is_forced {
        (Reason::ForceReconcile, "deleted, to run again,")
    } else {
        (Reason::Deleted, "deleted obsolete")
    };
    children
        .iter()
        .filter(|child| {
            let hash = child.metadata.name.as_deref().and_then(Hash::of_child);
            let is_wanted = hash.is_some_and(|hash| {
                wishes.identified.contains_key(&hash) || remnants.contains_key(&hash)
            });
            !is_wanted && !is_deleting(&child.metadata)
        })
        .map(|child| Deletion::of(child, Some(told(reason, verb, child))))
        .collect()
}

/// One event about one child.
pub(crate) fn told(reason: Reason, verb: &str, child: &ArtifactWorkflow) -> Event {
    let name = child.metadata.name.as_deref().unwrap_or_default();
    Event::new(reason, format!("{verb} ArtifactWorkflow {name}"))
}
