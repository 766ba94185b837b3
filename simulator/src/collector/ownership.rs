//! What becomes of an object because of its owners and of those it owns.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::PropagationPolicy;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// State of one owner that an object names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// There, with that uid.
    Live,
    /// Not there, or another object of that name.
    Absent,
    /// Being deleted once its dependents are.
    WaitsForDependents,
    /// Of a kind that is not served, or in a place it cannot be: never a reason to delete.
    Unresolvable,
}

/// An object that names another one as its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dependent {
    /// Whether it holds back its owner's deletion in the foreground.
    pub(super) blocks: bool,
    /// Whether it waits for its own dependents.
    pub(super) waits: bool,
}

/// What to do about an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Nothing.
    Keep,
    /// Delete it in this manner.
    Delete(PropagationPolicy),
    /// Leave it only these owner references.
    KeepOwners(Vec<OwnerReference>),
    /// Leave it only these finalizers.
    KeepFinalizers(Vec<String>),
    /// Take it out of its dependents' owner references, then leave it only these finalizers.
    Orphan(Vec<String>),
}

/// Whether `meta` is being deleted and waits for its dependents.
pub(super) fn waits_for_dependents(meta: &ObjectMeta) -> bool {
    meta.deletion_timestamp.is_some() && has_finalizer(meta, FOREGROUND)
}

/// Whether `meta` is being deleted and its dependents are to stay.
pub(super) fn leaves_orphans(meta: &ObjectMeta) -> bool {
    meta.deletion_timestamp.is_some() && has_finalizer(meta, ORPHAN)
}

/// Decides about the object `meta`, whose owner references resolve, in order, to `owners`.
///
/// Source: `spec/kube-api.md` §1.16; kubernetes v1.34 `pkg/controller/garbagecollector` `attemptToDeleteItem`.
pub(super) fn decide(meta: &ObjectMeta, owners: &[Owner], dependents: &[Dependent]) -> Act {
    if leaves_orphans(meta) {
        return Act::Orphan(finalizers_without(meta, ORPHAN));
    }
    if waits_for_dependents(meta) {
        return match dependents.iter().any(|dependent| dependent.blocks) {
            true => Act::Keep,
            false => Act::KeepFinalizers(finalizers_without(meta, FOREGROUND)),
        };
    }
    let references = meta.owner_references.as_deref().unwrap_or_default();
    if meta.deletion_timestamp.is_some() || references.is_empty() {
        return Act::Keep;
    }
    let holds = |owner: &Owner| matches!(owner, Owner::Live | Owner::Unresolvable);
    if owners.iter().all(holds) {
        return Act::Keep;
    }
    if owners.iter().any(holds) {
        let kept = references
            .iter()
            .zip(owners)
            .filter(|(_, owner)| holds(owner));
        return Act::KeepOwners(kept.map(|(reference, _)| reference.clone()).collect());
    }
    if owners.contains(&Owner::WaitsForDependents) && !dependents.is_empty() {
        // A dependent that waits in turn may wait for this very object: whoever is in a circle must not block it.
        let circle = dependents.iter().any(|dependent| dependent.waits);
        if circle
            && references
                .iter()
                .any(|reference| reference.block_owner_deletion == Some(true))
        {
            return Act::KeepOwners(references.iter().cloned().map(unblocking).collect());
        }
        return Act::Delete(PropagationPolicy::Foreground);
    }
    Act::Delete(if has_finalizer(meta, ORPHAN) {
        PropagationPolicy::Orphan
    } else if has_finalizer(meta, FOREGROUND) {
        PropagationPolicy::Foreground
    } else {
        PropagationPolicy::Background
    })
}

fn unblocking(reference: OwnerReference) -> OwnerReference {
    OwnerReference {
        block_owner_deletion: Some(false),
        ..reference
    }
}

fn has_finalizer(meta: &ObjectMeta, name: &str) -> bool {
    meta.finalizers
        .iter()
        .flatten()
        .any(|finalizer| finalizer == name)
}

fn finalizers_without(meta: &ObjectMeta, name: &str) -> Vec<String> {
    let all = meta.finalizers.iter().flatten();
    all.filter(|finalizer| *finalizer != name)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Value, from_value, json};
    use rstest::rstest;

    const BLOCKING: Dependent = Dependent {
        blocks: true,
        waits: false,
    };
    const FREE: Dependent = Dependent {
        blocks: false,
        waits: false,
    };
    const WAITING: Dependent = Dependent {
        blocks: true,
        waits: true,
    };

    fn owned(n: usize) -> Value {
        let references = (0..n).map(|i| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": format!("o{i}"), "uid": format!("u{i}"), "blockOwnerDeletion": true}));
        json!({"name": "x", "ownerReferences": references.collect::<Vec<_>>()})
    }

    fn dying(finalizers: Value) -> Value {
        json!({"name": "x", "deletionTimestamp": "2030-01-01T00:00:00Z", "finalizers": finalizers})
    }

    fn reference(index: usize, blocks: bool) -> OwnerReference {
        OwnerReference {
            api_version: "v1".into(),
            kind: "ConfigMap".into(),
            name: format!("o{index}"),
            uid: format!("u{index}"),
            block_owner_deletion: Some(blocks),
            controller: None,
        }
    }

    #[rstest]
    #[case::no_owner(owned(0), &[], &[], Act::Keep)]
    #[case::live(owned(1), &[Owner::Live], &[], Act::Keep)]
    #[case::absent(owned(1), &[Owner::Absent], &[], Act::Delete(PropagationPolicy::Background))]
    #[case::both_absent(owned(2), &[Owner::Absent, Owner::Absent], &[], Act::Delete(PropagationPolicy::Background))]
    #[case::one_absent(owned(2), &[Owner::Absent, Owner::Live], &[], Act::KeepOwners(vec![reference(1, true)]))]
    #[case::unresolvable(owned(1), &[Owner::Unresolvable], &[], Act::Keep)]
    #[case::owner_waits(owned(1), &[Owner::WaitsForDependents], &[], Act::Delete(PropagationPolicy::Background))]
    #[case::owner_waits_and_owns(owned(1), &[Owner::WaitsForDependents], &[FREE], Act::Delete(PropagationPolicy::Foreground))]
    #[case::owner_waits_in_a_circle(owned(1), &[Owner::WaitsForDependents], &[WAITING], Act::KeepOwners(vec![reference(0, false)]))]
    #[case::foreground_blocked(dying(json!(["foregroundDeletion"])), &[], &[BLOCKING], Act::Keep)]
    #[case::foreground_free(dying(json!(["ex.io/a", "foregroundDeletion"])), &[], &[FREE], Act::KeepFinalizers(vec!["ex.io/a".into()]))]
    #[case::orphan(dying(json!(["orphan"])), &[], &[BLOCKING], Act::Orphan(vec![]))]
    #[case::other_finalizer(dying(json!(["ex.io/a"])), &[], &[], Act::Keep)]
    fn owners_and_dependents_decide(
        #[case] meta: Value,
        #[case] owners: &[Owner],
        #[case] dependents: &[Dependent],
        #[case] expected: Act,
    ) {
        let meta = from_value(&meta).unwrap();
        assert_eq!(decide(&meta, owners, dependents), expected);
    }

    #[test]
    fn an_orphan_finalizer_chooses_the_manner_of_deletion() {
        let mut meta = owned(1);
        meta["finalizers"] = json!(["orphan"]);
        let meta = from_value(&meta).unwrap();
        assert_eq!(
            decide(&meta, &[Owner::Absent], &[]),
            Act::Delete(PropagationPolicy::Orphan)
        );
    }
}
