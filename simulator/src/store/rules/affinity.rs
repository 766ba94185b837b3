//! Which nodes and which other pods a pod wants to be near to.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateAffinity`.

use std::collections::BTreeSet;

use super::part::{has, is_empty, items, refuse, text};
use crate::json::Value;
use crate::store::admission::selector_faults;
use crate::store::naming::{
    label_faults, label_value_faults, qualified_name_faults, subdomain_faults,
};
use crate::store::schema::cause::{forbidden, invalid, required};
use crate::store::status::Cause;

/// What must be so when a pod is placed.
pub(super) const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
/// What should be so.
pub(super) const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// What is wrong with the affinity of a spec, which lies at `path`.
pub(super) fn faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let (affinity, path) = (&spec["affinity"], format!("{path}.affinity"));
    node_faults(
        &format!("{path}.nodeAffinity"),
        &affinity["nodeAffinity"],
        causes,
    );
    for field in ["podAffinity", "podAntiAffinity"] {
        let (path, affinity) = (format!("{path}.{field}"), &affinity[field]);
        for (index, term) in items(&affinity[REQUIRED]).enumerate() {
            term_faults(&format!("{path}.{REQUIRED}[{index}]"), term, causes);
        }
        for (index, weighted) in items(&affinity[PREFERRED]).enumerate() {
            let path = format!("{path}.{PREFERRED}[{index}]");
            weight_fault(&path, weighted, causes);
            let path = format!("{path}.podAffinityTerm");
            term_faults(&path, &weighted["podAffinityTerm"], causes);
        }
    }
}

fn node_faults(path: &str, affinity: &Value, causes: &mut Vec<Cause>) {
    if has(affinity, REQUIRED) {
        terms_faults(&format!("{path}.{REQUIRED}"), &affinity[REQUIRED], causes);
    }
    for (index, weighted) in items(&affinity[PREFERRED]).enumerate() {
        let path = format!("{path}.{PREFERRED}[{index}]");
        weight_fault(&path, weighted, causes);
        let term = &weighted["preference"];
        selected_faults(&format!("{path}.preference"), term, false, causes);
    }
}

/// What is wrong with where a volume can be reached from.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateVolumeNodeAffinity`.
pub(super) fn volume_faults(path: &str, affinity: &Value, causes: &mut Vec<Cause>) {
    if affinity.is_null() {
        return;
    }
    let path = format!("{path}.required");
    if !has(affinity, "required") {
        causes.push(required(path, "must specify required node constraints"));
        return;
    }
    terms_faults(&path, &affinity["required"], causes);
}

fn terms_faults(path: &str, selector: &Value, causes: &mut Vec<Cause>) {
    let path = format!("{path}.nodeSelectorTerms");
    let terms = &selector["nodeSelectorTerms"];
    if is_empty(terms) {
        let why = "must have at least one node selector term";
        causes.push(required(&*path, why));
    }
    for (index, term) in items(terms).enumerate() {
        selected_faults(&format!("{path}[{index}]"), term, true, causes);
    }
}

fn weight_fault(path: &str, weighted: &Value, causes: &mut Vec<Cause>) {
    let weight = weighted["weight"].as_i64().unwrap_or_default();
    if !(1..=100).contains(&weight) {
        let why = "must be in the range 1-100";
        causes.push(invalid(format!("{path}.weight"), &weight.into(), why));
    }
}

/// What is wrong with what selects nodes; the values of labels count only if it is `strict`.
fn selected_faults(path: &str, term: &Value, strict: bool, causes: &mut Vec<Cause>) {
    for (index, expression) in items(&term["matchExpressions"]).enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        expression_faults(&path, expression, causes);
        let key = text(expression, "key");
        refuse(
            &format!("{path}.key"),
            key,
            qualified_name_faults(key),
            causes,
        );
        for (index, value) in items(&expression["values"]).enumerate().filter(|_| strict) {
            let value = value.as_str().unwrap_or_default();
            let field = format!("{path}.values[{index}]");
            refuse(&field, value, label_value_faults(value), causes);
        }
    }
    for (index, requirement) in items(&term["matchFields"]).enumerate() {
        field_faults(&format!("{path}.matchFields[{index}]"), requirement, causes);
    }
}

fn expression_faults(path: &str, expression: &Value, causes: &mut Vec<Cause>) {
    let field = format!("{path}.values");
    let n_values = items(&expression["values"]).count();
    causes.push(match (text(expression, "operator"), n_values) {
        ("In" | "NotIn", 0) => required(
            field,
            "must be specified when `operator` is 'In' or 'NotIn'",
        ),
        ("Exists" | "DoesNotExist", 1..) => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            forbidden(field, why)
        }
        ("Gt" | "Lt", 0 | 2..) => {
            let why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            required(field, why)
        }
        ("In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt", _) => return,
        (operator, _) => unknown(path, operator),
    });
}

