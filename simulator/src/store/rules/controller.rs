//! What is wrong with kinds that keep pods running.
//!
//! Source: kubernetes v1.34 `pkg/apis/apps/validation/validation.go`, `pkg/apis/core/validation/validation.go` and
//! `pkg/apis/autoscaling/validation/validation.go`.

use super::claim;
use super::go_struct;
use super::of_kind::{immutable, natural, required};
use super::part::{items, refuse, text};
use super::pod;
use super::pod_spec::choice_fault;
use super::rollout;
use crate::json::{Value, json};
use crate::store::admission::selector_faults as label_faults;
use crate::store::metadata::invalid_json;
use crate::store::naming::label_faults as label_name_faults;
use crate::store::schema::cause::{forbidden, invalid_shown};
use crate::store::selector::LabelSelector;
use crate::store::status::Cause;

/// What is said of a template whose pods are not selected.
pub(super) const MISMATCH: &str = "`selector` does not match template `labels`";
/// What an update of a stateful set may change.
const CHANGING: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

/// What is wrong with a Deployment, replica set, stateful set or daemon set.
pub(super) fn faults(kind: &str, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let (spec, old) = (&new["spec"], old.map(|old| &old["spec"]));
    let mut causes = Vec::new();
    match kind {
        "Deployment" => {
            count_faults(spec, &["replicas"], &mut causes);
            pod_faults(kind, spec, &mut causes);
            rollout::deployment_faults(&spec["strategy"], &mut causes);
            let counts = ["minReadySeconds", "revisionHistoryLimit"];
            count_faults(spec, &counts, &mut causes);
            deadline_faults(spec, &mut causes);
            causes.extend(selection_fault(spec, old));
        }
        "StatefulSet" => {
            set_faults(spec, old.is_none(), &mut causes);
            pod_faults(kind, spec, &mut causes);
            causes.extend(set_change_fault(spec, old));
        }
        "DaemonSet" => {
            causes.extend(selection_fault(spec, old));
            pod_faults(kind, spec, &mut causes);
            count_faults(spec, &["minReadySeconds"], &mut causes);
            rollout::daemon_set_faults(&spec["updateStrategy"], &mut causes);
            count_faults(spec, &["revisionHistoryLimit"], &mut causes);
        }
        _ => {
            count_faults(spec, &["replicas", "minReadySeconds"], &mut causes);
            pod_faults(kind, spec, &mut causes);
            causes.extend(selection_fault(spec, old));
        }
    }
    causes
}

fn count_faults(spec: &Value, counts: &[&str], causes: &mut Vec<Cause>) {
    for count in counts {
        natural(&format!("spec.{count}"), &spec[*count], causes);
    }
}

/// What is wrong with which pods are selected, and with what they are made from.
fn pod_faults(kind: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let is_readable = selector_faults(kind, spec, causes);
    match kind {
        _ if !is_readable && kind != "DaemonSet" => {}
        "StatefulSet" => causes.extend(template_faults(kind, &numbered_template(spec))),
        "Deployment" => causes.extend(template_faults("ReplicaSet", &spec["template"])),
        _ => causes.extend(template_faults(kind, &spec["template"])),
    }
}

/// Which pods are selected stays.
fn selection_fault(spec: &Value, old: Option<&Value>) -> Option<Cause> {
    let is_changed = old.is_some_and(|old| old["selector"] != spec["selector"]);
    is_changed.then(|| {
        let selector = shown_selector(&spec["selector"]);
        invalid_json("spec.selector", &selector, "field is immutable")
    })
}

/// What is wrong with a replication controller, which selects by labels alone.
pub(super) fn old_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = old_spec_faults(&new["spec"]);
    if old.is_some() {
        // Both looks at an update look at the whole spec.
        causes.extend(causes.clone());
    }
    causes
}

fn old_spec_faults(spec: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    count_faults(spec, &["minReadySeconds"], &mut causes);
    let selector = spec["selector"]
        .as_object()
        .filter(|labels| !labels.is_empty());
    if selector.is_none() {
        causes.push(required("spec.selector", "Required value"));
    }
    count_faults(spec, &["replicas"], &mut causes);
    let template = &spec["template"];
    if template["metadata"].is_null() && template["spec"]["containers"].is_null() {
        causes.push(required("spec.template", "Required value"));
        return causes;
    }
    let labels = &template["metadata"]["labels"];
    let selector = selector.into_iter().flatten();
    if selector
        .into_iter()
        .any(|(name, text)| labels.get(name) != Some(text))
    {
        let field = "spec.template.metadata.labels";
        causes.push(invalid_json(field, &labels.to_string(), MISMATCH));
    }
    causes.extend(template_faults("ReplicationController", template));
    causes
}

