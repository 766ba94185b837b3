//! Order + what it refers to + its children → what to make, delete and report.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::child::{self, Deletion, Situation, told};
use super::event::{Event, Reason};
use super::expiry::{self, Lifetime};
use super::identity::Hash;
use super::ownership::{self, Own, is_deleting};
use super::resolve::{Blocked, References};
use super::rollup::{self, Verdict};
use super::wish::Wishes;
use super::{excerpt, force};
use crate::api::artifact_workflow::ArtifactWorkflow;
use crate::api::keys;
use crate::api::order::{ArtifactWorkflowEntry, Order, OrderStatus};
use crate::api::phase::{OrderPhase, Phase, Progress};
use crate::settings::Settings;

/// The longest `status.message`.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// When to look again at what a watch should have announced.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// How far an Order is; decides what must be read for it.
///
/// Source: spec/arc.md §4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Deleted, and waiting for us.
    Deleting,
    /// Deleted, and nothing of ours keeps it.
    Released,
    /// Without our finalizer.
    Unclaimed,
    /// Past its TTL.
    Expired,
    /// To be worked on.
    Live,
}

impl Stage {
    pub(crate) fn of(order: &Order, now: Timestamp) -> Self {
        let is_ours = ownership::has_finalizer(&order.metadata, keys::ORDER_FINALIZER);
        if is_deleting(&order.metadata) {
            if is_ours {
                Self::Deleting
            } else {
                Self::Released
            }
        } else if !is_ours {
            Self::Unclaimed
        } else if lifetime(order, now).left(now) == Some(SignedDuration::ZERO) {
            Self::Expired
        } else {
            Self::Live
        }
    }
}

fn lifetime(order: &Order, now: Timestamp) -> Lifetime {
    let created = order
        .metadata
        .creation_timestamp
        .as_ref()
        .map_or(now, |time| time.0);
    expiry::of_order(order.spec.ttl.as_ref(), created)
}

/// What was read for an Order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) references: References,
    /// The ArtifactWorkflows that it owns.
    pub(crate) children: Vec<ArtifactWorkflow>,
}

/// What to do, in this order: the Order itself, creations, status, deletions, events.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) own: Own,
    pub(crate) create: Vec<ArtifactWorkflow>,
    /// The whole new status, if it differs.
    pub(crate) status: Option<OrderStatus>,
    /// After the status, since an entry is the memory of a finished child.
    pub(crate) delete: Vec<Deletion>,
    pub(crate) events: Vec<Event>,
    pub(crate) requeue: Option<SignedDuration>,
}

/// What to do about an Order.
///
/// Source: spec/arc.md §4.
pub(crate) fn plan(
    order: &Order,
    observed: &Observed,
    settings: &Settings,
    now: Timestamp,
) -> Plan {
    let own = |own| Plan {
        own,
        ..Plan::default()
    };
    match Stage::of(order, now) {
        Stage::Released => Plan::default(),
        Stage::Deleting => deletion(observed),
        Stage::Unclaimed => own(Own::AddFinalizer),
        Stage::Expired => Plan {
            events: vec![Event::new(Reason::Deleting, "the Order's ttl is over")],
            ..own(Own::Delete)
        },
        Stage::Live => live(order, observed, settings, now),
    }
}

/// Children first, then the Order. Source: spec/arc.md §7.1.
fn deletion(observed: &Observed) -> Plan {
    if observed.children.is_empty() {
        return Plan {
            own: Own::RemoveFinalizer,
            ..Plan::default()
        };
    }
    let delete: Vec<Deletion> = observed
        .children
        .iter()
        .filter(|child| !is_deleting(&child.metadata))
        .map(|child| Deletion::of(child, None))
        .collect();
    let note = format!("deleting {} ArtifactWorkflows", delete.len());
    Plan {
        events: (!delete.is_empty())
            .then(|| Event::new(Reason::Deleting, note))
            .into_iter()
            .collect(),
        delete,
        requeue: Some(LOOK_AGAIN),
        ..Plan::default()
    }
}

fn live(order: &Order, observed: &Observed, settings: &Settings, now: Timestamp) -> Plan {
    let old = order.status.clone().unwrap_or_default();
    let force_at = force::effective(&order.metadata, old.observed_force_at.as_deref());
    let is_forced = force_at != old.observed_force_at.as_deref();
    let wishes = Wishes::of(order, &observed.references, force_at, settings);
    let children = by_hash(&observed.children);
    let mut plan = Plan::default();
    let mut entries = BTreeMap::new();
    let mut deadlines: Vec<SignedDuration> = lifetime(order, now).left(now).into_iter().collect();

    for (hash, wish) in &wishes.identified {
        let outcome = Situation {
            wish,
            child: children.get(hash).copied(),
            entry: old.artifact_workflows.get(hash.as_str()),
        }
        .outcome(settings, now);
        plan.create.extend(outcome.create);
        plan.delete.extend(outcome.delete);
        deadlines.extend(outcome.look_again);
        if let Some(run) = outcome.run {
            let artifact_index = wish.index;
            entries.insert(
                hash.to_string(),
                ArtifactWorkflowEntry {
                    artifact_index,
                    run,
                },
            );
        }
    }
    if wishes.n_unidentified > 0 {
        let kept = old.artifact_workflows.iter();
        kept.for_each(|(hash, entry)| {
            entries.entry(hash.clone()).or_insert_with(|| entry.clone());
        });
    } else {
        plan.delete
            .extend(child::obsolete(&observed.children, &wishes, is_forced));
    }
    if !wishes.blocked.is_empty() {
        deadlines.push(LOOK_AGAIN);
    }
    let new = status(order, &old, &wishes, entries, now);
    let new = OrderStatus {
        observed_force_at: force_at.map(str::to_owned),
        last_force_at: if is_forced {
            Some(Time(now))
        } else {
            old.last_force_at.clone()
        },
        ..new
    };
    plan.events = transitions(&old, &new, &wishes, is_forced);
    plan.requeue = deadlines.into_iter().min();
    plan.status = (order.status.as_ref() != Some(&new)).then(|| OrderStatus {
        last_reconcile_at: Some(Time(now)),
        ..new
    });
    plan
}

