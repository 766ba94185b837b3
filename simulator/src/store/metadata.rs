//! What the server makes of `metadata`, and what it refuses there.
//!
//! Source: `spec/kube-api.md` §1.7.

use std::collections::BTreeSet;

use super::check::invalid_once;
use super::kind::Origin;
use super::naming::{
    label_faults as dns_label_faults, label_value_faults, old_label_faults,
    path_segment_base_faults, path_segment_faults, qualified_name_faults, subdomain_faults,
};
use super::object::{Object, metadata_mut, texts};
use super::registry::Names;
use super::request::Request;
use super::status::{Cause, Status};
pub(super) use crate::clock::in_seconds as seconds;
use crate::json::{Map, Value};

/// Finalizers that need no domain.
const STANDARD_FINALIZERS: [&str; 3] = ["orphan", "foregroundDeletion", "kubernetes"];
const CONTRARY: &str = "finalizer orphan and foregroundDeletion cannot be both set";
/// Fields that an update cannot change; they come from the stored object.
const OWNED_BY_SERVER: [&str; 7] = [
    "name",
    "namespace",
    "uid",
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

/// Makes empty texts of nulls in a map of texts, as Go reads them.
pub(super) fn read_texts(map: Option<&mut Value>) {
    let texts = map.and_then(Value::as_object_mut);
    for text in texts.into_iter().flat_map(|map| map.values_mut()) {
        if text.is_null() {
            *text = "".into();
        }
    }
}

/// Drops owners that are named twice, which `warnings` tells.
///
/// Source: apiserver v0.34 `pkg/endpoints/handlers/create.go`, `dedupOwnerReferencesAndAddWarning`.
pub(super) fn name_owners_once(value: &mut Value, warnings: &mut Vec<String>) {
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
        warnings.push(format!(".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}", twice.join(", ")));
    }
}

