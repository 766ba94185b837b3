//! The variables of containers, and what in a pod may be referred to.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateEnv` and `ValidateEnvFrom`.

use super::part::{has, items, refuse, require, text};
use crate::json::Value;
use crate::store::metadata_faults::without_dash;
use crate::store::naming::{config_key_fault, qualified_name_faults, subdomain_faults};
use crate::store::quota::Amount;
use crate::store::schema::cause::{invalid, not_supported, required};
use crate::store::status::Cause;

const NAME: &str = "a valid environment variable name must consist only of printable ASCII characters other than '='";
/// What a variable may hold of its pod; sorted, as messages name them.
pub(super) const OF_POD: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// What else a reference may name, which only other readers than these know.
const KNOWN: [&str; 5] = [
    "metadata.annotations",
    "metadata.labels",
    "spec.restartPolicy",
    "spec.schedulerName",
    "status.phase",
];
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
const UNITS: [&str; 13] = [
    "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
];

/// What is wrong with the variables of a container.
pub(super) fn faults(path: &str, container: &Value, causes: &mut Vec<Cause>) {
    for (index, variable) in items(&container["env"]).enumerate() {
        let path = format!("{path}.env[{index}]");
        require(&path, variable, &["name"], causes);
        name_fault(&format!("{path}.name"), text(variable, "name"), causes);
        if has(variable, "valueFrom") {
            source_faults(&format!("{path}.valueFrom"), variable, causes);
        }
    }
    let path = format!("{path}.envFrom");
    for (index, source) in items(&container["envFrom"]).enumerate() {
        let place = format!("{path}[{index}]");
        name_fault(&format!("{place}.prefix"), text(source, "prefix"), causes);
        let kinds = ["configMapRef", "secretRef"].iter();
        let given = Vec::from_iter(kinds.filter(|kind| has(source, kind)));
        for kind in &given {
            let (place, name) = (format!("{place}.{kind}"), text(&source[**kind], "name"));
            require(&place, &source[**kind], &["name"], causes);
            if !name.is_empty() {
                // It is taken for the beginning of a name.
                let found = subdomain_faults(&without_dash(name));
                refuse(&format!("{place}.name"), name, found, causes);
            }
        }
        let why = match given.len() {
            0 => "must specify one of: `configMapRef` or `secretRef`",
            1 => continue,
            _ => "may not have more than one field specified at a time",
        };
        causes.push(invalid(&*path, &"".into(), why));
    }
}

fn name_fault(field: &str, name: &str, causes: &mut Vec<Cause>) {
    let is_good = |letter: char| matches!(letter, ' '..='~') && letter != '=';
    if !name.chars().all(is_good) {
        causes.push(invalid(field, &name.into(), NAME));
    }
}

