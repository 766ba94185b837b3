//! By what an autoscaler measures, and how fast it scales.
//!
//! Source: kubernetes v1.34 `pkg/apis/autoscaling/validation/validation.go`.

use super::allotment::name_faults;
use super::pod_spec::choice_fault;
use crate::json::{Value, json};
use crate::store::naming::{label_fault, path_segment_fault};
use crate::store::quota::Amount;
use crate::store::schema::cause::{forbidden, invalid, required};
use crate::store::status::Cause;

const TYPES: [&str; 5] = [
    "ContainerResource",
    "External",
    "Object",
    "Pods",
    "Resource",
];
/// The fields of a metric, in the order in which a real server looks at them.
const SOURCES: [&str; 5] = [
    "object",
    "external",
    "pods",
    "resource",
    "containerResource",
];
const LONGEST_WINDOW_SECONDS: i64 = 3600;
const LONGEST_PERIOD_SECONDS: i64 = 1800;

/// What is wrong with the metric at `path`.
pub(super) fn metric_faults(path: &str, metric: &Value, causes: &mut Vec<Cause>) {
    let kind = text(&metric["type"]);
    if kind.is_empty() {
        let why = "must specify a metric source type";
        causes.push(required(format!("{path}.type"), why));
    }
    let given: Vec<&str> = SOURCES
        .into_iter()
        .filter(|source| !metric[*source].is_null())
        .collect();
    if let Some(source) = given.first() {
        source_faults(
            &format!("{path}.{source}"),
            source,
            &metric[*source],
            causes,
        );
    }
    let expected = if TYPES.contains(&kind) {
        format!("{}{}", kind[..1].to_lowercase(), &kind[1..])
    } else {
        // A real server finds this twice.
        for _ in 0..2 {
            choice_fault(&format!("{path}.type"), &kind.into(), &TYPES, causes);
        }
        String::new()
    };
    if !expected.is_empty() && metric[expected.as_str()].is_null() {
        let why = "must populate information for the given metric source";
        causes.push(required(format!("{path}.{expected}"), why));
    }
    if given.len() != 1 {
        for source in given.iter().filter(|source| **source != expected) {
            let why = "must populate the given metric source only";
            causes.push(forbidden(format!("{path}.{source}"), why));
        }
    }
}

fn source_faults(path: &str, source: &str, given: &Value, causes: &mut Vec<Cause>) {
    let target = &given["target"];
    let (name, at) = (text(&given["name"]), format!("{path}.name"));
    match source {
        "resource" | "containerResource" if name.is_empty() => {
            causes.push(required(at, "must specify a resource name"));
        }
        "resource" => {}
        "containerResource" => name_faults(&at, name, true, causes),
        _ => {
            if source == "object" {
                let field = format!("{path}.describedObject");
                let described = &given["describedObject"];
                reference_faults(&field, described, causes);
                let version = &described["apiVersion"];
                if let Some(why) = version_fault(text(version), true) {
                    causes.push(invalid(format!("{field}.apiVersion"), version, &why));
                }
            }
            identifier_faults(
                &format!("{path}.metric.name"),
                &given["metric"]["name"],
                causes,
            );
        }
    }
    if source == "containerResource" {
        let (container, at) = (&given["container"], format!("{path}.container"));
        match label_fault(text(container)) {
            _ if text(container).is_empty() => {
                causes.push(required(at, "must specify a container"));
            }
            Some(why) => causes.push(invalid(at, container, &why)),
            None => {}
        }
    }
    target_faults(&format!("{path}.target"), target, causes);
    let has = |field: &str| !target[field].is_null();
    let (value, mean, share) = (has("value"), has("averageValue"), has("averageUtilization"));
    let field = |name: &str| format!("{path}.target.{name}");
    match source {
        "object" if !value && !mean => {
            let why = "must set either a target value or averageValue";
            causes.push(required(field("averageValue"), why));
        }
        "external" if !value && !mean => {
            let why = "must set either a target value for metric or a per-pod target";
            causes.push(required(field("averageValue"), why));
        }
        "external" if value && mean => {
            let why = "may not set both a target value for metric and a per-pod target";
            causes.push(forbidden(field("value"), why));
        }
        "pods" if !mean => {
            let why = "must specify a positive target averageValue";
            causes.push(required(field("averageValue"), why));
        }
        "resource" | "containerResource" if !share && !mean => {
            let why = "must set either a target raw value or a target utilization";
            causes.push(required(field("averageUtilization"), why));
        }
        "resource" | "containerResource" if share && mean => {
            let why = "may not set both a target raw value and a target utilization";
            causes.push(forbidden(field("averageValue"), why));
        }
        _ => {}
    }
}

/// What is wrong with the reference to what is scaled or measured, its version aside.
pub(super) fn reference_faults(path: &str, reference: &Value, causes: &mut Vec<Cause>) {
    for field in ["kind", "name"] {
        let (at, given) = (format!("{path}.{field}"), &reference[field]);
        match path_segment_fault(text(given)) {
            _ if text(given).is_empty() => causes.push(required(at, "")),
            Some(why) => causes.push(invalid(at, given, &why)),
            None => {}
        }
    }
}

