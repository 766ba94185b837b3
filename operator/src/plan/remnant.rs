//! What there is of artifacts that were changed into something that cannot be made.
//!
//! Such an artifact has a new hash, so that nothing tells for sure which child was its own. A child therefore goes only
//! if something else was made in its place; whatever else might be the child of a blocked artifact stays, and its entry
//! with it at the index of one, until nothing is blocked like that any more.

use std::collections::{BTreeMap, BTreeSet};

use super::identity::Hash;
use super::wish::{Wish, Wishes};
use crate::api::artifact_workflow::ArtifactWorkflow;
use crate::api::order::ArtifactWorkflowEntry;

/// Children and entries, by hash, that no artifact wants and that stay nevertheless.
///
/// Source: spec/arc.md §4.3.
pub(crate) fn remnants(
    wishes: &Wishes,
    children: &BTreeMap<Hash, &ArtifactWorkflow>,
    entries: &BTreeMap<String, ArtifactWorkflowEntry>,
) -> BTreeMap<Hash, Wish> {
    let is_known = |hash: &Hash| children.contains_key(hash) || entries.contains_key(hash.as_str());
    let is_lost = |(hash, wish): &(&Hash, &Wish)| wish.child.is_none() && !is_known(hash);
    let lost = wishes.identified.iter().filter(is_lost);
    let lost: BTreeSet<i64> = lost
        .map(|(_, wish)| wish.index)
        .chain(wishes.unidentified.iter().copied())
        .collect();
    let Some(&first_lost) = lost.first() else {
        return BTreeMap::new();
    };
    let is_in_place = |hash: &Hash, wish: &Wish| {
        let entry = entries.get(hash.as_str());
        wish.child.is_some() && entry.is_none_or(|entry| entry.artifact_index == wish.index)
    };
    let replaced: BTreeSet<i64> = wishes
        .identified
        .iter()
        .filter(|(hash, wish)| is_in_place(hash, wish))
        .map(|(_, wish)| wish.index)
        .collect();
    let remembered = entries.keys().filter_map(|hash| Hash::parse(hash));
    let known: BTreeSet<Hash> = children.keys().cloned().chain(remembered).collect();
    known
        .into_iter()
        .filter(|hash| !wishes.identified.contains_key(hash))
        .filter_map(|hash| {
            let entry = entries.get(hash.as_str());
            let index = entry.map_or(first_lost, |entry| entry.artifact_index);
            let stays = !replaced.contains(&index);
            let index = if lost.contains(&index) {
                index
            } else {
                first_lost
            };
            stays.then_some((hash, Wish { index, child: None }))
        })
        .collect()
}
