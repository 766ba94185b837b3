//! What the server makes of `metadata`, and what it refuses there.
//!
//! Source: `spec/kube-api.md` §1.7.

use std::collections::BTreeSet;

use super::check::invalid_once;
use super::go_time::{self, Layout};
use super::metadata_faults::Looks;
use super::metadata_types::TIMES;
use super::naming::{label_value_faults, qualified_name_faults};
use super::object::{Object, metadata_mut, texts};
use super::request::Request;
use super::status::{Cause, Status};
pub(super) use crate::clock::in_seconds as seconds;
use crate::json::{Map, Value};

/// Finalizers that need no domain.
const STANDARD_FINALIZERS: [&str; 3] = ["orphan", "foregroundDeletion", "kubernetes"];
/// Fields that an update cannot change; they come from the stored object.
const OWNED_BY_SERVER: [&str; 5] = [
    "namespace",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
];
/// Fields that vanish when they are empty; empty `managedFields` ask for something.
const OMITTED_WHEN_EMPTY: [&str; 4] = ["labels", "annotations", "finalizers", "ownerReferences"];

/// Copies a field from `from`, or removes it where `from` has none.
pub(super) fn restore(to: &mut Map, from: &Value, field: &str) {
    match from.get(field) {
        Some(value) if to.get(field) == Some(value) => {}
        Some(value) => {
            to.insert(field.to_owned(), value.clone());
        }
        None => {
            to.remove(field);
        }
    }
}

/// The text of a field, empty if absent or not text.
pub(super) fn text<'a>(metadata: &'a Map, field: &str) -> &'a str {
    metadata
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Checks `metadata.namespace` of a body against the URL and puts the URL's there.
pub(super) fn place(value: &mut Value, request: &Request) -> Result<(), Status> {
    let metadata = metadata_mut(value);
    if !request.served.kind.namespaced {
        metadata.remove("namespace");
        return Ok(());
    }
    place_in(metadata, &request.namespace)
}

/// Puts the namespace of the URL into metadata that name no other one.
pub(super) fn place_in(metadata: &mut Map, namespace: &str) -> Result<(), Status> {
    let own = text(metadata, "namespace");
    if !own.is_empty() && own != namespace {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    metadata.insert("namespace", namespace.into());
    Ok(())
}

/// Checks `metadata.name` of a body against the URL.
pub(super) fn check_name(value: &mut Value, request: &Request) -> Result<(), Status> {
    let name = text(metadata_mut(value), "name");
    if name.is_empty() {
        return Err(nameless(&request.name));
    }
    if name != request.name {
        return Err(Status::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            request.name
        )));
    }
    Ok(())
}

/// 400 for an object that does not say its name, which the URL does.
pub(super) fn nameless(name: &str) -> Status {
    Status::bad_request(format!(
        "the name of the object ({name} based on URL) was undeterminable: name must be provided"
    ))
}

/// Drops what only the server says of a new object; a revision is refused where it is stored.
fn wipe(value: &mut Value) {
    let metadata = metadata_mut(value);
    for field in [
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "uid",
    ] {
        metadata.remove(field);
    }
}

/// Reads the metadata of a new object: nothing counts that only the server may say, and no owner twice.
pub(super) fn begin(value: &mut Value, warnings: &mut Vec<String>) {
    normalise(value);
    name_owners_once(value, false, warnings);
    wipe(value);
}

