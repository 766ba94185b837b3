//! The endpoints of a pod that change one part of its spec: `ephemeralcontainers` and `resize`.
//!
//! Source: kubernetes v1.34 `pkg/registry/core/pod/strategy.go` and `pkg/apis/core/validation/validation.go`,
//! `ValidatePodEphemeralContainersUpdate` and `ValidatePodResize`.

use super::go_struct::difference;
use super::pod::{quality_of_service, spec_faults};
use crate::json::{Map, Value, json};
use crate::store::metadata::invalid;
use crate::store::request::Part;
use crate::store::schema::cause::forbidden;
use crate::store::status::Cause;

/// The lists of containers that a resize looks at.
const RESIZED: [&str; 2] = ["containers", "initContainers"];
/// What a resize may change of a container.
const RESIZABLE: [&str; 2] = ["cpu", "memory"];

/// Takes into the stored `spec` what the endpoint writes of the one that was sent.
pub(in crate::store) fn keep(part: Part, spec: &mut Value, mut sent: Value) {
    let Some(fields) = spec.as_object_mut() else {
        return;
    };
    if part == Part::EphemeralContainers {
        let list = sent["ephemeralContainers"].take();
        return put(fields, "ephemeralContainers", list);
    }
    for name in RESIZED {
        let mut list = sent[name].take();
        for (index, container) in list.as_array_mut().into_iter().flatten().enumerate() {
            let stored = fields.get(name).map(|list| &list[index]);
            let Some(stored) = stored.filter(|stored| stored["name"] == container["name"]) else {
                continue;
            };
            let mut resized = stored.clone();
            if let Some(fields) = resized.as_object_mut() {
                for field in ["resources", "resizePolicy"] {
                    put(fields, field, container[field].take());
                }
            }
            *container = resized;
        }
        put(fields, name, list);
    }
}

/// Sets a field; null and an empty list take it away.
fn put(fields: &mut Map, name: &str, value: Value) {
    let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    if is_empty {
        fields.remove(name);
    } else {
        fields.insert(name.to_owned(), value);
    }
}

/// What is wrong with a new list of ephemeral containers: those that are there stay as they are.
pub(super) fn ephemeral_faults(new: &Value, old: &Value) -> Vec<Cause> {
    let mut causes = spec_faults(new);
    let list = |pod: &'_ Value| pod["spec"]["ephemeralContainers"].as_array().cloned();
    let new = list(new).unwrap_or_default();
    for old in list(old).unwrap_or_default() {
        let end = match new.iter().find(|new| new["name"] == old["name"]) {
            Some(new) if *new == old => continue,
            Some(new) => format!("changed\n{}", difference("EphemeralContainer", &old, new)),
            None => "removed\n".to_owned(),
        };
        let name = &old["name"];
        let why = format!("existing ephemeral containers {name} may not be {end}");
        causes.push(forbidden("spec.ephemeralContainers", &why));
    }
    causes
}

/// What is wrong with a resize: only processor time and memory of containers that go on may change.
pub(super) fn resize_faults(new: &Value, old: &Value) -> Vec<Cause> {
    let mut causes = spec_faults(new);
    let (new, old) = (&new["spec"], &old["spec"]);
    let class = quality_of_service(old);
    if class != quality_of_service(new) {
        let why = "Pod QOS Class may not change as a result of resizing";
        causes.push(invalid("spec", class, why));
    }
    let order = RESIZED.iter().flat_map(|list| order_faults(list, new, old));
    let order: Vec<Cause> = order.collect();
    if !order.is_empty() {
        causes.extend(order);
        return causes;
    }
    let mut rest = new.clone();
    let mut is_init_resized = false;
    for name in RESIZED {
        let before = old[name].as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, old) in before.iter().enumerate() {
            let container = &mut rest[name][index];
            if name == "initContainers" && old["restartPolicy"] != "Always" {
                is_init_resized |= container["resources"] != old["resources"];
                continue;
            }
            let path = format!("spec.{name}[{index}].resources");
            causes.extend(removal_faults(
                &path,
                &container["resources"],
                &old["resources"],
            ));
            container["resources"] = without_resized(&container["resources"], &old["resources"]);
        }
    }
    if is_init_resized {
        let why = "resources for non-sidecar init containers are immutable";
        causes.push(forbidden("spec", why));
    } else if rest != *old {
        causes.push(forbidden(
            "spec",
            "only cpu and memory resources are mutable",
        ));
    }
    causes
}

