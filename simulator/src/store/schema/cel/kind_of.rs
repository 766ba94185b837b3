//! The function `type` and the names of types, which kube-cel lacks.
//!
//! Source: CEL specification, "Values" and "Standard Definitions"; cel-go v0.26 `common/stdlib/standard.go`.

use std::sync::Arc;

use kube_cel::cel::{Context, ExecutionError, Value as Cel};

/// The names of types that rules may compare `type(…)` with.
const TYPES: [&str; 12] = [
    "bool",
    "bytes",
    "double",
    DURATION,
    "int",
    "list",
    "map",
    "null_type",
    "string",
    TIMESTAMP,
    "type",
    "uint",
];

/// The name of the type of durations.
pub(super) const DURATION: &str = "google.protobuf.Duration";

/// The name of the type of times.
pub(super) const TIMESTAMP: &str = "google.protobuf.Timestamp";

/// What stands before the name of a type as a value. No text of an object is like it, since texts hold no NUL.
const MARK: char = '\0';

/// Makes `type` and the names known.
pub(super) fn add_to(context: &mut Context<'_>) {
    context.add_function("type", |value: Cel| {
        Ok::<_, ExecutionError>(named(name(&value)))
    });
    for name in TYPES {
        context.add_variable_from_value(name, named(name));
    }
}

/// What the type of a value is called.
pub(super) fn name(value: &Cel) -> &str {
    match value {
        Cel::List(_) => "list",
        Cel::Map(_) => "map",
        Cel::Int(_) => "int",
        Cel::UInt(_) => "uint",
        Cel::Float(_) => "double",
        Cel::String(text) if type_name(text).is_some() => "type",
        Cel::String(_) => "string",
        Cel::Bytes(_) => "bytes",
        Cel::Bool(_) => "bool",
        Cel::Duration(_) => DURATION,
        Cel::Timestamp(_) => TIMESTAMP,
        Cel::Null => "null_type",
        Cel::Opaque(value) => value.runtime_type_name(),
        Cel::Function(..) => "dyn",
    }
}

/// The name of the type that a value of text stands for, if it does.
pub(super) fn type_name(text: &str) -> Option<&str> {
    text.strip_prefix(MARK)
}

/// A type as a value.
fn named(name: &str) -> Cel {
    Cel::String(Arc::new(format!("{MARK}{name}")))
}
