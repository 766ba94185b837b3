//! How new pods replace old ones.
//!
//! Source: kubernetes v1.34 `pkg/apis/apps/validation/validation.go`, `ValidateDeploymentStrategy`,
//! `ValidateDaemonSetUpdateStrategy` and `validateRollingUpdateStatefulSet`.

use super::go_struct;
use super::of_kind::natural;
use super::part::{has, text};
use crate::json::Value;
use crate::store::schema::cause::{forbidden, invalid, invalid_shown, required};
use crate::store::status::Cause;

const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
const SHARES: [&str; 2] = ["maxUnavailable", "maxSurge"];

/// What is wrong with the strategy of a Deployment.
pub(super) fn deployment_faults(strategy: &Value, causes: &mut Vec<Cause>) {
    let (path, rolling) = ("spec.strategy.rollingUpdate", &strategy["rollingUpdate"]);
    match text(strategy, "type") {
        "Recreate" if !rolling.is_null() => {
            let why = "may not be specified when strategy `type` is 'Recreate'";
            causes.push(forbidden(path, why));
        }
        "Recreate" => {}
        "RollingUpdate" => {
            for name in SHARES {
                share_faults(&format!("{path}.{name}"), &rolling[name], causes);
            }
            let (field, share) = (format!("{path}.maxUnavailable"), &rolling[SHARES[0]]);
            if SHARES.iter().all(|name| number(&rolling[*name]) == 0) {
                let why = "may not be 0 when `maxSurge` is 0";
                causes.push(invalid(&*field, share, why));
            }
            whole_fault(&field, share, causes);
        }
        _ => causes.push(unknown(
            "spec.strategy",
            strategy,
            ["Recreate", "RollingUpdate"],
        )),
    }
}

/// What is wrong with the strategy of a daemon set.
pub(super) fn daemon_set_faults(strategy: &Value, causes: &mut Vec<Cause>) {
    let path = "spec.updateStrategy";
    let rolling = &strategy["rollingUpdate"];
    match text(strategy, "type") {
        "OnDelete" => return,
        "RollingUpdate" => {}
        _ => return causes.push(unknown(path, strategy, ["RollingUpdate", "OnDelete"])),
    }
    let at = |name: &str| format!("{path}.rollingUpdate.{name}");
    for look in [share_faults, whole_fault] {
        for name in SHARES {
            look(&at(name), &rolling[name], causes);
        }
    }
    match SHARES.map(|name| number(&rolling[name]) != 0) {
        [true, true] => {
            let why = "may not be set when maxUnavailable is non-zero";
            causes.push(invalid(at("maxSurge"), &rolling["maxSurge"], why));
        }
        [false, false] => {
            causes.push(required(at(SHARES[0]), "cannot be 0 when maxSurge is 0"));
        }
        _ => {}
    }
}

/// What is wrong with the strategy of a stateful set.
pub(super) fn stateful_set_faults(strategy: &Value, causes: &mut Vec<Cause>) {
    let path = "spec.updateStrategy";
    let rolling = &strategy["rollingUpdate"];
    match text(strategy, "type") {
        "OnDelete" if has(strategy, "rollingUpdate") => {
            let shown = go_struct::shown("RollingUpdateStatefulSetStrategy", rolling);
            let why = "only allowed for updateStrategy 'RollingUpdate'";
            let field = format!("{path}.rollingUpdate");
            causes.push(invalid_shown(field, &shown, why));
        }
        "OnDelete" => {}
        "RollingUpdate" => {
            let field = format!("{path}.rollingUpdate.partition");
            natural(&field, &rolling["partition"], causes);
        }
        other => {
            let rolling = go_struct::shown("RollingUpdateStatefulSetStrategy", rolling);
            let shown = format!("{{\"Type\":{other:?},\"RollingUpdate\":{rolling}}}");
            let why = "must be 'RollingUpdate' or 'OnDelete'";
            causes.push(invalid_shown(path, &shown, why));
        }
    }
}

/// What is wrong with a number or a share of pods.
pub(super) fn share_faults(field: &str, share: &Value, causes: &mut Vec<Cause>) {
    natural(field, share, causes);
    if share.is_string() && percent(share).is_none() {
        causes.push(invalid(field, share, PERCENT));
    }
}

/// Refuses a share of more than all pods.
pub(super) fn whole_fault(field: &str, share: &Value, causes: &mut Vec<Cause>) {
    if percent(share).is_some_and(|percent| percent > 100) {
        causes.push(invalid(field, share, "must not be greater than 100%"));
    }
}

fn percent(share: &Value) -> Option<i64> {
    let digits = share.as_str()?.strip_suffix('%')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(i64::MAX))
}

/// The number that is given, that of a share, or none.
fn number(share: &Value) -> i64 {
    let of_text = || percent(share).or_else(|| share.as_str()?.parse().ok());
    share.as_i64().or_else(of_text).unwrap_or(0)
}

fn unknown(field: &str, strategy: &Value, known: [&str; 2]) -> Cause {
    let kind = text(strategy, "type");
    let rolling = go_struct::shown("RollingUpdate", &strategy["rollingUpdate"]);
    Cause {
        reason: "FieldValueNotSupported",
        message: format!(
            "Unsupported value: {{\"Type\":{kind:?},\"RollingUpdate\":{rolling}}}: supported values: {:?}, {:?}",
            known[0], known[1]
        ),
        field: field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case(json!(0), json!(1), &[])]
    #[case(json!(1), json!("1%"), &["maxSurge"])]
    #[case(json!("0%"), json!(0), &["maxUnavailable"])]
    #[case(json!("101%"), json!(0), &["maxUnavailable"])]
    fn a_daemon_set_has_one_share(
        #[case] unavailable: Value,
        #[case] surge: Value,
        #[case] expected: &[&str],
    ) {
        let rolling = json!({"maxUnavailable": unavailable, "maxSurge": surge});
        let strategy = json!({"type": "RollingUpdate", "rollingUpdate": rolling});
        let mut causes = Vec::new();
        daemon_set_faults(&strategy, &mut causes);
        let fields = causes.iter().map(|cause| cause.field.rsplit('.').next());
        assert!(fields.eq(expected.iter().copied().map(Some)));
    }
}
