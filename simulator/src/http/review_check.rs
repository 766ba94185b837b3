//! What may be asked in a review.
//!
//! Source: `spec/kube-api.md` §1.21; kubernetes v1.34 `pkg/apis/authorization/validation/validation.go`.

use crate::json::{Value, json};
use crate::store::admission::requirement_faults;
use crate::store::kind::Kind;
use crate::store::schema::cause;
use crate::store::status::{Cause, Qualified, Status};

/// Why a review cannot be answered; `namespace` is that of the URL.
pub(super) fn refusal(kind: &Kind, posted: &Value, namespace: &str) -> Option<Status> {
    let spec = &posted["spec"];
    let is_empty = |field: &str| spec[field].as_str().unwrap_or_default().is_empty();
    let causes = match kind.kind.as_str() {
        "TokenReview" if is_empty("token") => {
            let why = "token is required for TokenReview in authentication";
            return Some(Status::bad_request(why));
        }
        "SelfSubjectRulesReview" if is_empty("namespace") => {
            return Some(Status::bad_request("no namespace on request"));
        }
        "SelfSubjectAccessReview" => {
            let selectors = selector_faults(&spec["resourceAttributes"]);
            [
                question_faults(spec),
                selectors,
                metadata_faults(posted, &[]),
            ]
            .concat()
        }
        "SubjectAccessReview" => [spec_faults(spec), metadata_faults(posted, &[])].concat(),
        "LocalSubjectAccessReview" => {
            let metadata = metadata_faults(posted, &["namespace"]);
            [spec_faults(spec), metadata, local_faults(spec, namespace)].concat()
        }
        _ => Vec::new(),
    };
    (!causes.is_empty()).then(|| invalid(kind, &causes))
}

fn spec_faults(spec: &Value) -> Vec<Cause> {
    let selectors = selector_faults(&spec["resourceAttributes"]);
    let mut causes = question_faults(spec);
    causes.extend(user_fault(spec));
    causes.extend(selectors);
    causes
}

/// A local review is about its own namespace, and about no path.
fn local_faults(spec: &Value, namespace: &str) -> Vec<Cause> {
    let own = spec["resourceAttributes"]["namespace"].as_str();
    let own = own.unwrap_or_default();
    let mut causes = Vec::new();
    if spec["resourceAttributes"].is_object() && own != namespace {
        let why = "must match metadata.namespace";
        causes.push(fault("spec.resourceAttributes.namespace", &json!(own), why));
    }
    let path = &spec["nonResourceAttributes"];
    if path.is_object() {
        let why = "disallowed on this kind of request";
        causes.push(fault("spec.nonResourceAttributes", &shown(path), why));
    }
    causes
}

/// A review has no metadata but who owns its fields, and what is `kept`.
fn metadata_faults(posted: &Value, kept: &[&str]) -> Vec<Cause> {
    let metadata = posted["metadata"].as_object();
    let mut names = metadata
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str());
    if names.all(|name| name == "managedFields" || kept.contains(&name)) {
        return Vec::new();
    }
    let except = match kept {
        [] => String::new(),
        kept => format!(" except for {}", kept.join(", ")),
    };
    let message = format!(
        "Invalid value: {}: must be empty{except}",
        in_order(&posted["metadata"], &METADATA)
    );
    vec![Cause {
        reason: "FieldValueInvalid",
        message,
        field: "metadata".to_owned(),
    }]
}

/// The fields of metadata in the order of Go's struct.
const METADATA: [&str; 14] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
];
/// Those of who owns fields.
const OWNER: [&str; 7] = [
    "manager",
    "operation",
    "apiVersion",
    "time",
    "fieldsType",
    "fieldsV1",
    "subresource",
];

/// An object as Go prints it, whose fields have this order; who owns its fields comes last.
fn in_order(object: &Value, order: &[&str]) -> String {
    let present = order.iter().filter_map(|name| {
        let value = object.get(*name)?;
        Some(format!("{name:?}:{value}"))
    });
    let owners = object["managedFields"].as_array().map(|owners| {
        let owners: Vec<_> = owners.iter().map(|owner| in_order(owner, &OWNER)).collect();
        format!("\"managedFields\":[{}]", owners.join(","))
    });
    let fields: Vec<_> = present.chain(owners).collect();
    format!("{{{}}}", fields.join(","))
}

/// What is wrong with the selectors of a question.
///
/// Source: kubernetes v1.34.3, pkg/apis/authorization/validation/validation.go, `validateResourceAttributes`.
fn selector_faults(resource: &Value) -> Vec<Cause> {
    let (fields, labels) = (&resource["fieldSelector"], &resource["labelSelector"]);
    let mut causes = Vec::new();
    if fields.is_object() {
        const PATH: &str = "spec.resourceAttributes.fieldSelector";
        causes.extend(either_fault(PATH, fields));
        let list = fields["requirements"].as_array().into_iter().flatten();
        for (index, requirement) in list.enumerate() {
            let path = format!("{PATH}.requirements[{index}]");
            causes.extend(field_faults(&path, requirement));
        }
    }
    if labels.is_object() {
        const PATH: &str = "spec.resourceAttributes.labelSelector";
        causes.extend(either_fault(PATH, labels));
        let path = format!("{PATH}.requirements");
        causes.extend(requirement_faults(&path, &labels["requirements"]));
    }
    causes
}

/// A selector is a text or a list.
fn either_fault(path: &str, selector: &Value) -> Option<Cause> {
    let raw = text(selector, "rawSelector");
    let list = selector["requirements"].as_array();
    match (raw.is_empty(), list.is_none_or(Vec::is_empty)) {
        (false, false) => {
            let why = "may not specified at the same time as requirements";
            Some(fault(&format!("{path}.rawSelector"), &json!(raw), why))
        }
        (true, true) => {
            let why = format!("when {path} is specified, requirements or rawSelector is required");
            Some(cause::required(format!("{path}.requirements"), &why))
        }
        _ => None,
    }
}

fn field_faults(path: &str, requirement: &Value) -> Vec<Cause> {
    let n_values = requirement["values"].as_array().map_or(0, Vec::len);
    let mut causes = Vec::new();
    if text(requirement, "key").is_empty() {
        causes.push(cause::required(format!("{path}.key"), "must be specified"));
    }
    match (text(requirement, "operator"), n_values) {
        ("In" | "NotIn", 0) => causes.push(cause::required(
            format!("{path}.values"),
            "must be specified when `operator` is 'In' or 'NotIn'",
        )),
        ("Exists" | "DoesNotExist", 1..) => causes.push(cause::forbidden(
            format!("{path}.values"),
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )),
        _ => {}
    }
    causes
}

fn invalid(kind: &Kind, causes: &[Cause]) -> Status {
    let nameless = Qualified {
        group: &kind.group,
        name: "",
    };
    let mut status = Status::invalid(&nameless, "", causes);
    if let Some(details) = status.details.as_mut().and_then(Value::as_object_mut) {
        details.remove("kind");
    }
    status
}

/// A review asks about a resource or about a path.
fn question_faults(spec: &Value) -> Vec<Cause> {
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    let found = match (resource.is_null(), path.is_null()) {
        (false, false) => Some(fault(
            "spec.nonResourceAttributes",
            &shown(path),
            "cannot be specified in combination with resourceAttributes",
        )),
        (true, true) => Some(fault(
            "spec.resourceAttributes",
            &Value::Null,
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )),
        _ => None,
    };
    found.into_iter().collect()
}

fn shown(path: &Value) -> Value {
    json!({"Path": text(path, "path"), "Verb": text(path, "verb")})
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
