//! Claims on devices.

use crate::json::Value;

/// One device is asked for where nothing else is.
///
/// Source: kubernetes v1.34 `pkg/apis/resource/v1/defaults.go`.
pub(super) fn prepare(kind: &str, value: &mut Value) {
    let place = match kind {
        "ResourceClaim" => "/spec/devices/requests",
        _ => "/spec/spec/devices/requests",
    };
    let requests = value.pointer_mut(place).and_then(Value::as_array_mut);
    for request in requests.into_iter().flatten() {
        if let Some(exactly) = request.get_mut("exactly") {
            prepare_request(exactly);
        }
        let choices = request
            .get_mut("firstAvailable")
            .and_then(Value::as_array_mut);
        choices.into_iter().flatten().for_each(prepare_request);
    }
}

fn prepare_request(request: &mut Value) {
    if !request.is_object() {
        return;
    }
    if request["allocationMode"]
        .as_str()
        .unwrap_or_default()
        .is_empty()
    {
        request["allocationMode"] = "ExactCount".into();
    }
    let is_counted = request["allocationMode"] == "ExactCount";
    if is_counted && request["count"].as_i64().unwrap_or(0) == 0 {
        request["count"] = 1.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn one_device_is_asked_for() {
        let mut claim = json!({"spec": {"devices": {"requests": [{"exactly": {}}, {"firstAvailable": [{"allocationMode": "All"}]}]}}});
        prepare("ResourceClaim", &mut claim);
        let expected = json!([
            {"exactly": {"allocationMode": "ExactCount", "count": 1}},
            {"firstAvailable": [{"allocationMode": "All"}]},
        ]);
        assert_eq!(claim["spec"]["devices"]["requests"], expected);
    }
}