fn order_faults(list: &str, new: &Value, old: &Value) -> Vec<Cause> {
    let of = |spec: &Value| spec[list].as_array().cloned().unwrap_or_default();
    let (new, old) = (of(new), of(old));
    if new.len() != old.len() {
        let why = format!("{list} may not be added or removed on resize");
        return vec![forbidden(format!("spec.{list}"), &why)];
    }
    let pairs = new.iter().zip(&old).enumerate();
    let moved = pairs.filter(|(_, (new, old))| new["name"] != old["name"]);
    let why = format!("{list} may not be renamed or reordered on resize");
    moved
        .map(|(index, _)| forbidden(format!("spec.{list}[{index}].name"), &why))
        .collect()
}

/// What is requested or limited once is so for good.
fn removal_faults(path: &str, new: &Value, old: &Value) -> Vec<Cause> {
    let is_lost = |list: &&str| {
        let before = old[*list].as_object().into_iter().flatten();
        before
            .into_iter()
            .any(|(name, _)| new[*list].get(name).is_none())
    };
    let lost = ["requests", "limits"].into_iter().filter(is_lost);
    lost.map(|list| {
        forbidden(
            format!("{path}.{list}"),
            &format!("resource {list} cannot be removed"),
        )
    })
    .collect()
}

/// The resources of a container with the processor time and the memory that it had.
fn without_resized(new: &Value, old: &Value) -> Value {
    let mut resources = json!({});
    for list in ["limits", "requests"] {
        let Some(before) = old[list].as_object() else {
            continue;
        };
        let mut amounts = new[list].as_object().cloned().unwrap_or_default();
        for name in RESIZABLE {
            match before.get(name) {
                Some(amount) => drop(amounts.insert(name.to_owned(), amount.clone())),
                None => drop(amounts.remove(name)),
            }
        }
        resources[list] = Value::Object(amounts);
    }
    resources
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn pod(resources: &Value) -> Value {
        let container = json!({"name": "c", "image": "i", "resources": resources});
        json!({"spec": {"containers": [container]}})
    }

    #[rstest]
    #[case::less(json!({"requests": {"cpu": "1m"}}), &[])]
    #[case::limited(json!({"requests": {"cpu": "2m"}, "limits": {"cpu": "3m"}}), &[])]
    #[case::nothing(json!({}), &["spec", "spec.containers[0].resources.requests"])]
    #[case::other(json!({"requests": {"cpu": "2m", "ephemeral-storage": "1"}}), &["spec"])]
    fn a_resize_changes_what_it_may(#[case] resources: Value, #[case] expected: &[&str]) {
        let old = pod(&json!({"requests": {"cpu": "2m"}}));
        let found = resize_faults(&pod(&resources), &old);
        let fields: Vec<_> = found.into_iter().map(|cause| cause.field).collect();
        assert_eq!(fields, expected);
    }

    #[test]
    fn an_ephemeral_container_stays() {
        let mut old = pod(&json!({}));
        old["spec"]["ephemeralContainers"] = json!([{"name": "d", "image": "i"}]);
        let found = ephemeral_faults(&pod(&json!({})), &old);
        let expected = "existing ephemeral containers \"d\" may not be removed\n";
        assert_eq!(found, [forbidden("spec.ephemeralContainers", expected)]);
    }
}
