//! How requests flow: which belong together, and how many of them at a time.
//!
//! Source: kubernetes v1.34 `pkg/apis/flowcontrol/validation/validation.go`.

use std::collections::BTreeSet;

use super::of_kind::required;
use super::pod_spec::choice_fault;
use crate::json::{Value, json};
use crate::store::metadata::{invalid, invalid_json};
use crate::store::naming::{label_fault, subdomain_fault};
use crate::store::object::texts;
use crate::store::schema::cause::{duplicate, forbidden, not_supported};
use crate::store::status::Cause;

const PRECEDENCE_MAX: i64 = 10_000;
const QUEUES_MAX: i64 = 10_000_000;
/// The only name for what is not limited, in either kind.
const EXEMPT: &str = "exempt";
/// The numbers of a level, the most of each, and what messages say; how much is queued is looked at after the first.
const BOUNDS: [(&str, i64, &str); 3] = [
    (
        "nominalConcurrencyShares",
        i64::MAX,
        "must be a non-negative integer",
    ),
    (
        "lendablePercent",
        100,
        "must be between 0 and 100, inclusive",
    ),
    (
        "borrowingLimitPercent",
        i64::MAX,
        "if specified, must be a non-negative integer",
    ),
];
/// Sorted, as messages name them.
const VERBS: [&str; 9] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "proxy",
    "update",
    "watch",
];
/// Kinds of subjects and the fields that tell of them.
const SUBJECTS: [(&str, &str); 3] = [
    ("Group", "group"),
    ("ServiceAccount", "serviceAccount"),
    ("User", "user"),
];

/// What is wrong with a schema of requests that belong together.
pub(super) fn schema_faults(new: &Value) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    let precedence = spec["matchingPrecedence"].as_i64().unwrap_or(0);
    let why = match precedence {
        ..1 => "must be a positive value".to_owned(),
        1 if new["metadata"]["name"] != EXEMPT => {
            "only the schema named 'exempt' may have matchingPrecedence 1".to_owned()
        }
        1..=PRECEDENCE_MAX => String::new(),
        _ => format!("must not be greater than {PRECEDENCE_MAX}"),
    };
    if !why.is_empty() {
        let shown = precedence.to_string();
        causes.push(invalid_json("spec.matchingPrecedence", &shown, &why));
    }
    let method = &spec["distinguisherMethod"];
    let methods = ["ByNamespace", "ByUser"].map(str::to_owned);
    let is_known = |text: &str| methods.iter().any(|known| known == text);
    if !method.is_null() && !is_known(method["type"].as_str().unwrap_or_default()) {
        let shown = json!({"Type": method["type"]});
        let field = "spec.distinguisherMethod.type";
        causes.push(not_supported(field, &shown, &methods));
    }
    let field = "spec.priorityLevelConfiguration.name";
    match spec["priorityLevelConfiguration"]["name"].as_str() {
        None | Some("") => {
            let why = "Required value: must reference a priority level";
            causes.push(required(field, why));
        }
        Some(name) => causes.extend(subdomain_fault(name).map(|why| invalid(field, name, &why))),
    }
    for (index, rule) in items(&spec["rules"]) {
        rule_faults(&format!("spec.rules[{index}]"), rule, &mut causes);
    }
    causes
}

fn rule_faults(path: &str, rule: &Value, causes: &mut Vec<Cause>) {
    let is_empty = |list: &str| rule[list].as_array().is_none_or(Vec::is_empty);
    if is_empty("subjects") {
        let why = "Required value: subjects must contain at least one value";
        causes.push(required(format!("{path}.subjects"), why));
    }
    for (index, subject) in items(&rule["subjects"]) {
        subject_faults(&format!("{path}.subjects[{index}]"), subject, causes);
    }
    if is_empty("resourceRules") && is_empty("nonResourceRules") {
        let why = "Required value: at least one of resourceRules and nonResourceRules has to be non-empty";
        causes.push(required(path, why));
    }
    for (index, rule) in items(&rule["resourceRules"]) {
        resource_faults(&format!("{path}.resourceRules[{index}]"), rule, causes);
    }
    for (index, rule) in items(&rule["nonResourceRules"]) {
        let path = format!("{path}.nonResourceRules[{index}]");
        verb_faults(&path, rule, causes);
        let list = "nonResourceURLs";
        let why = "nonResourceURLs must contain at least one value";
        if list_faults((&path, list, "non-resource URLs"), rule, why, causes) {
            for (index, url) in texts(&rule[list]).into_iter().enumerate() {
                let field = format!("{path}.{list}[{index}]");
                causes.extend(url_fault(url).map(|why| invalid(&field, url, why)));
            }
        }
    }
}

