//! What only pods have: logs, binding, eviction.
//!
//! The simulated kubelet is a client; it hands over what containers print by PUT on `pods/{name}/log`, which a real
//! server does not have, and which is refused to anybody else. The text lies beside the pod and ends with it.
//!
//! Source: `spec/kube-api.md` §1.17.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::answer::Answer;
use super::kernel::{Context, Kernel};
use super::log::TableId;
use super::object::{Key, Object};
use super::request::{DeleteOptions, LogText, Request, WriteOptions};
use super::status::{Qualified, Status};

/// Who may write logs.
const KUBELET: &str = "kubelet";

/// A log that is read as it grows.
#[derive(Clone, Debug)]
pub struct Follow {
    pod: Key,
    uid: String,
    container: String,
    n_sent_bytes: usize,
}

/// What a followed log gives next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Printed {
    /// More text.
    Text(Bytes),
    /// Nothing yet.
    Nothing,
    /// Nothing any more.
    End,
}

impl Follow {
    /// The next text of the log.
    pub fn next(&mut self, kernel: &Kernel) -> Printed {
        let text = kernel
            .pod_logs
            .get(&self.pod)
            .and_then(|logs| logs.get(&self.container));
        if let Some(text) = text.filter(|text| text.len() > self.n_sent_bytes) {
            let more = text.slice(self.n_sent_bytes..);
            self.n_sent_bytes = text.len();
            return Printed::Text(more);
        }
        let pod = kernel.log.get(kernel.pods(), &self.pod);
        let is_running = pod.is_some_and(|pod| pod.uid() == self.uid && !is_complete(pod));
        if is_running {
            Printed::Nothing
        } else {
            Printed::End
        }
    }
}

fn is_complete(pod: &Object) -> bool {
    matches!(
        pod.value()["status"]["phase"].as_str(),
        Some("Succeeded" | "Failed")
    )
}

impl Kernel {
    /// The table of pods.
    #[must_use]
    pub fn pods(&self) -> TableId {
        self.registry.get("", "v1", "pods").table
    }

    pub(super) fn read_log(&self, request: &Request, wanted: &LogText) -> Result<Answer, Status> {
        let pod = self.find(request)?;
        let container = container_of(pod, &wanted.container)?;
        if wanted.follow {
            return Ok(Answer::Follow(Follow {
                pod: pod.key(),
                uid: pod.uid().to_owned(),
                container,
                n_sent_bytes: 0,
            }));
        }
        let logs = self.pod_logs.get(&pod.key());
        let mut text = logs
            .and_then(|logs| logs.get(&container))
            .cloned()
            .unwrap_or_default();
        if let Some(n_lines) = wanted.tail_lines {
            text = text.slice(tail(&text, n_lines)..);
        }
        if let Some(limit) = wanted.limit_bytes {
            text.truncate(limit);
        }
        Ok(Answer::Text(text))
    }

    pub(super) fn write_log(
        &mut self,
        request: &Request,
        container: &str,
        text: Bytes,
    ) -> Result<Answer, Status> {
        if &*request.actor != KUBELET {
            let resource = request.served.kind.resource();
            let why = "only the kubelet writes logs";
            return Err(Status::forbidden(&resource, &request.name, why));
        }
        let key = self.find(request)?.key();
        let logs: &mut BTreeMap<String, Bytes> = self.pod_logs.entry(key).or_default();
        logs.insert(container.to_owned(), text);
        Ok(Answer::Text(Bytes::new()))
    }

    pub(super) fn bind(
        &mut self,
        request: &Request,
        body: &Value,
        options: &WriteOptions,
    ) -> Result<Answer, Status> {
        let pod = Arc::clone(self.find(request)?);
        let node = body["target"]["name"].as_str().unwrap_or_default();
        let bound = pod.value()["spec"]["nodeName"].as_str().unwrap_or_default();
        if !bound.is_empty() {
            let binding = Qualified {
                group: "",
                name: "pods/binding",
            };
            let mut status = Status::conflict(&binding, &request.name);
            status.message = format!(
                "Operation cannot be fulfilled on pods/binding \"{0}\": pod {0} is already assigned to node {bound:?}",
                request.name
            );
            return Err(status);
        }
        if !options.dry_run {
            let mut value = pod.value().clone();
            value["spec"]["nodeName"] = node.into();
            let condition =
                json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null});
            match value["status"]["conditions"].as_array_mut() {
                Some(list) => list.push(condition),
                None => value["status"]["conditions"] = json!([condition]),
            }
            self.log.put(request.served.table, value);
        }
        Ok(created())
    }

    pub(super) fn evict(
        &mut self,
        request: &Request,
        body: &Value,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let options = DeleteOptions {
            grace_seconds: body["deleteOptions"]["gracePeriodSeconds"].as_i64(),
            ..DeleteOptions::default()
        };
        let whole = Request {
            part: super::request::Part::Whole,
            ..request.without_verb()
        };
        self.delete(&whole, &options, context)?;
        Ok(created())
    }
}

fn created() -> Answer {
    Answer::Done(
        201,
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    )
}

/// The container that is meant: the named one, or the only one.
fn container_of(pod: &Object, named: &str) -> Result<String, Status> {
    let names = |list: &str| -> Vec<&str> {
        let containers = pod.value()["spec"][list].as_array().into_iter().flatten();
        containers.filter_map(|c| c["name"].as_str()).collect()
    };
    let (main, first) = (names("containers"), names("initContainers"));
    if named.is_empty() {
        let annotation =
            &pod.value()["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"];
        return match (annotation.as_str(), main.as_slice()) {
            (Some(default), _) => Ok(default.to_owned()),
            (None, [only]) => Ok((*only).to_owned()),
            (None, _) => Err(Status::bad_request(ambiguous(pod, &main, &first))),
        };
    }
    if main.contains(&named) || first.contains(&named) {
        return Ok(named.to_owned());
    }
    Err(Status::bad_request(format!(
        "container {named} is not valid for pod {}",
        pod.name()
    )))
}

fn ambiguous(pod: &Object, main: &[&str], first: &[&str]) -> String {
    let mut message = format!(
        "a container name must be specified for pod {}, choose one of: [{}]",
        pod.name(),
        main.join(" ")
    );
    if !first.is_empty() {
        message.push_str(&format!(
            " or one of the init containers: [{}]",
            first.join(" ")
        ));
    }
    message
}

/// Where the last `n_lines` lines begin.
fn tail(text: &[u8], n_lines: usize) -> usize {
    if n_lines == 0 {
        return text.len();
    }
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    let breaks = body.iter().enumerate().rev().filter(|(_, b)| **b == b'\n');
    breaks.map(|(at, _)| at + 1).nth(n_lines - 1).unwrap_or(0)
}
