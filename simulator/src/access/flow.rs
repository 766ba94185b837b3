//! Which requests a FlowSchema is about.
//!
//! Source: apiserver v0.34.3, pkg/util/flowcontrol/rule.go.

use super::rule::{ALL, Rule};
use super::{Question, ResourceQuestion, User};
use crate::json::Value;

/// What a FlowSchema is about, read once for all requests.
#[derive(Debug)]
pub(crate) struct FlowRules(Vec<FlowRule>);

#[derive(Debug)]
struct FlowRule {
    subjects: Vec<Subject>,
    is_of_all: bool,
    value: Value,
}

#[derive(Debug)]
enum Subject {
    User(String),
    Group(String),
    Account { namespace: String, name: String },
}

impl FlowRules {
    /// Those of a FlowSchema.
    pub(crate) fn of(schema: &Value) -> Self {
        let rule = |rule: &Value| FlowRule {
            subjects: items(&rule["subjects"]).filter_map(Subject::of).collect(),
            is_of_all: is_of_all(rule),
            value: rule.clone(),
        };
        Self(items(&schema["spec"]["rules"]).map(rule).collect())
    }

    /// Whether they are about what a user asks, which is found out if it matters.
    pub(crate) fn are_about(&self, user: &User, question: &impl Fn() -> Question) -> bool {
        self.0.iter().any(|rule| {
            rule.subjects.iter().any(|subject| subject.is(user))
                && (rule.is_of_all || matches(&rule.value, &question()))
        })
    }
}

impl Subject {
    fn of(subject: &Value) -> Option<Self> {
        let text = |what: &str, field: &str| {
            let text = subject[what][field].as_str();
            text.unwrap_or_default().to_owned()
        };
        match subject["kind"].as_str()? {
            "User" => Some(Self::User(text("user", "name"))),
            "Group" => Some(Self::Group(text("group", "name"))),
            "ServiceAccount" => Some(Self::Account {
                namespace: text("serviceAccount", "namespace"),
                name: text("serviceAccount", "name"),
            }),
            _ => None,
        }
    }

    fn is(&self, user: &User) -> bool {
        let is_meant = |name: &str, own: &str| name == ALL || name == own;
        match self {
            Self::User(name) => is_meant(name, &user.name),
            Self::Group(name) => name == ALL || user.is_in(name),
            Self::Account { namespace, name } => user
                .account()
                .is_some_and(|(own, account)| namespace == own && is_meant(name, account)),
        }
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Whether it does not matter what is asked.
fn is_of_all(rule: &Value) -> bool {
    let all =
        |rule: &Value, fields: &[&str]| fields.iter().all(|field| Rule(rule).names(field, ALL));
    let resources = ["verbs", "apiGroups", "resources", "namespaces"];
    let mut of_resources = items(&rule["resourceRules"]);
    let mut of_paths = items(&rule["nonResourceRules"]);
    of_resources.any(|rule| all(rule, &resources) && rule["clusterScope"] == true)
        && of_paths.any(|rule| all(rule, &["verbs", "nonResourceURLs"]))
}

fn matches(rule: &Value, question: &Question) -> bool {
    match question {
        Question::Resource(question) => {
            items(&rule["resourceRules"]).any(|rule| matches_resource(rule, question))
        }
        Question::Path { verb, path } => items(&rule["nonResourceRules"]).any(|rule| {
            let mut urls = Rule(rule).texts("nonResourceURLs");
            Rule(rule).names("verbs", verb) && urls.any(|url| covers_path(url, path))
        }),
    }
}

fn matches_resource(rule: &Value, question: &ResourceQuestion) -> bool {
    let names = |field, asked: &str| Rule(rule).names(field, asked);
    names("verbs", &question.verb)
        && names("resources", &question.combined())
        && names("apiGroups", &question.group)
        && match question.namespace.as_str() {
            "" => rule["clusterScope"] == true,
            namespace => names("namespaces", namespace),
        }
}

fn covers_path(url: &str, path: &str) -> bool {
    let folder = url.strip_suffix('*').unwrap_or(url);
    let below = path.strip_prefix(folder.trim_end_matches('/'));
    url == ALL || url == path || below.is_some_and(|below| below.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    fn schema(subject: Value, resources: Value, paths: Value) -> Value {
        let rule = json!({
            "subjects": [subject], "resourceRules": resources, "nonResourceRules": paths,
        });
        json!({"spec": {"rules": [rule]}})
    }

    fn question(namespace: &str, resource: &str) -> Question {
        Question::Resource(ResourceQuestion {
            verb: "get".to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            ..ResourceQuestion::default()
        })
    }

    #[rstest]
    #[case::everybody(json!({"kind": "Group", "group": {"name": "*"}}), true)]
    #[case::a_group(json!({"kind": "Group", "group": {"name": "system:masters"}}), true)]
    #[case::another_group(json!({"kind": "Group", "group": {"name": "g"}}), false)]
    #[case::a_user(json!({"kind": "User", "user": {"name": "admin"}}), true)]
    #[case::another_user(json!({"kind": "User", "user": {"name": "b"}}), false)]
    #[case::an_account(json!({"kind": "ServiceAccount", "serviceAccount": {"namespace": "n", "name": "*"}}), false)]
    fn a_schema_is_about_its_subjects(#[case] subject: Value, #[case] expected: bool) {
        let all = json!([{
            "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"], "clusterScope": true,
        }]);
        let schema = schema(
            subject,
            all,
            json!([{"verbs": ["*"], "nonResourceURLs": ["*"]}]),
        );
        let about =
            FlowRules::of(&schema).are_about(&User::admin(), &|| unreachable!("it is of all"));
        assert_eq!(about, expected);
    }

    #[rstest]
    #[case::its_namespace(question("n", "pods"), true)]
    #[case::another_namespace(question("m", "pods"), false)]
    #[case::no_namespace(question("", "pods"), false)]
    #[case::another_resource(question("n", "nodes"), false)]
    #[case::a_path(Question::Path { verb: "get".to_owned(), path: "/healthz".to_owned() }, true)]
    #[case::a_path_below(Question::Path { verb: "get".to_owned(), path: "/healthz/ping".to_owned() }, true)]
    #[case::another_path(Question::Path { verb: "get".to_owned(), path: "/healthzy".to_owned() }, false)]
    #[case::another_verb(Question::Path { verb: "post".to_owned(), path: "/healthz".to_owned() }, false)]
    fn a_schema_is_about_its_rules(#[case] question: Question, #[case] expected: bool) {
        let pods = json!([{
            "verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "namespaces": ["n"],
        }]);
        let paths = json!([{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}]);
        let everybody = json!({"kind": "User", "user": {"name": "*"}});
        let schema = schema(everybody, pods, paths);
        let about = FlowRules::of(&schema).are_about(&User::admin(), &|| question.clone());
        assert_eq!(about, expected);
    }
}
