//! A call to a resource as a request to the kernel.
//!
//! Source: `spec/kube-api.md` §1.2, §1.17.

use std::sync::Arc;

use http::Method;
use http::header::CONTENT_TYPE;

use super::call::Call;
use super::delete_options;
use super::discovery::verbs;
use super::options;
use super::payload::{self, Language, Payload, Wanted};
use super::query::Query;
use super::route::Target;
use crate::access::User;
use crate::json::{Value, json, without_fractions};
use crate::store::kind::{Kind, Origin};
use crate::store::pod_log::KUBELET;
use crate::store::posted;
use crate::store::registry::Served;
use crate::store::request::{
    FieldValidation, LogText, Part, PatchBody, PatchKind, Request, Verb, WriteOptions,
};
use crate::store::status::Status;

/// Reads a call to `target`, which is `served`, in the name of a user.
pub(crate) fn request(
    (call, user): (&Call, &Arc<User>),
    target: &Target,
    served: &Arc<Served>,
    query: &Query,
) -> Result<Request, Status> {
    let part = part(target, served)?;
    if target.watch && served.kind.origin == Origin::BuiltIn {
        check_old_watch(call, target, &served.kind)?;
    }
    let refused = |status: Status| match status.code {
        405 => super::custom::refusal(call, target, &served.kind).unwrap_or(status),
        _ => status,
    };
    let verb = match part {
        Part::Whole => verb(call, target, served, query).map_err(refused)?,
        Part::Status
        | Part::Finalize
        | Part::Scale
        | Part::EphemeralContainers
        | Part::Resize
        | Part::Approval => part_verb(call, part, served, query).map_err(refused)?,
        Part::Log => log_verb(call, query)?,
        Part::Binding | Part::Eviction | Part::Token => action_verb(call, part, query)?,
    };
    Ok(Request {
        actor: Arc::clone(&call.actor),
        user: Arc::clone(user),
        served: Arc::clone(served),
        namespace: target.namespace.clone(),
        name: target.name.clone(),
        part,
        verb,
    })
}

/// The old prefix leads to collections and objects that can be watched, and there to a GET.
///
/// Source: apiserver v0.34.3, pkg/endpoints/installer.go, `registerResourceHandlers`.
fn check_old_watch(call: &Call, target: &Target, kind: &Kind) -> Result<(), Status> {
    if !target.subresource.is_empty() || !verbs(kind).contains(&"watch") {
        return Err(no_resource());
    }
    match call.method {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(not_allowed()),
    }
}

fn part(target: &Target, served: &Served) -> Result<Part, Status> {
    let kind = &served.kind;
    let is_misplaced = if target.namespace.is_empty() {
        kind.namespaced && !target.name.is_empty()
    } else {
        !kind.namespaced
    };
    if is_misplaced {
        return Err(no_resource());
    }
    let subresource = match kind.origin {
        // What stands behind it is not looked at.
        Origin::Custom => target.subresource.split('/').next().unwrap_or_default(),
        Origin::BuiltIn => target.subresource.as_str(),
    };
    if subresource.is_empty() {
        return Ok(Part::Whole);
    }
    if !kind.subresources.iter().any(|known| known == subresource) {
        if kind.origin == Origin::Custom {
            return Err(Status::not_found(&kind.resource(), &target.name));
        }
        return Err(no_resource());
    }
    match subresource {
        "status" => Ok(Part::Status),
        "finalize" => Ok(Part::Finalize),
        "log" => Ok(Part::Log),
        "binding" => Ok(Part::Binding),
        "eviction" => Ok(Part::Eviction),
        "scale" => Ok(Part::Scale),
        "token" => Ok(Part::Token),
        "ephemeralcontainers" => Ok(Part::EphemeralContainers),
        "resize" => Ok(Part::Resize),
        "approval" => Ok(Part::Approval),
        other => Err(Status::not_implemented(&format!(
            "the subresource {}/{other}",
            kind.plural
        ))),
    }
}