/// What is wrong with a revision of a stateful set or daemon set.
pub(super) fn revision_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    natural("revision", &new["revision"], &mut causes);
    let message = match &new["data"] {
        Value::Null => Some("Required value: data is mandatory"),
        Value::Object(_) => None,
        _ => Some("Required value: data must be a valid JSON object"),
    };
    if old.is_none() {
        causes.extend(message.map(|message| required("data", message)));
    }
    causes.extend(immutable(new, old, "data"));
    causes
}

/// What is wrong with the template of pods that run until they are stopped.
fn template_faults(kind: &str, template: &Value) -> Vec<Cause> {
    let mut causes = pod::template_faults("spec.template", template);
    if kind == "StatefulSet" {
        // Its labels are looked at once more.
        causes.extend(pod::mark_faults("spec.template", template));
    }
    let template = &template["spec"];
    let policy = &template["restartPolicy"];
    let field = "spec.template.spec.restartPolicy";
    choice_fault(field, policy, &["Always"], &mut causes);
    if !template["activeDeadlineSeconds"].is_null() {
        let why = format!("activeDeadlineSeconds in {kind} is not Supported");
        causes.push(forbidden("spec.template.spec.activeDeadlineSeconds", &why));
    }
    causes
}

/// The template of a StatefulSet with the claims that each of its pods has, and without the names that are given to each.
fn numbered_template(spec: &Value) -> Value {
    let mut template = spec["template"].clone();
    let names = ["hostname", "subdomain"];
    let claims = Vec::from_iter(items(&spec["volumeClaimTemplates"]));
    let Some(fields) = template.get_mut("spec").and_then(Value::as_object_mut) else {
        return template;
    };
    fields.retain(|field, _| !names.contains(&field.as_str()));
    if claims.is_empty() {
        return template;
    }
    let claims = Vec::from_iter(claims.iter().map(|claim| text(&claim["metadata"], "name")));
    let others = items(fields.get("volumes").unwrap_or(&Value::Null));
    let others = others.filter(|volume| !claims.contains(&text(volume, "name")));
    let claims = claims
        .iter()
        .map(|name| json!({"name": name, "persistentVolumeClaim": {"claimName": name}}));
    let volumes = Vec::from_iter(claims.chain(others.cloned()));
    fields.insert("volumes".to_owned(), volumes.into());
    template
}

fn set_faults(spec: &Value, is_new: bool, causes: &mut Vec<Cause>) {
    let policy = &spec["podManagementPolicy"];
    if policy != "OrderedReady" && policy != "Parallel" && !policy.is_null() {
        let why = "must be 'OrderedReady' or 'Parallel'";
        causes.push(invalid_json(
            "spec.podManagementPolicy",
            &policy.to_string(),
            why,
        ));
    }
    rollout::stateful_set_faults(&spec["updateStrategy"], causes);
    let retention = &spec["persistentVolumeClaimRetentionPolicy"];
    for when in ["whenDeleted", "whenScaled"] {
        let field = format!("spec.persistentVolumeClaimRetentionPolicy.{when}");
        choice_fault(&field, &retention[when], &["Retain", "Delete"], causes);
    }
    let claims = items(&spec["volumeClaimTemplates"]).filter(|_| is_new);
    for (index, claim) in claims.enumerate() {
        let path = format!("spec.volumeClaimTemplates[{index}].spec");
        causes.extend(claim::spec_faults(&path, &claim["spec"]));
    }
    count_faults(spec, &["replicas", "minReadySeconds"], causes);
    natural("spec.ordinals.start", &spec["ordinals"]["start"], causes);
    let (field, service) = ("spec.serviceName", text(spec, "serviceName"));
    if is_new && !service.is_empty() {
        refuse(field, service, label_name_faults(service), causes);
    }
}

/// What of a stateful set stays.
fn set_change_fault(spec: &Value, old: Option<&Value>) -> Option<Cause> {
    let fixed = |spec: &Value| {
        let mut fields = spec.as_object().cloned().unwrap_or_default();
        fields.retain(|field, value| !CHANGING.contains(&field.as_str()) && value != "");
        fields
    };
    old.is_some_and(|old| fixed(old) != fixed(spec)).then(|| {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        forbidden("spec", why)
    })
}

fn deadline_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let (deadline, ready) = (&spec["progressDeadlineSeconds"], &spec["minReadySeconds"]);
    let field = "spec.progressDeadlineSeconds";
    natural(field, deadline, causes);
    let ready = ready.as_i64().unwrap_or(0);
    if deadline.as_i64().is_some_and(|deadline| deadline <= ready) {
        let why = "must be greater than minReadySeconds";
        causes.push(invalid_json(field, &deadline.to_string(), why));
    }
}

