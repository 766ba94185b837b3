//! The columns and cells of what leads traffic to pods.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use jiff::Timestamp;

use super::column::Cells;
use super::field::{NONE, UNSET, created, first_few, int_at, items, name, or, selector, str_at};
use super::heading::{AGE, Heading, NAME_COLUMN, field, text};
use super::infrastructure::balanced;
use crate::json::Value;
use crate::store::kind::Kind;

/// How many addresses, ports or hosts a cell names.
const N_NAMED: usize = 3;
const INGRESS: &[Heading] = &[
    NAME_COLUMN,
    text(
        "Class",
        "The name of the IngressClass resource that should be used for additional configuration",
    ),
    text(
        "Hosts",
        "Hosts that incoming requests are matched against before the ingress rule",
    ),
    text(
        "Address",
        "Address is a list containing ingress points for the load-balancer",
    ),
    text("Ports", "Ports of TLS configurations that open"),
    AGE,
];
const INGRESS_CLASS: &[Heading] = &[
    NAME_COLUMN,
    text(
        "Controller",
        "Controller that is responsible for handling this class",
    ),
    text(
        "Parameters",
        "A reference to a resource with additional parameters",
    ),
    AGE,
];
/// In the words of v1beta1, which real servers still use here.
const POLICY_SELECTOR: &str = "Selects the pods to which this NetworkPolicy object applies.  The array of ingress rules is applied to any pods selected by this field. Multiple network policies can select the same set of pods.  In this case, the ingress rules for each are combined additively. This field is NOT optional and follows standard label selector semantics. An empty podSelector matches all pods in this namespace.";
const NETWORK_POLICY: &[Heading] = &[NAME_COLUMN, text("Pod-Selector", POLICY_SELECTOR), AGE];
const ENDPOINTS: &[Heading] = &[NAME_COLUMN, field("Endpoints", "subsets"), AGE];
/// In the words of v1beta1, which real servers still use here.
const ADDRESS_TYPE: &str = "addressType specifies the type of address carried by this EndpointSlice. All addresses in this slice must be the same type. This field is immutable after creation. The following address types are currently supported: * IPv4: Represents an IPv4 Address. * IPv6: Represents an IPv6 Address. * FQDN: Represents a Fully Qualified Domain Name.";
/// In the words of v1beta1, which real servers still use here.
const SLICE_PORTS: &str = "ports specifies the list of network ports exposed by each endpoint in this slice. Each port must have a unique name. When ports is empty, it indicates that there are no defined ports. When a port is defined with a nil port value, it indicates \"all ports\". Each slice may include a maximum of 100 ports.";
const ENDPOINT_SLICE: &[Heading] = &[
    NAME_COLUMN,
    text("AddressType", ADDRESS_TYPE),
    text("Ports", SLICE_PORTS),
    field("Endpoints", "endpoints"),
    AGE,
];
const SERVICE_CIDR: &[Heading] = &[NAME_COLUMN, field("CIDRs", "spec.cidrs"), AGE];
/// One column fewer than its rows have cells, as on a real server.
const IP_ADDRESS: &[Heading] = &[NAME_COLUMN, field("ParentRef", "spec.parentRef")];

/// The columns of a kind, and its cells.
pub(super) fn built_in(kind: &Kind) -> Option<(&'static [Heading], Cells)> {
    Some(match (kind.group.as_str(), kind.kind.as_str()) {
        ("networking.k8s.io", "Ingress") => (INGRESS, ingress),
        ("networking.k8s.io", "IngressClass") => (INGRESS_CLASS, ingress_class),
        ("networking.k8s.io", "NetworkPolicy") => (NETWORK_POLICY, network_policy),
        ("networking.k8s.io", "ServiceCIDR") => (SERVICE_CIDR, service_cidr),
        ("networking.k8s.io", "IPAddress") => (IP_ADDRESS, ip_address),
        ("", "Endpoints") => (ENDPOINTS, endpoints),
        ("discovery.k8s.io", "EndpointSlice") => (ENDPOINT_SLICE, endpoint_slice),
        _ => return None,
    })
}

