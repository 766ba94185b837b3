//! Persistent volumes and claims.

use super::of_kind::required;
use crate::json::{Value, json};
use crate::store::object::metadata_mut;
use crate::store::status::Cause;

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

/// What is wrong with a claim.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`.
pub(super) fn claim_faults(new: &Value) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    if spec["accessModes"].as_array().is_none_or(Vec::is_empty) {
        let message = "Required value: at least 1 access mode is required";
        causes.push(required("spec.accessModes", message));
    }
    if spec["resources"]["requests"].get("storage").is_none() {
        causes.push(required("spec.resources[storage]", "Required value"));
    }
    causes
}

/// Sets the first phase, and the finalizer that keeps what is in use.
pub(super) fn admit(protection: &str, value: &mut Value) {
    protect(protection, value);
    if !value["status"].is_object() {
        value["status"] = json!({});
    }
    set_default(&mut value["status"], "phase", "Pending");
}

/// Sets the finalizer that keeps what is in use.
///
/// Source: kubernetes v1.34 `plugin/pkg/admission/storage/storageobjectinuseprotection`.
pub(super) fn protect(protection: &str, value: &mut Value) {
    let metadata = metadata_mut(value);
    let finalizers = metadata.entry("finalizers").or_insert_with(|| json!([]));
    if let Some(finalizers) = finalizers.as_array_mut()
        && !finalizers.iter().any(|known| known == protection)
    {
        finalizers.push(protection.into());
    }
}

fn set_default(value: &mut Value, field: &str, default: &str) {
    if value[field].as_str().unwrap_or_default().is_empty() {
        value[field] = default.into();
    }
}
