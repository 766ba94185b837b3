//! Services: defaults, and the addresses that the server gives out.
//!
//! Simplified: addresses of one family, and node ports and addresses are given out from the lowest.
//!
//! Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/apis/core/v1/defaults.go` and `pkg/registry/core/service`.

use std::collections::BTreeSet;

use crate::json::{Value, json};

use super::node_port;
use super::part::is_empty;
use crate::store::metadata::{invalid, invalid_json};
use crate::store::status::Cause;

/// How long a client is served by the same pod, if it is to be.
const AFFINITY_SECONDS: i64 = 10_800;
/// The first two bytes of every address: the default of `--service-cluster-ip-range`.
const NETWORK: &str = "10.96";

/// Says how addresses are reached, and of conditions what Go cannot leave out.
pub(super) fn prepare_status(value: &mut Value) {
    set_default(&mut value["status"], "loadBalancer", json!({}));
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
    let config = &spec["sessionAffinityConfig"];
    if spec["sessionAffinity"] == "ClientIP" && config["clientIP"]["timeoutSeconds"].is_null() {
        spec["sessionAffinityConfig"] = json!({"clientIP": {"timeoutSeconds": AFFINITY_SECONDS}});
    }
    let kind = spec["type"].as_str().unwrap_or_default().to_owned();
    if kind != "ExternalName" {
        set_default(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if is_reached_from_outside(spec) {
        set_default(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        set_default(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
    if let Some(spec) = spec.as_object_mut() {
        let is_empty = |field: &Value| field.as_array().is_some_and(Vec::is_empty);
        spec.retain(|_, field| !field.is_null() && !is_empty(field));
        spec.retain(|name, field| name != "clusterIP" || field != "");
    }
}

/// Whether a service has ports on nodes, a balancer or addresses of others.
///
/// Source: kubernetes v1.34 `pkg/api/v1/service/util.go`, `ExternallyAccessible`.
pub(super) fn is_reached_from_outside(spec: &Value) -> bool {
    match spec["type"].as_str() {
        Some("NodePort" | "LoadBalancer") => true,
        Some("ClusterIP") => !is_empty(&spec["externalIPs"]),
        _ => false,
    }
}

/// Whether a balancer asks nodes for their health.
///
/// Source: kubernetes v1.34 `pkg/api/service/util.go`, `NeedsHealthCheck`.
pub(super) fn is_checked(spec: &Value) -> bool {
    spec["type"] == "LoadBalancer" && spec["externalTrafficPolicy"] == "Local"
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
    let is_closed = is_reached_from_outside(old) && !is_reached_from_outside(new);
    let is_unchecked = is_checked(old) && !is_checked(new);
    let is_less = now != before || is_closed || is_unchecked;
    let Some(fields) = new.as_object_mut().filter(|_| is_less) else {
        return;
    };
    let mut gone = Vec::new();
    if is_unchecked {
        gone.push("healthCheckNodePort");
    }
    if now == "ExternalName" {
        gone.extend(["clusterIP", "clusterIPs", "internalTrafficPolicy"]);
        gone.extend(["ipFamilies", "ipFamilyPolicy"]);
    }
    if before == "LoadBalancer" && now != before {
        gone.extend(["allocateLoadBalancerNodePorts", "loadBalancerClass"]);
    }
    let is_outside = matches!(now.as_str(), "NodePort" | "LoadBalancer");
    if is_closed {
        gone.push("externalTrafficPolicy");
    }
    fields.retain(|field, value| !gone.contains(&field.as_str()) || old[field] != *value);
    let numbers = |ports: &Value| -> BTreeSet<i64> {
        let ports = ports.as_array().into_iter().flatten();
        let numbers = ports.filter_map(|port| port["nodePort"].as_i64());
        numbers.filter(|number| *number != 0).collect()
    };
    if !is_outside && numbers(&new["ports"]) == numbers(&old["ports"]) {
        let ports = new.get_mut("ports").and_then(Value::as_array_mut);
        let ports = ports.into_iter().flatten();
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
            taken
                .node_ports
                .extend(spec["healthCheckNodePort"].as_i64());
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

/// Gives a service its address and ports on nodes; an update gives an address only if the type had none, so that a service
/// which was made through its status stays without.
///
/// Source: kubernetes v1.34 `pkg/registry/core/service/storage/alloc.go`, `updateClusterIPs`.
///
/// # Errors
/// What the server says of an address that is not in its range, or of families that it does not have.
pub(in crate::store) fn give_addresses(
    value: &mut Value,
    before: Option<&Value>,
    taken: &Taken,
) -> Result<(), Vec<Cause>> {
    if value["status"].is_null() {
        value["status"] = json!({"loadBalancer": {}});
    }
    let spec = &mut value["spec"];
    let kind = spec["type"].as_str().unwrap_or_default().to_owned();
    if kind == "ExternalName" {
        // Whoever reads one is not shown it, though it may have been given.
        if let Some(fields) = spec.as_object_mut() {
            fields.remove("internalTrafficPolicy");
        }
        return Ok(());
    }
    let had_addresses = before.is_some_and(|old| old["spec"]["type"] != "ExternalName");
    choose_families(spec)?;
    if !had_addresses {
        give_address(spec, taken)?;
    }
    if !spec["clusterIP"].is_null() {
        spec["clusterIPs"] = json!([spec["clusterIP"]]);
    }
    // A balancer may do without them.
    let is_direct = kind == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] == false;
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") && !is_direct {
        node_port::give(&mut spec["ports"], &taken.node_ports)?;
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|_, field| !field.is_null());
    }
    Ok(())
}

/// Gives a balancer whose nodes are asked for their health the port for it.
///
/// Source: kubernetes v1.34 `pkg/registry/core/service/storage/alloc.go`, `allocHealthCheckNodePort`.
///
/// # Errors
/// Why it cannot have the one that it names.
pub(in crate::store) fn give_health_port(
    value: &mut Value,
    before: Option<&Value>,
    taken: &Taken,
) -> Result<(), String> {
    let spec = &mut value["spec"];
    if !is_checked(spec) {
        return Ok(());
    }
    let field = "healthCheckNodePort";
    if let Some(before) = before.filter(|old| is_checked(&old["spec"])) {
        if spec[field].as_i64().unwrap_or(0) == 0 {
            spec[field] = before["spec"][field].clone();
        }
        return Ok(());
    }
    let own = spec["ports"].as_array().into_iter().flatten();
    let own = own.filter_map(|port| port["nodePort"].as_i64());
    let taken: BTreeSet<i64> = taken.node_ports.iter().copied().chain(own).collect();
    let named = spec[field].as_i64().unwrap_or(0);
    let port = node_port::one(named, &taken).map_err(|why| {
        format!("failed to allocate requested HealthCheck NodePort {named}: {why}")
    })?;
    spec[field] = port.into();
    Ok(())
}

/// Gives a service the address that it names, or else one that nobody has.
fn give_address(spec: &mut Value, taken: &Taken) -> Result<(), Vec<Cause>> {
    let named = spec["clusterIP"].as_str().filter(|named| !named.is_empty());
    let why = match named {
        None => {
            if let Some(address) = taken.address() {
                spec["clusterIP"] = address.into();
            }
            return Ok(());
        }
        Some("None") => return Ok(()),
        Some(address) if !address.starts_with(&format!("{NETWORK}.")) => {
            "the provided network does not match the current range"
        }
        Some(address) if taken.addresses.contains(address) => "provided IP is already allocated",
        Some(_) => return Ok(()),
    };
    let address = named.unwrap_or_default();
    let detail = format!("failed to allocate IP {address}: {why}");
    let shown = json!([address]).to_string();
    Err(vec![invalid_json("spec.clusterIPs", &shown, &detail)])
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
    let is_single = spec["ipFamilyPolicy"] == "SingleStack";
    count_families(spec, is_single)?;
    set_default(spec, "ipFamilies", json!(["IPv4"]));
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

/// Refuses more addresses or families than the policy allows, and addresses of a family that the cluster has not.
fn count_families(spec: &Value, is_single: bool) -> Result<(), Vec<Cause>> {
    let mut causes = Vec::new();
    for (field, what) in [("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")] {
        if is_single && spec[field].as_array().is_some_and(|all| all.len() == 2) {
            let why = format!(
                "must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"
            );
            causes.push(invalid("spec.ipFamilyPolicy", "SingleStack", &why));
        }
    }
    let n_families = spec["ipFamilies"].as_array().map_or(0, Vec::len);
    let addresses = spec["clusterIPs"].as_array().into_iter().flatten();
    for (index, address) in addresses.enumerate().skip(n_families) {
        if address
            .as_str()
            .is_some_and(|address| address.contains(':'))
        {
            let shown = spec["clusterIPs"].to_string();
            let why = "IPv6 is not configured on this cluster";
            let field = format!("spec.clusterIPs[{index}]");
            causes.push(invalid_json(&field, &shown, why));
        }
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(causes)
    }
}

fn set_default(value: &mut Value, field: &str, default: Value) {
    if value[field].is_null() || value[field] == "" {
        value[field] = default;
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_service_gets_the_first_address_that_nobody_has() {
        let other = json!({"spec": {"clusterIP": "10.96.0.1"}});
        let mut service = json!({"spec": {"ports": [{"port": 80}]}});
        prepare(&mut service);
        give_addresses(&mut service, None, &Taken::by([&other].into_iter())).unwrap();
        assert_eq!(service["spec"]["clusterIPs"], json!(["10.96.0.2"]));
        assert_eq!(service["spec"]["ports"][0]["targetPort"], 80);
    }

    #[test]
    fn who_gives_up_the_last_address_outside_gives_up_the_policy_of_it() {
        let old = json!({"spec": {"type": "ClusterIP", "externalIPs": ["1.2.3.4"], "externalTrafficPolicy": "Cluster"}});
        let mut new = json!({"spec": {"type": "ClusterIP", "externalTrafficPolicy": "Cluster"}});
        drop_dependent(&mut new, &old);
        assert_eq!(new, json!({"spec": {"type": "ClusterIP"}}));
    }

    #[test]
    fn an_update_gives_no_address_to_a_service_that_was_made_without() {
        let old = json!({"spec": {"type": "ClusterIP"}});
        let mut service = old.clone();
        give_addresses(&mut service, Some(&old), &Taken::default()).unwrap();
        assert_eq!(service["spec"].get("clusterIP"), None);
        assert_eq!(service["spec"]["ipFamilies"], json!(["IPv4"]));
        let old = json!({"spec": {"type": "ExternalName"}});
        give_addresses(&mut service, Some(&old), &Taken::default()).unwrap();
        assert_eq!(service["spec"]["clusterIP"], "10.96.0.1");
    }

    #[rstest]
    #[case::open(json!({}), Ok(30002))]
    #[case::named(json!({"healthCheckNodePort": 31000}), Ok(31000))]
    #[case::of_another(json!({"healthCheckNodePort": 30000}), Err("failed to allocate requested HealthCheck NodePort 30000: provided port is already allocated"))]
    #[case::its_own(json!({"healthCheckNodePort": 30001}), Err("failed to allocate requested HealthCheck NodePort 30001: provided port is already allocated"))]
    fn a_checked_balancer_gets_a_port_for_it(
        #[case] mut spec: Value,
        #[case] expected: Result<i64, &str>,
    ) {
        let other = json!({"spec": {"healthCheckNodePort": 30000}});
        let taken = Taken::by([&other].into_iter());
        spec["type"] = "LoadBalancer".into();
        spec["externalTrafficPolicy"] = "Local".into();
        spec["ports"] = json!([{"port": 80, "nodePort": 30001}]);
        let mut service = json!({"spec": spec});
        let given = give_health_port(&mut service, None, &taken);
        let given = given.map(|()| service["spec"]["healthCheckNodePort"].as_i64().unwrap());
        assert_eq!(given, expected.map_err(str::to_owned));
    }

    #[test]
    fn an_address_of_another_network_is_refused() {
        let mut service = json!({"spec": {"clusterIP": "1.2.3.4"}});
        let refused = give_addresses(&mut service, None, &Taken::default()).unwrap_err();
        assert_eq!(refused[0].field, "spec.clusterIPs");
    }
}
