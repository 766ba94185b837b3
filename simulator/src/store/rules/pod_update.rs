//! What an update may change of a pod.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidatePodUpdate`.

use super::affinity::REQUIRED;
use super::container;
use super::go_struct::{difference, shown};
use super::part::{has, is_empty, items, range_fault, require, take_back, text};
use super::pod_spec::DEADLINE_SECONDS_MAX;
use super::scheduling;
use crate::json::{Map, Value};
use crate::store::metadata::invalid_json;
use crate::store::schema::cause::{forbidden, invalid, invalid_shown};
use crate::store::status::Cause;

/// Fields that are looked at one by one.
const LOOKED_AT: [&str; 3] = ["activeDeadlineSeconds", "tolerations", "schedulingGates"];
const LISTS: [&str; 2] = ["containers", "initContainers"];
const FIXED: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// What is wrong with a new spec beside what would be wrong with one of a new pod.
pub(super) fn faults(new: &Value, old: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for list in LISTS {
        let count = |spec: &Value| items(&spec[list]).count();
        if count(new) != count(old) {
            let why = "pod updates may not add or remove containers";
            causes.push(forbidden(format!("spec.{list}"), why));
            return causes;
        }
        for (index, container) in items(&new[list]).enumerate() {
            let path = format!("spec.{list}[{index}]");
            require(&path, container, &["image"], &mut causes);
            container::padding_fault(&path, container, &mut causes);
        }
    }
    let is_last = deadline_faults(new, old, &mut causes);
    if is_last {
        return causes;
    }
    toleration_faults(new, old, &mut causes);
    gate_faults(new, old, &mut causes);
    let mut rest = with_former(new, old);
    if !is_empty(&old["schedulingGates"]) {
        held_faults(&mut rest, old, &mut causes);
    }
    let grace = "terminationGracePeriodSeconds";
    if old[grace].as_i64().is_some_and(|seconds| seconds < 0) && rest[grace] == 1 {
        rest[grace] = old[grace].clone();
    }
    if fixed_part(&rest) != fixed_part(old) {
        let why = format!("{FIXED}\n{}", difference("PodSpec", old, &rest));
        causes.push(forbidden("spec", &why));
    }
    causes
}

/// The new spec with what may change as it was.
fn with_former(new: &Value, old: &Value) -> Value {
    let mut rest = new.clone();
    for field in LOOKED_AT {
        take_back(&mut rest, old, field);
    }
    for list in LISTS {
        let containers = rest.get_mut(list).and_then(Value::as_array_mut);
        for (container, old) in containers.into_iter().flatten().zip(items(&old[list])) {
            take_back(container, old, "image");
        }
    }
    rest
}

/// The fields of a spec that say something.
fn fixed_part(spec: &Value) -> Map {
    let fields = spec.as_object().into_iter().flatten();
    let telling = fields.filter(|(_, value)| {
        !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty())
    });
    telling
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect()
}

/// A deadline may be set and drawn nearer, not put off or taken away. Whether nothing else is told.
fn deadline_faults(new: &Value, old: &Value, causes: &mut Vec<Cause>) -> bool {
    let (field, n_before) = ("spec.activeDeadlineSeconds", causes.len());
    let [new, old] = [new, old].map(|spec| &spec["activeDeadlineSeconds"]);
    match (new.as_i64(), old.as_i64()) {
        (None, Some(_)) => {
            let why = "must not update from a positive integer to nil value";
            causes.push(invalid_json(field, "null", why));
            return false;
        }
        (Some(after), Some(before)) if (before + 1..=DEADLINE_SECONDS_MAX).contains(&after) => {
            let why = "must be less than or equal to previous value";
            causes.push(invalid(field, new, why));
        }
        _ => range_fault(field, new, 0..=DEADLINE_SECONDS_MAX, causes),
    }
    causes.len() > n_before
}

/// Tolerations may be added, and those that are there may last for another time.
fn toleration_faults(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let lasting = |toleration: &Value| {
        let fields = toleration.as_object().into_iter().flatten();
        let fields = fields.filter(|(field, _)| *field != "tolerationSeconds");
        let pairs = fields.map(|(field, value)| (field.clone(), value.clone()));
        Vec::from_iter(pairs)
    };
    let is_kept = |old: &Value| items(&new["tolerations"]).any(|new| lasting(new) == lasting(old));
    if items(&old["tolerations"]).all(is_kept) {
        scheduling::toleration_faults("spec", new, causes);
    } else {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        causes.push(forbidden("spec.tolerations", why));
    }
}

