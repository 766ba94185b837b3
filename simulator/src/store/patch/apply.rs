//! Server-side apply.

use std::collections::BTreeMap;

use super::blank::blank;
use super::check::check;
use super::combine::{merge, remove, with_declared};
use super::compare::{Comparison, paths_of, without_untracked};
use super::fields::FieldSet;
use super::managed::{
    Entry, Operation, Writer, forget_foreign, managed_fields, put_entries, record, seconds,
    take_managed_fields, take_stored,
};
use super::refusal::unexplained;
use super::shape::Shape;
use crate::json::{Map, Value, json};
use crate::store::schema::node::Node;
use crate::store::status::Status;

/// The manager of what was there before the first apply.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Whose applies take over what `kubectl apply` on the client's side had set.
const KUBECTL: &str = "kubectl";

/// Where client-side apply keeps what it applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is applied.
pub struct Configuration {
    /// What counts.
    pub kept: Value,
    /// The same with what the endpoint resets, such as `status`.
    pub asked: Value,
    /// Of the object as it is, what the endpoint does not reset; all of it if absent.
    pub seen: Option<Value>,
    /// Whether what is empty is as good as absent, as in most fields of Go's structs.
    pub omits_empty: bool,
}

/// One of which everything counts.
impl From<Value> for Configuration {
    fn from(config: Value) -> Self {
        Self {
            asked: config.clone(),
            kept: config,
            seen: None,
            omits_empty: false,
        }
    }
}

/// What `live` becomes when the writer applies `configuration`; without `live` the object is created.
///
/// The caller has checked the kind.
/// An apply that alters nothing gives back `live` with all its `managedFields` and times.
///
/// # Errors
/// 400 if it has another version or brings `managedFields`, 500 if it is not of the types that `node`
/// says, 409 naming every field that another manager owns with another value, unless `force`.
///
/// Source: `spec/kube-api.md` §1.13; structured-merge-diff v6 `merge/update.go`.
pub fn apply(
    live: Option<&Value>,
    configuration: impl Into<Configuration>,
    writer: &Writer,
    force: bool,
    node: &Node,
) -> Result<Value, Status> {
    let Configuration {
        kept,
        asked,
        seen,
        omits_empty,
    } = configuration.into();
    admit(&asked, writer, node)?;
    let mut state = live.cloned().unwrap_or_else(|| json!({}));
    let stored = take_managed_fields(&mut state);
    let mut entries = stored.map(take_stored).unwrap_or_default();
    if entries.is_empty() && live.is_some() {
        let first = Writer {
            manager: BEFORE_FIRST_APPLY,
            ..*writer
        };
        let seen = seen.as_ref().unwrap_or(&state);
        let all = Comparison::of(&blank(seen), seen, node);
        record(&mut entries, all, &first);
    }
    forget_foreign(&mut entries, writer);
    let application = Application {
        live: &state,
        config: &kept,
        asked: &asked,
        omits_empty,
        writer,
        node,
    };
    match application.carry_out(entries.clone(), force) {
        Ok(applied) => Ok(applied),
        Err(conflicts) => {
            let conflicts = application.without_last_applied(conflicts);
            if conflicts.is_empty() {
                let applied = application.carry_out(entries, true);
                return applied.map_err(|conflicts| refusal(&conflicts));
            }
            Err(refusal(&conflicts))
        }
    }
}

/// Checks that `config` may be applied at all.
fn admit(config: &Value, writer: &Writer, node: &Node) -> Result<(), Status> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let metadata = |name: &str| {
        text(
            config
                .get("metadata")
                .and_then(|metadata| metadata.get(name)),
        )
    };
    let (version, kind) = (text(config.get("apiVersion")), text(config.get("kind")));
    let (group, short) = version.rsplit_once('/').unwrap_or(("", &version));
    let kind = format!("{group}/{short}, Kind={kind}");
    if version != writer.api_version {
        return Err(Status::bad_request(format!("invalid object type: {kind}")));
    }
    if managed_fields(config).is_some_and(|fields| !fields.is_null()) {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    check(config, Shape::of(node)).map_err(|why| {
        unexplained(format!(
            "failed to create typed patch object ({}/{}; {kind}): {why}",
            metadata("namespace"),
            metadata("name")
        ))
    })
}

