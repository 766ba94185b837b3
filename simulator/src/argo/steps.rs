//! Steps templates: groups one after the other, the steps of a group side by side. Source: `spec/argo.md` §13.

use serde::Deserialize;

use super::execute::{Execution, Surroundings};
use super::nodes::NewNode;
use super::pass::{Halt, Pass};
use super::resolution::{Call, to_value};
use super::scope::{self, Names};
use super::spec::{ContinueOn, NodeFlag, NodePhase, NodeStatus, NodeType, Template, WorkflowStep};
use super::tag::{self, Mode, Scope, TagError};
use super::when;
use crate::json::Value;

/// What became of a group in this pass.
enum Group {
    /// Something in it is not done.
    Open,
    /// All done; the phase is on its node.
    Closed,
}

/// Why a group does not start.
enum Unready {
    /// Something it refers to is not there yet.
    Waits,
    /// It cannot.
    Fails(String),
}

impl Pass<'_> {
    /// Executes a steps template.
    pub(crate) fn execute_steps(
        &mut self,
        execution: &Execution,
        template: &Template,
    ) -> Result<(), Halt> {
        let name = execution.node;
        if self.node(name).is_none() {
            let new = execution.new_node(NodeType::Steps, NodePhase::Running);
            self.create_executable(new, template, false);
        }
        let mut names = scope::start(template);
        if let Some(outputs) = &self.status.outputs {
            scope::add_outputs(&mut names, "workflow", outputs);
        }
        for (index, group) in template.steps.iter().enumerate() {
            let group_name = format!("{name}[{index}]");
            self.open_group(execution, index, &group_name);
            match self.execute_group(execution, &group.0, &group_name, &mut names)? {
                Group::Open => return Ok(()),
                Group::Closed => {}
            }
            let closed = self.node(&group_name).cloned().unwrap_or_default();
            if closed.phase.failed_or_error() {
                self.set_outbound_nodes(name, template);
                self.mark(name, NodePhase::Failed, Some(&closed.message));
                return Ok(());
            }
            for step in &group.0 {
                self.add_step(execution, step, &group_name, &mut names)?;
            }
        }
        self.set_outbound_nodes(name, template);
        if let Some(outputs) = scope::template_outputs(template, &names)? {
            self.export(Some(&outputs));
            if let Some(node) = self.node_mut(name) {
                node.outputs = Some(outputs);
            }
        }
        self.mark(name, NodePhase::Succeeded, None);
        Ok(())
    }

    fn open_group(&mut self, execution: &Execution, index: usize, group: &str) {
        match self.node(group).map(NodeStatus::fulfilled) {
            None => {
                let scope = self.scope_of(&execution.inner);
                let boundary_id = self.node_id(execution.node);
                self.create_node(
                    NewNode {
                        name: group,
                        kind: NodeType::StepGroup,
                        scope: &scope,
                        call: &Call::NONE,
                        boundary_id: &boundary_id,
                        phase: NodePhase::Running,
                        flag: Some(NodeFlag::default()),
                    },
                    "",
                );
            }
            Some(false) => self.mark(group, NodePhase::Running, None),
            Some(true) => {}
        }
        let Some(previous) = index
            .checked_sub(1)
            .map(|i| format!("{}[{i}]", execution.node))
        else {
            self.add_child(execution.node, group);
            return;
        };
        let children = self
            .node(&previous)
            .map(|node| node.children.clone())
            .unwrap_or_default();
        if children.is_empty() {
            self.add_child(&previous, group);
        }
        for id in children
            .iter()
            .flat_map(|child| self.outbound_nodes(child))
            .collect::<Vec<_>>()
        {
            if let Some(parent) = self.status.nodes.get(&id).map(|node| node.name.clone()) {
                self.add_child(&parent, group);
            }
        }
    }

    fn execute_group(
        &mut self,
        execution: &Execution,
        steps: &[WorkflowStep],
        group: &str,
        names: &mut Names,
    ) -> Result<Group, Halt> {
        let id = self.node_id(group);
        if self.node(group).is_some_and(NodeStatus::fulfilled) && self.descendants_fulfilled(&id) {
            return Ok(Group::Closed);
        }
        let mut resolved = Vec::with_capacity(steps.len());
        for step in steps {
            match self.resolve_references(step, names) {
                Ok(step) => resolved.push(step),
                Err(Unready::Waits) => {
                    self.requeue();
                    return Ok(Group::Open);
                }
                Err(Unready::Fails(message)) => {
                    let message = format!("{}: {message}", self.differences.resolve_references);
                    self.mark_error(group, &message);
                    return Ok(Group::Closed);
                }
            }
        }
        let steps = match self.expand_steps(execution, group, resolved) {
            Ok(steps) => steps,
            Err(halt) => {
                self.mark_error(group, &halt.message());
                return Ok(Group::Closed);
            }
        };
        for step in &steps {
            if let Some(end) = self.start_step(execution, step, group)? {
                return Ok(end);
            }
        }
        Ok(self.close_group(&steps, group))
    }

    fn resolve_references(
        &mut self,
        step: &WorkflowStep,
        names: &Names,
    ) -> Result<WorkflowStep, Unready> {
        let mode = if self.differences.steps_wait_for_outputs {
            Mode::Await
        } else {
            Mode::Lenient
        };
        let mut value = to_value(step);
        if !tag::occurs(&value) {
            return match when::holds(&step.when) {
                Err(error) if !expands(step) => Err(Unready::Fails(error.to_string())),
                Ok(_) | Err(_) => Ok(step.clone()),
            };
        }
        let layers = [&self.globals, names];
        let scope = Scope(&layers);
        let unready = |error: TagError| match error {
            TagError::Awaited(_) => Unready::Waits,
            TagError::Failed(message) => Unready::Fails(message),
        };
        if let Some(Value::String(text)) = value.get_mut("when") {
            *text = tag::replace(text, &scope, mode).map_err(unready)?.into();
            match when::holds(text) {
                Ok(false) => {
                    return Ok(WorkflowStep {
                        when: text.to_string(),
                        ..step.clone()
                    });
                }
                Err(error) if !expands(step) => return Err(Unready::Fails(error.to_string())),
                Ok(true) | Err(_) => {}
            }
        }
        tag::replace_in(&mut value, &scope, mode).map_err(unready)?;
        let step =
            WorkflowStep::deserialize(&value).map_err(|error| Unready::Fails(error.to_string()))?;
        if step
            .arguments
            .artifacts
            .iter()
            .any(|a| !a.from.is_empty() || !a.from_expression.is_empty())
        {
            return Err(Unready::Fails(
                "not supported by the simulator: artifacts from other steps".to_owned(),
            ));
        }
        Ok(step)
    }

    /// Starts or continues one step; the group ends at once if something is returned.
    fn start_step(
        &mut self,
        execution: &Execution,
        step: &WorkflowStep,
        group: &str,
    ) -> Result<Option<Group>, Halt> {
        let child = format!("{group}.{}", step.name);
        let boundary_id = self.node_id(execution.node);
        match when::holds(&step.when) {
            Ok(true) => {}
            Ok(false) => {
                if self.node(&child).is_none() {
                    let reason = format!("when '{}' evaluated false", step.when);
                    self.skip_step(execution, step, &child, (NodePhase::Skipped, &reason));
                    self.add_child(group, &child);
                }
                return Ok(None);
            }
            Err(error) => {
                self.skip_step(
                    execution,
                    step,
                    &child,
                    (NodePhase::Error, &error.to_string()),
                );
                self.add_child(group, &child);
                self.mark_error(group, &error.to_string());
                return Ok(Some(Group::Closed));
            }
        }
        let surroundings = Surroundings {
            boundary_id,
            exit_handler: execution.surroundings.exit_handler,
            ..Surroundings::default()
        };
        if !step.on_exit.is_empty() || !step.hooks.is_empty() {
            let halt = Halt::unsupported("hooks of steps");
            self.mark_error(group, &halt.message());
            return Ok(Some(Group::Closed));
        }
        match self.execute(
            &child,
            &Call::of_step(step),
            (&execution.inner, &step.arguments),
            &surroundings,
        ) {
            Ok(()) => self.add_child(group, &child),
            Err(missing @ Halt::Missing(_)) => return Err(missing),
            Err(Halt::Parallelism | Halt::TooDeep | Halt::Transient(_)) => {
                if self.node(&child).is_some() {
                    self.add_child(group, &child);
                }
            }
            Err(Halt::Timeout) => {
                self.mark(group, NodePhase::Failed, Some("timeout"));
                return Ok(Some(Group::Closed));
            }
            Err(Halt::Template(error)) => {
                self.add_child(group, &child);
                let message =
                    format!("step group deemed errored due to child {child} error: {error}");
                self.mark_error(group, &message);
                return Ok(Some(Group::Closed));
            }
        }
        Ok(None)
    }

    /// Creates the node of a step that does not run.
    pub(crate) fn skip_step(
        &mut self,
        execution: &Execution,
        step: &WorkflowStep,
        child: &str,
        (phase, reason): (NodePhase, &str),
    ) {
        let scope = self.scope_of(&execution.inner);
        let boundary_id = self.node_id(execution.node);
        let new = NewNode {
            name: child,
            kind: NodeType::Skipped,
            scope: &scope,
            call: &Call::of_step(step),
            boundary_id: &boundary_id,
            phase,
            flag: Some(NodeFlag::default()),
        };
        self.create_node(new, reason);
    }

    fn close_group(&mut self, steps: &[WorkflowStep], group: &str) -> Group {
        let node = self.node(group).cloned().unwrap_or_default();
        let children: Vec<&NodeStatus> = node
            .children
            .iter()
            .filter_map(|id| self.status.nodes.get(id))
            .collect();
        if children.len() < steps.len() || children.iter().any(|child| !child.fulfilled()) {
            return Group::Open;
        }
        let failed = children.into_iter().find(|child| {
            let step = steps
                .iter()
                .find(|step| child.name == format!("{group}.{}", step.name));
            let continue_on = step.and_then(|step| step.continue_on.as_ref());
            child.phase.failed_or_error() && !continues(continue_on, child.phase)
        });
        match failed.map(|child| format!("child '{}' failed", child.id)) {
            Some(message) => self.mark(group, NodePhase::Failed, Some(&message)),
            None => self.mark(group, NodePhase::Succeeded, None),
        }
        Group::Closed
    }

    fn set_outbound_nodes(&mut self, name: &str, template: &Template) {
        let last = (0..template.steps.len())
            .rev()
            .find_map(|i| self.node(&format!("{name}[{i}]")));
        let Some(last) = last else {
            return;
        };
        let outbound: Vec<String> = last
            .children
            .iter()
            .flat_map(|id| self.outbound_nodes(id))
            .collect();
        if let Some(node) = self.node_mut(name) {
            node.outbound_nodes = outbound;
        }
    }

    fn add_step(
        &mut self,
        execution: &Execution,
        step: &WorkflowStep,
        group: &str,
        names: &mut Names,
    ) -> Result<(), Halt> {
        let child = format!("{group}.{}", step.name);
        let prefix = format!("steps.{}", step.name);
        if let Some(node) = self.node(&child) {
            self.add_node(names, &prefix, node);
            return Ok(());
        }
        let boundary = self.node_id(execution.node);
        self.aggregate(names, &prefix, &boundary, &child)
    }
}

/// Whether a step stands for a loop.
pub(crate) fn expands(step: &WorkflowStep) -> bool {
    !step.with_items.is_empty() || !step.with_param.is_empty() || step.with_sequence.is_some()
}

/// Whether a bad end does not stop what follows.
pub(crate) fn continues(on: Option<&ContinueOn>, phase: NodePhase) -> bool {
    on.is_some_and(|on| {
        (on.error && phase == NodePhase::Error) || (on.failed && phase == NodePhase::Failed)
    })
}
