//! Ranges of what pods, containers and claims may ask for.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateLimitRange`.

use std::collections::BTreeSet;

use super::allotment::{is_shared, name_faults};
use crate::json::Value;
use crate::store::metadata::key_fault;
use crate::store::naming::qualified_name_fault;
use crate::store::quota::Amount;
use crate::store::schema::cause::{duplicate, forbidden, invalid, required};
use crate::store::status::Cause;

/// What a limit is about.
const TYPES: [&str; 3] = ["Container", "PersistentVolumeClaim", "Pod"];
/// The lists of a limit.
const LISTS: [&str; 5] = [
    "max",
    "min",
    "default",
    "defaultRequest",
    "maxLimitRequestRatio",
];
/// Which list may not exceed which, where it is said, and how it is said.
const ORDERS: [Order; 6] = [
    Order(
        "min",
        "max",
        "min",
        "min value {} is greater than max value {}",
    ),
    Order(
        "min",
        "defaultRequest",
        "defaultRequest",
        "min value {} is greater than default request value {}",
    ),
    Order(
        "defaultRequest",
        "max",
        "defaultRequest",
        "default request value {} is greater than max value {}",
    ),
    Order(
        "defaultRequest",
        "default",
        "defaultRequest",
        "default request value {} is greater than default limit value {}",
    ),
    Order(
        "min",
        "default",
        "default",
        "min value {} is greater than default value {}",
    ),
    Order(
        "default",
        "max",
        "default",
        "default value {} is greater than max value {}",
    ),
];

/// One list, the one it may not exceed, where it is said, and how.
struct Order(&'static str, &'static str, &'static str, &'static str);

/// What is wrong with a range of limits.
pub(super) fn faults(new: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut seen = BTreeSet::new();
    let limits = new["spec"]["limits"].as_array().into_iter().flatten();
    for (index, limit) in limits.enumerate() {
        let path = format!("spec.limits[{index}]");
        let about = limit["type"].as_str().unwrap_or_default();
        let field = format!("{path}.type");
        key_fault(&field, about, about, &mut causes);
        let is_word = qualified_name_fault(about).is_none();
        if is_word && !about.contains('/') && !TYPES.contains(&about) {
            let why = "must be a standard limit type or fully qualified";
            causes.push(invalid(&*field, &about.into(), why));
        }
        if !seen.insert(about) {
            causes.push(duplicate(&*field, &about.into()));
        }
        limit_faults(&path, limit, &mut causes);
    }
    causes
}

fn limit_faults(path: &str, limit: &Value, causes: &mut Vec<Cause>) {
    let about = limit["type"].as_str().unwrap_or_default();
    let is_of_pods = about == "Pod";
    let has_any = |list: &str| limit[list].as_object().is_some_and(|list| !list.is_empty());
    let mut names = BTreeSet::new();
    for list in LISTS {
        if is_of_pods && list.starts_with("default") {
            if has_any(list) {
                let why = "may not be specified when `type` is 'Pod'";
                causes.push(forbidden(format!("{path}.{list}"), why));
            }
            continue;
        }
        for (name, _) in limit[list].as_object().into_iter().flatten() {
            let is_of_containers = ["Container", "Pod"].contains(&about);
            let field = format!("{path}.{list}[{name}]");
            name_faults(&field, name, is_of_containers, causes);
            names.insert(&name[..]);
        }
    }
    let storage = |list: &str| limit[list].get("storage").is_some();
    if about == "PersistentVolumeClaim" && !storage("min") && !storage("max") {
        let why = "either minimum or maximum storage value is required, but neither was provided";
        causes.push(required(format!("{path}.limits"), why));
    }
    for name in names {
        let amount = |list: &str| {
            let text = limit[list][name].as_str();
            let is_meant = !(is_of_pods && list.starts_with("default"));
            text.filter(|_| is_meant)
                .and_then(|text| Some((Amount::read(text)?, text)))
        };
        amount_faults(path, name, &amount, causes);
    }
}

fn amount_faults<'l>(
    path: &str,
    name: &str,
    amount: &dyn Fn(&str) -> Option<(Amount, &'l str)>,
    causes: &mut Vec<Cause>,
) {
    for Order(low, high, at, words) in ORDERS {
        let (Some(low), Some(high)) = (amount(low), amount(high)) else {
            continue;
        };
        if low.0 > high.0 {
            let shown = match at {
                // A real server shows the other value where the default of limits is wrong.
                "default" if words.starts_with("default") => high.1,
                "default" | "min" => low.1,
                _ => amount(at).map_or("", |(_, text)| text),
            };
            let why = words.replacen("{}", low.1, 1).replacen("{}", high.1, 1);
            causes.push(invalid(format!("{path}.{at}[{name}]"), &shown.into(), &why));
        }
    }
    if let Some((ratio, text)) = amount("maxLimitRequestRatio") {
        let field = format!("{path}.maxLimitRequestRatio[{name}]");
        if ratio < Amount::of(1) {
            let why = format!("ratio {text} is less than 1");
            causes.push(invalid(&*field, &text.into(), &why));
        }
        if let (Some((min, _)), Some((max, _))) = (amount("min"), amount("max")) {
            let most = max.over(min);
            if ratio.over(Amount::of(1)) > most {
                let why = format!("ratio {text} is greater than max/min = {most:.6}");
                causes.push(invalid(&*field, &text.into(), &why));
            }
        }
    }
    if let (Some(limit), Some(request)) = (amount("default"), amount("defaultRequest"))
        && limit.0 != request.0
        && !is_shared(name)
    {
        let (limit, request) = (limit.1, request.1);
        let why =
            format!("default value {limit} must equal to defaultRequest value {request} in {name}");
        let field = format!("{path}.defaultRequest[{name}]");
        causes.push(invalid(field, &request.into(), &why));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case(json!({"type": "Container", "min": {"cpu": "1"}, "max": {"cpu": "2"}, "default": {"cpu": "1500m"}}), &[])]
    #[case(json!({"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}}),
        &["spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1"])]
    #[case(json!({"type": "Pod", "default": {"cpu": "2"}}),
        &["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"])]
    #[case(json!({"type": "PersistentVolumeClaim"}),
        &["spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided"])]
    #[case(json!({"type": "Container", "min": {"cpu": "1"}, "max": {"cpu": "3"}, "maxLimitRequestRatio": {"cpu": "4"}}),
        &["spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: \"4\": ratio 4 is greater than max/min = 3.000000"])]
    fn limits_do_not_cross(#[case] limit: Value, #[case] expected: &[&str]) {
        let causes = faults(&json!({"spec": {"limits": [limit]}}));
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }
}
