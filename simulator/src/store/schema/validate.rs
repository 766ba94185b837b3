//! Whether an object satisfies its schema, told with the texts of go-openapi.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

use super::cause;
use super::format::Format;
use super::node::{Checks, ListType, Node, Type};
use super::path::{MAX_DEPTH, Path};
use crate::store::status::Cause;

mod branch;
mod correlation;
mod failure;
mod list;
mod resource;

pub(super) use correlation::Old;
use failure::Failure;

/// Everything that is wrong with `new`, a whole object, by its schema; empty if it is valid. With `old`, the object
/// before an update, an invalid part that did not change passes.
///
/// Source: `spec/kube-api.md` §1.18; kube-openapi pkg/validation/validate (as of Kubernetes v1.34.3) for checks, order
/// and texts; apiextensions-apiserver v0.34.3, pkg/apiserver/validation/ratcheting.go.
pub fn validate(node: &Node, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut walk = Walk::default();
    let mut failures = Vec::new();
    walk.ratcheted(
        node,
        new,
        old.map(|value| Old { value, node }),
        &Path::ROOT,
        &mut failures,
    );
    let mut causes = failure::causes(failures, "");
    causes.append(&mut walk.resources);
    if !walk.lists.is_empty() && !old.is_some_and(|old| has_list_faults(node, old)) {
        causes.append(&mut walk.lists);
    }
    causes
}

/// Everything that is wrong with the `status` of `new` on an update of the status subresource.
///
/// Source: apiextensions-apiserver v0.34.3, pkg/registry/customresource/status_strategy.go.
pub fn validate_status(node: &Node, new: &Value, old: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let (Some(schema), Some(status)) = (node.properties.get("status"), new.get("status")) {
        let mut failures = Vec::new();
        let old = old.get("status").map(|value| Old {
            value,
            node: schema,
        });
        Walk::default().ratcheted(schema, status, old, &Path::ROOT, &mut failures);
        causes = failure::causes(failures, "status");
    }
    let mut walk = Walk::default();
    walk.walk(node, new, None, &Path::ROOT, &mut Vec::new());
    if !walk.lists.is_empty() && !has_list_faults(node, old) {
        causes.append(&mut walk.lists);
    }
    causes
}

/// Everything that is wrong with `value`, a part of an object that stands at `prefix`.
pub(super) fn validate_part(node: &Node, value: &Value, prefix: &str) -> Vec<Cause> {
    let mut failures = Vec::new();
    Walk::default().walk(node, value, None, &Path::ROOT, &mut failures);
    failure::causes(failures, prefix)
}

fn has_list_faults(node: &Node, value: &Value) -> bool {
    let mut walk = Walk::default();
    walk.walk(node, value, None, &Path::ROOT, &mut Vec::new());
    !walk.lists.is_empty()
}

/// How many checks an alternative passed: `anyOf` and `oneOf` report the one that came closest, so this counts as
/// go-openapi does.
type Matches = u64;

/// What one pass over an object finds besides schema failures.
#[derive(Default)]
struct Walk {
    resources: Vec<Cause>,
    lists: Vec<Cause>,
}

impl Walk {
    /// Walks, then forgives what it found if this part of the object did not change.
    fn ratcheted(
        &mut self,
        node: &Node,
        value: &Value,
        old: Option<Old>,
        path: &Path,
        failures: &mut Vec<Failure>,
    ) -> Matches {
        let before = failures.len();
        let matches = self.walk(node, value, old, path, failures);
        if failures.len() > before && old.is_some_and(|old| old.equals(value)) {
            failures.truncate(before);
        }
        matches
    }

    fn walk(
        &mut self,
        node: &Node,
        value: &Value,
        old: Option<Old>,
        path: &Path,
        failures: &mut Vec<Failure>,
    ) -> Matches {
        if path.is_too_deep() {
            failures.push(Failure::too_deep(path, MAX_DEPTH));
            return 0;
        }
        if value.is_null() {
            let matches = typed(node, value, path, failures);
            allowed(&node.checks, value, path, failures);
            return matches;
        }
        let mut matches = 1;
        if node.kind != Type::Any || checked_format(&node.checks).is_some() {
            matches += 1 + typed(node, value, path, failures);
        }
        matches += 2 + self.branches(&node.checks, value, old, path, failures);
        match value {
            Value::String(text) => {
                matches += 1 + string(&node.checks, text, path, failures);
            }
            Value::Number(number) => {
                matches += 2;
                numeric(&node.checks, number, path, failures);
            }
            Value::Array(elements) => {
                matches += 2 + self.array(node, elements, old, path, failures);
            }
            Value::Null | Value::Bool(_) | Value::Object(_) => {}
        }
        matches += 1;
        allowed(&node.checks, value, path, failures);
        if let Value::Object(object) = value {
            matches += 1 + self.object(node, object, old, path, failures);
        }
        matches
    }

