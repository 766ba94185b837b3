//! What Argo's executor reports about a pod whose work has ended.

use std::collections::BTreeMap;

use crate::json::{Value, json};

use super::containers;
use super::identity::{ArgoPod, Work};
use super::stage::Exit;
use super::step::Case;
use crate::outcomes::{Files, MadeUpValue, Outcome};

/// Bytes of standard output that become a result at most; the end is kept. Source: `spec/argo.md` §23.
const RESULT_BYTES_MAX: usize = 256 * 1024;
const MAIN: &str = "main";

/// The outputs of a node, as the executor reports them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Report {
    /// `outputs` of the WorkflowTaskResult.
    pub(super) outputs: Value,
    /// The first thing that went wrong, which ends the executor with code 64.
    pub(super) error: Option<String>,
    /// What no rule gave.
    pub(super) made_up: Vec<MadeUpValue>,
}

/// What is reported once the main containers have come to `ends`; `None` outside Argo.
///
/// Source: `spec/argo.md` §23; argo-workflows v3.7.4 `workflow/executor/executor.go`.
pub(super) fn report(case: &Case, ends: &BTreeMap<&str, Option<Exit>>) -> Option<Report> {
    let Work::Argo(argo) = &case.work else {
        return None;
    };
    let main = case
        .spec
        .containers
        .iter()
        .find(|container| container.name == MAIN);
    let outcome = main
        .map(|main| containers::outcome(case, main, false).0.into_owned())
        .unwrap_or_default();
    let succeeded = ends
        .get(MAIN)
        .and_then(Option::as_ref)
        .is_some_and(|exit| exit.code == 0);
    let mut writer = Writer {
        argo,
        namespace: case.namespace(),
        outcome,
        succeeded,
        report: Report {
            outputs: json!({}),
            error: None,
            made_up: Vec::new(),
        },
    };
    if writer.argo.template["resource"].is_object() {
        let action = format!("resource.{}", text(&argo.template["resource"]["action"]));
        writer.make_up(&action, "not carried out");
    }
    writer.result();
    writer.parameters();
    writer.artifacts();
    Some(writer.report)
}

/// The WorkflowTaskResult of `argo` with these outputs.
///
/// Source: argo-workflows v3.7.4 `workflow/executor/taskresult.go`.
pub(super) fn task_result(argo: &ArgoPod, namespace: &str, outputs: Value) -> Value {
    let mut labels = json!({
        "workflows.argoproj.io/workflow": argo.workflow,
        "workflows.argoproj.io/report-outputs-completed": "true",
    });
    if let Some(instance) = &argo.instance_id {
        labels["workflows.argoproj.io/controller-instanceid"] = instance.as_str().into();
    }
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTaskResult",
        "metadata": {
            "name": argo.node_id,
            "namespace": namespace,
            "labels": labels,
            "ownerReferences": [{
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Workflow",
                "name": argo.workflow,
                "uid": argo.workflow_uid,
            }],
        },
        "outputs": outputs,
    })
}

/// What is found in the place an output is read from.
enum Found {
    Text(String),
    /// No rule says what is there.
    Unscripted,
    Nothing,
}

struct Writer<'a> {
    argo: &'a ArgoPod,
    namespace: &'a str,
    outcome: Outcome,
    succeeded: bool,
    report: Report,
}

