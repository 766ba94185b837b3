//! How many pods may be disturbed at a time.
//!
//! Source: kubernetes v1.34 `pkg/apis/policy/validation/validation.go`.

use super::condition;
use super::go_struct;
use super::of_kind::natural;
use super::pod_spec::choice_fault;
use super::rollout::{share_faults, whole_fault};
use crate::json::Value;
use crate::store::admission::selector_faults;
use crate::store::schema::cause::invalid_shown;
use crate::store::status::Cause;

/// What is wrong with a disruption budget.
pub(super) fn faults(new: &Value) -> Vec<Cause> {
    let spec = &new["spec"];
    let (least, most) = (&spec["minAvailable"], &spec["maxUnavailable"]);
    let mut causes = Vec::new();
    if !least.is_null() && !most.is_null() {
        let why = "minAvailable and maxUnavailable cannot be both set";
        causes.push(invalid_shown(
            "spec",
            &go_struct::shown("PodDisruptionBudgetSpec", spec),
            why,
        ));
    }
    for (field, share) in [("spec.minAvailable", least), ("spec.maxUnavailable", most)] {
        share_faults(field, share, &mut causes);
        whole_fault(field, share, &mut causes);
    }
    causes.extend(selector_faults("spec.selector", &spec["selector"]));
    let policies = ["AlwaysAllow", "IfHealthyBudget"];
    let policy = &spec["unhealthyPodEvictionPolicy"];
    choice_fault(
        "spec.unhealthyPodEvictionPolicy",
        policy,
        &policies,
        &mut causes,
    );
    causes
}

/// What is wrong with the status of a disruption budget.
pub(super) fn status_faults(new: &Value) -> Vec<Cause> {
    let counts = [
        "disruptionsAllowed",
        "currentHealthy",
        "desiredHealthy",
        "expectedPods",
    ];
    let mut causes = condition::faults("status.conditions", &new["status"]["conditions"]);
    for count in counts {
        let field = format!("status.{count}");
        natural(&field, &new["status"][count], &mut causes);
    }
    causes
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case(json!({"minAvailable": "50%"}), &[])]
    #[case(json!({"minAvailable": "101%"}), &["Invalid value: \"101%\": must not be greater than 100%"])]
    #[case(json!({"maxUnavailable": -1}), &["Invalid value: -1: must be greater than or equal to 0"])]
    #[case(json!({"minAvailable": 1, "maxUnavailable": 1}),
        &["Invalid value: {\"MinAvailable\":1,\"Selector\":null,\"MaxUnavailable\":1,\"UnhealthyPodEvictionPolicy\":null}: minAvailable and maxUnavailable cannot be both set"])]
    fn a_budget_is_one_number_or_one_share(#[case] spec: Value, #[case] expected: &[&str]) {
        let causes = faults(&json!({"spec": spec})).into_iter();
        let found: Vec<_> = causes.map(|cause| cause.message).collect();
        assert_eq!(found, expected);
    }
}
