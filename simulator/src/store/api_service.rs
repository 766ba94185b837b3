//! APIServices of the versions that definitions serve, which come and go with them.
//!
//! Simplified: they do so at once, and nobody puts back what somebody else deletes.
//!
//! Source: kubernetes v1.34 `pkg/controlplane/controller/crdregistration/crdregistration_controller.go`; kube-aggregator
//! v0.34.3, pkg/controllers/autoregister/autoregister_controller.go and pkg/registry/apiservice/strategy.go.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::kernel::Kernel;
use super::metadata::seconds;
use super::object::{Key, Object};
use super::registry::Served;
use crate::ids::Ids;
use crate::json::{Value, json};

/// Marks an APIService that the server looks after.
const MANAGED: &str = "kube-aggregator.kubernetes.io/automanaged";
/// The APIService of the core group, without which a cluster keeps none.
const CORE: &str = "v1.";

impl Kernel {
    /// Makes an APIService for each version of a group that definitions serve and that has none, and takes away those of
    /// others.
    pub(super) fn register_versions(&mut self, group: &str, (now, ids): (Timestamp, &mut Ids)) {
        let services = Arc::clone(self.api_services());
        let is_there = |kernel: &Self, name: &str| {
            let found = kernel.log.get(services.table, &Key::new("", name));
            found.is_some()
        };
        if !is_there(self, CORE) {
            return;
        }
        for version in self.versions_of(group) {
            let name = format!("{version}.{group}");
            if !is_there(self, &name) {
                let service = api_service(group, &version, now);
                self.begin_with_one(("apiservices", &name), service, (now, &mut *ids));
            }
        }
        self.unregister_versions(group, now);
    }

    /// Registers the versions of all groups.
    pub(super) fn register_all_versions(&mut self, (now, ids): (Timestamp, &mut Ids)) {
        let definitions = self.log.objects(self.definitions().table).values();
        let groups = definitions.filter_map(|definition| group_of(definition));
        let groups: BTreeSet<String> = groups.map(str::to_owned).collect();
        for group in groups {
            self.register_versions(&group, (now, &mut *ids));
        }
    }

    /// Takes away the APIServices of the versions of a group that no definition serves any more.
    pub(super) fn unregister_versions(&mut self, group: &str, now: Timestamp) {
        let services = Arc::clone(self.api_services());
        let wanted = self.versions_of(group);
        let is_over = |service: &Object| {
            let (spec, labels) = (
                &service.value()["spec"],
                &service.value()["metadata"]["labels"],
            );
            let version = spec["version"].as_str().unwrap_or_default();
            spec["group"] == group && labels[MANAGED] == "true" && !wanted.contains(version)
        };
        let all = self.log.objects(services.table).values();
        let over: Vec<Arc<Object>> = all.filter(|service| is_over(service)).cloned().collect();
        for service in over {
            self.erase(&services, &service.key(), service.value().clone(), now);
        }
    }

    fn api_services(&self) -> &Arc<Served> {
        self.registry
            .get("apiregistration.k8s.io", "v1", "apiservices")
    }

    /// The versions of a group that definitions serve, established or not.
    fn versions_of(&self, group: &str) -> BTreeSet<String> {
        let definitions = self.log.objects(self.definitions().table).values();
        let of_group = definitions.filter(|definition| group_of(definition) == Some(group));
        let versions = of_group.flat_map(|definition| {
            let versions = definition.value()["spec"]["versions"].as_array();
            versions.into_iter().flatten()
        });
        let served = versions.filter(|version| version["served"] == true);
        let names = served.filter_map(|version| version["name"].as_str());
        names.map(str::to_owned).collect()
    }
}

fn group_of(definition: &Object) -> Option<&str> {
    definition.value()["spec"]["group"].as_str()
}

fn api_service(group: &str, version: &str, now: Timestamp) -> Value {
    json!({
        "labels": {MANAGED: "true"},
        "spec": {"group": group, "version": version, "groupPriorityMinimum": 1_000, "versionPriority": 100},
        "status": {"conditions": [{
            "type": "Available", "status": "True", "lastTransitionTime": seconds(now), "reason": "Local",
            "message": "Local APIServices are always available",
        }]},
    })
}
