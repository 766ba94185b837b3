//! CustomResourceDefinitions: what they become when stored, and the kinds they make and unmake.
//!
//! Source: `spec/kube-api.md` §1.18.

use std::sync::Arc;

use jiff::Timestamp;

use super::conversion::{Conversions, is_by_webhook};
use super::kernel::{Context, Kernel};
use super::kind::{Kind, Origin};
use super::log::TableId;
use super::metadata::seconds;
use super::object::{Key, Object, metadata_mut, texts};
use super::patch::managed::{Writer, track_update};
use super::policy::Policies;
use super::registry::{Behaviour, Conversion, Served};
use super::schema;
use super::status::Status;
use super::webhook::{Conversation, Webhooks};
use crate::ids::Ids;
use crate::json::{Value, json};

/// Why a definition is terminating whose instances nobody has looked at.
const PENDING: &str = "InstanceDeletionPending";
/// Holds a definition until its instances are gone.
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

impl Kernel {
    /// Fills in what the server adds to a definition; other kinds stay as they are.
    pub(super) fn prepare_definition(
        &self,
        served: &Served,
        value: &mut Value,
        old: Option<&Value>,
        now: Timestamp,
    ) {
        if !is_definition(served) {
            return;
        }
        schema::definition::set_defaults(value);
        match old {
            Some(_) => self.judge_names(value, old, now),
            // Nobody has looked at it yet.
            None => {
                value["status"]["acceptedNames"] = json!({"kind": "", "plural": ""});
                value["status"]["conditions"] = Value::Null;
            }
        }
    }

    /// Says in its status whether a definition may have the names that it asks for, and is established.
    fn judge_names(&self, value: &mut Value, old: Option<&Value>, now: Timestamp) {
        let accepted = self.accept_names(value, old);
        set_conditions(value, &accepted, now);
        if accepted.is_ok() {
            value["status"]["acceptedNames"] = value["spec"]["names"].clone();
        }
    }

    /// Establishes a definition that was just created, in a write of its own, as the controllers of a real server do.
    pub(super) fn establish(
        &mut self,
        served: &Served,
        created: &Object,
        context: &mut Context,
    ) -> Result<(), Status> {
        if !is_definition(served) || self.holds_definitions {
            return Ok(());
        }
        let mut value = created.value().clone();
        self.judge_names(&mut value, None, context.now);
        let writer = Writer {
            manager: "kube-apiserver",
            api_version: &served.kind.api_version(),
            subresource: "status",
            now: context.now,
        };
        let schema = &served.kind.schema;
        track_update(Some(created.value()), &mut value, &writer, schema);
        self.store(served, value, context).map(drop)
    }

    /// From now on definitions wait to be established, until [`Kernel::establish_all`], or do not.
    pub(crate) fn hold_definitions(&mut self, holds: bool) {
        self.holds_definitions = holds;
    }

    /// Establishes the definitions that wait for it.
    pub(crate) fn establish_all(&mut self, now: Timestamp, ids: &mut Ids) {
        let served = Arc::clone(self.definitions());
        let all = self.log.objects(served.table).values();
        let waits = |object: &&Arc<Object>| conditions(object.value()).next().is_none();
        let waiting: Vec<_> = all.filter(waits).map(Arc::clone).collect();
        for definition in waiting {
            let mut conversation = Conversation::default();
            let mut context = Context::new((now, ids), &mut conversation);
            // One that cannot be stored waits on.
            let _: Result<(), Status> =
                self.wholly(|kernel| kernel.establish(&served, &definition, &mut context));
        }
    }

    /// Refuses a new instance, of this name if any, of a definition that is being deleted.
    ///
    /// Source: apiextensions-apiserver v0.34.3, pkg/apiserver/customresource_handler.go, `forbidCreateAdmission`.
    pub(super) fn admit_instance(&self, served: &Served, name: &str) -> Result<(), Status> {
        let definition = self.definition_of(served);
        if !definition.is_some_and(|definition| definition.is_terminating()) {
            return Ok(());
        }
        let why = "create not allowed while custom resource definition is terminating";
        Err(Status::forbidden(&served.kind.resource(), name, why))
    }

    /// Takes note of what was just stored: a policy, what does not last, a definition, whose kinds are then served or
    /// whose instances are cleared.
    pub(super) fn after_write(
        &mut self,
        served: &Served,
        stored: &Arc<Object>,
        context: &mut Context,
    ) {
        Policies::learn(&mut self.policies, served, stored);
        Webhooks::learn(&mut self.webhooks, served, stored);
        self.expiries.learn(served, stored, context.now);
        if !is_definition(served) {
            return;
        }
        let group = field(&stored.value()["spec"], "group");
        self.register_versions(group, (context.now, &mut *context.ids));
        if !stored.is_terminating() {
            // One that is yet to be established keeps its kinds until then.
            let is_established = is_established(stored.value());
            let kinds = is_established.then(|| context.defined.take());
            self.serve(stored, kinds.flatten());
            return;
        }
        let instances = self.instances(stored);
        let remaining = match instances {
            Some(served) => self.clear(&served, context.now),
            None => 0,
        };
        if remaining == 0 {
            self.finish_definition(stored, context.now);
        } else {
            self.continue_cleanup(served, stored, context.now);
        }
    }

