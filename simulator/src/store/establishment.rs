//! What the controllers of a real server do with definitions once they are written: names, establishment, the end.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/controller/{status,establish,finalizer}.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::definition::{CLEANUP, conditions, field, is_definition, is_established};
use super::kernel::Kernel;
use super::kind::Kind;
use super::metadata::seconds;
use super::object::{Key, Object, metadata_mut, texts};
use super::patch::managed::{Writer, track_update};
use super::registry::Served;
use super::size;
use crate::json::{Value, json};

impl Kernel {
    /// Lets a definition that was just written have the names that it asks for, and establishes it, in writes of their own;
    /// whenever that takes or frees names, the others of its group are looked at again. `kinds` are those it makes, if
    /// they are known.
    pub(super) fn settle_definition(
        &mut self,
        served: &Served,
        written: &Object,
        kinds: Option<Vec<Kind>>,
        now: Timestamp,
    ) {
        if is_definition(served) && !self.holds_definitions {
            self.settle_names(written, kinds, now);
        }
    }

    fn settle_names(&mut self, written: &Object, mut kinds: Option<Vec<Kind>>, now: Timestamp) {
        let mut waiting = VecDeque::from([written.key()]);
        while let Some(key) = waiting.pop_front() {
            if self.settle_names_of(&key, kinds.take(), now) {
                waiting = self.of_group(written, &key).into();
            }
        }
    }

    /// Looks again at the definitions of a group in which one has ended.
    pub(super) fn reconsider_names(&mut self, ended: &Object, now: Timestamp) {
        if self.holds_definitions {
            return;
        }
        for key in self.of_group(ended, &ended.key()) {
            if let Some(other) = self.log.get(self.definitions().table, &key).cloned() {
                self.settle_names(&other, None, now);
            }
        }
    }

    /// From now on definitions wait to be established, until [`Kernel::establish_all`], or do not.
    pub(crate) fn hold_definitions(&mut self, holds: bool) {
        self.holds_definitions = holds;
    }

    /// Establishes the definitions that wait for it.
    pub(crate) fn establish_all(&mut self, now: Timestamp) {
        let all = self.log.objects(self.definitions().table).values();
        let waits = |object: &&Arc<Object>| conditions(object.value()).next().is_none();
        let waiting: Vec<_> = all.filter(waits).map(Arc::clone).collect();
        for definition in waiting {
            self.settle_names(&definition, None, now);
        }
    }

    /// The other definitions of the group of one.
    fn of_group(&self, definition: &Object, but: &Key) -> Vec<Key> {
        let group = |object: &Object| object.value()["spec"]["group"].clone();
        let group_here = group(definition);
        let all = self.log.objects(self.definitions().table).values();
        let others = all.filter(|other| group(other) == group_here && other.key() != *but);
        others.map(|other| other.key()).collect()
    }

    /// Whether that changed what names a definition has, or what is said of them.
    fn settle_names_of(&mut self, key: &Key, kinds: Option<Vec<Kind>>, now: Timestamp) -> bool {
        let table = self.definitions().table;
        let Some(old) = self.log.get(table, key).cloned() else {
            return false;
        };
        if old.value()["spec"]["names"] == old.value()["status"]["acceptedNames"] {
            return false;
        }
        let mut value = old.value().clone();
        let refusal = self.accept_names(&mut value);
        let is_accepted = refusal.is_none();
        set_names_accepted(&mut value, refusal, now);
        let is_same = value["status"] == old.value()["status"];
        if is_same || !self.write_definition(&old, value, None, now) {
            return false;
        }
        if let Some(named) = self.log.get(table, key).cloned()
            && is_accepted
            && !is_established(named.value())
        {
            let mut value = named.value().clone();
            let accepted = "the initial names have been accepted";
            let established = ("Established", "True", "InitialNamesAccepted", accepted);
            set_condition(&mut value, now, established);
            self.write_definition(&named, value, kinds, now);
        }
        true
    }

