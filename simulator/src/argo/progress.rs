//! How much of a Workflow is done, and what it used. Source: `spec/argo.md` §12.3, §31.

use std::collections::{BTreeMap, BTreeSet};

use super::spec::{NodePhase, NodeStatus, WorkflowStatus};

/// Recomputes progress and resources of all nodes and of the Workflow.
pub(crate) fn update(status: &mut WorkflowStatus) {
    for node in status
        .nodes
        .values_mut()
        .filter(|node| node.kind.executable())
    {
        if node.progress.is_empty() {
            node.progress = "0/1".to_owned();
        }
        if matches!(
            node.phase,
            NodePhase::Succeeded | NodePhase::Skipped | NodePhase::Omitted
        ) {
            let (_, total) = parts(&node.progress);
            node.progress = format!("{total}/{total}");
        }
    }
    let executable = status.nodes.values().filter(|node| node.kind.executable());
    let (done, total) = executable.fold((0, 0), |sum, node| add(sum, parts(&node.progress)));
    status.progress = format!("{done}/{total}");
    let mut resources = BTreeMap::new();
    for node in status.nodes.values().filter(|node| node.kind.executable()) {
        add_resources(&mut resources, node);
    }
    status.resources_duration = resources;
    let sums: Vec<_> = status
        .nodes
        .values()
        .filter(|node| !node.kind.executable())
        .map(|node| (node.id.clone(), below(status, node)))
        .collect();
    for (id, ((done, total), resources)) in sums {
        if let Some(node) = status.nodes.get_mut(&id) {
            if total > 0 {
                node.progress = format!("{done}/{total}");
            }
            node.resources_duration = resources;
        }
    }
}

type Sum = ((u64, u64), BTreeMap<String, i64>);

/// The sum over all executable descendants.
fn below(status: &WorkflowStatus, node: &NodeStatus) -> Sum {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&String> = node.children.iter().collect();
    let mut sum = (0, 0);
    let mut resources = BTreeMap::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let Some(child) = status.nodes.get(id) else {
            continue;
        };
        open.extend(&child.children);
        if child.kind.executable() {
            sum = add(sum, parts(&child.progress));
            add_resources(&mut resources, child);
        }
    }
    (sum, resources)
}

fn add_resources(total: &mut BTreeMap<String, i64>, node: &NodeStatus) {
    for (resource, amount) in &node.resources_duration {
        *total.entry(resource.clone()).or_insert(0) += amount;
    }
}

fn add(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    (a.0 + b.0, a.1 + b.1)
}

fn parts(progress: &str) -> (u64, u64) {
    let (done, total) = progress.split_once('/').unwrap_or(("0", "0"));
    (done.parse().unwrap_or(0), total.parse().unwrap_or(0))
}
