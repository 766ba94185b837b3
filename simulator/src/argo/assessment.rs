//! From a pod to the state of its node. Source: `spec/argo.md` §22.

use k8s_openapi::api::core::v1::{ContainerStatus, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::Deserialize;

use super::key;
use super::leaf::is_helper;
use super::pass::{Action, Pass};
use super::resources;
use super::spec::{Condition, NodePhase, NodeStatus, NodeType, Outputs};
use crate::json::Value;
use crate::part::PartObject;

/// Seconds after its start in which a node's pod may not have shown up yet.
const RECENTLY_STARTED_SECONDS: i64 = 10;

/// The id of the node that a pod belongs to.
pub(crate) fn node_id(pod: &PartObject) -> Option<&String> {
    pod.metadata.annotations.as_ref()?.get(key::NODE_ID)
}

/// What the pod told, and what the node becomes of it.
struct Assessed {
    node: NodeStatus,
    result_is_complete: bool,
}

impl Pass<'_> {
    /// Brings all nodes up to date with their pods; false if results are awaited before anything else may happen.
    pub(crate) fn reconcile_pods(&mut self) -> bool {
        let mut running = false;
        let mut seen: Vec<String> = Vec::new();
        let mut awaits_result = false;
        for pod in self.input.pods.iter().filter(|pod| !is_helper(pod)) {
            let Some(id) = node_id(pod) else {
                continue;
            };
            seen.push(id.clone());
            let Some(old) = self.status.nodes.get(id).cloned() else {
                continue;
            };
            if !old.ended() {
                let assessed = self.assess(pod, &old);
                awaits_result |= !self.take(&old, assessed, &mut running);
            }
            self.control(pod, id);
        }
        if awaits_result {
            return false;
        }
        self.status.upsert_condition(Condition {
            kind: "PodRunning".to_owned(),
            status: if running { "True" } else { "False" }.to_owned(),
            message: String::new(),
        });
        self.find_lost(&seen);
        true
    }

    /// Keeps what a pod told; false if the node's results are awaited.
    fn take(&mut self, old: &NodeStatus, assessed: Assessed, running: &mut bool) -> bool {
        let Assessed {
            mut node,
            result_is_complete,
        } = assessed;
        if result_is_complete && node.task_result_synced.is_some() {
            node.task_result_synced = Some(true);
        }
        if node.phase == NodePhase::Running {
            *running = true;
        }
        if node == *old {
            return true;
        }
        if node.phase == NodePhase::Succeeded && node.task_result_synced == Some(false) {
            return false;
        }
        self.export(node.outputs.as_ref());
        self.status.nodes.insert(node.id.clone(), node);
        self.updated = true;
        true
    }

    fn assess(&self, pod: &PartObject, old: &NodeStatus) -> Assessed {
        let status: PodStatus = pod
            .data
            .get("status")
            .and_then(|s| PodStatus::deserialize(s).ok())
            .unwrap_or_default();
        let mut node = old.clone();
        let containers = status.container_statuses.as_deref().unwrap_or_default();
        let phase = status.phase.as_deref().unwrap_or("Pending");
        match phase {
            "Pending" => {
                node.phase = NodePhase::Pending;
                node.message = pending_reason(&status);
            }
            "Succeeded" => node.phase = NodePhase::Succeeded,
            "Failed" => (node.phase, node.message) = failure(pod, &status),
            "Running" => node.phase = NodePhase::Running,
            other => {
                let name = pod.metadata.name.as_deref().unwrap_or_default();
                node.phase = NodePhase::Error;
                node.message = format!("Unexpected pod phase for {name}: {other}");
            }
        }
        node.host_node_name = pod.data["spec"]["nodeName"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if node.progress.is_empty() {
            node.progress = "0/1".to_owned();
        }
        if let Some(code) = exit_code(containers) {
            node.outputs.get_or_insert_default().exit_code = Some(code.to_string());
        }
        let result_is_complete = wait_container(containers, &status, old, &mut node);
        if node.phase == NodePhase::Succeeded && self.outputs_are_missing(&node) {
            node.phase = old.phase;
        }
        let started = old.phase == NodePhase::Pending
            && !matches!(
                node.phase,
                NodePhase::Pending | NodePhase::Failed | NodePhase::Error
            );
        if started && old.message == node.message {
            node.message.clear();
        }
        if node.phase.completed() && node.finished_at.is_none() {
            node.finished_at = Some(Time(finished(&status).unwrap_or(self.input.now)));
            node.resources_duration = resources::durations(&pod.data["spec"], &status);
        }
        Assessed {
            node,
            result_is_complete,
        }
    }

    /// Whether the template promises parameters of which none has arrived.
    fn outputs_are_missing(&self, node: &NodeStatus) -> bool {
        let Some(outputs) = &node.outputs else {
            return false;
        };
        let call = super::resolution::Call {
            template: &node.template_name,
            template_ref: node.template_ref.as_ref(),
            ..super::resolution::Call::NONE
        };
        let template = self.peek(&call, &Self::home_of_scope(&node.template_scope));
        let promised = template.is_some_and(|t| {
            t["outputs"]["parameters"]
                .as_array()
                .is_some_and(|p| !p.is_empty())
        });
        promised && outputs.parameters.is_empty()
    }

    /// Ends a pod that may not go on.
    fn control(&mut self, pod: &PartObject, id: &str) {
        let exit_handler = pod
            .metadata
            .labels
            .as_ref()
            .is_some_and(|labels| labels.contains_key(key::ON_EXIT));
        let phase = pod.data["status"]["phase"].as_str().unwrap_or("Pending");
        let Some(node) = self.status.nodes.get(id).filter(|node| !node.fulfilled()) else {
            return;
        };
        if !matches!(phase, "Pending" | "Running") {
            return;
        }
        let message = match self.shutdown() {
            Some(shutdown) if !shutdown.allows(exit_handler) => {
                format!("workflow shutdown with strategy:  {}", shutdown.name())
            }
            _ if self.past_deadline() && !exit_handler => "Step exceeded its deadline".to_owned(),
            _ => return,
        };
        let name = node.name.clone();
        self.actions.push(Action::TerminatePod(
            pod.metadata.name.clone().unwrap_or_default(),
        ));
        self.mark(&name, NodePhase::Failed, Some(&message));
    }

    fn find_lost(&mut self, seen: &[String]) {
        let lost: Vec<(String, bool)> = self
            .status
            .nodes
            .values()
            .filter(|node| {
                node.kind == NodeType::Pod && !node.ended() && node.phase != NodePhase::Pending
            })
            .filter(|node| !seen.contains(&node.id))
            .map(|node| {
                let age = node
                    .started_at
                    .as_ref()
                    .map_or(0, |t| self.input.now.duration_since(t.0).as_secs());
                (node.name.clone(), age <= RECENTLY_STARTED_SECONDS)
            })
            .collect();
        for (name, recent) in lost {
            if recent {
                self.requeue();
            } else {
                if let Some(node) = self.node_mut(&name) {
                    node.task_result_synced = node.task_result_synced.map(|_| true);
                }
                self.mark_error(&name, "pod deleted");
            }
        }
    }

    /// Fails what has no pod and may not get one any more.
    pub(crate) fn fail_podless(&mut self) {
        let past_deadline = self.past_deadline();
        let shutdown = self.shutdown();
        let failing: Vec<(String, String)> = self
            .status
            .nodes
            .values()
            .filter(|node| !node.fulfilled())
            .filter_map(|node| {
                let exit_handler = self.in_exit_handler(node);
                let suspended = node.kind == NodeType::Suspend && node.phase == NodePhase::Running;
                match shutdown {
                    Some(shutdown) if suspended && !shutdown.allows(exit_handler) => Some((
                        node.name.clone(),
                        format!("Stopped with strategy '{}'", shutdown.name()),
                    )),
                    _ if past_deadline
                        && !exit_handler
                        && (suspended || node.phase == NodePhase::Pending) =>
                    {
                        Some((node.name.clone(), "Step exceeded its deadline".to_owned()))
                    }
                    _ => None,
                }
            })
            .collect();
        for (name, message) in failing {
            self.mark(&name, NodePhase::Failed, Some(&message));
        }
    }

    /// Takes over what executors have reported.
    pub(crate) fn reconcile_task_results(&mut self) {
        for result in self.input.task_results {
            let id = result.metadata.name.clone().unwrap_or_default();
            let labels = result.metadata.labels.as_ref();
            let complete = labels
                .and_then(|l| l.get(key::REPORT_OUTPUTS_COMPLETED))
                .map(String::as_str)
                == Some("true");
            let Some(old) = self.status.nodes.get(&id) else {
                continue;
            };
            let mut node = old.clone();
            if node.task_result_synced.is_some() && (complete || !old.phase.completed()) {
                node.task_result_synced = Some(complete);
            }
            let reported = result
                .data
                .get("outputs")
                .and_then(|outputs| Outputs::deserialize(outputs).ok());
            if let Some(mut outputs) = reported.filter(|outputs| !outputs.is_empty()) {
                if outputs.exit_code.is_none() {
                    outputs.exit_code = old.outputs.as_ref().and_then(|old| old.exit_code.clone());
                }
                node.outputs = Some(outputs);
            }
            if let Some(progress) = result.data.get("progress").and_then(Value::as_str) {
                node.progress = progress.to_owned();
            }
            if node != *old {
                self.status.nodes.insert(id, node);
                self.updated = true;
            }
        }
    }
}

/// Lets a node wait for its wait container; true if that one will never report completely.
fn wait_container(
    containers: &[ContainerStatus],
    pod: &PodStatus,
    old: &NodeStatus,
    node: &mut NodeStatus,
) -> bool {
    let failed = pod.phase.as_deref() == Some("Failed");
    let wait = containers.iter().find(|container| container.name == "wait");
    let Some(state) = wait.and_then(|container| container.state.as_ref()) else {
        return failed && (wait.is_none() || pod.reason.as_deref() == Some("Evicted"));
    };
    if state.running.is_some() && node.phase.completed() && !failed {
        node.phase = old.phase;
    }
    let evicted = failed && pod.reason.as_deref() == Some("Evicted");
    evicted
        || state
            .terminated
            .as_ref()
            .is_some_and(|terminated| terminated.exit_code != 0)
}

fn exit_code(containers: &[ContainerStatus]) -> Option<i32> {
    let main = containers
        .iter()
        .find(|container| container.name == "main")?;
    Some(main.state.as_ref()?.terminated.as_ref()?.exit_code)
}

fn pending_reason(pod: &PodStatus) -> String {
    let told = |reason: Option<&String>, message: Option<&String>| {
        let reason = reason.cloned().unwrap_or_default();
        match message.filter(|message| !message.is_empty()) {
            Some(message) => format!("{reason}: {message}"),
            None => reason,
        }
    };
    let waiting = pod
        .container_statuses
        .iter()
        .flatten()
        .find_map(|c| c.state.as_ref()?.waiting.as_ref());
    if let Some(waiting) = waiting {
        return told(waiting.reason.as_ref(), waiting.message.as_ref());
    }
    let unschedulable = pod
        .conditions
        .iter()
        .flatten()
        .find(|condition| condition.reason.as_deref() == Some("Unschedulable"));
    unschedulable.map_or_else(String::new, |c| told(c.reason.as_ref(), c.message.as_ref()))
}

/// The phase and message of a node whose pod failed.
fn failure(pod: &PartObject, status: &PodStatus) -> (NodePhase, String) {
    if let Some(message) = status.message.clone().filter(|message| !message.is_empty()) {
        return (NodePhase::Failed, message);
    }
    let rank = |container: &&ContainerStatus| match container.name.as_str() {
        "main" => 1,
        "wait" => 2,
        _ => 3,
    };
    let mut containers: Vec<&ContainerStatus> =
        status.container_statuses.iter().flatten().collect();
    containers.sort_by_key(rank);
    let all: Vec<&ContainerStatus> = status
        .init_container_statuses
        .iter()
        .flatten()
        .chain(containers)
        .collect();
    if all.is_empty() {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        return (
            NodePhase::Error,
            format!("can't find failed message for pod {name} namespace {namespace}"),
        );
    }
    all.into_iter()
        .find_map(container_failure)
        .unwrap_or((NodePhase::Succeeded, String::new()))
}

fn container_failure(container: &ContainerStatus) -> Option<(NodePhase, String)> {
    let name = &container.name;
    let state = container.state.as_ref()?;
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.as_deref().unwrap_or_default();
        let message = waiting.message.as_deref().unwrap_or_default();
        let message =
            format!("Pod failed before {name} container starts due to {reason}: {message}");
        return Some((NodePhase::Error, message));
    }
    let terminated = state
        .terminated
        .as_ref()
        .filter(|terminated| terminated.exit_code != 0)?;
    let code = terminated.exit_code;
    let reason = terminated.reason.as_deref().unwrap_or_default();
    let mut message = format!("{name}: {reason} (exit code {code})");
    if let Some(more) = terminated.message.as_ref().filter(|more| !more.is_empty()) {
        message = format!("{message}: {more}");
    }
    match name.as_str() {
        "init" | "wait" => Some((NodePhase::Error, message)),
        "main" => Some((NodePhase::Failed, message)),
        _ if matches!(code, 137 | 143) => None,
        _ => Some((NodePhase::Failed, message)),
    }
}

fn finished(pod: &PodStatus) -> Option<jiff::Timestamp> {
    let all = pod
        .init_container_statuses
        .iter()
        .flatten()
        .chain(pod.container_statuses.iter().flatten());
    all.filter_map(|c| {
        c.state
            .as_ref()?
            .terminated
            .as_ref()?
            .finished_at
            .as_ref()
            .map(|t| t.0)
    })
    .max()
}

/// The pods that need no more attention, by name.
pub(crate) fn done_pods(pass: &Pass) -> Vec<String> {
    let done = |pod: &&&PartObject| {
        let node = node_id(pod).and_then(|id| pass.status.nodes.get(id));
        !is_helper(pod) && node.is_some_and(NodeStatus::ended)
    };
    pass.input
        .pods
        .iter()
        .filter(done)
        .filter_map(|pod| pod.metadata.name.clone())
        .collect()
}
