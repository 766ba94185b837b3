//! Quotas: what they may count, and where.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go` and `pkg/apis/core/helper/helpers.go`.

use std::collections::BTreeSet;

use crate::json::Value;
use crate::store::naming::{qualified_name_fault, qualified_name_faults};
use crate::store::quota::Amount;
use crate::store::schema::cause::{invalid, invalid_shown, required};
use crate::store::status::Cause;

/// What is counted in whole numbers.
const COUNTED: [&str; 9] = [
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];
/// What pods ask for that quotas limit, aside from huge pages.
const MEASURED: [&str; 10] = [
    "cpu",
    "ephemeral-storage",
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
    "requests.storage",
];
/// What a scope of pods can be applied to.
const OF_PODS: [&str; 7] = [
    "cpu",
    "limits.cpu",
    "limits.memory",
    "memory",
    "pods",
    "requests.cpu",
    "requests.memory",
];
const OF_CLAIMS: [&str; 2] = ["persistentvolumeclaims", "requests.storage"];
const SCOPES: [&str; 7] = [
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
];
const CONTRARY: [[&str; 2]; 2] = [
    ["BestEffort", "NotBestEffort"],
    ["Terminating", "NotTerminating"],
];

/// What is wrong with a quota, which keeps its scopes.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    amounts_faults("spec.hard", &spec["hard"], &mut causes);
    scopes_faults(spec, &mut causes);
    selector_faults(spec, &mut causes);
    let scopes = |object: &Value| -> BTreeSet<String> {
        items(&object["spec"]["scopes"])
            .map(text)
            .map(str::to_owned)
            .collect()
    };
    if old.is_some_and(|old| scopes(old) != scopes(new)) {
        causes.push(scopes_fault(spec, "field is immutable"));
    }
    causes
}

/// What is wrong with what is said to be used.
pub(super) fn status_faults(new: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for list in ["hard", "used"] {
        amounts_faults(&format!("status.{list}"), &new["status"][list], &mut causes);
    }
    causes
}

fn amounts_faults(path: &str, amounts: &Value, causes: &mut Vec<Cause>) {
    for (name, amount) in amounts.as_object().into_iter().flatten() {
        let field = format!("{path}[{name}]");
        resource_fault(&field, name, causes);
        if !name.contains('/') && !is_standard(name) {
            let why = "must be a standard resource for quota";
            causes.push(invalid(&*field, &Value::from(&name[..]), why));
        }
        amount_faults(&field, name, amount, causes);
    }
}

/// What is wrong with an amount of the resource `name`.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateResourceQuantityValue`.
pub(super) fn amount_faults(field: &str, name: &str, amount: &Value, causes: &mut Vec<Cause>) {
    let Some(known) = Amount::read(text(amount)) else {
        return;
    };
    if known < Amount::default() {
        let why = "must be greater than or equal to 0";
        causes.push(invalid(field, amount, why));
    }
    if is_counted(name) && !known.is_whole() {
        causes.push(invalid(field, amount, "must be an integer"));
    }
}

/// What is wrong with the name of a resource that containers, pods or claims ask for.
pub(super) fn name_faults(
    field: &str,
    name: &str,
    is_of_containers: bool,
    causes: &mut Vec<Cause>,
) {
    resource_fault(field, name, causes);
    if !is_of_containers {
        return;
    }
    let is_standard = ["cpu", "memory", "ephemeral-storage"].contains(&name);
    let why = if !name.contains('/') && !is_standard && !name.starts_with("hugepages-") {
        "must be a standard resource for containers"
    } else if !is_native(name) && !is_extended(name) {
        "doesn't follow extended resource name standard"
    } else {
        return;
    };
    causes.push(invalid(field, &name.into(), why));
}

fn resource_fault(field: &str, name: &str, causes: &mut Vec<Cause>) {
    let found = qualified_name_faults(name);
    if !found.is_empty() {
        let found = found.iter();
        causes.extend(found.map(|why| invalid(field, &name.into(), why)));
    } else if !name.contains('/') && !is_standard(name) && name != "storage" {
        let why = "must be a standard resource type or fully qualified";
        causes.push(invalid(field, &name.into(), why));
    }
}

/// Whether more of the resource may be promised than there is.
pub(super) fn is_shared(name: &str) -> bool {
    is_native(name) && !name.starts_with("hugepages-")
}

pub(super) fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether the resource is one of those that vendors add.
fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && qualified_name_fault(&format!("requests.{name}")).is_none()
}

/// Whether quotas know the name, which has no domain.
fn is_standard(name: &str) -> bool {
    COUNTED.contains(&name)
        || MEASURED.contains(&name)
        || name.starts_with("hugepages-")
        || name.starts_with("requests.hugepages-")
}

fn is_counted(name: &str) -> bool {
    COUNTED.contains(&name) || is_extended(name)
}

