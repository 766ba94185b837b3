//! Pod logs: what containers printed, and the part of it that a reader asks for.
//!
//! The simulated kubelet is a client; it hands over what containers print by PUT on `pods/{name}/log`, which a real
//! server does not have, and which is refused to anybody else. The text lies beside the pod and ends with it. Reading
//! it, this is the API server and the kubelet behind it in one.
//!
//! Simplified: every line was printed at the time when the kubelet handed the text over.
//!
//! Source: `spec/kube-api.md` §1.17; kubernetes v1.34 `pkg/registry/core/pod/strategy.go`, `pkg/kubelet/kubelet_pods.go`,
//! `pkg/apis/core/validation/validation.go` `ValidatePodLogOptions`; cri-client v0.34 `pkg/logs/logs.go`.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::answer::Answer;
use super::kernel::Kernel;
use super::object::{Key, Object};
use super::request::{LogText, Request};
use super::status::{Cause, Qualified, Status};
use crate::json::Value;

/// Who may write logs.
pub(crate) const KUBELET: &str = "kubelet";

/// What a container printed, and when.
#[derive(Clone, Debug)]
pub(super) struct ContainerLog {
    at: Timestamp,
    text: Bytes,
}

/// The part of a log that its reader wants.
#[derive(Clone, Copy, Debug)]
struct View {
    since: Timestamp,
    timestamps: bool,
    n_bytes_left: usize,
}

/// A log that is read as it grows.
#[derive(Clone, Debug)]
pub struct Follow {
    pod: Key,
    uid: String,
    container: String,
    n_read_bytes: usize,
    view: View,
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

impl ContainerLog {
    pub(super) fn new(at: Timestamp, text: Bytes) -> Self {
        Self { at, text }
    }

    /// Where the last `n_lines` lines begin.
    fn tail(&self, n_lines: usize) -> usize {
        if n_lines == 0 {
            return self.text.len();
        }
        let body = self.text.strip_suffix(b"\n").unwrap_or(&self.text);
        let breaks = body.iter().enumerate().rev().filter(|(_, b)| **b == b'\n');
        breaks.map(|(at, _)| at + 1).nth(n_lines - 1).unwrap_or(0)
    }
}

impl View {
    fn new(wanted: &LogText, now: Timestamp) -> Self {
        let ago = wanted
            .since_seconds
            .and_then(|seconds| now.checked_sub(SignedDuration::from_secs(seconds)).ok());
        Self {
            since: wanted.since_time.or(ago).unwrap_or(Timestamp::MIN),
            timestamps: wanted.timestamps,
            n_bytes_left: wanted.limit_bytes.map_or(usize::MAX, count),
        }
    }

    /// What is to be seen of `log` from the byte `start` on.
    fn read(&mut self, log: &ContainerLog, start: usize) -> Bytes {
        let mut seen = if log.at < self.since {
            Bytes::new()
        } else if self.timestamps {
            stamped(&log.text[start..], log.at).into()
        } else {
            log.text.slice(start..)
        };
        seen.truncate(self.n_bytes_left);
        self.n_bytes_left -= seen.len();
        seen
    }
}

/// The lines of `text`, each after the time with all nine digits of its nanoseconds.
fn stamped(text: &[u8], at: Timestamp) -> Vec<u8> {
    let stamp = format!("{at:.9} ").into_bytes();
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.flat_map(|line| [&stamp, line].concat()).collect()
}

impl Follow {
    /// The next text of the log.
    pub fn next(&mut self, kernel: &Kernel) -> Printed {
        if self.view.n_bytes_left == 0 {
            return Printed::End;
        }
        if let Some(log) = kernel.printed(&self.pod, &self.container)
            && log.text.len() > self.n_read_bytes
        {
            let more = self.view.read(log, self.n_read_bytes);
            self.n_read_bytes = log.text.len();
            if !more.is_empty() {
                return Printed::Text(more);
            }
        }
        let pod = kernel.log.get(kernel.pods(), &self.pod);
        let goes_on =
            pod.is_some_and(|pod| pod.uid() == self.uid && !has_ended(pod, &self.container));
        if goes_on {
            Printed::Nothing
        } else {
            Printed::End
        }
    }
}

fn has_ended(pod: &Object, container: &str) -> bool {
    let phase = &pod.value()["status"]["phase"];
    let is_running =
        status_of(pod, container).is_some_and(|status| status["state"]["running"].is_object());
    !is_running || matches!(phase.as_str(), Some("Succeeded" | "Failed"))
}

impl Kernel {
    fn printed(&self, pod: &Key, container: &str) -> Option<&ContainerLog> {
        self.pod_logs.get(pod)?.get(container)
    }

