//! What somebody wants to do.

use super::User;
use crate::store::status::{Qualified, Status};

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Something with a resource.
    Resource(ResourceQuestion),
    /// Something with a path that is no resource.
    Path {
        /// The method in lower case.
        verb: String,
        /// Such as `/version`.
        path: String,
    },
}

/// What somebody wants to do with a resource; empty where it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceQuestion {
    /// Such as `list`.
    pub verb: String,
    /// Empty for the core group.
    pub group: String,
    /// The plural.
    pub resource: String,
    /// Empty for the object itself.
    pub subresource: String,
    /// Empty for all of them, or a resource that has none.
    pub namespace: String,
    /// Empty for a collection and for a new object.
    pub name: String,
}

impl ResourceQuestion {
    /// The resource as rules spell it, such as `pods/log`.
    #[must_use]
    pub fn combined(&self) -> String {
        match self.subresource.as_str() {
            "" => self.resource.clone(),
            subresource => format!("{}/{subresource}", self.resource),
        }
    }

    fn denial(&self, user: &User, reason: &str) -> Status {
        let (user, verb, group) = (&user.name, &self.verb, &self.group);
        let place = match self.namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {namespace:?}"),
        };
        let combined = self.combined();
        let why = format!(
            "User {user:?} cannot {verb} resource {combined:?} in API group {group:?} {place}{reason}"
        );
        let resource = Qualified {
            group: &self.group,
            name: &self.resource,
        };
        Status::forbidden(&resource, &self.name, &why)
    }
}

impl Question {
    /// The namespace whose RoleBindings count, empty for none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        match self {
            Self::Resource(question) => &question.namespace,
            Self::Path { .. } => "",
        }
    }

    /// 403 for `user`; `reason` is what the policy said, empty if nothing.
    ///
    /// Source: `spec/kube-api.md` §1.9; kubernetes v1.34 `apiserver/pkg/endpoints/handlers/responsewriters/errors.go`.
    #[must_use]
    pub fn denial(&self, user: &User, reason: &str) -> Status {
        let reason = match reason {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        match self {
            Self::Resource(question) => question.denial(user, &reason),
            Self::Path { verb, path } => Status {
                code: 403,
                reason: "Forbidden".into(),
                message: format!(
                    "forbidden: User {:?} cannot {verb} path {path:?}{reason}",
                    user.name
                ),
                details: Some(crate::json::json!({})),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::{Value, json};

    fn on(resource: &str, name: &str) -> Question {
        Question::Resource(ResourceQuestion {
            verb: "get".to_owned(),
            resource: resource.to_owned(),
            name: name.to_owned(),
            ..ResourceQuestion::default()
        })
    }

    fn within(question: Question, group: &str, namespace: &str, subresource: &str) -> Question {
        match question {
            Question::Resource(question) => Question::Resource(ResourceQuestion {
                group: group.to_owned(),
                namespace: namespace.to_owned(),
                subresource: subresource.to_owned(),
                ..question
            }),
            path @ Question::Path { .. } => path,
        }
    }

    #[rstest]
    #[case::object(within(on("secrets", "s"), "", "ns", ""), "",
        "secrets \"s\" is forbidden: User \"alice\" cannot get resource \"secrets\" in API group \"\" in the namespace \"ns\"",
        json!({"name": "s", "kind": "secrets"}))]
    #[case::subresource_of_a_group(within(on("widgets", "w"), "ex.io", "ns", "status"), "",
        "widgets.ex.io \"w\" is forbidden: User \"alice\" cannot get resource \"widgets/status\" in API group \"ex.io\" in the namespace \"ns\"",
        json!({"name": "w", "group": "ex.io", "kind": "widgets"}))]
    #[case::collection(on("nodes", ""), "RBAC: broken",
        "nodes is forbidden: User \"alice\" cannot get resource \"nodes\" in API group \"\" at the cluster scope: RBAC: broken",
        json!({"kind": "nodes"}))]
    #[case::path(Question::Path { verb: "get".into(), path: "/apis".into() }, "",
        "forbidden: User \"alice\" cannot get path \"/apis\"", json!({}))]
    fn a_denial_says_who_cannot_do_what_where(
        #[case] question: Question,
        #[case] reason: &str,
        #[case] message: &str,
        #[case] details: Value,
    ) {
        let user = User {
            name: "alice".to_owned(),
            ..User::default()
        };
        let status = question.denial(&user, reason);
        assert_eq!(
            (status.code, status.reason, status.message.as_str()),
            (403, "Forbidden".into(), message)
        );
        assert_eq!(status.details, Some(details));
    }
}