/// What is wrong with a selector; whether it can be read. The template is looked at only then.
fn selector_faults(kind: &str, spec: &Value, causes: &mut Vec<Cause>) -> bool {
    let selector = &spec["selector"];
    let found = label_faults("spec.selector", selector);
    let is_readable = found.is_empty();
    causes.extend(found);
    let shown = || shown_selector(selector);
    let why = match kind {
        "DaemonSet" => None,
        "StatefulSet" => Some(""),
        _ => Some("invalid label selector"),
    };
    if let Some(why) = why {
        if selector.is_null() {
            causes.push(required("spec.selector", "Required value"));
        }
        if !is_readable {
            causes.push(invalid_shown("spec.selector", &shown(), why));
        }
    }
    let is_empty = LabelSelector::read(selector).is_empty();
    if is_empty && !selector.is_null() {
        let noun = match kind {
            "ReplicaSet" => "deployment".to_owned(),
            kind => kind.to_lowercase(),
        };
        let why = format!("empty selector is invalid for {noun}");
        causes.push(invalid_shown("spec.selector", &shown(), &why));
    }
    let labels = &spec["template"]["metadata"]["labels"];
    if is_readable && !is_selected(selector, labels) {
        let field = "spec.template.metadata.labels";
        causes.push(invalid_json(field, &labels.to_string(), MISMATCH));
    }
    is_readable
}

/// A selector as messages show it.
pub(super) fn shown_selector(selector: &Value) -> String {
    let Some(fields) = selector.as_object() else {
        return "null".to_owned();
    };
    let mut fields = fields.clone();
    fields.retain(|_, field| *field != json!({}) && *field != json!([]));
    go_struct::shown("LabelSelector", &fields.into())
}

/// Whether labels are those that a selector asks for; none are where there is no selector.
pub(super) fn is_selected(selector: &Value, labels: &Value) -> bool {
    !selector.is_null() && LabelSelector::read(selector).selects(labels.as_object())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    fn a_deployment(spec: Value) -> Value {
        let mut deployment = json!({"spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"restartPolicy": "Always", "containers": [{"name": "c", "image": "i"}]}},
        }});
        for (field, value) in spec.as_object().cloned().unwrap_or_default() {
            deployment["spec"][field.as_str()] = value;
        }
        deployment
    }

    #[rstest]
    #[case::good(json!({}), &[])]
    #[case::negative(json!({"replicas": -1}), &["spec.replicas: Invalid value: -1: must be greater than or equal to 0"])]
    #[case::no_selector(json!({"selector": null}), &["spec.selector: Required value", "spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does not match template `labels`"])]
    #[case::all(json!({"selector": {}}), &["spec.selector: Invalid value: {}: empty selector is invalid for deployment"])]
    #[case::strategy(json!({"strategy": {"type": "X"}}), &["spec.strategy: Unsupported value: {\"Type\":\"X\",\"RollingUpdate\":null}: supported values: \"Recreate\", \"RollingUpdate\""])]
    #[case::rolling(json!({"strategy": {"type": "X", "rollingUpdate": {"maxSurge": "25%"}}}), &["spec.strategy: Unsupported value: {\"Type\":\"X\",\"RollingUpdate\":{\"MaxUnavailable\":0,\"MaxSurge\":\"25%\"}}: supported values: \"Recreate\", \"RollingUpdate\""])]
    fn deployments_are_checked(#[case] spec: Value, #[case] expected: &[&str]) {
        let causes = faults("Deployment", &a_deployment(spec), None);
        let told: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(told, expected);
    }

    #[rstest]
    #[case("Deployment", &["replicas", "strategy", "minReadySeconds", "revisionHistoryLimit", "selector"])]
    #[case("ReplicaSet", &["replicas", "minReadySeconds", "selector"])]
    #[case("StatefulSet", &["podManagementPolicy", "updateStrategy", "replicas", "minReadySeconds"])]
    #[case("DaemonSet", &["selector", "minReadySeconds", "updateStrategy", "revisionHistoryLimit"])]
    fn each_kind_is_looked_at_in_its_own_order(#[case] kind: &str, #[case] expected: &[&str]) {
        let spec = json!({
            "replicas": -1, "minReadySeconds": -1, "revisionHistoryLimit": -1, "podManagementPolicy": "X",
            "strategy": {"type": "X"}, "updateStrategy": {"type": "X"},
        });
        let mut old = a_deployment(spec.clone());
        if kind != "StatefulSet" {
            old["spec"]["selector"]["matchLabels"]["c"] = "d".into();
        }
        let causes = faults(kind, &a_deployment(spec), Some(&old)).into_iter();
        let found = Vec::from_iter(causes.map(|cause| cause.field.replace("spec.", "")));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_selector_does_not_change() {
        let new = a_deployment(json!({"selector": {"matchLabels": {}}}));
        let causes = faults("Deployment", &new, Some(&a_deployment(json!({}))));
        let last = causes.last().map(|cause| cause.message.as_str());
        assert_eq!(last, Some("Invalid value: {}: field is immutable"));
    }
}
