//! Which rules a kind has.

use super::{event, lease, namespace, pod, role, secret, volume};
use crate::json::Value;
use crate::store::kind::{Kind, Origin};
use crate::store::status::Cause;

/// Fills in the kind's defaults, which belong to whoever writes the object.
///
/// Source: `spec/kube-api.md` §1.22.
pub(in crate::store) fn prepare(kind: &Kind, value: &mut Value) {
    if kind.origin == Origin::Custom {
        return;
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => namespace::prepare(value),
        ("", "Pod") => pod::prepare(value),
        ("", "Secret") => secret::prepare(value),
        ("", "ConfigMap") => secret::prepare_config_map(value),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => role::prepare(value),
        ("coordination.k8s.io", "Lease") => lease::prepare(value),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => volume::prepare(&kind.kind, value),
        ("", "Event") => event::prepare(value),
        _ => {}
    }
}

/// Fills in what admission and the kind's own code add to a new object, and nobody owns.
///
/// Source: `spec/kube-api.md` §1.13, §1.20.
pub(in crate::store) fn admit(kind: &Kind, value: &mut Value) {
    if kind.origin == Origin::Custom {
        return;
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => namespace::admit(value),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => role::admit(value),
        ("", "Pod") => pod::admit(value),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => volume::admit(value),
        _ => {}
    }
}

/// Fills in what admission adds to a new state of an object.
pub(in crate::store) fn readmit(kind: &Kind, value: &mut Value, old: &Value) {
    if kind.kind == "Pod" && kind.origin == Origin::BuiltIn {
        pod::readmit(value, old);
    }
}

/// Fills in what the kind's own code would in a write to `/status`.
pub(in crate::store) fn prepare_status(kind: &Kind, value: &mut Value) {
    if kind.kind == "Pod" && kind.origin == Origin::BuiltIn {
        pod::prepare_status(value);
    }
}

/// Everything that the kind's own validation refuses.
pub(in crate::store) fn faults(kind: &Kind, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    if kind.origin == Origin::Custom {
        return Vec::new();
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Secret") => secret::faults(new, old),
        ("", "ConfigMap") => secret::config_map_faults(new, old),
        ("", "Pod") => pod::faults(new, old),
        ("coordination.k8s.io", "Lease") => lease::faults(new),
        ("" | "events.k8s.io", "Event") => event::faults(kind, new, old),
        ("", "PersistentVolumeClaim") => volume::claim_faults(new),
        ("rbac.authorization.k8s.io", "Role") => role::rule_faults(new),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            role::faults(new, old)
        }
        _ => Vec::new(),
    }
}

/// A cause for a field that must be given.
pub(super) fn required(field: impl Into<String>, message: &str) -> Cause {
    Cause {
        reason: "FieldValueRequired",
        message: message.to_owned(),
        field: field.into(),
    }
}

/// A cause if a field differs from the stored one.
pub(super) fn immutable(new: &Value, old: Option<&Value>, field: &str) -> Option<Cause> {
    let old = old?;
    (new.get(field) != old.get(field)).then(|| {
        let value = new.get(field).cloned().unwrap_or_default();
        crate::store::metadata::invalid_json(field, &value.to_string(), "field is immutable")
    })
}
