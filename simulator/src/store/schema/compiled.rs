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
    beside: Vec<Cause>,
) -> Vec<Cause> {
    let mut causes = validate(&schema.node, new, before);
    causes.extend(beside);
    with_rules(schema, causes, new, before)
}

/// The same for an update of the status subresource, which looks at `status` and the rules only.
#[must_use]
pub fn check_status(
    schema: &CompiledSchema,
    new: &Value,
    before: Before,
    beside: Vec<Cause>,
) -> Vec<Cause> {
    let mut causes = validate_status(&schema.node, new, before);
    causes.extend(beside);
    with_rules(schema, causes, new, Some(before))
}

fn with_rules(
    schema: &CompiledSchema,
    mut causes: Vec<Cause>,
    new: &Value,
    before: Option<Before>,
) -> Vec<Cause> {
    if schema.rules.is_empty() {
        return causes;
    }
    if causes.iter().any(|cause| BLOCKING.contains(&cause.reason)) {
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
