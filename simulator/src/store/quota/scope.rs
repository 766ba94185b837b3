//! Which objects a quota is about.
//!
//! Source: kubernetes v1.34 `pkg/quota/v1/evaluator/core/pods.go`, `podMatchesScopeFunc`.

use super::measure::Measured;
use super::pod::is_best_effort;
use crate::json::{Value, json};
use crate::store::object::texts;

/// Whether an object is within all scopes of the `spec` of a quota.
pub(crate) fn is_in_scope(measured: Measured, spec: &Value, object: &Value) -> bool {
    let is_pod = measured.group.is_empty() && measured.plural == "pods";
    let named = texts(&spec["scopes"]).into_iter();
    let named = named.map(|scope| json!({"scopeName": scope, "operator": "Exists"}));
    let selected = spec["scopeSelector"]["matchExpressions"].as_array();
    let mut all = named.chain(selected.into_iter().flatten().cloned());
    // Nothing but pods is within a scope.
    all.all(|scope| is_pod && matches(&scope, &object["spec"]))
}

fn matches(scope: &Value, pod: &Value) -> bool {
    let deadline = pod["activeDeadlineSeconds"].as_i64();
    let is_terminating = deadline.is_some_and(|seconds| seconds >= 0);
    match scope["scopeName"].as_str().unwrap_or_default() {
        "Terminating" => is_terminating,
        "NotTerminating" => !is_terminating,
        "BestEffort" => is_best_effort(pod),
        "NotBestEffort" => !is_best_effort(pod),
        "PriorityClass" => {
            let class = pod["priorityClassName"].as_str().unwrap_or_default();
            let is_named = || texts(&scope["values"]).contains(&class);
            match scope["operator"].as_str().unwrap_or_default() {
                "In" => is_named(),
                "NotIn" => !is_named(),
                "DoesNotExist" => class.is_empty(),
                _ => !class.is_empty(),
            }
        }
        _ => false,
    }
}

/// Whether a pod is within the scope `Terminating`.
pub(super) fn is_terminating(pod: &Value) -> bool {
    matches(&json!({"scopeName": "Terminating"}), &pod["spec"])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({}), json!({}), true)]
    #[case(json!({"scopes": ["Terminating"]}), json!({"activeDeadlineSeconds": 1}), true)]
    #[case(json!({"scopes": ["NotTerminating", "BestEffort"]}), json!({"containers": [{}]}), true)]
    #[case(json!({"scopes": ["NotBestEffort"]}), json!({"containers": [{"resources": {"limits": {"cpu": "1"}}}]}), true)]
    #[case(json!({"scopes": ["BestEffort"]}), json!({"containers": [{"resources": {"limits": {"cpu": "1"}}}]}), false)]
    #[case(json!({"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]}}), json!({"priorityClassName": "high"}), true)]
    fn a_pod_is_within_scopes(#[case] quota: Value, #[case] spec: Value, #[case] expected: bool) {
        let pods = Measured {
            group: "",
            plural: "pods",
        };
        assert_eq!(is_in_scope(pods, &quota, &json!({"spec": spec})), expected);
        let secrets = Measured {
            plural: "secrets",
            ..pods
        };
        assert_eq!(
            is_in_scope(secrets, &quota, &json!({})),
            quota.as_object().is_some_and(|quota| quota.is_empty())
        );
    }
}
