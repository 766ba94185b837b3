//! CustomResourceDefinitions: what they become when stored, and the kinds they make and unmake.
//!
//! Source: `spec/kube-api.md` §1.18.

use std::sync::Arc;

use jiff::Timestamp;

use super::conversion::{Conversions, is_by_webhook};
use super::establishment::set_condition;
use super::kernel::{Context, Kernel};
use super::kind::{Kind, Origin};
use super::log::TableId;
use super::metadata::seconds;
use super::object::{Key, Object, metadata_mut, texts};
use super::policy::Policies;
use super::registry::{Behaviour, Conversion, Served};
use super::schema;
use super::status::Status;
use super::webhook::Webhooks;
use crate::json::{Value, json};

/// Holds a definition until its instances are gone.
pub(super) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

impl Kernel {
    /// Fills in what the server adds to a definition; other kinds stay as they are.
    pub(super) fn prepare_definition(
        &self,
        served: &Served,
        value: &mut Value,
        old: Option<&Value>,
    ) {
        if !is_definition(served) {
            return;
        }
        schema::definition::set_defaults(value);
        if old.is_none() {
            // Nobody has looked at it yet.
            value["status"]["acceptedNames"] = json!({"kind": "", "plural": ""});
            value["status"]["conditions"] = Value::Null;
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
        self.end_definition(stored, context.now);
    }

    /// What the end of an object ends with it: the kinds of a definition, the cleanup of one, the logs of a pod.
    pub(super) fn after_erase(&mut self, served: &Served, last: &Arc<Object>, now: Timestamp) {
        Policies::forget(&mut self.policies, served, last);
        Webhooks::forget(&mut self.webhooks, served, last);
        if is_definition(served) {
            self.unserve(last);
            self.unregister_versions(field(&last.value()["spec"], "group"), now);
            self.reconsider_names(last, now);
        } else if served.kind.origin == Origin::Custom {
            let definition = self.definition_of(served).cloned();
            if let Some(definition) = definition.filter(|d| d.is_terminating())
                && self.log.objects(served.table).is_empty()
            {
                self.finish_definition(&definition.key(), now);
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
        for mut kind in described {
            let accepted = &definition.value()["status"]["acceptedNames"];
            name_as_accepted(&mut kind, accepted);
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
    pub(super) fn instances(&self, definition: &Object) -> Option<Arc<Served>> {
        let table = self.definition_tables.get(definition.name())?;
        self.registry.all().find(|s| s.table == *table).cloned()
    }
}

/// Gives a kind the names that were accepted, which stay until others are.
fn name_as_accepted(kind: &mut Kind, accepted: &Value) {
    let lists = |name: &str| texts(&accepted[name]).into_iter().map(str::to_owned);
    kind.singular = field(accepted, "singular").to_owned();
    kind.list_kind = field(accepted, "listKind").to_owned();
    kind.short_names = lists("shortNames").collect();
    kind.categories = lists("categories").collect();
}

/// Takes the versions that a definition is stored in out of it: the server tells them, and nobody owns them.
pub(super) fn take_stored_versions(served: &Served, value: &mut Value) -> Option<Value> {
    let status = value.get_mut("status").filter(|_| is_definition(served));
    status?.as_object_mut()?.remove("storedVersions")
}

/// Marks a definition whose deletion has begun: unlike others it neither counts that nor waits for a while.
///
/// Source: apiextensions-apiserver v0.34.3, pkg/registry/customresourcedefinition/etcd.go, `Delete`.
pub(super) fn begin_cleanup(value: &mut Value, now: Timestamp) {
    let metadata = metadata_mut(value);
    metadata.insert("deletionTimestamp", seconds(now).into());
    let finalizers = metadata.entry("finalizers").or_insert_with(|| json!([]));
    if let Some(list) = finalizers.as_array_mut()
        && !list.iter().any(|name| name == CLEANUP)
    {
        list.push(CLEANUP.into());
    }
    let why =
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    let pending = ("Terminating", "True", "InstanceDeletionPending", why);
    set_condition(value, now, pending);
}

/// Whether a resource is that of definitions.
pub(super) fn is_definition(served: &Served) -> bool {
    served.kind.kind == "CustomResourceDefinition" && served.kind.origin == Origin::BuiltIn
}

pub(super) fn is_established(definition: &Value) -> bool {
    conditions(definition).any(|c| c["type"] == "Established" && c["status"] == "True")
}

pub(super) fn conditions(definition: &Value) -> impl Iterator<Item = &Value> {
    definition["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
}

pub(super) fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
