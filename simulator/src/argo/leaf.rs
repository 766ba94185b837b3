//! Container and script templates: one node, one pod. Source: `spec/argo.md` §11, §21.

use jiff::Timestamp;

use super::execute::Execution;
use super::key;
use super::naming;
use super::pass::{Action, Halt, Pass};
use super::pod::{self, PodPlan};
use super::spec::{NodePhase, NodeType, Template};
use crate::json::Value;

impl Pass<'_> {
    /// Executes a container or script template.
    pub(crate) fn execute_pod(
        &mut self,
        execution: &Execution,
        template: &Template,
    ) -> Result<(), Halt> {
        match self.node(execution.node) {
            None => {
                let awaits_result = template.daemon != Some(true);
                let new = execution.new_node(NodeType::Pod, NodePhase::Pending);
                self.create_executable(new, template, awaits_result);
            }
            Some(node) if template.script.is_some() && node.phase != NodePhase::Pending => {
                return Ok(());
            }
            Some(_) => {}
        }
        let id = self.node_id(execution.node);
        if self
            .input
            .pods
            .iter()
            .any(|pod| super::assessment::node_id(pod) == Some(&id))
        {
            return Ok(());
        }
        self.create_pod(execution, template)
    }

    fn create_pod(&mut self, execution: &Execution, template: &Template) -> Result<(), Halt> {
        let exit_handler = execution.surroundings.exit_handler;
        if let Some(shutdown) = self
            .shutdown()
            .filter(|shutdown| !shutdown.allows(exit_handler))
        {
            let message = format!("workflow shutdown with strategy: {}", shutdown.name());
            self.mark(execution.node, NodePhase::Failed, Some(&message));
            return Ok(());
        }
        let Some(active_deadline_seconds) = self.pod_deadline(execution, template)? else {
            return Ok(());
        };
        let plan = PodPlan {
            node: execution.node,
            template,
            includes_result: self.result_is_used(execution),
            exit_handler,
            active_deadline_seconds: active_deadline_seconds.0,
            executor_deadline: self.executor_deadline(execution),
            boundary: self.boundary_template(&execution.surroundings.boundary_id),
        };
        let pod = pod::build(self, &plan)?;
        let name = naming::pod_name(&self.identity.name, execution.node, &template.name);
        match self.input.refusals.get(&("Pod", name)).cloned() {
            None => {
                self.actions.push(Action::CreatePod(pod));
                self.active_pods += 1;
                Ok(())
            }
            Some(refusal) if refusal.transient => {
                self.requeue();
                self.mark(execution.node, NodePhase::Pending, Some(&refusal.message));
                Ok(())
            }
            Some(refusal) => Err(Halt::Template(refusal.message)),
        }
    }

    /// Seconds for the whole pod; nothing at all if there is no time left.
    fn pod_deadline(
        &self,
        execution: &Execution,
        template: &Template,
    ) -> Result<Option<Seconds>, Halt> {
        let own = template
            .active_deadline_seconds
            .as_ref()
            .map(super::retry::number)
            .transpose()?;
        let mut seconds = own;
        if let Some(deadline) = self
            .deadline
            .filter(|_| !execution.surroundings.exit_handler)
        {
            let left = deadline.duration_since(self.input.now).as_secs();
            if left <= 0 {
                return Ok(None);
            }
            seconds = Some(own.map_or(left, |own| own.min(left)));
        }
        let Some(node) = self.node(execution.node) else {
            return Ok(Some(Seconds(seconds)));
        };
        if let Some(deadline) = self.template_deadline(template, node)? {
            let left = deadline.duration_since(self.input.now).as_secs();
            if left <= 1 {
                return Err(Halt::error(format!(
                    "{} exceeded its deadline",
                    execution.node
                )));
            }
            seconds = Some(left);
        }
        Ok(Some(Seconds(seconds)))
    }

    fn executor_deadline(&self, execution: &Execution) -> Option<Timestamp> {
        let workflow = self
            .deadline
            .filter(|_| !execution.surroundings.exit_handler);
        match (workflow, execution.surroundings.execution_deadline) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Whether the template around the node refers to what the node prints.
    fn result_is_used(&self, execution: &Execution) -> bool {
        let Some(parent) = self.boundary_template(&execution.surroundings.boundary_id) else {
            return false;
        };
        let kind = if parent["dag"].is_null() {
            "steps"
        } else {
            "tasks"
        };
        let name = naming::step_name(execution.node);
        let patterns = [
            format!("{kind}.{name}.outputs.result"),
            format!("{kind}['{name}'].outputs.result"),
            format!("{kind}[\"{name}\"].outputs.result"),
        ];
        mentions(&parent, &patterns)
    }
}

/// Seconds, or no limit.
struct Seconds(Option<i64>);

fn mentions(value: &Value, patterns: &[String]) -> bool {
    match value {
        Value::String(text) => patterns
            .iter()
            .any(|pattern| text.contains(pattern.as_str())),
        Value::Array(items) => items.iter().any(|item| mentions(item, patterns)),
        Value::Object(fields) => fields.values().any(|field| mentions(field, patterns)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a pod is one of Argo's own and not a node's.
pub(crate) fn is_helper(pod: &crate::part::PartObject) -> bool {
    pod.metadata
        .labels
        .as_ref()
        .is_some_and(|labels| labels.contains_key(key::COMPONENT))
}
