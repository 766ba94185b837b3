//! Order + what it refers to + its children → what to make, delete and report.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::child::{self, Deletion, Situation, told};
use super::event::{Event, Reason};
use super::expiry::{self, Lifetime};
use super::identity::Hash;
use super::ownership::{self, Own, is_deleting};
use super::remnant::remnants;
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

type Entries = BTreeMap<String, ArtifactWorkflowEntry>;

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

impl Plan {
    /// When to look again once this plan for `order` is carried out: at once if its own status asks for more, since
    /// nobody is woken by that.
    pub(crate) fn next_look(
        &self,
        order: &Order,
        observed: &Observed,
        settings: &Settings,
        now: Timestamp,
    ) -> Option<SignedDuration> {
        let Some(status) = &self.status else {
            return self.requeue;
        };
        let reported = Order {
            status: Some(status.clone()),
            ..order.clone()
        };
        let next = plan(&reported, observed, settings, now);
        if next.status.is_some() {
            return Some(SignedDuration::ZERO);
        }
        [self.requeue, next.requeue].into_iter().flatten().min()
    }
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
    let mut kept = BTreeMap::new();
    let mut deadlines: Vec<SignedDuration> = lifetime(order, now).left(now).into_iter().collect();

    let remnants = remnants(&wishes, &children, &old.artifact_workflows);
    for (hash, wish) in wishes.identified.iter().chain(&remnants) {
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
            let entry = ArtifactWorkflowEntry {
                artifact_index,
                run,
            };
            let is_wanted = wishes.identified.contains_key(hash);
            let entries = if is_wanted { &mut entries } else { &mut kept };
            entries.insert(hash.to_string(), entry);
        }
    }
    let obsolete = child::obsolete(&observed.children, &wishes, &remnants, is_forced);
    plan.delete.extend(obsolete);
    if !wishes.blocked.is_empty() {
        deadlines.push(LOOK_AGAIN);
    }
    let new = status(order, &old, &wishes, (entries, kept), now);
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
    plan.status = (order.status.as_ref() != Some(&new)).then_some(OrderStatus {
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

/// What became of the artifacts, and of others that are kept in place of blocked ones: these run and fail as any, but
/// are no progress.
fn status(
    order: &Order,
    old: &OrderStatus,
    wishes: &Wishes,
    (entries, kept): (Entries, Entries),
    now: Timestamp,
) -> OrderStatus {
    let n_artifacts = wishes.n_artifacts();
    let all: Entries = entries.clone().into_iter().chain(kept).collect();
    let phase = rollup::phase(&all, n_artifacts + all.len() - entries.len());
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
        artifact_workflows: all,
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
            let specific = Event::new(reason, &obstacle.1.message);
            if reason != Reason::ComputationFailed && !events.contains(&specific) {
                events.push(specific);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::artifact_workflow::{ArtifactWorkflowStatus, RunStatus};
    use crate::api::cron::Cron;
    use crate::api::duration::GoDuration;
    use crate::api::reference::LocalRef;
    use crate::plan::builders::{NOON, artifact, meta, order, references};
    use crate::plan::resolve::FoundType;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
    use rstest::rstest;

    /// An Order and what there is around it, between two reconciles.
    struct World {
        order: Order,
        observed: Observed,
        now: Timestamp,
    }

    impl World {
        fn new(specs: &[&str]) -> Self {
            let artifacts = specs.iter().map(|spec| artifact("oci", spec)).collect();
            let observed = Observed {
                references: references(),
                children: vec![],
            };
            Self {
                order: order(artifacts),
                observed,
                now: NOON,
            }
        }

        fn plan(&self) -> Plan {
            plan(&self.order, &self.observed, &Settings::default(), self.now)
        }

        /// What the shell and the API server make of a plan, one second later.
        fn apply(&mut self, plan: Plan) {
            let children = &mut self.observed.children;
            for mut child in plan.create {
                let name = child.metadata.name.clone().unwrap();
                child.metadata.uid = Some(format!("uid-{name}"));
                children.push(child);
            }
            for deletion in plan.delete {
                children.retain(|child| child.metadata.name != Some(deletion.name.clone()));
            }
            if plan.status.is_some() {
                self.order.status = plan.status;
            }
            self.now += SignedDuration::from_secs(1);
        }

        /// Reconciles until a plan is empty but for its next deadline.
        fn settle(&mut self) {
            for _ in 0..5 {
                let plan = self.plan();
                if plan
                    == (Plan {
                        requeue: plan.requeue,
                        ..Plan::default()
                    })
                {
                    return;
                }
                self.apply(plan);
            }
            panic!("the Order does not settle");
        }

        fn child_is(&mut self, index: usize, phase: Phase) {
            let run = RunStatus {
                phase: Some(phase),
                completion_time: (phase == Phase::Succeeded).then_some(Time(self.now)),
                failure_time: (phase == Phase::Failed).then_some(Time(self.now)),
                message: if phase == Phase::Failed {
                    "boom".into()
                } else {
                    String::new()
                },
                ..RunStatus::default()
            };
            self.observed.children[index].status = Some(ArtifactWorkflowStatus {
                run,
                ..ArtifactWorkflowStatus::default()
            });
        }

        fn child_names(&self) -> Vec<String> {
            let children = self.observed.children.iter();
            let names = children.map(|child| child.metadata.name.clone().unwrap());
            names.collect()
        }

        /// The parameter `specTag` of each child, by its name.
        fn tags(&self) -> BTreeMap<String, String> {
            let tag = |child: &ArtifactWorkflow| {
                let mut parameters = child.spec.parameters.iter();
                let tag = parameters.find(|parameter| parameter.name == "specTag");
                tag.unwrap().value.clone()
            };
            let tags = self.observed.children.iter().map(tag);
            self.child_names().into_iter().zip(tags).collect()
        }

        fn index_of(&self, tag: &str) -> usize {
            let tags = self.tags();
            let has_tag = |name: &String| tags[name] == tag;
            self.child_names().iter().position(has_tag).unwrap()
        }

        fn status(&self) -> OrderStatus {
            self.order.status.clone().unwrap()
        }

        fn annotate_force(&mut self, value: &str) {
            let annotation = (keys::FORCE_AT_ANNOTATION.to_owned(), value.to_owned());
            self.order.metadata.annotations = Some([annotation].into());
        }

        fn rename_src(&mut self, remote_url: &str) {
            let src = self.observed.references.endpoints.get_mut("src").unwrap();
            src.remote_url = remote_url.into();
        }
    }

    fn every(schedule: &str) -> Cron {
        Cron {
            schedules: vec![schedule.into()],
            ..Cron::default()
        }
    }

    fn daily() -> Cron {
        Cron {
            schedules: vec!["@daily".into()],
            ..Cron::default()
        }
    }

    fn reasons(plan: &Plan) -> Vec<Reason> {
        plan.events.iter().map(|event| event.reason).collect()
    }

    fn indexes(status: &OrderStatus) -> Vec<i64> {
        let mut indexes: Vec<i64> = status
            .artifact_workflows
            .values()
            .map(|entry| entry.artifact_index)
            .collect();
        indexes.sort_unstable();
        indexes
    }

    #[test]
    fn distinct_artifacts_give_a_child_and_an_entry_each() {
        let mut world = World::new(&["{tag: a}", "{tag: b}", "{tag: c}"]);
        let plan = world.plan();
        assert_eq!(plan.create.len(), 3);
        assert_eq!(plan.events, []);
        world.apply(plan);
        assert_eq!(indexes(&world.status()), [0, 1, 2]);
        assert_eq!(
            (world.status().phase, world.status().progress),
            (OrderPhase::Pending, "0/3".into())
        );
    }

    #[test]
    fn a_settled_plan_is_empty() {
        let mut world = World::new(&["{tag: a}", "{tag: b}"]);
        world.settle();
        assert_eq!(world.plan(), Plan::default());
    }

    #[test]
    fn a_child_has_name_labels_owner_and_fingerprint() {
        let mut world = World::new(&["{tag: a}"]);
        world.order.metadata.labels = Some([("team".into(), "x".into())].into());
        let child = &world.plan().create[0];
        // printf '%s' '["default","o","oci",{"tag":"a"},"src","dst",null,null]' | sha256sum
        assert_eq!(child.metadata.name.as_deref(), Some("o-4766a8bcd12f968d"));
        let labels: Vec<&str> = child
            .metadata
            .labels
            .iter()
            .flatten()
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(
            labels,
            [keys::ARTIFACT_TYPE_LABEL, keys::ORDER_LABEL, "team"]
        );
        let owners = child.metadata.owner_references.as_ref().unwrap();
        assert_eq!(owners.len(), 1);
        assert_eq!(
            (owners[0].kind.as_str(), owners[0].uid.as_str()),
            ("Order", "uid-o")
        );
        assert_eq!(
            (owners[0].controller, owners[0].block_owner_deletion),
            (Some(true), Some(true))
        );
        let annotations = child.metadata.annotations.as_ref().unwrap();
        assert_eq!(annotations[keys::CONFIG_HASH_ANNOTATION].len(), 16);
    }

    #[test]
    fn the_same_artifact_twice_is_one_child_with_the_last_index() {
        let mut world = World::new(&["{tag: a, os: x}", "{os: x, tag: a}"]);
        world.settle();
        assert_eq!(world.observed.children.len(), 1);
        assert_eq!(indexes(&world.status()), [1]);
        assert_eq!(world.status().progress, "0/1");
    }

    #[test]
    fn reordering_changes_indexes_only() {
        let mut world = World::new(&["{tag: a}", "{tag: b}"]);
        world.settle();
        let before = world.status();
        world.order.spec.artifacts.reverse();
        let plan = world.plan();
        assert_eq!((plan.create.len(), plan.delete.len()), (0, 0));
        world.apply(plan);
        let moved: Vec<_> = world.status().artifact_workflows.keys().cloned().collect();
        assert_eq!(
            moved,
            before.artifact_workflows.into_keys().collect::<Vec<_>>()
        );
    }

    #[rstest]
    #[case::spec(|order: &mut Order| order.spec.artifacts[0].spec.clear())]
    #[case::source(|order: &mut Order| order.spec.artifacts[0].src_ref = Some(LocalRef::to("dst")))]
    #[case::schedule(|order: &mut Order| order.spec.artifacts[0].cron = Some(daily()))]
    fn changing_an_artifact_replaces_its_child(#[case] change: fn(&mut Order)) {
        let mut world = World::new(&["{tag: a}", "{tag: b}"]);
        world.settle();
        change(&mut world.order);
        let plan = world.plan();
        assert_eq!((plan.create.len(), plan.delete.len()), (1, 1));
        assert_eq!(
            plan.delete[0].event.as_ref().unwrap().reason,
            Reason::Deleted
        );
        world.apply(plan);
        assert_eq!(indexes(&world.status()), [0, 1]);
    }

    #[test]
    fn removing_an_artifact_deletes_its_child_and_its_entry() {
        let mut world = World::new(&["{tag: a}", "{tag: b}"]);
        world.settle();
        world.order.spec.artifacts.pop();
        let plan = world.plan();
        assert_eq!((plan.create.len(), plan.delete.len()), (0, 1));
        world.apply(plan);
        assert_eq!(indexes(&world.status()), [0]);
    }

    #[test]
    fn a_bad_artifact_does_not_block_the_others() {
        let mut world = World::new(&["{tag: a}", "{tag: b}"]);
        world.order.spec.artifacts[0].r#type = "nope".into();
        let plan = world.plan();
        assert_eq!(plan.create.len(), 1);
        assert_eq!(reasons(&plan), [Reason::ComputationFailed]);
        assert_eq!(plan.requeue, Some(SignedDuration::from_mins(5)));
        world.apply(plan);
        assert_eq!(
            world.status().message,
            "Failed to compute desired artifact workflow for artifact index 0: \
             failed to fetch ArtifactType or ClusterArtifactType: neither has \"nope\""
        );
        assert_eq!(world.status().conditions[0].status, "False");
        assert_eq!(world.status().progress, "0/2");
        world.settle();
    }

    #[test]
    fn a_blocked_artifact_is_told_once_and_forgotten_when_it_heals() {
        let mut world = World::new(&["{tag: a}", "{tag: b}"]);
        let src = world.observed.references.endpoints.remove("src").unwrap();
        let plan = world.plan();
        assert_eq!(
            reasons(&plan),
            [
                Reason::InvalidEndpoint,
                Reason::ComputationFailed,
                Reason::ComputationFailed
            ]
        );
        world.apply(plan);
        assert_eq!(world.plan().events, []);
        world
            .observed
            .references
            .endpoints
            .insert("src".into(), src);
        let plan = world.plan();
        assert_eq!((plan.create.len(), plan.requeue), (2, None));
        world.apply(plan);
        assert_eq!(world.status().message, "");
    }

    #[test]
    fn the_child_of_an_artifact_that_became_invalid_is_kept() {
        let mut world = World::new(&["{tag: a}"]);
        world.settle();
        world.child_is(0, Phase::Running);
        world.settle();
        world.observed.references.endpoints.clear();
        let plan = world.plan();
        assert_eq!(plan.delete, []);
        world.apply(plan);
        assert_eq!(world.status().phase, OrderPhase::Running);
    }

    type Edit = fn(&mut Order);

    #[rstest]
    #[case::a_bad_schedule(|order: &mut Order| order.spec.artifacts[0].cron = Some(every("* * * * *")))]
    #[case::no_schedule_at_all(|order: &mut Order| order.spec.artifacts[0].cron = Some(every("never")))]
    #[case::an_unknown_source(|order: &mut Order| order.spec.artifacts[0].src_ref = Some(LocalRef::to("nope")))]
    #[case::an_unknown_type(|order: &mut Order| order.spec.artifacts[0].r#type = "nope".into())]
    #[case::no_source(|order: &mut Order| order.spec.artifacts[0].src_ref = None)]
    fn a_running_child_stays_when_its_artifact_is_changed_into_something_bad(#[case] change: Edit) {
        let mut world = World::new(&["{tag: a}", "{tag: b}"]);
        world.settle();
        let names = world.child_names();
        let of_a = world.index_of("a");
        world.child_is(of_a, Phase::Running);
        world.settle();
        change(&mut world.order);
        world.settle();
        assert_eq!(world.child_names(), names);
        assert_eq!(world.status().phase, OrderPhase::Running);
        assert_eq!(world.status().conditions[0].status, "False");
        world.child_is(of_a, Phase::Succeeded);
        world.settle();
        assert_eq!(indexes(&world.status()), [0, 1]);
        assert_eq!(world.status().progress, "0/2");
    }

    #[rstest]
    #[case::one_is_replaced_in_its_place(|order: &mut Order| order.spec.artifacts[1].src_ref = Some(LocalRef::to("dst")), 2, &["a", "c"])]
    #[case::another_comes(|order: &mut Order| order.spec.artifacts.push(artifact("oci", "{tag: d}")), 3, &["a", "b", "c"])]
    #[case::one_goes(|order: &mut Order| drop(order.spec.artifacts.remove(1)), 1, &["a", "b", "c"])]
    #[case::they_change_places(|order: &mut Order| order.spec.artifacts.swap(0, 1), 2, &["a", "b", "c"])]
    fn beside_an_artifact_that_became_bad(
        #[case] change: Edit,
        #[case] n_good: usize,
        #[case] kept: &[&str],
    ) {
        let mut world = World::new(&["{tag: a}", "{tag: b}", "{tag: c}"]);
        world.settle();
        let before = world.tags();
        world.order.spec.artifacts[0].cron = Some(every("* * * * *"));
        change(&mut world.order);
        world.settle();
        let n_wanted = world.status().artifact_workflows.len();
        assert_eq!(n_wanted, world.observed.children.len());
        let tags = world.tags();
        let left: Vec<&str> = before
            .iter()
            .filter(|(name, _)| tags.contains_key(*name))
            .map(|(_, tag)| tag.as_str())
            .collect();
        let mut left = left;
        left.sort_unstable();
        assert_eq!(left, kept);
        world
            .order
            .spec
            .artifacts
            .retain(|artifact| artifact.cron.is_none());
        world.settle();
        assert_eq!(world.observed.children.len(), n_good);
    }

    #[test]
    fn nothing_is_deleted_while_an_artifact_has_no_identity() {
        let mut world = World::new(&["{tag: a}", "{tag: b}"]);
        world.settle();
        world.order.spec.artifacts[1].src_ref = None;
        let plan = world.plan();
        assert_eq!((plan.create.len(), plan.delete.len()), (0, 0));
        world.apply(plan);
        assert_eq!(indexes(&world.status()), [0, 1]);
    }

    #[test]
    fn success_without_ttl_removes_the_child_and_keeps_its_entry() {
        let mut world = World::new(&["{tag: a}"]);
        world.settle();
        world.child_is(0, Phase::Succeeded);
        let plan = world.plan();
        assert_eq!(plan.delete.len(), 1);
        assert_eq!(reasons(&plan), [Reason::Succeeded]);
        world.apply(plan);
        assert_eq!(world.status().phase, OrderPhase::Succeeded);
        assert_eq!(world.plan(), Plan::default());
    }

    #[test]
    fn a_failed_child_stays_for_its_ttl() {
        let mut world = World::new(&["{tag: a}"]);
        let mut found = crate::plan::builders::artifact_type();
        found.ttl_after_failed = Some(GoDuration("10s".into()));
        world
            .observed
            .references
            .types
            .insert("oci".into(), FoundType::Cluster(found));
        world.settle();
        world.child_is(0, Phase::Failed);
        let plan = world.plan();
        assert_eq!(
            (plan.delete.len(), plan.requeue),
            (0, Some(SignedDuration::from_secs(10)))
        );
        assert_eq!(reasons(&plan), [Reason::Failed]);
        world.apply(plan);
        let name = world.observed.children[0].metadata.name.clone().unwrap();
        let entry = world
            .status()
            .artifact_workflows
            .into_values()
            .next()
            .unwrap();
        assert_eq!(entry.run.message, format!("{name}: boom"));
        world.now += SignedDuration::from_secs(9);
        assert_eq!(world.plan().delete.len(), 1);
    }

    #[test]
    fn an_unfinished_child_deleted_by_hand_comes_back() {
        let mut world = World::new(&["{tag: a}"]);
        world.settle();
        world.child_is(0, Phase::Running);
        world.settle();
        world.observed.children[0].metadata.deletion_timestamp = Some(Time(NOON));
        assert_eq!(world.plan(), Plan::default());
        world.observed.children.clear();
        assert_eq!(world.plan().create.len(), 1);
    }

    #[rstest]
    #[case::pending(Some(Phase::Pending), true)]
    #[case::not_started(None, true)]
    #[case::failed(Some(Phase::Failed), true)]
    #[case::error(Some(Phase::Error), true)]
    #[case::running(Some(Phase::Running), false)]
    fn a_changed_configuration_replaces(#[case] phase: Option<Phase>, #[case] replaces: bool) {
        let mut world = World::new(&["{tag: a}"]);
        world.settle();
        if let Some(phase) = phase {
            world.child_is(0, phase);
        }
        world.settle();
        world.rename_src("quay.io");
        let plan = world.plan();
        assert_eq!(plan.delete.len(), usize::from(replaces));
        assert_eq!(plan.create, []);
        world.apply(plan);
        assert_eq!(world.plan().create.len(), usize::from(replaces));
    }

    #[test]
    fn finished_work_is_not_repeated_for_a_changed_configuration() {
        let mut world = World::new(&["{tag: a}"]);
        world.settle();
        world.child_is(0, Phase::Succeeded);
        world.settle();
        world.rename_src("quay.io");
        assert_eq!(world.plan(), Plan::default());
    }

    #[test]
    fn a_configuration_change_is_left_alone_where_the_site_says_so() {
        let mut world = World::new(&["{tag: a}"]);
        world.settle();
        world.child_is(0, Phase::Failed);
        world.settle();
        world.rename_src("quay.io");
        let settings = Settings {
            retry_on_config_change: false,
            ..Settings::default()
        };
        let plan = plan(&world.order, &world.observed, &settings, world.now);
        assert_eq!(plan.delete, []);
    }

    #[test]
    fn force_runs_everything_again_once_finished_work_included() {
        let mut world = World::new(&["{tag: a}", "{tag: b}", "{tag: c}"]);
        world.settle();
        world.child_is(0, Phase::Succeeded);
        world.settle();
        world.annotate_force("1900000000");
        let plan = world.plan();
        assert_eq!((plan.create.len(), plan.delete.len()), (3, 2));
        assert_eq!(reasons(&plan), [Reason::ForceReconcile]);
        world.apply(plan);
        assert_eq!(
            world.status().observed_force_at.as_deref(),
            Some("1900000000")
        );
        assert_eq!(
            world.status().last_force_at,
            Some(Time(NOON + SignedDuration::from_secs(2)))
        );
        world.settle();
        world.order.metadata.annotations = None;
        assert_eq!(world.plan(), Plan::default());
    }

    #[test]
    fn a_ttl_deletes_the_order() {
        let mut world = World::new(&["{tag: a}"]);
        world.order.spec.ttl = Some(GoDuration("1h".into()));
        world.settle();
        let left = SignedDuration::from_hours(1) - world.now.duration_since(NOON);
        assert_eq!(world.plan().requeue, Some(left));
        world.now = NOON + SignedDuration::from_hours(1);
        let plan = world.plan();
        assert_eq!(
            (plan.own, reasons(&plan)),
            (Own::Delete, vec![Reason::Deleting])
        );
    }

    #[test]
    fn children_go_before_their_order() {
        let mut world = World::new(&["{tag: a}", "{tag: b}"]);
        world.settle();
        world.order.metadata.deletion_timestamp = Some(Time(NOON));
        let plan = world.plan();
        assert_eq!((plan.own, plan.delete.len()), (Own::Keep, 2));
        assert_eq!(reasons(&plan), [Reason::Deleting]);
        for child in &mut world.observed.children {
            child.metadata.deletion_timestamp = Some(Time(NOON));
        }
        let plan = world.plan();
        assert_eq!(
            (plan.own, plan.delete, plan.events),
            (Own::Keep, vec![], vec![])
        );
        world.observed.children.clear();
        assert_eq!(world.plan().own, Own::RemoveFinalizer);
    }

    #[rstest]
    #[case::new(vec![], None, Own::AddFinalizer)]
    #[case::deleted_without_us(vec!["other"], Some(Time(NOON)), Own::Keep)]
    fn an_order_without_our_finalizer(
        #[case] finalizers: Vec<&str>,
        #[case] deletion_timestamp: Option<Time>,
        #[case] own: Own,
    ) {
        let mut world = World::new(&["{tag: a}"]);
        world.order.metadata = ObjectMeta {
            finalizers: Some(finalizers.into_iter().map(str::to_owned).collect()),
            deletion_timestamp,
            ..meta("o")
        };
        assert_eq!(
            world.plan(),
            Plan {
                own,
                ..Plan::default()
            }
        );
    }

    #[test]
    fn an_order_without_artifacts_stays_pending() {
        let mut world = World::new(&[]);
        world.settle();
        assert_eq!(
            (world.status().phase, world.status().progress),
            (OrderPhase::Pending, "0/0".into())
        );
        assert_eq!(world.plan(), Plan::default());
    }

    #[test]
    fn a_refused_child_is_told_once() {
        let mut world = World::new(&["{tag: a}"]);
        world.settle();
        let old = world.status();
        let lines = ["no".to_owned()];
        let (status, events) = with_refusals(old.clone(), &old, &lines, world.now);
        assert_eq!(status.message, "no");
        assert_eq!(events, [Event::new(Reason::CreationFailed, "no")]);
        let later = world.now + SignedDuration::from_secs(1);
        assert_eq!(with_refusals(old, &status, &lines, later), (status, vec![]));
    }
}
