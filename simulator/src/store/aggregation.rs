//! ClusterRoles whose rules are those of others: they follow every write of a ClusterRole at once.
//!
//! Source: kubernetes v1.34 `pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go`.

use std::sync::Arc;

use super::kernel::{Context, Kernel};
use super::object::Object;
use super::registry::Served;
use super::request::{Part, PatchBody, PatchKind, Request, Verb, WriteOptions};
use super::selector::LabelSelector;
use crate::access::User;
use crate::json::{Value, json};

const GROUP: &str = "rbac.authorization.k8s.io";
const MANAGER: &str = "clusterrole-aggregation-controller";
/// How often roles are gathered that gather each other.
const N_ROUNDS_MAX: usize = 16;

/// Whether a write of this resource may change what is gathered.
pub(super) fn is_gathered(served: &Served) -> bool {
    served.kind.group == GROUP && served.kind.plural == "clusterroles"
}

impl Kernel {
    /// Gives every ClusterRole with an `aggregationRule` the rules of those that it selects.
    pub(super) fn gather_roles(&mut self, context: &mut Context) {
        let served = Arc::clone(self.registry.get(GROUP, "v1", "clusterroles"));
        for _ in 0..N_ROUNDS_MAX {
            let behind = self.roles_behind(&served);
            if behind.is_empty() {
                return;
            }
            for (name, rules) in behind {
                if !self.give_rules(&served, &name, rules, context) {
                    return;
                }
            }
        }
    }

    /// The roles whose rules are not those that they gather, with what they gather.
    fn roles_behind(&self, served: &Served) -> Vec<(String, Vec<Value>)> {
        let roles = self.log.objects(served.table);
        let gathered = roles.values().filter_map(|role| {
            let selectors = role.value()["aggregationRule"]["clusterRoleSelectors"].as_array()?;
            let others = || roles.values().filter(|other| other.name() != role.name());
            let rules = gathered(selectors, others);
            let present = role.value()["rules"].as_array();
            let is_behind = present.map_or(&[][..], Vec::as_slice) != rules.as_slice();
            is_behind.then(|| (role.name().to_owned(), rules))
        });
        gathered.collect()
    }

    /// Writes what a role gathers; `false` if that was refused, as it is of a role that would become too large.
    fn give_rules(
        &mut self,
        served: &Arc<Served>,
        name: &str,
        rules: Vec<Value>,
        context: &mut Context,
    ) -> bool {
        let request = Request {
            actor: Arc::from(MANAGER),
            user: Arc::new(User::admin()),
            served: Arc::clone(served),
            namespace: String::new(),
            name: name.to_owned(),
            part: Part::Whole,
            verb: Verb::Get(None),
        };
        let options = WriteOptions {
            field_manager: MANAGER.to_owned(),
            force: true,
            ..WriteOptions::default()
        };
        let config = json!({
            "apiVersion": served.kind.api_version(), "kind": served.kind.kind,
            "metadata": {"name": name}, "rules": rules,
        });
        let body = PatchBody::Value(config);
        self.patch(&request, (PatchKind::Apply, &body), &options, context)
            .is_ok()
    }
}

/// The rules of all roles that one of the selectors selects, each rule once.
fn gathered<'a, I>(selectors: &[Value], roles: impl Fn() -> I) -> Vec<Value>
where
    I: Iterator<Item = &'a Arc<Object>>,
{
    let mut rules: Vec<Value> = Vec::new();
    for selector in selectors {
        let selector = LabelSelector::read(selector);
        let selected = roles().filter(|role| {
            let labels = role.value()["metadata"]["labels"].as_object();
            selector.selects(labels)
        });
        for rule in selected
            .filter_map(|role| role.value()["rules"].as_array())
            .flatten()
        {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
    }
    rules
}
