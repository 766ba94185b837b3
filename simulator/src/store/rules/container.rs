//! The containers of a pod: those that run, those that run before, and those that come later.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateContainers`, `validateInitContainers` and
//! `validateEphemeralContainers`.

use std::collections::BTreeSet;

use super::mount::{self, Volumes};
use super::part::{has, is_empty, items, refuse, require, text};
use super::pod_spec::choice_fault;
use super::{container_port, pod_resources, probe, security, variable};
use crate::json::Value;
use crate::store::naming::label_faults;
use crate::store::schema::cause::{duplicate, forbidden, invalid, not_found, required};
use crate::store::status::Cause;

/// What only containers may have on which others rely.
const LASTING: [&str; 8] = [
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];
const PULL_POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES: [&str; 2] = ["File", "FallbackToLogsOnError"];
const PADDED: &str = "must not have leading or trailing whitespace";

/// What containers share with their pod.
pub(super) struct Home<'s> {
    /// The spec of the pod.
    pub(super) spec: &'s Value,
    /// Its volumes.
    pub(super) volumes: Volumes<'s>,
    /// The names of its claims of devices.
    pub(super) claims: BTreeSet<&'s str>,
}

impl Home<'_> {
    fn grace(&self) -> Option<i64> {
        self.spec["terminationGracePeriodSeconds"].as_i64()
    }
}

/// What is wrong with the containers of a spec, which lies at `path`.
pub(super) fn faults(path: &str, home: &Home<'_>, causes: &mut Vec<Cause>) {
    regular_faults(&format!("{path}.containers"), home, causes);
    first_faults(&format!("{path}.initContainers"), home, causes);
    ephemeral_faults(&format!("{path}.ephemeralContainers"), home, causes);
}

fn names<'s>(spec: &'s Value, list: &str) -> impl Iterator<Item = &'s str> {
    items(&spec[list]).map(|container| text(container, "name"))
}

fn regular_faults(path: &str, home: &Home<'_>, causes: &mut Vec<Cause>) {
    if is_empty(&home.spec["containers"]) {
        causes.push(required(path, ""));
        return;
    }
    let mut known = BTreeSet::new();
    for (index, container) in items(&home.spec["containers"]).enumerate() {
        let path = format!("{path}[{index}]");
        common_faults(&path, container, home, causes);
        let name = text(container, "name");
        if !known.insert(name) {
            causes.push(duplicate(format!("{path}.name"), &name.into()));
        }
        probe::faults(&path, container, home.grace(), causes);
    }
    let mut on_host = BTreeSet::new();
    for (index, container) in items(&home.spec["containers"]).enumerate() {
        let path = format!("{path}[{index}]");
        container_port::host_faults(&path, container, &mut on_host, causes);
    }
}

/// Containers that run before the others are looked after only if they go on.
fn first_faults(path: &str, home: &Home<'_>, causes: &mut Vec<Cause>) {
    let mut known = BTreeSet::from_iter(names(home.spec, "containers"));
    for (index, container) in items(&home.spec["initContainers"]).enumerate() {
        // Each runs alone, and so it is told as the first of its list.
        let first = format!("{path}[0]");
        let path = format!("{path}[{index}]");
        common_faults(&path, container, home, causes);
        let name = text(container, "name");
        if known.contains(name) {
            causes.push(duplicate(format!("{path}.name"), &name.into()));
        } else if !name.is_empty() {
            known.insert(name);
        }
        container_port::host_faults(&first, container, &mut BTreeSet::new(), causes);
        if container["restartPolicy"] == "Always" {
            probe::faults(&path, container, home.grace(), causes);
            continue;
        }
        let why = "may not be set for init containers without restartPolicy=Always";
        let given = probe::FIELDS.iter().filter(|field| has(container, field));
        causes.extend(given.map(|field| forbidden(format!("{path}.{field}"), why)));
    }
}

