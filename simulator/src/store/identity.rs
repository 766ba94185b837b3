//! Whether a body is of the kind that the URL names.
//!
//! Source: `spec/kube-api.md` §1.8.

use super::decode;
use super::kind::{Kind, Origin, go_package};
use super::metadata::invalid;
use super::metadata_types::check_types;
use super::misfit::Misfit;
use super::schema::builtin::position;
use super::status::{Qualified, Status};
use crate::json::Value;

/// Checks `apiVersion`, `kind` and the types of metadata in the body of a POST or PUT.
///
/// # Errors
/// 400 or 422 in the words of kube-apiserver.
pub(super) fn check_body(kind: &Kind, value: &Value) -> Result<(), Status> {
    let field = |name: &str| value[name].as_str().unwrap_or_default();
    match kind.origin {
        Origin::BuiltIn => check_typed(kind, value)?,
        Origin::Custom => check_custom(kind, value, field("apiVersion"), field("kind"))?,
    }
    check_metadata(kind, value)
        .and_then(|()| check_types(value, metadata_prefix(kind)))
        .and_then(|()| decode::check(kind, value))
        .map_err(|why| unfit(kind, &why.to_string()))
}

/// Where metadata lies for Go, which reads that of custom resources by itself.
fn metadata_prefix(kind: &Kind) -> &'static str {
    match kind.origin {
        Origin::BuiltIn => "ObjectMeta.metadata.",
        Origin::Custom => "ObjectMeta.",
    }
}

/// Refuses metadata that is no object, of a built-in kind.
fn check_metadata(kind: &Kind, value: &Value) -> Result<(), Misfit> {
    let metadata = &value["metadata"];
    let is_fitting = metadata.is_null() || metadata.is_object();
    if is_fitting || kind.origin == Origin::Custom {
        return Ok(());
    }
    let field = format!("{}.metadata", kind.kind);
    Err(Misfit::new(metadata, field, "v1.ObjectMeta".to_owned()))
}

/// Checks `apiVersion` and `kind` of the result of a patch, which a refusal quotes unless it quotes the `patch`.
///
/// # Errors
/// 422 in the words of kube-apiserver.
pub(super) fn check_patched(
    kind: &Kind,
    (value, old): (&Value, &Value),
    patch: Option<&String>,
) -> Result<(), Status> {
    let quoted = || patch.map_or_else(|| value.to_string(), String::clone);
    let field = |name: &str| value[name].as_str().unwrap_or_default();
    let name = value["metadata"]["name"].as_str().unwrap_or_default();
    let (version, called) = (field("apiVersion"), field("kind"));
    match kind.origin {
        Origin::Custom if version != kind.api_version() => {
            let detail = format!("must be {}", kind.api_version());
            let cause = invalid("apiVersion", version, &detail);
            Err(Status::invalid(&kind.qualified_kind(), name, &[cause]))
        }
        Origin::Custom if called != kind.kind => Err(wrong_kind(kind, name, called)),
        Origin::BuiltIn if version != kind.api_version() || called != kind.kind => {
            Err(undecodable(&quoted(), &unregistered(called, version)))
        }
        Origin::Custom | Origin::BuiltIn => check_types(value, metadata_prefix(kind))
            .and_then(|()| decode::check_changes(kind, value, old))
            .map_err(|why| match patch {
                Some(patch) => undecodable(patch, &why.converted()),
                None => undecodable(&quoted(), &why.to_string()),
            }),
    }
}

/// Source: apiserver v0.34.3, pkg/endpoints/handlers/create.go; apimachinery v0.34.3, pkg/runtime/serializer/json/json.go.
fn check_typed(kind: &Kind, value: &Value) -> Result<(), Status> {
    let own = kind.api_version();
    let or = |text: &'_ Value, own: &str| match text.as_str().unwrap_or_default() {
        "" => own.to_owned(),
        text => text.to_owned(),
    };
    let version = or(&value["apiVersion"], &own);
    let called = or(&value["kind"], &kind.kind);
    let is_old_eviction = version == "policy/v1beta1" && called == "Eviction";
    if called == kind.kind && (version == own || is_old_eviction) {
        return Ok(());
    }
    let (group, short) = version.split_once('/').unwrap_or(("", &version));
    if short.contains('/') {
        let why = format!("unexpected GroupVersion string: {version}");
        return Err(unrecognized(kind, value, &why));
    }
    let is_apart = |group: &str| APART.contains(&group);
    let is_known = position(group, short, &called).is_some()
        && (group == kind.group || !(is_apart(group) || is_apart(&kind.group)));
    if is_known && called == kind.kind && go_package(group) == go_package(&kind.group) {
        return Err(Status::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({own})"
        )));
    }
    let why = if is_known {
        let package = go_package(&kind.group);
        format!(
            "converting ({short}.{called}) to ({package}.{}): unknown conversion",
            kind.kind
        )
    } else {
        unregistered(&called, &version)
    };
    Err(unhandled(kind, &called, short, &why))
}

/// The groups of servers of their own, who know no other kinds.
const APART: [&str; 2] = ["apiextensions.k8s.io", "apiregistration.k8s.io"];

fn check_custom(kind: &Kind, value: &Value, version: &str, called: &str) -> Result<(), Status> {
    if called.is_empty() {
        return Err(missing(kind, value, "Kind"));
    }
    if version != kind.api_version() {
        return Err(Status::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({})",
            kind.api_version()
        )));
    }
    if called != kind.kind {
        let name = value["metadata"]["name"].as_str().unwrap_or_default();
        return Err(wrong_kind(kind, name, called));
    }
    Ok(())
}

fn wrong_kind(kind: &Kind, name: &str, called: &str) -> Status {
    let qualified = Qualified {
        group: &kind.group,
        name: called,
    };
    let cause = invalid("kind", called, &format!("must be {}", kind.kind));
    Status::invalid(&qualified, name, &[cause])
}

fn missing(kind: &Kind, value: &Value, what: &str) -> Status {
    let why = format!("Object '{what}' is missing in '{value}'");
    unrecognized(kind, value, &why)
}

/// 400 for a body that cannot be taken for any kind, whose beginning is quoted.
fn unrecognized(kind: &Kind, value: &Value, why: &str) -> Status {
    let body = value.to_string();
    let start = if body.len() > 30 {
        format!("{} ...", &body[..body.floor_char_boundary(30)])
    } else {
        body
    };
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): {why} ({start})",
        kind.kind
    ))
}

fn unregistered(called: &str, version: &str) -> String {
    format!(
        "no kind {called:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:110\""
    )
}

/// 400 for a body of the right kind that cannot be decoded.
pub(super) fn unfit(kind: &Kind, why: &str) -> Status {
    unhandled(kind, &kind.kind, &kind.version, why)
}

/// 400 for a body that cannot be decoded into `kind`.
fn unhandled(kind: &Kind, called: &str, version: &str, why: &str) -> Status {
    Status::bad_request(format!(
        "{called} in version {version:?} cannot be handled as a {}: {why}",
        kind.kind
    ))
}

/// 422 for a patch, quoted as `text`, whose result cannot be decoded.
pub(super) fn undecodable(text: &str, why: &str) -> Status {
    let cause = invalid("patch", text, why);
    let mut status = Status::invalid(
        &Qualified {
            group: "",
            name: "",
        },
        "",
        &[cause],
    );
    if let Some(details) = status.details.as_mut().and_then(Value::as_object_mut) {
        details.remove("kind");
    }
    status
}
