//! Patches, and who owns which field.
//!
//! Source: `spec/kube-api.md` §1.13.

use jiff::Timestamp;

use super::decode;
use super::go_time::Layout;
use super::json_type::json_type;
use super::kind::{Kind, Origin};
use super::metadata;
use super::metadata_types::check_types;
use super::misfit::Misfit;
use super::object::{Object, metadata_mut};
use super::patch::apply::{Configuration, apply};
use super::patch::check::is_typed;
use super::patch::json::json_patch;
use super::patch::managed::{Writer, track_update};
use super::patch::merge::merge_patch;
use super::patch::refusal::unexplained;
use super::patch::rescaled::track_scale;
use super::patch::strategic::strategic_merge;
use super::request::{FieldValidation, Part, PatchBody, PatchKind, Request, WriteOptions};
use super::rules;
use super::scale;
use super::schema::before::Before;
use super::schema::node::Node;
use super::status::Status;
use super::write::{Via, has_status};
use crate::json::{Map, Value, json, without_fractions};
use crate::yaml;

/// The state that a patch makes of `live`, which carries `apiVersion` and `kind`.
pub(super) fn patched(
    request: &Request,
    (kind, body): (PatchKind, &PatchBody),
    live: Value,
    (options, now): (&WriteOptions, Timestamp),
) -> Result<Value, Status> {
    match kind {
        PatchKind::Merge => {
            let patch = object_patch(body).map_err(|why| unreadable(&why))?;
            Ok(merge_patch(live, &patch))
        }
        PatchKind::Strategic => {
            let patch = object_patch(body).map_err(Status::bad_request)?;
            strategic_merge(live, without_fractions(patch), &request.served.kind.schema)
        }
        PatchKind::Json => json_patch(&live, &body.text()),
        PatchKind::Apply => applied(request, (Some(&live), &body.text()), options, now),
    }
}

/// What a server-side apply makes of `live`, or of nothing.
pub(super) fn applied(
    request: &Request,
    (live, body): (Option<&Value>, &[u8]),
    options: &WriteOptions,
    now: Timestamp,
) -> Result<Value, Status> {
    let kind = &request.served.kind;
    let config = configuration(body, &kind.api_version(), &kind.kind)?;
    let written = (&*kind.api_version(), &*kind.schema);
    let metadata = config["metadata"].clone();
    let mut applied = merged(request, (live, config), written, (options, now))?;
    if kind.origin == Origin::BuiltIn {
        convert(kind, &mut applied, &metadata)?;
    }
    match options.duplicates.first() {
        Some(twice) if options.field_validation == FieldValidation::Strict => Err(
            Status::bad_request(format!("error strict decoding YAML: {twice}")),
        ),
        _ => Ok(applied),
    }
}

/// Brings an applied state into its Go type, in which numbers lose what their fields have no room for; `metadata` is what
/// was applied.
///
/// # Errors
/// 500 for what does not fit.
///
/// Source: apimachinery v0.34 `util/managedfields/internal/structuredmerge.go`, `Apply`; `pkg/runtime/converter.go`.
fn convert(kind: &Kind, applied: &mut Value, metadata: &Value) -> Result<(), Status> {
    decode::cut_numbers(kind, applied);
    let typed = check_types(applied, "ObjectMeta.metadata.");
    let typed = typed.and_then(|()| decode::check(kind, applied));
    // The server's own time has taken the place of the one that was sent.
    let created = || "ObjectMeta.metadata.creationTimestamp".to_owned();
    let created = |()| Misfit::check_time(&metadata["creationTimestamp"], Layout::Seconds, created);
    let typed = typed.and_then(created);
    let converted = typed.map_err(|misfit| misfit.converted());
    let converted = converted.and_then(|()| Ok(rules::canonicalise(&kind.schema, applied)?));
    converted.map_err(|why| {
        let metadata = |field: &str| metadata[field].as_str().unwrap_or_default();
        let of = format!("{}/{}, Kind={}", kind.group, kind.version, kind.kind);
        unexplained(format!(
            "failed to convert new object ({}/{}; {of}) to proper version: unable to convert unstructured object to {of}: {why}",
            metadata("namespace"),
            metadata("name"),
        ))
    })
}

/// The configuration of an apply, as it was sent.
///
/// # Errors
/// It cannot be read, or is of another kind than this.
pub(super) fn configuration(body: &[u8], api_version: &str, kind: &str) -> Result<Value, Status> {
    let text = yaml::text(body).map_err(no_yaml)?;
    let config: Value = match serde_json::from_str(text) {
        Ok(config) => config,
        Err(_) => yaml::read(text).map_err(no_yaml)?.value,
    };
    let config = match config {
        Value::Null if text.trim().is_empty() => {
            return Err(Status::bad_request("invalid object type: /, Kind="));
        }
        Value::Null => Value::Object(Map::new()),
        config => config,
    };
    if !config.is_object() {
        let why = no_map(&config);
        return Err(Status::bad_request(format!(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: {why}"
        )));
    }
    check_kind(&config, api_version, kind)?;
    Ok(without_fractions(config))
}

