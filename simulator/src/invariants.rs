//! What must hold of the objects of a cluster whatever goes wrong, of whatever kind they are.
//!
//! Source: `spec/kube-api.md` §5.3 O7.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::http::service::Stored;
use crate::json::Value;

/// A shorter text in a Secret may occur elsewhere by accident.
const SECRET_LENGTH_MIN: usize = 6;

/// What Argo calls the node that a pod runs. Source: `spec/argo.md` §2.
const NODE_ID: &str = "workflows.argoproj.io/node-id";

/// When the objects are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Anything may be under way.
    Moving,
    /// Nothing can act any more.
    Settled,
}

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The name of the function that found it.
    pub invariant: &'static str,
    /// `Kind namespace/name`.
    pub object: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.invariant, self.object, self.what)
    }
}

/// Every invariant that `objects`, which are all there are, break.
#[must_use]
pub fn check(objects: &[Stored], state: State) -> Vec<Violation> {
    let mut violations = Vec::new();
    violations.extend(one_controller(objects));
    violations.extend(observed_generation(objects));
    violations.extend(one_pod_per_node(objects));
    violations.extend(no_secret_elsewhere(objects));
    match state {
        State::Moving => {}
        State::Settled => violations.extend(no_orphan(objects)),
    }
    violations
}

/// An object has at most one controller.
fn one_controller(objects: &[Stored]) -> Vec<Violation> {
    let several = |stored: &&Stored| controllers(stored).count() > 1;
    let violation = |stored| violation("one_controller", stored, "has several controllers");
    objects.iter().filter(several).map(violation).collect()
}

/// Once all is quiet, the controller of an object exists.
fn no_orphan(objects: &[Stored]) -> Vec<Violation> {
    let uids: BTreeSet<&str> = objects.iter().map(|stored| stored.object.uid()).collect();
    let mut violations = Vec::new();
    for stored in objects {
        for uid in controllers(stored).filter(|uid| !uids.contains(uid)) {
            let what = format!("its controller {uid} is gone");
            violations.push(violation("no_orphan", stored, what));
        }
    }
    violations
}

/// Nobody has observed a generation that is yet to come.
fn observed_generation(objects: &[Stored]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for stored in objects {
        let value = stored.object.value();
        let Some(generation) = value["metadata"]["generation"].as_i64() else {
            continue;
        };
        let conditions = value["status"]["conditions"].as_array();
        let observed = std::iter::once(&value["status"])
            .chain(conditions.into_iter().flatten())
            .filter_map(|status| status["observedGeneration"].as_i64());
        for observed in observed.filter(|observed| *observed > generation) {
            let what = format!("observed generation {observed} of {generation}");
            violations.push(violation("observed_generation", stored, what));
        }
    }
    violations
}

/// A node of a Workflow, that is one attempt at one step, has at most one pod.
fn one_pod_per_node(objects: &[Stored]) -> Vec<Violation> {
    let mut pods: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut violations = Vec::new();
    for stored in objects.iter().filter(|stored| stored.kind.kind == "Pod") {
        let metadata = &stored.object.value()["metadata"];
        let Some(node) = metadata["annotations"][NODE_ID].as_str() else {
            continue;
        };
        let node = (stored.object.namespace(), node);
        if let Some(other) = pods.insert(node, stored.object.name()) {
            let what = format!("runs the same node as {other}");
            violations.push(violation("one_pod_per_node", stored, what));
        }
    }
    violations
}

/// The text of a Secret stands in no other object: in no status, event or parameter.
fn no_secret_elsewhere(objects: &[Stored]) -> Vec<Violation> {
    let texts: BTreeSet<String> = objects.iter().filter(is_secret).flat_map(texts).collect();
    let mut violations = Vec::new();
    for stored in objects.iter().filter(|stored| !is_secret(stored)) {
        let encoded = stored.object.encoded();
        // What the server encodes is UTF-8.
        let json = std::str::from_utf8(&encoded).unwrap_or_default();
        if texts.iter().any(|text| json.contains(text.as_str())) {
            let what = "contains the text of a Secret";
            violations.push(violation("no_secret_elsewhere", stored, what));
        }
    }
    violations
}

fn is_secret(stored: &&Stored) -> bool {
    stored.kind.group.is_empty() && stored.kind.kind == "Secret"
}

/// The values of a Secret that are long enough to be looked for, as they would stand within JSON.
fn texts(secret: &Stored) -> Vec<String> {
    let data = secret.object.value()["data"].as_object();
    let plain = |value: &Value| {
        let bytes = BASE64_STANDARD.decode(value.as_str()?).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let quoted = Value::from(text.trim()).to_string();
        Some(quoted[1..quoted.len() - 1].to_owned())
    };
    let texts = data
        .into_iter()
        .flat_map(|data| data.values())
        .filter_map(plain);
    texts
        .filter(|text| text.len() >= SECRET_LENGTH_MIN)
        .collect()
}

fn controllers(stored: &Stored) -> impl Iterator<Item = &str> {
    let owners = stored.object.value()["metadata"]["ownerReferences"].as_array();
    let controllers = owners
        .into_iter()
        .flatten()
        .filter(|owner| owner["controller"] == true);
    controllers.map(|owner| owner["uid"].as_str().unwrap_or_default())
}

fn violation(invariant: &'static str, stored: &Stored, what: impl Into<String>) -> Violation {
    let (namespace, name) = (stored.object.namespace(), stored.object.name());
    Violation {
        invariant,
        object: format!("{} {namespace}/{name}", stored.kind.kind),
        what: what.into(),
    }
}
