//! What is refused in a policy or a binding.
//!
//! Source: kubernetes v1.34 `pkg/apis/admissionregistration/validation/validation.go`.

use super::compile::compile;
use crate::json::Value;
use crate::store::admission::{choice, resource_faults, selector_faults};
use crate::store::naming::{path_segment_fault, subdomain_fault};
use crate::store::schema::cause;
use crate::store::schema::name::{dns_1035_label_fault, dns_1123_subdomain_fault};
use crate::store::status::Cause;

/// What is wrong with a ValidatingAdmissionPolicy.
pub(in crate::store) fn policy_faults(new: &Value) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    choice("spec.failurePolicy", spec, &["Fail", "Ignore"], &mut causes);
    if let Some(kind) = spec.get("paramKind").filter(|kind| kind.is_object()) {
        causes.extend(kind_faults(kind));
    }
    match spec.get("matchConstraints").filter(|it| it.is_object()) {
        None => causes.push(cause::required("spec.matchConstraints", "")),
        Some(constraints) => {
            causes.extend(resource_faults("spec.matchConstraints", constraints));
            if is_empty(&constraints["resourceRules"]) {
                causes.push(cause::required("spec.matchConstraints.resourceRules", ""));
            }
        }
    }
    if is_empty(&spec["validations"]) && is_empty(&spec["auditAnnotations"]) {
        let detail = "validations or auditAnnotations must contain at least one item";
        for field in ["spec.validations", "spec.auditAnnotations"] {
            causes.push(cause::required(field, detail));
        }
    }
    let name = new["metadata"]["name"].as_str().unwrap_or_default();
    causes.extend(compile(spec, name).err().unwrap_or_default());
    causes
}

fn kind_faults(kind: &Value) -> Vec<Cause> {
    let text = |field: &str| kind[field].as_str().unwrap_or_default();
    let mut causes = Vec::new();
    let (field, api_version) = ("spec.paramKind.apiVersion", text("apiVersion"));
    let invalid = |value: &str, detail: &str| cause::invalid(field, &value.into(), detail);
    match api_version.split('/').collect::<Vec<_>>().as_slice() {
        [""] => causes.push(cause::required(field, "")),
        [version] | ["", version] => causes.extend(version_fault(field, version)),
        [group, version] => {
            let fault = dns_1123_subdomain_fault(group);
            causes.extend(fault.map(|fault| invalid(group, &fault)));
            causes.extend(version_fault(field, version));
        }
        _ => {
            let detail = format!("unexpected GroupVersion string: {api_version}");
            causes.push(invalid(api_version, &detail));
        }
    }
    let (field, kind) = ("spec.paramKind.kind", text("kind"));
    if kind.is_empty() {
        causes.push(cause::required(field, ""));
    } else if let Some(fault) = dns_1035_label_fault(&kind.to_lowercase()) {
        let detail = format!("may have mixed case, but should otherwise match: {fault}");
        causes.push(cause::invalid(field, &kind.into(), &detail));
    }
    causes
}

fn version_fault(field: &str, version: &str) -> Option<Cause> {
    let fault = match version {
        "" => Some("version must be specified".to_owned()),
        version => dns_1035_label_fault(version),
    };
    fault.map(|fault| cause::invalid(field, &version.into(), &fault))
}

/// What is wrong with a ValidatingAdmissionPolicyBinding.
pub(in crate::store) fn binding_faults(new: &Value) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    let name = spec["policyName"].as_str().unwrap_or_default();
    if name.is_empty() {
        causes.push(cause::required("spec.policyName", ""));
    } else if let Some(fault) = subdomain_fault(name) {
        causes.push(cause::invalid("spec.policyName", &name.into(), &fault));
    }
    if let Some(reference) = spec.get("paramRef").filter(|it| it.is_object()) {
        causes.extend(reference_faults(reference));
    }
    if let Some(resources) = spec.get("matchResources").filter(|it| it.is_object()) {
        causes.extend(resource_faults("spec.matchResources", resources));
    }
    causes.extend(action_faults(&spec["validationActions"]));
    causes
}

fn reference_faults(reference: &Value) -> Vec<Cause> {
    const PATH: &str = "spec.paramRef";
    const EXCLUSIVE: &str = "name and selector are mutually exclusive";
    let mut causes = Vec::new();
    let name = reference["name"].as_str().unwrap_or_default();
    let selector = reference.get("selector").filter(|it| it.is_object());
    if let Some(fault) = path_segment_fault(name) {
        let field = format!("{PATH}.name");
        causes.push(cause::invalid(field, &name.into(), &fault));
    }
    if let Some(selector) = selector {
        causes.extend(selector_faults(&format!("{PATH}.selector"), selector));
    }
    match (name.is_empty(), selector) {
        (true, None) => {
            let detail = "one of name or selector must be specified";
            causes.push(cause::required(PATH, detail));
        }
        (false, Some(_)) => {
            for field in ["name", "selector"] {
                causes.push(cause::forbidden(format!("{PATH}.{field}"), EXCLUSIVE));
            }
        }
        (true, Some(_)) | (false, None) => {}
    }
    let field = format!("{PATH}.parameterNotFoundAction");
    match reference["parameterNotFoundAction"].as_str() {
        None | Some("") => causes.push(cause::required(field, "")),
        Some(_) => choice(&field, reference, &["Deny", "Allow"], &mut causes),
    }
    causes
}

fn action_faults(actions: &Value) -> Vec<Cause> {
    const FIELD: &str = "spec.validationActions";
    let list: &[Value] = actions.as_array().map_or(&[], Vec::as_slice);
    let mut causes = Vec::new();
    for (index, action) in list.iter().enumerate() {
        let field = format!("{FIELD}[{index}]");
        let supported = ["Audit", "Deny", "Warn"];
        if !supported.iter().any(|known| action == known) {
            let supported = supported.map(str::to_owned);
            causes.push(cause::not_supported(field.clone(), action, &supported));
        }
        if list[..index].contains(action) {
            causes.push(cause::duplicate(field, action));
        }
    }
    let has = |wanted: &str| list.iter().any(|action| action == wanted);
    if has("Deny") && has("Warn") {
        let detail = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
        causes.push(cause::invalid(FIELD, actions, detail));
    }
    if list.is_empty() {
        let detail = "at least one validation action is required";
        causes.push(cause::required(FIELD, detail));
    }
    causes
}

fn is_empty(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}
