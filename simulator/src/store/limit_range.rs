//! Limit ranges: what they give the containers of a new pod that say nothing themselves, and what they refuse.
//!
//! Source: kubernetes v1.34 `plugin/pkg/admission/limitranger/admission.go`.

use super::admission::{Attempt, Operation};
use super::kernel::Kernel;
use super::object::Object;
use super::quota::{Amount, Amounts, amounts, without_overhead};
use super::request::{Part, Request};
use super::status::{Status, aggregate};
use crate::json::Value;

/// Where a pod tells what it was given.
const ANNOTATION: &str = "kubernetes.io/limit-ranger";
/// The containers that are given something, and what they are called.
const GIVEN: [(&str, &str); 2] = [
    ("containers", "container"),
    ("initContainers", "init container"),
];
const OF_CONTAINERS: [Demand; 3] = [
    Demand("min", "minimum {} usage", below),
    Demand("max", "maximum {} usage", above),
    Demand(
        "maxLimitRequestRatio",
        "{} max limit to request ratio",
        apart,
    ),
];
const OF_CLAIMS: [Demand; 2] = [
    Demand("min", "minimum {} usage", below),
    Demand("max", "maximum {} usage", requested_above),
];

/// A list of a limit, what its amounts are of a resource, and what is told of what does not keep to one.
struct Demand(
    &'static str,
    &'static str,
    fn(Amount, Asked) -> Option<String>,
);

/// What is requested of a resource, and to how much of it that is limited.
#[derive(Clone, Copy)]
struct Asked {
    request: Option<Amount>,
    limit: Option<Amount>,
}

impl Kernel {
    /// Whether what is made is a pod in a namespace that has ranges.
    pub(super) fn may_give_limits(&self, request: &Request) -> bool {
        request.served.kind.is("", "Pod")
            && request.part == Part::Whole
            && self
                .held_in(&request.namespace, "limitranges")
                .next()
                .is_some()
    }

    /// Gives a new pod what the ranges of its namespace have for containers; tells whether that is anything.
    pub(super) fn give_limits(&self, request: &Request, pod: &mut Value) -> bool {
        if !self.may_give_limits(request) {
            return false;
        }
        let mut is_given = false;
        for range in self.held_in(&request.namespace, "limitranges") {
            is_given |= give(range.value(), pod);
        }
        is_given
    }

    /// Refuses a pod or a claim that asks for more or less than a range of its namespace allows.
    pub(super) fn admit_limits(&self, attempt: &Attempt) -> Result<(), Status> {
        let (Some(new), true) = (attempt.new, is_limited(attempt)) else {
            return Ok(());
        };
        let kind = &attempt.request.served.kind;
        for range in self.held_in(attempt.namespace(), "limitranges") {
            let whys = match kind.is("", "Pod") {
                true => pod_faults(range.value(), &new["spec"]),
                false => claim_faults(range.value(), &new["spec"]),
            };
            if !whys.is_empty() {
                let why = aggregate(&whys);
                return Err(Status::forbidden(&kind.resource(), attempt.name, &why));
            }
        }
        Ok(())
    }
}

/// Whether ranges look at a write: what pods ask for stays as it is, but for a resize.
fn is_limited(attempt: &Attempt) -> bool {
    let kind = &attempt.request.served.kind;
    let is_going = attempt.old.is_some_and(Object::is_terminating);
    !is_going
        && match (attempt.request.part, attempt.operation) {
            (Part::Whole, Operation::Create) => {
                kind.is("", "Pod") || kind.is("", "PersistentVolumeClaim")
            }
            (Part::Whole, Operation::Update) => kind.is("", "PersistentVolumeClaim"),
            (Part::Resize, Operation::Update) => kind.is("", "Pod"),
            _ => false,
        }
}

fn limits<'a>(range: &'a Value, about: &'static str) -> impl Iterator<Item = &'a Value> {
    let limits = range["spec"]["limits"].as_array().into_iter().flatten();
    limits.filter(move |limit| limit["type"] == about)
}

