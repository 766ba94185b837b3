//! Events about nodes. Source: `spec/argo.md` §32.

use std::collections::BTreeMap;

use super::key;
use super::pass::{Action, EventNote, Pass};
use super::spec::{NodePhase, NodeStatus};

impl Pass<'_> {
    /// Tells of every node that changed its phase since `before`.
    pub(crate) fn tell_nodes(&mut self, before: &BTreeMap<String, NodeStatus>) {
        let mut notes = Vec::new();
        for node in self.status.nodes.values() {
            match before.get(&node.id).map(|old| old.phase) {
                Some(old) if old == node.phase => {}
                Some(NodePhase::Pending) if node.completed() => {
                    notes.extend([note(node, NodePhase::Running), note(node, node.phase)]);
                }
                Some(_) => notes.push(note(node, node.phase)),
                None if node.phase == NodePhase::Running => notes.push(note(node, node.phase)),
                None if node.completed() => {
                    notes.extend([note(node, NodePhase::Running), note(node, node.phase)]);
                }
                None => {}
            }
        }
        self.actions.extend(notes.into_iter().map(Action::Emit));
    }

    /// Tells of the Workflow.
    pub(crate) fn tell(&mut self, kind: &'static str, reason: &str, message: &str) {
        self.actions.push(Action::Emit(EventNote {
            kind,
            reason: reason.to_owned(),
            message: message.to_owned(),
            annotations: BTreeMap::new(),
        }));
    }
}

fn note(node: &NodeStatus, phase: NodePhase) -> EventNote {
    let mut message = format!("{} node {}", phase.name(), node.name);
    if !node.message.is_empty() {
        message = format!("{message}: {}", node.message);
    }
    let started = node
        .started_at
        .as_ref()
        .map_or(0, |time| time.0.as_nanosecond());
    let annotation = |key: &str, value: String| (key.to_owned(), value);
    EventNote {
        kind: match phase {
            NodePhase::Succeeded | NodePhase::Running => "Normal",
            NodePhase::Pending
            | NodePhase::Skipped
            | NodePhase::Failed
            | NodePhase::Error
            | NodePhase::Omitted => "Warning",
        },
        reason: format!("WorkflowNode{}", phase.name()),
        message,
        annotations: BTreeMap::from([
            annotation(key::NODE_TYPE, node.kind.name().to_owned()),
            annotation(key::NODE_NAME, node.name.clone()),
            annotation(key::NODE_ID, node.id.clone()),
            annotation(key::NODE_START_TIME, started.to_string()),
        ]),
    }
}
