//! Persistent volumes and claims.

use jiff::Timestamp;

use super::affinity;
use super::claim;
use super::driver;
use super::go_struct::{difference, shown};
use super::of_kind::required;
use super::part::{climb_fault, has, refuse, require, text};
use super::pod_spec::choice_fault;
use super::volume_source;
use crate::json::{Value, json};
use crate::store::metadata::{invalid, seconds};
use crate::store::naming::{subdomain_fault, subdomain_faults};
use crate::store::object::metadata_mut;
use crate::store::quota::Amount;
use crate::store::schema::cause::{
    forbidden, invalid as invalid_value, invalid_shown, not_supported, too_long,
};
use crate::store::status::Cause;

/// How much a driver may tell of an attachment.
const TOLD_BYTES_MAX: usize = 256 * 1024;
/// How long the message of an error of a driver may be.
const ERROR_BYTES_MAX: usize = 1024;
/// Sorted, as messages name them.
const ACCESS_MODES: [&str; 4] = [
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];
/// What a volume may be made of, in the order in which it is looked at.
const SOURCES: [&str; 22] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

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
        if let Some(host) = value
            .pointer_mut("/spec/hostPath")
            .and_then(Value::as_object_mut)
        {
            host.entry("type").or_insert_with(|| "".into());
        }
    }
}

/// Ways of access that there are not.
pub(super) fn access_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let field = format!("{path}.accessModes");
    let modes = spec["accessModes"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for mode in modes {
        choice_fault(&field, mode, &ACCESS_MODES, causes);
    }
    if modes.len() > 1 && modes.iter().any(|mode| mode == "ReadWriteOncePod") {
        let why = "may not use ReadWriteOncePod with other access modes";
        causes.push(forbidden(field, why));
    }
}

/// A volume is files or blocks.
pub(super) fn mode_fault(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let (field, kinds) = (format!("{path}.volumeMode"), ["Block", "Filesystem"]);
    choice_fault(&field, &spec["volumeMode"], &kinds, causes);
}

/// What is wrong with a volume.
pub(super) fn volume_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    if spec["accessModes"].as_array().is_none_or(Vec::is_empty) {
        causes.push(required("spec.accessModes", "Required value"));
    }
    access_faults("spec", spec, &mut causes);
    let capacity = spec["capacity"].as_object();
    if capacity.is_none_or(|amounts| amounts.is_empty()) {
        causes.push(required("spec.capacity", "Required value"));
    }
    if capacity.is_none_or(|amounts| amounts.len() != 1 || amounts.get("storage").is_none()) {
        let known = ["storage".to_owned()];
        causes.push(not_supported("spec.capacity", &spec["capacity"], &known));
    }
    for (name, amount) in capacity.into_iter().flatten() {
        amount_faults(&format!("spec.capacity[{name}]"), amount, &mut causes);
    }
    let policies = ["Delete", "Recycle", "Retain"];
    let policy = &spec["persistentVolumeReclaimPolicy"];
    choice_fault(
        "spec.persistentVolumeReclaimPolicy",
        policy,
        &policies,
        &mut causes,
    );
    affinity::volume_faults("spec.nodeAffinity", &spec["nodeAffinity"], &mut causes);
    source_faults(spec, &mut causes);
    class_faults(spec, &mut causes);
    mode_fault("spec", spec, &mut causes);
    attributes_faults(spec, &mut causes);
    if old.is_some() {
        // A change is looked at twice.
        causes.extend(causes.clone());
    }
    if let Some(old) = old.map(|old| &old["spec"]) {
        settled_faults(spec, old, &mut causes);
    }
    causes
}

/// What is wrong with how large a volume is.
fn amount_faults(field: &str, amount: &Value, causes: &mut Vec<Cause>) {
    let text = amount.as_str().unwrap_or_default();
    let Some(size) = Amount::read(text) else {
        return;
    };
    let is_negative = text.starts_with('-') && !size.is_zero();
    if is_negative {
        causes.push(invalid_shown(
            field,
            text,
            "must be a valid resource quantity",
        ));
    }
    if is_negative || size.is_zero() {
        causes.push(invalid_value(field, amount, "must be greater than zero"));
    }
}

