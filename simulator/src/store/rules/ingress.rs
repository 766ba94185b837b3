//! Ways into the cluster.
//!
//! Source: kubernetes v1.34 `pkg/apis/networking/validation/validation.go`.

use std::net::IpAddr;

use super::network::port_faults;
use super::of_kind::{immutable, required};
use super::part::{domain_path_faults, is_empty, items, refuse, text};
use super::pod_network::address_fault;
use super::pod_spec::choice_fault;
use super::scaling::reference_faults;
use crate::json::Value;
use crate::store::metadata::{invalid, invalid_json};
use crate::store::naming::{label_fault, old_label_fault, subdomain_fault, subdomain_faults};
use crate::store::schema::cause::{forbidden, too_long};
use crate::store::status::Cause;

const PATH_ODDITIES: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
/// The longest name of the controller of a class, in bytes.
const CONTROLLER_BYTES_MAX: usize = 250;
const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const PATH_TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];
/// What is no address.
pub(super) const ADDRESS: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/// What is wrong with an Ingress.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    let rules = spec["rules"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if spec["defaultBackend"].is_null() && rules.is_empty() {
        let why = "either `defaultBackend` or `rules` must be specified";
        causes.push(invalid_json("spec", "null", why));
    }
    if !spec["defaultBackend"].is_null() {
        backend_faults("spec.defaultBackend", &spec["defaultBackend"], &mut causes);
    }
    for (index, part) in items(&spec["tls"]).enumerate() {
        certificate_faults(&format!("spec.tls[{index}]"), part, &mut causes);
    }
    for (index, rule) in rules.iter().enumerate() {
        rule_faults(&format!("spec.rules[{index}]"), rule, &mut causes);
    }
    let class = spec["ingressClassName"].as_str().unwrap_or_default();
    if let Some(why) = subdomain_fault(class).filter(|_| !class.is_empty()) {
        causes.push(invalid("spec.ingressClassName", class, &why));
    }
    let annotation = &new["metadata"]["annotations"]["kubernetes.io/ingress.class"];
    if old.is_none() && !class.is_empty() && annotation.as_str().is_some_and(|named| named != class)
    {
        let field = "annotations.kubernetes.io/ingress.class";
        let why = "must match `ingressClassName` when both are specified";
        causes.push(invalid_json(field, &annotation.to_string(), why));
    }
    causes
}

