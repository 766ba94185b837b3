//! What is refused in a label selector that an object holds.
//!
//! Source: apimachinery v0.34.3, pkg/apis/meta/v1/validation/validation.go, `ValidateLabelSelector`.

use crate::json::Value;
use crate::store::naming::{label_value_faults, qualified_name_faults};
use crate::store::object::texts;
use crate::store::schema::cause;
use crate::store::status::Cause;

/// What is wrong with the selector at `path`.
pub(in crate::store) fn selector_faults(path: &str, selector: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    for (label, value) in labels {
        let (field, value) = (
            format!("{path}.matchLabels"),
            value.as_str().unwrap_or_default(),
        );
        let found = qualified_name_faults(label).into_iter();
        causes.extend(found.map(|why| cause::invalid(&*field, &label.as_str().into(), &why)));
        let found = label_value_faults(value).into_iter();
        causes.extend(found.map(|why| cause::invalid(&*field, &value.into(), &why)));
    }
    let expressions = selector["matchExpressions"].as_array();
    for (index, expression) in expressions.into_iter().flatten().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        let (operator, rest) = expression_faults(&path, expression);
        causes.extend(operator.into_iter().chain(rest));
    }
    causes
}

/// What is wrong with the requirements at `path`, whose operators may be any.
///
/// Source: kubernetes v1.34.3, pkg/apis/authorization/validation/validation.go, `validateLabelSelectorAttributes`.
pub(crate) fn requirement_faults(path: &str, requirements: &Value) -> Vec<Cause> {
    let list = requirements.as_array().into_iter().flatten().enumerate();
    let faults = |(index, requirement)| {
        let (_, rest) = expression_faults(&format!("{path}[{index}]"), requirement);
        rest
    };
    list.flat_map(faults).collect()
}

/// What is wrong with the operator of an expression, and with the rest of it.
fn expression_faults(path: &str, expression: &Value) -> (Option<Cause>, Vec<Cause>) {
    let text = |field: &str| expression[field].as_str().unwrap_or_default();
    let values = texts(&expression["values"]);
    let at = |field: &str| format!("{path}.{field}");
    let (mut unknown, mut causes) = (None, Vec::new());
    match (text("operator"), values.is_empty()) {
        ("In" | "NotIn", false) | ("Exists" | "DoesNotExist", true) => {}
        ("In" | "NotIn", true) => causes.push(cause::required(
            at("values"),
            "must be specified when `operator` is 'In' or 'NotIn'",
        )),
        ("Exists" | "DoesNotExist", false) => causes.push(cause::forbidden(
            at("values"),
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )),
        (operator, _) => {
            let detail = "not a valid selector operator";
            unknown = Some(cause::invalid(at("operator"), &operator.into(), detail));
        }
    }
    let found = qualified_name_faults(text("key")).into_iter();
    causes.extend(found.map(|why| cause::invalid(at("key"), &text("key").into(), &why)));
    for (index, value) in values.into_iter().enumerate() {
        let found = label_value_faults(value).into_iter();
        let field = at(&format!("values[{index}]"));
        causes.extend(found.map(|why| cause::invalid(&*field, &value.into(), &why)));
    }
    (unknown, causes)
}