/// What the apply of a configuration, which is written in this version and schema, makes of `live`, or of nothing.
pub(super) fn merged(
    request: &Request,
    (live, config): (Option<&Value>, Value),
    (api_version, schema): (&str, &Node),
    (options, now): (&WriteOptions, Timestamp),
) -> Result<Value, Status> {
    let writer = writer(request, options, api_version, now);
    let configuration = Configuration {
        kept: without_reset(request, config.clone()),
        asked: config,
        seen: live.map(|live| without_reset(request, live.clone())),
        omits_empty: request.served.kind.origin == Origin::BuiltIn,
    };
    apply(live, configuration, &writer, options.force, schema)
}

/// Refuses a configuration of another kind in the right version; other versions are refused later.
fn check_kind(config: &Value, api_version: &str, kind: &str) -> Result<(), Status> {
    let called = config["kind"].as_str().unwrap_or_default();
    if called == kind || config["apiVersion"] != api_version {
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
    let is_new = before.is_none();
    if !rules::has_unowned(kind, is_new) {
        return track_update(before, after, &writer, &kind.schema);
    }
    let mut owned = after.clone();
    rules::drop_unowned(kind, request.part, &mut owned);
    track_update(before, &mut owned, &writer, &kind.schema);
    take_owners(after, owned);
}

/// Gives `after` the owners of another state.
fn take_owners(after: &mut Value, mut tracked: Value) {
    match metadata_mut(&mut tracked).remove("managedFields") {
        Some(owners) => metadata_mut(after).insert("managedFields", owners),
        None => metadata_mut(after).remove("managedFields"),
    };
}

/// The same for a write that sent something which comes to nothing.
pub(super) fn track_sent(
    request: &Request,
    (before, after): (&Value, &mut Value),
    sent: Option<Sent>,
    (options, now): (&WriteOptions, Timestamp),
) {
    let mut whole = match sent {
        None => return track(request, Some(before), after, options, now),
        Some(Sent::Metadata { names, fields }) => {
            let mut whole = after.clone();
            let metadata = metadata_mut(&mut whole);
            metadata.retain(|name, _| !names.contains(&name.as_str()));
            metadata.extend(fields);
            whole
        }
        Some(Sent::Whole(mut whole)) => {
            take_owners(&mut whole, after.clone());
            metadata::keep_owned(&mut whole, before);
            whole
        }
    };
    track(request, Some(before), &mut whole, options, now);
    take_owners(after, whole);
}

/// The same for a write to a `scale`.
pub(super) fn track_scaled(
    request: &Request,
    (before, after): (&Value, &mut Value),
    (options, now): (&WriteOptions, Timestamp),
) {
    let kind = &request.served.kind;
    let api_version = kind.api_version();
    let writer = writer(request, options, &api_version, now);
    let (path, wish) = scale::wish(kind, before, after);
    track_scale(before, after, &writer, (&path, wish));
}

/// Records who owns what of a new object. Of one that is made through its status, which services are, nobody owns the rest.
pub(super) fn track_new(
    request: &Request,
    new: &mut Value,
    options: &WriteOptions,
    now: Timestamp,
) {
    if request.part == Part::Whole {
        return track(request, None, new, options, now);
    }
    let mut owned = new.clone();
    if let Some(fields) = owned.as_object_mut() {
        fields.remove("spec");
    }
    track(request, None, &mut owned, options, now);
    take_owners(new, owned);
}

/// What of its metadata a write to the status of a custom resource sends in vain.
const SENT_THROUGH_STATUS: [&str; 4] = ["annotations", "finalizers", "labels", "ownerReferences"];
/// What a PUT may leave out of an object that is being deleted, in vain.
const OF_DELETION: [&str; 2] = ["deletionGracePeriodSeconds", "deletionTimestamp"];

/// What a write sends that comes to nothing, while who owns it is recorded all the same.
#[derive(Debug)]
pub(super) enum Sent {
    /// Metadata: the fields of these names.
    Metadata {
        names: Vec<&'static str>,
        fields: Map,
    },
    /// All of it.
    Whole(Value),
}

impl Sent {
    /// What `value` has of this, with which `old` is to be replaced: everything in a write to a part of a pod's spec,
    /// else metadata, if it is not what is stored.
    ///
    /// Source: `spec/kube-api.md` §1.13, seen; kubernetes v1.34 `pkg/registry/core/pod/strategy.go`, where the strategies
    /// of `ephemeralcontainers` and `resize` reset no fields.
    pub(super) fn of(request: &Request, via: Via, value: &Value, old: &Object) -> Option<Self> {
        if matches!(request.part, Part::EphemeralContainers | Part::Resize) {
            return Some(Self::Whole(value.clone()));
        }
        let mut names = Vec::new();
        if request.part == Part::Status && request.served.kind.origin == Origin::Custom {
            names.extend(SENT_THROUGH_STATUS);
        }
        if via == Via::Put && old.is_terminating() {
            names.extend(OF_DELETION);
        }
        let (sent, stored) = (&value["metadata"], &old.value()["metadata"]);
        if names.iter().all(|name| sent.get(name) == stored.get(name)) {
            return None;
        }
        let field = |name: &&str| Some(((*name).to_owned(), sent.get(name)?.clone()));
        let fields = names.iter().filter_map(field).collect();
        Some(Self::Metadata { names, fields })
    }
}

/// Whether a write to a custom resource, or to its status, sends something of another type than its schema says, in a part
/// that comes to nothing and that nobody else looks at: a real server then knows no owners any more.
///
/// Source: apimachinery v0.34 `util/managedfields/internal/fieldmanager.go`, `UpdateNoErrors`.
pub(super) fn is_mistyped_status(request: &Request, value: &Value, before: Before) -> bool {
    let kind = &request.served.kind;
    if kind.origin == Origin::BuiltIn {
        return false;
    }
    match request.part {
        Part::Status => !is_typed(value, before, &kind.schema),
        Part::Whole => {
            let (sent, old) = (value.get("status"), before.value.get("status"));
            let sent = sent.filter(|_| sent != old && has_status(&request.served));
            let alone = |status: &Value| json!({"status": status.clone()});
            sent.is_some_and(|status| !is_typed(&alone(status), Before::NOTHING, &kind.schema))
        }
        _ => false,
    }
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
            Part::Log | Part::Binding | Part::Eviction | Part::Token => "",
            part => part.subresource(),
        },
        now,
    }
}

