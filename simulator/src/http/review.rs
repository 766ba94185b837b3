//! Kinds that are asked and never stored: who am I, and what may I do.
//!
//! Source: `spec/kube-api.md` §1.21.

use std::sync::Arc;

use jiff::Timestamp;

use super::gate::OwnToken;
use crate::access::{Policy, Question, ResourceQuestion, User, Verdict};
use crate::clock::in_seconds;
use crate::json::{Value, json};
use crate::store::kernel::Kernel;
use crate::store::kind::Kind;
use crate::store::log::TableId;
use crate::store::object::texts;
use crate::store::posted;
use crate::store::registry::{Behaviour, Conversion, Served};
use crate::store::selector::{is_field_selector, is_label_selector};
use crate::store::token::AUDIENCE;

const AUTHENTICATION: &str = "authentication.k8s.io";
const AUTHORIZATION: &str = "authorization.k8s.io";

/// The kinds, for discovery.
#[must_use]
pub fn kinds() -> Vec<Kind> {
    [
        (AUTHENTICATION, "SelfSubjectReview", false),
        (AUTHENTICATION, "TokenReview", false),
        (AUTHORIZATION, "LocalSubjectAccessReview", true),
        (AUTHORIZATION, "SelfSubjectAccessReview", false),
        (AUTHORIZATION, "SelfSubjectRulesReview", false),
        (AUTHORIZATION, "SubjectAccessReview", false),
    ]
    .map(|(group, name, namespaced)| posted::kind(group, name, namespaced))
    .to_vec()
}

/// The kind that a URL names, if it is one of [`kinds`].
#[must_use]
pub fn find(group: &str, version: &str, resource: &str) -> Option<Kind> {
    if !matches!(group, AUTHENTICATION | AUTHORIZATION) || version != "v1" {
        return None;
    }
    let mut kinds = kinds().into_iter();
    kinds.find(|kind| kind.group == group && kind.plural == resource)
}

/// The resource of a review, of which nothing is stored.
pub(super) fn served(kind: Kind) -> Served {
    Served {
        kind: Arc::new(kind),
        table: TableId(usize::MAX),
        behaviour: Behaviour::PLAIN,
        conversion: Conversion::None,
        fits_since: None,
    }
}

/// Writes what Go cannot leave out of the status of a review that is not answered yet.
pub(super) fn fill_status(kind: &Kind, posted: &mut Value) {
    let nothing = match kind.kind.as_str() {
        "SelfSubjectReview" => json!({"userInfo": {}}),
        "TokenReview" => json!({"user": {}}),
        "SelfSubjectRulesReview" => {
            json!({"resourceRules": null, "nonResourceRules": null, "incomplete": false})
        }
        _ => json!({"allowed": false}),
    };
    if !posted["status"].is_object() {
        posted["status"] = json!({});
    }
    for (field, nothing) in nothing.as_object().into_iter().flatten() {
        if posted["status"][field.as_str()].is_null() {
            posted["status"][field.as_str()] = nothing.clone();
        }
    }
}

/// Who posts a review, where and when, and what decides about it.
pub(super) struct Asked<'a> {
    /// In whose name it is posted.
    pub(super) user: &'a User,
    /// What knows the tokens of accounts.
    pub(super) kernel: &'a Kernel,
    /// The token of the server's own user, who is the other one.
    pub(super) own: (Option<&'a OwnToken>, &'a User),
    /// What is allowed.
    pub(super) policy: Policy<'a>,
    /// The namespace of the URL, empty if it has none.
    pub(super) namespace: &'a str,
    /// The present instant.
    pub(super) now: Timestamp,
}

