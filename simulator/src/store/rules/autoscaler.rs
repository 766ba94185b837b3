//! Autoscalers: one storage, seen as autoscaling/v2 and as autoscaling/v1.
//!
//! Simplified: metrics other than the mean use of CPU are not carried over into annotations of v1.
//!
//! Source: kubernetes v1.34 `pkg/apis/autoscaling/v1/conversion.go` and `defaults.go`.

use super::of_kind::natural;
use super::scaling::{
    behavior_faults, fill_behavior, metric_faults, reference_faults, version_fault,
};
use crate::json::{Value, json};
use crate::store::metadata::{invalid, invalid_json};
use crate::store::schema::cause::forbidden;
use crate::store::status::Cause;

/// The percentage of use that counts where nothing else is asked for.
const DEFAULT_PERCENT: i64 = 80;

/// Asks for the mean use of CPU if nothing is asked for; `version` is that of the request.
pub(super) fn prepare(version: &str, value: &mut Value) {
    let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    match version {
        "v1" => {
            spec.entry("targetCPUUtilizationPercentage")
                .or_insert_with(|| DEFAULT_PERCENT.into());
        }
        _ => {
            let is_empty = |metrics: &Value| metrics.as_array().is_some_and(Vec::is_empty);
            if spec.get("metrics").is_some_and(is_empty) {
                spec.remove("metrics");
            }
            spec.entry("metrics")
                .or_insert_with(|| json!([metric(&DEFAULT_PERCENT.into())]));
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

/// What is wrong with an autoscaler, in either version.
///
/// Source: kubernetes v1.34 `pkg/apis/autoscaling/validation/validation.go`.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let spec = &new["spec"];
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
    let percent = &spec["targetCPUUtilizationPercentage"];
    if !percent.is_null() {
        metric_faults("spec.metrics[0]", &metric(percent), &mut causes);
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

/// A stored autoscaler as autoscaling/v1 shows it.
pub(in crate::store) fn to_old_autoscaler(mut value: Value) -> Value {
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
        let percent = spec.remove("metrics").and_then(|metrics| {
            let metrics = metrics.as_array()?.clone();
            let of_cpu = metrics.into_iter().find(|metric| {
                metric["type"] == "Resource" && metric["resource"]["name"] == "cpu"
            })?;
            Some(of_cpu["resource"]["target"]["averageUtilization"].clone())
        });
        if let Some(percent) = percent {
            spec.insert("targetCPUUtilizationPercentage".to_owned(), percent);
        }
    }
    if let Some(status) = value.get_mut("status").and_then(Value::as_object_mut) {
        let share = status.remove("currentMetrics").and_then(|metrics| {
            let mut metrics = metrics.as_array()?.iter();
            let of_cpu = metrics.find(|metric| metric["resource"]["name"] == "cpu")?;
            let share = &of_cpu["resource"]["current"]["averageUtilization"];
            Some(share.clone()).filter(|share| !share.is_null())
        });
        if let Some(share) = share {
            status.insert("currentCPUUtilizationPercentage".to_owned(), share);
        }
        status.entry("currentReplicas").or_insert_with(|| 0.into());
    }
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
        status.entry("currentMetrics").or_insert(Value::Null);
    }
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
