//! What values a pod's spec may hold.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidatePodSpec`.

use std::collections::BTreeSet;

use super::container::{self, Home};
use super::part::{has, items, range_fault, refuse, text};
use super::{
    affinity, pod_amounts, pod_gates, pod_network, pod_os, pod_resources, scheduling, security,
    volume_source, windows,
};
use crate::json::{Value, json};
use crate::store::metadata;
use crate::store::naming::{label_faults, subdomain_faults};
use crate::store::schema::cause::{duplicate, invalid_shown, required};
use crate::store::status::Cause;

const RESTART_POLICIES: [&str; 3] = ["Always", "OnFailure", "Never"];
const RESOLVER_POLICIES: [&str; 4] = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const PREEMPTION_POLICIES: [&str; 2] = ["PreemptLowerPriority", "Never"];
/// The longest that a pod may run, in seconds.
pub(super) const DEADLINE_SECONDS_MAX: i64 = 2_147_483_647;

/// What is wrong with a spec, which lies at `path`. `pod` is the name of the pod, if it is not of a template.
pub(super) fn faults(path: &str, spec: &Value, pod: Option<&str>) -> Vec<Cause> {
    let (mut causes, spec) = (Vec::new(), pod_gates::kept(spec));
    let spec = &*spec;
    let at = |field: &str| format!("{path}.{field}");
    let volumes = volume_source::faults(path, spec, pod.unwrap_or_default(), &mut causes);
    let claims = claim_faults(&at("resourceClaims"), spec, &mut causes);
    let home = Home {
        spec,
        volumes,
        claims,
    };
    container::faults(path, &home, &mut causes);
    pod_amounts::faults(path, spec, &mut causes);
    pod_network::port_faults(path, spec, pod.is_some(), &mut causes);
    choose(
        path,
        spec,
        ("restartPolicy", &RESTART_POLICIES),
        &mut causes,
    );
    choose(path, spec, ("dnsPolicy", &RESOLVER_POLICIES), &mut causes);
    metadata::label_faults(&at("nodeSelector"), &spec["nodeSelector"], &mut causes);
    security::pod_faults(path, spec, &mut causes);
    affinity::faults(path, spec, &mut causes);
    pod_network::resolver_faults(path, spec, &mut causes);
    scheduling::gate_faults(path, spec, &mut causes);
    scheduling::spread_faults(path, spec, &mut causes);
    windows::host_faults(path, spec, &mut causes);
    security::user_faults(path, spec, &mut causes);
    name_faults(path, spec, &mut causes);
    scheduling::toleration_faults(path, spec, &mut causes);
    pod_network::alias_faults(path, spec, &mut causes);
    class_faults(path, spec, &mut causes);
    pod_os::faults(path, spec, &mut causes);
    causes
}

fn choose(path: &str, spec: &Value, (field, known): (&str, &[&str]), causes: &mut Vec<Cause>) {
    choice_fault(&format!("{path}.{field}"), &spec[field], known, causes);
}

/// What is wrong with the names in a spec, and with how long its pod may run.
fn name_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    for field in ["serviceAccountName", "nodeName"] {
        subdomain(path, spec, field, causes);
    }
    let (field, deadline) = ("activeDeadlineSeconds", &spec["activeDeadlineSeconds"]);
    let range = 1..=DEADLINE_SECONDS_MAX;
    range_fault(&format!("{path}.{field}"), deadline, range, causes);
    for field in ["hostname", "subdomain"] {
        let name = text(spec, field);
        if !name.is_empty() {
            refuse(&format!("{path}.{field}"), name, label_faults(name), causes);
        }
    }
}

fn subdomain(path: &str, spec: &Value, field: &str, causes: &mut Vec<Cause>) {
    let name = text(spec, field);
    if !name.is_empty() {
        refuse(
            &format!("{path}.{field}"),
            name,
            subdomain_faults(name),
            causes,
        );
    }
}

/// What is wrong with the classes that a spec names, and with what they give it.
fn class_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    subdomain(path, spec, "priorityClassName", causes);
    if let Some(class) = spec["runtimeClassName"].as_str() {
        let field = format!("{path}.runtimeClassName");
        refuse(&field, class, subdomain_faults(class), causes);
    }
    choose(
        path,
        spec,
        ("preemptionPolicy", &PREEMPTION_POLICIES),
        causes,
    );
    let overhead = json!({"limits": spec["overhead"]});
    pod_resources::faults(&format!("{path}.overhead"), &overhead, causes);
}

