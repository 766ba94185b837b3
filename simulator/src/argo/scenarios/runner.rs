//! A world of one Workflow: every pod ends between two passes, as its script says.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use crate::argo::{Action, Input, Lookups, Missing, Refusal, Settings, operate};
use crate::clock::EPOCH;
use crate::json::{Value, from_value, json};
use crate::part::PartObject;

/// What a container does.
#[derive(Clone, Default)]
pub(super) struct Run {
    pub(super) exit_code: i32,
    pub(super) stdout: &'static str,
    /// The wait container fails with this.
    pub(super) wait_error: Option<&'static str>,
    /// Output parameters by name.
    pub(super) parameters: &'static [(&'static str, &'static str)],
}

impl Run {
    pub(super) fn prints(stdout: &'static str) -> Self {
        Self {
            stdout,
            ..Self::default()
        }
    }

    pub(super) fn exits(exit_code: i32) -> Self {
        Self {
            exit_code,
            ..Self::default()
        }
    }
}

pub(super) struct World {
    pub(super) workflow: PartObject,
    pub(super) pods: Vec<PartObject>,
    results: Vec<PartObject>,
    lookups: Lookups,
    pub(super) refusals: BTreeMap<(&'static str, String), Refusal>,
    now: Timestamp,
    pub(super) log: Vec<String>,
}

pub(super) fn object(value: Value) -> PartObject {
    from_value(&value).unwrap()
}

pub(super) fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

impl World {
    pub(super) fn new(workflow: Value) -> Self {
        let mut workflow = workflow;
        workflow["apiVersion"] = json!("argoproj.io/v1alpha1");
        workflow["kind"] = json!("Workflow");
        workflow["metadata"]["namespace"] = json!("default");
        workflow["metadata"]["uid"] = json!("u-1");
        workflow["metadata"]["creationTimestamp"] = json!("2030-01-01T00:00:00Z");
        Self {
            workflow: object(workflow),
            pods: Vec::new(),
            results: Vec::new(),
            lookups: Lookups::default(),
            refusals: BTreeMap::new(),
            now: EPOCH,
            log: Vec::new(),
        }
    }

    pub(super) fn with(mut self, key: Missing, value: Option<Value>) -> Self {
        self.lookups
            .0
            .insert(key, value.map(|value| std::sync::Arc::new(object(value))));
        self
    }

    /// One pass, ten seconds after the one before.
    pub(super) fn pass(&mut self) -> bool {
        let pods: Vec<&PartObject> = self.pods.iter().collect();
        let results: Vec<&PartObject> = self.results.iter().collect();
        let outcome = operate(Input {
            workflow: &self.workflow,
            pods: &pods,
            task_results: &results,
            lookups: &self.lookups,
            refusals: &self.refusals,
            now: self.now,
            settings: &Settings::default(),
        })
        .unwrap();
        let changed = outcome.workflow.is_some();
        if let Some(workflow) = outcome.workflow {
            self.workflow = workflow;
        }
        for action in outcome.actions {
            self.act(action);
        }
        self.now += SignedDuration::from_secs(10);
        changed
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::CreatePod(pod) => {
                self.log
                    .push(format!("pod {}", pod["metadata"]["name"].as_str().unwrap()));
                self.pods.push(object(pod));
            }
            Action::CreateClaim(claim) => self.log.push(format!(
                "claim {}",
                claim["metadata"]["name"].as_str().unwrap()
            )),
            Action::DeleteClaim(name) => self.log.push(format!("delete claim {name}")),
            Action::LabelPodCompleted(name) => {
                self.pods
                    .retain(|pod| pod.metadata.name.as_deref() != Some(name.as_str()));
            }
            Action::TerminatePod(name) => self.log.push(format!("terminate {name}")),
            Action::Emit(note) if note.annotations.is_empty() => {
                self.log.push(format!("event {}", note.reason))
            }
            Action::DeleteTaskResults => self.results.clear(),
            _ => {}
        }
    }

    /// Passes until the Workflow has ended; every pod ends as `script` says of its node's display name and attempt.
    pub(super) fn run(&mut self, script: impl Fn(&str) -> Run) {
        for _ in 0..100 {
            if !self.pass() && self.pods.is_empty() {
                break;
            }
            self.end_pods(&script);
        }
    }

