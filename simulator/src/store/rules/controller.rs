//! What is wrong with kinds that keep pods running.
//!
//! Source: kubernetes v1.34 `pkg/apis/apps/validation/validation.go`, `pkg/apis/core/validation/validation.go` and
//! `pkg/apis/autoscaling/validation/validation.go`.

use super::claim;
use super::go_struct;
use super::of_kind::{immutable, natural, required};
use super::part::{items, text};
use super::pod;
use super::pod_spec::choice_fault;
use crate::json::{Map, Value, json};
use crate::store::admission::selector_faults as label_faults;
use crate::store::metadata::{invalid, invalid_json};
use crate::store::schema::cause::forbidden;
use crate::store::status::Cause;

/// What is said of a template whose pods are not selected.
pub(super) const MISMATCH: &str = "`selector` does not match template `labels`";
pub(super) const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
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
    let spec = &new["spec"];
    let mut causes = Vec::new();
    for field in ["replicas", "minReadySeconds", "revisionHistoryLimit"] {
        natural(&format!("spec.{field}"), &spec[field], &mut causes);
    }
    causes.extend(selector_faults(kind, spec));
    match kind {
        "Deployment" => {
            causes.extend(strategy_faults(&spec["strategy"]));
            let (deadline, ready) = (&spec["progressDeadlineSeconds"], &spec["minReadySeconds"]);
            if deadline
                .as_i64()
                .is_some_and(|deadline| deadline <= ready.as_i64().unwrap_or(0))
            {
                let why = "must be greater than minReadySeconds";
                causes.push(invalid_json(
                    "spec.progressDeadlineSeconds",
                    &deadline.to_string(),
                    why,
                ));
            }
        }
        "StatefulSet" => set_faults(spec, old.map(|old| &old["spec"]), &mut causes),
        "DaemonSet" => {
            let rolling = &spec["updateStrategy"]["rollingUpdate"];
            if is_zero(&rolling["maxSurge"]) && is_zero(&rolling["maxUnavailable"]) {
                let field = "spec.updateStrategy.rollingUpdate.maxUnavailable";
                causes.push(required(
                    field,
                    "Required value: cannot be 0 when maxSurge is 0",
                ));
            }
        }
        _ => {}
    }
    let noun = if kind == "Deployment" {
        "ReplicaSet"
    } else {
        kind
    };
    match kind {
        "StatefulSet" => causes.extend(template_faults(noun, &numbered_template(spec))),
        _ => causes.extend(template_faults(noun, &spec["template"])),
    }
    if kind != "StatefulSet"
        && let Some(old) = old
        && old["spec"]["selector"] != spec["selector"]
    {
        let selector = go_struct::shown("LabelSelector", &spec["selector"]);
        causes.push(invalid_json(
            "spec.selector",
            &selector,
            "field is immutable",
        ));
    }
    causes
}

/// What is wrong with a replication controller, which selects by labels alone.
pub(super) fn old_faults(new: &Value) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    for field in ["replicas", "minReadySeconds"] {
        natural(&format!("spec.{field}"), &spec[field], &mut causes);
    }
    let selector = spec["selector"]
        .as_object()
        .filter(|labels| !labels.is_empty());
    if selector.is_none() {
        causes.push(required("spec.selector", "Required value"));
    }
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
    if new["data"].is_null() {
        causes.push(required("data", "Required value: data is mandatory"));
    }
    natural("revision", &new["revision"], &mut causes);
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
    if ["OnFailure", "Never"].iter().any(|other| policy == other) {
        let field = "spec.template.spec.restartPolicy";
        choice_fault(field, policy, &["Always"], &mut causes);
    }
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

fn set_faults(spec: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let policy = &spec["podManagementPolicy"];
    if policy != "OrderedReady" && policy != "Parallel" && !policy.is_null() {
        let why = "must be 'OrderedReady' or 'Parallel'";
        causes.push(invalid_json(
            "spec.podManagementPolicy",
            &policy.to_string(),
            why,
        ));
    }
    let strategy = spec["updateStrategy"]["type"].as_str().unwrap_or_default();
    if !matches!(strategy, "RollingUpdate" | "OnDelete") {
        let shown = format!("{{\"Type\":{strategy:?},\"RollingUpdate\":null}}");
        let why = "must be 'RollingUpdate' or 'OnDelete'";
        causes.push(invalid_json("spec.updateStrategy", &shown, why));
    }
    if old.is_none() {
        for (index, claim) in items(&spec["volumeClaimTemplates"]).enumerate() {
            let path = format!("spec.volumeClaimTemplates[{index}].spec");
            causes.extend(claim::spec_faults(&path, &claim["spec"]));
        }
    }
    natural("spec.ordinals.start", &spec["ordinals"]["start"], causes);
    let partition = &spec["updateStrategy"]["rollingUpdate"]["partition"];
    natural(
        "spec.updateStrategy.rollingUpdate.partition",
        partition,
        causes,
    );
    let fixed = |spec: &Value| {
        let fields = spec.as_object().cloned().unwrap_or_default();
        let mut fields = fields;
        fields.retain(|field, _| !CHANGING.contains(&field.as_str()));
        fields
    };
    if old.is_some_and(|old| fixed(old) != fixed(spec)) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        causes.push(forbidden("spec", why));
    }
}

