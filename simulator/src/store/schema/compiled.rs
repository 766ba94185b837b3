//! A schema with its rules: everything that decides whether an object is valid.

use std::sync::Arc;

use super::before::Before;
use super::cel::{self, Rules};
use super::node::Node;
use super::validate::{validate, validate_status};
use crate::json::Value;
use crate::store::status::Cause;

/// A schema and its compiled rules.
#[derive(Clone, Debug, Default)]
pub struct CompiledSchema {
    /// The schema of the whole object.
    pub node: Arc<Node>,
    /// What [`Rules::compile`] made of it.
    pub rules: Arc<Rules>,
}

/// Everything that is wrong with `new`, with what else was found, `beside`. Rules are evaluated only if the schema has no complaint that could break them;
/// otherwise a last cause without a field says so.
///
/// Source: `spec/kube-api.md` §1.18; apiextensions-apiserver v0.34.3, pkg/registry/customresource/strategy.go.
#[must_use]
pub fn check(
    schema: &CompiledSchema,
    new: &Value,
    before: Option<Before>,
    beside: Beside,
) -> Vec<Cause> {
    let causes = validate(&schema.node, new, before, beside.scale);
    with_rules(schema, (beside.known, causes), new, before)
}

/// The same for an update of the status subresource, which looks at `status` and the rules only.
#[must_use]
pub fn check_status(
    schema: &CompiledSchema,
    new: &Value,
    before: Before,
    beside: Beside,
) -> Vec<Cause> {
    let causes = validate_status(&schema.node, new, before, beside.scale);
    with_rules(schema, (beside.known, causes), new, Some(before))
}

/// What is wrong with an object besides.
#[derive(Default)]
pub struct Beside<'a> {
    /// What is known already and told elsewhere.
    pub known: &'a [Cause],
    /// What is wrong with its `scale`.
    pub scale: Vec<Cause>,
}

fn with_rules(
    schema: &CompiledSchema,
    (known, mut causes): (&[Cause], Vec<Cause>),
    new: &Value,
    before: Option<Before>,
) -> Vec<Cause> {
    if schema.rules.is_empty() {
        return causes;
    }
    let mut all = known.iter().chain(&causes);
    if all.any(|cause| BLOCKING.contains(&cause.reason)) {
        causes.push(cel::skipped());
    } else {
        causes.append(&mut schema.rules.check(&schema.node, new, before));
    }
    causes
}

const BLOCKING: [&str; 5] = [
    "FieldValueNotSupported",
    "FieldValueRequired",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "FieldValueTypeInvalid",
];

#[cfg(test)]
mod tests;
