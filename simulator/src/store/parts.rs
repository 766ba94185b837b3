//! What a write through each endpoint of an object leaves as it was.
//!
//! Source: `spec/kube-api.md` §1.17.

use super::kind::{Kind, Origin};
use super::metadata;
use super::registry::Served;
use super::request::{Part, Request};
use super::rules;
use super::write::has_status;
use crate::json::Value;

/// Puts back what the endpoint does not write: `status` on the object, all but `status` on `/status`.
pub(super) fn restore(request: &Request, value: &mut Value, old: &Value) {
    let keep = |value: &mut Value, field: &str| {
        if let Some(fields) = value.as_object_mut() {
            metadata::restore(fields, old, field);
        }
    };
    rules::restore(&request.served.kind, request.part, value, old);
    match request.part {
        Part::Whole if has_status(&request.served) => keep(value, "status"),
        Part::Finalize => {
            let finalizers = value["spec"]["finalizers"].take();
            keep(value, "spec");
            keep(value, "status");
            set_namespace_finalizers(value, finalizers);
        }
        Part::Status => {
            restore_all_but(&["status", "metadata"], value, old);
            let kept = kept_through_status(request);
            restore_all_but(kept, &mut value["metadata"], &old["metadata"]);
        }
        Part::EphemeralContainers | Part::Resize => {
            let sent = value["spec"].take();
            restore_all_but(&["metadata"], value, old);
            restore_all_but(&["managedFields"], &mut value["metadata"], &old["metadata"]);
            rules::keep_part_of_pod(request.part, &mut value["spec"], sent);
        }
        Part::Approval => {
            restore_all_but(&["status", "metadata"], value, old);
        }
        Part::Whole | Part::Log | Part::Binding | Part::Eviction | Part::Scale | Part::Token => {}
    }
}

/// Drops the status of an object that is new, which only a node may bring.
pub(super) fn reset(served: &Served, value: &mut Value) {
    if has_status(served)
        && !served.kind.is("", "Node")
        && let Some(fields) = value.as_object_mut()
    {
        fields.remove("status");
    }
}

/// Puts back every field but `kept`; those that were not changed, which is most of an object, need no copy.
fn restore_all_but(kept: &[&str], value: &mut Value, old: &Value) {
    let (Some(fields), Some(old)) = (value.as_object_mut(), old.as_object()) else {
        return;
    };
    fields.retain(|name, _| kept.contains(&name.as_str()) || old.contains_key(name));
    for (name, content) in old {
        if !kept.contains(&name.as_str()) && fields.get(name) != Some(content) {
            fields.insert(name.clone(), content.clone());
        }
    }
}

fn set_namespace_finalizers(value: &mut Value, finalizers: Value) {
    let is_empty = finalizers.as_array().is_none_or(Vec::is_empty);
    if let Some(spec) = value["spec"].as_object_mut() {
        if is_empty {
            spec.remove("finalizers");
        } else {
            spec.insert("finalizers", finalizers);
        }
    }
}

/// Whether the status of a built-in kind takes no metadata.
///
/// Source: kubernetes v1.34 `pkg/registry`, the strategies that call `ResetObjectMetaForStatus` by themselves.
fn is_apart(kind: &Kind) -> bool {
    let apart = [
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("networking.k8s.io", "ServiceCIDR"),
        ("storage.k8s.io", "VolumeAttachment"),
    ];
    apart.iter().any(|(group, name)| kind.is(group, name))
}

/// Custom resources take only managedFields through `/status`, built-in kinds labels, annotations and finalizers too, but
/// Deployments no labels.
fn kept_through_status(request: &Request) -> &'static [&'static str] {
    match request.served.kind.origin {
        Origin::Custom => &["managedFields"],
        // These take as little.
        Origin::BuiltIn if is_apart(&request.served.kind) => &["managedFields"],
        Origin::BuiltIn if request.served.kind.is("apps", "Deployment") => {
            &["managedFields", "annotations", "finalizers"]
        }
        Origin::BuiltIn => &["managedFields", "labels", "annotations", "finalizers"],
    }
}
