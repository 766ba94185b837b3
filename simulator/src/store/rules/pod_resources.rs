//! What a container may request, and be limited to.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateContainerResourceRequirements`.

use super::allotment::name_faults;
use crate::json::Value;
use crate::store::metadata::invalid;
use crate::store::quota::Amount;
use crate::store::status::Cause;

const HUGE_PAGES: &str = "hugepages-";

/// What is wrong with the `resources` of a container or of a claim, which lie at `path`.
pub(super) fn faults(path: &str, resources: &Value, causes: &mut Vec<Cause>) {
    for list in ["limits", "requests"] {
        for (name, quantity) in resources[list].as_object().into_iter().flatten() {
            let field = format!("{path}.{list}[{name}]");
            name_faults(&field, name, true, causes);
            amount_fault(&field, name, quantity, causes);
            if list == "requests" {
                let limit = &resources["limits"][name.as_str()];
                excess_fault(&format!("{path}.{list}"), name, (quantity, limit), causes);
            }
        }
    }
}

fn amount_fault(field: &str, name: &str, quantity: &Value, causes: &mut Vec<Cause>) {
    let text = text(quantity);
    let Some(amount) = Amount::read(text) else {
        return;
    };
    if amount < Amount::default() {
        let why = "must be greater than or equal to 0";
        causes.push(invalid(field, text, why));
    }
    if is_counted(name) && !amount.is_whole() {
        causes.push(invalid(field, text, "must be an integer"));
    }
}

fn excess_fault(
    field: &str,
    name: &str,
    (request, limit): (&Value, &Value),
    causes: &mut Vec<Cause>,
) {
    let (text, most) = (text(request), text(limit));
    let (Some(request), Some(limit)) = (Amount::read(text), Amount::read(most)) else {
        return;
    };
    let relation = match () {
        () if (is_counted(name) || name.starts_with(HUGE_PAGES)) && request != limit => "equal to",
        () if request > limit => "less than or equal to",
        () => return,
    };
    let why = format!("must be {relation} {name} limit of {most}");
    causes.push(invalid(field, text, &why));
}

/// Whether the resource is one of those that vendors add, which come in whole numbers and are not shared.
fn is_counted(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/")
}

fn text(quantity: &Value) -> &str {
    quantity.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"requests": {"cpu": "1", "example.com/x": "1"}, "limits": {"cpu": "1", "example.com/x": "1"}}), &[])]
    #[case::excess(json!({"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}), &["r.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1"])]
    #[case::negative(json!({"limits": {"cpu": "-1"}}), &["r.limits[cpu]: Invalid value: \"-1\": must be greater than or equal to 0"])]
    #[case::unknown(json!({"limits": {"cpus": "1"}}), &[
        "r.limits[cpus]: Invalid value: \"cpus\": must be a standard resource type or fully qualified",
        "r.limits[cpus]: Invalid value: \"cpus\": must be a standard resource for containers",
    ])]
    #[case::split(json!({"limits": {"example.com/x": "500m"}}), &["r.limits[example.com/x]: Invalid value: \"500m\": must be an integer"])]
    fn what_may_not_be_asked_for_is_found(#[case] resources: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        faults("r", &resources, &mut causes);
        let found = causes.into_iter();
        let found: Vec<_> = found
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect();
        assert_eq!(found, expected);
    }
}
