//! What is refused in the resources of a policy or a binding.
//!
//! Source: kubernetes v1.34 `pkg/apis/admissionregistration/validation/validation.go`.

use super::choice::choice;
use super::selector_faults::selector_faults;
use crate::json::{Value, json};
use crate::store::naming::path_segment_fault;
use crate::store::object::texts;
use crate::store::schema::cause;
use crate::store::status::Cause;

/// What is wrong with `matchConstraints` or `matchResources`, which stand at `path`.
pub(in crate::store) fn resource_faults(path: &str, resources: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let field = format!("{path}.matchPolicy");
    choice(&field, resources, &["Equivalent", "Exact"], &mut causes);
    for field in ["namespaceSelector", "objectSelector"] {
        let path = format!("{path}.{field}");
        causes.extend(selector_faults(&path, &resources[field]));
    }
    for list in ["resourceRules", "excludeResourceRules"] {
        let rules = resources[list].as_array().into_iter().flatten();
        for (index, rule) in rules.enumerate() {
            causes.extend(rule_faults(&format!("{path}.{list}[{index}]"), rule));
        }
    }
    causes
}

/// What is wrong with the rule at `path`.
pub(in crate::store) fn rule_faults(path: &str, rule: &Value) -> Vec<Cause> {
    let mut causes = name_faults(path, rule);
    wildcard_fault(path, rule, ("operations", "operations"), &mut causes);
    for (index, operation) in texts(&rule["operations"]).into_iter().enumerate() {
        let supported = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
        if !supported.contains(&operation) {
            let at = format!("{path}.operations[{index}]");
            let supported = supported.map(str::to_owned);
            causes.push(cause::not_supported(at, &operation.into(), &supported));
        }
    }
    for list in [("apiGroups", "API groups"), ("apiVersions", "API versions")] {
        wildcard_fault(path, rule, list, &mut causes);
    }
    for (index, version) in texts(&rule["apiVersions"]).into_iter().enumerate() {
        if version.is_empty() {
            let at = format!("{path}.apiVersions[{index}]");
            causes.push(cause::required(at, ""));
        }
    }
    let resources = texts(&rule["resources"]);
    causes.extend(resource_list_faults(
        &format!("{path}.resources"),
        &resources,
    ));
    let scopes = ["*", "Cluster", "Namespaced"];
    choice(&format!("{path}.scope"), rule, &scopes, &mut causes);
    causes
}

/// Refuses a list that is empty, or names others beside all; `what` is what messages call them.
fn wildcard_fault(path: &str, rule: &Value, (field, what): (&str, &str), causes: &mut Vec<Cause>) {
    let (list, at) = (texts(&rule[field]), format!("{path}.{field}"));
    if list.is_empty() {
        causes.push(cause::required(at, ""));
    } else if list.len() > 1 && list.contains(&"*") {
        let detail = format!("if '*' is present, must not specify other {what}");
        causes.push(cause::invalid(at, &json!(list), &detail));
    }
}

fn name_faults(path: &str, rule: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let names = texts(&rule["resourceNames"]);
    for (index, name) in names.iter().enumerate() {
        let field = format!("{path}.resourceNames[{index}]");
        if let Some(fault) = path_segment_fault(name) {
            causes.push(cause::invalid(field.clone(), &(*name).into(), &fault));
        }
        if names[..index].contains(name) {
            causes.push(cause::duplicate(field, &(*name).into()));
        }
    }
    causes
}

fn resource_list_faults(path: &str, resources: &[&str]) -> Vec<Cause> {
    let mut causes = Vec::new();
    if resources.is_empty() {
        causes.push(cause::required(path, ""));
    }
    for (index, resource) in resources.iter().enumerate() {
        let field = format!("{path}[{index}]");
        if resource.is_empty() {
            causes.push(cause::required(field, ""));
            continue;
        }
        let Some((whole, part)) = resource.split_once('/') else {
            continue;
        };
        for wide in [format!("{whole}/*"), format!("*/{part}")] {
            if resources[..index].contains(&wide.as_str()) {
                let detail = format!("if '{wide}' is present, must not specify {resource}");
                causes.push(cause::invalid(field.clone(), &(*resource).into(), &detail));
            }
        }
    }
    if resources.len() > 1 && resources.contains(&"*/*") {
        let detail = "if '*/*' is present, must not specify other resources";
        causes.push(cause::invalid(path, &json!(resources), detail));
    }
    let is_plain = |resource: &&str| !resource.is_empty() && !resource.contains('/');
    let has_other = resources
        .iter()
        .any(|resource| is_plain(resource) && *resource != "*");
    if resources.contains(&"*") && has_other {
        let detail = "if '*' is present, must not specify other resources without subresources";
        causes.push(cause::invalid(path, &json!(resources), detail));
    }
    causes
}
