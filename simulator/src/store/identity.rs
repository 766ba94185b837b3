//! Whether a body is of the kind that the URL names.
//!
//! Source: `spec/kube-api.md` §1.8.

use super::json_type::json_type;
use super::kind::{Kind, Origin, SCHEME, go_package, unregistered};
use super::metadata::invalid;
use super::metadata_types::check_types;
use super::misfit::Misfit;
use super::patch::check::go_type;
use super::schema::builtin::position;
use super::status::{Qualified, Status};
use super::{decode, metadata};
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

/// Why an object that somebody else made of one of this kind cannot be read as one.
///
/// Source: apimachinery v0.34.3, pkg/runtime/serializer/json/json.go and pkg/apis/meta/v1/unstructured/unstructured.go.
pub(super) fn check_made(kind: &Kind, value: &mut Value) -> Result<(), Unread> {
    let fields = ["apiVersion", "kind"];
    let is_open = |text: &Value| text.is_null() || text == "";
    let is_typed = |field: &str| is_open(&value[field]) || value[field].is_string();
    if !value.is_object() || !fields.into_iter().all(is_typed) {
        return Err(Unread::Undecodable(mistyped(kind, value)));
    }
    if kind.origin == Origin::Custom {
        if is_open(&value["kind"]) {
            let why = format!("Object 'Kind' is missing in '{value}'");
            return Err(Unread::Undecodable(why));
        }
        return check_made_custom(kind, value);
    }
    let (version, called) = (kind.api_version(), kind.kind.as_str());
    for (field, own) in [("apiVersion", &*version), ("kind", called)] {
        if is_open(&value[field]) {
            value[field] = own.into();
        }
    }
    let [given, called] = fields.map(|field| value[field].as_str().unwrap_or_default());
    if given.matches('/').count() > 1 {
        let why = format!("unexpected GroupVersion string: {given}");
        return Err(Unread::Undecodable(why));
    }
    if (given, called) != (&*version, &*kind.kind) {
        return Err(match unconvertible(kind, given, called) {
            Some(why) => Unread::Unconvertible(Box::new(Status::bare_internal(&why))),
            None => Unread::Undecodable(unregistered(called, given)),
        });
    }
    check_metadata(kind, value)
        .and_then(|()| check_types(value, metadata_prefix(kind)))
        .and_then(|()| decode::check(kind, value))
        .map_err(|why| Unread::Undecodable(why.to_string()))
}

fn check_made_custom(kind: &Kind, value: &Value) -> Result<(), Unread> {
    let [given, called] = ["apiVersion", "kind"].map(|field| &value[field]);
    let (given, called) = (
        given.as_str().unwrap_or_default(),
        called.as_str().unwrap_or_default(),
    );
    if given.matches('/').count() > 1 {
        let why = format!("unexpected GroupVersion string: {given}");
        return Err(Unread::Undecodable(why));
    }
    let unconvertible = |why| Unread::Unconvertible(Box::new(why));
    let group = given.split_once('/').map_or("", |(group, _)| group);
    if group != kind.group {
        let slash = if given.contains('/') { "" } else { "/" };
        let why = format!(
            "{slash}{given}, Kind={called} is unstructured and is not suitable for converting to {:?}",
            kind.api_version()
        );
        return Err(unconvertible(Status::bare_internal(&why)));
    }
    if called != kind.kind {
        let name = value["metadata"]["name"].as_str().unwrap_or_default();
        return Err(unconvertible(wrong_kind(kind, name, called)));
    }
    Ok(())
}

/// Why what somebody else made of an object is not of its kind.
#[derive(Debug)]
pub(super) enum Unread {
    /// It cannot be decoded.
    Undecodable(String),
    /// It may be of another kind, which is no such object.
    Unconvertible(Box<Status>),
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
            let qualified = Qualified {
                group: version.split_once('/').map_or("", |(group, _)| group),
                name: called,
            };
            Err(Status::invalid(&qualified, name, &[cause]))
        }
        Origin::Custom if called != kind.kind => Err(wrong_kind(kind, name, called)),
        Origin::BuiltIn if version != kind.api_version() || called != kind.kind => {
            let why = match patch {
                Some(_) => misconverted(value),
                None => mistyped(kind, value),
            };
            Err(undecodable(&quoted(), &why))
        }
        Origin::Custom | Origin::BuiltIn => check_metadata(kind, value)
            .and_then(|()| check_types(value, metadata_prefix(kind)))
            .and_then(|()| decode::check_changes(kind, value, old))
            .map_err(|why| match patch {
                Some(patch) => undecodable(patch, &why.converted()),
                None => undecodable(&quoted(), &why.to_string()),
            }),
    }
}

