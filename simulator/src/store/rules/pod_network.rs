//! How a pod is named, and whom it asks for names.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validatePodDNSConfig`, `ValidateHostAliases` and
//! `validatePodHostNetworkDeps`.

use std::net::IpAddr;

use super::part::{items, refuse, text};
use crate::json::Value;
use crate::store::naming::subdomain_faults;
use crate::store::schema::cause::{invalid, required};
use crate::store::status::Cause;

const SERVERS_MAX: usize = 3;
const SEARCHES_MAX: usize = 32;
const SEARCH_BYTES_MAX: usize = 2048;
const ADDRESS: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const SEARCH: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";

/// Ports of a pod in the network of its node are those of the node.
pub(super) fn port_faults(path: &str, spec: &Value, is_pod: bool, causes: &mut Vec<Cause>) {
    if spec["hostNetwork"] != true {
        return;
    }
    for (place, container) in items(&spec["containers"]).enumerate() {
        for (index, port) in items(&container["ports"]).enumerate() {
            let number = |field: &str| port[field].as_i64().unwrap_or_default();
            let (host, own) = (number("hostPort"), number("containerPort"));
            if host != own && (is_pod || host != 0) {
                let field = format!("{path}.containers[{place}].ports[{index}].hostPort");
                let why = "must match `containerPort` when `hostNetwork` is true";
                causes.push(invalid(field, &host.into(), why));
            }
        }
    }
}

/// What is wrong with whom the containers of a spec ask for names.
pub(super) fn resolver_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let (config, path) = (&spec["dnsConfig"], format!("{path}.dnsConfig"));
    let servers = Vec::from_iter(items(&config["nameservers"]).filter_map(Value::as_str));
    if spec["dnsPolicy"] == "None" && config.is_null() {
        let why = "must provide `dnsConfig` when `dnsPolicy` is None";
        return causes.push(required(path, why));
    }
    let field = format!("{path}.nameservers");
    if spec["dnsPolicy"] == "None" && servers.is_empty() {
        let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        return causes.push(required(field, why));
    }
    if servers.len() > SERVERS_MAX {
        let why = format!("must not have more than {SERVERS_MAX} nameservers");
        causes.push(invalid(&*field, &config["nameservers"], &why));
    }
    for (index, server) in servers.into_iter().enumerate() {
        address_fault(&format!("{field}[{index}]"), server, causes);
    }
    search_faults(&format!("{path}.searches"), &config["searches"], causes);
    for (index, option) in items(&config["options"]).enumerate() {
        if text(option, "name").is_empty() {
            let field = format!("{path}.options[{index}]");
            causes.push(required(field, "must not be empty"));
        }
    }
}

fn search_faults(path: &str, list: &Value, causes: &mut Vec<Cause>) {
    let searches = Vec::from_iter(items(list).filter_map(Value::as_str));
    if searches.len() > SEARCHES_MAX {
        let why = format!("must not have more than {SEARCHES_MAX} search paths");
        causes.push(invalid(path, list, &why));
    }
    if searches.join(" ").len() > SEARCH_BYTES_MAX {
        let why = format!(
            "must not have more than {SEARCH_BYTES_MAX} characters (including spaces) in the search list"
        );
        causes.push(invalid(path, list, &why));
    }
    for (index, search) in searches.into_iter().enumerate() {
        let search = if search == "." { "a" } else { search };
        let search = search.strip_suffix('.').unwrap_or(search);
        let length = (search.len() > 253).then(|| "must be no more than 253 characters".to_owned());
        let grammar = (!search.split('.').all(is_search_label)).then(|| SEARCH.to_owned());
        let field = format!("{path}[{index}]");
        refuse(&field, search, length.into_iter().chain(grammar), causes);
    }
}

fn is_search_label(label: &str) -> bool {
    let label = label.strip_prefix('_').unwrap_or(label);
    let is_edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    label.bytes().all(|b| is_edge(b) || b"-_".contains(&b))
        && label.bytes().next().is_some_and(is_edge)
        && label.bytes().last().is_some_and(is_edge)
}

/// What is wrong with the names that a spec gives to addresses.
pub(super) fn alias_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    for (index, alias) in items(&spec["hostAliases"]).enumerate() {
        let path = format!("{path}.hostAliases[{index}]");
        address_fault(&format!("{path}.ip"), text(alias, "ip"), causes);
        for (index, name) in items(&alias["hostnames"])
            .filter_map(Value::as_str)
            .enumerate()
        {
            let field = format!("{path}.hostnames[{index}]");
            refuse(&field, name, subdomain_faults(name), causes);
        }
    }
}

/// Refuses what is no address; leading zeros are read over, as Go once did.
pub(super) fn address_fault(field: &str, address: &str, causes: &mut Vec<Cause>) {
    let is_old_form = || {
        let parts = Vec::from_iter(address.split('.'));
        let is_byte =
            |part: &&str| part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u8>().is_ok();
        parts.len() == 4 && parts.iter().all(is_byte)
    };
    if address.parse::<IpAddr>().is_err() && !is_old_form() {
        causes.push(invalid(field, &address.into(), ADDRESS));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"dnsConfig": {"nameservers": ["1.1.1.1"], "searches": ["_a.b.", "."]}}), &[])]
    #[case::none(json!({"dnsPolicy": "None"}), &["s.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"])]
    #[case::no_server(json!({"dnsPolicy": "None", "dnsConfig": {}}), &["s.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None"])]
    #[case::server(json!({"dnsConfig": {"nameservers": ["x", "010.0.0.1"]}}), &["s.dnsConfig.nameservers[0]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"])]
    #[case::option(json!({"dnsConfig": {"options": [{}]}}), &["s.dnsConfig.options[0]: Required value: must not be empty"])]
    fn resolvers_are_checked(#[case] spec: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        resolver_faults("s", &spec, &mut causes);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }
}
