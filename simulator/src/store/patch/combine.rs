//! Putting an applied object into the live one, and taking out what is no longer applied.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::fields::{Branch, BranchRef, FieldSet, field_element};
use super::shape::{Form, Shape};
use crate::json::{Map, Value};

/// `live` with everything that `config` sets; nothing is removed.
///
/// Source: structured-merge-diff v6 `typed/merge.go`.
pub(super) fn merge(live: &Value, config: &Value, shape: Shape) -> Value {
    match (shape.form(config), config) {
        (Form::Leaf, _) => config.clone(),
        (Form::Fields, Value::Object(config)) => {
            let mut merged = live.as_object().cloned().unwrap_or_default();
            for (name, value) in config {
                let field = shape.field(name).unwrap_or(Shape::Deduced);
                let value = match merged.get(name) {
                    Some(live) => merge(live, value, field),
                    None => value.clone(),
                };
                merged.insert(name.clone(), value);
            }
            Value::Object(merged)
        }
        (form @ (Form::Set | Form::Keyed(_)), Value::Array(config)) => match live {
            Value::Array(live) if !live.is_empty() => merge_items(live, config, shape, form).into(),
            _ => Value::Array(config.clone()),
        },
        // Null for something with parts leaves the parts alone.
        (Form::Fields | Form::Set | Form::Keyed(_), _) => {
            let empty = match live {
                Value::Object(fields) => fields.is_empty(),
                Value::Array(items) => items.is_empty(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
            };
            if empty { config.clone() } else { live.clone() }
        }
    }
}

/// Items keep the order of the live list, save that those which `config` names come in its order.
fn merge_items(live: &[Value], config: &[Value], shape: Shape, form: Form) -> Vec<Value> {
    // Both lists were checked, so that an item without an element cannot be.
    let element = |item: &Value| shape.element(form, item).unwrap_or_default();
    let mut live: VecDeque<(String, &Value)> =
        live.iter().map(|item| (element(item), item)).collect();
    let mut config: VecDeque<(String, &Value)> =
        config.iter().map(|item| (element(item), item)).collect();
    let mut old: BTreeMap<String, Option<&Value>> = BTreeMap::new();
    for (element, item) in &live {
        // Twins in the live list are not merged with the new item, they give way to it.
        old.entry(element.clone())
            .and_modify(|twin| *twin = None)
            .or_insert(Some(item));
    }
    let named: BTreeSet<String> = config.iter().map(|(element, _)| element.clone()).collect();
    let mut shared: VecDeque<String> = config
        .iter()
        .map(|(element, _)| element.clone())
        .filter(|element| old.contains_key(element))
        .collect();
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut merged = Vec::with_capacity(live.len() + config.len());
    while let Some((left, item)) = live.front().cloned() {
        if !named.contains(&left) {
            merged.push(item.clone());
            live.pop_front();
            continue;
        }
        let Some((right, _)) = config.front() else {
            live.pop_front();
            continue;
        };
        if left == *right {
            live.pop_front();
        } else if shared.front().is_some_and(|next| *next != left) {
            live.pop_front();
            continue;
        } else if done.contains(&left) {
            live.pop_front();
        }
        if let Some((right, item)) = config.pop_front() {
            if shared.front() == Some(&right) {
                shared.pop_front();
            }
            merged.push(merge_item(&old, &right, item, shape));
            done.insert(right);
        }
    }
    for (element, item) in config {
        merged.push(merge_item(&old, &element, item, shape));
    }
    merged
}

fn merge_item(
    old: &BTreeMap<String, Option<&Value>>,
    element: &str,
    item: &Value,
    shape: Shape,
) -> Value {
    match old.get(element) {
        Some(Some(live)) => merge(live, item, shape.item()),
        _ => item.clone(),
    }
}

/// `value` without the fields and items in `unwanted`; what loses all it has becomes null.
///
/// Source: structured-merge-diff v6 `typed/remove.go`.
pub(super) fn remove(value: &Value, unwanted: &FieldSet, shape: Shape) -> Value {
    if unwanted.is_empty() {
        return value.clone();
    }
    remove_below(value, unwanted.root(), shape)
}

fn remove_below(value: &Value, unwanted: BranchRef, shape: Shape) -> Value {
    let keep = |element: &str, value: &Value, shape: Shape| match unwanted.branch(element) {
        Some(branch) if branch.is_member() => None,
        Some(branch) => Some(remove_below(value, branch, shape)),
        None => Some(value.clone()),
    };
    match (shape.form(value), value) {
        (Form::Fields, Value::Object(fields)) => {
            let kept: Map = fields
                .iter()
                .filter_map(|(name, value)| {
                    let field = shape.field(name).unwrap_or(Shape::Deduced);
                    Some((name.clone(), keep(&field_element(name), value, field)?))
                })
                .collect();
            if kept.is_empty() {
                Value::Null
            } else {
                Value::Object(kept)
            }
        }
        (form @ (Form::Set | Form::Keyed(_)), Value::Array(items)) => {
            let kept: Vec<Value> = items
                .iter()
                .filter_map(|item| match shape.element(form, item) {
                    Ok(element) => keep(&element, item, shape.item()),
                    Err(_) => Some(item.clone()),
                })
                .collect();
            if kept.is_empty() {
                Value::Null
            } else {
                kept.into()
            }
        }
        (Form::Leaf, Value::Object(_) | Value::Array(_))
        | (Form::Fields | Form::Set | Form::Keyed(_), _) => Value::Null,
        (Form::Leaf, scalar) => scalar.clone(),
    }
}

/// `set` with every declared field in it that has something below it.
///
/// Source: structured-merge-diff v6 `fieldpath/set.go`, `EnsureNamedFieldsAreMembers`.
pub(super) fn with_declared(set: &FieldSet, shape: Shape) -> FieldSet {
    declared_below(set.root(), shape)
}

fn declared_below(set: BranchRef, shape: Shape) -> FieldSet {
    let mut all = FieldSet::default();
    for (element, branch) in set.branches() {
        let (declared, below) = match element.strip_prefix("f:") {
            Some(name) => (shape.declares(name), shape.field(name)),
            None => (false, Some(shape.item())),
        };
        let branch = Branch {
            member: branch.is_member() || (declared && branch.has_branches()),
            below: declared_below(branch, below.unwrap_or(Shape::Deduced)),
        };
        all.attach(|| element.to_owned(), branch);
    }
    all
}