/// The revision that an object says it was written in, 0 if it says none; whatever is no number says nothing.
pub(super) fn revision(value: &Value) -> u64 {
    let text = value["metadata"]["resourceVersion"].as_str();
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Makes empty texts of nulls in a map of texts, as Go reads them.
pub(super) fn read_texts(map: Option<&mut Value>) {
    let texts = map.and_then(Value::as_object_mut);
    for text in texts.into_iter().flat_map(|map| map.values_mut()) {
        if text.is_null() {
            *text = "".into();
        }
    }
}

/// Drops owners that are named twice, by the client or once webhooks have changed the object, which `warnings` tells.
///
/// Source: apiserver v0.34 `pkg/endpoints/handlers/create.go`, `dedupOwnerReferencesAndAddWarning`.
pub(super) fn name_owners_once(value: &mut Value, is_mutated: bool, warnings: &mut Vec<String>) {
    let owners = metadata_mut(value).get_mut("ownerReferences");
    let Some(owners) = owners.and_then(Value::as_array_mut) else {
        return;
    };
    let (mut once, mut twice): (Vec<Value>, Vec<String>) = Default::default();
    for owner in std::mem::take(owners) {
        if once.contains(&owner) {
            twice.push(owner["uid"].as_str().unwrap_or_default().to_owned());
        } else {
            once.push(owner);
        }
    }
    *owners = once;
    if !twice.is_empty() {
        let when = if is_mutated {
            " after mutating admission happens"
        } else {
            ""
        };
        warnings.push(format!(".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}", twice.join(", ")));
    }
}

/// Drops nulls and what is empty, as a decode into ObjectMeta does.
pub(super) fn normalise(value: &mut Value) {
    let metadata = metadata_mut(value);
    for field in ["labels", "annotations"] {
        read_texts(metadata.get_mut(field));
    }
    metadata.retain(|_, field| !field.is_null());
    for field in TIMES {
        if let Some(written) = metadata.get(field).and_then(written_time) {
            metadata.insert(field, written);
        }
    }
    let owners = metadata.get("managedFields").and_then(Value::as_array);
    let mut owners = owners.into_iter().flatten();
    // What is written as it is stored stays shared.
    if owners.any(|owner| written_time(&owner["time"]).is_some()) {
        for owner in metadata["managedFields"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            if let Some(written) = written_time(&owner["time"]) {
                owner["time"] = written;
            }
        }
    }
    for field in OMITTED_WHEN_EMPTY {
        let is_empty = match metadata.get(field) {
            Some(Value::Array(list)) => list.is_empty(),
            Some(Value::Object(map)) => map.is_empty(),
            _ => false,
        };
        if is_empty {
            metadata.remove(field);
        }
    }
    for field in ["selfLink", "generateName", "resourceVersion"] {
        if metadata.get(field).and_then(Value::as_str) == Some("") {
            metadata.remove(field);
        }
    }
}

/// A time as the server writes it, if it is written otherwise; what is no time is left to who checks types.
fn written_time(time: &Value) -> Option<Value> {
    let written = go_time::rewritten(time.as_str()?, Layout::Seconds);
    written.ok().flatten().map(Value::from)
}

/// Puts back what only the server may change. Another name or uid, which only a webhook can have given, is a fault.
pub(super) fn keep_owned(value: &mut Value, old: &Value) {
    let metadata = metadata_mut(value);
    for field in OWNED_BY_SERVER {
        restore(metadata, &old["metadata"], field);
    }
    if text(metadata, "uid").is_empty() {
        restore(metadata, &old["metadata"], "uid");
    }
    metadata.remove("selfLink");
    restore(metadata, &old["metadata"], "resourceVersion");
    if !metadata.contains_key("managedFields") {
        restore(metadata, &old["metadata"], "managedFields");
    }
}

/// Refuses a time of deletion that a client makes up; it may neither take one away nor change it, which is no fault.
///
/// Source: kubernetes v1.34 `apimachinery/pkg/api/validation/objectmeta.go`.
pub(super) fn check_deletion(value: &Value, request: &Request, old: &Object) -> Result<(), Status> {
    let (metadata, before) = (&value["metadata"], &old.value()["metadata"]);
    let causes: Vec<Cause> = ["deletionTimestamp", "deletionGracePeriodSeconds"]
        .into_iter()
        .filter(|field| *field != "deletionTimestamp" || !old.is_terminating())
        .filter_map(|field| Some((field, metadata.get(field)?)))
        .filter(|(field, given)| before.get(*field) != Some(*given))
        .map(|(field, given)| {
            let field = format!("metadata.{field}");
            invalid_json(&field, &given.to_string(), "field is immutable")
        })
        .collect();
    if causes.is_empty() {
        return Ok(());
    }
    let kind = request.served.refused_kind();
    let n_times = Looks::of(&request.served.kind).n_changes();
    let causes: Vec<Cause> = std::iter::repeat_n(causes, n_times).flatten().collect();
    Err(invalid_once(&kind, &request.name, &causes))
}

/// What is wrong with labels and annotations.
pub(super) fn key_faults(metadata: &Value, causes: &mut Vec<Cause>) {
    label_faults("metadata.labels", &metadata["labels"], causes);
    let mut size = 0;
    for (key, value) in metadata["annotations"].as_object().into_iter().flatten() {
        size += key.len() + value.as_str().unwrap_or_default().len();
        key_fault("metadata.annotations", key, &key.to_lowercase(), causes);
    }
    if size > 256 * 1024 {
        causes.push(Cause {
            reason: "FieldValueTooLong",
            message: "Too long: may not be more than 262144 bytes".to_owned(),
            field: "metadata.annotations".to_owned(),
        });
    }
}

/// What is wrong with the labels at `field`.
pub(super) fn label_faults(field: &str, labels: &Value, causes: &mut Vec<Cause>) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        key_fault(field, key, key, causes);
        let value = value.as_str().unwrap_or_default();
        let found = label_value_faults(value);
        causes.extend(found.iter().map(|why| invalid(field, value, why)));
    }
}

