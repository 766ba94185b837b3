//! The node tree: how nodes come to be, change phase and hang together. Source: `spec/argo.md` §12.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::naming;
use super::pass::{Halt, Pass};
use super::resolution::Call;
use super::spec::{NodeFlag, NodePhase, NodeStatus, NodeType, Template};

/// A node that is about to be.
pub(crate) struct NewNode<'n> {
    pub(crate) name: &'n str,
    pub(crate) kind: NodeType,
    pub(crate) scope: &'n str,
    pub(crate) call: &'n Call<'n>,
    pub(crate) boundary_id: &'n str,
    pub(crate) phase: NodePhase,
    pub(crate) flag: Option<NodeFlag>,
}

impl Pass<'_> {
    /// The node with this name.
    pub(crate) fn node(&self, name: &str) -> Option<&NodeStatus> {
        self.status.nodes.get(&self.node_id(name))
    }

    /// The node with this name, to change it.
    pub(crate) fn node_mut(&mut self, name: &str) -> Option<&mut NodeStatus> {
        let id = self.node_id(name);
        self.status.nodes.get_mut(&id)
    }

    /// The id that a node of this name has.
    pub(crate) fn node_id(&self, name: &str) -> String {
        naming::node_id(&self.identity.name, name)
    }

    /// Creates a node; a node that exists stays as it is.
    pub(crate) fn create_node(&mut self, new: NewNode, message: &str) -> String {
        let id = self.node_id(new.name);
        if self.status.nodes.contains_key(&id) {
            return id;
        }
        let now = Time(self.input.now);
        let boundary = self.status.nodes.get(new.boundary_id);
        let display_name = boundary.map_or_else(
            || new.name.to_owned(),
            |b| naming::display_name(new.name, &b.name),
        );
        let mut node = NodeStatus {
            id: id.clone(),
            name: new.name.to_owned(),
            display_name,
            kind: new.kind,
            template_name: new.call.template.to_owned(),
            template_ref: new.call.template_ref.cloned(),
            template_scope: new.scope.to_owned(),
            phase: new.phase,
            boundary_id: new.boundary_id.to_owned(),
            message: message.to_owned(),
            started_at: Some(now.clone()),
            node_flag: new.flag,
            ..NodeStatus::default()
        };
        if node.fulfilled() {
            node.finished_at = Some(now);
        }
        self.status.nodes.insert(id.clone(), node);
        self.updated = true;
        id
    }

    /// Creates the node of a template, with the template's inputs.
    ///
    /// `awaits_result` says whether an executor will report what it gave.
    pub(crate) fn create_executable(
        &mut self,
        new: NewNode,
        template: &Template,
        awaits_result: bool,
    ) -> String {
        let kind = new.kind;
        let id = self.create_node(new, "");
        if let Some(node) = self.status.nodes.get_mut(&id) {
            if !template.inputs.is_empty() {
                node.inputs = Some(template.inputs.clone());
            }
            if awaits_result && matches!(kind, NodeType::Pod | NodeType::Container) {
                node.task_result_synced = Some(true);
            }
        }
        id
    }

    /// Marks a node as Error, or creates it as a skipped one that is.
    pub(crate) fn error_node(&mut self, new: NewNode, halt: &Halt) {
        if matches!(halt, Halt::Missing(_)) {
            return;
        }
        if self.node(new.name).is_some() {
            self.mark_error(new.name, &halt.message());
        } else {
            let new = NewNode {
                kind: NodeType::Skipped,
                phase: NodePhase::Error,
                ..new
            };
            self.create_node(new, &halt.message());
        }
    }

    /// Moves a node to `phase`, with a new message if there is one.
    pub(crate) fn mark(&mut self, name: &str, phase: NodePhase, message: Option<&str>) {
        let now = self.input.now;
        let Some(node) = self.node_mut(name) else {
            return;
        };
        let mut updated = false;
        if node.phase != NodePhase::Running
            && phase.failed_or_error()
            && node.task_result_synced.is_some()
        {
            node.task_result_synced = Some(true);
        }
        if node.phase != phase {
            node.phase = phase;
            updated = true;
        }
        if let Some(message) = message.filter(|message| *message != node.message) {
            node.message = message.to_owned();
            updated = true;
        }
        if node.fulfilled() && node.finished_at.is_none() {
            node.finished_at = Some(Time(now));
            updated = true;
        }
        self.updated |= updated;
    }

    /// Moves a node to Error.
    pub(crate) fn mark_error(&mut self, name: &str, message: &str) {
        self.mark(name, NodePhase::Error, Some(message));
    }

    /// Hangs the node `child` below the node `parent`.
    pub(crate) fn add_child(&mut self, parent: &str, child: &str) {
        let child_id = self.node_id(child);
        let Some(node) = self.node_mut(parent) else {
            return;
        };
        if !node.children.contains(&child_id) {
            node.children.push(child_id);
            self.updated = true;
        }
    }

    /// The attempts of a Retry node in their order.
    pub(crate) fn attempts(&self, retry: &NodeStatus) -> Vec<&NodeStatus> {
        let children = retry
            .children
            .iter()
            .filter_map(|id| self.status.nodes.get(id));
        children.filter(|child| child.is_retried()).collect()
    }

    /// The last nodes inside a node, which is itself if nothing is inside.
    pub(crate) fn outbound_nodes(&self, id: &str) -> Vec<String> {
        let Some(node) = self.status.nodes.get(id) else {
            return Vec::new();
        };
        match node.kind {
            NodeType::Skipped | NodeType::Suspend | NodeType::Http | NodeType::Plugin => {
                vec![node.id.clone()]
            }
            NodeType::Pod => {
                let of_set = |child: &String| {
                    self.status
                        .nodes
                        .get(child)
                        .is_some_and(|c| c.kind == NodeType::Container)
                };
                if node.children.iter().any(of_set) {
                    self.outbound_of_children(node)
                } else {
                    vec![node.id.clone()]
                }
            }
            NodeType::Container | NodeType::TaskGroup if node.children.is_empty() => {
                vec![node.id.clone()]
            }
            NodeType::Container | NodeType::TaskGroup => self.outbound_of_children(node),
            NodeType::Retry if !node.children.is_empty() => {
                node.children.last().cloned().into_iter().collect()
            }
            NodeType::Retry | NodeType::Steps | NodeType::Dag | NodeType::StepGroup => node
                .outbound_nodes
                .iter()
                .flat_map(|id| self.outbound_nodes(id))
                .collect(),
        }
    }

    fn outbound_of_children(&self, node: &NodeStatus) -> Vec<String> {
        let inner = |child: &String| {
            let boundary = self.status.nodes.get(child).map(|c| &c.boundary_id);
            if node.kind == NodeType::Container && boundary != Some(&node.boundary_id) {
                vec![node.id.clone()]
            } else {
                self.outbound_nodes(child)
            }
        };
        node.children.iter().flat_map(inner).collect()
    }

    /// Whether everything below a node is fulfilled, and the node itself if nothing is below it.
    pub(crate) fn descendants_fulfilled(&self, id: &str) -> bool {
        let mut seen = std::collections::BTreeSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let Some(node) = self.status.nodes.get(id) else {
                continue;
            };
            if !seen.insert(id) {
                continue;
            }
            if node.children.is_empty() && !node.fulfilled() {
                return false;
            }
            open.extend(node.children.iter().map(String::as_str));
        }
        true
    }

    /// Whether a node belongs to an exit handler.
    pub(crate) fn in_exit_handler(&self, node: &NodeStatus) -> bool {
        let mut current = Some(node);
        while let Some(node) = current {
            if node.name.ends_with(".onExit") {
                return true;
            }
            current = self.status.nodes.get(&node.boundary_id);
        }
        false
    }
}