/// Whether two states differ at most in fields that are empty in one and absent in the other.
fn is_same_but_empty(one: &Value, other: &Value) -> bool {
    let (Value::Object(one), Value::Object(other)) = (one, other) else {
        return one == other;
    };
    let mut is_same = true;
    Map::each_of(Some(one), Some(other), |_, one, other| {
        is_same &= match (one, other) {
            (Some(one), Some(other)) => is_same_but_empty(one, other),
            (one, other) => one.or(other).is_none_or(is_empty),
        };
    });
    is_same
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The fields of others that an apply would change, by what tells one entry from another, which they are ordered by.
type Conflicts = BTreeMap<String, Conflict>;

struct Conflict {
    /// The entry as messages name it.
    with: String,
    fields: FieldSet,
}

struct Application<'a> {
    /// Without `managedFields`.
    live: &'a Value,
    config: &'a Value,
    asked: &'a Value,
    omits_empty: bool,
    writer: &'a Writer<'a>,
    node: &'a Node,
}

impl Application<'_> {
    /// Whether what the endpoint resets would change something if it did not: that counts as a change too.
    fn asks_for_more(&self, shape: Shape) -> bool {
        self.asked != self.config && merge(self.live, self.asked, shape) != *self.live
    }

    fn carry_out(&self, mut entries: Vec<Entry>, force: bool) -> Result<Value, Conflicts> {
        let shape = Shape::of(self.node);
        let mine = entries
            .iter()
            .position(|entry| entry.is_of(self.writer, Operation::Apply));
        let last = mine.map(|index| entries.remove(index));
        let paths = paths_of(self.config, shape);
        let mut applied = merge(self.live, self.config, shape);
        if let Some(last) = &last {
            applied = self.prune(&applied, &last.fields, &paths, &entries);
        }
        self.keep_creation(&mut applied);
        let comparison = Comparison::of(self.live, &applied, self.node);
        let conflicts = conflicts(&entries, &comparison.touched);
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        for entry in &mut entries {
            entry.fields.subtract(&comparison.touched);
            entry.fields.subtract(&comparison.removed);
        }
        let paths = without_untracked(paths);
        let time = match &last {
            // A time alone is no change, and what stays as it is keeps its own.
            Some(last) if self.is_as_before(&applied) && last.fields == paths => last.time.clone(),
            _ if applied != *self.live || self.asks_for_more(shape) => {
                Some(seconds(self.writer.now))
            }
            Some(last) => last.time.clone(),
            None => None,
        };
        entries.push(Entry::of(self.writer, Operation::Apply, time, paths));
        entries.retain(|entry| !entry.fields.is_empty());
        self.sync_last_applied(&mut applied);
        put_entries(&mut applied, entries);
        Ok(applied)
    }

    fn is_as_before(&self, applied: &Value) -> bool {
        match self.omits_empty {
            true => is_same_but_empty(applied, self.live),
            false => applied == self.live,
        }
    }

    /// Takes out of `merged` what the writer applied `last`, does not apply now, and nobody else owns.
    ///
    /// Source: structured-merge-diff v6 `merge/update.go`, `prune`.
    fn prune(&self, merged: &Value, last: &FieldSet, now: &FieldSet, others: &[Entry]) -> Value {
        let shape = Shape::of(self.node);
        let declared = |set: &FieldSet| with_declared(set, shape);
        let last = declared(last);
        let all = declared(&paths_of(merged, shape));
        let mut owned = now.clone();
        for entry in others {
            owned.union(entry.fields.clone());
        }
        let pruned = remove(merged, &last, shape);
        let mut unwanted = all.clone();
        unwanted.subtract(&declared(&paths_of(&pruned, shape)));
        unwanted.subtract(&declared(&owned));
        let pruned = remove(merged, &unwanted, shape);
        // What nobody owns goes only with something that the writer owned.
        let mut unwanted = all;
        unwanted.subtract(&declared(&paths_of(&pruned, shape)));
        remove(merged, &unwanted.intersection(&last), shape)
    }

    /// An applied `creationTimestamp: null`, which many tools write, is no change.
    fn keep_creation(&self, applied: &mut Value) {
        let created = self.live.pointer("/metadata/creationTimestamp");
        if let (Some(place), Some(created)) =
            (applied.pointer_mut("/metadata/creationTimestamp"), created)
        {
            *place = created.clone();
        }
    }

    /// `kubectl` may overwrite what client-side apply had set and nobody changed since.
    ///
    /// Source: kubernetes v1.34 `apimachinery/pkg/util/managedfields/internal/lastappliedmanager.go`.
    fn without_last_applied(&self, mut conflicts: Conflicts) -> Conflicts {
        if let Some(allowed) = self.last_applied_paths() {
            for conflict in conflicts.values_mut() {
                conflict.fields.subtract(&allowed);
            }
            conflicts.retain(|_, conflict| !conflict.fields.is_empty());
        }
        conflicts
    }

    fn last_applied_paths(&self) -> Option<FieldSet> {
        if self.writer.manager != KUBECTL {
            return None;
        }
        let last: Value = serde_json::from_str(last_applied(self.live)?).ok()?;
        let shape = Shape::of(self.node);
        if last.get("apiVersion")? != self.writer.api_version || check(&last, shape).is_err() {
            return None;
        }
        let mut paths = paths_of(&last, shape);
        let comparison = Comparison::of(&last, self.live, self.node);
        paths.subtract(&comparison.touched);
        paths.subtract(&comparison.removed);
        Some(paths)
    }

    /// Keeps the annotation of client-side apply up to date, where there is one.
    fn sync_last_applied(&self, applied: &mut Value) {
        if self.writer.manager != KUBECTL || last_applied(applied).is_none() {
            return;
        }
        let mut config = self.config.clone();
        if let Some(Value::Object(annotations)) = config.pointer_mut("/metadata/annotations") {
            annotations.remove(LAST_APPLIED);
        }
        if let Some(annotations) = applied.pointer_mut("/metadata/annotations") {
            annotations[LAST_APPLIED] = format!("{config}\n").into();
        }
    }
}

