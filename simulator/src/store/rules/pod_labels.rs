//! Labels that are to be as those of the pod become part of what selects other pods.
//!
//! Source: kubernetes v1.34 `pkg/registry/core/pod/strategy.go`, `mutatePodAffinity` and
//! `mutateTopologySpreadConstraints`.

use std::borrow::Cow;

use super::affinity::{PREFERRED, REQUIRED};
use super::part::{is_empty, items};
use crate::json::{Value, json};

/// The fields that hold keys of labels, with the operators that they stand for.
const KEYS: [(&str, &str); 2] = [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")];
const AFFINITIES: [&str; 2] = ["podAffinity", "podAntiAffinity"];
const SPREAD: &str = "topologySpreadConstraints";

/// A new pod with what its labels select.
pub(super) fn selected(pod: &Value) -> Cow<'_, Value> {
    if !is_keyed(&pod["spec"]) {
        return Cow::Borrowed(pod);
    }
    let mut pod = pod.clone();
    select(&mut pod);
    Cow::Owned(pod)
}

/// Writes into a new pod what its labels select.
pub(super) fn select(pod: &mut Value) {
    if !is_keyed(&pod["spec"]) {
        return;
    }
    let labels = pod["metadata"]["labels"].clone();
    for kind in AFFINITIES {
        for list in [PREFERRED, REQUIRED] {
            let terms = pod.pointer_mut(&format!("/spec/affinity/{kind}/{list}"));
            for term in terms.and_then(Value::as_array_mut).into_iter().flatten() {
                match list == PREFERRED {
                    true => select_by(&mut term["podAffinityTerm"], &labels),
                    false => select_by(term, &labels),
                }
            }
        }
    }
    let terms = pod["spec"].get_mut(SPREAD).and_then(Value::as_array_mut);
    for term in terms.into_iter().flatten() {
        select_by(term, &labels);
    }
}

/// Whether a spec names labels that are to be as those of its pod.
fn is_keyed(spec: &Value) -> bool {
    let has_keys = |term: &Value| KEYS.iter().any(|(keys, _)| !is_empty(&term[*keys]));
    let is_near = |kind: &str| {
        let kind = &spec["affinity"][kind];
        items(&kind[REQUIRED]).any(has_keys)
            || items(&kind[PREFERRED]).any(|term| has_keys(&term["podAffinityTerm"]))
    };
    items(&spec[SPREAD]).any(has_keys) || AFFINITIES.iter().any(|kind| is_near(kind))
}

fn select_by(term: &mut Value, labels: &Value) {
    for (field, operator) in KEYS {
        let keys = term[field].clone();
        for key in items(&keys).filter_map(Value::as_str) {
            let (Some(value), true) = (labels.get(key), term["labelSelector"].is_object()) else {
                continue;
            };
            let expressions = &mut term["labelSelector"]["matchExpressions"];
            if !expressions.is_array() {
                *expressions = json!([]);
            }
            if let Some(expressions) = expressions.as_array_mut() {
                expressions.push(json!({"key": key, "operator": operator, "values": [value]}));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_the_pod_are_selected() {
        let term =
            json!({"labelSelector": {}, "matchLabelKeys": ["a", "b"], "mismatchLabelKeys": ["c"]});
        let pod = json!({
            "metadata": {"labels": {"a": "1", "c": "2"}},
            "spec": {"affinity": {"podAffinity": {REQUIRED: [term]}}},
        });
        let selected = selected(&pod);
        let expected = json!([
            {"key": "a", "operator": "In", "values": ["1"]},
            {"key": "c", "operator": "NotIn", "values": ["2"]},
        ]);
        let term = &selected["spec"]["affinity"]["podAffinity"][REQUIRED][0];
        assert_eq!(term["labelSelector"]["matchExpressions"], expected);
    }
}