    pub(super) fn end_pods(&mut self, script: impl Fn(&str) -> Run) {
        for pod in self
            .pods
            .iter_mut()
            .filter(|pod| pod.data["status"].is_null())
        {
            let node =
                pod.metadata.annotations.as_ref().unwrap()["workflows.argoproj.io/node-name"]
                    .clone();
            let display = node
                .rsplit_once('.')
                .map_or(node.as_str(), |(_, last)| last)
                .to_owned();
            let run = script(&display);
            self.results.push(report(pod, &run));
            let started = self.now - SignedDuration::from_secs(5);
            pod.data["spec"]["nodeName"] = json!("node-1");
            pod.data["status"] = pod_status(&run, started, self.now);
        }
    }

    pub(super) fn status(&self) -> &Value {
        &self.workflow.data["status"]
    }

    /// The node with this name.
    pub(super) fn node(&self, name: &str) -> &Value {
        let nodes = self.status()["nodes"].as_object().unwrap();
        nodes
            .values()
            .find(|node| node["name"] == name)
            .unwrap_or(&Value::Null)
    }

    /// Phase and message of the Workflow, then one line a node: name, type, phase, message.
    pub(super) fn describe(&self) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let status = self.status();
        let mut output = format!(
            "{} {} {}\n",
            text(&status["phase"]),
            text(&status["progress"]),
            text(&status["message"])
        );
        let mut nodes: Vec<&Value> = status["nodes"]
            .as_object()
            .map(|n| n.values().collect())
            .unwrap_or_default();
        nodes.sort_by_key(|node| text(&node["name"]));
        for node in nodes {
            let (kind, phase) = (text(&node["type"]), text(&node["phase"]));
            writeln!(
                output,
                "{} {kind} {phase} {}",
                text(&node["name"]),
                text(&node["message"])
            )
            .unwrap();
        }
        output
            .lines()
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect()
    }
}

fn report(pod: &PartObject, run: &Run) -> PartObject {
    let env = pod.data["spec"]["initContainers"][0]["env"]
        .as_array()
        .unwrap();
    let value = |name: &str| {
        env.iter()
            .find(|v| v["name"] == name)
            .and_then(|v| v["value"].as_str())
            .unwrap_or_default()
    };
    let mut outputs = json!({});
    if value("ARGO_INCLUDE_SCRIPT_OUTPUT") == "true" {
        outputs["result"] = json!(run.stdout);
    }
    let template: Value = serde_json::from_str(value("ARGO_TEMPLATE")).unwrap();
    for parameter in template["outputs"]["parameters"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let name = parameter["name"].as_str().unwrap();
        if let Some((_, value)) = run.parameters.iter().find(|(n, _)| *n == name) {
            let reported =
                json!({"name": name, "value": value, "valueFrom": parameter["valueFrom"]});
            outputs["parameters"]
                .as_array_mut()
                .map(|list| list.push(reported.clone()))
                .unwrap_or_else(|| {
                    outputs["parameters"] = json!([reported]);
                });
        }
    }
    object(json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTaskResult",
        "metadata": {
            "name": value("ARGO_NODE_ID"),
            "namespace": "default",
            "labels": {"workflows.argoproj.io/report-outputs-completed": "true"},
        },
        "outputs": outputs,
    }))
}

fn pod_status(run: &Run, started: Timestamp, finished: Timestamp) -> Value {
    let ended = |name: &str, code: i32, message: Option<&str>| {
        let reason = if code == 0 { "Completed" } else { "Error" };
        let terminated = json!({"exitCode": code, "reason": reason, "message": message, "startedAt": started, "finishedAt": finished});
        json!({"name": name, "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"terminated": terminated}})
    };
    let wait = if run.wait_error.is_some() { 64 } else { 0 };
    let phase = if run.exit_code == 0 && wait == 0 {
        "Succeeded"
    } else {
        "Failed"
    };
    json!({
        "phase": phase,
        "initContainerStatuses": [ended("init", 0, None)],
        "containerStatuses": [ended("main", run.exit_code, None), ended("wait", wait, run.wait_error)],
    })
}
