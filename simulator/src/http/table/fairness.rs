//! The columns and cells of what shares a cluster out: quotas, priorities, claims on devices.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use jiff::Timestamp;

use super::column::Cells;
use super::field::{NONE, condition, created, int_at, len_at, name, str_at, str_or};
use super::heading::{AGE, Heading, NAME_COLUMN, field, text};
use crate::json::Value;
use crate::store::kind::Kind;

const QUOTA: &[Heading] = &[
    NAME_COLUMN,
    text(
        "Request",
        "Request represents a minimum amount of cpu/memory that a container may consume.",
    ),
    text(
        "Limit",
        "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.",
    ),
    AGE,
];
const PRIORITY_CLASS: &[Heading] = &[
    NAME_COLUMN,
    field("Value", "value").of("integer"),
    field("Global-Default", "globalDefault").of("boolean"),
    AGE,
    field("PreemptionPolicy", "preemptionPolicy"),
];
const RUNTIME_CLASS: &[Heading] = &[NAME_COLUMN, text("Handler", ""), AGE];
const FLOW_SCHEMA: &[Heading] = &[
    NAME_COLUMN,
    field("PriorityLevel", "spec.priorityLevelConfiguration.name"),
    field("MatchingPrecedence", "spec.matchingPrecedence"),
    field("DistinguisherMethod", "spec.distinguisherMethod"),
    AGE,
    text(
        "MissingPL",
        "references a broken or non-existent PriorityLevelConfiguration",
    ),
];
const PRIORITY_LEVEL: &[Heading] = &[
    NAME_COLUMN,
    field("Type", "spec.type"),
    field(
        "NominalConcurrencyShares",
        "spec.limited.nominalConcurrencyShares",
    ),
    field("Queues", "spec.limited.limitResponse.queuing.queues"),
    field("HandSize", "spec.limited.limitResponse.queuing.handSize"),
    field(
        "QueueLengthLimit",
        "spec.limited.limitResponse.queuing.queueLengthLimit",
    ),
    AGE,
];
const CLAIM: &[Heading] = &[
    NAME_COLUMN,
    text(
        "State",
        "A summary of the current state (allocated, pending, reserved, etc.).",
    ),
    AGE,
];
const SLICE: &[Heading] = &[
    NAME_COLUMN,
    field("Node", "spec.nodeName"),
    field("Driver", "spec.driver"),
    field("Pool", "spec.pool.name"),
    AGE,
];

/// What flow schemas are ordered by.
///
/// Source: apiserver v0.34 `pkg/util/apihelpers/helpers.go`, `FlowSchemaSequence`.
pub(super) fn precedence(schema: &Value) -> (i64, String) {
    let name = str_at(schema, "/metadata/name").to_owned();
    (int_at(schema, "/spec/matchingPrecedence"), name)
}

/// The columns of a kind, and its cells.
pub(super) fn built_in(kind: &Kind) -> Option<(&'static [Heading], Cells)> {
    Some(match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "ResourceQuota") => (QUOTA, quota),
        ("scheduling.k8s.io", "PriorityClass") => (PRIORITY_CLASS, priority_class),
        ("node.k8s.io", "RuntimeClass") => (RUNTIME_CLASS, runtime_class),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => (FLOW_SCHEMA, flow_schema),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration") => {
            (PRIORITY_LEVEL, priority_level)
        }
        ("resource.k8s.io", "ResourceClaim") => (CLAIM, claim),
        ("resource.k8s.io", "ResourceSlice") => (SLICE, slice),
        _ => return None,
    })
}

fn quota(object: &Value, now: Timestamp) -> Vec<Value> {
    let status = &object["status"];
    let hard = status["hard"].as_object().into_iter().flatten();
    let (limits, requests): (Vec<_>, Vec<_>) = hard
        .map(|(resource, amount)| (&resource[..], amount))
        .partition(|(resource, _)| resource.starts_with("limits."));
    let cell = |hard: &[(&str, &Value)]| {
        let amounts: Vec<String> = hard
            .iter()
            .map(|(resource, hard)| {
                let used = status["used"][*resource].as_str().unwrap_or("0");
                format!("{resource}: {used}/{}", hard.as_str().unwrap_or_default())
            })
            .collect();
        Value::from(amounts.join(", "))
    };
    vec![
        name(object),
        cell(&requests),
        cell(&limits),
        created(object, now),
    ]
}

fn priority_class(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        int_at(object, "/value").into(),
        (object["globalDefault"] == true).into(),
        created(object, now),
        str_at(object, "/preemptionPolicy").into(),
    ]
}

fn runtime_class(object: &Value, now: Timestamp) -> Vec<Value> {
    let handler = str_at(object, "/handler");
    vec![name(object), handler.into(), created(object, now)]
}

fn flow_schema(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        str_at(object, "/spec/priorityLevelConfiguration/name").into(),
        int_at(object, "/spec/matchingPrecedence").into(),
        str_or(object, "/spec/distinguisherMethod/type", NONE).into(),
        created(object, now),
        condition(object, "Dangling").unwrap_or("?").into(),
    ]
}

fn priority_level(object: &Value, now: Timestamp) -> Vec<Value> {
    let limited = &object["spec"]["limited"];
    let number = |of: &Value, field: &str| match of {
        Value::Null => Value::from(NONE),
        of => Value::from(int_at(of, field)),
    };
    let queuing = &limited["limitResponse"]["queuing"];
    vec![
        name(object),
        str_at(object, "/spec/type").into(),
        number(limited, "/nominalConcurrencyShares"),
        number(queuing, "/queues"),
        number(queuing, "/handSize"),
        number(queuing, "/queueLengthLimit"),
        created(object, now),
    ]
}

fn claim(object: &Value, now: Timestamp) -> Vec<Value> {
    let is_deleted = object["metadata"].get("deletionTimestamp").is_some();
    let is_allocated = !object["status"]["allocation"].is_null();
    let states = [
        ("deleted", is_deleted),
        ("pending", !is_deleted && !is_allocated),
        ("allocated", is_allocated),
        (
            "reserved",
            is_allocated && len_at(object, "/status/reservedFor") > 0,
        ),
    ];
    let held = states.into_iter().filter(|(_, holds)| *holds);
    let states: Vec<&str> = held.map(|(state, _)| state).collect();
    vec![name(object), states.join(",").into(), created(object, now)]
}

fn slice(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        str_at(object, "/spec/nodeName").into(),
        str_at(object, "/spec/driver").into(),
        str_at(object, "/spec/pool/name").into(),
        created(object, now),
    ]
}
