//! The columns and cells of storage drivers and of what they attach.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use jiff::Timestamp;

use super::column::Cells;
use super::field::{NONE, UNSET, created, items, len_at, name, or, str_at};
use super::heading::{AGE, Heading, NAME_COLUMN, field, text};
use crate::json::Value;
use crate::store::kind::Kind;

const DRIVER: &[Heading] = &[
    NAME_COLUMN,
    field("AttachRequired", "spec.attachRequired").of("boolean"),
    field("PodInfoOnMount", "spec.podInfoOnMount").of("boolean"),
    field("StorageCapacity", "spec.storageCapacity").of("boolean"),
    field("TokenRequests", "spec.tokenRequests"),
    field("RequiresRepublish", "spec.requiresRepublish").of("boolean"),
    field("Modes", "spec.volumeLifecycleModes"),
    AGE,
];
const NODE: &[Heading] = &[
    NAME_COLUMN,
    text(
        "Drivers",
        "Drivers indicates the number of CSI drivers registered on the node",
    )
    .of("integer"),
    AGE,
];
const ATTACHMENT: &[Heading] = &[
    NAME_COLUMN,
    field("Attacher", "spec.attacher").in_form("name"),
    field("PV", "spec.source.persistentVolumeName"),
    field("Node", "spec.nodeName"),
    field("Attached", "status.attached").of("boolean"),
    AGE,
];
const ATTRIBUTES_CLASS: &[Heading] = &[NAME_COLUMN, field("DriverName", "driverName"), AGE];

/// The columns of a kind, and its cells.
pub(super) fn built_in(kind: &Kind) -> Option<(&'static [Heading], Cells)> {
    if kind.group != "storage.k8s.io" {
        return None;
    }
    Some(match kind.kind.as_str() {
        "CSIDriver" => (DRIVER, driver),
        "CSINode" => (NODE, node),
        "VolumeAttachment" => (ATTACHMENT, attachment),
        "VolumeAttributesClass" => (ATTRIBUTES_CLASS, attributes_class),
        _ => return None,
    })
}

fn driver(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = &object["spec"];
    let flag = |field: &str, default: bool| Value::from(spec[field].as_bool().unwrap_or(default));
    let audiences: Vec<&str> = items(spec, "/tokenRequests")
        .map(|request| str_at(request, "/audience"))
        .collect();
    let audiences = match &spec["tokenRequests"] {
        Value::Null => UNSET.to_owned(),
        _ => audiences.join(","),
    };
    let modes: Vec<&str> = items(spec, "/volumeLifecycleModes")
        .filter_map(Value::as_str)
        .collect();
    vec![
        name(object),
        flag("attachRequired", true),
        flag("podInfoOnMount", false),
        flag("storageCapacity", false),
        audiences.into(),
        flag("requiresRepublish", false),
        or(&modes.join(","), NONE),
        created(object, now),
    ]
}

fn node(object: &Value, now: Timestamp) -> Vec<Value> {
    let n_drivers = len_at(object, "/spec/drivers");
    vec![name(object), n_drivers.into(), created(object, now)]
}

fn attachment(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        str_at(object, "/spec/attacher").into(),
        str_at(object, "/spec/source/persistentVolumeName").into(),
        str_at(object, "/spec/nodeName").into(),
        (object["status"]["attached"] == true).into(),
        created(object, now),
    ]
}

fn attributes_class(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        str_at(object, "/driverName").into(),
        created(object, now),
    ]
}
