//! Conditions, as most kinds have them.
//!
//! Source: apimachinery v0.34.3, pkg/apis/meta/v1/validation/validation.go, `ValidateConditions`.

use super::pod_spec::choice_fault;
use crate::json::Value;
use crate::store::metadata::{invalid, invalid_json};
use crate::store::naming::qualified_name_faults;
use crate::store::schema::cause;
use crate::store::status::Cause;

/// The longest reason of a condition, in bytes.
const REASON_BYTES_MAX: u64 = 1024;
/// The longest message of one.
const MESSAGE_BYTES_MAX: u64 = 32 * 1024;
const REASON: &str = "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";

/// What is wrong with the conditions at `path`.
pub(super) fn faults(path: &str, conditions: &Value) -> Vec<Cause> {
    let (mut causes, mut seen) = (Vec::new(), Vec::new());
    let conditions = conditions.as_array().into_iter().flatten();
    for (index, condition) in conditions.enumerate() {
        let path = format!("{path}[{index}]");
        let kind = condition["type"].as_str().unwrap_or_default();
        if seen.contains(&kind) {
            causes.push(cause::duplicate(format!("{path}.type"), &kind.into()));
        }
        seen.push(kind);
        condition_faults(&path, condition, &mut causes);
    }
    causes
}

fn condition_faults(path: &str, condition: &Value, causes: &mut Vec<Cause>) {
    let text = |field: &str| condition[field].as_str().unwrap_or_default();
    let at = |field: &str| format!("{path}.{field}");
    let found = qualified_name_faults(text("type"));
    causes.extend(
        found
            .iter()
            .map(|why| invalid(&at("type"), text("type"), why)),
    );
    let states = ["False", "True", "Unknown"];
    choice_fault(&at("status"), &text("status").into(), &states, causes);
    if let Some(observed) = condition["observedGeneration"]
        .as_i64()
        .filter(|seen| *seen < 0)
    {
        let why = "must be greater than or equal to zero";
        causes.push(invalid_json(
            &at("observedGeneration"),
            &observed.to_string(),
            why,
        ));
    }
    if condition["lastTransitionTime"].is_null() {
        causes.push(cause::required(at("lastTransitionTime"), ""));
    }
    match text("reason") {
        "" => causes.push(cause::required(at("reason"), "")),
        reason => {
            if !is_reason(reason) {
                causes.push(invalid(&at("reason"), reason, REASON));
            }
            if reason.len() as u64 > REASON_BYTES_MAX {
                causes.push(cause::too_long(at("reason"), REASON_BYTES_MAX));
            }
        }
    }
    if text("message").len() as u64 > MESSAGE_BYTES_MAX {
        causes.push(cause::too_long(at("message"), MESSAGE_BYTES_MAX));
    }
}

fn is_reason(text: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || b"_,:".contains(&b);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(is_inner)
        && !text.ends_with([',', ':'])
}