fn unknown(path: &str, operator: &str) -> Cause {
    let why = "not a valid selector operator";
    invalid(format!("{path}.operator"), &operator.into(), why)
}

fn field_faults(path: &str, requirement: &Value, causes: &mut Vec<Cause>) {
    let values = Vec::from_iter(items(&requirement["values"]).filter_map(Value::as_str));
    match text(requirement, "operator") {
        "In" | "NotIn" if values.len() != 1 => {
            let why =
                "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            causes.push(required(format!("{path}.values"), why));
        }
        "In" | "NotIn" => {}
        operator => causes.push(unknown(path, operator)),
    }
    match text(requirement, "key") {
        "metadata.name" => {
            for (index, value) in values.into_iter().enumerate() {
                let field = format!("{path}.values[{index}]");
                refuse(&field, value, subdomain_faults(value), causes);
            }
        }
        key => {
            let why = "not a valid field selector key";
            causes.push(invalid(format!("{path}.key"), &key.into(), why));
        }
    }
}

fn term_faults(path: &str, term: &Value, causes: &mut Vec<Cause>) {
    for field in ["labelSelector", "namespaceSelector"] {
        causes.extend(selector_faults(&format!("{path}.{field}"), &term[field]));
    }
    for name in items(&term["namespaces"]).filter_map(Value::as_str) {
        refuse(
            &format!("{path}.namespace"),
            name,
            label_faults(name),
            causes,
        );
    }
    key_faults(path, term, causes);
    let (field, key) = (format!("{path}.topologyKey"), text(term, "topologyKey"));
    if key.is_empty() {
        causes.push(required(&*field, "can not be empty"));
    }
    refuse(&field, key, qualified_name_faults(key), causes);
}

/// What is wrong with the labels that are to be as those of the pod, or not.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateMatchLabelKeysAndMismatchLabelKeys`.
pub(super) fn key_faults(path: &str, term: &Value, causes: &mut Vec<Cause>) {
    let keys = |field: &str| Vec::from_iter(items(&term[field]).filter_map(Value::as_str));
    let (same, other) = (keys("matchLabelKeys"), keys("mismatchLabelKeys"));
    let selector = &term["labelSelector"];
    for (field, keys) in [("matchLabelKeys", &same), ("mismatchLabelKeys", &other)] {
        if selector.is_null() && !keys.is_empty() {
            let why = "must not be specified when labelSelector is not set";
            causes.push(forbidden(format!("{path}.{field}"), why));
            continue;
        }
        for (index, key) in keys.iter().enumerate() {
            let field = format!("{path}.{field}[{index}]");
            refuse(&field, key, qualified_name_faults(key), causes);
        }
    }
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let mut selected = BTreeSet::from_iter(labels.map(|(key, _)| key.as_str()));
    for key in items(&selector["matchExpressions"]).map(|expression| text(expression, "key")) {
        let place = same.iter().rposition(|same| *same == key);
        if let Some(index) = place.filter(|_| selected.contains(key)) {
            let why = "exists in both matchLabelKeys and labelSelector";
            causes.push(invalid(format!("{path}[{index}]"), &key.into(), why));
        }
        selected.insert(key);
    }
    for (index, key) in same
        .iter()
        .enumerate()
        .filter(|(_, key)| other.contains(key))
    {
        let why = "exists in both matchLabelKeys and mismatchLabelKeys";
        let field = format!("{path}.matchLabelKeys[{index}]");
        causes.push(invalid(field, &(*key).into(), why));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"key": "a", "operator": "Gt", "values": ["1"]}), &[])]
    #[case::none(json!({"key": "a", "operator": "In"}), &["values: Required value: must be specified when `operator` is 'In' or 'NotIn'"])]
    #[case::some(json!({"key": "a", "operator": "Exists", "values": ["b"]}), &["values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"])]
    #[case::many(json!({"key": "a", "operator": "Lt", "values": ["1", "2"]}), &["values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'"])]
    #[case::unknown(json!({"key": "a", "operator": "=="}), &["operator: Invalid value: \"==\": not a valid selector operator"])]
    fn nodes_are_selected_by_expressions(#[case] expression: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        let terms = json!({"nodeSelectorTerms": [{"matchExpressions": [expression]}]});
        node_faults("n", &json!({REQUIRED: terms}), &mut causes);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        let place = format!("n.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0]");
        let expected = expected.iter().map(|rest| format!("{place}.{rest}"));
        assert_eq!(found, Vec::from_iter(expected));
    }
}
