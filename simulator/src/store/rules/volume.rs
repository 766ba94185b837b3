//! Persistent volumes and claims.

use jiff::Timestamp;

use super::claim;
use super::driver;
use super::go_struct::{difference, shown};
use super::of_kind::required;
use super::part::text;
use super::pod_spec::choice_fault;
use crate::json::{Value, json};
use crate::store::metadata::{invalid, seconds};
use crate::store::naming::subdomain_fault;
use crate::store::object::metadata_mut;
use crate::store::schema::cause::{
    forbidden, invalid as invalid_value, invalid_shown, not_supported,
};
use crate::store::status::Cause;

/// Sorted, as messages name them.
const ACCESS_MODES: [&str; 4] = [
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];
/// What a volume may be made of, in the order in which it is looked at.
const SOURCES: [&str; 21] = [
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
    let policies = ["Delete", "Recycle", "Retain"];
    let policy = &spec["persistentVolumeReclaimPolicy"];
    choice_fault(
        "spec.persistentVolumeReclaimPolicy",
        policy,
        &policies,
        &mut causes,
    );
    source_faults(spec, &mut causes);
    mode_fault("spec", spec, &mut causes);
    if let Some(old) = old.map(|old| &old["spec"]) {
        settled_faults(spec, old, &mut causes);
    }
    causes
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
        Some("local") if spec["nodeAffinity"].is_null() => {
            let message = "Required value: Local volume requires node affinity";
            causes.push(required("spec.nodeAffinity", message));
        }
        Some(_) => {}
    }
    for other in sources {
        let why = "may not specify more than 1 volume type";
        causes.push(forbidden(format!("spec.{other}"), why));
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
        1 => {}
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
    set_default(&mut value["status"], "phase", "Pending");
    if is_claim {
        claim::admit_source(value);
    } else {
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