fn scopes_faults(spec: &Value, causes: &mut Vec<Cause>) {
    for scope in items(&spec["scopes"]).map(text) {
        if !SCOPES.contains(&scope) {
            causes.push(scopes_fault(spec, "unsupported scope"));
        }
        for _ in unfit(spec, scope) {
            causes.push(scopes_fault(spec, "unsupported scope applied to resource"));
        }
    }
    let all: BTreeSet<&str> = items(&spec["scopes"]).map(text).collect();
    for _ in contrary(&all) {
        causes.push(scopes_fault(spec, "conflicting scopes"));
    }
}

fn scopes_fault(spec: &Value, why: &str) -> Cause {
    invalid("spec.scopes", &spec["scopes"], why)
}

fn contrary(scopes: &BTreeSet<&str>) -> impl Iterator<Item = [&'static str; 2]> {
    CONTRARY
        .into_iter()
        .filter(move |pair| pair.iter().all(|scope| scopes.contains(scope)))
}

/// The resources of the quota to which the scope cannot be applied.
fn unfit<'s>(spec: &'s Value, scope: &'s str) -> impl Iterator<Item = &'s str> {
    let names = spec["hard"].as_object().into_iter().flatten();
    let names = names.map(|(name, _)| &name[..]);
    names.filter(move |name| {
        let fits = match scope {
            "BestEffort" => *name == "pods",
            "VolumeAttributesClass" => OF_CLAIMS.contains(name),
            scope if SCOPES.contains(&scope) => OF_PODS.contains(name),
            _ => true,
        };
        is_standard(name) && !fits
    })
}

fn selector_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let path = "spec.scopeSelector.matchExpressions";
    let terms = &spec["scopeSelector"]["matchExpressions"];
    for term in items(terms) {
        let (scope, operator) = (text(&term["scopeName"]), text(&term["operator"]));
        if !SCOPES.contains(&scope) {
            let field = format!("{path}.scopeName");
            causes.push(invalid(field, &term["scopeName"], "unsupported scope"));
        }
        for _ in unfit(spec, scope) {
            let why = "unsupported scope applied to resource";
            causes.push(invalid_shown(path, &shown(terms), why));
        }
        let takes_values = ["PriorityClass", "VolumeAttributesClass"].contains(&scope);
        if SCOPES.contains(&scope) && !takes_values && operator != "Exists" {
            let why = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            causes.push(invalid(format!("{path}.operator"), &term["operator"], why));
        }
        let has_values = items(&term["values"]).next().is_some();
        match operator {
            "In" | "NotIn" if !has_values => {
                let why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                causes.push(required(format!("{path}.values"), why));
            }
            "Exists" | "DoesNotExist" if has_values => {
                let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                causes.push(invalid(format!("{path}.values"), &term["values"], why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => {
                let field = format!("{path}.operator");
                causes.push(invalid(
                    field,
                    &term["operator"],
                    "not a valid selector operator",
                ));
            }
        }
    }
    let all: BTreeSet<&str> = items(terms).map(|term| text(&term["scopeName"])).collect();
    for _ in contrary(&all) {
        // A real server shows the other scopes here.
        let scopes = &spec["scopes"];
        causes.push(invalid(path, scopes, "conflicting scopes"));
    }
}

/// A selector of scopes as Go shows its struct.
fn shown(terms: &Value) -> String {
    let term = |term: &Value| {
        format!(
            "{{\"ScopeName\":{},\"Operator\":{},\"Values\":{}}}",
            term["scopeName"], term["operator"], term["values"]
        )
    };
    let terms: Vec<String> = items(terms).map(term).collect();
    format!("{{\"MatchExpressions\":[{}]}}", terms.join(","))
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case(json!({"hard": {"pods": "2", "limits.cpu": "500m", "requests.example.com/gpu": "1", "count/jobs.batch": "1"}}), &[])]
    #[case(json!({"hard": {"pods": "1500m"}}), &["spec.hard[pods]: Invalid value: \"1500m\": must be an integer"])]
    #[case(json!({"hard": {"pods": "-1"}}), &["spec.hard[pods]: Invalid value: \"-1\": must be greater than or equal to 0"])]
    #[case(json!({"hard": {"storage": "1"}}), &["spec.hard[storage]: Invalid value: \"storage\": must be a standard resource for quota"])]
    #[case(json!({"hard": {"secrets": "1"}, "scopes": ["BestEffort"]}),
        &["spec.scopes: Invalid value: [\"BestEffort\"]: unsupported scope applied to resource"])]
    #[case(json!({"scopes": ["Terminating", "NotTerminating"]}),
        &["spec.scopes: Invalid value: [\"Terminating\",\"NotTerminating\"]: conflicting scopes"])]
    #[case(json!({"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In"}]}}),
        &["spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"])]
    fn what_a_quota_may_not_hold_is_found(#[case] spec: Value, #[case] expected: &[&str]) {
        let causes = faults(&json!({"spec": spec}), None);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }
}