    pub(super) fn read_log(
        &self,
        request: &Request,
        wanted: &LogText,
        now: Timestamp,
    ) -> Result<Answer, Status> {
        check(&request.name, wanted)?;
        let pod = self.find(request)?;
        let container = container_of(pod, &wanted.container)?;
        if pod.value()["spec"]["nodeName"]
            .as_str()
            .unwrap_or_default()
            .is_empty()
        {
            return Ok(Answer::Empty);
        }
        check_state(pod, &container, wanted.previous)?;
        let mut view = View::new(wanted, now);
        let log = self.printed(&pod.key(), &container);
        let start = match (log, wanted.tail_lines) {
            (Some(log), Some(n_lines)) => log.tail(count(n_lines)),
            _ => 0,
        };
        if wanted.follow {
            return Ok(Answer::Follow(Follow {
                pod: pod.key(),
                uid: pod.uid().to_owned(),
                container,
                n_read_bytes: start,
                view,
            }));
        }
        let text = log.map(|log| view.read(log, start));
        Ok(Answer::Text(text.unwrap_or_default()))
    }

    pub(super) fn write_log(
        &mut self,
        request: &Request,
        container: &str,
        log: ContainerLog,
    ) -> Result<Answer, Status> {
        let key = self.find(request)?.key();
        let logs: &mut BTreeMap<String, ContainerLog> = self.pod_logs.entry(key).or_default();
        logs.insert(container.to_owned(), log);
        Ok(Answer::Text(Bytes::new()))
    }
}

/// A number that has been checked not to be negative.
fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// 422 for wishes that no log meets.
fn check(name: &str, wanted: &LogText) -> Result<(), Status> {
    let low = |field: &str, number: Option<i64>, least: i64, words: &str| {
        let number = number.filter(|number| *number < least)?;
        Some(Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {number}: must be {words} 0"),
            field: field.to_owned(),
        })
    };
    let forbidden = |field: &str, why: &str| Cause {
        reason: "FieldValueForbidden",
        message: format!("Forbidden: {why}"),
        field: field.to_owned(),
    };
    let tail = low(
        "tailLines",
        wanted.tail_lines,
        0,
        "greater than or equal to",
    );
    let limit = low("limitBytes", wanted.limit_bytes, 1, "greater than");
    let since = if wanted.since_seconds.is_some() && wanted.since_time.is_some() {
        let why = "at most one of `sinceTime` or `sinceSeconds` may be specified";
        Some(forbidden("[]", why))
    } else {
        low("sinceSeconds", wanted.since_seconds, 1, "greater than")
    };
    let stream = wanted
        .names_stream
        .then(|| forbidden("stream", "may not be specified"));
    let causes: Vec<Cause> = [tail, limit, since, stream].into_iter().flatten().collect();
    if causes.is_empty() {
        return Ok(());
    }
    let kind = Qualified {
        group: "",
        name: "PodLogOptions",
    };
    Err(Status::invalid(&kind, name, &causes))
}

/// The container that is meant: the named one, or the only one.
pub(crate) fn container_of(pod: &Object, named: &str) -> Result<String, Status> {
    let names = |list: &str| -> Vec<&str> {
        let containers = pod.value()["spec"][list].as_array().into_iter().flatten();
        containers.filter_map(|c| c["name"].as_str()).collect()
    };
    let main = names("containers");
    let all = [names("initContainers"), main.clone()].concat();
    let message = if !named.is_empty() {
        if all.contains(&named) {
            return Ok(named.to_owned());
        }
        format!("container {named} is not valid for pod {}", pod.name())
    } else if let [only] = main.as_slice() {
        return Ok((*only).to_owned());
    } else {
        format!(
            "a container name must be specified for pod {}, choose one of: [{}]",
            pod.name(),
            all.join(" ")
        )
    };
    Err(Status::bad_request(message))
}

fn status_of<'a>(pod: &'a Object, container: &str) -> Option<&'a Value> {
    let status = &pod.value()["status"];
    let lists = ["containerStatuses", "initContainerStatuses"];
    let all = lists.iter().filter_map(|list| status[*list].as_array());
    all.flatten().find(|status| status["name"] == container)
}

/// 400 in the kubelet's words for a container that has no log yet, or had no predecessor.
fn check_state(pod: &Object, container: &str, previous: bool) -> Result<(), Status> {
    let (quoted, pod_name) = (format!("{container:?}"), pod.name());
    let refuse = |why: &str| {
        Err(Status::bad_request(format!(
            "container {quoted} in pod {pod_name:?} is {why}"
        )))
    };
    let Some(status) = status_of(pod, container) else {
        return refuse("not available");
    };
    let (state, last) = (&status["state"], &status["lastState"]["terminated"]);
    let has_id = |ended: &Value| {
        ended["containerID"]
            .as_str()
            .is_some_and(|id| !id.is_empty())
    };
    if previous {
        if has_id(last) {
            return Ok(());
        }
        return Err(Status::bad_request(format!(
            "previous terminated container {quoted} in pod {pod_name:?} not found"
        )));
    }
    if state["running"].is_object() || has_id(&state["terminated"]) || has_id(last) {
        return Ok(());
    }
    if state["terminated"].is_object() || last.is_object() {
        return refuse("terminated");
    }
    match state["waiting"]["reason"].as_str() {
        Some("ErrImagePull") => refuse("waiting to start: image can't be pulled"),
        Some("ImagePullBackOff") => refuse("waiting to start: trying and failing to pull image"),
        Some(reason) => refuse(&format!("waiting to start: {reason}")),
        None => refuse("waiting to start - no logs yet"),
    }
}
