//! Executing a template as a node. Source: `spec/argo.md` §11.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::arguments::Substituted;
use super::duration;
use super::naming;
use super::nodes::NewNode;
use super::pass::{Halt, Pass};
use super::resolution::{Call, Caller, Home};
use super::spec::{Arguments, NodeFlag, NodePhase, NodeStatus, NodeType, RetryStrategy, Template};
use crate::clock::after;
use crate::json::Value;

/// How deep templates may call each other.
const DEPTH_MAX: usize = 100;

/// What a node inherits from its surroundings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// The steps or DAG node around it.
    pub(crate) boundary_id: String,
    /// Whether it belongs to an exit handler.
    pub(crate) exit_handler: bool,
    /// When its pods must have ended.
    pub(crate) execution_deadline: Option<Timestamp>,
    /// Whether it is a hook or an attempt.
    pub(crate) flag: Option<NodeFlag>,
}

/// A template about to be executed as a node.
pub(crate) struct Execution<'e> {
    pub(crate) node: &'e str,
    pub(crate) call: &'e Call<'e>,
    /// Where the call was written.
    pub(crate) scope: String,
    /// Where the template's own calls are looked up.
    pub(crate) inner: Home,
    pub(crate) surroundings: &'e Surroundings,
}

impl<'e> Execution<'e> {
    /// A node of this execution.
    pub(crate) fn new_node(&'e self, kind: NodeType, phase: NodePhase) -> NewNode<'e> {
        NewNode {
            name: self.node,
            kind,
            scope: &self.scope,
            call: self.call,
            boundary_id: &self.surroundings.boundary_id,
            phase,
            flag: self.surroundings.flag.clone(),
        }
    }
}

impl Pass<'_> {
    /// Executes the template that `call` means, made at a home with arguments, as the node called `node`; one that has
    /// ended stays as it is.
    ///
    /// # Errors
    /// When it could not be executed; unless that is for want of a lookup or a slot, the node says why.
    pub(crate) fn execute(
        &mut self,
        node: &str,
        call: &Call,
        (home, arguments): (&Home, &Arguments),
        surroundings: &Surroundings,
    ) -> Result<(), Halt> {
        if self.node(node).is_some_and(NodeStatus::ended) {
            return Ok(());
        }
        self.depth += 1;
        let mut execution = Execution {
            node,
            call,
            scope: self.scope_of(home),
            inner: home.clone(),
            surroundings,
        };
        let prepared = if self.depth >= DEPTH_MAX {
            Err(Halt::TooDeep)
        } else {
            self.prepare(&mut execution, home, arguments)
        };
        let result = match prepared {
            Ok(substituted) => self.advance(&execution, substituted, home, arguments),
            Err(halt) => {
                self.error_node(
                    execution.new_node(NodeType::Skipped, NodePhase::Error),
                    &halt,
                );
                Err(halt)
            }
        };
        self.depth -= 1;
        result
    }

    fn prepare(
        &mut self,
        execution: &mut Execution,
        home: &Home,
        arguments: &Arguments,
    ) -> Result<Substituted, Halt> {
        let (template, inner) = self.resolve(execution.call, home)?;
        execution.inner = inner;
        let template = self.with_defaults(template);
        let locals = self.locals(execution, &template);
        let substituted = self.process(template, arguments, &locals)?;
        self.refuse_unsupported(&substituted.template)?;
        Ok(substituted)
    }

    fn locals(&self, execution: &Execution, template: &Value) -> BTreeMap<String, String> {
        let mut locals = BTreeMap::new();
        let retried = !template["retryStrategy"].is_null() || self.spec.retry_strategy.is_some();
        if !retried
            && ["container", "script", "containerSet", "resource", "data"]
                .iter()
                .any(|t| !template[*t].is_null())
        {
            let name = template["name"].as_str().unwrap_or_default();
            locals.insert(
                "pod.name".to_owned(),
                naming::pod_name(&self.identity.name, execution.node, name),
            );
        }
        let caller = match execution.call.caller {
            Caller::Workflow => None,
            Caller::Step => Some("steps.name"),
        };
        if let Some(caller) = caller {
            locals.insert(caller.to_owned(), execution.call.name.to_owned());
        }
        locals.insert("node.name".to_owned(), execution.node.to_owned());
        locals
    }

    fn refuse_unsupported(&self, template: &Template) -> Result<(), Halt> {
        let retry = template.retry_strategy.as_ref();
        let has_affinity = retry.is_some_and(|retry| retry.affinity.is_some());
        let features = [
            (
                template.synchronization.is_some(),
                "synchronization of templates",
            ),
            (template.memoize.is_some(), "memoize"),
            (!template.pending_timeout.is_empty(), "pendingTimeout"),
            (template.fail_fast == Some(true), "failFast of templates"),
            (template.pod_resources.is_some(), "podResources"),
            (!template.resource_claims.is_empty(), "resourceClaims"),
            (!template.pod_spec_patch.is_empty(), "podSpecPatch"),
            (has_affinity, "retryStrategy.affinity"),
        ];
        match features.into_iter().find(|(used, _)| *used) {
            Some((_, feature)) => Err(Halt::unsupported(feature)),
            None => Ok(()),
        }
    }