fn verb(call: &Call, target: &Target, served: &Served, query: &Query) -> Result<Verb, Status> {
    let is_collection = target.name.is_empty();
    let is_namespace = served.kind.kind == "Namespace" && served.kind.group.is_empty();
    let is_everywhere = served.kind.namespaced && target.namespace.is_empty();
    if served.kind.group.is_empty() {
        match (served.kind.plural.as_str(), &call.method) {
            ("bindings", _) if is_everywhere || !is_collection => return Err(no_resource()),
            ("bindings", method) if method != Method::POST => return Err(not_allowed()),
            ("componentstatuses", method) if method != Method::GET => return Err(not_allowed()),
            _ => {}
        }
    }
    match (&call.method, is_collection) {
        (&Method::GET, false) if target.watch => {
            options::watch(served, query, &target.name).map(Verb::Watch)
        }
        (&Method::GET, true) if target.watch || query.flag("watch") => {
            options::watch(served, query, "").map(Verb::Watch)
        }
        (&Method::GET, true) => options::list(served, query).map(Verb::List),
        (&Method::GET, false) => {
            options::check_export(query)?;
            options::get(query).map(Verb::Get)
        }
        (&Method::POST, true) if is_everywhere => Err(not_allowed()),
        // Whatever name the URL of a custom resource has, that of the body counts.
        (&Method::POST, is_collection) if is_collection || served.kind.origin == Origin::Custom => {
            let (value, options) = body(call, served, query, "CreateOptions")?;
            check_kind(call, served, &value)?;
            Ok(Verb::Create(value, options))
        }
        (&Method::PUT, false) => update_verb(call, Part::Whole, served, query),
        (&Method::PATCH, false) => patch_verb(call, served, query),
        (&Method::DELETE, true) if is_namespace || is_everywhere => Err(not_allowed()),
        (&Method::DELETE, true) => Ok(Verb::DeleteCollection(
            options::list(served, query)?,
            delete_options::delete(query, delete_body(call)?)?,
        )),
        (&Method::DELETE, false) => {
            let body = delete_body(call)?;
            delete_options::delete(query, body).map(Verb::Delete)
        }
        _ => Err(not_allowed()),
    }
}

fn part_verb(call: &Call, part: Part, served: &Served, query: &Query) -> Result<Verb, Status> {
    match call.method {
        Method::GET if part != Part::Finalize => options::get(query).map(Verb::Get),
        Method::PUT => update_verb(call, part, served, query),
        Method::PATCH if part != Part::Finalize => patch_verb(call, served, query),
        _ => Err(not_allowed()),
    }
}

fn update_verb(call: &Call, part: Part, served: &Served, query: &Query) -> Result<Verb, Status> {
    let (value, options) = body(call, served, query, "UpdateOptions")?;
    if part != Part::Scale {
        check_kind(call, served, &value)?;
    }
    Ok(Verb::Update(value, options))
}

/// Refuses a custom resource that does not say its kind, in the words in which it was sent.
fn check_kind(call: &Call, served: &Served, value: &Value) -> Result<(), Status> {
    let is_text = served.kind.origin == Origin::Custom && call.value().is_none();
    match value["kind"] {
        Value::Null if is_text => Err(payload::kindless(&call.body, &served.kind.kind)),
        _ => Ok(()),
    }
}

fn patch_verb(call: &Call, served: &Served, query: &Query) -> Result<Verb, Status> {
    let kind = patch_kind(call, served)?;
    let mut options = options::write(call, query, "PatchOptions", Some(kind))?;
    options.duplicates = patch_duplicates(call, kind, options.field_validation);
    let patch = match call.value() {
        Some(value) => PatchBody::Value(value.clone()),
        None => PatchBody::Text(call.body.clone()),
    };
    Ok(Verb::Patch(kind, patch, options))
}

fn log_verb(call: &Call, query: &Query) -> Result<Verb, Status> {
    let container = query.text("container").to_owned();
    match call.method {
        Method::GET => Ok(Verb::ReadLog(LogText {
            container,
            tail_lines: options::integer(query, "tailLines")?,
            limit_bytes: options::integer(query, "limitBytes")?,
            since_seconds: options::integer(query, "sinceSeconds")?,
            since_time: options::time(query, "sinceTime")?,
            timestamps: query.flag("timestamps"),
            previous: query.flag("previous"),
            follow: query.flag("follow"),
            names_stream: query.get("stream").is_some(),
        })),
        Method::PUT if &*call.actor == KUBELET => Ok(Verb::WriteLog(container, call.body.clone())),
        _ => Err(not_allowed()),
    }
}

fn action_verb(call: &Call, part: Part, query: &Query) -> Result<Verb, Status> {
    if call.method != Method::POST {
        return Err(not_allowed());
    }
    let mut options = options::write(call, query, "CreateOptions", None)?;
    let language = Language::of(call.header(CONTENT_TYPE))?;
    let kind = match part {
        Part::Eviction => ("policy", "v1", "Eviction"),
        Part::Token => ("authentication.k8s.io", "v1", "TokenRequest"),
        _ => ("", "v1", "Binding"),
    };
    let payload = payload(call, language, kind)?;
    let payload = noted(call, language, (payload, &mut options));
    Ok(Verb::Create(payload, options))
}

/// What a call sends, once it is noted how: what is said of its fields is told later.
fn noted(
    call: &Call,
    language: Language,
    (payload, options): (Payload, &mut WriteOptions),
) -> Value {
    if options.field_validation != FieldValidation::Ignore {
        options.duplicates = payload.duplicates;
        if language == Language::Json {
            options.text = call.body.clone();
        }
    }
    payload.value
}

/// The body of a call, which should hold what is wanted.
fn payload(call: &Call, language: Language, wanted: Wanted<'_>) -> Result<Payload, Status> {
    match call.value() {
        Some(value) => Ok(Payload::of(value.clone())),
        None => payload::parse(&call.body, language, wanted),
    }
}