/// Takes what the result of a patch leaves open of its type from the kind of a built-in object, as decoding does. What a
/// strategic patch says of it counts for nothing.
///
/// # Errors
/// 400 for one without a version, which is then read as what a real server has in memory, in which nothing has this name.
///
/// Source: apiserver v0.34.3, pkg/endpoints/handlers/patch.go; apimachinery v0.34.3, pkg/runtime/serializer/json/json.go.
pub(super) fn settle_type(
    kind: &Kind,
    name: &str,
    value: &mut Value,
    is_strategic: bool,
) -> Result<(), Status> {
    if kind.origin == Origin::Custom || !value.is_object() {
        return Ok(());
    }
    let (version, called) = (kind.api_version(), kind.kind.as_str());
    let is_open = |given: &Value| match given.as_str() {
        Some(text) => is_strategic || text.is_empty(),
        None => given.is_null(),
    };
    let has_kind = !is_open(&value["kind"]);
    if is_open(&value["apiVersion"]) && !is_strategic {
        return match value["kind"].as_str() {
            Some(other) if has_kind && other != called => {
                let why = format!(
                    "no kind {other:?} is registered for the internal version of group {:?} in scheme {SCHEME:?}",
                    kind.group
                );
                Err(undecodable(&value.to_string(), &why))
            }
            None if has_kind => Ok(()),
            _ => Err(metadata::nameless(name)),
        };
    }
    for (field, own) in [("apiVersion", &*version), ("kind", called)] {
        if is_open(&value[field]) {
            value[field] = own.into();
        }
    }
    Ok(())
}

/// Why the result of a patch is not of its kind.
fn mistyped(kind: &Kind, value: &Value) -> String {
    let about = "couldn't get version/kind; json parse error: json: cannot unmarshal";
    if !value.is_object() {
        return format!(
            "{about} {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
            json_type(value)
        );
    }
    let is_text = |field: &&str| value[*field].is_string();
    if let Some(field) = ["kind", "apiVersion"].iter().find(|field| !is_text(field)) {
        let found = json_type(&value[*field]);
        return format!("{about} {found} into Go struct field .{field} of type string");
    }
    let field = |name: &str| value[name].as_str().unwrap_or_default();
    let (version, called) = (field("apiVersion"), field("kind"));
    unconvertible(kind, version, called).unwrap_or_else(|| unregistered(called, version))
}

/// Why a strategic patch leaves no object of any kind.
fn misconverted(value: &Value) -> String {
    let fields = ["kind", "apiVersion"].map(|field| &value[field]);
    let found = fields.into_iter().find(|found| !found.is_string());
    format!(
        "cannot convert {} to string",
        go_type(found.unwrap_or(&Value::Null))
    )
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
    if is_known(kind, &version, &called)
        && called == kind.kind
        && go_package(group) == go_package(&kind.group)
    {
        return Err(Status::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({own})"
        )));
    }
    let why = unconvertible(kind, &version, &called);
    let why = why.unwrap_or_else(|| unregistered(&called, &version));
    Err(unhandled(kind, &called, short, &why))
}

/// Whether there is a kind of that name.
fn is_known(kind: &Kind, version: &str, called: &str) -> bool {
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    let is_apart = |group: &str| APART.contains(&group);
    position(group, short, called).is_some()
        && (group == kind.group || !(is_apart(group) || is_apart(&kind.group)))
}

/// Why something of a known kind cannot be taken for another.
fn unconvertible(kind: &Kind, version: &str, called: &str) -> Option<String> {
    let short = version.rsplit_once('/').map_or(version, |(_, short)| short);
    let package = go_package(&kind.group);
    is_known(kind, version, called).then(|| {
        format!(
            "converting ({short}.{called}) to ({package}.{}): unknown conversion",
            kind.kind
        )
    })
}

/// The groups of servers of their own, who know no other kinds.
pub(super) const APART: [&str; 2] = ["apiextensions.k8s.io", "apiregistration.k8s.io"];

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
    Ok(())
}

/// Refuses a custom resource of another kind, which a real server finds out only where it looks at the whole object.
///
/// # Errors
/// 422 in the words of kube-apiserver.
pub(super) fn check_kind(kind: &Kind, value: &Value) -> Result<(), Status> {
    let called = value["kind"].as_str().unwrap_or_default();
    if kind.origin == Origin::BuiltIn || called == kind.kind {
        return Ok(());
    }
    let name = value["metadata"]["name"].as_str().unwrap_or_default();
    Err(wrong_kind(kind, name, called))
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
