//! What values a pod's spec may hold.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeSet;

use super::of_kind::required;
use super::{container_port, pod_resources};
use crate::json::Value;
use crate::store::metadata::invalid;
use crate::store::naming::label_fault;
use crate::store::status::Cause;

const VARIABLE: &str = "a valid environment variable name must consist only of printable ASCII characters other than '='";
const RESTART_POLICIES: [&str; 3] = ["Always", "OnFailure", "Never"];
/// What only containers may have on which others rely.
const LASTING: [&str; 8] = [
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];
const PULL_POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];

/// What is wrong with a spec whose parts are all there.
pub(super) fn faults(path: &str, spec: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let policy = &spec["restartPolicy"];
    let field = format!("{path}.restartPolicy");
    choice_fault(&field, policy, &RESTART_POLICIES, &mut causes);
    let volumes: BTreeSet<&str> = items(&spec["volumes"]).filter_map(name).collect();
    let (mut names, mut on_host) = (BTreeSet::new(), BTreeSet::new());
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (index, container) in items(&spec[list]).enumerate() {
            let path = format!("{path}.{list}[{index}]");
            container_faults(&path, container, &volumes, &mut causes);
            container_port::faults(&path, container, &mut on_host, &mut causes);
            if list == "ephemeralContainers" {
                ephemeral_faults(&path, container, spec, &mut causes);
            }
            if let Some(name) = name(container).filter(|name| !names.insert(*name)) {
                causes.push(Cause {
                    reason: "FieldValueDuplicate",
                    message: format!("Duplicate value: {name:?}"),
                    field: format!("{path}.name"),
                });
            }
        }
    }
    causes
}

/// What an ephemeral container may not have, on which nobody should rely.
fn ephemeral_faults(path: &str, container: &Value, spec: &Value, causes: &mut Vec<Cause>) {
    let target = container["targetContainerName"]
        .as_str()
        .unwrap_or_default();
    let others = ["containers", "initContainers"];
    let mut others = others.iter().flat_map(|list| items(&spec[*list]));
    if !target.is_empty() && !others.any(|other| name(other) == Some(target)) {
        causes.push(Cause {
            reason: "FieldValueNotFound",
            message: format!("Not found: {target:?}"),
            field: format!("{path}.targetContainerName"),
        });
    }
    let is_set = |value: &Value| match value {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => fields.iter().next().is_some(),
        _ => true,
    };
    let unfit = LASTING.iter().filter(|field| is_set(&container[**field]));
    let mut unfit: Vec<String> = unfit.map(|field| format!("{path}.{field}")).collect();
    for (index, mount) in items(&container["volumeMounts"]).enumerate() {
        let within = ["subPath", "subPathExpr"].into_iter();
        let within = within.filter(|field| mount[*field].as_str().is_some_and(|at| !at.is_empty()));
        unfit.extend(within.map(|field| format!("{path}.volumeMounts[{index}].{field}")));
    }
    causes.extend(unfit.into_iter().map(|field| Cause {
        reason: "FieldValueForbidden",
        message: "Forbidden: cannot be set for an Ephemeral Container".to_owned(),
        field,
    }));
}

fn container_faults(
    path: &str,
    container: &Value,
    volumes: &BTreeSet<&str>,
    causes: &mut Vec<Cause>,
) {
    if let Some((name, text)) = name(container).and_then(|name| Some((name, label_fault(name)?))) {
        causes.push(invalid(&format!("{path}.name"), name, &text));
    }
    let policy = &container["imagePullPolicy"];
    let field = format!("{path}.imagePullPolicy");
    choice_fault(&field, policy, &PULL_POLICIES, causes);
    for (index, variable) in items(&container["env"]).enumerate() {
        let field = format!("{path}.env[{index}].name");
        let is_good = |letter: char| matches!(letter, ' '..='~') && letter != '=';
        match name(variable) {
            None => causes.push(required(field, "Required value")),
            Some(name) if !name.chars().all(is_good) => {
                causes.push(invalid(&field, name, VARIABLE));
            }
            Some(_) => {}
        }
    }
    let resources = &container["resources"];
    pod_resources::faults(&format!("{path}.resources"), resources, causes);
    let mut places = BTreeSet::new();
    for (index, mount) in items(&container["volumeMounts"]).enumerate() {
        let path = format!("{path}.volumeMounts[{index}]");
        if let Some(name) = name(mount).filter(|name| !volumes.contains(name)) {
            causes.push(Cause {
                reason: "FieldValueNotFound",
                message: format!("Not found: {name:?}"),
                field: format!("{path}.name"),
            });
        }
        let place = mount["mountPath"].as_str().unwrap_or_default();
        if !places.insert(place) {
            causes.push(invalid(
                &format!("{path}.mountPath"),
                place,
                "must be unique",
            ));
        }
    }
}

pub(super) fn choice_fault(field: &str, value: &Value, choices: &[&str], causes: &mut Vec<Cause>) {
    let Some(chosen) = value.as_str().filter(|chosen| !choices.contains(chosen)) else {
        return;
    };
    let known: Vec<_> = choices.iter().map(|choice| format!("{choice:?}")).collect();
    causes.push(Cause {
        reason: "FieldValueNotSupported",
        message: format!(
            "Unsupported value: {chosen:?}: supported values: {}",
            known.join(", ")
        ),
        field: field.to_owned(),
    });
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The name of a part; none if it is empty, which is refused elsewhere.
fn name(part: &Value) -> Option<&str> {
    part["name"].as_str().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"containers": [{"name": "c", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}], "volumes": [{"name": "v"}]}), &[])]
    #[case::policy(json!({"restartPolicy": "No"}), &["spec.restartPolicy: Unsupported value: \"No\": supported values: \"Always\", \"OnFailure\", \"Never\""])]
    #[case::twice(json!({"containers": [{"name": "c"}, {"name": "c"}]}), &["spec.containers[1].name: Duplicate value: \"c\""])]
    #[case::mount(json!({"containers": [{"name": "c", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]}), &["spec.containers[0].volumeMounts[0].name: Not found: \"v\""])]
    #[case::variable(json!({"containers": [{"name": "c", "env": [{"name": ""}]}]}), &["spec.containers[0].env[0].name: Required value"])]
    #[case::port(json!({"containers": [{"name": "c", "ports": [{"containerPort": 0}]}]}), &["spec.containers[0].ports[0].containerPort: Required value"])]
    #[case::far_port(json!({"containers": [{"name": "c", "ports": [{"containerPort": 1, "hostPort": 99999}]}]}), &["spec.containers[0].ports[0].hostPort: Invalid value: 99999: must be between 1 and 65535, inclusive"])]
    #[case::name_of_a_port(json!({"containers": [{"name": "c", "ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]}]}), &["spec.containers[0].ports[1].name: Duplicate value: \"a\""])]
    #[case::port_of_the_node(json!({"containers": [{"name": "c", "ports": [{"containerPort": 1, "hostPort": 5, "protocol": "TCP"}, {"containerPort": 2, "hostPort": 5, "protocol": "TCP"}]}]}), &["spec.containers[0].ports[1].hostPort: Duplicate value: \"TCP//5\""])]
    fn what_a_spec_may_not_hold_is_found(#[case] spec: Value, #[case] expected: &[&str]) {
        let found = faults("spec", &spec).into_iter();
        let found: Vec<_> = found
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect();
        assert_eq!(found, expected);
    }
}
