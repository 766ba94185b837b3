//! Priority classes and runtime classes.
//!
//! Source: kubernetes v1.34 `pkg/apis/scheduling/validation/validation.go`, `pkg/apis/scheduling/v1/helpers.go` and
//! `pkg/apis/node/validation/validation.go`.

use std::collections::BTreeSet;

use super::pod_resources;
use super::pod_spec::choice_fault;
use crate::json::{Value, json};
use crate::store::metadata::label_faults;
use crate::store::naming::{label_fault, label_value_fault, qualified_name_fault};
use crate::store::schema::cause::{forbidden, invalid, required};
use crate::store::status::Cause;

/// The most that anybody but the system may ask for.
const HIGHEST: i64 = 1_000_000_000;
/// The classes of the system, by name, with their values.
const OF_SYSTEM: [(&str, i64); 2] = [
    ("system-node-critical", 2_000_001_000),
    ("system-cluster-critical", 2_000_000_000),
];

/// Says whom pods of a class drive out, unless somebody has, and drops what Go does not write.
pub(super) fn prepare(value: &mut Value) {
    let Some(class) = value.as_object_mut() else {
        return;
    };
    if class.get("preemptionPolicy").is_none_or(Value::is_null) {
        class.insert("preemptionPolicy".to_owned(), "PreemptLowerPriority".into());
    }
    class.retain(|field, value| match field.as_str() {
        "description" => value.as_str().is_some_and(|text| !text.is_empty()),
        "globalDefault" => *value == true,
        _ => true,
    });
}

/// What is wrong with a priority class, which hardly changes.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    let Some(old) = old else {
        value_fault(new, &mut causes);
        let policy = &new["preemptionPolicy"];
        let policies = ["PreemptLowerPriority", "Never"];
        match policy.as_str() {
            Some("") => causes.push(required("preemptionPolicy", "")),
            _ => choice_fault("preemptionPolicy", policy, &policies, &mut causes),
        }
        return causes;
    };
    if new["value"] != old["value"] {
        causes.push(forbidden("value", "may not be changed in an update."));
    }
    let policy = &new["preemptionPolicy"];
    if *policy != old["preemptionPolicy"] {
        causes.push(invalid("preemptionPolicy", policy, "field is immutable"));
    }
    causes
}

fn value_fault(new: &Value, causes: &mut Vec<Cause>) {
    let name = new["metadata"]["name"].as_str().unwrap_or_default();
    let value = new["value"].as_i64().unwrap_or(0);
    if !name.starts_with("system-") {
        if value > HIGHEST {
            let why = format!("maximum allowed value of a user defined priority is {HIGHEST}");
            causes.push(forbidden("value", &why));
        }
        return;
    }
    let known = OF_SYSTEM.iter().find(|(known, _)| *known == name);
    let why = match known {
        None => format!("{name} is not a known system priority class"),
        Some((_, right)) if *right != value => {
            format!("value of {name} PriorityClass must be {right}")
        }
        Some(_) if new["globalDefault"] == true => {
            format!("globalDefault of {name} PriorityClass must be false")
        }
        Some(_) => return,
    };
    let why = format!(
        "priority class names with 'system-' prefix are reserved for system use only. error: {why}"
    );
    causes.push(forbidden("metadata.name", &why));
}

