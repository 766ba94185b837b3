//! What is refused in a configuration of webhooks.
//!
//! Source: kubernetes v1.34 `pkg/apis/admissionregistration/validation/validation.go`.

use super::hook::REVIEW_VERSIONS;
use super::url_faults::{service_faults, url_faults};
use crate::json::{Value, json};
use crate::store::admission::{Compiler, choice, declared, rule_faults, selector_faults};
use crate::store::object::texts;
use crate::store::schema::cause;
use crate::store::schema::name::{dns_1035_label_fault, dns_1123_subdomain_fault};
use crate::store::status::Cause;

/// Which side effects a webhook may have.
const SIDE_EFFECTS: [&str; 2] = ["None", "NoneOnDryRun"];

/// What is wrong with a configuration of `kind`.
pub(in crate::store) fn configuration_faults(kind: &str, new: &Value) -> Vec<Cause> {
    let hooks = new["webhooks"].as_array().into_iter().flatten();
    let mut names = Vec::new();
    let mut causes = Vec::new();
    for (index, hook) in hooks.enumerate() {
        let path = format!("webhooks[{index}]");
        causes.extend(hook_faults(kind, &path, hook));
        causes.extend(version_faults(
            &format!("{path}.admissionReviewVersions"),
            &texts(&hook["admissionReviewVersions"]),
            &format!("must specify one of {}", REVIEW_VERSIONS.join(", ")),
        ));
        let name = hook["name"].as_str().unwrap_or_default();
        if !name.is_empty() && names.contains(&name) {
            causes.push(cause::duplicate(format!("{path}.name"), &name.into()));
        }
        names.push(name);
    }
    causes
}

fn hook_faults(kind: &str, path: &str, hook: &Value) -> Vec<Cause> {
    let at = |field: &str| format!("{path}.{field}");
    let mut causes = Vec::new();
    causes.extend(name_fault(at("name"), &hook["name"]));
    let rules = hook["rules"].as_array().into_iter().flatten();
    for (index, rule) in rules.enumerate() {
        causes.extend(rule_faults(&at(&format!("rules[{index}]")), rule));
    }
    choice(&at("failurePolicy"), hook, &["Fail", "Ignore"], &mut causes);
    choice(
        &at("matchPolicy"),
        hook,
        &["Equivalent", "Exact"],
        &mut causes,
    );
    if hook["sideEffects"].is_null() {
        let detail = format!("must specify one of {}", SIDE_EFFECTS.join(", "));
        causes.push(cause::required(at("sideEffects"), &detail));
    }
    choice(&at("sideEffects"), hook, &SIDE_EFFECTS, &mut causes);
    let seconds = &hook["timeoutSeconds"];
    if seconds.as_i64().is_some_and(|n| !(1..=30).contains(&n)) {
        let detail = "the timeout value must be between 1 and 30 seconds";
        causes.push(cause::invalid(at("timeoutSeconds"), seconds, detail));
    }
    for field in ["namespaceSelector", "objectSelector"] {
        causes.extend(selector_faults(&at(field), &hook[field]));
    }
    if kind == "MutatingWebhookConfiguration" {
        let choices = ["IfNeeded", "Never"];
        choice(&at("reinvocationPolicy"), hook, &choices, &mut causes);
    }
    causes.extend(address_faults(&at("clientConfig"), &hook["clientConfig"]));
    let mut compiler = Compiler::new(declared(false));
    compiler.conditions(&hook["matchConditions"], &at("matchConditions"));
    causes.extend(compiler.causes);
    causes
}

fn name_fault(field: String, name: &Value) -> Option<Cause> {
    let text = name.as_str().unwrap_or_default();
    if text.is_empty() {
        return Some(cause::required(field, ""));
    }
    let detail = match dns_1123_subdomain_fault(text) {
        Some(fault) => fault,
        None if text.split('.').count() < 3 => {
            "should be a domain with at least three segments separated by dots".to_owned()
        }
        None => return None,
    };
    Some(cause::invalid(field, name, &detail))
}

/// What is wrong with the address in the `clientConfig` at `path`.
pub(in crate::store) fn address_faults(path: &str, config: &Value) -> Vec<Cause> {
    let service = config.get("service").filter(|it| it.is_object());
    match (config["url"].as_str(), service) {
        (Some(url), None) => url_faults(&format!("{path}.url"), url),
        (None, Some(service)) => service_faults(&format!("{path}.service"), service),
        (None, None) | (Some(_), Some(_)) => {
            let detail = "exactly one of url or service is required";
            vec![cause::required(path, detail)]
        }
    }
}

/// What is wrong with the versions of reviews at `path`; `required` is said if there are none.
pub(in crate::store) fn version_faults(
    path: &str,
    versions: &[&str],
    required: &str,
) -> Vec<Cause> {
    let all = REVIEW_VERSIONS.join(", ");
    if versions.is_empty() {
        return vec![cause::required(path, required)];
    }
    let mut causes = Vec::new();
    for (index, version) in versions.iter().enumerate() {
        let invalid = |detail: &str| {
            let field = format!("{path}[{index}]");
            cause::invalid(field, &(*version).into(), detail)
        };
        if versions[..index].contains(version) {
            causes.push(invalid("duplicate version"));
        } else if let Some(fault) = dns_1035_label_fault(version) {
            causes.push(invalid(&fault));
        }
    }
    if !versions
        .iter()
        .any(|version| REVIEW_VERSIONS.contains(version))
    {
        let detail = format!("must include at least one of {all}");
        causes.push(cause::invalid(path, &json!(versions), &detail));
    }
    causes
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::good("/timeoutSeconds", json!(30), None)]
    #[case::name("/name", json!("a.io"), Some("webhooks[0].name: Invalid value: \"a.io\": should be a domain with at least three segments separated by dots"))]
    #[case::effects(
        "/sideEffects",
        Value::Null,
        Some("webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun")
    )]
    #[case::timeout("/timeoutSeconds", json!(31), Some("webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds"))]
    #[case::versions("/admissionReviewVersions", json!(["v2"]), Some("webhooks[0].admissionReviewVersions: Invalid value: [\"v2\"]: must include at least one of v1, v1beta1"))]
    #[case::address("/clientConfig", json!({}), Some("webhooks[0].clientConfig: Required value: exactly one of url or service is required"))]
    #[case::scheme("/clientConfig/url", json!("http://h"), Some("webhooks[0].clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]"))]
    fn a_configuration_is_refused_for_what_is_wrong_with_it(
        #[case] place: &str,
        #[case] value: Value,
        #[case] expected: Option<&str>,
    ) {
        let mut hook = json!({
            "name": "a.ex.io", "clientConfig": {"url": "https://h"}, "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "timeoutSeconds": 10,
        });
        *hook.pointer_mut(place).unwrap() = value;
        let new = json!({"webhooks": [hook]});
        let causes = configuration_faults("ValidatingWebhookConfiguration", &new);
        let causes = causes.iter().map(Cause::to_string);
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(causes.collect::<Vec<_>>(), expected);
    }
}