/// Records in `managedFields` what somebody posted that is answered and not stored, through `subresource` if it is one.
pub(crate) fn track_posted(
    posted: &mut Value,
    (api_version, subresource): (&str, &str),
    options: &WriteOptions,
    now: Timestamp,
) {
    let anything = Node {
        preserve_unknown: true,
        ..Node::default()
    };
    track_as(posted, &anything, (api_version, subresource), options, now);
}

/// The same for something whose schema is known.
pub(super) fn track_as(
    posted: &mut Value,
    schema: &Node,
    (api_version, subresource): (&str, &str),
    options: &WriteOptions,
    now: Timestamp,
) {
    let writer = Writer {
        manager: &options.field_manager,
        api_version,
        subresource,
        now,
    };
    track_update(None, posted, &writer, schema);
}

/// Takes back the new times of owners where nothing else changes, so that the write comes to nothing. Owners whom a new
/// time puts in another order do change.
///
/// Source: apiserver v0.34 `pkg/endpoints/handlers/fieldmanager/equality.go`, `IgnoreManagedFieldsTimestampsTransformer`.
pub(super) fn take_back_times(value: &mut Value, old: &Value) {
    let stored = &old["metadata"]["managedFields"];
    let owners = &value["metadata"]["managedFields"];
    if owners == stored || !is_same_but_for_times(owners, stored) {
        return;
    }
    let owners = metadata_mut(value).insert("managedFields", stored.clone());
    if let Some(owners) = owners.filter(|_| value != old) {
        metadata_mut(value).insert("managedFields", owners);
    }
}

fn is_same_but_for_times(owners: &Value, stored: &Value) -> bool {
    let (Some(owners), Some(stored)) = (owners.as_array(), stored.as_array()) else {
        return false;
    };
    let timeless = |owner: &Value| {
        let mut fields = owner.as_object().cloned().unwrap_or_default();
        fields.remove("time");
        fields
    };
    owners.len() == stored.len() && owners.iter().map(timeless).eq(stored.iter().map(timeless))
}

/// Takes the times from what was owned through a subresource whose handler records none.
pub(super) fn forget_times(value: &mut Value, subresource: &str) {
    let entries = metadata_mut(value).get_mut("managedFields");
    let entries = entries.and_then(Value::as_array_mut).into_iter().flatten();
    for entry in entries.filter(|entry| entry["subresource"] == subresource) {
        if let Some(fields) = entry.as_object_mut() {
            fields.remove("time");
        }
    }
}

/// A configuration, or an object, without what the endpoint does not write.
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
        Part::EphemeralContainers | Part::Resize => {}
        _ if rules::has_unowned(&request.served.kind, false) => {
            rules::drop_unowned(&request.served.kind, request.part, &mut config);
        }
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

fn retain_identity(metadata: &mut Map) {
    let kept = [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "managedFields",
    ];
    metadata.retain(|name, _| kept.contains(&name.as_str()));
}

fn object_patch(body: &PatchBody) -> Result<Value, String> {
    let patch = body.value()?;
    if patch.is_object() {
        Ok(patch)
    } else {
        Err(no_map(&patch))
    }
}

fn no_map(value: &Value) -> String {
    let found = json_type(value);
    format!("json: cannot unmarshal {found} into Go value of type map[string]interface {{}}")
}

fn no_yaml(why: String) -> Status {
    Status::bad_request(format!(
        "error decoding YAML: error converting YAML to JSON: {why}"
    ))
}

fn unreadable(why: &dyn std::fmt::Display) -> Status {
    Status::bad_request(format!("error decoding patch: {why}"))
}