fn by_hash(children: &[ArtifactWorkflow]) -> BTreeMap<Hash, &ArtifactWorkflow> {
    children
        .iter()
        .filter_map(|child| Some((Hash::of_child(child.metadata.name.as_deref()?)?, child)))
        .collect()
}

fn status(
    order: &Order,
    old: &OrderStatus,
    wishes: &Wishes,
    entries: BTreeMap<String, ArtifactWorkflowEntry>,
    now: Timestamp,
) -> OrderStatus {
    let n_artifacts = wishes.n_artifacts();
    let phase = rollup::phase(&entries, n_artifacts);
    let verdict = Verdict {
        phase,
        entries: &entries,
        n_artifacts,
        first_blocked: wishes
            .blocked
            .first()
            .map(|(_, blocked)| (blocked.reason, blocked.message.as_str())),
        generation: order.metadata.generation,
        now,
    };
    let lines: Vec<String> = wishes.blocked.iter().map(line).collect();
    OrderStatus {
        message: excerpt::head(&lines.join("\n"), MESSAGE_BYTES_MAX),
        phase,
        progress: rollup::progress(&entries, n_artifacts),
        observed_generation: order.metadata.generation,
        conditions: rollup::conditions(&verdict, &old.conditions),
        artifact_workflows: entries,
        ..old.clone()
    }
}

fn line((index, blocked): &(usize, Blocked)) -> String {
    format!(
        "Failed to compute desired artifact workflow for artifact index {index}: {}",
        blocked.message
    )
}

/// What is new since the old status. Source: spec/arc.md §9.
fn transitions(
    old: &OrderStatus,
    new: &OrderStatus,
    wishes: &Wishes,
    is_forced: bool,
) -> Vec<Event> {
    let mut events = Vec::new();
    if is_forced {
        events.push(Event::new(
            Reason::ForceReconcile,
            "all artifacts run again",
        ));
    }
    if new.message != old.message {
        let known: BTreeSet<&str> = old.message.lines().collect();
        for obstacle in &wishes.blocked {
            let line = line(obstacle);
            if known.contains(line.as_str()) {
                continue;
            }
            let reason = obstacle.1.reason;
            if reason != Reason::ComputationFailed {
                events.push(Event::new(reason, &obstacle.1.message));
            }
            events.push(Event::new(Reason::ComputationFailed, line));
        }
    }
    if new.phase != old.phase {
        match new.phase {
            OrderPhase::Succeeded => events.push(Event::new(Reason::Succeeded, &new.progress)),
            OrderPhase::Failed => events.push(Event::new(Reason::Failed, first_failure(new))),
            OrderPhase::Pending | OrderPhase::Running | OrderPhase::Stopped => {}
        }
    }
    events
}

fn first_failure(status: &OrderStatus) -> String {
    let failed = status
        .artifact_workflows
        .values()
        .filter(|entry| entry.run.phase.map(Phase::progress) == Some(Progress::Failed))
        .min_by_key(|entry| entry.artifact_index);
    failed
        .map(|entry| entry.run.message.clone())
        .unwrap_or_default()
}

/// What to tell once a child was made.
pub(crate) fn created(child: &ArtifactWorkflow) -> Event {
    told(Reason::Created, "created", child)
}

/// The status and the events that also tell of children that the API server refused.
pub(crate) fn with_refusals(
    status: OrderStatus,
    old: &OrderStatus,
    refusals: &[String],
    now: Timestamp,
) -> (OrderStatus, Vec<Event>) {
    let known: BTreeSet<&str> = old.message.lines().collect();
    let events = refusals
        .iter()
        .filter(|line| !known.contains(line.as_str()))
        .map(|line| Event::new(Reason::CreationFailed, line))
        .collect();
    let lines: Vec<&str> = status
        .message
        .lines()
        .chain(refusals.iter().map(String::as_str))
        .collect();
    let message = excerpt::head(&lines.join("\n"), MESSAGE_BYTES_MAX);
    let last_reconcile_at = if message == old.message {
        old.last_reconcile_at.clone()
    } else {
        Some(Time(now))
    };
    let status = OrderStatus {
        message,
        last_reconcile_at,
        ..status
    };
    (status, events)
}
