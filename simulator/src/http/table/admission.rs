//! The columns and cells of what decides whether a write may be.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use jiff::Timestamp;

use super::column::Cells;
use super::field::{UNSET, created, items, len_at, name, non_empty, str_at};
use super::heading::{AGE, Heading, NAME_COLUMN, text};
use crate::json::Value;
use crate::store::kind::Kind;

const WEBHOOKS: &[Heading] = &[
    NAME_COLUMN,
    text(
        "Webhooks",
        "Webhooks indicates the number of webhooks registered in this configuration",
    )
    .of("integer"),
    AGE,
];
const POLICY: &[Heading] = &[
    NAME_COLUMN,
    text(
        "Validations",
        "Validations indicates the number of validation rules defined in this configuration",
    )
    .of("integer"),
    text(
        "ParamKind",
        "ParamKind specifies the kind of resources used to parameterize this policy",
    ),
    AGE,
];
const BINDING: &[Heading] = &[
    NAME_COLUMN,
    text(
        "PolicyName",
        "PolicyName indicates the policy definition which the policy binding binded to",
    ),
    text(
        "ParamRef",
        "ParamRef indicates the param resource which sets the configration param",
    ),
    AGE,
];

/// The columns of a kind, and its cells.
pub(super) fn built_in(kind: &Kind) -> Option<(&'static [Heading], Cells)> {
    if kind.group != "admissionregistration.k8s.io" {
        return None;
    }
    Some(match kind.kind.as_str() {
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => (WEBHOOKS, webhooks),
        "ValidatingAdmissionPolicy" => (POLICY, policy),
        "ValidatingAdmissionPolicyBinding" => (BINDING, binding),
        _ => return None,
    })
}

fn webhooks(object: &Value, now: Timestamp) -> Vec<Value> {
    let n_webhooks = len_at(object, "/webhooks");
    vec![name(object), n_webhooks.into(), created(object, now)]
}

fn policy(object: &Value, now: Timestamp) -> Vec<Value> {
    let parameters = match &object["spec"]["paramKind"] {
        Value::Null => UNSET.to_owned(),
        kind => format!("{}/{}", str_at(kind, "/apiVersion"), str_at(kind, "/kind")),
    };
    vec![
        name(object),
        len_at(object, "/spec/validations").into(),
        parameters.into(),
        created(object, now),
    ]
}

fn binding(object: &Value, now: Timestamp) -> Vec<Value> {
    let given = &object["spec"]["paramRef"];
    let namespace = non_empty(str_at(given, "/namespace")).unwrap_or("*");
    let parameters = match (str_at(given, "/name"), &given["selector"]) {
        ("", Value::Null) => UNSET.to_owned(),
        ("", selector) => go_selector(selector),
        (name, _) => format!("{namespace}/{name}"),
    };
    vec![
        name(object),
        str_at(object, "/spec/policyName").into(),
        parameters.into(),
        created(object, now),
    ]
}

/// A label selector as Go prints its struct.
///
/// Source: kubernetes v1.34 `staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/generated.pb.go`.
fn go_selector(selector: &Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let labels: String = labels
        .map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or_default()))
        .collect();
    let terms: String = items(selector, "/matchExpressions")
        .map(|term| {
            let values: Vec<&str> = items(term, "/values").filter_map(Value::as_str).collect();
            format!(
                "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
                str_at(term, "/key"),
                str_at(term, "/operator"),
                values.join(" ")
            )
        })
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{terms}}},}}"
    )
}
