//! A call to a resource as a request to the kernel.
//!
//! Source: `spec/kube-api.md` §1.2.

use std::sync::Arc;

use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::dispatch::no_resource;
use super::query::Query;
use super::route::Target;
use super::service::Call;
use crate::store::registry::Served;
use crate::store::request::{
    At, Continue, DeleteOptions, ListOptions, Part, PatchKind, Request, Start, Verb, WatchOptions,
    WriteOptions,
};
use crate::store::selector::Selectors;
use crate::store::status::Status;

/// Reads a call to `target`, which is `served`.
pub(crate) fn request(
    call: &Call,
    target: &Target,
    served: &Arc<Served>,
    query: &Query,
) -> Result<Request, Status> {
    let part = part(target, served)?;
    let verb = verb(call, target, served, query)?;
    Ok(Request {
        actor: Arc::clone(&call.actor),
        served: Arc::clone(served),
        namespace: target.namespace.clone(),
        name: target.name.clone(),
        part,
        verb,
    })
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
    if target.subresource.is_empty() {
        return Ok(Part::Whole);
    }
    if !kind.subresources.contains(&target.subresource) {
        return Err(no_resource());
    }
    match target.subresource.as_str() {
        "status" => Ok(Part::Status),
        "finalize" => Ok(Part::Finalize),
        "log" => Ok(Part::Log),
        "binding" => Ok(Part::Binding),
        "eviction" => Ok(Part::Eviction),
        other => Err(Status::not_implemented(&format!(
            "the subresource {}/{other}",
            kind.plural
        ))),
    }
}

fn verb(call: &Call, target: &Target, served: &Served, query: &Query) -> Result<Verb, Status> {
    let is_collection = target.name.is_empty();
    match (&call.method, is_collection) {
        (&Method::GET, true) if target.watch || query.flag("watch") => {
            watch_options(served, query).map(Verb::Watch)
        }
        (&Method::GET, true) => list_options(served, query).map(Verb::List),
        (&Method::GET, false) => Ok(Verb::Get(revision(query)?)),
        (&Method::POST, true) if served.kind.namespaced && target.namespace.is_empty() => {
            Err(not_allowed())
        }
        (&Method::POST, true) => Ok(Verb::Create(body(call)?, write_options(call, query)?)),
        (&Method::PUT, false) => Ok(Verb::Update(body(call)?, write_options(call, query)?)),
        (&Method::PATCH, false) => Ok(Verb::Patch(
            patch_kind(call)?,
            call.body.clone(),
            write_options(call, query)?,
        )),
        (&Method::DELETE, false) => Ok(Verb::Delete(delete_options(call, query)?)),
        (&Method::DELETE, true) => Ok(Verb::DeleteCollection(
            list_options(served, query)?,
            delete_options(call, query)?,
        )),
        _ => Err(not_allowed()),
    }
}

fn not_allowed() -> Status {
    Status {
        code: 405,
        reason: "MethodNotAllowed",
        message: "the server does not allow this method on the requested resource".to_owned(),
        details: Some(serde_json::json!({})),
    }
}

fn body(call: &Call) -> Result<Value, Status> {
    serde_json::from_slice(&call.body).map_err(|error| {
        Status::bad_request(format!(
            "couldn't get version/kind; json parse error: {error}"
        ))
    })
}

fn patch_kind(call: &Call) -> Result<PatchKind, Status> {
    let media_type = call.header(CONTENT_TYPE);
    match media_type.split(';').next().unwrap_or_default().trim() {
        "application/json-patch+json" => Ok(PatchKind::Json),
        "application/merge-patch+json" => Ok(PatchKind::Merge),
        "application/strategic-merge-patch+json" => Ok(PatchKind::Strategic),
        "application/apply-patch+yaml" => Ok(PatchKind::Apply),
        _ => Err(Status {
            code: 415,
            reason: "UnsupportedMediaType",
            message: "the body of the request was in an unknown format".to_owned(),
            details: Some(serde_json::json!({})),
        }),
    }
}

fn revision(query: &Query) -> Result<Option<u64>, Status> {
    query
        .get("resourceVersion")
        .map(|text| {
            text.parse()
                .map_err(|_| Status::bad_request(format!("invalid resource version: {text}")))
        })
        .transpose()
}

fn selectors(served: &Served, query: &Query) -> Result<Selectors, Status> {
    Selectors::parse(
        &served.kind,
        query.text("labelSelector"),
        query.text("fieldSelector"),
    )
}

fn list_options(served: &Served, query: &Query) -> Result<ListOptions, Status> {
    let at = match revision(query)? {
        None => At::Newest,
        Some(0) => At::Any,
        Some(revision) => At::NotOlderThan(revision),
    };
    Ok(ListOptions {
        selectors: selectors(served, query)?,
        limit: query.text("limit").parse().unwrap_or(0),
        token: None::<Continue>,
        at,
    })
}

fn watch_options(served: &Served, query: &Query) -> Result<WatchOptions, Status> {
    let revision = revision(query)?.unwrap_or(0);
    let start = match (query.get("sendInitialEvents"), revision) {
        (Some("true"), revision) => Start::StateThenBookmark(revision),
        (Some(_), 0) => Start::Now,
        (None, 0) => Start::State,
        (_, revision) => Start::After(revision),
    };
    Ok(WatchOptions {
        selectors: selectors(served, query)?,
        start,
        bookmarks: query.flag("allowWatchBookmarks"),
        timeout_seconds: query.text("timeoutSeconds").parse().unwrap_or(0),
    })
}

fn write_options(_call: &Call, query: &Query) -> Result<WriteOptions, Status> {
    Ok(WriteOptions {
        dry_run: query.get("dryRun").is_some(),
        field_manager: query.text("fieldManager").to_owned(),
        force: query.flag("force"),
        ..WriteOptions::default()
    })
}

fn delete_options(_call: &Call, query: &Query) -> Result<DeleteOptions, Status> {
    Ok(DeleteOptions {
        dry_run: query.get("dryRun").is_some(),
        ..DeleteOptions::default()
    })
}
