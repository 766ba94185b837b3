//! The defaults of what lies deep in the spec of a pod.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/v1/defaults.go` and `zz_generated.defaults.go`.

use super::fill::{Default, always, fill};
use crate::json::Value;

/// Of containers.
const OF_CONTAINER: &[Default] = &[
    always("ports[].protocol", "\"TCP\""),
    always("env[].valueFrom?.fieldRef?.apiVersion", "\"v1\""),
    always("env[].valueFrom?.resourceFieldRef?.divisor", "\"0\""),
    always("lifecycle?.postStart?.httpGet?.path", "\"/\""),
    always("lifecycle?.postStart?.httpGet?.scheme", "\"HTTP\""),
    always("lifecycle?.preStop?.httpGet?.path", "\"/\""),
    always("lifecycle?.preStop?.httpGet?.scheme", "\"HTTP\""),
];
/// Of probes.
const OF_PROBE: &[Default] = &[
    always("httpGet?.path", "\"/\""),
    always("httpGet?.scheme", "\"HTTP\""),
    always("grpc?.service", "\"\""),
    always("timeoutSeconds", "1"),
    always("periodSeconds", "10"),
    always("successThreshold", "1"),
    always("failureThreshold", "3"),
];
/// Of volumes.
const OF_VOLUME: &[Default] = &[
    always("secret?.defaultMode", "420"),
    always("configMap?.defaultMode", "420"),
    always("downwardAPI?.defaultMode", "420"),
    always("downwardAPI?.items[].fieldRef?.apiVersion", "\"v1\""),
    always("downwardAPI?.items[].resourceFieldRef?.divisor", "\"0\""),
    always("projected?.defaultMode", "420"),
    always("projected?.sources", "null"),
    always(
        "projected?.sources[].downwardAPI?.items[].fieldRef?.apiVersion",
        "\"v1\"",
    ),
    always(
        "projected?.sources[].downwardAPI?.items[].resourceFieldRef?.divisor",
        "\"0\"",
    ),
    always(
        "projected?.sources[].serviceAccountToken?.expirationSeconds",
        "3600",
    ),
    always("hostPath?.type", "\"\""),
    always("ephemeral?.volumeClaimTemplate?.metadata", "{}"),
    always(
        "ephemeral?.volumeClaimTemplate?.spec.volumeMode",
        "\"Filesystem\"",
    ),
    always("iscsi?.iscsiInterface", "\"default\""),
    always("rbd?.pool", "\"rbd\""),
    always("rbd?.user", "\"admin\""),
    always("rbd?.keyring", "\"/etc/ceph/keyring\""),
    always("azureDisk?.cachingMode", "\"ReadWrite\""),
    always("azureDisk?.fsType", "\"ext4\""),
    always("azureDisk?.readOnly", "false"),
    always("azureDisk?.kind", "\"Shared\""),
    always("scaleIO?.secretRef", "null"),
    always("scaleIO?.storageMode", "\"ThinProvisioned\""),
    always("scaleIO?.fsType", "\"xfs\""),
];
/// The volumes that have none of the defaults, which are most.
const PLAIN: [&str; 2] = ["emptyDir", "persistentVolumeClaim"];

/// Writes the defaults of a container that lie deeper than its fields.
pub(super) fn fill_container(container: &mut Value) {
    let deep = ["ports", "env", "lifecycle"];
    if deep.iter().any(|field| container.get(field).is_some()) {
        fill_all(OF_CONTAINER, container);
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = container.get_mut(probe).filter(|probe| probe.is_object());
        if let Some(probe) = probe {
            zero_is_unset(probe);
            fill_all(OF_PROBE, probe);
        }
    }
}

/// Numbers of a probe that are 0 get their defaults too.
fn zero_is_unset(probe: &mut Value) {
    let numbers = [
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ];
    if let Some(fields) = probe.as_object_mut() {
        fields.retain(|field, value| !numbers.contains(&field.as_str()) || *value != 0);
    }
}

/// Writes the defaults of a volume; one of nothing is an empty folder.
pub(super) fn fill_volume(volume: &mut Value) {
    let Some(fields) = volume.as_object_mut() else {
        return;
    };
    if fields
        .iter()
        .all(|(field, source)| field == "name" || source.is_null())
    {
        fields.insert(
            "emptyDir".to_owned(),
            Value::Object(crate::json::Map::new()),
        );
    } else if !PLAIN.iter().any(|kind| fields.contains_key(kind)) {
        fill_all(OF_VOLUME, volume);
    }
}

fn fill_all(defaults: &[Default], value: &mut Value) {
    for default in defaults {
        fill(value, default);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::nothing(json!({"name": "v"}), json!({"name": "v", "emptyDir": {}}))]
    #[case::secret(json!({"secret": {}}), json!({"secret": {"defaultMode": 420}}))]
    #[case::host(json!({"hostPath": {"path": "/a"}}), json!({"hostPath": {"path": "/a", "type": ""}}))]
    fn a_volume_has_its_defaults(#[case] mut volume: Value, #[case] expected: Value) {
        fill_volume(&mut volume);
        assert_eq!(volume, expected);
    }

    #[test]
    fn a_probe_has_its_defaults() {
        let mut container = json!({"livenessProbe": {"grpc": {"port": 1}, "periodSeconds": 0}});
        fill_container(&mut container);
        let expected = json!({"grpc": {"port": 1, "service": ""}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3});
        assert_eq!(container["livenessProbe"], expected);
    }
}