/// What holds a pod back may only go.
fn gate_faults(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    for (index, gate) in items(&new["schedulingGates"]).enumerate() {
        let name = text(gate, "name");
        if !items(&old["schedulingGates"]).any(|old| text(old, "name") == name) {
            let field = format!("spec.schedulingGates[{index}].name");
            let why = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            causes.push(forbidden(field, &why));
        }
    }
}

/// A pod that is held back may be told more precisely where to run. Takes what is looked at here back to what it was.
fn held_faults(rest: &mut Value, old: &Value, causes: &mut Vec<Cause>) {
    let (new_labels, labels) = (&rest["nodeSelector"], &old["nodeSelector"]);
    let is_kept =
        |(key, value): (&crate::json::Text, &Value)| new_labels.get(key.as_str()) == Some(value);
    if !labels.as_object().into_iter().flatten().all(is_kept) {
        let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        causes.push(invalid("spec.nodeSelector", new_labels, why));
    }
    take_back(rest, old, "nodeSelector");
    let affinity = |spec: &Value| spec["affinity"]["nodeAffinity"].clone();
    let (new_nodes, nodes) = (affinity(rest), affinity(old));
    if new_nodes != nodes {
        term_faults(&new_nodes[REQUIRED], &nodes[REQUIRED], causes);
        let is_alone = ["podAffinity", "podAntiAffinity"]
            .iter()
            .all(|field| !has(&rest["affinity"], field));
        if is_alone && !has(old, "affinity") {
            take_back(rest, old, "affinity");
        } else {
            take_back(&mut rest["affinity"], &old["affinity"], "nodeAffinity");
        }
    }
}

fn term_faults(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let field = format!("spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms");
    let (new, old) = (&new["nodeSelectorTerms"], &old["nodeSelectorTerms"]);
    if is_empty(old) {
        return;
    }
    if items(new).count() != items(old).count() {
        let why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        let terms = items(new).map(|term| shown("NodeSelectorTerm", term));
        let shown = match Vec::from_iter(terms).join(",") {
            terms if terms.is_empty() => "null".to_owned(),
            terms => format!("[{terms}]"),
        };
        causes.push(invalid_shown(field, &shown, why));
        return;
    }
    for (index, (new, old)) in items(new).zip(items(old)).enumerate() {
        let lists = ["matchExpressions", "matchFields"];
        let was_empty = lists.iter().all(|list| is_empty(&old[*list]));
        let is_kept = |list: &&str| {
            let (new, old) = (
                Vec::from_iter(items(&new[*list])),
                Vec::from_iter(items(&old[*list])),
            );
            new.starts_with(&old) && (!was_empty || new.is_empty())
        };
        if !lists.iter().all(is_kept) {
            let why = "only additions are allowed (no mutations or deletions)";
            causes.push(invalid_shown(
                format!("{field}[{index}]"),
                &shown("NodeSelectorTerm", new),
                why,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::same(json!({"tolerations": [{"key": "a"}]}), json!({"tolerations": [{"key": "a", "tolerationSeconds": 1, "effect": "NoExecute"}]}), &["spec.tolerations"])]
    #[case::longer(json!({"tolerations": [{"key": "a", "effect": "NoExecute"}]}), json!({"tolerations": [{"key": "a", "tolerationSeconds": 1, "effect": "NoExecute"}]}), &[])]
    #[case::gate(json!({"schedulingGates": [{"name": "a"}]}), json!({"schedulingGates": [{"name": "b"}]}), &["spec.schedulingGates[0].name"])]
    #[case::deadline(json!({"activeDeadlineSeconds": 1}), json!({"activeDeadlineSeconds": 2}), &["spec.activeDeadlineSeconds"])]
    #[case::fixed(json!({"hostname": "a"}), json!({"hostname": "b"}), &["spec"])]
    #[case::held(json!({"schedulingGates": [{"name": "a"}]}), json!({"nodeSelector": {"a": "b"}}), &[])]
    #[case::moved(json!({"schedulingGates": [{"name": "a"}], "nodeSelector": {"a": "b"}}), json!({"nodeSelector": {"a": "c"}}), &["spec.nodeSelector"])]
    #[case::count(json!({"containers": [{}]}), json!({"containers": []}), &["spec.containers"])]
    fn little_may_change(#[case] old: Value, #[case] new: Value, #[case] expected: &[&str]) {
        let found = faults(&new, &old).into_iter();
        let found: Vec<_> = found.map(|cause| cause.field).collect();
        assert_eq!(found, expected);
    }
}
