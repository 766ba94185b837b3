//! Nobody grants more than they hold: roles and bindings that would are refused.
//!
//! Source: `spec/kube-api.md` §1.21; kubernetes v1.34 `pkg/registry/rbac/escalation_check.go` and the storages beside it.

use super::kernel::Kernel;
use super::metadata::text;
use super::object::metadata_mut;
use super::request::Request;
use super::status::Status;
use crate::access::{Policy, Question, ResourceQuestion, Verdict, escalation};
use crate::json::Value;

const GROUP: &str = "rbac.authorization.k8s.io";
/// What the garbage collector changes of an object that it is about to delete.
const COLLECTED: [&str; 3] = ["finalizers", "managedFields", "ownerReferences"];

impl Kernel {
    /// Refuses a role, or a binding to one, that grants more than the user of the request holds.
    pub(super) fn admit_grant(
        &self,
        request: &Request,
        new: &mut Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let kind = &request.served.kind;
        let is_grant = kind.group == GROUP && !request.user.is_master();
        if !is_grant || old.is_some_and(|old| changes_for_collection(new, old)) {
            return Ok(());
        }
        let why = match kind.kind.as_str() {
            "Role" | "ClusterRole" => self.role_fault(request, new, old),
            "RoleBinding" | "ClusterRoleBinding" => self.binding_fault(request, new)?,
            _ => None,
        };
        let Some(why) = why else {
            return Ok(());
        };
        let name = text(metadata_mut(new), "name").to_owned();
        Err(Status::forbidden(&kind.resource(), &name, &why))
    }

    /// Refuses a PUT or an apply that makes an object for a user who may make none.
    ///
    /// Source: apiserver v0.34.3, pkg/endpoints/handlers/rest.go and create.go, `withAuthorization`.
    pub(super) fn permit_creation(&self, request: &Request) -> Result<(), Status> {
        if request.name.is_empty() || request.user.is_master() {
            return Ok(());
        }
        let kind = &request.served.kind;
        let question = Question::Resource(ResourceQuestion {
            verb: "create".to_owned(),
            group: kind.group.clone(),
            resource: kind.plural.clone(),
            subresource: String::new(),
            namespace: request.namespace.clone(),
            name: request.name.clone(),
        });
        match Policy::of(self).decide(&request.user, &question) {
            Verdict::Allowed(_) => Ok(()),
            Verdict::Denied(why) => Err(question.denial(&request.user, &why)),
        }
    }

    fn role_fault(&self, request: &Request, new: &Value, old: Option<&Value>) -> Option<String> {
        let plural = &request.served.kind.plural;
        if self.may(request, "escalate", plural, &request.name) {
            return None;
        }
        let rules = new["rules"].as_array().into_iter().flatten();
        let policy = Policy::of(self);
        let why = policy.escalation(&request.user, &request.namespace, rules);
        if why.is_some() {
            return why;
        }
        let gathers = |role: &Value| {
            let selectors = role["aggregationRule"]["clusterRoleSelectors"].as_array();
            selectors.is_some_and(|selectors| !selectors.is_empty())
        };
        if !gathers(new) && !old.is_some_and(gathers) {
            return None;
        }
        policy
            .escalation(&request.user, "", &escalation::everything())
            .map(|_| "must have cluster-admin privileges to use the aggregationRule".to_owned())
    }

    fn binding_fault(&self, request: &Request, new: &Value) -> Result<Option<String>, Status> {
        let role = &new["roleRef"];
        let field = |name: &str| role[name].as_str().unwrap_or_default();
        let (kind, name) = (field("kind"), field("name"));
        let plural = match kind {
            "Role" => "roles",
            "ClusterRole" => "clusterroles",
            _ => "",
        };
        if !plural.is_empty() && self.may(request, "bind", plural, name) {
            return Ok(None);
        }
        let policy = Policy::of(self);
        let rules = policy
            .role(kind, name, &request.namespace)
            .map_err(|why| match plural {
                "" => Status::bare_internal(&why),
                _ => Status::not_found(&request.served.kind.resource(), name),
            })?;
        Ok(policy.escalation(&request.user, &request.namespace, rules))
    }

    /// Whether the user may do what lets him grant anything.
    fn may(&self, request: &Request, verb: &str, resource: &str, name: &str) -> bool {
        let question = Question::Resource(ResourceQuestion {
            verb: verb.to_owned(),
            group: GROUP.to_owned(),
            resource: resource.to_owned(),
            namespace: request.namespace.clone(),
            name: name.to_owned(),
            ..ResourceQuestion::default()
        });
        let verdict = Policy::of(self).decide(&request.user, &question);
        matches!(verdict, Verdict::Allowed(_))
    }
}

/// Whether nothing is new but what the garbage collector changes.
fn changes_for_collection(new: &Value, old: &Value) -> bool {
    let rest = |value: &Value| {
        let mut rest = value.clone();
        let metadata = metadata_mut(&mut rest);
        for field in COLLECTED {
            metadata.remove(field);
        }
        for field in ["apiVersion", "kind"] {
            rest.as_object_mut().map(|fields| fields.remove(field));
        }
        rest
    };
    rest(new) == rest(old)
}