    /// Says of a definition whose instances are being deleted that they are, in a write of its own.
    ///
    /// Source: apiextensions-apiserver v0.34.3, pkg/controller/finalizer/crd_finalizer.go.
    fn continue_cleanup(&mut self, served: &Served, stored: &Object, now: Timestamp) {
        if !conditions(stored.value()).any(|condition| condition["reason"] == PENDING) {
            return;
        }
        let mut value = stored.value().clone();
        let message = "CustomResource deletion is in progress";
        set_terminating(&mut value, now, "InstanceDeletionInProgress", message);
        let writer = Writer {
            manager: "kube-apiserver",
            api_version: &served.kind.api_version(),
            subresource: "status",
            now,
        };
        let schema = &served.kind.schema;
        track_update(Some(stored.value()), &mut value, &writer, schema);
        self.log.put(served.table, value);
    }

    /// What the end of an object ends with it: the kinds of a definition, the cleanup of one, the logs of a pod.
    pub(super) fn after_erase(&mut self, served: &Served, last: &Arc<Object>, now: Timestamp) {
        Policies::forget(&mut self.policies, served, last);
        Webhooks::forget(&mut self.webhooks, served, last);
        if is_definition(served) {
            self.unserve(last);
            self.unregister_versions(field(&last.value()["spec"], "group"), now);
        } else if served.kind.origin == Origin::Custom {
            let definition = self.definition_of(served).cloned();
            if let Some(definition) = definition.filter(|d| d.is_terminating())
                && self.log.objects(served.table).is_empty()
            {
                self.finish_definition(&definition, now);
            }
        } else if served.kind.kind == "Pod" {
            self.pod_logs.remove(&last.key());
        }
    }

    /// Serves what a definition describes; its kinds are read if nobody has them yet.
    pub(super) fn serve(&mut self, definition: &Object, kinds: Option<Vec<Kind>>) {
        let spec = &definition.value()["spec"];
        let group = field(spec, "group");
        let plural = field(&spec["names"], "plural");
        Arc::make_mut(&mut self.registry).withdraw(group, plural);
        if !is_established(definition.value()) {
            return;
        }
        let table = self.definition_table(definition.name());
        Conversions::learn(&mut self.conversions, table, definition);
        let conversion = match is_by_webhook(spec) {
            true => Conversion::Webhook,
            false => Conversion::None,
        };
        // What is stored was accepted once, so that its rules may cost what they do.
        let accepted = || schema::definition::define(definition.value(), Some(definition.value()));
        let described = kinds.or_else(|| accepted().ok());
        let described = described.unwrap_or_default();
        let fits_since = (described.len() == 1).then_some(definition.revision());
        for kind in described {
            Arc::make_mut(&mut self.registry).insert(Served {
                kind: Arc::new(kind),
                table,
                behaviour: Behaviour::CUSTOM,
                conversion,
                fits_since,
            });
        }
    }

    fn unserve(&mut self, definition: &Object) {
        let spec = &definition.value()["spec"];
        Arc::make_mut(&mut self.registry)
            .withdraw(field(spec, "group"), field(&spec["names"], "plural"));
        let tables = Arc::make_mut(&mut self.definition_tables);
        if let Some(table) = tables.remove(definition.name()) {
            self.log.close(table);
            Conversions::forget(&mut self.conversions, table);
        }
    }

    fn finish_definition(&mut self, definition: &Arc<Object>, now: Timestamp) {
        let mut value = definition.value().clone();
        let metadata = metadata_mut(&mut value);
        let left: Vec<Value> = texts(&definition.value()["metadata"]["finalizers"])
            .into_iter()
            .filter(|name| *name != CLEANUP)
            .map(Value::from)
            .collect();
        let is_free = left.is_empty();
        if is_free {
            metadata.remove("finalizers");
        } else {
            metadata.insert("finalizers", left.into());
        }
        let definitions = Arc::clone(self.definitions());
        if is_free {
            self.erase(&definitions, &definition.key(), value, now);
        } else if value != *definition.value() {
            self.log.put(definitions.table, value);
        }
    }

    fn definition_table(&mut self, name: &str) -> TableId {
        if let Some(table) = self.definition_tables.get(name) {
            return *table;
        }
        let table = self.log.open();
        Arc::make_mut(&mut self.definition_tables).insert(name.to_owned(), table);
        table
    }

    pub(super) fn definitions(&self) -> &Arc<Served> {
        self.registry
            .get("apiextensions.k8s.io", "v1", "customresourcedefinitions")
    }

    fn definition_of(&self, served: &Served) -> Option<&Arc<Object>> {
        if served.kind.origin == Origin::BuiltIn {
            return None;
        }
        let key = Key::new("", &served.kind.resource().to_string());
        self.log.get(self.definitions().table, &key)
    }