impl Asked<'_> {
    /// The body of the 201 that answers a review of `kind`, one of [`kinds`]: what was posted, with a status.
    pub(super) fn reviewed(&self, kind: &Kind, posted: &Value) -> Value {
        let empty = || json!({});
        let mut review = json!({
            "kind": kind.kind,
            "apiVersion": kind.api_version(),
            "metadata": posted.get("metadata").cloned().unwrap_or_else(empty),
            "status": self.status(kind, &posted["spec"]),
        });
        if kind.kind == "SelfSubjectReview" {
            let now = in_seconds(self.now);
            review["metadata"] = json!({"creationTimestamp": now});
        } else if kind.kind == "SelfSubjectRulesReview" {
            review["metadata"] = empty();
            review["spec"] = empty();
        } else {
            review["spec"] = posted.get("spec").cloned().unwrap_or_else(empty);
        }
        review
    }

    fn status(&self, kind: &Kind, spec: &Value) -> Value {
        match kind.kind.as_str() {
            "SelfSubjectReview" => json!({"userInfo": self.user.info()}),
            "TokenReview" => self.bearer(spec),
            "SelfSubjectRulesReview" => self.rules(text(spec, "namespace")),
            "SelfSubjectAccessReview" => self.access(self.user, spec),
            _ => self.access(&subject(spec), spec),
        }
    }

    /// Who brings a token, if it is for one of those that the review names.
    fn bearer(&self, spec: &Value) -> Value {
        let wanted = texts(&spec["audiences"]);
        let (own, user) = self.own;
        let token = text(spec, "token");
        let is_wanted = wanted.is_empty() || wanted.contains(&AUDIENCE);
        if is_wanted && own.is_some_and(|own| own.is(token.as_bytes())) {
            return json!({"authenticated": true, "user": user.info(), "audiences": [AUDIENCE]});
        }
        match self.kernel.bearer(token, &wanted, self.now) {
            Ok(bearer) => json!({
                "authenticated": true, "user": bearer.user.info(), "audiences": bearer.audiences,
            }),
            Err(None) => json!({"user": {}, "error": "invalid bearer token"}),
            Err(Some(why)) => {
                json!({"user": {}, "error": format!("[invalid bearer token, {why}]")})
            }
        }
    }

    fn access(&self, user: &User, spec: &Value) -> Value {
        let verdict = match question(spec, self.namespace) {
            Some(question) => self.policy.decide(user, &question),
            None if user.is_master() => Verdict::Allowed(String::new()),
            None => Verdict::Denied(String::new()),
        };
        let (is_allowed, reason) = match verdict {
            Verdict::Allowed(reason) => (true, reason),
            Verdict::Denied(reason) => (false, reason),
        };
        let mut status = json!({"allowed": is_allowed});
        if !reason.is_empty() {
            status["reason"] = reason.into();
        }
        let ignored = ignored_selectors(&spec["resourceAttributes"]);
        if !ignored.is_empty() {
            status["evaluationError"] = ignored.join("; ").into();
        }
        status
    }

    fn rules(&self, namespace: &str) -> Value {
        let (rules, missing) = self.policy.rules(self.user, namespace);
        let with = |field: &str, kept: &[&str]| -> Vec<Value> {
            let about = rules.iter().filter(|rule| !rule[field].is_null());
            about.map(|rule| only(kept, rule)).collect()
        };
        let mut status = json!({
            "resourceRules": with("resources", &["verbs", "apiGroups", "resources", "resourceNames"]),
            "nonResourceRules": with("nonResourceURLs", &["verbs", "nonResourceURLs"]),
            "incomplete": false,
        });
        if !missing.is_empty() {
            status["evaluationError"] = missing.join(", ").into();
        }
        status
    }
}

/// The user that a review asks about.
fn subject(spec: &Value) -> User {
    let list = |value: &Value| texts(value).into_iter().map(str::to_owned).collect();
    let extra = spec["extra"].as_object().into_iter().flatten();
    User {
        name: text(spec, "user").to_owned(),
        uid: text(spec, "uid").to_owned(),
        groups: list(&spec["groups"]),
        extra: extra
            .map(|(key, values)| (key.to_string(), list(values)))
            .collect(),
    }
}

