//! `metadata.generation`: how often the specification of an object changed.
//!
//! Source: `spec/kube-api.md` §1.7.

use crate::json::{Text, Value};

use super::kind::Origin;
use super::object::metadata_mut;
use super::request::{Part, Request};
use super::write::has_status;

/// Counts the generation up if anything but metadata, and status where it has its own endpoint, changed.
pub(super) fn advance(request: &Request, value: &mut Value, old: &Value) {
    let served = &request.served;
    let is_counted = matches!(
        request.part,
        Part::Whole | Part::Scale | Part::EphemeralContainers | Part::Resize
    );
    let kind = (served.kind.group.as_str(), served.kind.kind.as_str());
    let is_managed = match kind {
        // What a class of importance may change is not counted.
        ("scheduling.k8s.io", "PriorityClass") => false,
        // A new driver has none.
        ("storage.k8s.io", "CSIDriver") => true,
        _ => served.behaviour.manages_generation,
    };
    if !is_managed || !is_counted {
        return;
    }
    let has_spec = served.kind.schema.properties.contains_key("spec");
    let is_spec = |field: &str| {
        if served.kind.origin == Origin::Custom || !has_spec {
            field != "metadata" && !(field == "status" && has_status(served))
        } else {
            field == "spec"
        }
    };
    let counted = match kind {
        // A slice of endpoints is told apart by its labels.
        ("discovery.k8s.io", _) => Some("labels"),
        // Replica sets get the annotations of their deployment.
        ("apps", "Deployment") => Some("annotations"),
        _ => None,
    };
    let is_same = spec_fields(value, &is_spec).eq(spec_fields(old, &is_spec))
        && counted.is_none_or(|field| value["metadata"][field] == old["metadata"][field]);
    if !is_same {
        let generation = old["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
        metadata_mut(value).insert("generation".to_owned(), generation.into());
    }
}

/// The fields of an object that count as its specification.
fn spec_fields<'a>(
    value: &'a Value,
    is_spec: &'a dyn Fn(&str) -> bool,
) -> impl Iterator<Item = (&'a Text, &'a Value)> {
    let fields = value.as_object().into_iter().flatten();
    fields.filter(|(field, _)| is_spec(field))
}