fn ingress(object: &Value, now: Timestamp) -> Vec<Value> {
    let class = object.pointer("/spec/ingressClassName");
    let addresses: Vec<&str> = balanced(object).into_iter().collect();
    let has_tls = items(object, "/spec/tls").next().is_some();
    vec![
        name(object),
        class.and_then(Value::as_str).unwrap_or(NONE).into(),
        hosts(object).into(),
        addresses.join(",").into(),
        if has_tls { "80, 443" } else { "80" }.into(),
        created(object, now),
    ]
}

/// The first hosts, and how many more rules there are: rules without a host count too.
fn hosts(object: &Value) -> String {
    let mut named = Vec::new();
    let mut is_cut = false;
    let rules: Vec<&Value> = items(object, "/spec/rules").collect();
    for rule in &rules {
        is_cut |= named.len() == N_NAMED;
        let host = str_at(rule, "/host");
        if !is_cut && !host.is_empty() {
            named.push(host);
        }
    }
    match named.join(",") {
        all if all.is_empty() => "*".to_owned(),
        some if is_cut => format!("{some} + {} more...", rules.len() - N_NAMED),
        all => all,
    }
}

fn ingress_class(object: &Value, now: Timestamp) -> Vec<Value> {
    let parameters = match &object["spec"]["parameters"] {
        Value::Null => NONE.to_owned(),
        given => {
            let group = given["apiGroup"].as_str();
            let group = group.map(|group| format!(".{group}")).unwrap_or_default();
            format!(
                "{}{group}/{}",
                str_at(given, "/kind"),
                str_at(given, "/name")
            )
        }
    };
    vec![
        name(object),
        str_at(object, "/spec/controller").into(),
        parameters.into(),
        created(object, now),
    ]
}

fn network_policy(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        or(&selector(&object["spec"]["podSelector"]), NONE),
        created(object, now),
    ]
}

fn service_cidr(object: &Value, now: Timestamp) -> Vec<Value> {
    let ranges: Vec<&str> = items(object, "/spec/cidrs")
        .filter_map(Value::as_str)
        .collect();
    vec![name(object), ranges.join(",").into(), created(object, now)]
}

fn ip_address(object: &Value, now: Timestamp) -> Vec<Value> {
    let parent = match &object["spec"]["parentRef"] {
        Value::Null => NONE.to_owned(),
        parent => {
            let resource = [str_at(parent, "/resource"), str_at(parent, "/group")];
            let resource = resource.join(".").to_lowercase();
            let path = [
                resource.trim_end_matches('.'),
                str_at(parent, "/namespace"),
                str_at(parent, "/name"),
            ];
            let given = path.into_iter().filter(|step| !step.is_empty());
            given.collect::<Vec<_>>().join("/")
        }
    };
    vec![name(object), parent.into(), created(object, now)]
}

fn endpoints(object: &Value, now: Timestamp) -> Vec<Value> {
    let mut all = Vec::new();
    for subset in items(object, "/subsets") {
        let ips = || items(subset, "/addresses").map(|address| str_at(address, "/ip"));
        let mut ports = items(subset, "/ports").peekable();
        if ports.peek().is_none() {
            all.extend(ips().map(str::to_owned));
        }
        for port in ports {
            let port = int_at(port, "/port");
            all.extend(ips().map(|ip| match ip.contains(':') {
                true => format!("[{ip}]:{port}"),
                false => format!("{ip}:{port}"),
            }));
        }
    }
    let shown = match items(object, "/subsets").next() {
        None => NONE.to_owned(),
        Some(_) => first_few(&all, N_NAMED, ","),
    };
    vec![name(object), shown.into(), created(object, now)]
}

fn endpoint_slice(object: &Value, now: Timestamp) -> Vec<Value> {
    let port = |port: &Value| match (port["port"].as_i64(), port["name"].as_str()) {
        (Some(number), _) => number.to_string(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => "*".to_owned(),
    };
    let ports: Vec<String> = items(object, "/ports").map(port).collect();
    let addresses: Vec<String> = items(object, "/endpoints")
        .flat_map(|endpoint| items(endpoint, "/addresses"))
        .map(|address| address.as_str().unwrap_or_default().to_owned())
        .collect();
    vec![
        name(object),
        str_at(object, "/addressType").into(),
        or(&first_few(&ports, N_NAMED, ","), UNSET),
        or(&first_few(&addresses, N_NAMED, ","), UNSET),
        created(object, now),
    ]
}
