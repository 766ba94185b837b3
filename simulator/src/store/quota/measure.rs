//! What an object takes of which resources.
//!
//! Source: kubernetes v1.34 `pkg/quota/v1/evaluator/core`; apiserver v0.34.3, pkg/quota/v1/generic/evaluator.go.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::amount::Amount;
use super::pod;
use crate::json::Value;

/// Amounts by the name of what they are of.
pub(crate) type Amounts = BTreeMap<String, Amount>;

/// What a storage class of a claim is called in a quota, before the resource.
const OF_CLASS: &str = ".storageclass.storage.k8s.io/";

/// The objects of one resource, as quotas measure them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measured<'a> {
    /// Empty for the core group.
    pub(crate) group: &'a str,
    pub(crate) plural: &'a str,
}

impl<'a> Measured<'a> {
    /// The resource whose objects take of `name`.
    pub(crate) fn by(name: &'a str) -> Self {
        let (group, plural) = match name.strip_prefix("count/") {
            Some(counted) => {
                let (plural, group) = counted.split_once('.').unwrap_or((counted, ""));
                (group, plural)
            }
            None if name == "requests.storage" || name.contains(OF_CLASS) => {
                ("", "persistentvolumeclaims")
            }
            None if name.starts_with("services") => ("", "services"),
            None => match name {
                "configmaps"
                | "persistentvolumeclaims"
                | "replicationcontrollers"
                | "resourcequotas"
                | "secrets" => ("", name),
                _ => ("", "pods"),
            },
        };
        Self { group, plural }
    }

    /// Whether more than how many objects there are counts.
    pub(crate) fn is_looked_into(self) -> bool {
        self.group.is_empty()
            && ["pods", "services", "persistentvolumeclaims"].contains(&self.plural)
    }

    /// What an object takes.
    pub(crate) fn usage(self, object: &Value, now: Timestamp) -> Amounts {
        let one = Amount::of(1);
        let count = match self.group {
            "" => format!("count/{}", self.plural),
            group => format!("count/{}.{group}", self.plural),
        };
        let mut usage = Amounts::from([(count, one)]);
        match (self.group, self.plural) {
            ("", "pods") => usage.extend(pod::usage(object, now)),
            ("", "services") => usage.extend(service_usage(&object["spec"])),
            ("", "persistentvolumeclaims") => usage.extend(claim_usage(&object["spec"])),
            ("", "configmaps" | "replicationcontrollers" | "resourcequotas" | "secrets") => {
                usage.insert(self.plural.to_owned(), one);
            }
            _ => {}
        }
        usage
    }
}

fn service_usage(spec: &Value) -> Amounts {
    let ports = spec["ports"].as_array().map_or(&[][..], Vec::as_slice);
    let is_balanced = spec["type"] == "LoadBalancer";
    let n_node_ports = match spec["type"].as_str() {
        Some("LoadBalancer") if spec["allocateLoadBalancerNodePorts"] == false => {
            let has_one = |port: &&Value| port["nodePort"].as_i64().is_some_and(|port| port != 0);
            ports.iter().filter(has_one).count()
        }
        Some("NodePort" | "LoadBalancer") => ports.len(),
        _ => 0,
    };
    Amounts::from([
        ("services".to_owned(), Amount::of(1)),
        ("services.nodeports".to_owned(), Amount::of(n_node_ports)),
        (
            "services.loadbalancers".to_owned(),
            Amount::of(usize::from(is_balanced)),
        ),
    ])
}

fn claim_usage(spec: &Value) -> Amounts {
    let storage = spec["resources"]["requests"]["storage"].as_str();
    let storage = storage.and_then(Amount::read);
    let mut usage = Amounts::from([("persistentvolumeclaims".to_owned(), Amount::of(1))]);
    usage.extend(storage.map(|storage| ("requests.storage".to_owned(), storage)));
    if let Some(class) = spec["storageClassName"].as_str() {
        let of_class =
            |(name, amount): (&String, &Amount)| (format!("{class}{OF_CLASS}{name}"), *amount);
        let of_class: Vec<_> = usage.iter().map(of_class).collect();
        usage.extend(of_class);
    }
    usage
}

/// Adds amounts.
pub(crate) fn add(to: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let present = to.entry(name.clone()).or_default();
        *present = present.plus(*amount);
    }
}

/// Amounts as an object holds them.
pub(crate) fn amounts(value: &Value) -> Amounts {
    let fields = value.as_object().into_iter().flatten();
    let read = fields.filter_map(|(name, text)| {
        let amount = Amount::read(text.as_str()?)?;
        Some((name.to_string(), amount))
    });
    read.collect()
}

/// Amounts as an object holds them.
pub(crate) fn written(amounts: &Amounts) -> Value {
    let fields = amounts.iter();
    let fields = fields.map(|(name, amount)| (name.clone(), Value::from(amount.to_string())));
    Value::Object(fields.collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::clock::EPOCH;
    use crate::json::json;

    #[rstest]
    #[case("pods", "", "pods")]
    #[case("requests.cpu", "", "pods")]
    #[case("limits.memory", "", "pods")]
    #[case("count/deployments.apps", "apps", "deployments")]
    #[case("count/secrets", "", "secrets")]
    #[case("secrets", "", "secrets")]
    #[case("services.nodeports", "", "services")]
    #[case("requests.storage", "", "persistentvolumeclaims")]
    #[case(
        "fast.storageclass.storage.k8s.io/requests.storage",
        "",
        "persistentvolumeclaims"
    )]
    fn a_name_is_of_a_resource(#[case] name: &str, #[case] group: &str, #[case] plural: &str) {
        assert_eq!(Measured::by(name), Measured { group, plural });
    }

    #[rstest]
    #[case("services", json!({"spec": {"type": "NodePort", "ports": [{}, {}]}}), json!({"count/services": "1", "services": "1", "services.loadbalancers": "0", "services.nodeports": "2"}))]
    #[case("persistentvolumeclaims", json!({"spec": {"resources": {"requests": {"storage": "1Gi"}}}}), json!({"count/persistentvolumeclaims": "1", "persistentvolumeclaims": "1", "requests.storage": "1Gi"}))]
    #[case("secrets", json!({}), json!({"count/secrets": "1", "secrets": "1"}))]
    #[case("pods", json!({"spec": {"containers": [{"resources": {"requests": {"cpu": "100m"}}}, {"resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Mi"}}}], "initContainers": [{"resources": {"requests": {"cpu": "2"}}}]}}),
        json!({"count/pods": "1", "pods": "1", "cpu": "2", "requests.cpu": "2", "limits.memory": "1Mi"}))]
    #[case("pods", json!({"spec": {"containers": [{}]}, "status": {"phase": "Failed"}}), json!({"count/pods": "1"}))]
    fn an_object_takes(#[case] plural: &str, #[case] object: Value, #[case] expected: Value) {
        let measured = Measured { group: "", plural };
        assert_eq!(written(&measured.usage(&object, EPOCH)), expected);
    }
}