/// What a review asks, if it asks anything; `namespace` counts where the review lies in one.
fn question(spec: &Value, namespace: &str) -> Option<Question> {
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    if resource.is_object() {
        let of = |field: &str| text(resource, field).to_owned();
        let own = of("namespace");
        return Some(Question::Resource(ResourceQuestion {
            verb: of("verb"),
            group: of("group"),
            resource: of("resource"),
            subresource: of("subresource"),
            namespace: if own.is_empty() {
                namespace.to_owned()
            } else {
                own
            },
            name: of("name"),
        }));
    }
    path.is_object().then(|| Question::Path {
        verb: text(path, "verb").to_owned(),
        path: text(path, "path").to_owned(),
    })
}

/// What is said of selectors that cannot be read, and do not count.
///
/// Source: kubernetes v1.34.3, pkg/registry/authorization/util/helpers.go, `BuildEvaluationError`.
fn ignored_selectors(resource: &Value) -> Vec<String> {
    let told = |name: &str, is_raw_good: fn(&str) -> bool, is_good: fn(&Value) -> bool| {
        let selector = &resource[name];
        let list = selector["requirements"].as_array().into_iter().flatten();
        let (good, bad): (Vec<&Value>, Vec<&Value>) = list.partition(|one| is_good(one));
        let is_read = bad.is_empty() && is_raw_good(text(selector, "rawSelector"));
        let partially = if good.is_empty() { "" } else { "partially " };
        (!is_read).then(|| {
            format!("spec.resourceAttributes.{name} {partially}ignored due to parse error")
        })
    };
    let fields = told("fieldSelector", is_field_selector, is_field_requirement);
    let labels = told("labelSelector", is_label_selector, is_label_requirement);
    fields.into_iter().chain(labels).collect()
}

/// Only one value can be asked for, by equality.
fn is_field_requirement(requirement: &Value) -> bool {
    let n_values = texts(&requirement["values"]).len();
    matches!(text(requirement, "operator"), "In" | "NotIn") && n_values == 1
}

fn is_label_requirement(requirement: &Value) -> bool {
    let operator = text(requirement, "operator");
    matches!(operator, "In" | "NotIn" | "Exists" | "DoesNotExist")
}

fn only(kept: &[&str], rule: &Value) -> Value {
    let fields = rule.as_object().into_iter().flatten();
    fields
        .filter(|(name, _)| kept.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn reviewed(name: &str, posted: &Value) -> Value {
        let kinds = kinds();
        let kind = kinds.iter().find(|kind| kind.kind == name).unwrap();
        let kernel = Kernel::new();
        let asked = Asked {
            user: &User::admin(),
            kernel: &kernel,
            own: (None, &User::admin()),
            policy: Policy::of(&kernel),
            namespace: "",
            now: Timestamp::UNIX_EPOCH,
        };
        asked.reviewed(kind, posted)
    }

    #[rstest]
    #[case("authorization", "SelfSubjectAccessReview", json!({"resourceAttributes": {"verb": "create"}}), json!({"allowed": true}))]
    #[case("authorization", "SubjectAccessReview", json!({"user": "u", "nonResourceAttributes": {"verb": "get", "path": "/"}}), json!({"allowed": false}))]
    #[case("authentication", "TokenReview", json!({"token": "t"}), json!({"user": {}, "error": "invalid bearer token"}))]
    fn a_review_keeps_its_question_and_gains_an_answer(
        #[case] group: &str,
        #[case] name: &str,
        #[case] spec: Value,
        #[case] status: Value,
    ) {
        let expected = json!({
            "kind": name, "apiVersion": format!("{group}.k8s.io/v1"), "metadata": {}, "spec": spec, "status": status,
        });
        assert_eq!(reviewed(name, &json!({"spec": spec})), expected);
    }

    #[test]
    fn who_asks_for_himself_is_told() {
        let expected = json!({
            "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"creationTimestamp": "1970-01-01T00:00:00Z"},
            "status": {"userInfo": {"username": "admin", "groups": ["system:masters", "system:authenticated"]}},
        });
        assert_eq!(reviewed("SelfSubjectReview", &json!({})), expected);
    }
}