fn source_faults(path: &str, variable: &Value, causes: &mut Vec<Cause>) {
    let source = &variable["valueFrom"];
    let mut n_sources = 0;
    for kind in [
        "fieldRef",
        "resourceFieldRef",
        "configMapKeyRef",
        "secretKeyRef",
    ] {
        if !has(source, kind) {
            continue;
        }
        n_sources += 1;
        let (path, source) = (format!("{path}.{kind}"), &source[kind]);
        match kind {
            "fieldRef" => field_faults(&path, source, &OF_POD, causes),
            "resourceFieldRef" => resource_faults(&path, source, false, causes),
            _ => key_faults(&path, source, causes),
        }
    }
    let why = match n_sources {
        0 => {
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        }
        _ if !text(variable, "value").is_empty() => {
            "may not be specified when `value` is not empty"
        }
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    causes.push(invalid(path, &"".into(), why));
}

fn key_faults(path: &str, source: &Value, causes: &mut Vec<Cause>) {
    let (name, key) = (text(source, "name"), text(source, "key"));
    refuse(
        &format!("{path}.name"),
        name,
        subdomain_faults(name),
        causes,
    );
    require(path, source, &["key"], causes);
    if !key.is_empty() {
        refuse(&format!("{path}.key"), key, config_key_fault(key), causes);
    }
}

/// What is wrong with a reference to a field of the pod, which may be one of `allowed` or an element of its metadata.
pub(super) fn field_faults(path: &str, source: &Value, allowed: &[&str], causes: &mut Vec<Cause>) {
    let (version, name) = (text(source, "apiVersion"), text(source, "fieldPath"));
    let field = format!("{path}.fieldPath");
    let mut unreadable = |why: String| {
        let why = format!("error converting fieldPath: {why}");
        causes.push(invalid(&*field, &name.into(), &why));
    };
    if name.is_empty() {
        causes.push(required(field, ""));
    } else if version != "v1" {
        unreadable(format!("unsupported pod version: {version}"));
    } else if let Some((whole, key)) = subscripted(name) {
        match whole {
            "metadata.annotations" => {
                let key = key.to_lowercase();
                refuse(path, &key, qualified_name_faults(&key), causes);
            }
            "metadata.labels" => refuse(path, key, qualified_name_faults(key), causes),
            _ => unreadable(format!("field label does not support subscript: {name}")),
        }
    } else if !KNOWN.contains(&name) && !OF_POD.contains(&name) && name != "spec.host" {
        unreadable(format!("field label not supported: {name}"));
    } else {
        let name = if name == "spec.host" {
            "spec.nodeName"
        } else {
            name
        };
        if !allowed.contains(&name) {
            causes.push(not_supported(field, &name.into(), &owned(allowed)));
        }
    }
}

/// A path that names an element, as `metadata.labels['a']`, in its two parts.
///
/// Source: kubernetes v1.34 `pkg/fieldpath/fieldpath.go`, `SplitMaybeSubscriptedPath`.
fn subscripted(path: &str) -> Option<(&str, &str)> {
    let parts = path.strip_suffix("']")?.split_once("['")?;
    Some(parts).filter(|(whole, _)| !whole.is_empty())
}

/// What is wrong with a reference to what a container requests or is limited to; in a volume it names the container.
pub(super) fn resource_faults(
    path: &str,
    source: &Value,
    is_of_volume: bool,
    causes: &mut Vec<Cause>,
) {
    let resource = text(source, "resource");
    let is_huge = ["requests.hugepages-", "limits.hugepages-"]
        .iter()
        .any(|prefix| resource.starts_with(prefix));
    if is_of_volume && text(source, "containerName").is_empty() {
        causes.push(required(format!("{path}.containerName"), ""));
    } else if resource.is_empty() {
        causes.push(required(format!("{path}.resource"), ""));
    } else if !RESOURCES.contains(&resource) && !is_huge {
        let field = format!("{path}.resource");
        causes.push(not_supported(field, &resource.into(), &owned(&RESOURCES)));
    }
    let divisor = text(source, "divisor");
    if Amount::read(divisor).is_none_or(|amount| amount == Amount::default()) {
        return;
    }
    let (units, of) = match resource.split_once('.').unwrap_or_default().1 {
        "cpu" => (&["1m", "1"][..], "cpu"),
        "memory" => (&UNITS[..], "memory"),
        "ephemeral-storage" => (&UNITS[..], "local ephemeral storage"),
        _ if is_huge => (&UNITS[..], "hugepages"),
        _ => return,
    };
    if !units.contains(&divisor) {
        let known = if of == "cpu" {
            "1m and 1"
        } else {
            &UNITS.join(", ")
        };
        let why = format!("only divisor's values {known} are supported with the {of} resource");
        let field = format!("{path}.divisor");
        causes.push(invalid(field, &resource.into(), &why));
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.labels['a']"}}), &[])]
    #[case::nothing(json!({}), &[": Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"])]
    #[case::status(json!({"fieldRef": {"apiVersion": "v1", "fieldPath": "status.nope"}}), &[".fieldRef.fieldPath: Invalid value: \"status.nope\": error converting fieldPath: field label not supported: status.nope"])]
    #[case::divisor(json!({"resourceFieldRef": {"resource": "limits.cpu", "divisor": "2"}}), &[".resourceFieldRef.divisor: Invalid value: \"limits.cpu\": only divisor's values 1m and 1 are supported with the cpu resource"])]
    #[case::key(json!({"secretKeyRef": {"name": "s"}}), &[".secretKeyRef.key: Required value"])]
    fn where_a_variable_comes_from_is_checked(#[case] source: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        let container = json!({"env": [{"name": "A", "valueFrom": source}]});
        faults("c", &container, &mut causes);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        let expected = expected
            .iter()
            .map(|rest| format!("c.env[0].valueFrom{rest}"));
        assert_eq!(found, Vec::from_iter(expected));
    }
}