/// Drops nulls and what is empty, as a decode into ObjectMeta does.
pub(super) fn normalise(value: &mut Value) {
    let metadata = metadata_mut(value);
    for field in ["labels", "annotations"] {
        read_texts(metadata.get_mut(field));
    }
    metadata.retain(|_, field| !field.is_null());
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

/// Puts back what only the server may change.
pub(super) fn keep_owned(value: &mut Value, old: &Value) {
    let metadata = metadata_mut(value);
    for field in OWNED_BY_SERVER {
        restore(metadata, &old["metadata"], field);
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
    let kind = request.served.kind.qualified_kind();
    let twice = [&causes[..], &causes[..]].concat();
    Err(invalid_once(&kind, &request.name, &twice))
}

/// Everything wrong with the metadata of an object about to be stored.
pub(super) fn faults(
    value: &Value,
    (names, origin): (Names, Origin),
    old: Option<&Value>,
) -> Vec<Cause> {
    let metadata = &value["metadata"];
    let mut causes = Vec::new();
    if old.is_none() {
        name_faults(metadata, names, &mut causes);
    }
    let old = old.map(|old| &old["metadata"]);
    let is_new = |field: &str| old.is_none_or(|old| !metadata[field].is_evidently(&old[field]));
    // Keys that an object has were good when it got them.
    if is_new("labels") || is_new("annotations") {
        key_faults(metadata, &mut causes);
    }
    owner_faults(metadata, &mut causes);
    finalizer_faults(metadata, origin, &mut causes);
    contrary_finalizers_fault(metadata, &mut causes);
    if let Some(old) = old {
        added_finalizer_fault(metadata, old, &mut causes);
    }
    causes
}

fn name_faults(metadata: &Value, names: Names, causes: &mut Vec<Cause>) {
    let faults = |text: &str| match names {
        Names::Subdomain => subdomain_faults(text),
        Names::Label => dns_label_faults(text),
        Names::OldLabel => old_label_faults(text),
        Names::PathSegment => path_segment_faults(text),
    };
    let base = metadata["generateName"].as_str().unwrap_or_default();
    let found = match names {
        _ if base.is_empty() => Vec::new(),
        Names::PathSegment => path_segment_base_faults(base),
        Names::Subdomain | Names::Label | Names::OldLabel => faults(&without_dash(base)),
    };
    let found = found.iter();
    causes.extend(found.map(|why| invalid("metadata.generateName", base, why)));
    match metadata["name"].as_str().unwrap_or_default() {
        "" => causes.push(Cause {
            reason: "FieldValueRequired",
            message: "Required value: name or generateName is required".to_owned(),
            field: "metadata.name".to_owned(),
        }),
        name => {
            let found = faults(name);
            causes.extend(found.iter().map(|why| invalid("metadata.name", name, why)));
        }
    }
}

/// A base of names with its last two characters as a letter, if it ends with a dash.
///
/// Source: apimachinery v0.34.3, pkg/api/validation/generic.go, `maskTrailingDash`.
pub(super) fn without_dash(base: &str) -> String {
    let shorter = base.strip_suffix('-').filter(|rest| !rest.is_empty());
    let shorter = shorter.map(|rest| &rest[..rest.floor_char_boundary(rest.len() - 1)]);
    shorter.map_or_else(|| base.to_owned(), |rest| format!("{rest}a"))
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

fn owner_faults(metadata: &Value, causes: &mut Vec<Cause>) {
    let owners: Vec<&Value> = metadata["ownerReferences"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    for owner in &owners {
        let version = owner["apiVersion"].as_str().unwrap_or_default();
        if version.is_empty() || version.ends_with('/') || version.matches('/').count() > 1 {
            let detail = "version must not be empty";
            causes.push(invalid(
                "metadata.ownerReferences.apiVersion",
                version,
                detail,
            ));
        }
        for (field, detail) in [
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner[field].as_str().unwrap_or_default().is_empty() {
                let path = format!("metadata.ownerReferences.{field}");
                causes.push(invalid(&path, "", detail));
            }
        }
        if owner["kind"] == "Event" && version == "v1" {
            causes.push(invalid_json(
                "metadata.ownerReferences",
                &owner_text(owner),
                "/v1, Kind=Event is disallowed from being an owner",
            ));
        }
    }
    let controllers: Vec<&&Value> = owners.iter().filter(|o| o["controller"] == true).collect();
    if let [first, second, ..] = controllers.as_slice() {
        let named = |owner: &Value| {
            let word = |field: &str| owner[field].as_str().unwrap_or_default().to_owned();
            format!("{}/{}", word("kind"), word("name"))
        };
        let detail = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {} and {}",
            named(first),
            named(second)
        );
        let list: Vec<String> = owners.iter().map(|owner| owner_text(owner)).collect();
        let list = format!("[{}]", list.join(","));
        causes.push(invalid_json("metadata.ownerReferences", &list, &detail));
    }
}

/// An owner reference with its fields in Go's order.
fn owner_text(owner: &Value) -> String {
    let fields = [
        "apiVersion",
        "kind",
        "name",
        "uid",
        "controller",
        "blockOwnerDeletion",
    ];
    let present: Vec<String> = fields
        .iter()
        .filter_map(|field| owner.get(field).map(|value| format!("\"{field}\":{value}")))
        .collect();
    format!("{{{}}}", present.join(","))
}

/// Only built-in kinds look whether a finalizer without a domain is one that is known, once all are looked at as names.
fn finalizer_faults(metadata: &Value, origin: Origin, causes: &mut Vec<Cause>) {
    let list = "metadata.finalizers";
    let names = texts(&metadata["finalizers"]);
    for name in &names {
        key_fault(list, name, name, causes);
    }
    let of_kubernetes = names.iter().enumerate();
    for (index, name) in of_kubernetes.filter(|_| origin == Origin::BuiltIn) {
        strange_finalizer_fault(&format!("{list}[{index}]"), name, causes);
    }
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
    strange_finalizer_fault(element, name, causes);
}

fn strange_finalizer_fault(element: &str, name: &str, causes: &mut Vec<Cause>) {
    if !name.contains('/') && !STANDARD_FINALIZERS.contains(&name) {
        causes.push(invalid(
            element,
            name,
            "name is neither a standard finalizer name nor is it fully qualified",
        ));
    }
}

/// Dependents cannot both be deleted and be left alone.
fn contrary_finalizers_fault(metadata: &Value, causes: &mut Vec<Cause>) {
    let names = texts(&metadata["finalizers"]);
    if names.contains(&"orphan") && names.contains(&"foregroundDeletion") {
        causes.push(invalid_json(
            "metadata.finalizers",
            &metadata["finalizers"].to_string(),
            CONTRARY,
        ));
    }
}

/// Whether a fault is one of finalizers.
pub(super) fn is_of_finalizers(fault: &Cause) -> bool {
    fault.field.starts_with("metadata.finalizers")
}

fn added_finalizer_fault(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    if old.get("deletionTimestamp").is_none() {
        return;
    }
    let before = texts(&old["finalizers"]);
    let added: Vec<String> = texts(&new["finalizers"])
        .into_iter()
        .filter(|name| !before.contains(name))
        .map(|name| format!("{name:?}"))
        .collect();
    if !added.is_empty() {
        let cause = Cause {
            reason: "FieldValueForbidden",
            message: format!(
                "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            ),
            field: "metadata.finalizers".to_owned(),
        };
        causes.extend([cause.clone(), cause]);
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
