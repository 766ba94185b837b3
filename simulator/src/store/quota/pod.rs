//! What a pod takes.
//!
//! Source: kubernetes v1.34 `pkg/quota/v1/evaluator/core/pods.go`; component-helpers v0.34.3, resource/helpers.go.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::amount::Amount;
use super::measure::{Amounts, add, amounts};
use crate::clock::after;
use crate::json::Value;

/// What each container has to say, where a quota is about it.
const DEMANDED: [&str; 6] = [
    "cpu",
    "limits.cpu",
    "limits.memory",
    "memory",
    "requests.cpu",
    "requests.memory",
];

/// What a pod takes besides being there.
pub(super) fn usage(pod: &Value, now: Timestamp) -> Amounts {
    if !is_charged(pod, now) {
        return Amounts::new();
    }
    let spec = &pod["spec"];
    named(&of_all(spec, "requests"), &of_all(spec, "limits"))
}

/// Whether it has neither ended nor should be gone.
fn is_charged(pod: &Value, now: Timestamp) -> bool {
    let metadata = &pod["metadata"];
    let grace = metadata["deletionGracePeriodSeconds"].as_i64();
    let deleted = metadata["deletionTimestamp"].as_str();
    let deleted: Option<Timestamp> = deleted.and_then(|text| text.parse().ok());
    let is_overdue = deleted
        .zip(grace)
        .is_some_and(|(at, grace)| now > after(at, SignedDuration::from_secs(grace)));
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    !is_overdue && !matches!(phase, "Succeeded" | "Failed")
}

/// Requests and limits under the names that quotas have for them.
fn named(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut named = Amounts::from([("pods".to_owned(), Amount::of(1))]);
    for (name, amount) in requests {
        let is_extended = name.contains('/') && !name.contains("kubernetes.io/");
        let is_known = ["cpu", "memory", "ephemeral-storage"].contains(&name.as_str())
            || name.starts_with("hugepages-");
        if is_known {
            named.insert(name.clone(), *amount);
        }
        if is_known || is_extended {
            named.insert(format!("requests.{name}"), *amount);
        }
    }
    for name in ["cpu", "memory", "ephemeral-storage"] {
        named.extend(
            limits
                .get(name)
                .map(|amount| (format!("limits.{name}"), *amount)),
        );
    }
    named
}

/// The `requests` or `limits` of a whole pod.
fn of_all(spec: &Value, field: &str) -> Amounts {
    let mut sum = without_overhead(spec, field);
    for (name, amount) in amounts(&spec["overhead"]) {
        if field == "requests" || sum.contains_key(&name) {
            let present = sum.entry(name).or_default();
            *present = present.plus(amount);
        }
    }
    sum
}

/// The `requests` or `limits` of a pod, which go before those of its containers.
pub(crate) fn without_overhead(spec: &Value, field: &str) -> Amounts {
    let mut sum = of_containers(spec, field);
    sum.extend(amounts(&spec["resources"][field]));
    sum
}

/// The `requests` or `limits` of all containers of a pod.
pub(crate) fn of_containers(spec: &Value, field: &str) -> Amounts {
    let of = |container: &Value| amounts(&container["resources"][field]);
    let mut sum = Amounts::new();
    containers(spec, "containers").for_each(|container| add(&mut sum, &of(container)));
    // Those that are restarted stay; others have gone when the next one starts.
    let (mut staying, mut peak) = (Amounts::new(), Amounts::new());
    for container in containers(spec, "initContainers") {
        let mut present = of(container);
        if container["restartPolicy"] == "Always" {
            add(&mut sum, &present);
            add(&mut staying, &present);
            present = staying.clone();
        } else {
            add(&mut present, &staying);
        }
        raise(&mut peak, present);
    }
    raise(&mut sum, peak);
    sum
}

fn containers<'a>(spec: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    spec[list].as_array().into_iter().flatten()
}

fn raise(to: &mut Amounts, others: Amounts) {
    for (name, amount) in others {
        let present = to.entry(name).or_default();
        *present = present.max(amount);
    }
}

/// Whether no container says what it needs of processor and memory.
pub(super) fn is_best_effort(spec: &Value) -> bool {
    let says = |resources: &Value| {
        ["requests", "limits"].into_iter().any(|field| {
            let said = amounts(&resources[field]);
            ["cpu", "memory"]
                .into_iter()
                .any(|name| said.get(name).is_some_and(|amount| !amount.is_zero()))
        })
    };
    let mut all = containers(spec, "containers").chain(containers(spec, "initContainers"));
    !all.any(|container| says(&container["resources"])) && !says(&spec["resources"])
}

/// What the containers of a pod do not say although quotas are about it.
pub(super) fn silence(spec: &Value, names: &[&str]) -> Option<String> {
    let is_said = |field: &str| {
        spec["resources"][field]
            .as_object()
            .is_some_and(|it| !it.is_empty())
    };
    if is_said("requests") || is_said("limits") {
        return None;
    }
    let mut silent: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for container in containers(spec, "containers").chain(containers(spec, "initContainers")) {
        let said = |field: &str| amounts(&container["resources"][field]);
        let said = named(&said("requests"), &said("limits"));
        let demanded = names.iter().filter(|name| DEMANDED.contains(name));
        for name in demanded.filter(|name| !said.contains_key(**name)) {
            let container = container["name"].as_str().unwrap_or_default();
            silent.entry(name).or_default().insert(container);
        }
    }
    let silent = silent.iter().map(|(name, containers)| {
        let containers: Vec<&str> = containers.iter().copied().collect();
        format!("{name} for: {}", containers.join(","))
    });
    let silent: Vec<String> = silent.collect();
    (!silent.is_empty()).then(|| format!("must specify {}", silent.join("; ")))
}