    fn array(
        &mut self,
        node: &Node,
        elements: &[Value],
        old: Option<Old>,
        path: &Path,
        failures: &mut Vec<Failure>,
    ) -> Matches {
        let mut matches = 0;
        if let Some(items) = &node.items {
            for (i, element) in elements.iter().enumerate() {
                let old = old.and_then(|old| old.element(element));
                matches += self.ratcheted(items, element, old, &path.index(i), failures);
            }
        }
        let (least, most) = node.checks.items;
        if let Some(least) = least.filter(|least| (elements.len() as u64) < *least) {
            failures.push(Failure::too_few(path, "items", elements.len(), least));
        }
        if let Some(most) = most.filter(|most| elements.len() as u64 > *most) {
            failures.push(Failure::too_many(path, "items", elements.len(), most));
        }
        if node.list_type != ListType::Atomic {
            list::check(&node.list_type, elements, path, &mut self.lists);
        }
        matches
    }

    fn object(
        &mut self,
        node: &Node,
        object: &Map<String, Value>,
        old: Option<Old>,
        path: &Path,
        failures: &mut Vec<Failure>,
    ) -> Matches {
        let mut matches = 0;
        let (least, most) = node.checks.properties;
        if let Some(least) = least.filter(|least| (object.len() as u64) < *least) {
            failures.push(Failure::too_few(path, "properties", object.len(), least));
        }
        if let Some(most) = most.filter(|most| object.len() as u64 > *most) {
            failures.push(Failure::too_many(path, "properties", object.len(), most));
        }
        if node.embedded_resource {
            resource::check(object, path, &mut self.resources);
        }
        let at_root = path.is_root();
        for (name, child) in object {
            let (schema, path) = match (node.properties.get(name), &node.additional) {
                (Some(property), _) => (property, path.field(name)),
                (None, Some(additional)) => (additional, path.key(name)),
                (None, None) => continue,
            };
            let is_type = at_root && matches!(name.as_str(), "apiVersion" | "kind");
            let old = old.filter(|_| !is_type).and_then(|old| old.child(name));
            matches += self.ratcheted(schema, child, old, &path, failures);
        }
        for name in &node.required {
            if !object.contains_key(name) {
                failures.push(Failure::required(&path.field(name)));
            }
        }
        matches
    }
}

/// The JSON type of a value as go-openapi names it.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn typed(node: &Node, value: &Value, path: &Path, failures: &mut Vec<Failure>) -> Matches {
    let fits = match (node.kind, value) {
        (Type::Any, Value::Null) => true,
        (_, Value::Null) => node.nullable,
        (Type::Object, Value::Object(_))
        | (Type::Array, Value::Array(_))
        | (Type::String, Value::String(_))
        | (Type::Boolean, Value::Bool(_))
        | (Type::Number, Value::Number(_))
        | (Type::IntOrString, Value::String(_)) => true,
        (Type::Integer | Type::IntOrString, Value::Number(number)) => is_integral(number),
        (Type::Integer | Type::Number | Type::IntOrString, _) => false,
        // A format makes go-openapi accept any string or list here, whatever the type.
        (_, Value::String(_) | Value::Array(_)) => checked_format(&node.checks).is_some(),
        (Type::Any, _) => checked_format(&node.checks).is_none(),
        _ => false,
    };
    if fits {
        return 1;
    }
    failures.push(match (checked_format(&node.checks), value) {
        (Some(format), Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
            Failure::wrong_type(path, format.name(), format_of(value))
        }
        _ => Failure::wrong_type(path, name_of(node.kind), type_of(value)),
    });
    0
}

fn checked_format(checks: &Checks) -> Option<&Format> {
    checks.format.as_ref().filter(|format| format.is_checked())
}

