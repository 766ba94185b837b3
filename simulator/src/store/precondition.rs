//! What an update takes for granted: the revision and the uid of the object.
//!
//! Source: `spec/kube-api.md` §1.8, §1.9.

use super::identity::APART;
use super::kind::{Kind, Origin};
use super::metadata::{self, text};
use super::object::{Object, metadata_mut};
use super::request::Request;
use super::status::Status;
use super::write::Via;
use crate::json::Value;

/// The uid of a PUT, against the stored object: the store below looks at it before anybody else looks at anything.
pub(super) fn check_meant(
    request: &Request,
    old: &Object,
    value: &mut Value,
    (via, is_dry): (Via, bool),
) -> Result<(), Status> {
    match text(metadata_mut(value), "uid") {
        uid if via == Via::Put && !uid.is_empty() && uid != old.uid() => {
            Err(other_uid(request, (Some(old), is_dry), uid))
        }
        _ => Ok(()),
    }
}

/// The revision of an update, against the stored object, and then its namespace, against the URL.
pub(super) fn check_revision(
    request: &Request,
    old: &Object,
    value: &mut Value,
) -> Result<(), Status> {
    let kind = &request.served.kind;
    let metadata = metadata_mut(value);
    let revision = text(metadata, "resourceVersion");
    if revision.is_empty() || revision == "0" {
        if request.served.behaviour.needs_revision {
            let cause = metadata::invalid_json(
                "metadata.resourceVersion",
                "0",
                "must be specified for an update",
            );
            return Err(Status::invalid(&kind.resource(), &request.name, &[cause]));
        }
    } else {
        let number: u64 = revision.parse().map_err(|_| {
            Status::bare_internal(&format!(
                "strconv.ParseUint: parsing {revision:?}: invalid syntax"
            ))
        })?;
        if number != old.revision() {
            return Err(Status::conflict(&kind.resource(), &request.name));
        }
    }
    metadata::place(value, request)
}

/// Refuses a PUT that would make a new object, and means one with a uid.
pub(super) fn check_unmade(
    request: &Request,
    value: &mut Value,
    is_dry: bool,
) -> Result<(), Status> {
    match text(metadata_mut(value), "uid") {
        "" => Ok(()),
        uid => Err(other_uid(request, (None, is_dry), uid)),
    }
}

/// 409 for an update that means another object than `old`, if there is one.
pub(super) fn other_uid(
    request: &Request,
    (old, is_dry): (Option<&Object>, bool),
    uid: &str,
) -> Status {
    let own = old.map_or("", Object::uid);
    let why = format!("UID in precondition: {uid}, UID in object meta: {own}");
    unmet(request, is_dry, &why)
}

/// 409 in the words of the store below a real server, which found the stored object to be another than was taken for
/// granted; a dry run is stored beside, under shorter keys.
pub(super) fn unmet(request: &Request, is_dry: bool, why: &str) -> Status {
    let kind = &request.served.kind;
    let mut status = Status::conflict(&kind.resource(), &request.name);
    let namespace = match request.namespace.as_str() {
        "" => String::new(),
        namespace => format!("{namespace}/"),
    };
    let root = if is_dry { "" } else { "/registry" };
    let place = place(kind);
    status.message = format!(
        "Operation cannot be fulfilled on {} \"{}\": StorageError: invalid object, Code: 4, Key: {root}/{place}/{namespace}{}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: {why}",
        kind.resource(),
        request.name,
        request.name,
    );
    status
}

/// Where the objects of a kind are stored: those of built-in kinds not by their group, if they are not of servers of their
/// own.
///
/// Source: kubernetes v1.34.3, pkg/kubeapiserver/default_storage_factory_builder.go, `SpecialDefaultResourcePrefixes`;
/// apiextensions-apiserver v0.34.3, pkg/apiserver/customresource_handler.go.
fn place(kind: &Kind) -> String {
    let place = match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "replicationcontrollers") => "controllers",
        ("", "endpoints") => "services/endpoints",
        ("", "nodes") => "minions",
        ("", "services") => "services/specs",
        ("networking.k8s.io", "ingresses") => "ingress",
        (group, plural) if kind.origin == Origin::Custom || APART.contains(&group) => {
            return format!("{group}/{plural}");
        }
        (_, plural) => plural,
    };
    place.to_owned()
}
