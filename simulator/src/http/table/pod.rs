//! The cells of a Pod, whose status is a summary of its containers.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`, `printPod`.

use jiff::Timestamp;

use super::field::{condition, created, int_at, items, name, str_at, timestamp};
use crate::http::age::age;
use crate::json::{Value, json};

/// What containers add up to.
#[derive(Default)]
struct Summary {
    reason: String,
    n_ready: usize,
    restarts: Restarts,
}

#[derive(Clone, Copy, Default)]
struct Restarts {
    count: i64,
    last: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, container: &Value) {
        self.count += int_at(container, "/restartCount");
        let finished = timestamp(&container["lastState"]["terminated"]["finishedAt"]);
        self.last = self.last.max(finished);
    }

    fn text(&self, now: Timestamp) -> String {
        match self.last {
            Some(last) if self.count != 0 => format!("{} ({} ago)", self.count, age(last, now)),
            _ => self.count.to_string(),
        }
    }
}

/// What init containers add up to.
struct Initialization {
    /// `Init:…` while they have not all succeeded.
    reason: Option<String>,
    n_ready: usize,
    all: Restarts,
    /// Restarts of those that keep running beside the pod's containers.
    sidecars: Restarts,
}

pub(super) fn cells(pod: &Value, now: Timestamp) -> Vec<Value> {
    let sidecars = items(pod, "/spec/initContainers").filter(|init| is_sidecar(init));
    let n_containers = items(pod, "/spec/containers").count() + sidecars.count();
    let summary = summary(pod);
    let shown = |pointer: &str| match str_at(pod, pointer) {
        "" => Value::from("<none>"),
        text => text.into(),
    };
    vec![
        name(pod),
        format!("{}/{n_containers}", summary.n_ready).into(),
        summary.reason.into(),
        summary.restarts.text(now).into(),
        created(pod, now),
        shown("/status/podIPs/0/ip"),
        shown("/spec/nodeName"),
        shown("/status/nominatedNodeName"),
        readiness_gates(pod).into(),
    ]
}

/// Finished pods carry a row condition that lets `kubectl` tell them apart.
pub(super) fn conditions(pod: &Value) -> Option<Value> {
    let (reason, message) = match str_at(pod, "/status/phase") {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!([{"type": "Completed", "status": "True", "reason": reason, "message": message}]))
}

fn summary(pod: &Value) -> Summary {
    let phase = str_at(pod, "/status/phase");
    let initialization = initialization(pod);
    let mut summary = Summary {
        reason: initial_reason(pod, phase),
        n_ready: initialization.n_ready,
        restarts: initialization.all,
    };
    let initializing = initialization.reason.is_some();
    if let Some(reason) = initialization.reason {
        summary.reason = reason;
    }
    if !initializing || condition(pod, "Initialized") == Some("True") {
        summary.restarts = initialization.sidecars;
        summarize_containers(pod, &mut summary);
    }
    if pod["metadata"].get("deletionTimestamp").is_some() {
        if str_at(pod, "/status/reason") == "NodeLost" {
            summary.reason = "Unknown".to_owned();
        } else if !matches!(phase, "Succeeded" | "Failed") {
            summary.reason = "Terminating".to_owned();
        }
    }
    summary
}

fn initial_reason(pod: &Value, phase: &str) -> String {
    let gated = items(pod, "/status/conditions").any(|condition| {
        condition["type"] == "PodScheduled" && condition["reason"] == "SchedulingGated"
    });
    match str_at(pod, "/status/reason") {
        _ if gated => "SchedulingGated",
        "" => phase,
        reason => reason,
    }
    .to_owned()
}

fn initialization(pod: &Value) -> Initialization {
    let mut found = Initialization {
        reason: None,
        n_ready: 0,
        all: Restarts::default(),
        sidecars: Restarts::default(),
    };
    let n_init = items(pod, "/spec/initContainers").count();
    for (index, container) in items(pod, "/status/initContainerStatuses").enumerate() {
        found.all.add(container);
        let sidecar = items(pod, "/spec/initContainers")
            .any(|init| init["name"] == container["name"] && is_sidecar(init));
        if sidecar {
            found.sidecars.add(container);
        }
        let state = &container["state"];
        if terminated(state) && int_at(state, "/terminated/exitCode") == 0 {
            continue;
        }
        if sidecar && container["started"] == true {
            found.n_ready += usize::from(container["ready"] == true);
            continue;
        }
        let waiting = str_at(state, "/waiting/reason");
        let reason = if terminated(state) {
            termination(state)
        } else if !matches!(waiting, "" | "PodInitializing") {
            waiting.to_owned()
        } else {
            format!("{index}/{n_init}")
        };
        found.reason = Some(format!("Init:{reason}"));
        break;
    }
    found
}

fn summarize_containers(pod: &Value, summary: &mut Summary) {
    let mut running = false;
    for container in items(pod, "/status/containerStatuses").rev() {
        summary.restarts.add(container);
        let state = &container["state"];
        match str_at(state, "/waiting/reason") {
            "" if terminated(state) => summary.reason = termination(state),
            "" if container["ready"] == true && state["running"].is_object() => {
                running = true;
                summary.n_ready += 1;
            }
            "" => {}
            waiting => summary.reason = waiting.to_owned(),
        }
    }
    if summary.reason == "Completed" && running {
        let ready = condition(pod, "Ready") == Some("True");
        summary.reason = if ready { "Running" } else { "NotReady" }.to_owned();
    }
}

fn terminated(state: &Value) -> bool {
    state["terminated"].is_object()
}

/// Why a container ended, or how, where no reason is given.
fn termination(state: &Value) -> String {
    let (signal, code) = (
        int_at(state, "/terminated/signal"),
        int_at(state, "/terminated/exitCode"),
    );
    match str_at(state, "/terminated/reason") {
        "" if signal != 0 => format!("Signal:{signal}"),
        "" => format!("ExitCode:{code}"),
        reason => reason.to_owned(),
    }
}

fn is_sidecar(init: &Value) -> bool {
    init["restartPolicy"] == "Always"
}

fn readiness_gates(pod: &Value) -> String {
    let gates = || items(pod, "/spec/readinessGates");
    let n_open = gates()
        .filter(|gate| condition(pod, str_at(gate, "/conditionType")) == Some("True"))
        .count();
    match gates().count() {
        0 => "<none>".to_owned(),
        n_gates => format!("{n_open}/{n_gates}"),
    }
}