fn body(
    call: &Call,
    served: &Served,
    query: &Query,
    name: &str,
) -> Result<(Value, WriteOptions), Status> {
    let mut options = options::write(call, query, name, None)?;
    let language = Language::of(call.header(CONTENT_TYPE))?;
    let payload = payload(call, language, wanted(&served.kind))?;
    let has_fractions = payload.has_fractions;
    let value = noted(call, language, (payload, &mut options));
    let value = match has_fractions && holds_anything(&served.kind) {
        true => without_fractions(value),
        false => value,
    };
    Ok((value, options))
}

fn wanted(kind: &Kind) -> Wanted<'_> {
    (&kind.group, &kind.version, &kind.kind)
}

/// Whether objects of a kind hold numbers of no type, which Go writes without a fraction if they are whole and reads again as
/// integers.
fn holds_anything(kind: &Kind) -> bool {
    kind.origin == Origin::Custom || kind.kind == "CustomResourceDefinition"
}

/// The body of a review of `kind`, which can only be posted, and what is warned of.
pub(crate) fn review_body(
    call: &Call,
    (kind, target): (&Kind, &Target),
) -> Result<(Value, WriteOptions, Vec<String>), Status> {
    if !target.name.is_empty() || kind.namespaced == target.namespace.is_empty() {
        return Err(no_resource());
    }
    if call.method != Method::POST {
        return Err(not_allowed());
    }
    let query = Query::parse(call.uri.query().unwrap_or_default());
    let mut options = options::write(call, &query, "CreateOptions", None)?;
    let language = Language::of(call.header(CONTENT_TYPE))?;
    let payload = payload(call, language, wanted(kind))?;
    let payload = noted(call, language, (payload, &mut options));
    let (mut value, mut warnings) = (payload, Vec::new());
    posted::read(kind, &mut value, &options, &mut warnings)?;
    posted::place(&mut value, &target.namespace)?;
    for (name, own) in [
        ("apiVersion", kind.api_version()),
        ("kind", kind.kind.clone()),
    ] {
        if value[name].is_null() {
            value[name] = own.into();
        }
    }
    Ok((value, options, warnings))
}

fn delete_body(call: &Call) -> Result<Option<Value>, Status> {
    if let Some(value) = call.value() {
        return Ok(Some(value.clone()));
    }
    if call.body.is_empty() {
        return Ok(None);
    }
    let language = Language::of(call.header(CONTENT_TYPE))?;
    payload::options(&call.body, language).map(Some)
}

fn patch_kind(call: &Call, served: &Served) -> Result<PatchKind, Status> {
    let media_type = call.header(CONTENT_TYPE);
    let is_custom = served.kind.origin == Origin::Custom;
    match media_type.split(';').next().unwrap_or_default().trim() {
        "application/json-patch+json" => Ok(PatchKind::Json),
        "application/merge-patch+json" => Ok(PatchKind::Merge),
        "application/strategic-merge-patch+json" if !is_custom => Ok(PatchKind::Strategic),
        "application/apply-patch+yaml" => Ok(PatchKind::Apply),
        _ => Err(Status {
            code: 415,
            reason: "UnsupportedMediaType".into(),
            message: if is_custom {
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
            } else {
                "415: Unsupported Media Type"
            }
            .to_owned(),
            details: (!is_custom).then(|| json!({})),
        }),
    }
}

/// What is said of fields that occur twice in a patch. One that is no JSON is refused when it is applied.
///
/// Source: apiserver v0.34.3, pkg/endpoints/handlers/patch.go.
fn patch_duplicates(call: &Call, kind: PatchKind, validation: FieldValidation) -> Vec<String> {
    if validation == FieldValidation::Ignore || call.value().is_some() {
        return Vec::new();
    }
    let read = payload::json(&call.body);
    let (prefix, found) = match (kind, read) {
        (PatchKind::Json, read) => ("json patch ", read),
        (PatchKind::Merge | PatchKind::Strategic, read) => ("", read),
        (PatchKind::Apply, Ok(read)) if read.duplicates.is_empty() => return Vec::new(),
        (PatchKind::Apply, _) => (
            "error converting YAML to JSON: ",
            payload::from_yaml(&call.body),
        ),
    };
    let found = found.map(|payload| payload.duplicates);
    let told = found.unwrap_or_default().into_iter();
    told.map(|what| format!("{prefix}{what}")).collect()
}

/// 404 for a resource or subresource that a known group and version does not have.
pub(crate) fn no_resource() -> Status {
    Status {
        code: 404,
        reason: "NotFound".into(),
        message: "the server could not find the requested resource".to_owned(),
        details: Some(json!({})),
    }
}

/// 405.
pub(super) fn not_allowed() -> Status {
    Status {
        code: 405,
        reason: "MethodNotAllowed".into(),
        message: "the server does not allow this method on the requested resource".to_owned(),
        details: Some(json!({})),
    }
}