/// What is wrong with a runtime class, which keeps its handler.
pub(super) fn runtime_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    let handler = new["handler"].as_str().unwrap_or_default();
    if let Some(why) = label_fault(handler) {
        causes.push(invalid("handler", &handler.into(), &why));
    }
    let limits = json!({"limits": new["overhead"]["podFixed"]});
    pod_resources::faults("overhead", &limits, &mut causes);
    let scheduling = &new["scheduling"];
    label_faults(
        "scheduling.nodeSelector",
        &scheduling["nodeSelector"],
        &mut causes,
    );
    let mut seen = BTreeSet::new();
    let tolerations = scheduling["tolerations"].as_array().into_iter().flatten();
    for (index, toleration) in tolerations.enumerate() {
        // A real server names the field twice.
        let path = format!("scheduling.tolerations.tolerations[{index}]");
        toleration_faults(&path, toleration, &mut causes);
    }
    let tolerations = scheduling["tolerations"].as_array().into_iter().flatten();
    for (index, toleration) in tolerations.enumerate() {
        let keys = ["key", "operator", "value", "effect"];
        if !seen.insert(keys.map(|key| toleration[key].as_str().unwrap_or_default())) {
            let path = format!("scheduling.tolerations[{index}]");
            causes.push(Cause {
                reason: "FieldValueDuplicate",
                message: format!("Duplicate value: {}", shown(toleration)),
                field: path,
            });
        }
    }
    if old.is_some_and(|old| old["handler"] != new["handler"]) {
        causes.push(invalid("handler", &new["handler"], "field is immutable"));
    }
    causes
}

/// What is wrong with a toleration, wherever it lies.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateTolerations`.
fn toleration_faults(path: &str, toleration: &Value, causes: &mut Vec<Cause>) {
    let text = |field: &str| toleration[field].as_str().unwrap_or_default();
    let (key, operator, value, effect) =
        (text("key"), text("operator"), text("value"), text("effect"));
    let at = |field: &str| format!("{path}.{field}");
    if let Some(why) = qualified_name_fault(key).filter(|_| !key.is_empty()) {
        causes.push(invalid(at("key"), &key.into(), &why));
    }
    if key.is_empty() && operator != "Exists" {
        let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        causes.push(invalid(at("operator"), &operator.into(), why));
    }
    if toleration.get("tolerationSeconds").is_some() && effect != "NoExecute" {
        let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        causes.push(invalid(at("effect"), &effect.into(), why));
    }
    let wrong_value = match operator {
        "Equal" | "" => label_value_fault(value),
        "Exists" if !value.is_empty() => {
            Some("value must be empty when `operator` is 'Exists'".to_owned())
        }
        "Exists" => None,
        _ => {
            let known = &toleration["operator"];
            choice_fault(&at("operator"), known, &["Equal", "Exists"], causes);
            None
        }
    };
    if let Some(why) = wrong_value {
        causes.push(invalid(at("operator"), &value.into(), &why));
    }
    let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    if !effect.is_empty() {
        choice_fault(&at("effect"), &toleration["effect"], &effects, causes);
    }
}

/// A toleration as Go shows its struct.
fn shown(toleration: &Value) -> String {
    let text = |field: &str| toleration[field].as_str().unwrap_or_default();
    format!(
        "{{\"Key\":{:?},\"Operator\":{:?},\"Value\":{:?},\"Effect\":{:?},\"TolerationSeconds\":{}}}",
        text("key"),
        text("operator"),
        text("value"),
        text("effect"),
        toleration["tolerationSeconds"]
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn messages(causes: &[Cause]) -> Vec<String> {
        causes.iter().map(Cause::to_string).collect()
    }

    #[rstest]
    #[case(json!({"metadata": {"name": "high"}, "value": 1_000_000_000, "preemptionPolicy": "Never"}), &[])]
    #[case(json!({"metadata": {"name": "high"}, "value": 1_000_000_001}),
        &["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"])]
    #[case(json!({"metadata": {"name": "system-x"}, "value": 1}),
        &["metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-x is not a known system priority class"])]
    fn a_priority_is_below_those_of_the_system(#[case] class: Value, #[case] expected: &[&str]) {
        assert_eq!(messages(&faults(&class, None)), expected);
    }

    #[test]
    fn a_runtime_class_keeps_its_handler() {
        let (new, old) = (json!({"handler": "x"}), json!({"handler": "y"}));
        let expected = ["handler: Invalid value: \"x\": field is immutable"];
        assert_eq!(messages(&runtime_faults(&new, Some(&old))), expected);
        assert!(runtime_faults(&new, None).is_empty());
    }
}