fn ephemeral_faults(path: &str, home: &Home<'_>, causes: &mut Vec<Cause>) {
    let others = ["containers", "initContainers"].into_iter();
    let others = BTreeSet::from_iter(others.flat_map(|list| names(home.spec, list)));
    let mut known = others.clone();
    for (index, container) in items(&home.spec["ephemeralContainers"]).enumerate() {
        let path = format!("{path}[{index}]");
        common_faults(&path, container, home, causes);
        padding_fault(&path, container, causes);
        let (name, target) = (
            text(container, "name"),
            text(container, "targetContainerName"),
        );
        if !known.insert(name) {
            causes.push(duplicate(format!("{path}.name"), &name.into()));
        }
        if !target.is_empty() && !others.contains(target) {
            let field = format!("{path}.targetContainerName");
            causes.push(not_found(field, &target.into()));
        }
        lasting_faults(&path, container, causes);
    }
}

/// What an ephemeral container may not have, on which nobody should rely.
fn lasting_faults(path: &str, container: &Value, causes: &mut Vec<Cause>) {
    let is_set = |value: &Value| match value {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => fields.iter().next().is_some(),
        _ => true,
    };
    let unfit = LASTING.iter().filter(|field| is_set(&container[**field]));
    let mut unfit: Vec<String> = unfit.map(|field| format!("{path}.{field}")).collect();
    for (index, mount) in items(&container["volumeMounts"]).enumerate() {
        let within = ["subPath", "subPathExpr"].into_iter();
        let within = within.filter(|field| !text(mount, field).is_empty());
        unfit.extend(within.map(|field| format!("{path}.volumeMounts[{index}].{field}")));
    }
    let why = "cannot be set for an Ephemeral Container";
    causes.extend(unfit.into_iter().map(|field| forbidden(field, why)));
}

/// What is demanded of every container.
fn common_faults(path: &str, container: &Value, home: &Home<'_>, causes: &mut Vec<Cause>) {
    let at = |field: &str| format!("{path}.{field}");
    require(path, container, &["name"], causes);
    let name = text(container, "name");
    if !name.is_empty() {
        refuse(&at("name"), name, label_faults(name), causes);
    }
    require(path, container, &["image"], causes);
    let choose = |field: &str, known: &[&str], causes: &mut Vec<Cause>| {
        choice_fault(&at(field), &container[field], known, causes);
    };
    choose("terminationMessagePolicy", &MESSAGE_POLICIES, causes);
    container_port::faults(path, container, causes);
    variable::faults(path, container, causes);
    mount::faults(path, container, &home.volumes, causes);
    choose("imagePullPolicy", &PULL_POLICIES, causes);
    let resources = &container["resources"];
    pod_resources::faults(&at("resources"), resources, causes);
    pod_resources::claim_faults(&at("resources"), resources, &home.claims, causes);
    let policy = &home.spec["restartPolicy"];
    resize_faults(&at("resizePolicy"), container, *policy == "Never", causes);
    let is_of_host = home.spec["hostUsers"] != false;
    let context = &container["securityContext"];
    security::container_faults(&at("securityContext"), context, is_of_host, causes);
}

/// What is wrong with how a container takes a change of its resources; one that runs `once` is not started again.
fn resize_faults(path: &str, container: &Value, once: bool, causes: &mut Vec<Cause>) {
    let mut known = BTreeSet::new();
    for (index, policy) in items(&container["resizePolicy"]).enumerate() {
        let resource = text(policy, "resourceName");
        if !known.insert(resource) {
            causes.push(duplicate(format!("{path}[{index}]"), &resource.into()));
        }
        for (field, choices) in [
            ("resourceName", ["cpu", "memory"]),
            ("restartPolicy", ["NotRequired", "RestartContainer"]),
        ] {
            match text(policy, field) {
                "" => causes.push(required(path, "")),
                chosen => choice_fault(path, &chosen.into(), &choices, causes),
            }
        }
        let chosen = text(policy, "restartPolicy");
        if once && chosen != "NotRequired" {
            let why = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            causes.push(invalid(path, &chosen.into(), why));
        }
    }
}

/// Refuses images with space around their names, which only pods may not have.
pub(super) fn padding_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    for list in ["containers", "initContainers"] {
        for (index, container) in items(&spec[list]).enumerate() {
            padding_fault(&format!("{path}.{list}[{index}]"), container, causes);
        }
    }
}

/// Refuses an image with space around its name.
pub(super) fn padding_fault(path: &str, container: &Value, causes: &mut Vec<Cause>) {
    let image = text(container, "image");
    if image.trim() != image {
        causes.push(invalid(format!("{path}.image"), &image.into(), PADDED));
    }
}
