//! `metadata.managedFields`: who set which field.

use jiff::Timestamp;

use super::blank::blank;
use super::compare::Comparison;
use super::fields::{FieldSet, Malformed};
pub(super) use crate::clock::in_seconds as seconds;
use crate::json::{Map, Value, json};
use crate::store::schema::builtin::has_version;
use crate::store::schema::node::Node;

/// More entries of this operation than this, and the oldest are folded into one.
const MAX_UPDATE_ENTRIES: usize = 10;

/// The manager of entries that were folded.
const ANCIENT: &str = "ancient-changes";

/// Who writes, through which endpoint, and when.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The field manager of the request, or its User-Agent up to the first `/`.
    pub manager: &'a str,
    /// The version of the URL, such as `apps/v1`.
    pub api_version: &'a str,
    /// Empty for the object itself.
    pub subresource: &'a str,
    /// The time of the write; entries keep whole seconds of it.
    pub now: Timestamp,
}

/// How a manager came to own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// One entry of `managedFields`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) manager: String,
    pub(super) operation: Operation,
    pub(super) api_version: String,
    pub(super) subresource: String,
    pub(super) time: Option<String>,
    pub(super) fields: FieldSet,
}

/// Records in `after` what a write that is no apply did to `before`; creation has no `before`.
///
/// What was added or changed leaves every other entry and joins the writer's; what was removed leaves all. An
/// object whose tracking was cleared stays untracked. What `after` itself says in `managedFields` counts if it
/// is well-formed and not empty, and the write is not to a subresource; `[{}]` clears, and so does `[]` for a built-in kind.
///
/// Call it before fields are changed that nobody shall own, and after those were restored that the endpoint may not change.
///
/// Source: `spec/kube-api.md` §1.13; kubernetes v1.34 `apimachinery/pkg/util/managedfields/internal`.
pub fn track_update(before: Option<&Value>, after: &mut Value, writer: &Writer, node: &Node) {
    let comparison = match before {
        Some(before) => Comparison::of(before, after, node),
        None => Comparison::of(&blank(after), after, node),
    };
    let stored = before.and_then(managed_fields);
    let given = take_managed_fields(after)
        .filter(|given| writer.subresource.is_empty() || stored == Some(given));
    let mut entries = match given {
        Some(given) if clears(&given, writer) => Vec::new(),
        Some(given) if stored == Some(&given) => take_stored(given),
        given => given
            .and_then(|given| parse(given).ok())
            .filter(|entries| !entries.is_empty())
            .unwrap_or_else(|| stored.cloned().map(take_stored).unwrap_or_default()),
    };
    if entries.is_empty() && before.is_some() {
        return;
    }
    if is_custom(writer.api_version) && entries.iter().any(|entry| is_foreign(entry, writer)) {
        // The object cannot be shown in such a version, and then nothing is known of its owners any more.
        return;
    }
    forget_foreign(&mut entries, writer);
    record(&mut entries, comparison, writer);
    put_entries(after, entries);
}

/// Drops entries of versions that a real server does not know where it looks after a built-in kind: those of other groups,
/// and those that nobody knows.
///
/// Source: structured-merge-diff v6 `merge/update.go`, `IsMissingVersionError`; apiserver v0.34
/// `pkg/server/genericapiserver.go`, `getOpenAPIModels`, which is asked for one group.
pub(super) fn forget_foreign(entries: &mut Vec<Entry>, writer: &Writer) {
    if !is_custom(writer.api_version) {
        entries.retain(|entry| {
            let (_, version) = split(&entry.api_version);
            let (group, own) = split(writer.api_version);
            let is_known =
                version == own || !has_version(group, own) || has_version(group, version);
            !is_foreign(entry, writer) && is_known
        });
    }
}

fn is_foreign(entry: &Entry, writer: &Writer) -> bool {
    split(&entry.api_version).0 != split(writer.api_version).0
}