fn subject_faults(path: &str, subject: &Value, causes: &mut Vec<Cause>) {
    let kind = subject["kind"].as_str().unwrap_or_default();
    let Some((_, own)) = SUBJECTS.iter().find(|(known, _)| *known == kind) else {
        let kinds = SUBJECTS.map(|(kind, _)| kind);
        choice_fault(&format!("{path}.kind"), &kind.into(), &kinds, causes);
        return;
    };
    for (other, field) in SUBJECTS.iter().filter(|(_, field)| field != own) {
        if !subject[*field].is_null() {
            let why = format!("{field} is forbidden when subject kind is not '{other}'");
            causes.push(forbidden(format!("{path}.{field}"), &why));
        }
    }
    let (path, of) = (format!("{path}.{own}"), &subject[*own]);
    if of.is_null() {
        let why = format!("Required value: {own} is required when subject kind is '{kind}'");
        causes.push(required(path, &why));
        return;
    }
    let name = of["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        causes.push(required(format!("{path}.name"), "Required value"));
    }
    if kind != "ServiceAccount" {
        return;
    }
    if let Some(why) = subdomain_fault(name).filter(|_| !name.is_empty() && name != "*") {
        causes.push(invalid(&format!("{path}.name"), name, &why));
    }
    let field = format!("{path}.namespace");
    match of["namespace"].as_str() {
        None | Some("") => {
            let why = "Required value: must specify namespace for service account";
            causes.push(required(field, why));
        }
        Some(name) => causes.extend(label_fault(name).map(|why| invalid(&field, name, &why))),
    }
}

fn resource_faults(path: &str, rule: &Value, causes: &mut Vec<Cause>) {
    verb_faults(path, rule, causes);
    let why = "resource rules must supply at least one api group";
    list_faults((path, "apiGroups", "api groups"), rule, why, causes);
    let why = "resource rules must supply at least one resource";
    list_faults((path, "resources", "resources"), rule, why, causes);
    let names = texts(&rule["namespaces"]);
    if names.is_empty() && rule["clusterScope"] == true {
        return;
    }
    let why = "resource rules that are not cluster scoped must supply at least one namespace";
    if list_faults((path, "namespaces", "namespaces"), rule, why, causes) {
        for (index, name) in names.into_iter().enumerate() {
            let field = format!("{path}.namespaces[{index}]");
            causes.extend(label_fault(name).map(|why| {
                let why =
                    format!("each member of this list must be '*' or a DNS-1123 label; {why}");
                invalid(&field, name, &why)
            }));
        }
    }
}

fn verb_faults(path: &str, rule: &Value, causes: &mut Vec<Cause>) {
    let why = "verbs must contain at least one value";
    if list_faults((path, "verbs", "verbs"), rule, why, causes)
        && !texts(&rule["verbs"])
            .iter()
            .all(|verb| VERBS.contains(verb))
    {
        let known = VERBS.map(str::to_owned);
        causes.push(not_supported(
            format!("{path}.verbs"),
            &rule["verbs"],
            &known,
        ));
    }
}

/// Whether there is a list without `*`, whose elements can be looked at; nothing stands beside `*`.
fn list_faults(
    (path, list, noun): (&str, &str, &str),
    rule: &Value,
    why: &str,
    causes: &mut Vec<Cause>,
) -> bool {
    let field = format!("{path}.{list}");
    let members = texts(&rule[list]);
    if members.is_empty() {
        causes.push(required(field, &format!("Required value: {why}")));
        return false;
    }
    let has_all = members.contains(&"*");
    if has_all && members.len() > 1 {
        let why = format!("if '*' is present, must not specify other {noun}");
        causes.push(invalid_json(&field, &rule[list].to_string(), &why));
    }
    !has_all
}

fn url_fault(url: &str) -> Option<&'static str> {
    let n_stars = url.matches('*').count();
    match url {
        "" => Some("must not be empty"),
        "/" => None,
        _ if !url.starts_with('/') => Some("must start with slash"),
        _ if url.contains(' ') => Some("must not contain white-space"),
        _ if url.contains("//") => Some("must not contain double slash"),
        _ if n_stars > 1 || (n_stars == 1 && !url.ends_with("/*")) => {
            Some("wildcard can only do suffix matching")
        }
        _ => None,
    }
}