/// What is wrong with what a volume is made of; of several only the first is looked into.
fn source_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let mut sources = SOURCES.iter().filter(|source| !spec[**source].is_null());
    match sources.next().copied() {
        None => {
            let message = "Required value: must specify a volume type";
            causes.push(required("spec", message));
        }
        Some("hostPath") => host_fault(text(&spec["hostPath"], "path"), causes),
        Some("local") => {
            let path = text(&spec["local"], "path");
            require("spec.local", &spec["local"], &["path"], causes);
            climb_fault("spec.local.path", path, causes);
            if spec["nodeAffinity"].is_null() {
                let message = "Required value: Local volume requires node affinity";
                causes.push(required("spec.nodeAffinity", message));
            }
        }
        Some("csi") => csi_faults("spec.csi", &spec["csi"], causes),
        Some(kind) => {
            volume_source::shared_faults(&format!("spec.{kind}"), kind, &spec[kind], causes);
        }
    }
    for other in sources {
        let why = "may not specify more than 1 volume type";
        causes.push(forbidden(format!("spec.{other}"), why));
    }
}

/// What is wrong with a volume of a driver.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateCSIPersistentVolumeSource`.
fn csi_faults(path: &str, source: &Value, causes: &mut Vec<Cause>) {
    let driver = text(source, "driver").into();
    driver::name_faults(&format!("{path}.driver"), &driver, causes);
    require(path, source, &["volumeHandle"], causes);
    for act in [
        "controllerPublish",
        "controllerExpand",
        "nodePublish",
        "nodeExpand",
    ] {
        let secret = format!("{act}SecretRef");
        if has(source, &secret) {
            let path = format!("{path}.{secret}");
            require(&path, &source[&*secret], &["name", "namespace"], causes);
        }
    }
}

/// What is wrong with the classes of a volume, and with how it is used again.
fn class_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let is_root = spec["hostPath"]["path"] == "/";
    if is_root && spec["persistentVolumeReclaimPolicy"] == "Recycle" {
        let why = "may not be 'recycle' for a hostPath mount of '/'";
        causes.push(forbidden("spec.persistentVolumeReclaimPolicy", why));
    }
    let class = text(spec, "storageClassName");
    if !class.is_empty() {
        refuse(
            "spec.storageClassName",
            class,
            subdomain_faults(class),
            causes,
        );
    }
}

fn attributes_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let Some(class) = spec["volumeAttributesClassName"].as_str() else {
        return;
    };
    let field = "spec.volumeAttributesClassName";
    if class.is_empty() {
        causes.push(required(
            field,
            "Required value: an empty string is disallowed",
        ));
    } else {
        refuse(field, class, subdomain_faults(class), causes);
    }
    if spec["csi"].is_null() {
        let why = "Required value: has to be specified when using volumeAttributesClassName";
        causes.push(required("spec.csi", why));
    }
}

fn host_fault(path: &str, causes: &mut Vec<Cause>) {
    let field = "spec.hostPath.path";
    if path.is_empty() {
        causes.push(required(field, "Required value"));
    } else if path.split('/').any(|step| step == "..") {
        causes.push(invalid(field, path, "must not contain '..'"));
    }
}

/// What of a volume stays once it is told.
fn settled_faults(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    if SOURCES.iter().any(|source| old[*source] != new[*source]) {
        let field = "spec.persistentvolumesource";
        let difference = difference("PersistentVolumeSource", old, new);
        let why = format!("{field} is immutable after creation\n{difference}");
        causes.push(forbidden(field, &why));
    }
    if new["volumeMode"] != old["volumeMode"] {
        let mode = &new["volumeMode"];
        causes.push(invalid_value("volumeMode", mode, "field is immutable"));
    }
    let nodes = "nodeAffinity";
    if !old[nodes].is_null() && new[nodes] != old[nodes] {
        let shown = shown("VolumeNodeAffinity", &new[nodes]);
        let why = "field is immutable, except for updating from beta label to GA";
        causes.push(invalid_shown(nodes, &shown, why));
    }
    let attributes = "volumeAttributesClassName";
    if !old[attributes].is_null() && new[attributes].is_null() {
        let why = "update from non-nil value to nil is forbidden";
        causes.push(forbidden(format!("spec.{attributes}"), why));
    }
}

/// Says of an attachment what Go cannot leave out, and nothing behind a feature gate that is off.
///
/// Source: kubernetes v1.34 `pkg/registry/storage/volumeattachment/strategy.go`.
pub(super) fn prepare_attachment(value: &mut Value) {
    let status = &mut value["status"];
    if status["attached"].is_null() {
        status["attached"] = false.into();
    }
    for fault in ["attachError", "detachError"] {
        if let Some(fields) = status.get_mut(fault).and_then(Value::as_object_mut) {
            fields.remove("errorCode");
            fields.entry("time").or_insert(Value::Null);
        }
    }
}

