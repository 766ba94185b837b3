//! What breaks off half way is undone, so that a fault of this program costs one request and not the cluster.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::conversion::Conversions;
use super::kernel::Kernel;
use super::log::TableId;
use super::policy::Policies;
use super::registry::Registry;
use super::webhook::Webhooks;

/// What there was before a request. Taking it copies nothing; the log undoes its events one by one.
struct Savepoint {
    revision: u64,
    registry: Arc<Registry>,
    definition_tables: Arc<BTreeMap<String, TableId>>,
    policies: Arc<Policies>,
    webhooks: Arc<Webhooks>,
    conversions: Arc<Conversions>,
}

impl Kernel {
    /// Does `work` wholly or, if it panics, not at all. What containers printed is not given back to pods that were
    /// deleted on the way.
    ///
    /// # Panics
    /// If `work` does, after all that it did is undone.
    pub(super) fn wholly<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.savepoint();
        match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(done) => done,
            Err(panic) => {
                self.return_to(before);
                resume_unwind(panic)
            }
        }
    }

    fn savepoint(&self) -> Savepoint {
        Savepoint {
            revision: self.log.revision(),
            registry: Arc::clone(&self.registry),
            definition_tables: Arc::clone(&self.definition_tables),
            policies: Arc::clone(&self.policies),
            webhooks: Arc::clone(&self.webhooks),
            conversions: Arc::clone(&self.conversions),
        }
    }

    fn return_to(&mut self, before: Savepoint) {
        self.log.take_back(before.revision);
        self.expiries.take_back(before.revision);
        for table in before.definition_tables.values() {
            self.log.reopen(*table);
        }
        self.registry = before.registry;
        self.definition_tables = before.definition_tables;
        self.policies = before.policies;
        self.webhooks = before.webhooks;
        self.conversions = before.conversions;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::User;
    use crate::clock::EPOCH;
    use crate::ids::Ids;
    use crate::json::{Value, json};
    use crate::store::request::{DeleteOptions, Part, Request, Verb, WriteOptions};

    type Resource = (&'static str, &'static str, &'static str);

    const MAPS: Resource = ("", "v1", "configmaps");
    const DEFINITIONS: Resource = ("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    const BINDINGS: Resource = (
        "admissionregistration.k8s.io",
        "v1",
        "validatingadmissionpolicybindings",
    );
    const WIDGETS: Resource = ("e.x", "v1", "widgets");
    const GADGETS: Resource = ("e.x", "v1", "gadgets");

    fn ask(kernel: &mut Kernel, resource: Resource, name: &str, verb: Verb) {
        let (group, version, plural) = resource;
        let served = Arc::clone(kernel.registry().get(group, version, plural));
        let is_cluster_wide = [DEFINITIONS, BINDINGS].contains(&resource);
        let request = Request {
            actor: Arc::from("test"),
            user: Arc::new(User::admin()),
            served,
            namespace: if is_cluster_wide { "" } else { "default" }.to_owned(),
            name: name.to_owned(),
            part: Part::Whole,
            verb,
        };
        let done = kernel.apply(request, EPOCH, &mut Ids::new(1));
        assert!(done.is_ok(), "{:?}", done.err());
    }

    fn create(kernel: &mut Kernel, resource: Resource, value: Value) {
        let verb = Verb::Create(value, WriteOptions::default());
        ask(kernel, resource, "", verb);
    }

    fn delete(kernel: &mut Kernel, resource: Resource, name: &str) {
        ask(
            kernel,
            resource,
            name,
            Verb::Delete(DeleteOptions::default()),
        );
    }

    fn definition(plural: &str, kind: &str) -> Value {
        json!({"metadata": {"name": format!("{plural}.e.x")}, "spec": {
            "group": "e.x", "scope": "Namespaced", "names": {"plural": plural, "kind": kind},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}}}],
        }})
    }

    fn binding(name: &str) -> Value {
        json!({"metadata": {"name": name}, "spec": {"policyName": "p", "validationActions": ["Deny"]}})
    }

    fn begun() -> Kernel {
        let mut kernel = Kernel::new();
        kernel.found(EPOCH, &mut Ids::new(1));
        create(&mut kernel, DEFINITIONS, definition("widgets", "Widget"));
        create(
            &mut kernel,
            WIDGETS,
            json!({"apiVersion": "e.x/v1", "kind": "Widget", "metadata": {"name": "w"}}),
        );
        create(&mut kernel, MAPS, json!({"metadata": {"name": "m"}}));
        create(&mut kernel, BINDINGS, binding("a"));
        kernel
    }

    /// Writes of every sort: objects come, go and are replaced, and so do kinds and what policies go by.
    fn work(kernel: &mut Kernel) {
        create(kernel, DEFINITIONS, definition("gadgets", "Gadget"));
        create(
            kernel,
            GADGETS,
            json!({"apiVersion": "e.x/v1", "kind": "Gadget", "metadata": {"name": "g"}}),
        );
        let labelled = json!({"metadata": {"name": "m", "labels": {"a": "b"}}});
        let update = Verb::Update(labelled, WriteOptions::default());
        ask(kernel, MAPS, "m", update);
        delete(kernel, MAPS, "m");
        create(kernel, MAPS, json!({"metadata": {"name": "m"}}));
        delete(kernel, DEFINITIONS, "widgets.e.x");
        delete(kernel, BINDINGS, "a");
        create(kernel, BINDINGS, binding("b"));
    }

    /// Everything that a client can see, in words.
    fn picture(kernel: &Kernel) -> Vec<String> {
        let log = kernel.log();
        let state = format!("{} {:?}", log.revision(), kernel.policies);
        let tables = kernel.registry().all().flat_map(|served| {
            let objects = log.objects(served.table).values();
            let objects = objects.map(|object| format!("{:?}", object.encoded()));
            let events = log.events_after(served.table, 0);
            let events = events.map(|event| format!("{} {:?}", event.deleted, event.new.encoded()));
            let name = format!("{} {}", served.kind.resource(), log.is_closed(served.table));
            [name]
                .into_iter()
                .chain(objects)
                .chain(events)
                .collect::<Vec<_>>()
        });
        [state].into_iter().chain(tables).collect()
    }

    #[test]
    fn what_breaks_off_is_as_if_it_had_never_begun() {
        let mut kernel = begun();
        let broken = catch_unwind(AssertUnwindSafe(|| {
            kernel.wholly(|kernel| {
                work(kernel);
                panic!("at the very end");
            });
        }));
        assert!(broken.is_err());
        assert_eq!(picture(&kernel), picture(&begun()));
        let mut other = begun();
        work(&mut kernel);
        work(&mut other);
        assert_eq!(picture(&kernel), picture(&other));
    }
}
