//! Elements of sets and map lists must differ.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/apiserver/schema/listtype/validation.go.

use std::collections::BTreeMap;

use super::{Cause, ListType, Path, cause};
use crate::json::{Map, Value};

pub(super) fn check(kind: &ListType, elements: &[Value], path: &Path, causes: &mut Vec<Cause>) {
    match kind {
        ListType::Atomic => {}
        ListType::Set => {
            let seen = elements.iter().map(Value::to_string).collect();
            for i in repeated(seen) {
                causes.push(cause::duplicate(path.index(i).bracketed(), &elements[i]));
            }
        }
        ListType::Map(keys) => {
            let stray = |element: &Value| !element.is_object() && !element.is_null();
            if let Some(i) = elements.iter().position(stray) {
                let field = path.index(i).bracketed();
                let detail = "must be an object for an array of list-type map";
                causes.push(cause::invalid(field, &elements[i], detail));
                return;
            }
            let seen = elements
                .iter()
                .map(|element| identity(keys, element))
                .collect();
            for i in repeated(seen) {
                let shown = shown_identity(keys, &elements[i]);
                causes.push(cause::duplicate(path.index(i).bracketed(), &shown));
            }
        }
    }
}

fn identity(keys: &[String], element: &Value) -> String {
    let mut text = String::new();
    for key in keys {
        if let Some(value) = element.get(key) {
            text.push_str(&value.to_string());
        }
        text.push('\0');
    }
    text
}

fn shown_identity(keys: &[String], element: &Value) -> Value {
    let fields: Map = keys
        .iter()
        .filter_map(|key| Some((key.clone(), element.get(key)?.clone())))
        .collect();
    Value::Object(fields)
}

/// The positions of second appearances; further ones are not reported.
fn repeated(identities: Vec<String>) -> Vec<usize> {
    let mut n_seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut positions = Vec::new();
    for (i, identity) in identities.into_iter().enumerate() {
        let n = n_seen.entry(identity).or_default();
        *n += 1;
        if *n == 2 {
            positions.push(i);
        }
    }
    positions
}
