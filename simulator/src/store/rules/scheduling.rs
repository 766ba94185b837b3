//! What keeps a pod from nodes, and what lets it on them.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateTolerations`,
//! `validateTopologySpreadConstraints`, `validateReadinessGates` and `validateSchedulingGates`.

use std::collections::BTreeSet;

use super::affinity;
use super::part::{items, refuse, text};
use super::pod_spec::choice_fault;
use crate::json::Value;
use crate::store::admission::selector_faults;
use crate::store::naming::{label_value_faults, qualified_name_faults};
use crate::store::schema::cause::{duplicate, invalid, required};
use crate::store::status::Cause;

pub(super) const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const ALL: &str =
    "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";

/// What is wrong with the tolerations of a spec, which lies at `path`.
pub(super) fn toleration_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    for (index, toleration) in items(&spec["tolerations"]).enumerate() {
        let at = |field: &str| format!("{path}.tolerations[{index}].{field}");
        let (key, operator) = (text(toleration, "key"), text(toleration, "operator"));
        if !key.is_empty() {
            refuse(&at("key"), key, qualified_name_faults(key), causes);
        } else if operator != "Exists" {
            causes.push(invalid(at("operator"), &operator.into(), ALL));
        }
        let effect = text(toleration, "effect");
        if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
            let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            causes.push(invalid(at("effect"), &effect.into(), why));
        }
        let (field, value) = (at("operator"), text(toleration, "value"));
        match operator {
            "" | "Equal" => {
                let found = label_value_faults(value).join(";");
                refuse(
                    &field,
                    value,
                    Some(found).filter(|why| !why.is_empty()),
                    causes,
                );
            }
            "Exists" if !value.is_empty() => {
                let why = "value must be empty when `operator` is 'Exists'";
                causes.push(invalid(field, &value.into(), why));
            }
            _ => choice_fault(&field, &operator.into(), &["Equal", "Exists"], causes),
        }
        if !effect.is_empty() {
            choice_fault(&at("effect"), &effect.into(), &EFFECTS, causes);
        }
    }
}

/// What is wrong with the conditions that a spec counts for readiness, and with what holds its pod back.
pub(super) fn gate_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    for (index, gate) in items(&spec["readinessGates"]).enumerate() {
        let condition = text(gate, "conditionType");
        let field = format!("{path}.readinessGates[{index}].conditionType");
        refuse(&field, condition, qualified_name_faults(condition), causes);
    }
    let mut known = BTreeSet::new();
    for (index, gate) in items(&spec["schedulingGates"]).enumerate() {
        let (field, name) = (
            format!("{path}.schedulingGates[{index}]"),
            text(gate, "name"),
        );
        refuse(&field, name, qualified_name_faults(name), causes);
        if !known.insert(name) {
            causes.push(duplicate(field, &name.into()));
        }
    }
}

/// What is wrong with how a spec spreads its pods.
pub(super) fn spread_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let list = Vec::from_iter(items(&spec["topologySpreadConstraints"]));
    for (index, constraint) in list.iter().enumerate() {
        let path = format!("{path}.topologySpreadConstraints[{index}]");
        let (key, action) = (
            text(constraint, "topologyKey"),
            text(constraint, "whenUnsatisfiable"),
        );
        positive(&format!("{path}.maxSkew"), &constraint["maxSkew"], causes);
        if key.is_empty() {
            causes.push(required(format!("{path}.topologyKey"), "can not be empty"));
        }
        let (field, actions) = (
            format!("{path}.whenUnsatisfiable"),
            ["DoNotSchedule", "ScheduleAnyway"],
        );
        choice_fault(&field, &action.into(), &actions, causes);
        let is_same = |other: &&Value| {
            text(other, "topologyKey") == key && text(other, "whenUnsatisfiable") == action
        };
        if list[index + 1..].iter().any(is_same) {
            let field = format!("{path}.{{topologyKey, whenUnsatisfiable}}");
            causes.push(duplicate(field, &format!("{{{key}, {action}}}").into()));
        }
        let least = &constraint["minDomains"];
        if !least.is_null() {
            let field = format!("{path}.minDomains");
            positive(&field, least, causes);
            if action != "DoNotSchedule" {
                let why = format!(
                    "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
                );
                causes.push(invalid(field, least, &why));
            }
        }
        for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            let (policy, known) = (&constraint[field], ["Honor", "Ignore"]);
            choice_fault(&format!("{path}.{field}"), policy, &known, causes);
        }
        affinity::key_faults(&path, constraint, causes);
        let selector = &constraint["labelSelector"];
        causes.extend(selector_faults(&format!("{path}.labelSelector"), selector));
    }
}

/// Refuses a number that is not above zero; one that is left out is none.
fn positive(field: &str, number: &Value, causes: &mut Vec<Cause>) {
    let number = number.as_i64().unwrap_or_default();
    if number <= 0 {
        causes.push(invalid(field, &number.into(), "must be greater than zero"));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"key": "a", "value": "b"}), &[])]
    #[case::all(json!({"operator": "Exists"}), &[])]
    #[case::no_key(json!({"operator": "Equal"}), &["operator: Invalid value: \"Equal\": operator must be Exists when `key` is empty, which means \"match all values and all keys\""])]
    #[case::value(json!({"key": "a", "operator": "Exists", "value": "b"}), &["operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'"])]
    #[case::time(json!({"key": "a", "tolerationSeconds": 1, "effect": "NoSchedule"}), &["effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set"])]
    #[case::effect(json!({"key": "a", "effect": "No"}), &["effect: Unsupported value: \"No\": supported values: \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\""])]
    fn a_toleration_is_checked(#[case] toleration: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        toleration_faults("s", &json!({"tolerations": [toleration]}), &mut causes);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        let expected = expected
            .iter()
            .map(|rest| format!("s.tolerations[0].{rest}"));
        assert_eq!(found, Vec::from_iter(expected));
    }
}
