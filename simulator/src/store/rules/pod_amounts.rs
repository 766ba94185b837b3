//! What a pod requests, and is limited to, as a whole.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/v1/defaults.go`, `defaultPodRequests`, and
//! `pkg/apis/core/validation/validation.go`, `validatePodResources`.

use super::allotment::is_shared;
use super::part::{has, items};
use super::pod_resources::{self, is_of_pods};
use crate::json::{Map, Value};
use crate::store::quota::{Amount, Amounts, of_containers};
use crate::store::schema::cause::{forbidden, invalid};
use crate::store::status::Cause;

const HUGE_PAGES: &str = "hugepages-";

/// Writes what the containers ask for where the pod says something, but not this.
pub(super) fn fill(spec: &mut Value) {
    let is_said = |list: &str| {
        spec["resources"][list]
            .as_object()
            .is_some_and(|said| !said.is_empty())
    };
    let (limits, requests) = (is_said("limits"), is_said("requests"));
    if !limits && !requests {
        return;
    }
    let huge = of_containers(spec, "limits").into_iter();
    let huge = huge.filter(|(name, _)| {
        name.starts_with(HUGE_PAGES) && !has(&spec["resources"]["requests"], name)
    });
    let huge = Amounts::from_iter(huge);
    add(
        &mut spec["resources"],
        "limits",
        huge.iter()
            .map(|(name, amount)| (&**name, amount.to_string().into())),
    );
    let Some(limits) = spec["resources"]["limits"].as_object().cloned() else {
        return;
    };
    let asked = of_containers(spec, "requests").into_iter();
    let asked = Amounts::from_iter(asked.filter(|(name, _)| is_of_pods(name) && is_shared(name)));
    let limits = limits.iter().filter(|(name, _)| is_of_pods(name));
    let limits = limits.map(|(name, limit)| (name.as_str(), limit.clone()));
    let asked = asked
        .iter()
        .map(|(name, amount)| (&**name, Value::from(amount.to_string())));
    add(&mut spec["resources"], "requests", asked.chain(limits));
}

/// Adds what is not there yet.
fn add<'n>(resources: &mut Value, list: &str, amounts: impl Iterator<Item = (&'n str, Value)>) {
    let mut said = resources[list]
        .as_object()
        .cloned()
        .unwrap_or_else(Map::new);
    for (name, amount) in amounts {
        if said.get(name).is_none() {
            said.insert(name.to_owned(), amount);
        }
    }
    if said.iter().next().is_some() {
        resources[list] = Value::Object(said);
    }
}

/// What is wrong with the resources of a whole pod.
pub(super) fn faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let (resources, path) = (&spec["resources"], format!("{path}.resources"));
    if resources.is_null() {
        return;
    }
    if spec["os"]["name"] == "windows" {
        return causes.push(forbidden(path, "may not be set for a windows pod"));
    }
    if has(resources, "claims") {
        let why = "claims may not be set for Resources at pod-level";
        causes.push(forbidden(format!("{path}.claims"), why));
    }
    pod_resources::pod_faults(&path, resources, causes);
    for (name, asked) in of_containers(spec, "requests") {
        excess_fault(&path, ("requests", &name), (asked, resources), causes);
    }
    for (name, limit) in of_containers(spec, "limits") {
        if name.starts_with(HUGE_PAGES) {
            excess_fault(&path, ("limits", &name), (limit, resources), causes);
        }
    }
    for (index, container) in items(&spec["containers"]).enumerate() {
        for (name, limit) in container["resources"]["limits"]
            .as_object()
            .into_iter()
            .flatten()
        {
            let most = &resources["limits"][name.as_str()];
            if amount(limit)
                .zip(amount(most))
                .is_some_and(|(limit, most)| limit > most)
            {
                let most = most.as_str().unwrap_or_default();
                let why = format!("must be less than or equal to pod limits of {most}");
                let field = format!("{path}.containers[{index}][{name}].limits");
                causes.push(invalid(field, limit, &why));
            }
        }
    }
}

fn excess_fault(
    path: &str,
    (list, name): (&str, &str),
    (all, resources): (Amount, &Value),
    causes: &mut Vec<Cause>,
) {
    let said = &resources[list][name];
    if amount(said).is_some_and(|said| all > said) {
        let why = format!("must be greater than or equal to aggregate container {list} of {all}");
        causes.push(invalid(format!("{path}.{list}[{name}]"), said, &why));
    }
}

fn amount(quantity: &Value) -> Option<Amount> {
    Amount::read(quantity.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn a_pod_asks_for_what_its_containers_do() {
        let container = json!({"resources": {"requests": {"memory": "5Mi"}}});
        let mut spec = json!({
            "containers": [container], "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
        });
        fill(&mut spec);
        let expected = json!({"cpu": "1", "memory": "5Mi"});
        assert_eq!(spec["resources"]["requests"], expected);
    }

    #[test]
    fn a_pod_asks_for_no_less() {
        let container = json!({"resources": {"requests": {"cpu": "2"}}});
        let resources = json!({"requests": {"cpu": "1"}});
        let mut causes = Vec::new();
        let spec = json!({"containers": [container], "resources": resources});
        faults("s", &spec, &mut causes);
        let why = "must be greater than or equal to aggregate container requests of 2";
        assert_eq!(
            causes,
            [invalid("s.resources.requests[cpu]", &"1".into(), why)]
        );
    }
}
