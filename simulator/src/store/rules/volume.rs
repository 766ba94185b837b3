//! Persistent volumes and claims.

use serde_json::{Value, json};

/// Sets the volume mode and the reclaim policy of a volume.
///
/// Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/apis/core/v1/defaults.go`.
pub(super) fn prepare(kind: &str, value: &mut Value) {
    if !value["spec"].is_object() {
        value["spec"] = json!({});
    }
    set_default(&mut value["spec"], "volumeMode", "Filesystem");
    if kind == "PersistentVolume" {
        set_default(
            &mut value["spec"],
            "persistentVolumeReclaimPolicy",
            "Retain",
        );
    }
}

/// Sets the first phase.
pub(super) fn admit(value: &mut Value) {
    if !value["status"].is_object() {
        value["status"] = json!({});
    }
    set_default(&mut value["status"], "phase", "Pending");
}

fn set_default(value: &mut Value, field: &str, default: &str) {
    if value[field].as_str().unwrap_or_default().is_empty() {
        value[field] = default.into();
    }
}