/// What is wrong with the version of what is scaled or measured.
pub(super) fn version_fault(version: &str, may_be_of_core: bool) -> Option<String> {
    match version.matches('/').count() {
        0 if !may_be_of_core => Some("apiVersion must specify API group".to_owned()),
        0 | 1 => None,
        _ => Some(format!("unexpected GroupVersion string: {version}")),
    }
}

fn identifier_faults(field: &str, name: &Value, causes: &mut Vec<Cause>) {
    match path_segment_fault(text(name)) {
        _ if text(name).is_empty() => {
            causes.push(required(field, "must specify a metric name"));
        }
        Some(why) => causes.push(invalid(field, name, &why)),
        None => {}
    }
}

fn target_faults(path: &str, target: &Value, causes: &mut Vec<Cause>) {
    let (kind, field) = (text(&target["type"]), format!("{path}.type"));
    if kind.is_empty() {
        causes.push(required(&*field, "must specify a metric target type"));
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind) {
        let why = "must be either Utilization, Value, or AverageValue";
        causes.push(invalid(&*field, &kind.into(), why));
    }
    for field in ["value", "averageValue"] {
        let amount = &target[field];
        let known = amount.as_str().and_then(Amount::read);
        if known.is_some_and(|known| known <= Amount::default()) {
            causes.push(invalid(
                format!("{path}.{field}"),
                amount,
                "must be positive",
            ));
        }
    }
    let share = &target["averageUtilization"];
    if share.as_i64().is_some_and(|share| share < 1) {
        let field = format!("{path}.averageUtilization");
        causes.push(invalid(field, share, "must be greater than 0"));
    }
}

/// Fills in how an autoscaler scales where that is said in part.
///
/// Source: kubernetes v1.34 `pkg/apis/autoscaling/v2/defaults.go`.
pub(super) fn fill_behavior(behavior: &mut Value) {
    let percent = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
    let up = json!({
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}, percent.clone()],
    });
    let down = json!({"selectPolicy": "Max", "policies": [percent]});
    for (direction, rules) in [("scaleUp", up), ("scaleDown", down)] {
        for (field, default) in rules.as_object().into_iter().flatten() {
            if behavior[direction][field.as_str()].is_null() {
                behavior[direction][field.as_str()] = default.clone();
            }
        }
    }
}

/// What is wrong with how an autoscaler scales, which lies at `path`.
pub(super) fn behavior_faults(path: &str, behavior: &Value, causes: &mut Vec<Cause>) {
    for direction in ["scaleUp", "scaleDown"] {
        if !behavior[direction].is_null() {
            let path = format!("{path}.{direction}");
            direction_faults(&path, &behavior[direction], causes);
        }
    }
}

fn direction_faults(path: &str, rules: &Value, causes: &mut Vec<Cause>) {
    let window = &rules["stabilizationWindowSeconds"];
    let why = match window.as_i64() {
        Some(..0) => "must be greater than or equal to zero",
        Some(seconds) if seconds > LONGEST_WINDOW_SECONDS => "must be less than or equal to 3600",
        _ => "",
    };
    if !why.is_empty() {
        causes.push(invalid(
            format!("{path}.stabilizationWindowSeconds"),
            window,
            why,
        ));
    }
    let choices = ["Disabled", "Max", "Min"];
    let field = format!("{path}.selectPolicy");
    choice_fault(&field, &rules["selectPolicy"], &choices, causes);
    let policies = rules["policies"].as_array().map(Vec::as_slice);
    let policies = policies.unwrap_or_default();
    if policies.is_empty() {
        let why = "must specify at least one Policy";
        causes.push(required(format!("{path}.policies"), why));
    }
    for (index, policy) in policies.iter().enumerate() {
        policy_faults(&format!("{path}.policies[{index}]"), policy, causes);
    }
}

fn policy_faults(path: &str, policy: &Value, causes: &mut Vec<Cause>) {
    let kinds = ["Percent", "Pods"];
    choice_fault(&format!("{path}.type"), &policy["type"], &kinds, causes);
    for field in ["value", "periodSeconds"] {
        let number = policy[field].as_i64().unwrap_or(0);
        let at = format!("{path}.{field}");
        let shown = number.into();
        match number {
            ..=0 => causes.push(invalid(at, &shown, "must be greater than zero")),
            seconds if field == "periodSeconds" && seconds > LONGEST_PERIOD_SECONDS => {
                causes.push(invalid(at, &shown, "must be less than or equal to 1800"));
            }
            _ => {}
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 5}}}), &[])]
    #[case(json!({"type": "Pods", "pods": {"metric": {"name": "m"}, "target": {"type": "Value", "value": "0"}}}), &[
        "m.pods.target.value: Invalid value: \"0\": must be positive",
        "m.pods.target.averageValue: Required value: must specify a positive target averageValue",
    ])]
    #[case(json!({"type": "Pods"}), &["m.pods: Required value: must populate information for the given metric source"])]
    fn a_metric_has_one_source_and_one_target(#[case] metric: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        metric_faults("m", &metric, &mut causes);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }
}
