//! Whether an object satisfies its schema, told with the texts of go-openapi.

use std::collections::BTreeSet;

use super::before::Before;
use super::cause;
use super::format::Format;
use super::node::{Checks, ListType, Node, Type};
use super::path::{MAX_DEPTH, Path};
use crate::json::{Map, Value};
use crate::store::status::Cause;

mod branch;
mod correlation;
mod failure;
mod list;
mod resource;
mod scalar;

pub(super) use correlation::Old;
use failure::Failure;
use scalar::{allowed, checked_format, numeric, string, typed};

/// Everything that is wrong with `new`, a whole object, by its schema; empty if it is valid. With the state before an
/// update, an invalid part that did not change passes. What is wrong with its `scale` is told in its place.
///
/// Source: `spec/kube-api.md` §1.18; kube-openapi pkg/validation/validate (as of Kubernetes v1.34.3) for checks, order
/// and texts; apiextensions-apiserver v0.34.3, pkg/apiserver/validation/ratcheting.go.
pub fn validate(node: &Node, new: &Value, before: Option<Before>, scale: Vec<Cause>) -> Vec<Cause> {
    let mut walk = Walk::after(before);
    let old = before.map(|before| Old::whole(before, node));
    walk.ratcheted(node, new, old, &Path::ROOT);
    let mut causes = failure::causes(walk.failures, "");
    causes.extend(scale);
    causes.append(&mut walk.resources);
    if !walk.lists.is_empty() && !before.is_some_and(|before| has_list_faults(node, before.value)) {
        causes.append(&mut walk.lists);
    }
    causes
}

/// Everything that is wrong with the `status` of `new` on an update of the status subresource.
///
/// Source: apiextensions-apiserver v0.34.3, pkg/registry/customresource/status_strategy.go.
pub fn validate_status(node: &Node, new: &Value, before: Before, scale: Vec<Cause>) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let (Some(schema), Some(status)) = (node.properties.get("status"), new.get("status")) {
        let mut walk = Walk::after(Some(before));
        let old = before.value.get("status").map(|value| Old {
            value,
            node: schema,
        });
        walk.ratcheted(schema, status, old, &Path::ROOT);
        causes = failure::causes(walk.failures, "status");
    }
    causes.extend(scale);
    let mut lists = list_faults(node, new, Some(before));
    if !lists.is_empty() && !has_list_faults(node, before.value) {
        causes.append(&mut lists);
    }
    causes
}

/// Everything that is wrong with `value`, a part of an object that stands at `prefix`.
pub(super) fn validate_part(node: &Node, value: &Value, prefix: &str) -> Vec<Cause> {
    let mut walk = Walk::default();
    walk.walk(node, value, None, &Path::ROOT);
    failure::causes(walk.failures, prefix)
}

fn has_list_faults(node: &Node, value: &Value) -> bool {
    !list_faults(node, value, None).is_empty()
}

fn list_faults(node: &Node, value: &Value, before: Option<Before>) -> Vec<Cause> {
    let mut walk = Walk::after(before);
    let old = before.map(|before| Old::whole(before, node));
    walk.ratcheted(node, value, old, &Path::ROOT);
    walk.lists
}

/// How many checks an alternative passed: `anyOf` and `oneOf` report the one that came closest, so this counts as
/// go-openapi does.
type Matches = u64;

/// What one pass over an object finds.
#[derive(Default)]
struct Walk {
    failures: Vec<Failure>,
    resources: Vec<Cause>,
    lists: Vec<Cause>,
    /// Whether what is shared with the old object is passed over. Alternatives are walked in whole, for the count of
    /// their matches.
    skips_shared: bool,
}

impl Walk {
    fn after(before: Option<Before>) -> Self {
        Self {
            skips_shared: before.is_some_and(|before| before.fits),
            ..Self::default()
        }
    }

