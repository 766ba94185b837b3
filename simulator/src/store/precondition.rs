//! What an update takes for granted: the revision and the uid of the object.
//!
//! Source: `spec/kube-api.md` §1.8, §1.9.

use super::check::invalid_once;
use super::identity::APART;
use super::kind::{Kind, Origin};
use super::metadata::{self, text};
use super::object::{Object, metadata_mut};
use super::request::Request;
use super::status::Status;
use super::write::Via;
use crate::json::Value;

/// Revision and uid of an update, against the stored object.
pub(super) fn check_preconditions(
    request: &Request,
    old: &Object,
    value: &mut Value,
    via: Via,
) -> Result<(), Status> {
    let kind = &request.served.kind;
    let metadata = metadata_mut(value);
    let uid = text(metadata, "uid");
    let is_other = !uid.is_empty() && uid != old.uid();
    // The store below looks at the uid of a PUT before anybody else looks at anything.
    if is_other && via == Via::Put {
        return Err(wrong_uid(request, old, uid, via));
    }
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
    if is_other {
        return Err(wrong_uid(request, old, uid, via));
    }
    Ok(())
}

pub(super) fn wrong_uid(request: &Request, old: &Object, uid: &str, via: Via) -> Status {
    let kind = &request.served.kind;
    if let Via::Patch(_) = via {
        let cause = metadata::invalid("metadata.uid", uid, "field is immutable");
        let causes = [cause.clone(), cause];
        return invalid_once(&kind.qualified_kind(), &request.name, &causes);
    }
    let why = format!(
        "UID in precondition: {uid}, UID in object meta: {}",
        old.uid()
    );
    unmet(request, old, &why)
}

/// 409 in the words of the store below a real server, which found the stored object to be another than was taken for
/// granted.
pub(super) fn unmet(request: &Request, old: &Object, why: &str) -> Status {
    let kind = &request.served.kind;
    let mut status = Status::conflict(&kind.resource(), &request.name);
    let namespace = match old.namespace() {
        "" => String::new(),
        namespace => format!("{namespace}/"),
    };
    status.message = format!(
        "Operation cannot be fulfilled on {} \"{}\": StorageError: invalid object, Code: 4, Key: /registry/{}/{namespace}{}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: {why}",
        kind.resource(),
        request.name,
        place_of(kind),
        request.name,
    );
    status
}

/// Where objects of a kind lie in etcd: those of built-in kinds not by their group, if they are not of servers of their own.
///
/// Source: kubernetes v1.34 `pkg/kubeapiserver/default_storage_factory_builder.go`, `SpecialDefaultResourcePrefixes`.
fn place_of(kind: &Kind) -> String {
    let group = kind.group.as_str();
    let is_apart = kind.origin == Origin::Custom || APART.contains(&group);
    match kind.plural.as_str() {
        plural if is_apart => format!("{group}/{plural}"),
        "endpoints" => "services/endpoints".to_owned(),
        "ingresses" => "ingress".to_owned(),
        "nodes" => "minions".to_owned(),
        "replicationcontrollers" => "controllers".to_owned(),
        "services" => "services/specs".to_owned(),
        plural => plural.to_owned(),
    }
}