/// The format of a value as go-openapi guesses it.
fn format_of(value: &Value) -> &'static str {
    match value {
        Value::Number(number) if number.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => "",
    }
}

fn name_of(kind: Type) -> &'static str {
    match kind {
        Type::Any => "",
        Type::Object => "object",
        Type::Array => "array",
        Type::String => "string",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::Boolean => "boolean",
        Type::IntOrString => "integer,string",
    }
}

fn is_integral(number: &Number) -> bool {
    number.is_i64() || number.as_f64().is_some_and(is_whole)
}

/// Whether a float is an integer that JSON can carry, give or take rounding.
fn is_whole(float: f64) -> bool {
    const MAX_SAFE: f64 = 9_007_199_254_740_991.0;
    float.abs() <= MAX_SAFE && (float - float.round()).abs() < 1e-9
}

fn allowed(checks: &Checks, value: &Value, path: &Path, failures: &mut Vec<Failure>) {
    if checks.allowed.is_empty() {
        return;
    }
    let found = checks
        .allowed
        .iter()
        .any(|candidate| match (candidate, value) {
            (Value::Null, _) => false,
            (Value::Number(a), Value::Number(b)) => numbers_match(a, b),
            _ => candidate == value,
        });
    if !found {
        failures.push(Failure::not_allowed(path, value, &checks.allowed));
    }
}

/// An integer stands for every number that it is the integral part of, as Go converts them.
fn numbers_match(candidate: &Number, value: &Number) -> bool {
    let truncated = |number: &Number| number.as_f64().map(f64::trunc);
    if candidate.is_i64() {
        truncated(candidate) == truncated(value)
    } else {
        candidate.as_f64() == value.as_f64()
    }
}

/// Checks a string and says how many validators beyond the one for strings looked at it.
fn string(checks: &Checks, text: &str, path: &Path, failures: &mut Vec<Failure>) -> Matches {
    let (least, most) = checks.length;
    let length = if least.is_some() || most.is_some() {
        text.chars().count() as u64
    } else {
        0
    };
    if let Some(most) = most.filter(|most| length > *most) {
        failures.push(Failure::too_long(path, most));
    } else if let Some(least) = least.filter(|least| length < *least) {
        failures.push(Failure::too_short(path, text, least));
    } else if let Some(pattern) = checks
        .pattern
        .as_ref()
        .filter(|pattern| !pattern.matches(text))
    {
        failures.push(Failure::mismatch(path, text, pattern.source()));
    }
    let Some(format) = checked_format(checks) else {
        return 0;
    };
    if !format.matches(text) {
        failures.push(Failure::bad_format(path, format.name(), text));
    }
    1
}

fn numeric(checks: &Checks, number: &Number, path: &Path, failures: &mut Vec<Failure>) {
    if let Some(factor) = checks.multiple_of
        && !is_multiple(number, factor)
    {
        failures.push(Failure::not_multiple(path, number, factor));
    }
    if let Some((least, exclusive)) = checks.minimum {
        let order = compared(number, least);
        if order.is_lt() || (exclusive && order.is_eq()) {
            failures.push(Failure::too_small(path, number, least, exclusive));
        }
    }
    if let Some((most, exclusive)) = checks.maximum {
        let order = compared(number, most);
        if order.is_gt() || (exclusive && order.is_eq()) {
            failures.push(Failure::too_large(path, number, most, exclusive));
        }
    }
}

/// Integers are compared with the integral part of a bound, as in Go.
#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates as Go's conversion does"
)]
fn compared(number: &Number, bound: f64) -> std::cmp::Ordering {
    match number.as_i64() {
        Some(integer) => integer.cmp(&(bound as i64)),
        None => number.as_f64().unwrap_or(f64::NAN).total_cmp(&bound),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates as Go's conversion does"
)]
fn is_multiple(number: &Number, factor: f64) -> bool {
    match (number.as_i64(), factor as i64) {
        (Some(_), ..=0) => false,
        (Some(integer), factor) => integer % factor == 0,
        (None, _) if factor <= 0.0 => false,
        (None, _) => {
            let float = number.as_f64().unwrap_or(f64::NAN);
            let quotient = if factor < 1.0 {
                1.0 / factor * float
            } else {
                float / factor
            };
            is_whole(quotient)
        }
    }
}