/// What is wrong with the claims of devices of a spec; answers with their names.
fn claim_faults<'s>(path: &str, spec: &'s Value, causes: &mut Vec<Cause>) -> BTreeSet<&'s str> {
    let mut names = BTreeSet::new();
    for (index, claim) in items(&spec["resourceClaims"]).enumerate() {
        let (path, name) = (format!("{path}[{index}]"), text(claim, "name"));
        let field = format!("{path}.name");
        if name.is_empty() {
            causes.push(required(field, ""));
        } else if !names.insert(name) {
            causes.push(duplicate(field, &name.into()));
        } else {
            refuse(&field, name, label_faults(name), causes);
        }
        let fields = ["resourceClaimName", "resourceClaimTemplateName"];
        let why = match fields.iter().filter(|field| has(claim, field)).count() {
            0 => "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
            1 => "",
            _ => {
                "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            }
        };
        if !why.is_empty() {
            let [one, other] = fields.map(|field| &claim[field]);
            let name = &json!(name);
            let shown = format!(
                "{{\"Name\":{name},\"ResourceClaimName\":{one},\"ResourceClaimTemplateName\":{other}}}"
            );
            causes.push(invalid_shown(&*path, &shown, why));
        }
        for field in fields {
            if let Some(name) = claim[field].as_str() {
                refuse(
                    &format!("{path}.{field}"),
                    name,
                    subdomain_faults(name),
                    causes,
                );
            }
        }
    }
    names
}

/// Refuses a text that is none of `choices`, which are named in their order.
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"volumeMounts": [{"name": "v", "mountPath": "/v"}]}), &[])]
    #[case::mount(json!({"volumeMounts": [{"name": "w", "mountPath": "/v"}]}), &["volumeMounts[0].name: Not found: \"w\""])]
    #[case::variable(json!({"env": [{"name": ""}]}), &["env[0].name: Required value"])]
    #[case::image(json!({"image": ""}), &["image: Required value"])]
    #[case::port(json!({"ports": [{"containerPort": 0}]}), &["ports[0].containerPort: Required value"])]
    #[case::far_port(json!({"ports": [{"containerPort": 1, "hostPort": 99999}]}), &["ports[0].hostPort: Invalid value: 99999: must be between 1 and 65535, inclusive"])]
    #[case::name_of_a_port(json!({"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]}), &["ports[1].name: Duplicate value: \"a\""])]
    #[case::port_of_the_node(json!({"ports": [{"containerPort": 1, "hostPort": 5, "protocol": "TCP"}, {"containerPort": 2, "hostPort": 5, "protocol": "TCP"}]}), &["ports[1].hostPort: Duplicate value: \"TCP//5\""])]
    fn what_a_container_may_not_hold_is_found(#[case] more: Value, #[case] expected: &[&str]) {
        let mut container = json!({"name": "c", "image": "i"});
        for (field, value) in more.as_object().into_iter().flatten() {
            container[field.as_str()] = value.clone();
        }
        let volume = json!({"name": "v", "emptyDir": {}});
        let spec = json!({"containers": [container], "volumes": [volume]});
        let expected = expected
            .iter()
            .map(|rest| format!("spec.containers[0].{rest}"));
        assert_eq!(texts(&spec), Vec::from_iter(expected));
    }

    #[rstest]
    #[case::nothing(json!({"containers": []}), &["spec.containers: Required value"])]
    #[case::policy(json!({"restartPolicy": "No"}), &["spec.restartPolicy: Unsupported value: \"No\": supported values: \"Always\", \"OnFailure\", \"Never\""])]
    #[case::twice(json!({"initContainers": [{"name": "c", "image": "i"}]}), &["spec.initContainers[0].name: Duplicate value: \"c\""])]
    #[case::deadline(json!({"activeDeadlineSeconds": 0}), &["spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"])]
    #[case::claim(json!({"resourceClaims": [{"name": "a"}]}), &["spec.resourceClaims[0]: Invalid value: {\"Name\":\"a\",\"ResourceClaimName\":null,\"ResourceClaimTemplateName\":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"])]
    fn what_a_spec_may_not_hold_is_found(#[case] more: Value, #[case] expected: &[&str]) {
        let mut spec = json!({"containers": [{"name": "c", "image": "i"}]});
        for (field, value) in more.as_object().into_iter().flatten() {
            spec[field.as_str()] = value.clone();
        }
        assert_eq!(texts(&spec), expected);
    }

    fn texts(spec: &Value) -> Vec<String> {
        let found = faults("spec", spec, Some("p"));
        found.iter().map(Cause::to_string).collect()
    }
}
