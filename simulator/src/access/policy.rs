//! What Roles, ClusterRoles and their bindings allow.

use std::sync::Arc;

use super::rule::Rule;
use super::{Question, User};
use crate::json::Value;
use crate::store::kernel::Kernel;
use crate::store::object::{Key, Object};

const GROUP: &str = "rbac.authorization.k8s.io";

/// The RBAC objects of a cluster.
#[derive(Clone, Copy)]
pub struct Policy<'a>(&'a Kernel);

/// The answer to a [`Question`], with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something allows it; nothing needs to be said for [`User::is_master`].
    Allowed(String),
    /// Nothing does; what was in the way, empty if nothing was.
    Denied(String),
}

/// The rules that one binding gives to a user.
struct Grant<'a> {
    /// Such as `RoleBinding "b/ns" of Role "r" to User "u"`.
    source: String,
    /// What the role says, or why it cannot be read.
    rules: Result<&'a [Value], String>,
}

impl<'a> Policy<'a> {
    /// The policy that the objects in `kernel` make.
    #[must_use]
    pub fn of(kernel: &'a Kernel) -> Self {
        Self(kernel)
    }

    /// Whether `user` may do what is asked.
    ///
    /// Source: kubernetes v1.34 `plugin/pkg/auth/authorizer/rbac/rbac.go`.
    #[must_use]
    pub fn decide(self, user: &User, question: &Question) -> Verdict {
        if user.is_master() {
            return Verdict::Allowed(String::new());
        }
        let mut missing = Vec::new();
        for grant in self.grants(user, question.namespace()) {
            match grant.rules {
                Ok(rules) if rules.iter().any(|rule| Rule(rule).allows(question)) => {
                    return Verdict::Allowed(format!("RBAC: allowed by {}", grant.source));
                }
                Ok(_) => {}
                Err(why) if missing.contains(&why) => {}
                Err(why) => missing.push(why),
            }
        }
        Verdict::Denied(match missing.as_slice() {
            [] => String::new(),
            [why] => format!("RBAC: {why}"),
            all => format!("RBAC: [{}]", all.join(", ")),
        })
    }

    /// Every rule that counts for `user` in a namespace, as written, and why others could not be read.
    #[must_use]
    pub fn rules(self, user: &User, namespace: &str) -> (Vec<&'a Value>, Vec<String>) {
        let (mut rules, mut missing) = (Vec::new(), Vec::new());
        for grant in self.grants(user, namespace) {
            match grant.rules {
                Ok(granted) => rules.extend(granted),
                Err(why) => missing.push(why),
            }
        }
        (rules, missing)
    }

    /// What bindings of the cluster, and then of the namespace, give to `user`.
    fn grants(self, user: &User, namespace: &str) -> Vec<Grant<'a>> {
        let everywhere = self
            .objects("clusterrolebindings")
            .map(|binding| (binding, ""));
        let here = self
            .objects("rolebindings")
            .filter(|binding| !namespace.is_empty() && binding.namespace() == namespace)
            .map(|binding| (binding, namespace));
        let bindings = everywhere.chain(here);
        bindings
            .filter_map(|(binding, namespace)| self.grant(user, binding, namespace))
            .collect()
    }

    /// What one binding gives to `user`; the namespace is empty for a ClusterRoleBinding.
    fn grant(self, user: &User, binding: &'a Object, namespace: &str) -> Option<Grant<'a>> {
        let value = binding.value();
        let subjects = value["subjects"].as_array()?;
        let subject = subjects
            .iter()
            .find(|subject| is_meant(user, subject, namespace))?;
        let (kind, role) = (
            text(&value["roleRef"], "kind"),
            text(&value["roleRef"], "name"),
        );
        let (binding_kind, name) = match namespace {
            "" => ("ClusterRoleBinding", binding.name().to_owned()),
            namespace => ("RoleBinding", format!("{}/{namespace}", binding.name())),
        };
        let to = described(subject, namespace);
        Some(Grant {
            source: format!("{binding_kind} {name:?} of {kind} {role:?} to {to}"),
            rules: self.role(kind, role, namespace),
        })
    }

    /// The rules of the role that a binding in `namespace` refers to.
    ///
    /// # Errors
    /// Why there are none.
    pub(crate) fn role(
        self,
        kind: &str,
        name: &str,
        namespace: &str,
    ) -> Result<&'a [Value], String> {
        let (plural, namespace) = match kind {
            "Role" => ("roles", namespace),
            "ClusterRole" => ("clusterroles", ""),
            other => return Err(format!("unsupported role reference kind: {other:?}")),
        };
        let key = Key::new(namespace, name);
        let table = self.0.registry().get(GROUP, "v1", plural).table;
        let role = self.0.log().get(table, &key).ok_or_else(|| {
            let kind = kind.to_lowercase();
            format!("{kind}.{GROUP} {name:?} not found")
        })?;
        let rules = role.value()["rules"].as_array();
        Ok(rules.map_or(&[], Vec::as_slice))
    }

    fn objects(self, plural: &str) -> impl Iterator<Item = &'a Object> {
        let table = self.0.registry().get(GROUP, "v1", plural).table;
        self.0.log().objects(table).values().map(Arc::as_ref)
    }
}

/// Whether a subject of a binding in `namespace` is `user`.
fn is_meant(user: &User, subject: &Value, namespace: &str) -> bool {
    let name = text(subject, "name");
    match text(subject, "kind") {
        "User" => user.name == name,
        "Group" => user.is_in(name),
        "ServiceAccount" => user.account() == Some((namespace_of(subject, namespace), name)),
        _ => false,
    }
}

/// The namespace of a service account, by default that of the binding.
fn namespace_of<'s>(subject: &'s Value, namespace: &'s str) -> &'s str {
    match text(subject, "namespace") {
        "" => namespace,
        own => own,
    }
}

fn described(subject: &Value, namespace: &str) -> String {
    let (kind, name) = (text(subject, "kind"), text(subject, "name"));
    match kind {
        "ServiceAccount" => {
            let account = format!("{name}/{}", namespace_of(subject, namespace));
            format!("{kind} {account:?}")
        }
        _ => format!("{kind} {name:?}"),
    }
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}
