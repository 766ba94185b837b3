//! The function `type` and the names of types, which kube-cel lacks.
//!
//! Source: CEL specification, "Values" and "Standard Definitions".

use std::sync::Arc;

use kube_cel::cel::{Context, ExecutionError, Value as Cel};

/// The names of types that rules may compare `type(…)` with.
pub(super) const TYPES: [&str; 12] = [
    "bool",
    "bytes",
    "double",
    "duration",
    "dyn",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
    "uint",
];

/// Makes `type` and the names known.
pub(super) fn add_to(context: &mut Context<'_>) {
    context.add_function("type", |value: Cel| {
        Ok::<_, ExecutionError>(named(name(&value)))
    });
    for name in TYPES {
        context.add_variable_from_value(name, named(name));
    }
}

fn name(value: &Cel) -> &'static str {
    match value {
        Cel::List(_) => "list",
        Cel::Map(_) => "map",
        Cel::Int(_) => "int",
        Cel::UInt(_) => "uint",
        Cel::Float(_) => "double",
        Cel::String(_) => "string",
        Cel::Bytes(_) => "bytes",
        Cel::Bool(_) => "bool",
        Cel::Duration(_) => "duration",
        Cel::Timestamp(_) => "timestamp",
        Cel::Null => "null_type",
        Cel::Function(..) | Cel::Opaque(_) => "dyn",
    }
}

/// A type as a value. No text of an object is like it, since texts hold no NUL.
fn named(name: &str) -> Cel {
    Cel::String(Arc::new(format!("\0{name}")))
}
