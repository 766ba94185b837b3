//! Autoscalers: one storage, seen as autoscaling/v2 and as autoscaling/v1.
//!
//! Simplified: metrics other than the mean use of CPU are not carried over into annotations of v1.
//!
//! Source: kubernetes v1.34 `pkg/apis/autoscaling/v1/conversion.go` and `defaults.go`.

use crate::json::{Value, json};

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
            spec.entry("metrics")
                .or_insert_with(|| json!([metric(&DEFAULT_PERCENT.into())]));
        }
    }
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
        status.remove("currentMetrics");
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