fn last_applied(object: &Value) -> Option<&str> {
    let annotations = object.pointer("/metadata/annotations")?;
    annotations
        .get(LAST_APPLIED)?
        .as_str()
        .filter(|text| !text.is_empty())
}

fn conflicts(entries: &[Entry], touched: &FieldSet) -> Conflicts {
    let conflict = |entry: &Entry| Conflict {
        with: named(entry),
        fields: entry.fields.intersection(touched),
    };
    entries
        .iter()
        .map(|entry| (entry.identifier(), conflict(entry)))
        .filter(|(_, conflict)| !conflict.fields.is_empty())
        .collect()
}

/// An entry as messages name it.
fn named(entry: &Entry) -> String {
    let mut name = format!("{:?}", entry.manager);
    if !entry.subresource.is_empty() {
        name += &format!(" with subresource {:?}", entry.subresource);
    }
    if entry.operation == Operation::Update {
        name += &format!(" using {}", entry.api_version);
    }
    name
}

/// Source: kubernetes v1.34 `apimachinery/pkg/util/managedfields/internal/conflict.go`.
fn refusal(conflicts: &Conflicts) -> Status {
    let conflicts: Vec<(&str, Vec<String>)> = conflicts
        .values()
        .map(|conflict| (conflict.with.as_str(), conflict.fields.paths()))
        .collect();
    let n_conflicts: usize = conflicts.iter().map(|(_, paths)| paths.len()).sum();
    let message = match conflicts.as_slice() {
        [(name, paths)] if n_conflicts == 1 => {
            format!(
                "Apply failed with 1 conflict: conflict with {name}: {}",
                paths.concat()
            )
        }
        _ => {
            let lines: Vec<String> = conflicts
                .iter()
                .map(|(name, paths)| format!("conflicts with {name}:\n- {}", paths.join("\n- ")))
                .collect();
            format!(
                "Apply failed with {n_conflicts} conflicts: {}",
                lines.join("\n")
            )
        }
    };
    let causes: Vec<Value> = conflicts
        .iter()
        .flat_map(|(name, paths)| {
            paths.iter().map(move |path| {
                json!({"reason": "FieldManagerConflict", "message": format!("conflict with {name}"), "field": path})
            })
        })
        .collect();
    Status {
        code: 409,
        reason: "Conflict".into(),
        message,
        details: Some(json!({"causes": causes})),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;

    use super::super::managed::track_update;
    use super::super::sketch;
    use super::*;

    /// Part of a Deployment, as far as ownership sees it.
    fn node() -> Node {
        sketch::kind(&json!({
            "data": {"type": "object", "additionalProperties": {"type": "string"}},
            "spec": {"type": "object", "properties": {
                "text": {"type": "string"}, "number": {"type": "integer"}, "flag": {"type": "boolean"},
                "nested": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
                "list": {"type": "array", "items": {"type": "string"}},
                "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                "containers": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                    "items": {"type": "object", "properties": {"name": {"type": "string"}, "image": {"type": "string"}}}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}))
    }

    fn writer(manager: &str, second: i64) -> Writer<'_> {
        Writer {
            manager,
            api_version: "ex.io/v1",
            subresource: "",
            now: Timestamp::from_second(1_893_456_000 + second).unwrap(),
        }
    }

    fn thing(fields: Value) -> Value {
        let mut object =
            json!({"apiVersion": "ex.io/v1", "kind": "Thing", "metadata": {"name": "n"}});
        if let (Value::Object(object), Value::Object(fields)) = (&mut object, fields) {
            object.extend(fields);
        }
        object
    }

    /// One write of a case: who, how, and what.
    enum Write {
        Apply(&'static str, Value),
        Force(&'static str, Value),
        Create(&'static str, Value),
    }
    use Write::{Apply, Create, Force};

    fn written(writes: Vec<Write>) -> Result<Value, Status> {
        let mut live: Option<Value> = None;
        for (second, write) in (0..).zip(writes) {
            live = Some(match write {
                Apply(manager, fields) => apply(
                    live.as_ref(),
                    thing(fields),
                    &writer(manager, second),
                    false,
                    &node(),
                )?,
                Force(manager, fields) => apply(
                    live.as_ref(),
                    thing(fields),
                    &writer(manager, second),
                    true,
                    &node(),
                )?,
                Create(manager, fields) => {
                    let mut object = thing(fields);
                    track_update(None, &mut object, &writer(manager, second), &node());
                    object
                }
            });
        }
        Ok(live.unwrap_or_default())
    }

    /// Who owns what, without versions: `manager operation time` to fields.
    fn owners(object: &Value) -> Value {
        let entries = managed_fields(object).and_then(Value::as_array);
        entries
            .into_iter()
            .flatten()
            .map(|entry| {
                let second = entry
                    .get("time")
                    .map_or("-", |time| &time.as_str().unwrap()[17..19]);
                let text = |name: &str| entry[name].as_str().unwrap();
                let key = format!("{} {} {second}", text("manager"), text("operation"));
                (key, entry["fieldsV1"].clone())
            })
            .collect()
    }

    #[rstest]
    #[case::an_apply_creates(vec![Apply("a", json!({"spec": {"text": "1", "nested": {}, "set": ["x"]}}))],
        json!({"spec": {"text": "1", "nested": {}, "set": ["x"]}}),
        json!({"a Apply 00": {"f:spec": {"f:nested": {}, "f:set": {"v:\"x\"": {}}, "f:text": {}}}}))]
    #[case::what_is_no_longer_applied_goes(vec![
            Apply("a", json!({"data": {"x": "1", "y": "2"}})), Apply("a", json!({"data": {"y": "2"}}))],
        json!({"data": {"y": "2"}}),
        json!({"a Apply 01": {"f:data": {"f:y": {}}}}))]
    #[case::what_another_owns_stays(vec![
            Apply("a", json!({"data": {"x": "1"}})), Apply("b", json!({"data": {"x": "1"}})), Apply("a", json!({}))],
        json!({"data": {"x": "1"}}),
        json!({"b Apply -": {"f:data": {"f:x": {}}}}))]
    #[case::the_same_value_is_shared_and_changes_no_time(vec![
            Apply("a", json!({"spec": {"text": "1"}})), Apply("b", json!({"spec": {"text": "1"}}))],
        json!({"spec": {"text": "1"}}),
        json!({"b Apply -": {"f:spec": {"f:text": {}}}, "a Apply 00": {"f:spec": {"f:text": {}}}}))]
    #[case::force_takes_ownership(vec![
            Apply("a", json!({"spec": {"text": "1", "flag": true}})), Force("b", json!({"spec": {"text": "2"}}))],
        json!({"spec": {"text": "2", "flag": true}}),
        json!({"a Apply 00": {"f:spec": {"f:flag": {}}}, "b Apply 01": {"f:spec": {"f:text": {}}}}))]
    #[case::what_nobody_owns_may_be_applied(vec![
            Create("u", json!({"spec": {"text": "1"}})), Apply("a", json!({"spec": {"number": 1}}))],
        json!({"spec": {"text": "1", "number": 1}}),
        json!({"a Apply 01": {"f:spec": {"f:number": {}}}, "u Update 00": {"f:spec": {".": {}, "f:text": {}}}}))]
    #[case::an_item_goes_when_its_last_owner_leaves(vec![
            Apply("a", json!({"spec": {"containers": [{"name": "c", "image": "1"}, {"name": "d"}]}})),
            Apply("b", json!({"spec": {"containers": [{"name": "d", "image": "2"}]}})),
            Apply("a", json!({"spec": {"containers": []}}))],
        json!({"spec": {"containers": [{"name": "d", "image": "2"}]}}),
        json!({"b Apply 01": {"f:spec": {"f:containers": {"k:{\"name\":\"d\"}": {".": {}, "f:image": {}, "f:name": {}}}}}}))]
    #[case::items_come_in_the_order_of_the_last_apply(vec![
            Apply("a", json!({"spec": {"containers": [{"name": "c"}, {"name": "d"}, {"name": "e"}]}})),
            Apply("b", json!({"spec": {"containers": [{"name": "e"}, {"name": "x"}, {"name": "c"}]}}))],
        json!({"spec": {"containers": [{"name": "d"}, {"name": "e"}, {"name": "x"}, {"name": "c"}]}}),
        json!({
            "a Apply 00": {"f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:name": {}}, "k:{\"name\":\"d\"}": {".": {}, "f:name": {}}, "k:{\"name\":\"e\"}": {".": {}, "f:name": {}}}}},
            "b Apply 01": {"f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:name": {}}, "k:{\"name\":\"e\"}": {".": {}, "f:name": {}}, "k:{\"name\":\"x\"}": {".": {}, "f:name": {}}}}}}))]
    #[case::an_object_that_loses_all_its_fields_but_not_its_owner_becomes_null(vec![
            Create("u", json!({"spec": {"nested": {"a": "1"}}})), Force("a", json!({"spec": {"nested": {"a": "2"}}})), Apply("a", json!({}))],
        json!({"spec": {"nested": null}}),
        json!({"u Update 00": {"f:spec": {".": {}, "f:nested": {}}}}))]
    fn applies_combine(
        #[case] writes: Vec<Write>,
        #[case] fields: Value,
        #[case] expected_owners: Value,
    ) {
        let mut object = written(writes).unwrap();
        assert_eq!(owners(&object), expected_owners);
        take_managed_fields(&mut object);
        assert_eq!(object, thing(fields));
    }

    #[rstest]
    #[case::one(vec![Create("u", json!({"data": {"c": "1"}})), Apply("a", json!({"data": {"c": "2"}}))],
        "Apply failed with 1 conflict: conflict with \"u\" using ex.io/v1: .data.c",
        json!([{"reason": "FieldManagerConflict", "message": "conflict with \"u\" using ex.io/v1", "field": ".data.c"}]))]
    #[case::two_of_one_manager(vec![Apply("m1", json!({"data": {"a": "1", "b": "1"}})), Apply("a", json!({"data": {"a": "2", "b": "2"}}))],
        "Apply failed with 2 conflicts: conflicts with \"m1\":\n- .data.a\n- .data.b",
        json!([{"reason": "FieldManagerConflict", "message": "conflict with \"m1\"", "field": ".data.a"},
            {"reason": "FieldManagerConflict", "message": "conflict with \"m1\"", "field": ".data.b"}]))]
    #[case::one_of_each_of_two_managers(vec![
            Apply("m2", json!({"spec": {"containers": [{"name": "c", "image": "1"}]}})), Apply("m1", json!({"spec": {"text": "1"}})),
            Apply("a", json!({"spec": {"text": "2", "containers": [{"name": "c", "image": "2"}]}}))],
        "Apply failed with 2 conflicts: conflicts with \"m1\":\n- .spec.text\nconflicts with \"m2\":\n- .spec.containers[name=\"c\"].image",
        json!([{"reason": "FieldManagerConflict", "message": "conflict with \"m1\"", "field": ".spec.text"},
            {"reason": "FieldManagerConflict", "message": "conflict with \"m2\"", "field": ".spec.containers[name=\"c\"].image"}]))]
    fn a_conflict_names_managers_and_fields(
        #[case] writes: Vec<Write>,
        #[case] message: &str,
        #[case] causes: Value,
    ) {
        let refusal = written(writes).unwrap_err();
        assert_eq!(
            refusal,
            Status {
                code: 409,
                reason: "Conflict".into(),
                message: message.to_owned(),
                details: Some(json!({"causes": causes})),
            }
        );
    }

    #[rstest]
    #[case::unknown_field(json!({"foo": 1}), 500, "failed to create typed patch object (/n; ex.io/v1, Kind=Thing): .foo: field not declared in schema")]
    #[case::several(json!({"spec": {"nested": 9, "number": "x", "text": 2, "flag": "x"}}), 500,
        "failed to create typed patch object (/n; ex.io/v1, Kind=Thing): errors:\n  .spec.flag: expected boolean, got &{x}\n  .spec.nested: expected map, got &{9}\n  .spec.number: expected numeric (int or float), got string\n  .spec.text: expected string, got &value.valueUnstructured{Value:2}")]
    #[case::no_list(json!({"spec": {"list": {"a": 1}}}), 500, "failed to create typed patch object (/n; ex.io/v1, Kind=Thing): .spec.list: expected list, got &{map[a:1]}")]
    #[case::nested_mismatch(json!({"spec": {"text": {"a": [1, "b", null, true]}}}), 500,
        "failed to create typed patch object (/n; ex.io/v1, Kind=Thing): .spec.text: expected string, got &value.valueUnstructured{Value:map[string]interface {}{\"a\":[]interface {}{1, \"b\", interface {}(nil), true}}}")]
    #[case::item_without_key(json!({"spec": {"containers": [{"image": "1"}]}}), 500,
        "failed to create typed patch object (/n; ex.io/v1, Kind=Thing): .spec.containers: element 0: associative list with keys has an element that omits all key fields [\"name\"] (and doesn't have default values for any key fields)")]
    #[case::twins(json!({"spec": {"containers": [{"name": "a"}, {"name": "a", "q": 1}]}}), 500,
        "failed to create typed patch object (/n; ex.io/v1, Kind=Thing): errors:\n  .spec.containers: duplicate entries for key [name=\"a\"]\n  .spec.containers[name=\"a\"].q: field not declared in schema")]
    #[case::object_in_a_set(json!({"spec": {"set": ["a", "a", {}]}}), 500,
        "failed to create typed patch object (/n; ex.io/v1, Kind=Thing): errors:\n  .spec.set: duplicate entries for key [=\"a\"]\n  .spec.set: element 2: associative list without keys has an element that's a map type")]
    #[case::other_version(json!({"apiVersion": "v1"}), 400, "invalid object type: /v1, Kind=Thing")]
    #[case::managed_fields(json!({"metadata": {"managedFields": []}}), 400, "metadata.managedFields must be nil")]
    fn a_config_that_does_not_fit_is_refused(
        #[case] fields: Value,
        #[case] code: u16,
        #[case] message: &str,
    ) {
        let refusal = apply(None, thing(fields), &writer("a", 0), false, &node()).unwrap_err();
        assert_eq!((refusal.code, refusal.message.as_str()), (code, message));
    }

    #[test]
    fn applying_the_same_again_changes_nothing() {
        let config = json!({"metadata": {"name": "n", "creationTimestamp": null}, "spec": {"text": "1", "free": {"a": [1]}}});
        let mut live = written(vec![Apply("a", config.clone())]).unwrap();
        live["metadata"]["creationTimestamp"] = "2030-01-01T00:00:00Z".into();
        let again = apply(
            Some(&live),
            thing(config.clone()),
            &writer("a", 9),
            false,
            &node(),
        );
        assert_eq!(again.as_ref(), Ok(&live));
        let asked = Configuration {
            asked: thing(json!({"spec": {"number": 1}})),
            ..thing(config).into()
        };
        let with_more = apply(Some(&live), asked, &writer("a", 9), false, &node());
        assert_eq!(
            with_more,
            Ok(live),
            "what the endpoint resets is no change by itself"
        );
    }

    #[rstest]
    #[case::which_structs_do_not_keep(true, "00")]
    #[case::which_is_kept(false, "07")]
    fn applying_nothing_again_is_no_change_where_that(
        #[case] omits_empty: bool,
        #[case] time: &str,
    ) {
        let configuration = || Configuration {
            omits_empty,
            ..Configuration::from(thing(json!({"data": {}})))
        };
        let mut live = apply(None, configuration(), &writer("a", 0), false, &node()).unwrap();
        live.as_object_mut().unwrap().remove("data");
        let again = apply(
            Some(&live),
            configuration(),
            &writer("a", 7),
            false,
            &node(),
        )
        .unwrap();
        let owned = again["metadata"]["managedFields"][0]["time"]
            .as_str()
            .unwrap();
        assert_eq!(&owned[17..19], time);
    }

    #[test]
    fn what_was_there_before_the_first_apply_is_recorded() {
        let live = thing(json!({"spec": {"text": "1"}}));
        let config = thing(json!({"spec": {"number": 1}}));
        let applied = apply(Some(&live), config, &writer("a", 1), false, &node()).unwrap();
        assert_eq!(
            owners(&applied),
            json!({"a Apply 01": {"f:spec": {"f:number": {}}}, "before-first-apply Update 01": {"f:spec": {".": {}, "f:text": {}}}})
        );
    }

    #[test]
    fn what_the_endpoint_resets_is_not_recorded_as_there_before() {
        let live = thing(json!({"spec": {"text": "1"}, "data": {"a": "1"}}));
        let config = thing(json!({"spec": {"number": 1}}));
        let configuration = Configuration {
            seen: Some(thing(json!({"spec": {"text": "1"}}))),
            ..config.into()
        };
        let applied = apply(Some(&live), configuration, &writer("a", 1), false, &node()).unwrap();
        assert_eq!(
            owners(&applied)["before-first-apply Update 01"],
            json!({"f:spec": {".": {}, "f:text": {}}})
        );
    }

    #[test]
    fn kubectl_takes_over_what_it_applied_on_the_clients_side() {
        let last = "{\"apiVersion\":\"ex.io/v1\",\"data\":{\"a\":\"1\"},\"kind\":\"Thing\",\"metadata\":{\"annotations\":{},\"name\":\"n\"}}\n";
        let mut live = thing(json!({
            "metadata": {"name": "n", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": last}}, "data": {"a": "1"}}));
        track_update(
            None,
            &mut live,
            &writer("kubectl-client-side-apply", 0),
            &node(),
        );
        let config = json!({"data": {"a": "2"}});
        let refusal = apply(
            Some(&live),
            thing(config.clone()),
            &writer("other", 1),
            false,
            &node(),
        );
        assert_eq!(refusal.map_err(|status| status.code), Err(409));
        let applied = apply(
            Some(&live),
            thing(config),
            &writer("kubectl", 1),
            false,
            &node(),
        )
        .unwrap();
        assert_eq!(applied["data"]["a"], "2");
        assert_eq!(
            applied["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"],
            "{\"apiVersion\":\"ex.io/v1\",\"data\":{\"a\":\"2\"},\"kind\":\"Thing\",\"metadata\":{\"name\":\"n\"}}\n"
        );
    }
}
