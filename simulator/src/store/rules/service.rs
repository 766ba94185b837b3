//! Services: defaults, what may not be, and the addresses that the server gives out.
//!
//! Simplified: addresses of one family, and node ports and addresses are given out from the lowest.
//!
//! Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/apis/core/v1/defaults.go`,
//! `pkg/apis/core/validation/validation.go` and `pkg/registry/core/service`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::json::{Value, json};

use super::ingress::ADDRESS;
use super::of_kind::required;
use super::pod_spec::choice_fault;
use super::{network, node_port};
use crate::store::metadata::{invalid, invalid_json};
use crate::store::naming::{label_fault, label_value_fault, qualified_name_fault, subdomain_fault};
use crate::store::schema::cause::{duplicate, forbidden};
use crate::store::status::Cause;

/// Sorted, as the messages name them.
const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
const LOOPBACK: &str = "may not be in the loopback range (127.0.0.0/8, ::1/128)";
const PORT: &str = "must be between 1 and 65535, inclusive";
/// How long a client is served by the same pod, if it is to be.
const AFFINITY_SECONDS: i64 = 10_800;
/// The first two bytes of every address: the default of `--service-cluster-ip-range`.
const NETWORK: &str = "10.96";

/// Says how addresses are reached, and of conditions what Go cannot leave out.
pub(super) fn prepare_status(value: &mut Value) {
    let addresses = value.pointer_mut("/status/loadBalancer/ingress");
    let addresses = addresses.and_then(Value::as_array_mut);
    for address in addresses.into_iter().flatten() {
        if !address["ip"].as_str().unwrap_or_default().is_empty() {
            set_default(address, "ipMode", json!("VIP"));
        }
    }
    let conditions = value.pointer_mut("/status/conditions");
    let conditions = conditions.and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        if let Some(fields) = condition.as_object_mut() {
            for text in ["status", "reason", "message"] {
                fields.entry(text).or_insert_with(|| "".into());
            }
            fields.entry("lastTransitionTime").or_insert(Value::Null);
        }
    }
}

