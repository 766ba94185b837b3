//! One rule of a Role or a ClusterRole.

use super::{Question, ResourceQuestion};
use crate::json::Value;

/// What stands for every verb, group, resource or path.
pub(super) const ALL: &str = "*";

/// One element of `rules`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule<'a>(pub(super) &'a Value);

impl<'a> Rule<'a> {
    /// Whether the rule allows what is asked.
    ///
    /// Source: kubernetes v1.34 `pkg/apis/rbac/v1/evaluation_helpers.go`.
    pub(super) fn allows(self, question: &Question) -> bool {
        match question {
            Question::Resource(question) => self.allows_resource(question),
            Question::Path { verb, path } => {
                self.names("verbs", verb)
                    && self
                        .texts("nonResourceURLs")
                        .any(|url| covers_path(url, path))
            }
        }
    }

    fn allows_resource(self, question: &ResourceQuestion) -> bool {
        self.names("verbs", &question.verb)
            && self.names("apiGroups", &question.group)
            && self.covers_resource(question)
            && self.covers_name(&question.name)
    }

    fn covers_resource(self, question: &ResourceQuestion) -> bool {
        let combined = question.combined();
        self.texts("resources").any(|resource| {
            let of_any = resource.strip_prefix("*/");
            resource == ALL
                || resource == combined
                || of_any.is_some_and(|subresource| {
                    !subresource.is_empty() && subresource == question.subresource
                })
        })
    }

    pub(super) fn covers_name(self, name: &str) -> bool {
        let mut names = self.texts("resourceNames").peekable();
        names.peek().is_none() || names.any(|known| known == name)
    }

    pub(super) fn names(self, field: &str, asked: &str) -> bool {
        self.texts(field)
            .any(|known| known == ALL || known == asked)
    }

    pub(super) fn texts(self, field: &str) -> impl Iterator<Item = &'a str> {
        let list = self.0.get(field).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }
}

pub(super) fn covers_path(url: &str, path: &str) -> bool {
    url == ALL
        || url == path
        || url
            .strip_suffix('*')
            .is_some_and(|start| path.starts_with(start.trim_end_matches('*')))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    fn asks(verb: &str, group: &str, resource: &str, name: &str) -> Question {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        Question::Resource(ResourceQuestion {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            namespace: "ns".to_owned(),
            name: name.to_owned(),
        })
    }

    #[rstest]
    #[case::as_named(asks("get", "", "pods", "p"), true)]
    #[case::another_verb(asks("list", "", "pods", ""), false)]
    #[case::another_group(asks("get", "apps", "pods", "p"), false)]
    #[case::a_subresource_needs_its_own_name(asks("get", "", "pods/log", "p"), false)]
    #[case::named_subresource(asks("get", "", "pods/status", "p"), true)]
    fn a_rule_allows_what_it_names(#[case] question: Question, #[case] is_allowed: bool) {
        let rule =
            json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods", "pods/status"]});
        assert_eq!(Rule(&rule).allows(&question), is_allowed);
    }

    #[rstest]
    #[case::everything(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}), asks("x", "y", "z/s", "n"), true)]
    #[case::status_of_all(json!({"verbs": ["get"], "apiGroups": ["*"], "resources": ["*/status"]}), asks("get", "a", "b/status", "n"), true)]
    #[case::status_of_all_is_no_more(json!({"verbs": ["get"], "apiGroups": ["*"], "resources": ["*/status"]}), asks("get", "a", "b", "n"), false)]
    #[case::by_name(json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["p"]}), asks("get", "", "pods", "p"), true)]
    #[case::by_another_name(json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["p"]}), asks("get", "", "pods", "q"), false)]
    #[case::a_name_does_not_allow_to_create(json!({"verbs": ["create"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["p"]}), asks("create", "", "pods", ""), false)]
    #[case::no_resources(json!({"verbs": ["*"], "nonResourceURLs": ["*"]}), asks("get", "", "pods", "p"), false)]
    fn stars_and_names_count(
        #[case] rule: Value,
        #[case] question: Question,
        #[case] is_allowed: bool,
    ) {
        assert_eq!(Rule(&rule).allows(&question), is_allowed);
    }

    #[rstest]
    #[case("/version", true)]
    #[case("/api", false)]
    #[case("/api/v1", true)]
    #[case("/apis", false)]
    fn paths_may_end_in_a_star(#[case] path: &str, #[case] is_allowed: bool) {
        let rule = json!({"verbs": ["get"], "nonResourceURLs": ["/version", "/api/*"]});
        let question = Question::Path {
            verb: "get".to_owned(),
            path: path.to_owned(),
        };
        assert_eq!(Rule(&rule).allows(&question), is_allowed);
    }
}
