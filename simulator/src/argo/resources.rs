//! How much of each resource nodes have used. Source: `spec/argo.md` §31.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::PodStatus;

use crate::json::Value;

const MI: f64 = 1_048_576.0;

/// Requested amount × seconds ÷ base unit, by resource, over all containers of a pod.
pub(crate) fn durations(pod_spec: &Value, status: &PodStatus) -> BTreeMap<String, i64> {
    let mut totals = BTreeMap::new();
    let all = status
        .init_container_statuses
        .iter()
        .flatten()
        .chain(status.container_statuses.iter().flatten());
    for container in all {
        let terminated = container
            .state
            .as_ref()
            .and_then(|state| state.terminated.as_ref());
        let seconds = terminated.and_then(|t| {
            Some(
                t.finished_at
                    .as_ref()?
                    .0
                    .duration_since(t.started_at.as_ref()?.0),
            )
        });
        let seconds = seconds.map_or(0, |duration| duration.as_secs()) as f64;
        for (resource, amount) in requests(pod_spec, &container.name) {
            let base = match resource.as_str() {
                "memory" => 100.0 * MI,
                "storage" | "ephemeral-storage" => 10_240.0 * MI,
                _ => 1.0,
            };
            *totals.entry(resource).or_insert(0) += (amount * seconds / base) as i64;
        }
    }
    totals
}

fn requests(pod_spec: &Value, name: &str) -> BTreeMap<String, f64> {
    let mut amounts = BTreeMap::from([("cpu".to_owned(), 0.1), ("memory".to_owned(), 100.0 * MI)]);
    let lists = ["initContainers", "containers"]
        .into_iter()
        .filter_map(|list| pod_spec[list].as_array());
    let Some(container) = lists.flatten().find(|container| container["name"] == name) else {
        return amounts;
    };
    for which in ["limits", "requests"] {
        for (resource, quantity) in container["resources"][which]
            .as_object()
            .into_iter()
            .flatten()
        {
            if let Some(amount) = quantity.as_str().and_then(amount) {
                amounts.insert(resource.to_string(), amount);
            }
        }
    }
    amounts
}

/// The number that a quantity such as `100m` or `10Gi` stands for.
fn amount(quantity: &str) -> Option<f64> {
    let letters = quantity
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(quantity.len());
    let number: f64 = quantity[..letters].parse().ok()?;
    let factor = match &quantity[letters..] {
        "" => 1.0,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => MI,
        "Gi" => MI * 1024.0,
        "Ti" => MI * MI,
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::amount;

    #[rstest]
    #[case("100m", Some(0.1))]
    #[case("2", Some(2.0))]
    #[case("1Gi", Some(1_073_741_824.0))]
    #[case("1x", None)]
    fn a_quantity_is_a_number(#[case] quantity: &str, #[case] expected: Option<f64>) {
        assert_eq!(amount(quantity), expected);
    }
}
