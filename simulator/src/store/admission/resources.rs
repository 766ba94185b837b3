//! Which writes a policy or a binding is about.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/policy/matching/matching.go and
//! pkg/admission/plugin/webhook/predicates.

use std::sync::Arc;

use super::target::Target;
use crate::json::Value;
use crate::store::object::texts;
use crate::store::registry::Served;
use crate::store::selector::LabelSelector;

/// `matchConstraints` or `matchResources`.
#[derive(Debug)]
pub(in crate::store) struct Resources {
    namespaces: LabelSelector,
    objects: LabelSelector,
    /// Whether other versions of a resource do not count.
    is_exact: bool,
    /// Whether there are no rules, and every request counts.
    is_any: bool,
    rules: Vec<Rule>,
    excluded: Vec<Rule>,
}

/// A kind of requests; `*` is any.
#[derive(Debug)]
struct Rule {
    groups: Vec<String>,
    versions: Vec<String>,
    operations: Vec<String>,
    /// Resource and subresource.
    resources: Vec<(String, String)>,
    scope: Scope,
    /// Empty for any.
    names: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Any,
    Cluster,
    Namespaced,
}

impl Resources {
    /// Reads what validation has passed.
    pub(in crate::store) fn read(value: &Value) -> Self {
        let is_any = value["resourceRules"].as_array().is_none_or(Vec::is_empty);
        Self {
            is_any,
            ..Self::with_rules(value, "resourceRules")
        }
    }

    /// Those of a webhook, which is about nothing without rules.
    pub(in crate::store) fn of_webhook(hook: &Value) -> Self {
        Self::with_rules(hook, "rules")
    }

    fn with_rules(value: &Value, field: &str) -> Self {
        let rules = |field: &str| {
            let rules = value[field].as_array().into_iter().flatten();
            rules.map(Rule::read).collect()
        };
        Self {
            is_any: false,
            namespaces: LabelSelector::read(&value["namespaceSelector"]),
            objects: LabelSelector::read(&value["objectSelector"]),
            is_exact: value["matchPolicy"] == "Exact",
            rules: rules(field),
            excluded: rules("excludeResourceRules"),
        }
    }

    /// The version of the resource as which the write is meant; `None` if it is not.
    pub(in crate::store) fn matched(&self, target: &Target) -> Option<Arc<Served>> {
        if !self.selects_namespace(target)
            || !self.selects_object(target)
            || self.ruled(&self.excluded, target).is_some()
        {
            return None;
        }
        if self.is_any {
            return Some(Arc::clone(&target.attempt.request.served));
        }
        self.ruled(&self.rules, target)
    }

    /// What lies in no namespace is always selected.
    fn selects_namespace(&self, target: &Target) -> bool {
        target.attempt.namespace().is_empty()
            || self.namespaces.is_empty()
            || self.namespaces.selects(target.namespace_labels())
    }

    fn selects_object(&self, target: &Target) -> bool {
        let mut labels = target.labels().into_iter().flatten();
        self.objects.is_empty() || labels.any(|labels| self.objects.selects(labels))
    }

    /// The first version of the resource that one of `rules` is about.
    fn ruled(&self, rules: &[Rule], target: &Target) -> Option<Arc<Served>> {
        let n_versions = if self.is_exact {
            1
        } else {
            target.versions.len()
        };
        let own = rules
            .iter()
            .find_map(|rule| rule.meant(target, &target.versions[..1]));
        own.or_else(|| {
            let others = &target.versions[1..n_versions];
            rules.iter().find_map(|rule| rule.meant(target, others))
        })
        .map(Arc::clone)
    }
}

impl Rule {
    fn read(value: &Value) -> Self {
        let list = |field: &str| {
            let texts = texts(&value[field]).into_iter();
            texts.map(str::to_owned).collect::<Vec<_>>()
        };
        let resources = texts(&value["resources"]).into_iter().map(|resource| {
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            (resource.to_owned(), subresource.to_owned())
        });
        Self {
            groups: list("apiGroups"),
            versions: list("apiVersions"),
            operations: list("operations"),
            resources: resources.collect(),
            scope: match value["scope"].as_str() {
                Some("Cluster") => Scope::Cluster,
                Some("Namespaced") => Scope::Namespaced,
                _ => Scope::Any,
            },
            names: list("resourceNames"),
        }
    }

    /// The first of `versions` that it is about.
    fn meant<'v>(&self, target: &Target, versions: &'v [Arc<Served>]) -> Option<&'v Arc<Served>> {
        let attempt = target.attempt;
        let is_named = self.names.is_empty() || self.names.iter().any(|name| name == attempt.name);
        let is_asked = is_named
            && self.is_in_scope(target)
            && holds(&self.operations, attempt.operation.name());
        let mut versions = versions.iter();
        versions.find(|served| is_asked && self.names_resource(target, served))
    }

    fn names_resource(&self, target: &Target, served: &Served) -> bool {
        let (kind, part) = (&served.kind, target.attempt.request.part.subresource());
        let is_it = |wanted: &str, asked: &str| wanted == "*" || wanted == asked;
        holds(&self.groups, &kind.group)
            && holds(&self.versions, &kind.version)
            && self.resources.iter().any(|(resource, subresource)| {
                is_it(resource, &kind.plural) && is_it(subresource, part)
            })
    }

    fn is_in_scope(&self, target: &Target) -> bool {
        let attempt = target.attempt;
        let is_wide = attempt.is_of_namespaces() || attempt.namespace().is_empty();
        match self.scope {
            Scope::Any => true,
            Scope::Cluster => is_wide,
            Scope::Namespaced => !is_wide,
        }
    }
}

/// Whether a list holds a text, or whatever there is.
fn holds(list: &[String], wanted: &str) -> bool {
    list.iter().any(|text| text == "*" || text == wanted)
}