fn selector_faults(kind: &str, spec: &Value) -> Vec<Cause> {
    let selector = &spec["selector"];
    let mut causes = label_faults("spec.selector", selector);
    if causes
        .iter()
        .any(|cause| cause.field.ends_with(".operator"))
    {
        let why = "invalid label selector";
        causes.push(invalid_json("spec.selector", &selector.to_string(), why));
        return causes;
    }
    if selector.is_null() && kind != "DaemonSet" {
        causes.push(required("spec.selector", "Required value"));
    }
    if selector.as_object().is_some_and(Map::is_empty) {
        let noun = kind.to_lowercase();
        let detail = format!("empty selector is invalid for {noun}");
        causes.push(invalid_json("spec.selector", "{}", &detail));
        return causes;
    }
    let labels = &spec["template"]["metadata"]["labels"];
    if !is_selected(selector, labels) {
        let field = "spec.template.metadata.labels";
        causes.push(invalid_json(field, &labels.to_string(), MISMATCH));
    }
    causes
}

/// Whether labels are those that a selector asks for; expressions are not looked at.
pub(super) fn is_selected(selector: &Value, labels: &Value) -> bool {
    let wanted = selector["matchLabels"].as_object().into_iter().flatten();
    !selector.is_null()
        && wanted
            .into_iter()
            .all(|(name, text)| labels.get(name) == Some(text))
}

fn is_zero(amount: &Value) -> bool {
    *amount == 0 || *amount == "0%"
}

fn strategy_faults(strategy: &Value) -> Vec<Cause> {
    let rolling = &strategy["rollingUpdate"];
    match strategy["type"].as_str().unwrap_or_default() {
        "Recreate" if !rolling.is_null() => vec![forbidden(
            "spec.strategy.rollingUpdate",
            "may not be specified when strategy `type` is 'Recreate'",
        )],
        "Recreate" => Vec::new(),
        "RollingUpdate" => {
            let causes = share_faults(rolling);
            if !causes.is_empty() {
                return causes;
            }
            if is_zero(&rolling["maxSurge"]) && is_zero(&rolling["maxUnavailable"]) {
                let field = "spec.strategy.rollingUpdate.maxUnavailable";
                let shown = rolling["maxUnavailable"].to_string();
                let detail = "may not be 0 when `maxSurge` is 0";
                return vec![invalid_json(field, &shown, detail)];
            }
            Vec::new()
        }
        other => vec![Cause {
            reason: "FieldValueNotSupported",
            message: format!(
                "Unsupported value: {{\"Type\":{other:?},\"RollingUpdate\":null}}: supported values: \"Recreate\", \"RollingUpdate\""
            ),
            field: "spec.strategy".to_owned(),
        }],
    }
}

/// What is wrong with the shares of pods that may be new or missing.
fn share_faults(rolling: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for name in ["maxSurge", "maxUnavailable"] {
        let field = format!("spec.strategy.rollingUpdate.{name}");
        natural(&field, &rolling[name], &mut causes);
        let Some(text) = rolling[name].as_str() else {
            continue;
        };
        let number = text.strip_suffix('%').filter(|digits| !digits.is_empty());
        let digits = number.filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        match digits {
            None => causes.push(invalid(&field, text, PERCENT)),
            Some(digits)
                if name == "maxUnavailable" && digits.parse().is_ok_and(|n: u64| n > 100) =>
            {
                causes.push(invalid(&field, text, "must not be greater than 100%"));
            }
            Some(_) => {}
        }
    }
    causes
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    fn a_deployment(spec: Value) -> Value {
        let mut deployment = json!({"spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "strategy": {"type": "RollingUpdate"},
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
    fn deployments_are_checked(#[case] spec: Value, #[case] expected: &[&str]) {
        let causes = faults("Deployment", &a_deployment(spec), None);
        let told: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_selector_does_not_change() {
        let new = a_deployment(json!({"selector": {"matchLabels": {}}}));
        let causes = faults("Deployment", &new, Some(&a_deployment(json!({}))));
        let expected = "Invalid value: {\"matchLabels\":{}}: field is immutable";
        assert_eq!(causes[0].message, expected);
    }
}
