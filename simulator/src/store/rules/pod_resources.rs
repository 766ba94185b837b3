//! What a container may request, and be limited to.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateContainerResourceRequirements`.

use std::collections::BTreeSet;

use super::allotment::name_faults;
use super::part::{items, refuse, text};
use crate::json::Value;
use crate::store::metadata::invalid;
use crate::store::naming::label_faults;
use crate::store::quota::Amount;
use crate::store::schema::cause::{duplicate, forbidden, not_found, not_supported, required};
use crate::store::status::Cause;

const HUGE_PAGES: &str = "hugepages-";

/// What is wrong with the `resources` of a container or of a claim, which lie at `path`.
pub(super) fn faults(path: &str, resources: &Value, causes: &mut Vec<Cause>) {
    faults_of((path, false), resources, causes);
}

/// What is wrong with the `resources` of a whole pod.
pub(super) fn pod_faults(path: &str, resources: &Value, causes: &mut Vec<Cause>) {
    faults_of((path, true), resources, causes);
}

fn faults_of((path, is_of_pod): (&str, bool), resources: &Value, causes: &mut Vec<Cause>) {
    let (mut has_huge, mut has_more) = (false, false);
    for list in ["limits", "requests"] {
        for (name, quantity) in resources[list].as_object().into_iter().flatten() {
            let field = format!("{path}.{list}[{name}]");
            let n_before = causes.len();
            name_faults(&field, name, !is_of_pod, causes);
            if is_of_pod && causes.len() == n_before && !is_of_pods(name) {
                let known = ["cpu", HUGE_PAGES, "memory"].map(str::to_owned);
                causes.push(not_supported(&*field, &name.as_str().into(), &known));
            }
            amount_fault(&field, name, quantity, causes);
            if list == "requests" {
                let limit = &resources["limits"][name.as_str()];
                excess_fault(path, name, (quantity, limit), causes);
            }
            page_fault(&field, name, quantity, causes);
            has_huge |= name.starts_with(HUGE_PAGES);
            has_more |= ["cpu", "memory"].contains(&name.as_str());
        }
    }
    if has_huge && !has_more {
        causes.push(forbidden(path, "HugePages require cpu or memory"));
    }
}

/// What is wrong with the devices of a container, which are of the `claims` of its pod.
pub(super) fn claim_faults(
    path: &str,
    resources: &Value,
    claims: &BTreeSet<&str>,
    causes: &mut Vec<Cause>,
) {
    let mut known = BTreeSet::new();
    for (index, claim) in items(&resources["claims"]).enumerate() {
        let field = format!("{path}.claims[{index}]");
        let (name, request) = (text(claim, "name"), text(claim, "request"));
        if name.is_empty() {
            causes.push(required(field, ""));
            continue;
        }
        let whole = match request {
            "" => name.to_owned(),
            request => format!("{name}/{request}"),
        };
        let is_in_part = |known: &String| {
            request.is_empty()
                && known
                    .split_once('/')
                    .is_some_and(|(claim, _)| claim == name)
        };
        if known.contains(name) {
            causes.push(duplicate(&*field, &name.into()));
        } else {
            let found = label_faults(request);
            let found = found.into_iter().filter(|_| !request.is_empty());
            refuse(&format!("{field}.request"), request, found, causes);
            if known.contains(&whole) || known.iter().any(is_in_part) {
                causes.push(duplicate(&*field, &(*whole).into()));
            }
            known.insert(whole);
        }
        if !claims.contains(name) {
            let list = Vec::from_iter(claims.iter().copied()).join(", ");
            let rest = match &*list {
                "" => " which is empty".to_owned(),
                list => format!(": {list}"),
            };
            let mut cause = not_found(field, &name.into());
            let detail = "must be one of the names in pod.spec.resourceClaims";
            cause.message.push_str(&format!(": {detail}{rest}"));
            causes.push(cause);
        }
    }
}

/// Whether a whole pod may ask for the resource.
pub(super) fn is_of_pods(name: &str) -> bool {
    ["cpu", "memory"].contains(&name) || name.starts_with(HUGE_PAGES)
}

/// Refuses an amount of pages that is no multiple of their size.
fn page_fault(field: &str, name: &str, quantity: &Value, causes: &mut Vec<Cause>) {
    let Some(size) = name.strip_prefix(HUGE_PAGES) else {
        return;
    };
    let is_multiple = match (Amount::read(size), Amount::read(amount_text(quantity))) {
        (Some(size), Some(amount)) => size.is_whole() && amount.is_multiple_of(size),
        _ => false,
    };
    if !is_multiple {
        let text = amount_text(quantity);
        let why = format!("{text} is not positive integer multiple of {name}");
        causes.push(invalid(field, text, &why));
    }
}

fn amount_fault(field: &str, name: &str, quantity: &Value, causes: &mut Vec<Cause>) {
    let text = amount_text(quantity);
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
    path: &str,
    name: &str,
    (request, limit): (&Value, &Value),
    causes: &mut Vec<Cause>,
) {
    let (text, most) = (amount_text(request), amount_text(limit));
    let is_exact = is_counted(name) || name.starts_with(HUGE_PAGES);
    if limit.is_null() && is_exact {
        let why = "Limit must be set for non overcommitable resources";
        causes.push(required(format!("{path}.limits"), why));
    }
    let (Some(request), Some(limit)) = (Amount::read(text), Amount::read(most)) else {
        return;
    };
    let relation = match () {
        () if is_exact && request != limit => "equal to",
        () if request > limit => "less than or equal to",
        () => return,
    };
    let why = format!("must be {relation} {name} limit of {most}");
    causes.push(invalid(&format!("{path}.requests"), text, &why));
}

/// Whether the resource is one of those that vendors add, which come in whole numbers and are not shared.
fn is_counted(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/")
}

fn amount_text(quantity: &Value) -> &str {
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
    #[case::no_limit(json!({"requests": {"example.com/x": "1"}}), &["r.limits: Required value: Limit must be set for non overcommitable resources"])]
    #[case::pages(json!({"limits": {"hugepages-2Mi": "3Mi", "cpu": "1"}}), &["r.limits[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is not positive integer multiple of hugepages-2Mi"])]
    #[case::pages_alone(json!({"limits": {"hugepages-2Mi": "2Mi"}}), &["r: Forbidden: HugePages require cpu or memory"])]
    #[case::split(json!({"limits": {"example.com/x": "500m"}}), &["r.limits[example.com/x]: Invalid value: \"500m\": must be an integer"])]
    fn what_may_not_be_asked_for_is_found(#[case] resources: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        faults("r", &resources, &mut causes);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }
}