    /// Walks, then forgives what it found if this part of the object did not change.
    fn ratcheted(&mut self, node: &Node, value: &Value, old: Option<Old>, path: &Path) -> Matches {
        if self.skips_shared && old.is_some_and(|old| old.value.is_evidently(value)) {
            return 0;
        }
        let before = self.failures.len();
        let matches = self.walk(node, value, old, path);
        if self.failures.len() > before && old.is_some_and(|old| old.equals(value)) {
            self.failures.truncate(before);
        }
        matches
    }

    fn walk(&mut self, node: &Node, value: &Value, old: Option<Old>, path: &Path) -> Matches {
        if path.is_too_deep() {
            self.failures.push(Failure::too_deep(path, MAX_DEPTH));
            return 0;
        }
        if value.is_null() {
            let matches = typed(node, value, path, &mut self.failures);
            allowed(&node.checks, value, path, &mut self.failures);
            return matches;
        }
        let mut matches = 1;
        if node.kind != Type::Any || checked_format(&node.checks).is_some() {
            matches += 1 + typed(node, value, path, &mut self.failures);
        }
        matches += 2 + self.branches(&node.checks, value, old, path);
        match value {
            Value::String(text) => {
                matches += 1 + string(&node.checks, text, path, &mut self.failures);
            }
            Value::Number(number) => {
                matches += 2;
                numeric(&node.checks, number, path, &mut self.failures);
            }
            Value::Array(elements) => {
                matches += 2 + self.array(node, elements, old, path);
            }
            Value::Null | Value::Bool(_) | Value::Object(_) => {}
        }
        matches += 1;
        allowed(&node.checks, value, path, &mut self.failures);
        if let Value::Object(object) = value {
            matches += 1 + self.object(node, object, old, path);
        }
        matches
    }

    fn array(&mut self, node: &Node, elements: &[Value], old: Option<Old>, path: &Path) -> Matches {
        let mut matches = 0;
        if let Some(items) = &node.items {
            for (i, element) in elements.iter().enumerate() {
                let old = old.and_then(|old| old.element(element));
                matches += self.ratcheted(items, element, old, &path.index(i));
            }
        }
        let (least, most) = node.checks.items;
        if let Some(least) = least.filter(|least| (elements.len() as u64) < *least) {
            self.failures
                .push(Failure::too_few(path, "items", elements.len(), least));
        }
        if let Some(most) = most.filter(|most| elements.len() as u64 > *most) {
            self.failures
                .push(Failure::too_many(path, "items", elements.len(), most));
        }
        // Those of the metadata tell who owns them, and nothing more.
        if node.list_type != ListType::Atomic && !path.is_below("metadata") {
            list::check(&node.list_type, elements, path, &mut self.lists);
        }
        matches
    }

    fn object(&mut self, node: &Node, object: &Map, old: Option<Old>, path: &Path) -> Matches {
        let mut matches = 0;
        let (least, most) = node.checks.properties;
        if let Some(least) = least.filter(|least| (object.len() as u64) < *least) {
            self.failures
                .push(Failure::too_few(path, "properties", object.len(), least));
        }
        if let Some(most) = most.filter(|most| object.len() as u64 > *most) {
            self.failures
                .push(Failure::too_many(path, "properties", object.len(), most));
        }
        if node.embedded_resource {
            resource::check(object, path, &mut self.resources);
        }
        let at_root = path.is_root();
        for (name, child) in object {
            let (schema, path) = match (node.properties.get(name.as_str()), &node.additional) {
                (Some(property), _) => (property, path.field(name)),
                (None, Some(additional)) => (additional, path.key(name)),
                (None, None) => continue,
            };
            let is_type = at_root && matches!(name.as_str(), "apiVersion" | "kind");
            let old = old.filter(|_| !is_type).and_then(|old| old.child(name));
            matches += self.ratcheted(schema, child, old, &path);
        }
        for name in &node.required {
            if !object.contains_key(name) {
                self.failures.push(Failure::required(&path.field(name)));
            }
        }
        matches
    }
}
