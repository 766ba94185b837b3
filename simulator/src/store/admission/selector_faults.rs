//! What is refused in a label selector that an object holds.
//!
//! Source: apimachinery v0.34.3, pkg/apis/meta/v1/validation/validation.go, `ValidateLabelSelector`.

use crate::json::Value;
use crate::store::naming::{label_value_fault, qualified_name_fault};
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
        let fault = qualified_name_fault(label);
        causes.extend(fault.map(|why| cause::invalid(&*field, &label.as_str().into(), &why)));
        let fault = label_value_fault(value);
        causes.extend(fault.map(|why| cause::invalid(&*field, &value.into(), &why)));
    }
    let expressions = selector["matchExpressions"].as_array();
    for (index, expression) in expressions.into_iter().flatten().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        causes.extend(expression_faults(&path, expression));
    }
    causes
}

fn expression_faults(path: &str, expression: &Value) -> Vec<Cause> {
    let text = |field: &str| expression[field].as_str().unwrap_or_default();
    let values = texts(&expression["values"]);
    let at = |field: &str| format!("{path}.{field}");
    let mut causes = Vec::new();
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
            causes.push(cause::invalid(at("operator"), &operator.into(), detail));
        }
    }
    let fault = qualified_name_fault(text("key"));
    causes.extend(fault.map(|why| cause::invalid(at("key"), &text("key").into(), &why)));
    for (index, value) in values.into_iter().enumerate() {
        let fault = label_value_fault(value);
        let field = at(&format!("values[{index}]"));
        causes.extend(fault.map(|why| cause::invalid(field, &value.into(), &why)));
    }
    causes
}