    /// One served version of a definition; its objects are those of all.
    fn instances(&self, definition: &Object) -> Option<Arc<Served>> {
        let table = self.definition_tables.get(definition.name())?;
        self.registry.all().find(|s| s.table == *table).cloned()
    }

    /// Whether no other resource of the group has one of the names; otherwise reason and message.
    fn accept_names(&self, value: &Value, old: Option<&Value>) -> Result<(), Refusal> {
        let spec = &value["spec"];
        let names = &spec["names"];
        let plural = field(names, "plural");
        let own = old.map_or(plural, |old| field(&old["spec"]["names"], "plural"));
        let others = |test: &dyn Fn(&Kind) -> bool| {
            self.registry.all().any(|served| {
                let kind = &served.kind;
                kind.group == field(spec, "group") && kind.plural != own && test(kind)
            })
        };
        let taken = |name: &str, kind: &Kind| {
            kind.plural == name
                || kind.singular == name
                || kind.short_names.iter().any(|s| s == name)
        };
        let mut resources = vec![
            ("PluralConflict", plural),
            ("SingularConflict", field(names, "singular")),
        ];
        resources.extend(
            texts(&names["shortNames"])
                .into_iter()
                .map(|s| ("ShortNamesConflict", s)),
        );
        for (reason, name) in resources {
            if others(&|kind| taken(name, kind)) {
                return Err(Refusal::new(reason, name));
            }
        }
        let of_kind = |name: &str, kind: &Kind| kind.kind == name || kind.list_kind == name;
        for (reason, name) in [
            ("KindConflict", field(names, "kind")),
            ("ListKindConflict", field(names, "listKind")),
        ] {
            if others(&|kind| of_kind(name, kind)) {
                return Err(Refusal::new(reason, name));
            }
        }
        Ok(())
    }
}

/// Why names are not accepted.
struct Refusal {
    reason: &'static str,
    message: String,
}

impl Refusal {
    fn new(reason: &'static str, name: &str) -> Self {
        Self {
            reason,
            message: format!("{name:?} is already in use"),
        }
    }
}

/// Takes the versions that a definition is stored in out of it: the server tells them, and nobody owns them.
pub(super) fn take_stored_versions(served: &Served, value: &mut Value) -> Option<Value> {
    let status = value.get_mut("status").filter(|_| is_definition(served));
    status?.as_object_mut()?.remove("storedVersions")
}

/// Marks a definition whose deletion has begun.
pub(super) fn begin_cleanup(value: &mut Value, now: Timestamp) {
    let metadata = metadata_mut(value);
    let finalizers = metadata.entry("finalizers").or_insert_with(|| json!([]));
    if let Some(list) = finalizers.as_array_mut() {
        list.push(CLEANUP.into());
    }
    let message =
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    set_terminating(value, now, PENDING, message);
}

fn set_terminating(value: &mut Value, now: Timestamp, reason: &str, message: &str) {
    let condition =
        json!({"type": "Terminating", "status": "True", "reason": reason, "message": message});
    set_condition(value, now, &condition);
}

/// Whether a resource is that of definitions.
pub(super) fn is_definition(served: &Served) -> bool {
    served.kind.kind == "CustomResourceDefinition" && served.kind.origin == Origin::BuiltIn
}

fn is_established(definition: &Value) -> bool {
    conditions(definition).any(|c| c["type"] == "Established" && c["status"] == "True")
}

fn conditions(definition: &Value) -> impl Iterator<Item = &Value> {
    definition["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
}

fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn set_conditions(value: &mut Value, accepted: &Result<(), Refusal>, now: Timestamp) {
    if !value["status"].is_object() {
        value["status"] = json!({"conditions": [], "storedVersions": []});
    }
    let was_established = is_established(value);
    let (names, established) = match accepted {
        Ok(()) => (
            json!({"type": "NamesAccepted", "status": "True", "reason": "NoConflicts", "message": "no conflicts found"}),
            Some(
                json!({"type": "Established", "status": "True", "reason": "InitialNamesAccepted", "message": "the initial names have been accepted"}),
            ),
        ),
        Err(refusal) => (
            json!({"type": "NamesAccepted", "status": "False", "reason": refusal.reason, "message": refusal.message}),
            (!was_established).then(|| {
                json!({"type": "Established", "status": "False", "reason": "NotAccepted", "message": "not all names are accepted"})
            }),
        ),
    };
    set_condition(value, now, &names);
    if let Some(established) = established {
        set_condition(value, now, &established);
    }
}

/// Sets a condition; its transition time stays where its status does.
fn set_condition(value: &mut Value, now: Timestamp, condition: &Value) {
    if !value["status"]["conditions"].is_array() {
        value["status"]["conditions"] = json!([]);
    }
    let mut new = condition.clone();
    new["lastTransitionTime"] = seconds(now).into();
    let Some(list) = value["status"]["conditions"].as_array_mut() else {
        return;
    };
    match list.iter_mut().find(|c| c["type"] == condition["type"]) {
        Some(present) => {
            if present["status"] == new["status"] {
                new["lastTransitionTime"] = present["lastTransitionTime"].clone();
            }
            *present = new;
        }
        None => list.push(new),
    }
}
