//! Persistent volumes and claims.

use jiff::Timestamp;

use super::driver;
use super::of_kind::required;
use super::pod_spec::choice_fault;
use crate::json::{Value, json};
use crate::store::admission::selector_faults;
use crate::store::metadata::{invalid, seconds};
use crate::store::naming::subdomain_fault;
use crate::store::object::metadata_mut;
use crate::store::quota::Amount;
use crate::store::schema::cause::{forbidden, invalid_shown, not_supported};
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
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "hostPath",
    "glusterfs",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flocker",
    "azureFile",
    "vsphereVolume",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
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

/// Tells twice what a new claim is filled from, which is another claim or a snapshot; anything else is dropped where
/// only those may stand.
///
/// Source: kubernetes v1.34 `pkg/api/persistentvolumeclaim/util.go`.
fn admit_source(claim: &mut Value) {
    let Some(spec) = claim["spec"].as_object_mut() else {
        return;
    };
    let is_old_source = |source: &Value| {
        let group = source["apiGroup"].as_str().unwrap_or_default();
        let kind = source["kind"].as_str().unwrap_or_default();
        matches!(
            (group, kind),
            ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
        )
    };
    let source = spec.remove("dataSource").filter(is_old_source);
    let wider = spec.remove("dataSourceRef");
    let is_far = |source: &&Value| !source["namespace"].is_null();
    let copy = wider.as_ref().filter(|source| !is_far(source)).cloned();
    let source = source.or(copy);
    for (field, source) in [
        ("dataSourceRef", wider.or(source.clone())),
        ("dataSource", source),
    ] {
        let Some(mut source) = source.filter(Value::is_object) else {
            continue;
        };
        if source["apiGroup"].is_null() {
            source["apiGroup"] = Value::Null;
        }
        spec.insert(field.to_owned(), source);
    }
}

/// What is wrong with a claim.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`.
pub(super) fn claim_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = claim_spec_faults("spec", &new["spec"]);
    if old.is_some_and(|old| settled(new, old) != settled(old, old)) {
        let why = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n";
        causes.push(forbidden("spec", why));
    }
    causes
}

/// What is wrong with the spec of a claim, or of a template of claims, which lies at `path`.
pub(super) fn claim_spec_faults(path: &str, spec: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if spec["accessModes"].as_array().is_none_or(Vec::is_empty) {
        let message = "Required value: at least 1 access mode is required";
        causes.push(required(format!("{path}.accessModes"), message));
    }
    let selector = &spec["selector"];
    causes.extend(selector_faults(&format!("{path}.selector"), selector));
    mode_faults(path, spec, &mut causes);
    let field = format!("{path}.resources[storage]");
    match spec["resources"]["requests"].get("storage") {
        None => causes.push(required(field, "Required value")),
        Some(quantity) => {
            let text = quantity.as_str().unwrap_or_default();
            if Amount::read(text).is_some_and(|amount| amount <= Amount::default()) {
                causes.push(invalid(&field, text, "must be greater than zero"));
            }
        }
    }
    let class = spec["storageClassName"].as_str().unwrap_or_default();
    if let Some(why) = subdomain_fault(class).filter(|_| !class.is_empty()) {
        causes.push(invalid(&format!("{path}.storageClassName"), class, &why));
    }
    causes
}

fn mode_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let (field, kind) = (format!("{path}.accessModes"), format!("{path}.volumeMode"));
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
    let kinds = ["Block", "Filesystem"];
    choice_fault(&kind, &spec["volumeMode"], &kinds, causes);
}

/// The spec of a claim without what may still change: the volume while there is none, and the size once there is one.
fn settled(claim: &Value, old: &Value) -> Value {
    let mut spec = claim["spec"].clone();
    let mut drop_field = |pointer: &str, field: &str| {
        let fields = spec.pointer_mut(pointer).and_then(Value::as_object_mut);
        fields.map(|fields| fields.remove(field));
    };
    if old["spec"]["volumeName"]
        .as_str()
        .unwrap_or_default()
        .is_empty()
    {
        drop_field("", "volumeName");
    }
    if old["status"]["phase"] == "Bound" {
        drop_field("/resources/requests", "storage");
        drop_field("", "volumeAttributesClassName");
    }
    spec
}

/// What is wrong with a volume.
pub(super) fn volume_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    if spec["accessModes"].as_array().is_none_or(Vec::is_empty) {
        causes.push(required("spec.accessModes", "Required value"));
    }
    mode_faults("spec", spec, &mut causes);
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
    let mut sources = SOURCES.iter().filter(|source| !spec[**source].is_null());
    if sources.next().is_none() {
        causes.push(required(
            "spec",
            "Required value: must specify a volume type",
        ));
    }
    for other in sources {
        let why = "may not specify more than 1 volume type";
        causes.push(forbidden(format!("spec.{other}"), why));
    }
    let host = &spec["hostPath"];
    if !host.is_null() {
        match host["path"].as_str().unwrap_or_default() {
            "" => causes.push(required("spec.hostPath.path", "Required value")),
            path if path.split('/').any(|step| step == "..") => {
                causes.push(invalid("spec.hostPath.path", path, "must not contain '..'"));
            }
            _ => {}
        }
    }
    if !spec["local"].is_null() && spec["nodeAffinity"].is_null() {
        let message = "Required value: Local volume requires node affinity";
        causes.push(required("spec.nodeAffinity", message));
    }
    let old = old.map(|old| &old["spec"]);
    if old.is_some_and(|old| SOURCES.iter().any(|source| old[*source] != spec[*source])) {
        let field = "spec.persistentvolumesource";
        let why = format!("{field} is immutable after creation\n");
        causes.push(forbidden(field, &why));
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
    if old.is_none() {
        driver::name_faults("spec.attacher", &spec["attacher"], &mut causes);
    }
    let node = spec["nodeName"].as_str().unwrap_or_default();
    if let Some(why) = subdomain_fault(node) {
        causes.push(invalid("spec.nodeName", node, &why));
    }
    let source = &spec["source"];
    let sources = ["inlineVolumeSpec", "persistentVolumeName"];
    let n_sources = sources.iter().filter(|field| !source[**field].is_null());
    let why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    match n_sources.count() {
        0 => causes.push(required("spec.source", &format!("Required value: {why}"))),
        1 => source_faults(&source["persistentVolumeName"], &mut causes),
        _ => causes.push(forbidden("spec.source", why)),
    }
    if old.is_some_and(|old| old["spec"] != *spec) {
        let shown = format!(
            "{{\"Attacher\":{},\"Source\":{{\"PersistentVolumeName\":{},\"InlineVolumeSpec\":null}},\"NodeName\":{}}}",
            spec["attacher"], source["persistentVolumeName"], spec["nodeName"]
        );
        causes.push(invalid_shown("spec", &shown, "field is immutable"));
    }
    causes
}

/// What is wrong with the name of the volume that is attached, if it has one.
fn source_faults(volume: &Value, causes: &mut Vec<Cause>) {
    let field = "spec.source.persistentVolumeName";
    let Some(name) = volume.as_str() else {
        return;
    };
    if name.is_empty() {
        let why = "Required value: must specify non empty persistentVolumeName";
        causes.push(required(field, why));
    }
    if let Some(why) = subdomain_fault(name) {
        causes.push(invalid(field, name, &why));
    }
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
        admit_source(value);
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
