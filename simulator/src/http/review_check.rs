//! What may be asked in a review.
//!
//! Source: `spec/kube-api.md` §1.21; kubernetes v1.34 `pkg/apis/authorization/validation/validation.go`.

use crate::json::{Value, json};

use crate::store::kind::Kind;
use crate::store::status::{Cause, Qualified, Status};

/// Why a review cannot be answered; `namespace` is that of the URL.
pub(super) fn refusal(kind: &Kind, posted: &Value, namespace: &str) -> Option<Status> {
    let spec = &posted["spec"];
    let is_empty = |field: &str| spec[field].as_str().unwrap_or_default().is_empty();
    match kind.kind.as_str() {
        "TokenReview" if is_empty("token") => Some(Status::bad_request(
            "token is required for TokenReview in authentication",
        )),
        "SelfSubjectRulesReview" if is_empty("namespace") => {
            Some(Status::bad_request("no namespace on request"))
        }
        "SelfSubjectAccessReview" => invalid(kind, question_fault(spec)),
        "SubjectAccessReview" => invalid(kind, question_fault(spec).or_else(|| user_fault(spec))),
        "LocalSubjectAccessReview" => {
            let own = spec["resourceAttributes"]["namespace"].as_str();
            let own = own.unwrap_or_default();
            let misplaced = (own != namespace).then(|| {
                fault(
                    "spec.resourceAttributes.namespace",
                    &json!(own),
                    "must match metadata.namespace",
                )
            });
            let fault = question_fault(spec).or_else(|| user_fault(spec));
            invalid(kind, fault.or(misplaced))
        }
        _ => None,
    }
}

fn invalid(kind: &Kind, cause: Option<Cause>) -> Option<Status> {
    let nameless = Qualified {
        group: &kind.group,
        name: "",
    };
    let mut status = Status::invalid(&nameless, "", &[cause?]);
    if let Some(details) = status.details.as_mut().and_then(Value::as_object_mut) {
        details.remove("kind");
    }
    Some(status)
}

/// A review asks about a resource or about a path.
fn question_fault(spec: &Value) -> Option<Cause> {
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    match (resource.is_null(), path.is_null()) {
        (false, false) => Some(fault(
            "spec.nonResourceAttributes",
            &json!({"Path": text(path, "path"), "Verb": text(path, "verb")}),
            "cannot be specified in combination with resourceAttributes",
        )),
        (true, true) => Some(fault(
            "spec.resourceAttributes",
            &Value::Null,
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )),
        _ => None,
    }
}

fn user_fault(spec: &Value) -> Option<Cause> {
    let has_groups = spec["groups"]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    let is_somebody = has_groups || !text(spec, "user").is_empty();
    let detail = "at least one of user or group must be specified";
    (!is_somebody).then(|| fault("spec.user", &json!(""), detail))
}

fn fault(field: &str, value: &Value, detail: &str) -> Cause {
    Cause {
        reason: "FieldValueInvalid",
        message: format!("Invalid value: {value}: {detail}"),
        field: field.to_owned(),
    }
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::http::review;

    #[rstest]
    #[case::nothing("selfsubjectaccessreviews", json!({}), Some((422, "spec.resourceAttributes")))]
    #[case::both("selfsubjectaccessreviews", json!({"resourceAttributes": {}, "nonResourceAttributes": {"path": "/"}}), Some((422, "spec.nonResourceAttributes")))]
    #[case::nobody("subjectaccessreviews", json!({"resourceAttributes": {}}), Some((422, "spec.user")))]
    #[case::elsewhere("localsubjectaccessreviews", json!({"user": "u", "resourceAttributes": {}}), Some((422, "spec.resourceAttributes.namespace")))]
    #[case::good("subjectaccessreviews", json!({"user": "u", "resourceAttributes": {}}), None)]
    fn a_review_asks_one_thing(
        #[case] plural: &str,
        #[case] spec: Value,
        #[case] expected: Option<(u16, &str)>,
    ) {
        let kind = review::find("authorization.k8s.io", "v1", plural).unwrap();
        let refused = refusal(&kind, &json!({"spec": spec}), "ns");
        let told = refused.as_ref().map(|status| {
            let details = status.details.as_ref().unwrap();
            (status.code, details["causes"][0]["field"].as_str().unwrap())
        });
        assert_eq!(told, expected);
    }
}
