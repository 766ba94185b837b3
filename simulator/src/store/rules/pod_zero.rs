//! What Go leaves out of a pod: numbers, texts, lists and maps that are zero.
//!
//! Source: kubernetes v1.34 `staging/src/k8s.io/api/core/v1/types.go`, the fields with `omitempty` that are no pointers.

use super::pod;
use super::probe::{HOOKS, PROBES};
use crate::json::{Map, Value};

const OF_SPEC: [&str; 21] = [
    "volumes",
    "initContainers",
    "ephemeralContainers",
    "nodeSelector",
    "serviceAccountName",
    "serviceAccount",
    "nodeName",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "imagePullSecrets",
    "hostname",
    "subdomain",
    "tolerations",
    "hostAliases",
    "priorityClassName",
    "readinessGates",
    "overhead",
    "topologySpreadConstraints",
    "schedulingGates",
    "resourceClaims",
];
const OF_CONTAINER: [&str; 14] = [
    "image",
    "command",
    "args",
    "workingDir",
    "ports",
    "envFrom",
    "env",
    "resizePolicy",
    "volumeMounts",
    "volumeDevices",
    "stdin",
    "stdinOnce",
    "tty",
    "targetContainerName",
];
const OF_MOUNT: [&str; 3] = ["readOnly", "subPath", "subPathExpr"];
const OF_PORT: [&str; 3] = ["name", "hostPort", "hostIP"];
const OF_HANDLER: [(&str, &[&str]); 3] = [
    ("httpGet", &["host", "httpHeaders"]),
    ("tcpSocket", &["host"]),
    ("exec", &["command"]),
];

/// Leaves it out of a spec.
pub(super) fn leave_out(spec: &mut Map) {
    for container in pod::containers(spec).filter_map(Value::as_object_mut) {
        for (list, fields) in [("volumeMounts", &OF_MOUNT), ("ports", &OF_PORT)] {
            let list = container.get_mut(list).and_then(Value::as_array_mut);
            let elements = list.into_iter().flatten().filter_map(Value::as_object_mut);
            elements.for_each(|element| without(element, fields));
        }
        for probe in PROBES {
            let probe = container.get_mut(probe).and_then(Value::as_object_mut);
            if let Some(probe) = probe {
                without(probe, &["initialDelaySeconds"]);
                without_handled(probe);
            }
        }
        let lifecycle = container.get_mut("lifecycle");
        if let Some(lifecycle) = lifecycle.and_then(Value::as_object_mut) {
            for hook in HOOKS {
                let hook = lifecycle.get_mut(hook).and_then(Value::as_object_mut);
                hook.into_iter().for_each(without_handled);
            }
        }
        without(container, &OF_CONTAINER);
    }
    without(spec, &OF_SPEC);
}

/// Leaves it out of what a probe or a hook does.
fn without_handled(handler: &mut Map) {
    for (action, fields) in OF_HANDLER {
        let action = handler.get_mut(action).and_then(Value::as_object_mut);
        if let Some(action) = action {
            without(action, fields);
        }
    }
}

fn without(fields: &mut Map, names: &[&str]) {
    let is_gone = |name: &str, value: &Value| names.contains(&name) && is_zero(value);
    if fields.iter().any(|(name, value)| is_gone(name, value)) {
        fields.retain(|name, value| !is_gone(name, value));
    }
}

pub(super) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is_set) => !is_set,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn what_is_zero_is_left_out() {
        let mut spec = json!({
            "hostNetwork": false, "nodeSelector": {}, "enableServiceLinks": false,
            "containers": [{"name": "c", "args": [], "tty": false, "livenessProbe": {"initialDelaySeconds": 0}}],
        });
        leave_out(spec.as_object_mut().unwrap());
        let container = json!({"name": "c", "livenessProbe": {}});
        let expected = json!({"enableServiceLinks": false, "containers": [container]});
        assert_eq!(spec, expected);
    }
}
