//! Autoscalers: one storage, seen as autoscaling/v2 and as autoscaling/v1.
//!
//! Source: kubernetes v1.34 `pkg/apis/autoscaling/v1/conversion.go` and `defaults.go`.

use super::autoscaler_round::{annotate, is_carrying, restore};
use super::of_kind::natural;
use super::scaling::{
    behavior_faults, fill_behavior, metric_faults, reference_faults, version_fault,
};
use crate::json::{Map, Value, json};
use crate::store::metadata::{invalid, invalid_json};
use crate::store::schema::cause::forbidden;
use crate::store::status::Cause;

/// The percentage of use that counts where nothing else is asked for.
const DEFAULT_PERCENT: i64 = 80;

/// Asks for the mean use of CPU if nothing is asked for; `version` is that of the request.
pub(super) fn prepare(version: &str, value: &mut Value) {
    if version == "v1" && is_carrying(value) {
        let mut new = to_new_autoscaler(std::mem::take(value));
        if let Some(spec) = new.get_mut("spec").and_then(Value::as_object_mut) {
            prepare_metrics(spec);
        }
        *value = to_old_autoscaler(new);
        return;
    }
    let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    match version {
        "v1" => {
            spec.entry("targetCPUUtilizationPercentage")
                .or_insert_with(|| DEFAULT_PERCENT.into());
        }
        _ => {
            prepare_metrics(spec);
            if let Some(behavior) = spec.get_mut("behavior").filter(|given| given.is_object()) {
                fill_behavior(behavior);
            }
        }
    }
}

/// Shows how many replicas a new autoscaler wants, which Go cannot leave out.
pub(super) fn plug_in(value: &mut Value) {
    if !value["status"].is_object() {
        value["status"] = json!({});
    }
    if value["status"]["desiredReplicas"].is_null() {
        value["status"]["desiredReplicas"] = 0.into();
    }
}

/// Shows the metrics, which Go cannot leave out.
pub(super) fn prepare_status(value: &mut Value) {
    if value["status"]["currentMetrics"].is_null() {
        value["status"]["currentMetrics"] = Value::Null;
    }
}

fn prepare_metrics(spec: &mut Map) {
    let is_empty = |metrics: &Value| metrics.as_array().is_some_and(Vec::is_empty);
    if spec.get("metrics").is_some_and(is_empty) {
        spec.remove("metrics");
    }
    spec.entry("metrics")
        .or_insert_with(|| json!([metric(&DEFAULT_PERCENT.into())]));
}

/// What is wrong with an autoscaler, in either version.
///
/// Source: kubernetes v1.34 `pkg/apis/autoscaling/validation/validation.go`.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    // The older version has no metrics of its own.
    let is_old = new["spec"]["metrics"].is_null();
    let stored = is_old.then(|| to_new_autoscaler(new.clone()));
    let spec = &stored.as_ref().unwrap_or(new)["spec"];
    let target = &spec["scaleTargetRef"];
    let version = target["apiVersion"].as_str().unwrap_or_default();
    let mut causes = Vec::new();
    let (least, most) = (&spec["minReplicas"], &spec["maxReplicas"]);
    let (min, max) = (least.as_i64().unwrap_or(1), most.as_i64().unwrap_or(0));
    if min < 1 {
        let why = "must be greater than or equal to 1";
        causes.push(invalid_json("spec.minReplicas", &min.to_string(), why));
    }
    if max < 1 {
        causes.push(invalid_json(
            "spec.maxReplicas",
            &max.to_string(),
            "must be greater than 0",
        ));
    }
    if max < min {
        let why = "must be greater than or equal to `minReplicas`";
        causes.push(invalid_json("spec.maxReplicas", &max.to_string(), why));
    }
    reference_faults("spec.scaleTargetRef", target, &mut causes);
    let is_same = |old: &Value| {
        let old = &old["spec"]["scaleTargetRef"];
        old["apiVersion"] == target["apiVersion"] && old["kind"] == target["kind"]
    };
    if !old.is_some_and(is_same)
        && let Some(why) = version_fault(version, target["kind"] == "ReplicationController")
    {
        causes.push(invalid("spec.scaleTargetRef.apiVersion", version, &why));
    }
    let metrics = spec["metrics"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for (index, metric) in metrics.iter().enumerate() {
        metric_faults(&format!("spec.metrics[{index}]"), metric, &mut causes);
    }
    let is_apart = |metric: &Value| metric["type"] == "Object" || metric["type"] == "External";
    if min == 0 && !metrics.iter().any(is_apart) {
        let why = "must specify at least one Object or External metric to support scaling to zero replicas";
        causes.push(forbidden("spec.metrics", why));
    }
    behavior_faults("spec.behavior", &spec["behavior"], &mut causes);
    causes
}

