//! The columns and cells of a `scale`.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`, `printScale`.

use jiff::Timestamp;

use super::field::{created, int_at, name};
use super::heading::{AGE, Heading, NAME_COLUMN, text};
use crate::json::Value;
use crate::store::kind::Origin;
use crate::store::schema::node::Node;

const SCALE: [Heading; 4] = [
    NAME_COLUMN.in_form(""),
    text(
        "Desired",
        "replicas is the desired number of instances for the scaled object.",
    )
    .of("integer"),
    text(
        "Available",
        "replicas is the actual number of observed instances of the scaled object.",
    )
    .of("integer"),
    AGE,
];

/// The same for a custom resource.
///
/// Source: apiextensions-apiserver v0.34 `pkg/apiserver/customresource_handler.go`, `scaleColumns`.
const CUSTOM: [Heading; 4] = [
    NAME_COLUMN,
    text("Desired", "Number of desired replicas").of("integer"),
    text("Available", "Number of actual replicas").of("integer"),
    AGE.of("date"),
];

pub(super) fn definitions(origin: Origin) -> Value {
    let schema = Node::default();
    let headings = match origin {
        Origin::BuiltIn => SCALE.iter(),
        Origin::Custom => CUSTOM.iter(),
    };
    headings
        .map(|heading| heading.definition(&schema))
        .collect()
}

pub(super) fn cells(scale: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(scale),
        int_at(scale, "/spec/replicas").into(),
        int_at(scale, "/status/replicas").into(),
        created(scale, now),
    ]
}