fn rule_faults(path: &str, rule: &Value, causes: &mut Vec<Cause>) {
    let host = rule["host"].as_str().unwrap_or_default();
    let field = format!("{path}.host");
    if host.parse::<IpAddr>().is_ok() {
        causes.push(invalid(
            &field,
            host,
            "must be a DNS name, not an IP address",
        ));
    } else if !host.is_empty() {
        host_faults(&field, host, causes);
    }
    if rule["http"].is_null() {
        return;
    }
    let paths = rule["http"]["paths"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let field = format!("{path}.http.paths");
    if paths.is_empty() {
        causes.push(required(field.as_str(), "Required value"));
    }
    for (index, path) in paths.iter().enumerate() {
        path_faults(&format!("{field}[{index}]"), path, causes);
    }
}

/// What is wrong with a host, which may stand for all below it.
fn host_faults(field: &str, host: &str, causes: &mut Vec<Cause>) {
    let is_wild = host.contains('*');
    let name = host.strip_prefix("*.").filter(|_| is_wild);
    if is_wild && name.is_none_or(|name| !subdomain_faults(name).is_empty()) {
        causes.push(invalid(field, host, WILDCARD));
    } else if !is_wild {
        refuse(field, host, subdomain_faults(host), causes);
    }
}

fn path_faults(place: &str, path: &Value, causes: &mut Vec<Cause>) {
    let (kind, text) = (text(path, "pathType"), text(path, "path"));
    let field = format!("{place}.path");
    if path["pathType"].is_null() {
        let message = "Required value: pathType must be specified";
        causes.push(required(format!("{place}.pathType"), message));
        return;
    }
    choice_fault(
        &format!("{place}.pathType"),
        &kind.into(),
        &PATH_TYPES,
        causes,
    );
    let is_plain = matches!(kind, "Exact" | "Prefix");
    let may_be_empty = !is_plain && text.is_empty();
    if PATH_TYPES.contains(&kind) && !may_be_empty && !text.starts_with('/') {
        causes.push(invalid(&field, text, "must be an absolute path"));
    }
    if is_plain {
        for odd in PATH_ODDITIES.iter().filter(|odd| text.contains(**odd)) {
            causes.push(invalid(&field, text, &format!("must not contain '{odd}'")));
        }
        for end in ["/..", "/."].iter().filter(|end| text.ends_with(**end)) {
            causes.push(invalid(&field, text, &format!("cannot end with '{end}'")));
        }
    }
    backend_faults(&format!("{place}.backend"), &path["backend"], causes);
}

/// What is wrong with hosts that are reached by certificates.
fn certificate_faults(path: &str, part: &Value, causes: &mut Vec<Cause>) {
    for (index, host) in items(&part["hosts"]).enumerate() {
        let host = host.as_str().unwrap_or_default();
        host_faults(&format!("{path}.hosts[{index}]"), host, causes);
    }
    let name = text(part, "secretName");
    if !name.is_empty() {
        let field = format!("{path}.secretName");
        refuse(&field, name, subdomain_faults(name), causes);
    }
}

fn backend_faults(path: &str, backend: &Value, causes: &mut Vec<Cause>) {
    let (service, resource) = (&backend["service"], &backend["resource"]);
    match (service.is_null(), resource.is_null()) {
        (true, true) => {
            causes.push(invalid(path, "", "resource or service backend is required"));
            return;
        }
        (false, false) => {
            let why = "cannot set both resource and service backends";
            causes.push(invalid(path, "", why));
            return;
        }
        (true, false) => {
            group_faults(&format!("{path}.resource"), resource, causes);
            reference_faults(&format!("{path}.resource"), resource, causes);
            return;
        }
        (false, true) => {}
    }
    let name = service["name"].as_str().unwrap_or_default();
    let field = format!("{path}.service.name");
    if name.is_empty() {
        causes.push(required(field, "Required value"));
    } else if let Some(why) = old_label_fault(name) {
        causes.push(invalid(&field, name, &why));
    }
    let port = &service["port"];
    let has_name = port["name"].as_str().is_some_and(|name| !name.is_empty());
    let has_number = port["number"].as_i64().is_some_and(|number| number != 0);
    match (has_name, has_number) {
        (true, true) => {
            causes.push(invalid(path, "", "cannot set both port name & port number"));
        }
        (false, false) => {
            causes.push(required(
                path,
                "Required value: port name or number is required",
            ));
        }
        (true, false) => {
            causes.extend(port_faults(
                &format!("{path}.service.port.name"),
                &port["name"],
            ));
        }
        (false, true) => {
            let field = format!("{path}.service.port.number");
            causes.extend(port_faults(&field, &port["number"]));
        }
    }
}

/// Shows the groups of what backends are, which Go cannot leave out.
pub(super) fn finish(value: &mut Value) {
    let show = |backend: Option<&mut Value>| {
        let resource = backend.and_then(|backend| backend.get_mut("resource"));
        if let Some(fields) = resource.and_then(Value::as_object_mut) {
            fields.entry("apiGroup").or_insert(Value::Null);
        }
    };
    show(value.pointer_mut("/spec/defaultBackend"));
    let rules = value.pointer_mut("/spec/rules");
    for rule in rules.and_then(Value::as_array_mut).into_iter().flatten() {
        let paths = rule.pointer_mut("/http/paths");
        for path in paths.and_then(Value::as_array_mut).into_iter().flatten() {
            show(path.get_mut("backend"));
        }
    }
}

/// What is wrong with where a service is reached.
pub(super) fn balancer_status_faults(new: &Value) -> Vec<Cause> {
    let addresses = &new["status"]["loadBalancer"]["ingress"];
    if new["spec"]["type"] != "LoadBalancer" && !is_empty(addresses) {
        let why = "may only be used when `spec.type` is 'LoadBalancer'";
        return vec![forbidden("status.loadBalancer.ingress", why)];
    }
    status_faults(new)
}

/// What is wrong with where a balancer is reached.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateLoadBalancerStatus`, and
/// `pkg/apis/networking/validation/validation.go`, `ValidateIngressLoadBalancerStatus`.
pub(super) fn status_faults(new: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let addresses = new["status"]["loadBalancer"]["ingress"].as_array();
    for (index, address) in addresses.into_iter().flatten().enumerate() {
        let at = |field: &str| format!("status.loadBalancer.ingress[{index}].{field}");
        let text = |field: &str| address[field].as_str().unwrap_or_default();
        let (ip, host) = (text("ip"), text("hostname"));
        if !ip.is_empty() {
            address_fault(&at("ip"), ip, &mut causes);
        }
        if ip.is_empty() && !address["ipMode"].is_null() {
            let why = "may not be specified when `ip` is not set";
            causes.push(forbidden(at("ipMode"), why));
        } else {
            choice_fault(
                &at("ipMode"),
                &address["ipMode"],
                &["Proxy", "VIP"],
                &mut causes,
            );
        }
        if host.is_empty() {
            continue;
        }
        if let Some(why) = subdomain_fault(host) {
            causes.push(invalid(&at("hostname"), host, &why));
        }
        if host.parse::<IpAddr>().is_ok() {
            let why = "must be a DNS name, not an IP address";
            causes.push(invalid(&at("hostname"), host, why));
        }
    }
    causes
}

/// What is wrong with a class of Ingresses, which stays with its controller.
pub(super) fn class_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let controller = new["spec"]["controller"].as_str().unwrap_or_default();
    let mut causes = Vec::new();
    if let Some(old) = old {
        let changed = immutable(&new["spec"], Some(&old["spec"]), "controller");
        causes.extend(changed.map(|cause| Cause {
            field: "spec.controller".to_owned(),
            ..cause
        }));
    }
    if controller.len() > CONTROLLER_BYTES_MAX {
        causes.push(too_long("spec.controller", CONTROLLER_BYTES_MAX as u64));
    }
    domain_path_faults("spec.controller", controller, &mut causes);
    let parameters = &new["spec"]["parameters"];
    if !parameters.is_null() {
        parameters_faults("spec.parameters", parameters, &mut causes);
    }
    causes
}