/// What is wrong with the status of an autoscaler.
pub(super) fn status_faults(new: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for count in ["currentReplicas", "desiredReplicas"] {
        let field = format!("status.{count}");
        natural(&field, &new["status"][count], &mut causes);
    }
    causes
}

fn metric(percent: &Value) -> Value {
    json!({
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}},
    })
}

/// Whether a metric is the one that autoscaling/v1 has a field for.
fn is_of_cpu(metric: &Value) -> bool {
    let of = &metric["resource"];
    let percent = &of["target"]["averageUtilization"];
    metric["type"] == "Resource" && of["name"] == "cpu" && !percent.is_null()
}

/// A stored autoscaler as autoscaling/v1 shows it.
pub(in crate::store) fn to_old_autoscaler(mut value: Value) -> Value {
    let mut other = Vec::new();
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut)
        && let Some(Value::Array(metrics)) = spec.remove("metrics")
    {
        if let Some(of_cpu) = metrics.iter().find(|metric| is_of_cpu(metric)) {
            let percent = of_cpu["resource"]["target"]["averageUtilization"].clone();
            spec.insert("targetCPUUtilizationPercentage".to_owned(), percent);
        }
        other.extend(metrics.iter().filter(|metric| !is_of_cpu(metric)).cloned());
    }
    if let Some(status) = value.get_mut("status").and_then(Value::as_object_mut) {
        let metrics = status.get("currentMetrics").and_then(Value::as_array);
        let share = metrics.and_then(|metrics| {
            let shares = metrics.iter().filter(|metric| {
                metric["type"] == "Resource" && metric["resource"]["name"] == "cpu"
            });
            let mut shares =
                shares.map(|metric| &metric["resource"]["current"]["averageUtilization"]);
            shares.rfind(|share| !share.is_null()).cloned()
        });
        if let Some(share) = share {
            status.insert("currentCPUUtilizationPercentage".to_owned(), share);
        }
        status.entry("currentReplicas").or_insert_with(|| 0.into());
    }
    annotate(&mut value, &other);
    value
}

/// An autoscaling/v1 autoscaler as it is stored.
pub(in crate::store) fn to_new_autoscaler(mut value: Value) -> Value {
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut)
        && let Some(percent) = spec.remove("targetCPUUtilizationPercentage")
    {
        spec.insert("metrics".to_owned(), json!([metric(&percent)]));
    }
    if let Some(status) = value.get_mut("status").and_then(Value::as_object_mut) {
        status.retain(|field, number| field != "currentReplicas" || *number != 0);
        let share = status.remove("currentCPUUtilizationPercentage");
        let metrics = share.map_or(Value::Null, |share| {
            json!([{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": share}}}])
        });
        status.entry("currentMetrics").or_insert(metrics);
    }
    restore(&mut value);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_autoscaler_is_stored_as_a_new_one_and_comes_back() {
        let old = json!({"spec": {"maxReplicas": 3, "targetCPUUtilizationPercentage": 50}});
        let new = to_new_autoscaler(old.clone());
        let target = json!({"type": "Utilization", "averageUtilization": 50});
        assert_eq!(new["spec"]["metrics"][0]["resource"]["target"], target);
        assert_eq!(to_old_autoscaler(new), old);
    }
}