/// Sets the defaults.
pub(super) fn prepare(value: &mut Value) {
    let spec = &mut value["spec"];
    if !spec.is_object() {
        *spec = json!({});
    }
    set_default(spec, "sessionAffinity", json!("None"));
    set_default(spec, "type", json!("ClusterIP"));
    for port in spec["ports"].as_array_mut().into_iter().flatten() {
        set_default(port, "protocol", json!("TCP"));
        let is_open = port["targetPort"].is_null() || port["targetPort"] == 0;
        if is_open || port["targetPort"] == "" {
            port["targetPort"] = port["port"].clone();
        }
    }
    if spec["sessionAffinity"] == "None"
        && let Some(fields) = spec.as_object_mut()
    {
        fields.remove("sessionAffinityConfig");
    }
    if spec["sessionAffinity"] == "ClientIP" && spec["sessionAffinityConfig"].is_null() {
        spec["sessionAffinityConfig"] = json!({"clientIP": {"timeoutSeconds": AFFINITY_SECONDS}});
    }
    let kind = spec["type"].as_str().unwrap_or_default().to_owned();
    if kind != "ExternalName" {
        set_default(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        set_default(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        set_default(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|_, field| !field.is_null());
    }
}

/// Puts back what the server gave out and an update leaves open.
pub(super) fn readmit(value: &mut Value, old: &Value) {
    let fields = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"];
    if value["spec"]["type"] == "ExternalName" {
        return;
    }
    move_address(&mut value["spec"], &old["spec"]);
    for field in fields {
        if value["spec"].get(field).is_none()
            && let Some(kept) = old["spec"].get(field)
        {
            value["spec"][field] = kept.clone();
        }
    }
    let old_ports = old["spec"]["ports"].as_array().into_iter().flatten();
    let known: Vec<_> = old_ports.filter(|port| port["nodePort"].is_i64()).collect();
    if value["spec"]["type"] == "ClusterIP" {
        return;
    }
    for port in value["spec"]["ports"].as_array_mut().into_iter().flatten() {
        let kept = known.iter().find(|old| old["port"] == port["port"]);
        if let (Some(kept), None) = (kept, port.get("nodePort")) {
            port["nodePort"] = kept["nodePort"].clone();
        }
    }
}

/// Whoever names another first address means it in the list too.
///
/// Source: kubernetes v1.34 `pkg/registry/core/service/storage/storage.go`, `normalizeClusterIPs`.
fn move_address(new: &mut Value, old: &Value) {
    let Some(first) = new["clusterIP"].as_str().filter(|first| !first.is_empty()) else {
        return;
    };
    if old["clusterIP"] == first {
        return;
    }
    let first = Value::from(first);
    if new.get("clusterIPs").is_none() {
        new["clusterIPs"] = json!([first]);
    } else if new["clusterIPs"] == old["clusterIPs"]
        && let Some(known) = new["clusterIPs"].get_mut(0)
    {
        *known = first;
    }
}

/// Drops what the type of a service had and the new one has not, if an update leaves it as it was.
///
/// Source: kubernetes v1.34 `pkg/registry/core/service/strategy.go`, `dropTypeDependentFields`.
pub(in crate::store) fn drop_dependent(value: &mut Value, old: &Value) {
    let (new, old) = (&mut value["spec"], &old["spec"]);
    let kind = |spec: &Value| spec["type"].as_str().unwrap_or_default().to_owned();
    let (now, before) = (kind(new), kind(old));
    let Some(fields) = new.as_object_mut().filter(|_| now != before) else {
        return;
    };
    let mut gone = Vec::new();
    if now == "ExternalName" {
        gone.extend(["clusterIP", "clusterIPs", "internalTrafficPolicy"]);
        gone.extend(["ipFamilies", "ipFamilyPolicy"]);
    }
    if before == "LoadBalancer" {
        gone.extend(["allocateLoadBalancerNodePorts", "loadBalancerClass"]);
    }
    let is_outside = matches!(now.as_str(), "NodePort" | "LoadBalancer");
    if !is_outside {
        gone.push("externalTrafficPolicy");
    }
    fields.retain(|field, value| !gone.contains(&field.as_str()) || old[field] != *value);
    let numbers = |ports: &Value| -> Vec<Value> {
        let ports = ports.as_array().into_iter().flatten();
        ports.map(|port| port["nodePort"].clone()).collect()
    };
    if !is_outside && numbers(&new["ports"]) == numbers(&old["ports"]) {
        let ports = new["ports"].as_array_mut().into_iter().flatten();
        ports.filter_map(Value::as_object_mut).for_each(|port| {
            port.remove("nodePort");
        });
    }
}

/// What other services hold, so that nobody gets it twice.
#[derive(Debug, Default)]
pub(in crate::store) struct Taken {
    addresses: BTreeSet<String>,
    node_ports: BTreeSet<i64>,
}

impl Taken {
    /// What `services` hold.
    pub(in crate::store) fn by<'a>(services: impl Iterator<Item = &'a Value>) -> Self {
        let mut taken = Self::default();
        for service in services {
            let spec = &service["spec"];
            taken
                .addresses
                .extend(spec["clusterIP"].as_str().map(str::to_owned));
            let ports = spec["ports"].as_array().into_iter().flatten();
            taken
                .node_ports
                .extend(ports.filter_map(|port| port["nodePort"].as_i64()));
        }
        taken
    }

    /// The lowest address that nobody has.
    fn address(&self) -> Option<String> {
        let all = (0..=255).flat_map(|high| (1..=254).map(move |low| (high, low)));
        let mut addresses = all.map(|(high, low)| format!("{NETWORK}.{high}.{low}"));
        addresses.find(|address| !self.addresses.contains(address))
    }
}

/// Gives a service its address and ports on nodes.
///
/// # Errors
/// What the server says of an address that is not in its range, or of families that it does not have.
pub(in crate::store) fn give_addresses(value: &mut Value, taken: Taken) -> Result<(), Vec<Cause>> {
    if value["status"].is_null() {
        value["status"] = json!({"loadBalancer": {}});
    }
    let spec = &mut value["spec"];
    let kind = spec["type"].as_str().unwrap_or_default().to_owned();
    if kind == "ExternalName" {
        return Ok(());
    }
    match spec["clusterIP"]
        .as_str()
        .filter(|address| !address.is_empty())
    {
        None => {
            if let Some(address) = taken.address() {
                spec["clusterIP"] = address.into();
            }
        }
        Some("None") => {}
        Some(address) if !address.starts_with(&format!("{NETWORK}.")) => {
            let detail = format!(
                "failed to allocate IP {address}: the provided network does not match the current range"
            );
            let shown = json!([address]).to_string();
            return Err(vec![invalid_json("spec.clusterIPs", &shown, &detail)]);
        }
        Some(address) if taken.addresses.contains(address) => {
            let detail =
                format!("failed to allocate IP {address}: provided IP is already allocated");
            let shown = json!([address]).to_string();
            return Err(vec![invalid_json("spec.clusterIPs", &shown, &detail)]);
        }
        Some(_) => {}
    }
    spec["clusterIPs"] = json!([spec["clusterIP"]]);
    choose_families(spec)?;
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        node_port::give(&mut spec["ports"], &taken.node_ports)?;
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|_, field| !field.is_null());
    }
    Ok(())
}