/// Group and version.
fn split(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Moves what `comparison` found to the writer's entry.
pub(super) fn record(entries: &mut Vec<Entry>, comparison: Comparison, writer: &Writer) {
    release(entries, &comparison);
    let touched = comparison.touched;
    if !touched.is_empty() {
        let now = Some(seconds(writer.now));
        let known = entries
            .iter_mut()
            .find(|entry| entry.is_of(writer, Operation::Update));
        match known {
            Some(entry) => {
                entry.fields.union(touched);
                entry.time = now;
            }
            None => entries.push(Entry::of(writer, Operation::Update, now, touched)),
        }
    }
    entries.retain(|entry| !entry.fields.is_empty());
    fold(entries);
}

/// Takes from every entry what `comparison` found; entries may become empty.
fn release(entries: &mut [Entry], comparison: &Comparison) {
    for entry in entries {
        entry.fields.subtract(&comparison.touched);
        entry.fields.subtract(&comparison.removed);
    }
}

impl Entry {
    /// What tells this entry from the others, and what real servers order them by in messages.
    ///
    /// Source: kubernetes v1.34 `apimachinery/pkg/util/managedfields/internal/managedfields.go`, `BuildManagerIdentifier`.
    pub(super) fn identifier(&self) -> String {
        let mut identifier = format!("{{\"manager\":{:?}", self.manager);
        match self.operation {
            Operation::Apply => identifier += ",\"operation\":\"Apply\"",
            Operation::Update => {
                let (version, time) = (&self.api_version, self.time.as_deref().unwrap_or_default());
                identifier += &format!(
                    ",\"operation\":\"Update\",\"apiVersion\":{version:?},\"time\":{time:?}"
                );
            }
        }
        if !self.subresource.is_empty() {
            identifier += &format!(",\"subresource\":{:?}", self.subresource);
        }
        identifier + "}"
    }

    pub(super) fn of(
        writer: &Writer,
        operation: Operation,
        time: Option<String>,
        fields: FieldSet,
    ) -> Self {
        let manager = if writer.manager.is_empty() {
            "unknown"
        } else {
            writer.manager
        };
        Self {
            manager: manager.to_owned(),
            operation,
            api_version: writer.api_version.to_owned(),
            subresource: writer.subresource.to_owned(),
            time,
            fields,
        }
    }

    /// Whether a write of `writer` by `operation` is recorded here. Versions count only for updates.
    pub(super) fn is_of(&self, writer: &Writer, operation: Operation) -> bool {
        let manager = if writer.manager.is_empty() {
            "unknown"
        } else {
            writer.manager
        };
        self.operation == operation
            && self.manager == manager
            && self.subresource == writer.subresource
            && (operation == Operation::Apply || self.api_version == writer.api_version)
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.operation == other.operation
            && self.manager == other.manager
            && self.subresource == other.subresource
            && (self.operation == Operation::Apply || self.api_version == other.api_version)
    }

    /// The time in seconds, 0 if there is none.
    fn seconds(&self) -> i64 {
        self.time
            .as_deref()
            .and_then(|time| time.parse::<Timestamp>().ok())
            .map_or(0, Timestamp::as_second)
    }

    /// What the entry is sorted by where its time does not decide.
    fn identity(&self) -> (&str, &str, &str) {
        (&self.manager, &self.api_version, &self.subresource)
    }

    fn into_value(self) -> Value {
        let mut entry = Map::new();
        let mut put = |name: &str, value: Value| entry.insert(name.to_owned(), value);
        put("apiVersion", self.api_version.into());
        put("fieldsType", "FieldsV1".into());
        put("fieldsV1", self.fields.into_value());
        put("manager", self.manager.into());
        let operation = match self.operation {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        };
        put("operation", operation.into());
        if !self.subresource.is_empty() {
            put("subresource", self.subresource.into());
        }
        if let Some(time) = self.time {
            put("time", time.into());
        }
        Value::Object(entry)
    }
}

/// Folds the oldest Update entries together, each version for itself, until few enough are left.
///
/// Source: kubernetes v1.34 `apimachinery/pkg/util/managedfields/internal/capmanagers.go`.
fn fold(entries: &mut Vec<Entry>) {
    let (mut updates, others): (Vec<_>, Vec<_>) = std::mem::take(entries)
        .into_iter()
        .partition(|entry| entry.operation == Operation::Update);
    *entries = others;
    updates.sort_by(|a, b| {
        let order = a.seconds().cmp(&b.seconds());
        order.then_with(|| a.identity().cmp(&b.identity()))
    });
    let mut n_surplus = updates.len().saturating_sub(MAX_UPDATE_ENTRIES);
    let mut kept: Vec<Entry> = Vec::new();
    let mut oldest: Vec<(String, usize)> = Vec::new();
    for entry in updates {
        let bucket = oldest
            .iter()
            .find(|(version, _)| n_surplus > 0 && *version == entry.api_version)
            .map(|(_, index)| *index);
        match bucket {
            Some(index) => {
                let bucket = &mut kept[index];
                ANCIENT.clone_into(&mut bucket.manager);
                bucket.subresource.clear();
                bucket.fields.union(entry.fields);
                bucket.time = entry.time;
                n_surplus -= 1;
            }
            None => {
                if oldest
                    .iter()
                    .all(|(version, _)| *version != entry.api_version)
                {
                    oldest.push((entry.api_version.clone(), kept.len()));
                }
                kept.push(entry);
            }
        }
    }
    entries.extend(kept);
}

/// `metadata.managedFields` of `object`.
pub(super) fn managed_fields(object: &Value) -> Option<&Value> {
    object.get("metadata")?.get("managedFields")
}

/// Takes `metadata.managedFields` out of `object`; `None` if it has none or null.
pub(super) fn take_managed_fields(object: &mut Value) -> Option<Value> {
    let metadata = object.get_mut("metadata")?.as_object_mut()?;
    metadata
        .remove("managedFields")
        .filter(|fields| !fields.is_null())
}

fn put_managed_fields(object: &mut Value, fields: Value) {
    if let Value::Object(object) = object {
        let metadata = object.entry("metadata").or_insert_with(|| json!({}));
        if let Value::Object(metadata) = metadata {
            metadata.insert("managedFields", fields);
        }
    }
}

/// Why these are no `managedFields`, as far as it does not lie in the fields themselves.
///
/// Source: apimachinery v0.34.3, pkg/util/managedfields/internal/managedfields.go, `DecodeManagedFields`.
pub(crate) fn owners_fault(owners: &Value) -> Option<String> {
    let entries = owners.as_array().into_iter().flatten().enumerate();
    let fault = |(index, entry): (usize, &Value)| {
        let text = |field: &str| entry[field].as_str().unwrap_or_default();
        match (text("operation"), text("apiVersion"), text("fieldsType")) {
            ("Apply" | "Update", "", _) => Some("apiVersion must not be empty".to_owned()),
            ("Apply" | "Update", _, "FieldsV1") => None,
            ("Apply" | "Update", _, "") => Some(format!(
                "missing fieldsType in managed fields entry {index}"
            )),
            ("Apply" | "Update", _, other) => Some(format!(
                "invalid fieldsType {other:?} in managed fields entry {index}"
            )),
            _ => Some("operation must be `Apply` or `Update`".to_owned()),
        }
    };
    entries.into_iter().find_map(fault)
}

/// Writes `entries` into `object`, in their order; none leaves no field.
pub(super) fn put_entries(object: &mut Value, mut entries: Vec<Entry>) {
    entries.sort_by(|a, b| {
        let order = a.operation.cmp(&b.operation);
        let order = order.then_with(|| a.seconds().cmp(&b.seconds()));
        order.then_with(|| a.identity().cmp(&b.identity()))
    });
    if !entries.is_empty() {
        let entries = entries.into_iter().map(Entry::into_value).collect();
        put_managed_fields(object, entries);
    }
}

/// Whether a client asks for all tracking to be forgotten.
fn clears(given: &Value, writer: &Writer) -> bool {
    match given.as_array().map(Vec::as_slice) {
        // Decoding the metadata of a custom object drops an empty list.
        Some([]) => !is_custom(writer.api_version),
        Some([entry]) => entry.as_object().is_some_and(Map::is_empty),
        _ => false,
    }
}

/// Whether `api_version` is of a group that a CustomResourceDefinition may add without approval.
fn is_custom(api_version: &str) -> bool {
    let (group, _) = split(api_version);
    group.contains('.') && !group.ends_with(".k8s.io")
}

/// Entries that this module wrote; of two for the same writes the later counts.
pub(super) fn take_stored(stored: Value) -> Vec<Entry> {
    let Value::Array(entries) = stored else {
        return Vec::new();
    };
    let read = |entry| entry_of(entry, |fields| Ok(FieldSet::from_stored(fields)));
    let entries = entries.into_iter().filter_map(|entry| read(entry).ok()?);
    entries.fold(Vec::new(), with_later)
}

/// Adds an entry, which counts in place of an earlier one for the same writes: a write to a `scale` leaves two.
fn with_later(mut entries: Vec<Entry>, entry: Entry) -> Vec<Entry> {
    entries.retain(|other| !other.same_as(&entry));
    entries.push(entry);
    entries
}

/// Entries that a client wrote; of two for the same write the later counts.
fn parse(given: Value) -> Result<Vec<Entry>, Malformed> {
    let mut entries: Vec<Entry> = Vec::new();
    let Value::Array(given) = given else {
        return Ok(entries);
    };
    for (index, entry) in given.into_iter().enumerate() {
        let entry = entry_of(entry, FieldSet::parse)?.ok_or_else(|| Malformed {
            element: format!("entry {index}"),
        })?;
        entries = with_later(entries, entry);
    }
    Ok(entries)
}

/// `Ok(None)` if a field other than `fieldsV1` is not as it must be.
fn entry_of(
    entry: Value,
    read: impl FnOnce(Value) -> Result<FieldSet, Malformed>,
) -> Result<Option<Entry>, Malformed> {
    let Value::Object(mut entry) = entry else {
        return Ok(None);
    };
    let fields = read(entry.remove("fieldsV1").unwrap_or_default())?;
    let mut text = |name: &str| match entry.remove(name) {
        Some(Value::String(text)) => text.into_string(),
        _ => String::new(),
    };
    let operation = match text("operation").as_str() {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return Ok(None),
    };
    let (api_version, fields_type) = (text("apiVersion"), text("fieldsType"));
    if api_version.is_empty() || fields_type != "FieldsV1" {
        return Ok(None);
    }
    Ok(Some(Entry {
        manager: text("manager"),
        operation,
        api_version,
        subresource: text("subresource"),
        time: Some(text("time")).filter(|time| !time.is_empty()),
        fields,
    }))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::sketch;
    use super::*;

    fn node() -> Node {
        sketch::kind(&json!({
            "data": {"type": "object", "additionalProperties": {"type": "string"}},
            "spec": {"type": "object", "properties": {
                "text": {"type": "string"},
                "list": {"type": "array", "items": {"type": "string"}},
                "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"],
                    "items": {"type": "object", "properties": {"port": {"type": "integer"}, "protocol": {"type": "string", "default": "TCP"}}}},
                "atom": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": {"type": "string"}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::new(1_893_456_000 + second, 500).unwrap()
    }

    fn writer(manager: &str, second: i64) -> Writer<'_> {
        Writer {
            manager,
            api_version: "ex.io/v1",
            subresource: "",
            now: at(second),
        }
    }

    fn update(manager: &str, time: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": "Update", "apiVersion": "ex.io/v1", "time": time, "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    /// What ownership a creation records.
    #[rstest]
    #[case::everything_is_owned_down_to_the_scalars(json!({"spec": {"text": "a", "list": ["x"]}}), json!({"f:spec": {".": {}, "f:list": {}, "f:text": {}}}))]
    #[case::maps_and_their_keys(json!({"data": {"a": "1"}}), json!({"f:data": {".": {}, "f:a": {}}}))]
    #[case::an_empty_map(json!({"data": {}}), json!({"f:data": {}}))]
    #[case::members_of_a_set(json!({"spec": {"set": ["b", "a<"]}}), json!({"f:spec": {".": {}, "f:set": {".": {}, "v:\"a\\u003c\"": {}, "v:\"b\"": {}}}}))]
    #[case::an_empty_set(json!({"spec": {"set": []}}), json!({"f:spec": {".": {}, "f:set": {}}}))]
    #[case::items_by_their_keys_with_defaults(json!({"spec": {"ports": [{"port": 80}]}}),
        json!({"f:spec": {".": {}, "f:ports": {".": {}, "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}}))]
    #[case::twins_are_one_thing(json!({"spec": {"ports": [{"port": 80}, {"port": 80, "protocol": "TCP"}]}}),
        json!({"f:spec": {".": {}, "f:ports": {".": {}, "k:{\"port\":80,\"protocol\":\"TCP\"}": {}}}}))]
    #[case::an_atomic_map(json!({"spec": {"atom": {"a": "1"}}}), json!({"f:spec": {".": {}, "f:atom": {}}}))]
    #[case::structure_without_schema(json!({"spec": {"free": {"a": {"b": [1, {"c": 2}]}}}}),
        json!({"f:spec": {".": {}, "f:free": {".": {}, "f:a": {".": {}, "f:b": {}}}}}))]
    #[case::metadata_that_may_be_owned(json!({"metadata": {"name": "n", "namespace": "ns", "uid": "u", "generation": 1, "generateName": "g", "labels": {"a": "b"}, "finalizers": ["x/y"]}}),
        json!({"f:metadata": {"f:finalizers": {".": {}, "v:\"x/y\"": {}}, "f:generateName": {}, "f:labels": {".": {}, "f:a": {}}}}))]
    fn a_creator_owns_what_it_sets(#[case] mut object: Value, #[case] fields: Value) {
        object["apiVersion"] = "ex.io/v1".into();
        object["kind"] = "Thing".into();
        track_update(None, &mut object, &writer("m", 5), &node());
        assert_eq!(
            managed_fields(&object),
            Some(&json!([update("m", "2030-01-01T00:00:05Z", fields)]))
        );
    }

    #[rstest]
    #[case::pod(json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "c"}]}}), json!({"f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:name": {}}}}}))]
    #[case::custom_pod(json!({"apiVersion": "ex.io/v1", "kind": "Pod", "spec": {"containers": [{"name": "c"}]}}), json!({"f:spec": {".": {}, "f:containers": {".": {}, "k:{\"name\":\"c\"}": {".": {}, "f:name": {}}}}}))]
    fn a_creator_of_a_built_in_kind_does_not_own_what_its_type_always_has(
        #[case] mut object: Value,
        #[case] fields: Value,
    ) {
        let node = sketch::kind(
            &json!({"spec": {"type": "object", "properties": {"containers": {
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}}}}}}}),
        );
        track_update(None, &mut object, &writer("m", 0), &node);
        assert_eq!(managed_fields(&object).unwrap()[0]["fieldsV1"], fields);
    }

    /// The object that the cases below start from: `a` created it, then `b` changed `text`.
    fn live() -> Value {
        json!({
            "apiVersion": "ex.io/v1", "kind": "Thing",
            "metadata": {"name": "n", "managedFields": [
                update("a", "2030-01-01T00:00:00Z", json!({"f:spec": {".": {}, "f:set": {".": {}, "v:\"x\"": {}}}})),
                update("b", "2030-01-01T00:00:01Z", json!({"f:spec": {"f:text": {}}}))]},
            "spec": {"set": ["x"], "text": "1"}})
    }

    #[rstest]
    #[case::what_changes_moves_to_the_writer(json!({"set": ["x"], "text": "2"}), "c", json!([
        update("a", "2030-01-01T00:00:00Z", json!({"f:spec": {".": {}, "f:set": {".": {}, "v:\"x\"": {}}}})),
        update("c", "2030-01-01T00:00:09Z", json!({"f:spec": {"f:text": {}}}))]))]
    #[case::what_is_added_joins_the_entry_of_the_writer(json!({"set": ["x", "y"], "text": "1"}), "b", json!([
        update("a", "2030-01-01T00:00:00Z", json!({"f:spec": {".": {}, "f:set": {".": {}, "v:\"x\"": {}}}})),
        update("b", "2030-01-01T00:00:09Z", json!({"f:spec": {"f:set": {"v:\"y\"": {}}, "f:text": {}}}))]))]
    #[case::entries_are_sorted_by_time(json!({"set": ["x"], "text": "1", "list": []}), "a", json!([
        update("b", "2030-01-01T00:00:01Z", json!({"f:spec": {"f:text": {}}})),
        update("a", "2030-01-01T00:00:09Z", json!({"f:spec": {".": {}, "f:list": {}, "f:set": {".": {}, "v:\"x\"": {}}}}))]))]
    #[case::what_is_removed_leaves_everyone_and_no_time_changes(json!({"set": ["x"]}), "c", json!([
        update("a", "2030-01-01T00:00:00Z", json!({"f:spec": {".": {}, "f:set": {".": {}, "v:\"x\"": {}}}}))]))]
    #[case::no_change_changes_nothing(json!({"set": ["x"], "text": "1"}), "c", json!([
        update("a", "2030-01-01T00:00:00Z", json!({"f:spec": {".": {}, "f:set": {".": {}, "v:\"x\"": {}}}})),
        update("b", "2030-01-01T00:00:01Z", json!({"f:spec": {"f:text": {}}}))]))]
    fn an_update_moves_ownership(
        #[case] spec: Value,
        #[case] manager: &str,
        #[case] expected: Value,
        #[values(true, false)] sends_managed_fields: bool,
    ) {
        let live = live();
        let mut after = live.clone();
        after["spec"] = spec;
        if !sends_managed_fields {
            take_managed_fields(&mut after);
        }
        track_update(Some(&live), &mut after, &writer(manager, 9), &node());
        assert_eq!(managed_fields(&after), Some(&expected));
    }

    #[rstest]
    #[case::cleared(json!([{}]), None)]
    #[case::an_empty_list_of_a_custom_object_is_as_none(json!([]), Some(json!([
        update("a", "2030-01-01T00:00:00Z", json!({"f:spec": {".": {}, "f:set": {".": {}, "v:\"x\"": {}}}})),
        update("c", "2030-01-01T00:00:09Z", json!({"f:spec": {"f:text": {}}}))])))]
    #[case::edited(json!([update("z", "2030-01-01T00:00:03Z", json!({"f:spec": {"f:set": {"v:  \"x\"": {}}}}))]), Some(json!([
        update("z", "2030-01-01T00:00:03Z", json!({"f:spec": {"f:set": {"v:\"x\"": {}}}})),
        update("c", "2030-01-01T00:00:09Z", json!({"f:spec": {"f:text": {}}}))])))]
    #[case::malformed(json!([{"manager": "z"}]), Some(json!([
        update("a", "2030-01-01T00:00:00Z", json!({"f:spec": {".": {}, "f:set": {".": {}, "v:\"x\"": {}}}})),
        update("c", "2030-01-01T00:00:09Z", json!({"f:spec": {"f:text": {}}}))])))]
    fn a_client_may_edit_entries(#[case] given: Value, #[case] expected: Option<Value>) {
        let live = live();
        let mut after = live.clone();
        after["spec"]["text"] = "2".into();
        after["metadata"]["managedFields"] = given;
        track_update(Some(&live), &mut after, &writer("c", 9), &node());
        assert_eq!(managed_fields(&after), expected.as_ref());
    }

    #[test]
    fn an_empty_list_clears_the_tracking_of_a_built_in_kind() {
        let live = live();
        let mut after = live.clone();
        after["metadata"]["managedFields"] = json!([]);
        let writer = Writer {
            api_version: "v1",
            ..writer("c", 9)
        };
        track_update(Some(&live), &mut after, &writer, &node());
        assert_eq!(managed_fields(&after), None);
    }

    #[rstest]
    #[case::other_group("apps/v1", "v1", &["c"])]
    #[case::unknown_version("v7", "v1", &["c"])]
    #[case::other_version("autoscaling/v1", "autoscaling/v2", &["x", "c"])]
    #[case::custom("apps/v1", "ex.io/v1", &[])]
    fn owners_in_versions_that_nobody_knows_there_are_forgotten(
        #[case] owner: &str,
        #[case] writer_version: &str,
        #[case] expected: &[&str],
    ) {
        let mut live = live();
        let mut entry = update(
            "x",
            "2030-01-01T00:00:00Z",
            json!({"f:spec": {"f:set": {}}}),
        );
        entry["apiVersion"] = owner.into();
        live["metadata"]["managedFields"] = json!([entry]);
        let mut after = live.clone();
        after["spec"]["text"] = "2".into();
        let writer = Writer {
            api_version: writer_version,
            ..writer("c", 9)
        };
        track_update(Some(&live), &mut after, &writer, &node());
        let entries = managed_fields(&after).and_then(Value::as_array);
        let managers = entries.into_iter().flatten();
        let managers: Vec<_> = managers.map(|entry| entry["manager"].as_str()).collect();
        let expected: Vec<_> = expected.iter().copied().map(Some).collect();
        assert_eq!(managers, expected);
    }

    #[test]
    fn an_object_that_is_not_tracked_stays_so() {
        let live = json!({"metadata": {"name": "n"}, "spec": {"text": "1"}});
        let mut after = json!({"metadata": {"name": "n"}, "spec": {"text": "2"}});
        track_update(Some(&live), &mut after, &writer("c", 9), &node());
        assert_eq!(managed_fields(&after), None);
    }

    #[test]
    fn a_subresource_has_entries_of_its_own_and_does_not_take_edits() {
        let live = live();
        let mut after = live.clone();
        after["spec"]["text"] = "2".into();
        after["metadata"]["managedFields"] = json!([{}]);
        let writer = Writer {
            subresource: "status",
            ..writer("b", 9)
        };
        track_update(Some(&live), &mut after, &writer, &node());
        assert_eq!(
            managed_fields(&after).unwrap()[1],
            json!({"manager": "b", "operation": "Update", "apiVersion": "ex.io/v1", "subresource": "status",
                "time": "2030-01-01T00:00:09Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:text": {}}}})
        );
    }

    #[test]
    fn the_oldest_of_more_than_ten_update_entries_fold_together() {
        let mut object = json!({"metadata": {"name": "n"}, "data": {}});
        track_update(None, &mut object, &writer("m0", 0), &node());
        for second in 1..12 {
            let before = object.clone();
            object["data"][format!("k{second}").as_str()] = "v".into();
            track_update(
                Some(&before),
                &mut object,
                &writer(&format!("m{second}"), second),
                &node(),
            );
        }
        let entries = managed_fields(&object).unwrap().as_array().unwrap();
        assert_eq!(entries.len(), 10);
        assert_eq!(
            entries[0],
            update(
                "ancient-changes",
                "2030-01-01T00:00:02Z",
                json!({"f:data": {".": {}, "f:k1": {}, "f:k2": {}}})
            )
        );
        assert_eq!(entries[1]["manager"], "m3");
    }
}
