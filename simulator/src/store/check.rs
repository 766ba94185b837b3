//! What is wrong with an object that is to be stored.
//!
//! Source: `spec/kube-api.md` §1.7, §1.13.

use super::definition::is_definition;
use super::kernel::Context;
use super::kind::Origin;
use super::registry::Served;
use super::request::Part;
use super::schema::before::Before;
use super::shape::{self, Fit};
use super::status::{Cause, Qualified, Status};
use super::{metadata, metadata_faults, rules, schema};
use crate::json::Value;

/// Everything that metadata, schema and the kind's own rules refuse.
pub(super) fn check(
    served: &Served,
    value: &Value,
    update: Option<(Before, Part)>,
    context: &mut Context,
) -> Result<(), Status> {
    let before = update.map(|(before, _)| before);
    let old = before.map(|before| before.value);
    // Who writes to a scale replaces the object.
    let part = match update {
        None | Some((_, Part::Scale)) => Part::Whole,
        Some((_, part)) => part,
    };
    let is_whole = part == Part::Whole;
    let of_metadata = metadata_faults::faults(served, value, old, is_whole);
    let mut causes = of_metadata.first;
    let later = &of_metadata.later;
    causes.extend(rules::part_faults(&served.kind, part, (value, old), later));
    if is_definition(served) && is_whole {
        if context.defined.is_none() {
            match schema::definition::define(value, old) {
                Ok(kinds) => context.defined = Some(kinds),
                Err(found) => causes.extend(found),
            }
        }
    } else {
        let part = if is_whole { Fit::Whole } else { Fit::Status };
        let found = shape::faults(served, value, before, (part, &causes));
        causes.extend(found);
    }
    if causes.is_empty() {
        if is_whole {
            let told = rules::warnings(&served.kind, value, old);
            context.warnings.extend(told);
            if is_definition(served) {
                let told = schema::definition::keywords::format_warnings(value, old);
                context.warnings.extend(told);
            }
        }
        if part == Part::Status && served.kind.origin == Origin::BuiltIn {
            let told = rules::status_warnings(&served.kind, value);
            context.warnings.extend(told);
        }
        if served.kind.origin == Origin::Custom {
            let told = metadata::finalizer_warnings(value, old);
            context.warnings.extend(told);
        }
        return Ok(());
    }
    let name = value["metadata"]["name"].as_str().unwrap_or_default();
    Err(invalid_once(&served.refused_kind(), name, &causes))
}

/// 422 whose message names each fault once, although an update finds some of them twice and lists them twice.
pub(super) fn invalid_once(kind: &Qualified, name: &str, causes: &[Cause]) -> Status {
    let mut status = Status::invalid(kind, name, causes);
    let mut once: Vec<Cause> = Vec::new();
    for cause in causes {
        if !once.contains(cause) {
            once.push(cause.clone());
        }
    }
    if once.len() < causes.len() {
        status.message = Status::invalid(kind, name, &once).message;
    }
    status
}