/// Chooses the families of addresses: one, but for a service that has neither an address nor pods of its own.
///
/// Source: kubernetes v1.34 `pkg/registry/core/service/storage/alloc.go`, `initIPFamilyFields`.
fn choose_families(spec: &mut Value) -> Result<(), Vec<Cause>> {
    let selector = spec["selector"].as_object();
    let is_free =
        spec["clusterIP"] == "None" && selector.is_none_or(|labels| labels.iter().next().is_none());
    let policy = if is_free {
        "RequireDualStack"
    } else {
        "SingleStack"
    };
    set_default(spec, "ipFamilyPolicy", json!(policy));
    set_default(spec, "ipFamilies", json!(["IPv4"]));
    let is_single = spec["ipFamilyPolicy"] == "SingleStack";
    if is_free && !is_single {
        let families = spec["ipFamilies"].as_array_mut().into_iter();
        families.for_each(|families| match families.first() {
            Some(first) if families.len() == 1 && *first == "IPv4" => families.push("IPv6".into()),
            Some(_) if families.len() == 1 => families.push("IPv4".into()),
            _ => {}
        });
    }
    let mut causes = Vec::new();
    if !is_free && spec["ipFamilyPolicy"] == "RequireDualStack" {
        let why = "this cluster is not configured for dual-stack services";
        causes.push(invalid("spec.ipFamilyPolicy", "RequireDualStack", why));
    }
    let families = spec["ipFamilies"].as_array().into_iter().flatten();
    for (index, _) in families
        .enumerate()
        .filter(|(_, family)| !is_free && **family == "IPv6")
    {
        let field = format!("spec.ipFamilies[{index}]");
        causes.push(invalid(&field, "IPv6", "not configured on this cluster"));
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(causes)
    }
}

/// What is wrong with a service.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut new = new.clone();
    if let Some(old) = old {
        drop_dependent(&mut new, old);
    }
    let spec = &new["spec"];
    let mut causes = Vec::new();
    let ports = spec["ports"].as_array().map_or(&[][..], Vec::as_slice);
    let is_external = spec["type"] == "ExternalName";
    if is_external && spec["externalName"].as_str().unwrap_or_default().is_empty() {
        causes.push(required("spec.externalName", "Required value"));
    }
    if ports.is_empty() && !is_external && spec["clusterIP"] != "None" {
        causes.push(required("spec.ports", "Required value"));
    }
    for (index, port) in ports.iter().enumerate() {
        causes.extend(port_faults(
            &format!("spec.ports[{index}]"),
            port,
            ports.len(),
        ));
    }
    choice_fault("spec.type", &spec["type"], &TYPES, &mut causes);
    repetition_faults(ports, &mut causes);
    reach_faults(spec, &mut causes);
    if let Some(old) = old
        && old["spec"]["clusterIPs"].is_array()
        && !is_external
        && old["spec"]["clusterIPs"] != spec["clusterIPs"]
    {
        let shown = spec["clusterIPs"].to_string();
        let detail = "may not change once set";
        causes.push(invalid_json("spec.clusterIPs[0]", &shown, detail));
    }
    causes
}

/// Ports that occur twice, by name or by number.
fn repetition_faults(ports: &[Value], causes: &mut Vec<Cause>) {
    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for (index, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{index}]");
        let name = port["name"].as_str().unwrap_or_default();
        if !name.is_empty() && !names.insert(name) {
            causes.push(duplicate(format!("{path}.name"), &name.into()));
        }
        let number = port["port"].as_i64().unwrap_or(0);
        let protocol = port["protocol"].as_str().unwrap_or_default();
        if !numbers.insert((number, protocol)) {
            let shown = format!(
                "{{\"Name\":\"\",\"Protocol\":{protocol:?},\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}"
            );
            causes.push(Cause {
                reason: "FieldValueDuplicate",
                message: format!("Duplicate value: {shown}"),
                field: path,
            });
        }
    }
}