    fn advance(
        &mut self,
        execution: &Execution,
        substituted: Substituted,
        home: &Home,
        arguments: &Arguments,
    ) -> Result<(), Halt> {
        let template = &substituted.template;
        if let Some(node) = self.node(execution.node)
            && let Err(halt) = self.check_timeout(template, node)
        {
            match &halt {
                Halt::Timeout => self.mark(execution.node, NodePhase::Failed, Some("timeout")),
                other => self.mark_error(execution.node, &other.message()),
            }
            return Err(halt);
        }
        self.check_parallelism(template, execution)?;
        match self.retry_strategy(template) {
            Some(strategy) => {
                self.execute_retried(execution, substituted, &strategy, (home, arguments))
            }
            None => self.dispatch(execution, template),
        }
    }

    /// The strategy of the template, or the one for all templates.
    pub(crate) fn retry_strategy(&self, template: &Template) -> Option<RetryStrategy> {
        let own = template.retry_strategy.as_deref();
        own.or(self.spec.retry_strategy.as_ref()).cloned()
    }

    /// Executes a template by its type.
    pub(crate) fn dispatch(
        &mut self,
        execution: &Execution,
        template: &Template,
    ) -> Result<(), Halt> {
        let result = if template.container.is_some() || template.script.is_some() {
            self.execute_pod(execution, template)
        } else if !template.steps.is_empty() {
            self.execute_steps(execution, template)
        } else {
            Err(Halt::unsupported(&format!(
                "template type {}",
                type_name(template)
            )))
        };
        if let Err(halt) = &result {
            match halt {
                Halt::Missing(_) | Halt::Parallelism | Halt::Transient(_) => {}
                Halt::Timeout | Halt::TooDeep | Halt::Template(_) => {
                    self.error_node(
                        execution.new_node(NodeType::Skipped, NodePhase::Error),
                        halt,
                    );
                }
            }
        }
        result
    }

    fn check_timeout(&self, template: &Template, node: &NodeStatus) -> Result<(), Halt> {
        match self.template_deadline(template, node)? {
            Some(deadline) if node.phase == NodePhase::Pending && self.input.now > deadline => {
                Err(Halt::Timeout)
            }
            _ => Ok(()),
        }
    }

    /// When an attempt of a template with a timeout must have ended.
    pub(crate) fn template_deadline(
        &self,
        template: &Template,
        node: &NodeStatus,
    ) -> Result<Option<Timestamp>, Halt> {
        if template.timeout.is_empty() {
            return Ok(None);
        }
        let timeout = duration::parse(&template.timeout)
            .map_err(|error| Halt::error(format!("invalid timeout format {error}")))?;
        let started = node.started_at.as_ref();
        Ok(started.map(|started| after(started.0, timeout)))
    }

    fn check_parallelism(&self, template: &Template, execution: &Execution) -> Result<(), Halt> {
        if self
            .spec
            .parallelism
            .is_some_and(|limit| self.active_pods >= limit)
        {
            return Err(Halt::Parallelism);
        }
        let node = self.node(execution.node);
        let composite = template.dag.is_some() || !template.steps.is_empty();
        if let (Some(node), Some(limit), true) = (node, template.parallelism, composite)
            && self.active_children(&node.id, &[NodeType::Pod]) >= limit
        {
            return Err(Halt::Parallelism);
        }
        let active =
            |node: &NodeStatus| matches!(node.phase, NodePhase::Pending | NodePhase::Running);
        if node.is_some_and(active) {
            return Ok(());
        }
        match self.boundary_parallelism(&execution.surroundings.boundary_id) {
            Some(limit)
                if self.active_children(
                    &execution.surroundings.boundary_id,
                    &[NodeType::Pod, NodeType::Steps, NodeType::Dag],
                ) >= limit =>
            {
                Err(Halt::Parallelism)
            }
            _ => Ok(()),
        }
    }

    fn active_children(&self, boundary: &str, kinds: &[NodeType]) -> i64 {
        let active = |node: &&NodeStatus| {
            node.boundary_id == boundary
                && kinds.contains(&node.kind)
                && matches!(node.phase, NodePhase::Pending | NodePhase::Running)
        };
        self.status.nodes.values().filter(active).count() as i64
    }

    fn boundary_parallelism(&self, boundary: &str) -> Option<i64> {
        self.boundary_template(boundary)?["parallelism"].as_i64()
    }

    /// The template of the node around a node, as written.
    pub(crate) fn boundary_template(&self, boundary: &str) -> Option<Value> {
        let node = self.status.nodes.get(boundary)?;
        let home = Self::home_of_scope(&node.template_scope);
        let call = Call {
            template: &node.template_name,
            template_ref: node.template_ref.as_ref(),
            ..Call::NONE
        };
        self.peek(&call, &home)
    }
}

/// The name of a template's type on the wire.
fn type_name(template: &Template) -> &'static str {
    let types = [
        (template.dag.is_some(), "dag"),
        (template.suspend.is_some(), "suspend"),
        (template.container_set.is_some(), "containerSet"),
        (template.resource.is_some(), "resource"),
        (template.http.is_some(), "http"),
        (template.data.is_some(), "data"),
        (template.plugin.is_some(), "plugin"),
    ];
    types
        .into_iter()
        .find(|(is, _)| *is)
        .map_or("unknown", |(_, name)| name)
}
