//! One pass from beginning to end. Source: `spec/argo.md` §4; argo-workflows v3.7.4 `workflow/controller/operator.go`.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::assessment;
use super::effective::Unusable;
use super::execute::Surroundings;
use super::globals;
use super::key;
use super::lookup::Missing;
use super::pass::{Action, Halt, Input, Outcome, Pass};
use super::progress;
use super::resolution::{Call, Home, to_value};
use super::spec::{Condition, NodePhase, NodeStatus, WorkflowPhase, WorkflowStatus};
use crate::clock::after;
use crate::json::{Value, json};

/// Decides what comes next for a Workflow.
///
/// # Errors
/// Names an object that must be looked up before the pass can be made.
pub fn operate(input: Input) -> Result<Outcome, Missing> {
    let mut pass = match Pass::new(input) {
        Ok(pass) => pass,
        Err(_) => return Ok(Outcome::default()),
    };
    let before = pass.status.nodes.clone();
    pass.run()?;
    Ok(pass.finish(&before))
}

impl Pass<'_> {
    fn run(&mut self) -> Result<(), Missing> {
        match self.set_effective_spec() {
            Ok(()) => {}
            Err(Unusable::Missing(missing)) => return Err(missing),
            Err(Unusable::Error(message)) => {
                self.mark_workflow(WorkflowPhase::Error, &message);
                return Ok(());
            }
            Err(Unusable::Failed(message)) => {
                self.mark_workflow(WorkflowPhase::Failed, &message);
                return Ok(());
            }
        }
        if self.status.artifact_repository_ref.is_null() {
            self.status.artifact_repository_ref =
                json!({"artifactRepository": {}, "default": true});
            self.status.artifact_gc_status = json!({"notSpecified": true});
            self.updated = true;
        }
        self.reconcile_task_results();
        if self.labels.get(key::COMPLETED).map(String::as_str) == Some("true") {
            return Ok(());
        }
        if !self.begin() || self.spec.suspend == Some(true) {
            return Ok(());
        }
        if self.spec.parallelism.is_some() {
            self.active_pods = self.count_active_pods();
        }
        if let Err(halt) = self.substitute_volumes() {
            self.mark_workflow(WorkflowPhase::Error, &halt.message());
            return Ok(());
        }
        if !self.claim_volumes() {
            return Ok(());
        }
        self.run_entrypoint()
    }

    /// Starts the Workflow, or brings its nodes up to date; false if nothing more is to be done in this pass.
    fn begin(&mut self) -> bool {
        if self.status.phase == WorkflowPhase::Unknown {
            self.create_budget();
            self.mark_workflow(WorkflowPhase::Running, "");
            self.annotations
                .insert(key::POD_NAME_FORMAT.to_owned(), "v2".to_owned());
            self.deadline = self.workflow_deadline();
            if let Some(deadline) = self.deadline {
                self.requeue_after(deadline.duration_since(self.input.now));
            }
            return true;
        }
        self.deadline = self.workflow_deadline();
        let reconciled = self.reconcile_pods();
        self.fail_podless();
        if !reconciled {
            self.requeue();
        } else if let Some(deadline) = self.deadline.filter(|deadline| *deadline > self.input.now) {
            self.requeue_after(deadline.duration_since(self.input.now));
        }
        reconciled
    }

    fn workflow_deadline(&self) -> Option<jiff::Timestamp> {
        let seconds = self.spec.active_deadline_seconds?;
        let started = self.status.started_at.as_ref()?.0;
        Some(after(started, SignedDuration::from_secs(seconds)))
    }

    fn create_budget(&mut self) {
        let Some(budget) = &self.spec.pod_disruption_budget else {
            return;
        };
        let labels = json!({key::WORKFLOW: self.identity.name});
        let mut spec = to_value(budget);
        if spec["selector"].is_null() {
            spec["selector"] = json!({"matchLabels": labels});
        }
        self.actions.push(Action::CreateBudget(json!({
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {
                "name": self.identity.name,
                "namespace": self.identity.namespace,
                "labels": labels,
                "ownerReferences": [self.identity.owner()],
            },
            "spec": spec,
        })));
    }

    fn count_active_pods(&self) -> i64 {
        let active = |node: &&NodeStatus| {
            node.kind == super::spec::NodeType::Pod
                && matches!(node.phase, NodePhase::Pending | NodePhase::Running)
        };
        self.status.nodes.values().filter(active).count() as i64
    }

    fn claim_volumes(&mut self) -> bool {
        match self.create_claims() {
            Ok(()) => {
                if self.status.phase == WorkflowPhase::Pending {
                    self.mark_workflow(WorkflowPhase::Running, "");
                }
                true
            }
            Err(Halt::Transient(message)) => {
                let message = format!("Waiting for a PVC to be created. {message}");
                self.mark_workflow(WorkflowPhase::Pending, &message);
                self.requeue();
                false
            }
            Err(halt) => {
                self.mark_workflow(
                    WorkflowPhase::Error,
                    &format!("pvc create error: {}", halt.message()),
                );
                false
            }
        }
    }

    fn run_entrypoint(&mut self) -> Result<(), Missing> {
        let root = self.identity.name.clone();
        let entrypoint = self.spec.entrypoint.clone();
        let arguments = self.spec.arguments.clone();
        let call = Call::by_name(&entrypoint);
        match self.execute(
            &root,
            &call,
            (&Home::Local, &arguments),
            &Surroundings::default(),
        ) {
            Ok(()) => {}
            Err(Halt::Missing(missing)) => return Err(missing),
            Err(Halt::Parallelism | Halt::Transient(_)) => return Ok(()),
            Err(halt) => {
                let message = format!("error in entry template execution: {}", halt.message());
                self.mark_workflow(WorkflowPhase::Error, &message);
                self.delete_claims();
                return Ok(());
            }
        }
        let Some(node) = self.node(&root).cloned() else {
            return Ok(());
        };
        self.set_outcome_globals(&node);
        if node.fulfilled() {
            self.end(&node);
        }
        Ok(())
    }

    fn set_outcome_globals(&mut self, root: &NodeStatus) {
        let phase = root.phase.of_workflow().name();
        self.globals
            .insert("workflow.status".to_owned(), phase.to_owned());
        let failed: Vec<Value> = self
            .status
            .nodes
            .values()
            .filter(|node| node.phase.failed_or_error())
            .map(|node| {
                json!({
                    "displayName": node.display_name,
                    "message": node.message,
                    "templateName": node.template_name,
                    "phase": node.phase.name(),
                    "podName": super::naming::pod_name(&self.identity.name, &node.name, &node.template_name),
                    "finishedAt": node.finished_at,
                })
            })
            .collect();
        let list = if failed.is_empty() {
            "null".to_owned()
        } else {
            globals::json(&failed)
        };
        self.globals
            .insert("workflow.failures".to_owned(), json!(list).to_string());
    }

    fn end(&mut self, root: &NodeStatus) {
        let message = match self.shutdown() {
            Some(shutdown) if root.phase.failed_or_error() => {
                format!("Stopped with strategy '{}'", shutdown.name())
            }
            _ => root.message.clone(),
        };
        match root.phase.of_workflow() {
            WorkflowPhase::Succeeded => self.mark_workflow(WorkflowPhase::Succeeded, ""),
            phase => self.mark_workflow(phase, &message),
        }
        if self.status.phase.completed() {
            self.delete_claims();
        }
    }

    /// Moves the Workflow to a phase; an end waits for results that are still to come.
    pub(crate) fn mark_workflow(&mut self, phase: WorkflowPhase, message: &str) {
        let awaits = self
            .status
            .nodes
            .values()
            .any(|node| node.task_result_synced == Some(false));
        if phase.completed() && awaits {
            return;
        }
        if self.status.phase != phase {
            self.updated = true;
            self.status.phase = phase;
            self.labels
                .insert(key::PHASE.to_owned(), phase.name().to_owned());
            self.labels
                .entry(key::COMPLETED.to_owned())
                .or_insert_with(|| "false".to_owned());
            match phase {
                WorkflowPhase::Running => {
                    self.tell("Normal", "WorkflowRunning", "Workflow Running")
                }
                WorkflowPhase::Succeeded => {
                    self.tell("Normal", "WorkflowSucceeded", "Workflow completed")
                }
                WorkflowPhase::Failed | WorkflowPhase::Error => {
                    self.tell("Warning", "WorkflowFailed", message)
                }
                WorkflowPhase::Unknown | WorkflowPhase::Pending => {}
            }
        }
        if self.status.started_at.is_none() && phase != WorkflowPhase::Pending {
            self.updated = true;
            self.status.started_at = Some(Time(self.input.now));
        }
        if self.status.message != message {
            self.updated = true;
            self.status.message = message.to_owned();
        }
        let root = self.identity.name.clone();
        if phase == WorkflowPhase::Error
            && self
                .node(&root)
                .is_some_and(|node| node.phase == NodePhase::Running)
        {
            self.mark(&root, NodePhase::Error, Some("Workflow operation error"));
        }
        if phase.completed() {
            self.complete();
        }
    }

    fn complete(&mut self) {
        self.updated = true;
        self.status.finished_at = Some(Time(self.input.now));
        self.labels
            .insert(key::COMPLETED.to_owned(), "true".to_owned());
        self.status.upsert_condition(Condition {
            kind: "Completed".to_owned(),
            status: "True".to_owned(),
            message: String::new(),
        });
        if self.spec.pod_disruption_budget.is_some() {
            self.actions
                .push(Action::DeleteBudget(self.identity.name.clone()));
        }
    }

    fn finish(mut self, before: &BTreeMap<String, NodeStatus>) -> Outcome {
        if !self.updated {
            return Outcome {
                workflow: None,
                actions: self.actions,
                requeue: self.requeue,
            };
        }
        progress::update(&mut self.status);
        self.tell_nodes(before);
        if self.status.phase.completed() {
            self.actions.push(Action::DeleteTaskResults);
        }
        self.clean_up_pods();
        let mut workflow = self.input.workflow.clone();
        workflow.metadata.labels = Some(self.labels);
        workflow.metadata.annotations = Some(self.annotations);
        workflow.data["status"] = written(self.status, before, &workflow.data["status"]);
        Outcome {
            workflow: Some(workflow),
            actions: self.actions,
            requeue: self.requeue,
        }
    }

    /// Deletes or labels the pods of ended nodes.
    fn clean_up_pods(&mut self) {
        let strategy = self
            .spec
            .pod_gc
            .as_ref()
            .map_or("", |gc| gc.strategy.as_str());
        let delay = self
            .spec
            .pod_gc
            .as_ref()
            .and_then(|gc| super::duration::parse(&gc.delete_delay_duration).ok());
        let delay = delay.unwrap_or(SignedDuration::from_secs(5));
        for name in assessment::done_pods(self) {
            let pod = self
                .input
                .pods
                .iter()
                .find(|pod| pod.metadata.name.as_ref() == Some(&name));
            let succeeded = pod.is_some_and(|pod| pod.data["status"]["phase"] == "Succeeded");
            let delete = match strategy {
                "OnPodCompletion" => true,
                "OnPodSuccess" => succeeded,
                "OnWorkflowCompletion" => self.status.phase.completed(),
                "OnWorkflowSuccess" => self.status.phase == WorkflowPhase::Succeeded,
                _ => false,
            };
            self.actions.push(if delete {
                Action::DeletePod(name, delay)
            } else {
                Action::LabelPodCompleted(name)
            });
        }
    }
}

/// A status as it is written; nodes that are as they were `before` stay those of the status `read`.
fn written(
    mut status: WorkflowStatus,
    before: &BTreeMap<String, NodeStatus>,
    read: &Value,
) -> Value {
    let nodes = std::mem::take(&mut status.nodes);
    let mut written = to_value(&status);
    if !nodes.is_empty() {
        let nodes = nodes.into_iter().map(|(id, node)| {
            let known = read["nodes"].get(&id);
            let is_known = before.get(&id) == Some(&node);
            let node = match known.filter(|_| is_known) {
                Some(known) => known.clone(),
                None => to_value(&node),
            };
            (id, node)
        });
        written["nodes"] = nodes.collect();
    }
    written
}
