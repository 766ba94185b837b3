//! What single kinds demand beyond their schema: defaults, and values that may not be or may not change.

mod event;
mod namespace;
mod pod;
mod role;
mod secret;
mod volume;

pub(super) use event::{to_core_event, to_new_event};

use serde_json::Value;

use super::kind::{Kind, Origin};
use super::status::Cause;

/// Fills in the kind's defaults, which belong to whoever writes the object.
///
/// Source: `spec/kube-api.md` §1.22.
pub(super) fn prepare(kind: &Kind, value: &mut Value) {
    if kind.origin == Origin::Custom {
        return;
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => namespace::prepare(value),
        ("", "Pod") => pod::prepare(value),
        ("", "Secret") => secret::prepare(value),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => volume::prepare(&kind.kind, value),
        ("", "Event") => event::prepare(value),
        _ => {}
    }
}

/// Fills in what admission and the kind's own code add to a new object, and nobody owns.
///
/// Source: `spec/kube-api.md` §1.13, §1.20.
pub(super) fn admit(kind: &Kind, value: &mut Value) {
    if kind.origin == Origin::Custom {
        return;
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => namespace::admit(value),
        ("", "Pod") => pod::admit(value),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => volume::admit(value),
        _ => {}
    }
}

/// Fills in what the kind's own code would in a write to `/status`.
pub(super) fn prepare_status(kind: &Kind, value: &mut Value) {
    if kind.kind == "Pod" && kind.origin == Origin::BuiltIn {
        pod::prepare_status(value);
    }
}

/// Everything that the kind's own validation refuses.
pub(super) fn faults(kind: &Kind, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    if kind.origin == Origin::Custom {
        return Vec::new();
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Secret") => secret::faults(new, old),
        ("", "ConfigMap") => secret::config_map_faults(new, old),
        ("", "Pod") => pod::faults(new, old),
        ("" | "events.k8s.io", "Event") => event::faults(kind, new, old),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            role::faults(new, old)
        }
        _ => Vec::new(),
    }
}

/// A cause if a field differs from the stored one.
fn immutable(new: &Value, old: Option<&Value>, field: &str) -> Option<Cause> {
    let old = old?;
    (new.get(field) != old.get(field)).then(|| {
        let value = new.get(field).cloned().unwrap_or_default();
        super::metadata::invalid_json(field, &value.to_string(), "field is immutable")
    })
}