/// What is wrong with who reaches a service, and by which way.
fn reach_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let kind = spec["type"].as_str().unwrap_or_default();
    let is_outside = matches!(kind, "NodePort" | "LoadBalancer");
    if is_outside && spec["clusterIP"] == "None" {
        let why = format!("may not be set to 'None' for {kind} services");
        causes.push(invalid("spec.clusterIPs[0]", "None", &why));
    }
    for (index, port) in spec["ports"].as_array().into_iter().flatten().enumerate() {
        if kind == "ClusterIP" && port["nodePort"].as_i64().is_some_and(|port| port != 0) {
            let why = "may not be used when `type` is 'ClusterIP'";
            causes.push(forbidden(format!("spec.ports[{index}].nodePort"), why));
        }
    }
    let name = spec["externalName"].as_str().unwrap_or_default();
    if kind == "ExternalName"
        && let Some(why) = subdomain_fault(name).filter(|_| !name.is_empty())
    {
        causes.push(invalid("spec.externalName", name, &why));
    }
    let addresses = spec["externalIPs"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for (index, address) in addresses.iter().enumerate() {
        let text = address.as_str().unwrap_or_default();
        let why = match text.parse::<IpAddr>() {
            Err(_) => ADDRESS,
            Ok(address) if address.is_loopback() => LOOPBACK,
            Ok(address) if address.is_unspecified() => "may not be unspecified (0.0.0.0 or ::)",
            Ok(_) => continue,
        };
        causes.push(invalid(&format!("spec.externalIPs[{index}]"), text, why));
    }
    let affinity = &spec["sessionAffinity"];
    choice_fault(
        "spec.sessionAffinity",
        affinity,
        &["ClientIP", "None"],
        causes,
    );
    let policies = ["Cluster", "Local"];
    let inside = &spec["internalTrafficPolicy"];
    choice_fault("spec.internalTrafficPolicy", inside, &policies, causes);
    let outside = spec["externalTrafficPolicy"].as_str().unwrap_or_default();
    if !is_outside && addresses.is_empty() && !outside.is_empty() {
        let why = "may only be set for externally-accessible services";
        causes.push(invalid("spec.externalTrafficPolicy", outside, why));
    }
    for (label, value) in spec["selector"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        let faults = [
            qualified_name_fault(label).map(|why| (label.as_str(), why)),
            label_value_fault(value).map(|why| (value, why)),
        ];
        let faults = faults.into_iter().flatten();
        causes.extend(faults.map(|(text, why)| invalid("spec.selector", text, &why)));
    }
}

fn port_faults(path: &str, port: &Value, n_ports: usize) -> Vec<Cause> {
    let mut causes = Vec::new();
    let name = port["name"].as_str().unwrap_or_default();
    let field = format!("{path}.name");
    if n_ports > 1 && name.is_empty() {
        causes.push(required(field.as_str(), "Required value"));
    }
    if let Some(why) = label_fault(name).filter(|_| !name.is_empty()) {
        causes.push(invalid(&field, name, &why));
    }
    if port["targetPort"].is_string() {
        let field = format!("{path}.targetPort");
        causes.extend(network::port_faults(&field, &port["targetPort"]));
    }
    for field in ["port", "targetPort"] {
        let number = match &port[field] {
            Value::Null => Some(0),
            value => value.as_i64(),
        };
        if let Some(number) = number.filter(|number| !(1..=65_535).contains(number)) {
            causes.push(invalid_json(
                &format!("{path}.{field}"),
                &number.to_string(),
                PORT,
            ));
        }
    }
    let field = format!("{path}.protocol");
    choice_fault(&field, &port["protocol"], &PROTOCOLS, &mut causes);
    causes
}

fn set_default(value: &mut Value, field: &str, default: Value) {
    if value[field].is_null() || value[field] == "" {
        value[field] = default;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_gets_the_first_address_that_nobody_has() {
        let other = json!({"spec": {"clusterIP": "10.96.0.1"}});
        let mut service = json!({"spec": {"ports": [{"port": 80}]}});
        prepare(&mut service);
        assert!(faults(&service, None).is_empty());
        give_addresses(&mut service, Taken::by([&other].into_iter())).unwrap();
        assert_eq!(service["spec"]["clusterIPs"], json!(["10.96.0.2"]));
        assert_eq!(service["spec"]["ports"][0]["targetPort"], 80);
    }

    #[test]
    fn an_address_of_another_network_is_refused() {
        let mut service = json!({"spec": {"clusterIP": "1.2.3.4"}});
        let refused = give_addresses(&mut service, Taken::default()).unwrap_err();
        assert_eq!(refused[0].field, "spec.clusterIPs");
    }

    #[test]
    fn a_service_needs_ports() {
        let mut service = json!({});
        prepare(&mut service);
        assert_eq!(faults(&service, None)[0].field, "spec.ports");
    }
}