impl Writer<'_> {
    fn result(&mut self) {
        let template = &self.argo.template;
        let has_output = template["container"].is_object()
            || template["script"].is_object()
            || (template["containerSet"].is_object() && self.argo.is_main(MAIN));
        if !self.argo.capture_result || !has_output {
            return;
        }
        if self.outcome.stdout.is_none() {
            self.make_up("outputs.result", "");
        }
        let stdout = self.outcome.stdout.clone().unwrap_or_default();
        let stdout = stdout.strip_suffix('\n').unwrap_or(&stdout).as_bytes();
        let from = stdout.len().saturating_sub(RESULT_BYTES_MAX);
        self.report.outputs["result"] = String::from_utf8_lossy(&stdout[from..]).into();
    }

    /// Saves parameters in order, up to the first that cannot be read.
    fn parameters(&mut self) {
        let Some(declared) = self.argo.template["outputs"]["parameters"].as_array() else {
            return;
        };
        let mut parameters = declared.clone();
        for parameter in &mut parameters {
            match self.parameter(parameter) {
                Ok(Some(value)) => parameter["value"] = value.into(),
                Ok(None) => {}
                Err(error) => {
                    self.report.error.get_or_insert(error);
                    break;
                }
            }
        }
        self.report.outputs["parameters"] = parameters.into();
    }

    fn parameter(&mut self, parameter: &Value) -> Result<Option<String>, String> {
        let name = text(&parameter["name"]);
        let from = &parameter["valueFrom"];
        let Some(place) = ["path", "jsonPath", "jqFilter"]
            .iter()
            .find_map(|key| from[key].as_str())
            .filter(|p| !p.is_empty())
        else {
            return Ok(None);
        };
        let value = match (self.find(place), &from["default"]) {
            (Found::Text(content), _) => content,
            (Found::Unscripted | Found::Nothing, default) if !default.is_null() => text(default),
            (Found::Unscripted, _) => {
                let value = format!("{}.{name}", self.argo.template_name());
                self.make_up(&format!("outputs.parameters.{name}"), &value);
                value
            }
            (Found::Nothing, _) if from["path"].is_string() => {
                return Err(self.absent("parameters", place, ""));
            }
            (Found::Nothing, _) => return Err(format!("the outcome book has no file {place}")),
        };
        Ok(Some(value.strip_suffix('\n').unwrap_or(&value).to_owned()))
    }

    fn artifacts(&mut self) {
        let Some(declared) = self.argo.template["outputs"]["artifacts"].as_array() else {
            return;
        };
        let mut saved = Vec::new();
        for artifact in declared {
            let name = text(&artifact["name"]);
            match self.find(&text(&artifact["path"])) {
                Found::Text(_) => saved.push(self.located(artifact)),
                Found::Unscripted => {
                    self.make_up(&format!("outputs.artifacts.{name}"), "");
                    saved.push(self.located(artifact));
                }
                Found::Nothing if artifact["optional"] == true => {}
                Found::Nothing => {
                    let error = self.absent("artifacts", &text(&artifact["path"]), ".tgz");
                    self.report.error.get_or_insert(error);
                }
            }
        }
        if !saved.is_empty() {
            self.report.outputs["artifacts"] = saved.into();
        }
    }

    /// `artifact` with the key it is stored under: its own, or one below the archive location.
    fn located(&self, artifact: &Value) -> Value {
        const STORES: [&str; 5] = ["s3", "gcs", "azure", "oss", "hdfs"];
        let mut artifact = artifact.clone();
        let location = &self.argo.template["archiveLocation"];
        let has_own = STORES.iter().any(|store| artifact[store].is_object());
        if let Some(store) = STORES
            .into_iter()
            .find(|store| !has_own && location[*store].is_object())
        {
            let file = if artifact["archive"]["none"].is_object() {
                ""
            } else {
                ".tgz"
            };
            let key = text(&location[store]["key"]);
            artifact[store] = json!({"key": format!("{key}/{}{file}", text(&artifact["name"]))});
        }
        artifact
    }

    fn find(&self, place: &str) -> Found {
        match &self.outcome.files {
            Files::Unscripted if self.succeeded => Found::Unscripted,
            Files::Unscripted => Found::Nothing,
            Files::Scripted(files) => {
                let folder = format!("{}/", place.trim_end_matches('/'));
                let inside = files
                    .iter()
                    .find(|(path, _)| path.starts_with(&folder))
                    .map(|(_, content)| content);
                files
                    .get(place)
                    .or(inside)
                    .map_or(Found::Nothing, |content| Found::Text(content.clone()))
            }
        }
    }

    /// The operating system's words for a file that is not there.
    fn absent(&self, kind: &str, path: &str, suffix: &str) -> String {
        let path = path.trim_start_matches('/').trim_end_matches('/');
        if self.is_mounted(path) {
            format!("open /mainctrfs/{path}: no such file or directory")
        } else {
            format!("open /var/run/argo/outputs/{kind}/{path}{suffix}: no such file or directory")
        }
    }

    fn is_mounted(&self, path: &str) -> bool {
        let template = &self.argo.template;
        let mounts = ["container", "script", "containerSet"]
            .map(|kind| template[kind]["volumeMounts"].as_array());
        mounts.into_iter().flatten().flatten().any(|mount| {
            let at = text(&mount["mountPath"]);
            let at = at.trim_matches('/');
            path == at
                || path
                    .strip_prefix(at)
                    .is_some_and(|rest| rest.starts_with('/'))
        })
    }

    fn make_up(&mut self, output: &str, value: &str) {
        self.report.made_up.push(MadeUpValue {
            namespace: self.namespace.to_owned(),
            workflow: self.argo.workflow.clone(),
            node: self.argo.display_name().to_owned(),
            template: self.argo.template_name().to_owned(),
            output: output.to_owned(),
            value: value.to_owned(),
        });
    }
}

/// A string as it is, any other scalar as JSON writes it, nothing for null: what Argo's `AnyString` reads.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
