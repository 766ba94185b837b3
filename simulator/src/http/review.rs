//! Kinds that are asked and never stored: who am I, and what may I do.
//!
//! Every client of the simulated server is a member of `system:masters`, so everything is allowed.
//!
//! Source: `spec/kube-api.md` §1.21.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::store::kind::{Kind, Origin};
use crate::store::schema::node::Node;

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
    .map(|(group, name, namespaced)| kind(group, name, namespaced))
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

fn kind(group: &str, name: &str, namespaced: bool) -> Kind {
    let singular = name.to_lowercase();
    Kind {
        group: group.to_owned(),
        version: "v1".to_owned(),
        kind: name.to_owned(),
        list_kind: format!("{name}List"),
        plural: format!("{singular}s"),
        singular,
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced,
        origin: Origin::BuiltIn,
        subresources: Vec::new(),
        schema: Arc::new(Node {
            preserve_unknown: true,
            ..Node::default()
        }),
        rules: Arc::default(),
        columns: Vec::new(),
        selectable_fields: Vec::new(),
    }
}

/// The body of the 201 that answers a review of `kind`, one of [`kinds`]: what was posted, with a status.
#[must_use]
pub fn reviewed(kind: &Kind, posted: &Value, now: Timestamp) -> Value {
    let status = match kind.kind.as_str() {
        "SelfSubjectReview" => json!({"userInfo": {
            "username": "admin",
            "groups": ["system:masters", "system:authenticated"],
        }}),
        "TokenReview" => json!({"user": {}, "error": "invalid bearer token"}),
        "SelfSubjectRulesReview" => json!({
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": false,
        }),
        _ => json!({"allowed": true}),
    };
    let mut review = json!({
        "kind": kind.kind,
        "apiVersion": kind.api_version(),
        "metadata": posted.get("metadata").cloned().unwrap_or_else(|| json!({})),
        "status": status,
    });
    if kind.kind == "SelfSubjectReview" {
        review["metadata"] =
            json!({"creationTimestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()});
    } else {
        review["spec"] = posted.get("spec").cloned().unwrap_or_else(|| json!({}));
    }
    review
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("SelfSubjectAccessReview", json!({"resourceAttributes": {"verb": "create"}}), json!({"allowed": true}))]
    #[case("SubjectAccessReview", json!({"user": "u"}), json!({"allowed": true}))]
    #[case("TokenReview", json!({"token": "t"}), json!({"user": {}, "error": "invalid bearer token"}))]
    fn a_review_keeps_its_question_and_gains_an_answer(
        #[case] name: &str,
        #[case] spec: Value,
        #[case] status: Value,
    ) {
        let kinds = kinds();
        let kind = kinds.iter().find(|kind| kind.kind == name).unwrap();
        let review = reviewed(kind, &json!({"spec": spec}), Timestamp::UNIX_EPOCH);
        let expected = json!({
            "kind": name, "apiVersion": kind.api_version(), "metadata": {}, "spec": spec, "status": status,
        });
        assert_eq!(review, expected);
    }

    #[test]
    fn everybody_is_an_administrator() {
        let kind = kind(AUTHENTICATION, "SelfSubjectReview", false);
        let review = reviewed(&kind, &json!({}), Timestamp::UNIX_EPOCH);
        let expected = json!({
            "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"creationTimestamp": "1970-01-01T00:00:00Z"},
            "status": {"userInfo": {"username": "admin", "groups": ["system:masters", "system:authenticated"]}},
        });
        assert_eq!(review, expected);
    }
}