/// Gives each container what `range` has for those that say nothing, and notes it; tells whether that is anything.
fn give(range: &Value, pod: &mut Value) -> bool {
    let mut notes = Vec::new();
    for (list, called) in GIVEN {
        let list = pod["spec"].get_mut(list).and_then(Value::as_array_mut);
        for container in list.into_iter().flatten() {
            for (field, source, what) in [
                ("requests", "defaultRequest", "request"),
                ("limits", "default", "limit"),
            ] {
                let given = fill(range, container, (field, source)).join(", ");
                if !given.is_empty() {
                    let name = container["name"].as_str().unwrap_or_default();
                    notes.push(format!("{given} {what} for {called} {name}"));
                }
            }
        }
    }
    if notes.is_empty() {
        return false;
    }
    let note = format!("LimitRanger plugin set: {}", notes.join("; "));
    pod["metadata"]["annotations"][ANNOTATION] = note.into();
    true
}

/// Fills `field` of a container's resources with what is missing there; answers with the names of the resources.
fn fill(range: &Value, container: &mut Value, (field, source): (&str, &str)) -> Vec<String> {
    let given: Vec<_> = limits(range, "Container")
        .filter_map(|limit| limit[source].as_object())
        .collect();
    let mut names: Vec<String> = given
        .iter()
        .flat_map(|amounts| amounts.iter())
        .map(|(name, _)| name.to_string())
        .filter(|name| container["resources"][field][name.as_str()].is_null())
        .collect();
    names.sort();
    names.dedup();
    for name in &names {
        let last = given.iter().rev().find_map(|amounts| amounts.get(name));
        container["resources"][field][name.as_str()] = last.cloned().unwrap_or_default();
    }
    names
}

/// What of a pod a range does not allow.
fn pod_faults(range: &Value, spec: &Value) -> Vec<String> {
    let mut whys = Vec::new();
    let containers = GIVEN
        .iter()
        .flat_map(|(list, _)| spec[*list].as_array().into_iter().flatten());
    let containers: Vec<&Value> = containers.collect();
    for limit in range["spec"]["limits"].as_array().into_iter().flatten() {
        match limit["type"].as_str() {
            Some("Container") => {
                for container in &containers {
                    let said = |field: &str| amounts(&container["resources"][field]);
                    let both = (&said("requests"), &said("limits"));
                    faults(limit, both, &OF_CONTAINERS, &mut whys);
                }
            }
            Some("Pod") => {
                let both = (
                    &without_overhead(spec, "requests"),
                    &without_overhead(spec, "limits"),
                );
                faults(limit, both, &OF_CONTAINERS, &mut whys);
            }
            _ => {}
        }
    }
    whys
}

/// What of a claim a range does not allow.
fn claim_faults(range: &Value, spec: &Value) -> Vec<String> {
    let mut whys = Vec::new();
    let requests = amounts(&spec["resources"]["requests"]);
    for limit in limits(range, "PersistentVolumeClaim") {
        faults(limit, (&requests, &Amounts::new()), &OF_CLAIMS, &mut whys);
    }
    whys
}

/// Notes what of the requests and limits does not keep to a limit, each once.
fn faults(
    limit: &Value,
    (requests, limits): (&Amounts, &Amounts),
    demands: &[Demand],
    whys: &mut Vec<String>,
) {
    let about = limit["type"].as_str().unwrap_or_default();
    for Demand(list, what, unmet) in demands {
        for (name, bound) in amounts(&limit[*list]) {
            let asked = Asked {
                request: requests.get(&name).copied(),
                limit: limits.get(&name).copied(),
            };
            if let Some(how) = unmet(bound, asked) {
                let why = format!("{} per {about} is {bound}{how}", what.replace("{}", &name));
                if !whys.contains(&why) {
                    whys.push(why);
                }
            }
        }
    }
}