/// Everything that is wrong with a key.
pub(super) fn key_fault(field: &str, key: &str, checked: &str, causes: &mut Vec<Cause>) {
    let found = qualified_name_faults(checked);
    causes.extend(found.iter().map(|why| invalid(field, key, why)));
}

/// What is said of the new finalizers of a custom resource that have no domain.
///
/// Source: apiextensions-apiserver v0.34.3, pkg/registry/customresource/validator.go, `validateKubeFinalizerName`.
pub(super) fn finalizer_warnings(new: &Value, old: Option<&Value>) -> Vec<String> {
    let finalizers = |object: &Value| -> BTreeSet<String> {
        let names = texts(&object["metadata"]["finalizers"]).into_iter();
        names.map(str::to_owned).collect()
    };
    let known = old.map(finalizers).unwrap_or_default();
    let added = finalizers(new).into_iter().filter(|name| {
        let is_free = !name.contains('/') && !STANDARD_FINALIZERS.contains(&name.as_str());
        is_free && !known.contains(name)
    });
    let warning = |name: String| {
        let path = if name.contains('.') {
            " including a path (/)"
        } else {
            ""
        };
        format!(
            "metadata.finalizers: {name:?}: prefer a domain-qualified finalizer name{path} to avoid accidental conflicts with other finalizer writers"
        )
    };
    added.map(warning).collect()
}

/// What is wrong with a finalizer, in the list at one path, and as the element at another.
pub(super) fn finalizer_fault((list, element): (&str, &str), name: &str, causes: &mut Vec<Cause>) {
    key_fault(list, name, name, causes);
    domain_fault(element, name, causes);
}

/// What is wrong with a finalizer, the element at this path, that has no domain although it is not one of those known.
pub(super) fn domain_fault(element: &str, name: &str, causes: &mut Vec<Cause>) {
    if !name.contains('/') && !STANDARD_FINALIZERS.contains(&name) {
        causes.push(invalid(
            element,
            name,
            "name is neither a standard finalizer name nor is it fully qualified",
        ));
    }
}

/// A `FieldValueInvalid` cause for a text.
pub(super) fn invalid(field: &str, value: &str, detail: &str) -> Cause {
    invalid_json(field, &Value::from(value).to_string(), detail)
}

/// A `FieldValueInvalid` cause for a value that is already JSON text.
pub(super) fn invalid_json(field: &str, value: &str, detail: &str) -> Cause {
    Cause {
        reason: "FieldValueInvalid",
        message: format!("Invalid value: {value}: {detail}"),
        field: field.to_owned(),
    }
}
