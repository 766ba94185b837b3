//! Leases.

use crate::json::{Value, json};
use crate::store::metadata::invalid_json;
use crate::store::status::Cause;

/// Writes `spec` even if nobody gave one: it is a Go struct, not a pointer.
pub(super) fn prepare(value: &mut Value) {
    if value.get("spec").is_none_or(Value::is_null) {
        value["spec"] = json!({});
    }
}

/// Drops what is behind the gate `CoordinatedLeaderElection`; who wrote it owns it nonetheless.
pub(super) fn finish(value: &mut Value) {
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
        spec.retain(|field, _| field != "strategy" && field != "preferredHolder");
    }
}

/// What is wrong with a Lease.
///
/// Source: kubernetes v1.34 `pkg/apis/coordination/validation/validation.go`.
pub(super) fn faults(new: &Value) -> Vec<Cause> {
    let limits = [
        ("leaseDurationSeconds", 1, "must be greater than 0"),
        ("leaseTransitions", 0, "must be greater than or equal to 0"),
    ];
    let fault = |(name, least, text): (&str, i64, &str)| {
        let number = new["spec"][name]
            .as_i64()
            .filter(|number| *number < least)?;
        Some(invalid_json(
            &format!("spec.{name}"),
            &number.to_string(),
            text,
        ))
    };
    limits.into_iter().filter_map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_lasts_at_least_a_second() {
        let lease = json!({"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}});
        let messages: Vec<_> = faults(&lease)
            .into_iter()
            .map(|cause| cause.message)
            .collect();
        let expected = [
            "Invalid value: 0: must be greater than 0",
            "Invalid value: -1: must be greater than or equal to 0",
        ];
        assert_eq!(messages, expected);
    }
}