/// What is wrong with a volume that nobody made, in its attachment.
fn inline_faults(spec: &Value, causes: &mut Vec<Cause>) {
    if spec.is_null() {
        return;
    }
    let path = "spec.source.inlineVolumeSpec";
    let why = "may not be specified in the context of inline volumes";
    let is_given = |field: &&str| has(spec, field) && spec[*field] != json!({});
    let given = ["claimRef", "capacity"].into_iter().filter(is_given);
    causes.extend(given.map(|field| forbidden(format!("{path}.{field}"), why)));
    if spec["csi"].is_null() {
        let why = "Required value: has to be specified in the context of inline volumes";
        causes.push(required(format!("{path}.csi"), why));
    }
    if spec["accessModes"].as_array().is_none_or(Vec::is_empty) {
        causes.push(required(format!("{path}.accessModes"), "Required value"));
    }
    access_faults(path, spec, causes);
    if has(spec, "csi") {
        csi_faults(&format!("{path}.csi"), &spec["csi"], causes);
    }
}

/// What is wrong with what is told of an attachment.
///
/// Source: kubernetes v1.34 `pkg/apis/storage/validation/validation.go`, `validateVolumeAttachmentStatus`.
pub(super) fn attachment_status_faults(new: &Value) -> Vec<Cause> {
    let status = &new["status"];
    let mut causes = Vec::new();
    let told = status["attachmentMetadata"]
        .as_object()
        .into_iter()
        .flatten();
    let bytes = told.map(|(key, value)| key.len() + value.as_str().unwrap_or_default().len());
    if bytes.sum::<usize>() > TOLD_BYTES_MAX {
        causes.push(too_long("status.attachmentMetadata", TOLD_BYTES_MAX as u64));
    }
    for fault in ["attachError", "detachError"] {
        if text(&status[fault], "message").len() > ERROR_BYTES_MAX {
            let field = format!("status.{fault}.message");
            causes.push(too_long(field, TOLD_BYTES_MAX as u64));
        }
    }
    causes
}

/// What is wrong with the attachment of a volume to a node.
///
/// Source: kubernetes v1.34 `pkg/apis/storage/validation/validation.go`.
pub(super) fn attachment_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    if spec["attacher"].as_str().unwrap_or_default().is_empty() {
        causes.push(required("spec.attacher", "Required value"));
    }
    let source = &spec["source"];
    let sources = ["inlineVolumeSpec", "persistentVolumeName"];
    let n_sources = sources.iter().filter(|field| !source[**field].is_null());
    let why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    match n_sources.count() {
        0 => causes.push(required("spec.source", &format!("Required value: {why}"))),
        1 if source["persistentVolumeName"] == "" => {
            let why = "Required value: must specify non empty persistentVolumeName";
            causes.push(required("spec.source.persistentVolumeName", why));
        }
        1 => inline_faults(&source["inlineVolumeSpec"], &mut causes),
        _ => causes.push(forbidden("spec.source", why)),
    }
    let node = text(spec, "nodeName");
    if let Some(why) = subdomain_fault(node) {
        causes.push(invalid("spec.nodeName", node, &why));
    }
    if old.is_none() {
        driver::name_faults("spec.attacher", &spec["attacher"], &mut causes);
        let volume = source["persistentVolumeName"].as_str();
        if let Some((name, why)) = volume.and_then(|name| Some((name, subdomain_fault(name)?))) {
            causes.push(invalid("spec.source.persistentVolumeName", name, &why));
        }
    }
    causes.extend(attachment_status_faults(new));
    if old.is_some() {
        causes.extend(causes.clone());
    }
    if old.is_some_and(|old| old["spec"] != *spec) {
        let shown = shown("VolumeAttachmentSpec", spec);
        causes.push(invalid_shown("spec", &shown, "field is immutable"));
    }
    causes
}

/// Sets the first phase and since when it lasts, and the finalizer that keeps what is in use.
///
/// Source: kubernetes v1.34 `pkg/registry/core/persistentvolume/strategy.go`.
pub(super) fn admit(kind: &str, value: &mut Value) {
    let is_claim = kind == "PersistentVolumeClaim";
    let protection = if is_claim { "pvc" } else { "pv" };
    protect(&format!("kubernetes.io/{protection}-protection"), value);
    if !value["status"].is_object() {
        value["status"] = json!({});
    }
    if is_claim {
        claim::admit_source(value);
    } else {
        set_default(&mut value["status"], "phase", "Pending");
        value["status"]["lastPhaseTransitionTime"] = value["metadata"]["creationTimestamp"].clone();
    }
}

/// Tells since when a volume is in its phase, in a write to its status.
pub(super) fn prepare_status(value: &mut Value, old: &Value, now: Timestamp) {
    let field = "lastPhaseTransitionTime";
    let (status, old) = (&mut value["status"], &old["status"]);
    if status["phase"] != old["phase"] && (status[field].is_null() || status[field] == old[field]) {
        status[field] = seconds(now).into();
    }
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
