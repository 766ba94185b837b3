//! Claims of volumes.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`.

use super::allotment::is_native;
use super::go_struct::difference;
use super::of_kind::required;
use super::part::{take_back, text};
use super::volume::{access_faults, mode_fault};
use crate::json::Value;
use crate::store::admission::selector_faults;
use crate::store::metadata::{invalid, key_fault};
use crate::store::naming::subdomain_fault;
use crate::store::quota::Amount;
use crate::store::schema::cause::{forbidden, invalid_shown, not_supported};
use crate::store::status::Cause;

/// What names the class of a claim that is older than the field for it.
pub(in crate::store) const CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// Tells twice what a new claim is filled from, which is another claim or a snapshot; anything else is dropped where
/// only those may stand.
///
/// Source: kubernetes v1.34 `pkg/api/persistentvolumeclaim/util.go`.
pub(super) fn admit_source(claim: &mut Value) {
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

/// What may become of the size of a claim.
const RESIZES: [&str; 5] = [
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
    "NodeResizePending",
];

/// Sets the phase that a status is in which names none, and shows the times that Go cannot leave out.
///
/// Source: kubernetes v1.34 `pkg/apis/core/v1/defaults.go`, `SetDefaults_PersistentVolumeClaim`.
pub(super) fn prepare_status(claim: &mut Value) {
    let status = &mut claim["status"];
    if text(status, "phase").is_empty() {
        status["phase"] = "Pending".into();
    }
    let conditions = status.get_mut("conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        if let Some(fields) = condition.as_object_mut() {
            for time in ["lastProbeTime", "lastTransitionTime"] {
                fields.entry(time).or_insert(Value::Null);
            }
        }
    }
}

/// What is wrong with the status of a claim.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidatePersistentVolumeClaimStatusUpdate`.
pub(super) fn status_faults(new: &Value) -> Vec<Cause> {
    let status = &new["status"];
    let mut causes = Vec::new();
    let entries = |field: &str| status[field].as_object().into_iter().flatten();
    for (name, amount) in entries("capacity") {
        amount_fault(&format!("status.capacity[{name}]"), amount, &mut causes);
    }
    let field = "status.allocatedResourceStatuses";
    for (name, state) in entries("allocatedResourceStatuses") {
        key_of_claim_faults(field, name, &mut causes);
        if !RESIZES.contains(&state.as_str().unwrap_or_default()) {
            let known = RESIZES.map(str::to_owned);
            causes.push(not_supported(field, &name.as_str().into(), &known));
        }
    }
    let field = "status.allocatedResources";
    for (name, amount) in entries("allocatedResources") {
        let n_before = causes.len();
        key_of_claim_faults(field, name, &mut causes);
        if causes.len() == n_before {
            amount_fault(&format!("{field}[{name}]"), amount, &mut causes);
        }
    }
    causes
}

/// Of what has no vendor a claim has nothing but storage.
fn key_of_claim_faults(field: &str, name: &str, causes: &mut Vec<Cause>) {
    let n_before = causes.len();
    key_fault(field, name, name, causes);
    if causes.len() == n_before && is_native(name) && name != "storage" {
        causes.push(not_supported(field, &name.into(), &["storage".to_owned()]));
    }
}

fn amount_fault(field: &str, amount: &Value, causes: &mut Vec<Cause>) {
    let text = amount.as_str().unwrap_or_default();
    let is_zero = Amount::read(text).is_none_or(Amount::is_zero);
    if text.starts_with('-') && !is_zero {
        causes.push(invalid_shown(
            field,
            text,
            "must be a valid resource quantity",
        ));
    }
}

/// What is wrong with a claim; of a changed one its spec is looked at twice.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = spec_faults("spec", &new["spec"]);
    if let Some(old) = old {
        causes.extend_from_within(..);
        class_fault(new, old, &mut causes);
        change_fault(new, old, &mut causes);
        size_fault(new, old, &mut causes);
        if new["spec"]["volumeMode"] != old["spec"]["volumeMode"] {
            let mode = text(&new["spec"], "volumeMode");
            causes.push(invalid("volumeMode", mode, "field is immutable"));
        }
        attributes_fault(new, old, &mut causes);
    }
    causes
}

fn named_class(claim: &Value) -> &Value {
    &claim["metadata"]["annotations"][CLASS]
}

/// Whether a claim without a class is given one, which must be that of its annotation if it has one.
fn gains_class(new: &Value, old: &Value) -> bool {
    let class = &new["spec"]["storageClassName"];
    let is_gained = old["spec"]["storageClassName"].is_null() && !class.is_null();
    is_gained && (named_class(old).is_null() || class == named_class(old))
}

/// The annotation that names the class stays, unless the field says the same now.
fn class_fault(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let [new_class, old_class] = [new, old].map(named_class);
    let is_moved = gains_class(new, old) && !old_class.is_null() && new_class.is_null();
    if new_class != old_class && !is_moved {
        let field = format!("metadata.annotations.{CLASS}");
        let class = new_class.as_str().unwrap_or_default();
        causes.push(invalid(&field, class, "field is immutable"));
    }
}

/// What may not change: all but a volume and a class while there are none, and the size and the attributes of what is bound.
fn change_fault(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let (mut after, mut before) = (new["spec"].clone(), old["spec"].clone());
    if text(&before, "volumeName").is_empty() {
        take_back(&mut before, &after, "volumeName");
    }
    if gains_class(new, old) {
        take_back(&mut after, &before, "storageClassName");
    }
    if old["status"]["phase"] == "Bound" {
        if let Some(requests) = after.pointer_mut("/resources/requests") {
            take_back(requests, &before["resources"]["requests"], "storage");
        }
        take_back(&mut after, &before, "volumeAttributesClassName");
    }
    if after != before {
        let difference = difference("PersistentVolumeClaimSpec", &before, &after);
        let why = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{difference}"
        );
        causes.push(forbidden("spec", &why));
    }
}

/// What could not be enlarged may ask for less again, but for more than it has.
fn size_fault(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let size = |amounts: &Value| Amount::read(text(amounts, "storage")).unwrap_or_default();
    let [new, was] = [new, old].map(|claim| size(&claim["spec"]["resources"]["requests"]));
    if new < was && new <= size(&old["status"]["capacity"]) {
        let field = "spec.resources.requests.storage";
        causes.push(forbidden(
            field,
            "field can not be less than status.capacity",
        ));
    }
}

/// The class of attributes that a volume has may change, but not go.
fn attributes_fault(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let field = "volumeAttributesClassName";
    let [new, was] = [new, old].map(|claim| &claim["spec"][field]);
    if new == was || old["status"]["currentVolumeAttributesClassName"].is_null() {
        return;
    }
    let what = match new.as_str() {
        None => "nil",
        Some("") => "empty string",
        Some(_) => return,
    };
    let why = format!(
        "update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil"
    );
    causes.push(forbidden(format!("spec.{field}"), &why));
}

/// What is wrong with the spec of a claim, or of a template of claims, which lies at `path`.
pub(super) fn spec_faults(path: &str, spec: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if spec["accessModes"].as_array().is_none_or(Vec::is_empty) {
        let message = "Required value: at least 1 access mode is required";
        causes.push(required(format!("{path}.accessModes"), message));
    }
    let selector = &spec["selector"];
    causes.extend(selector_faults(&format!("{path}.selector"), selector));
    access_faults(path, spec, &mut causes);
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
    mode_fault(path, spec, &mut causes);
    causes
}
