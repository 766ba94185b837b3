//! Patches, and who owns which field.
//!
//! Source: `spec/kube-api.md` §1.13.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::patch::apply::apply;
use super::patch::json::json_patch;
use super::patch::managed::{Writer, track_update};
use super::patch::merge::merge_patch;
use super::patch::strategic::strategic_merge;
use super::request::{Part, PatchKind, Request, WriteOptions};
use super::status::Status;

/// The state that a patch makes of `live`, which carries `apiVersion` and `kind`.
pub(super) fn patched(
    request: &Request,
    (kind, body): (PatchKind, &[u8]),
    live: Value,
    (options, now): (&WriteOptions, Timestamp),
) -> Result<Value, Status> {
    match kind {
        PatchKind::Merge => Ok(merge_patch(live, &object_patch(body)?)),
        PatchKind::Strategic => {
            strategic_merge(live, object_patch(body)?, &request.served.kind.schema)
        }
        PatchKind::Json => json_patch(&live, body),
        PatchKind::Apply => applied(request, (Some(&live), body), options, now),
    }
}

/// What a server-side apply makes of `live`, or of nothing.
pub(super) fn applied(
    request: &Request,
    (live, body): (Option<&Value>, &[u8]),
    options: &WriteOptions,
    now: Timestamp,
) -> Result<Value, Status> {
    let text = std::str::from_utf8(body).map_err(|error| unreadable(&error))?;
    let config: Value = match serde_json::from_str(text) {
        Ok(config) => config,
        Err(_) => serde_saphyr::from_str(text).map_err(|error| unreadable(&error))?,
    };
    let kind = &request.served.kind;
    let api_version = kind.api_version();
    check_kind(&config, &api_version, &kind.kind)?;
    let writer = writer(request, options, &api_version, now);
    apply(
        live,
        without_reset(request, config),
        &writer,
        options.force,
        &kind.schema,
    )
}

/// Refuses a configuration of another kind in the right version; other versions are refused later.
fn check_kind(config: &Value, api_version: &str, kind: &str) -> Result<(), Status> {
    let called = config["kind"].as_str().unwrap_or_default();
    if called == kind || called.is_empty() || config["apiVersion"] != api_version {
        return Ok(());
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Err(Status::bad_request(format!(
        "invalid object type: {group}/{version}, Kind={called}"
    )))
}

/// Records in `managedFields` what a write other than an apply changed.
pub(super) fn track(
    request: &Request,
    before: Option<&Value>,
    after: &mut Value,
    options: &WriteOptions,
    now: Timestamp,
) {
    let kind = &request.served.kind;
    let api_version = kind.api_version();
    let writer = writer(request, options, &api_version, now);
    track_update(before, after, &writer, &kind.schema);
}

fn writer<'a>(
    request: &Request,
    options: &'a WriteOptions,
    api_version: &'a str,
    now: Timestamp,
) -> Writer<'a> {
    Writer {
        manager: &options.field_manager,
        api_version,
        subresource: match request.part {
            Part::Status => "status",
            Part::Finalize => "finalize",
            Part::Whole | Part::Log | Part::Binding | Part::Eviction => "",
        },
        now,
    }
}

/// The configuration without what the endpoint does not write.
fn without_reset(request: &Request, mut config: Value) -> Value {
    let has_status = request
        .served
        .kind
        .subresources
        .iter()
        .any(|s| s == "status");
    let Some(fields) = config.as_object_mut() else {
        return config;
    };
    match request.part {
        Part::Status => {
            fields.retain(|name, _| {
                matches!(name.as_str(), "apiVersion" | "kind" | "metadata" | "status")
            });
            if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
                retain_identity(metadata);
            }
        }
        _ if has_status => {
            fields.remove("status");
        }
        _ => {}
    }
    config
}

fn retain_identity(metadata: &mut Map<String, Value>) {
    let kept = [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "managedFields",
    ];
    metadata.retain(|name, _| kept.contains(&name.as_str()));
}

fn object_patch(body: &[u8]) -> Result<Value, Status> {
    let patch: Value = serde_json::from_slice(body).map_err(|error| {
        if error.is_eof() {
            unreadable(&"unexpected end of JSON input")
        } else {
            unreadable(&error)
        }
    })?;
    if !patch.is_object() {
        return Err(unreadable(
            &"json: cannot unmarshal array into Go value of type map[string]interface {}",
        ));
    }
    Ok(patch)
}

fn unreadable(why: &dyn std::fmt::Display) -> Status {
    Status::bad_request(format!("error decoding patch: {why}"))
}