    /// Takes the names that no definition of the group has; tells the last conflict.
    fn accept_names(&self, value: &mut Value) -> Option<(&'static str, String)> {
        let (mut resources, mut kinds) = (BTreeSet::new(), BTreeSet::new());
        for other in self.log.objects(self.definitions().table).values() {
            if other.value()["spec"]["group"] != value["spec"]["group"] {
                continue;
            }
            let accepted = &other.value()["status"]["acceptedNames"];
            resources.extend(["plural", "singular"].map(|name| field(accepted, name)));
            resources.extend(texts(&accepted["shortNames"]));
            kinds.extend(["kind", "listKind"].map(|name| field(accepted, name)));
        }
        let asked = &value["spec"]["names"];
        let before = &value["status"]["acceptedNames"];
        let mut accepted = json!({"categories": asked["categories"].clone()});
        let mut refusals = Vec::new();
        let mut take = |name: &str, reason: &'static str, taken: Vec<&str>| {
            let is_taken = !taken.is_empty();
            accepted[name] = if is_taken { before } else { asked }[name].clone();
            refusals.extend(is_taken.then(|| (reason, in_use(&taken))));
        };
        let clash = |name: &str, used: &BTreeSet<&str>| {
            let wish = Some(field(asked, name)).filter(|wish| *wish != field(before, name));
            let taken = wish.filter(|wish| used.contains(wish));
            Vec::from_iter(taken)
        };
        take("plural", "PluralConflict", clash("plural", &resources));
        take(
            "singular",
            "SingularConflict",
            clash("singular", &resources),
        );
        let owned = texts(&before["shortNames"]);
        let mut short = texts(&asked["shortNames"]);
        short.retain(|name| !owned.contains(name) && resources.contains(name));
        take("shortNames", "ShortNamesConflict", short);
        take("kind", "KindConflict", clash("kind", &kinds));
        take("listKind", "ListKindConflict", clash("listKind", &kinds));
        if let Some(names) = accepted.as_object_mut() {
            names.retain(|_, name| !name.is_null());
        }
        value["status"]["acceptedNames"] = accepted;
        refusals.pop()
    }

    /// Begins, or goes on with, the end of the instances of a definition that is being deleted, and of itself.
    pub(super) fn end_definition(&mut self, stored: &Arc<Object>, now: Timestamp) {
        let is_held = |object: &Object| {
            let finalizers = texts(&object.value()["metadata"]["finalizers"]);
            finalizers.contains(&CLEANUP)
        };
        if !is_held(stored) {
            return;
        }
        let mut value = stored.value().clone();
        let why = "CustomResource deletion is in progress";
        let progress = ("Terminating", "True", "InstanceDeletionInProgress", why);
        set_condition(&mut value, now, progress);
        self.write_definition(stored, value, None, now);
        let remaining = match self.instances(stored) {
            Some(served) => self.clear(&served, now),
            None => 0,
        };
        if remaining == 0 {
            self.finish_definition(&stored.key(), now);
        }
    }

    /// Lets a definition go whose instances are gone.
    pub(super) fn finish_definition(&mut self, key: &Key, now: Timestamp) {
        let definitions = Arc::clone(self.definitions());
        let Some(definition) = self.log.get(definitions.table, key).cloned() else {
            return;
        };
        let mut left = texts(&definition.value()["metadata"]["finalizers"]);
        left.retain(|name| *name != CLEANUP);
        if left.is_empty() {
            self.erase(&definitions, key, definition.value().clone(), now);
            return;
        }
        let mut value = definition.value().clone();
        let left: Vec<Value> = left.into_iter().map(Value::from).collect();
        metadata_mut(&mut value).insert("finalizers", left.into());
        let (reason, message) = match is_established(&value) {
            true => ("InstanceDeletionCompleted", "removed all instances"),
            false => ("NeverEstablished", "resource was never established"),
        };
        set_condition(&mut value, now, ("Terminating", "False", reason, message));
        self.write_definition(&definition, value, None, now);
    }

    /// Stores what a controller makes of a definition, unless that changes nothing or is too large, and serves its kinds.
    fn write_definition(
        &mut self,
        old: &Arc<Object>,
        mut value: Value,
        kinds: Option<Vec<Kind>>,
        now: Timestamp,
    ) -> bool {
        if value == *old.value() {
            return false;
        }
        let definitions = Arc::clone(self.definitions());
        let writer = Writer {
            manager: "kube-apiserver",
            api_version: &definitions.kind.api_version(),
            subresource: "status",
            now,
        };
        let schema = &definitions.kind.schema;
        track_update(Some(old.value()), &mut value, &writer, schema);
        let stored = self.log.next(value);
        if size::check(&stored, Some(old)).is_err() {
            return false;
        }
        self.log.put_next(definitions.table, Arc::clone(&stored));
        if !stored.is_terminating() {
            self.serve(&stored, kinds);
        }
        true
    }
}

fn in_use(names: &[&str]) -> String {
    let each = names
        .iter()
        .map(|name| format!("{name:?} is already in use"));
    match each.collect::<Vec<_>>().as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// Says whether a definition has the names that it asks for.
fn set_names_accepted(value: &mut Value, refusal: Option<(&'static str, String)>, now: Timestamp) {
    let (reason, message) = refusal.unwrap_or_else(|| ("NoConflicts", "no conflicts found".into()));
    let is_accepted = reason == "NoConflicts";
    let status = if is_accepted { "True" } else { "False" };
    set_condition(value, now, ("NamesAccepted", status, reason, &message));
    let is_judged = conditions(value).any(|condition| condition["type"] == "Established");
    if is_accepted && !is_established(value) {
        let message = "the initial names have been accepted";
        set_condition(value, now, ("Established", "False", "Installing", message));
    } else if !is_judged {
        let message = "not all names are accepted";
        set_condition(value, now, ("Established", "False", "NotAccepted", message));
    }
}

/// Sets a condition: type, status, reason and message. Its transition time stays where its status does.
pub(super) fn set_condition(
    value: &mut Value,
    now: Timestamp,
    (kind, status, reason, message): (&str, &str, &str, &str),
) {
    if !value["status"].is_object() {
        value["status"] = json!({"conditions": [], "storedVersions": []});
    }
    if !value["status"]["conditions"].is_array() {
        value["status"]["conditions"] = json!([]);
    }
    let mut new = json!({"type": kind, "status": status, "reason": reason, "message": message});
    new["lastTransitionTime"] = seconds(now).into();
    let Some(list) = value["status"]["conditions"].as_array_mut() else {
        return;
    };
    match list.iter_mut().find(|c| c["type"] == kind) {
        Some(present) => {
            if present["status"] == new["status"] {
                new["lastTransitionTime"] = present["lastTransitionTime"].clone();
            }
            *present = new;
        }
        None => list.push(new),
    }
}
