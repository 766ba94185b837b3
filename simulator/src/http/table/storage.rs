//! The cells of volumes, claims and storage classes.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use jiff::Timestamp;

use super::field::{UNSET, created, items, name, str_at, str_or};
use crate::json::Value;

pub(super) fn claim(object: &Value, now: Timestamp) -> Vec<Value> {
    let bound = str_at(object, "/spec/volumeName");
    let (capacity, modes) = if bound.is_empty() {
        (String::new(), String::new())
    } else {
        let capacity = str_or(object, "/status/capacity/storage", "0");
        (capacity.to_owned(), access_modes(&object["status"]))
    };
    vec![
        name(object),
        phase(object).into(),
        bound.into(),
        capacity.into(),
        modes.into(),
        storage_class_name(object).into(),
        str_or(object, "/spec/volumeAttributesClassName", UNSET).into(),
        created(object, now),
        str_or(object, "/spec/volumeMode", UNSET).into(),
    ]
}

pub(super) fn volume(object: &Value, now: Timestamp) -> Vec<Value> {
    let claim = match &object["spec"]["claimRef"] {
        Value::Null => String::new(),
        claim => format!("{}/{}", str_at(claim, "/namespace"), str_at(claim, "/name")),
    };
    vec![
        name(object),
        str_or(object, "/spec/capacity/storage", "0").into(),
        access_modes(&object["spec"]).into(),
        str_at(object, "/spec/persistentVolumeReclaimPolicy").into(),
        phase(object).into(),
        claim.into(),
        storage_class_name(object).into(),
        str_or(object, "/spec/volumeAttributesClassName", UNSET).into(),
        str_at(object, "/status/reason").into(),
        created(object, now),
        str_or(object, "/spec/volumeMode", UNSET).into(),
    ]
}

fn phase(object: &Value) -> &str {
    match object["metadata"].get("deletionTimestamp") {
        Some(_) => "Terminating",
        None => str_at(object, "/status/phase"),
    }
}

/// An annotation from before the field existed takes precedence.
fn storage_class_name(object: &Value) -> &str {
    let annotation = "/metadata/annotations/volume.beta.kubernetes.io~1storage-class";
    str_or(object, annotation, str_at(object, "/spec/storageClassName"))
}

fn access_modes(of: &Value) -> String {
    let has = |mode: &str| items(of, "/accessModes").any(|item| item == mode);
    [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ]
    .into_iter()
    .filter(|(mode, _)| has(mode))
    .map(|(_, short)| short)
    .collect::<Vec<_>>()
    .join(",")
}

pub(super) fn storage_class(object: &Value, now: Timestamp) -> Vec<Value> {
    let marks =
        ["", "beta."].map(|stage| format!("storageclass.{stage}kubernetes.io/is-default-class"));
    let annotations = &object["metadata"]["annotations"];
    let is_default = marks.iter().any(|mark| annotations[mark] == "true");
    let mark = if is_default { " (default)" } else { "" };
    vec![
        format!("{}{mark}", str_at(object, "/metadata/name")).into(),
        str_at(object, "/provisioner").into(),
        str_or(object, "/reclaimPolicy", "Delete").into(),
        str_or(object, "/volumeBindingMode", "Immediate").into(),
        (object["allowVolumeExpansion"] == true).into(),
        created(object, now),
    ]
}