/// What is wrong with a level of how important requests are.
pub(super) fn level_faults(new: &Value) -> Vec<Cause> {
    let (spec, kind) = (&new["spec"], &new["spec"]["type"]);
    let mut causes = Vec::new();
    if (new["metadata"]["name"] == EXEMPT) != (*kind == "Exempt") {
        let why = "must be 'Exempt' if and only if `name` is 'exempt'";
        causes.push(invalid_json("spec.type", &kind.to_string(), why));
    }
    let (exempt, limited) = (&spec["exempt"], &spec["limited"]);
    match kind.as_str().unwrap_or_default() {
        "Exempt" => {
            if !limited.is_null() {
                let why = "must be nil if the type is not Limited";
                causes.push(forbidden("spec.limited", why));
            }
            share_faults("spec.exempt", exempt, &BOUNDS, &mut causes);
        }
        "Limited" => {
            if !exempt.is_null() {
                let why = "must be nil if the type is Limited";
                causes.push(forbidden("spec.exempt", why));
            }
            limited_faults(limited, &mut causes);
        }
        other => {
            let kinds = ["Exempt", "Limited"];
            choice_fault("spec.type", &other.into(), &kinds, &mut causes);
        }
    }
    causes
}

fn share_faults(path: &str, of: &Value, bounds: &[(&str, i64, &str)], causes: &mut Vec<Cause>) {
    for (field, most, why) in bounds {
        if let Some(number) = of[*field].as_i64().filter(|n| *n < 0 || n > most) {
            let field = format!("{path}.{field}");
            causes.push(invalid_json(&field, &number.to_string(), why));
        }
    }
}

fn limited_faults(limited: &Value, causes: &mut Vec<Cause>) {
    let path = "spec.limited";
    if limited.is_null() {
        let why = "Required value: must not be empty when type is Limited";
        causes.push(required(path, why));
        return;
    }
    share_faults(path, limited, &BOUNDS[..1], causes);
    response_faults(path, &limited["limitResponse"], causes);
    share_faults(path, limited, &BOUNDS[1..], causes);
}

/// What is wrong with what becomes of requests above the limit.
fn response_faults(path: &str, response: &Value, causes: &mut Vec<Cause>) {
    let field = format!("{path}.limitResponse.queuing");
    let queuing = &response["queuing"];
    match response["type"].as_str().unwrap_or_default() {
        "Reject" if queuing.is_null() => {}
        "Reject" => {
            let why = "must be nil if limited.limitResponse.type is not Limited";
            causes.push(forbidden(field, why));
        }
        "Queue" if queuing.is_null() => {
            let why = "Required value: must not be empty if limited.limitResponse.type is Limited";
            causes.push(required(field, why));
        }
        "Queue" => queue_faults(&field, queuing, causes),
        other => choice_fault(
            &format!("{path}.limitResponse.type"),
            &other.into(),
            &["Queue", "Reject"],
            causes,
        ),
    }
}

/// Simplified: how many bits a hand takes is not counted.
fn queue_faults(path: &str, queuing: &Value, causes: &mut Vec<Cause>) {
    let number = |field: &str| queuing[field].as_i64().unwrap_or(0);
    for field in ["queueLengthLimit", "queues", "handSize"] {
        if number(field) <= 0 {
            let (field, shown) = (format!("{path}.{field}"), number(field).to_string());
            causes.push(invalid_json(&field, &shown, "must be positive"));
        }
    }
    let (queues, hand) = (number("queues"), number("handSize"));
    if queues > QUEUES_MAX {
        let why = format!("must not be greater than {QUEUES_MAX}");
        let field = format!("{path}.queues");
        causes.push(invalid_json(&field, &queues.to_string(), &why));
    }
    if hand > queues && hand > 0 {
        let why = format!("should not be greater than queues ({queues})");
        let field = format!("{path}.handSize");
        causes.push(invalid_json(&field, &hand.to_string(), &why));
    }
}

/// What is wrong with the conditions of either kind.
pub(super) fn status_faults(new: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, condition) in items(&new["status"]["conditions"]) {
        let field = format!("status.conditions[{index}].type");
        let kind = condition["type"].as_str().unwrap_or_default();
        if kind.is_empty() {
            causes.push(required(field.as_str(), "Required value"));
        }
        if !seen.insert(kind) {
            causes.push(duplicate(field, &kind.into()));
        }
    }
    causes
}

fn items(list: &Value) -> impl Iterator<Item = (usize, &Value)> {
    list.as_array().into_iter().flatten().enumerate()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/", None)]
    #[case("/a/*", None)]
    #[case("a", Some("must start with slash"))]
    #[case("/a*", Some("wildcard can only do suffix matching"))]
    fn a_path_is_checked(#[case] url: &str, #[case] why: Option<&str>) {
        assert_eq!(url_fault(url), why);
    }
}