fn below(least: Amount, asked: Asked) -> Option<String> {
    match asked {
        Asked { request: None, .. } => Some(".  No request is specified".to_owned()),
        Asked {
            request: Some(request),
            ..
        } if request < least => Some(format!(", but request is {request}")),
        Asked {
            limit: Some(limit), ..
        } if limit < least => Some(format!(", but limit is {limit}")),
        _ => None,
    }
}

fn above(most: Amount, asked: Asked) -> Option<String> {
    match asked {
        Asked { limit: None, .. } => Some(".  No limit is specified".to_owned()),
        Asked {
            limit: Some(limit), ..
        } if limit > most => Some(format!(", but limit is {limit}")),
        Asked {
            request: Some(request),
            ..
        } if request > most => Some(format!(", but request is {request}")),
        _ => None,
    }
}

fn requested_above(most: Amount, asked: Asked) -> Option<String> {
    match asked.request {
        None => Some(".  No request is specified".to_owned()),
        Some(request) if request > most => Some(format!(", but request is {request}")),
        Some(_) => None,
    }
}

/// How a limit that is too many times a request is told.
fn apart(most: Amount, asked: Asked) -> Option<String> {
    let some = |amount: Option<Amount>| amount.filter(|amount| !amount.is_zero());
    let Some(request) = some(asked.request) else {
        return Some(", but no request is specified or request is 0".to_owned());
    };
    let Some(limit) = some(asked.limit) else {
        return Some(", but no limit is specified or limit is 0".to_owned());
    };
    let ratio = limit.over(request);
    (ratio > most.over(Amount::of(1))).then(|| format!(", but provided ratio is {ratio:.6}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[test]
    fn containers_that_say_nothing_are_given_something() {
        let limit = json!({"type": "Container", "default": {"cpu": "2", "memory": "1Gi"}, "defaultRequest": {"cpu": "1"}});
        let range = json!({"spec": {"limits": [limit]}});
        let said = json!({"name": "b", "resources": {"limits": {"cpu": "1", "memory": "1"}, "requests": {"cpu": "1"}}});
        let mut pod = json!({"metadata": {}, "spec": {"containers": [{"name": "a"}, said]}});
        assert!(give(&range, &mut pod));
        let given = json!({"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "1"}});
        assert_eq!(pod["spec"]["containers"][0]["resources"], given);
        assert_eq!(pod["spec"]["containers"][1], said);
        let note = "LimitRanger plugin set: cpu request for container a; cpu, memory limit for container a";
        assert_eq!(pod["metadata"]["annotations"][ANNOTATION], note);
        assert!(!give(&range, &mut pod));
    }

    #[rstest]
    #[case(json!({"min": {"cpu": "1"}}), json!({}), &["minimum cpu usage per Container is 1.  No request is specified"])]
    #[case(json!({"min": {"cpu": "1"}}), json!({"requests": {"cpu": "500m"}}), &["minimum cpu usage per Container is 1, but request is 500m"])]
    #[case(json!({"max": {"cpu": "1"}}), json!({"limits": {"cpu": "2"}}), &["maximum cpu usage per Container is 1, but limit is 2"])]
    #[case(json!({"max": {"cpu": "1"}}), json!({"limits": {"cpu": "1"}}), &[])]
    #[case(json!({"maxLimitRequestRatio": {"cpu": "2"}}), json!({"limits": {"cpu": "3"}, "requests": {"cpu": "1"}}), &["cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000"])]
    fn what_is_out_of_range_is_told(
        #[case] mut limit: Value,
        #[case] resources: Value,
        #[case] expected: &[&str],
    ) {
        limit["type"] = json!("Container");
        let range = json!({"spec": {"limits": [limit]}});
        let spec = json!({"containers": [{"name": "c", "resources": resources}]});
        assert_eq!(pod_faults(&range, &spec), expected);
    }
}