/// What is wrong with the group in a reference.
fn group_faults(path: &str, reference: &Value, causes: &mut Vec<Cause>) {
    if let Some(group) = reference["apiGroup"].as_str()
        && let Some(why) = subdomain_fault(group)
    {
        causes.push(invalid(&format!("{path}.apiGroup"), group, &why));
    }
}

/// What is wrong with the reference to the parameters of a class.
fn parameters_faults(path: &str, parameters: &Value, causes: &mut Vec<Cause>) {
    let at = |field: &str| format!("{path}.{field}");
    group_faults(path, parameters, causes);
    reference_faults(path, parameters, causes);
    let (scope, namespace) = (&parameters["scope"], parameters["namespace"].as_str());
    let scopes = ["Cluster", "Namespace"];
    match (scope.as_str(), namespace) {
        (Some("Namespace"), None) => {
            let message = "Required value: `parameters.scope` is set to 'Namespace'";
            causes.push(required(at("namespace"), message));
        }
        (Some("Namespace"), Some(namespace)) => {
            let fault = label_fault(namespace);
            causes.extend(fault.map(|why| invalid(&at("namespace"), namespace, &why)));
        }
        (Some("Cluster"), Some(_)) => {
            let why = "`parameters.scope` is set to 'Cluster'";
            causes.push(forbidden(at("namespace"), why));
        }
        _ => choice_fault(&at("scope"), scope, &scopes, causes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn an_ingress_leads_somewhere() {
        assert_eq!(faults(&json!({"spec": {}}), None)[0].field, "spec");
        let backend = json!({"service": {"name": "s", "port": {"number": 80}}});
        assert!(faults(&json!({"spec": {"defaultBackend": backend}}), None).is_empty());
    }
}
