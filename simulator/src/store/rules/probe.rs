//! What containers do when they begin and end, and how they are looked after meanwhile.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateLifecycle`, `validateProbe` and
//! `validateHandler`.

use super::network::port_faults;
use super::of_kind::natural;
use super::part::{has, is_empty, items, range_fault, require, text};
use super::pod_spec::choice_fault;
use crate::json::Value;
use crate::store::schema::cause::{forbidden, invalid, required};
use crate::store::status::Cause;

/// The fields of a container that hold what is looked at here, in the order in which they are.
pub(super) const FIELDS: [&str; 4] = [
    "lifecycle",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
];
/// What a container is asked while it runs.
pub(in crate::store) const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
/// What is done when it has begun, and before it ends.
pub(in crate::store) const HOOKS: [&str; 2] = ["postStart", "preStop"];
const HANDLERS: [&str; 5] = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
const NUMBERS: [&str; 5] = [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
];
const HEADER: &str = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

/// What is wrong with the hooks and the probes of a container, whose pod is given `grace` seconds to end.
pub(super) fn faults(path: &str, container: &Value, grace: Option<i64>, causes: &mut Vec<Cause>) {
    for hook in HOOKS {
        let handler = &container["lifecycle"][hook];
        if !handler.is_null() {
            handler_faults(&format!("{path}.lifecycle.{hook}"), handler, grace, causes);
        }
    }
    for field in PROBES {
        let probe = &container[field];
        if !probe.is_null() {
            probe_faults(&format!("{path}.{field}"), probe, causes);
            last_faults(&format!("{path}.{field}"), field, probe, causes);
        }
    }
}

fn probe_faults(path: &str, probe: &Value, causes: &mut Vec<Cause>) {
    handler_faults(path, probe, None, causes);
    for field in NUMBERS {
        natural(&format!("{path}.{field}"), &probe[field], causes);
    }
    let grace = &probe["terminationGracePeriodSeconds"];
    if grace.as_i64().is_some_and(|seconds| seconds <= 0) {
        let field = format!("{path}.terminationGracePeriodSeconds");
        causes.push(invalid(field, grace, "must be greater than 0"));
    }
}

/// What is demanded of one kind of probe alone.
fn last_faults(path: &str, kind: &str, probe: &Value, causes: &mut Vec<Cause>) {
    let field = match kind {
        "readinessProbe" => "terminationGracePeriodSeconds",
        _ => "successThreshold",
    };
    let why = match (kind, probe[field].as_i64()) {
        (_, None) | ("livenessProbe" | "startupProbe", Some(1)) => return,
        ("readinessProbe", _) => "must not be set for readinessProbes",
        _ => "must be 1",
    };
    causes.push(invalid(format!("{path}.{field}"), &probe[field], why));
}

fn handler_faults(path: &str, handler: &Value, grace: Option<i64>, causes: &mut Vec<Cause>) {
    let mut given = HANDLERS.iter().filter(|kind| has(handler, kind));
    match given.next() {
        None => causes.push(required(path, "must specify a handler type")),
        Some(kind) => {
            action_faults(
                (&format!("{path}.{kind}"), kind),
                &handler[*kind],
                grace,
                causes,
            );
        }
    }
    let why = "may not specify more than 1 handler type";
    causes.extend(given.map(|kind| forbidden(format!("{path}.{kind}"), why)));
}

fn action_faults(
    (path, kind): (&str, &str),
    action: &Value,
    grace: Option<i64>,
    causes: &mut Vec<Cause>,
) {
    match kind {
        "exec" => {
            if is_empty(&action["command"]) {
                causes.push(required(format!("{path}.command"), ""));
            }
        }
        "httpGet" => request_faults(path, action, causes),
        "sleep" => {
            let seconds = action["seconds"].as_i64().unwrap_or_default();
            if let Some(grace) = grace.filter(|grace| !(0..=*grace).contains(&seconds)) {
                let why = format!(
                    "must be non-negative and less than terminationGracePeriodSeconds ({grace})"
                );
                causes.push(invalid(path, &seconds.into(), &why));
            }
        }
        _ => target_faults(path, action, causes),
    }
}

fn request_faults(path: &str, request: &Value, causes: &mut Vec<Cause>) {
    require(path, request, &["path"], causes);
    target_faults(path, request, causes);
    let schemes = ["HTTP", "HTTPS"];
    let scheme = &request["scheme"];
    choice_fault(&format!("{path}.scheme"), scheme, &schemes, causes);
    let is_good = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    for header in items(&request["httpHeaders"]) {
        let name = text(header, "name");
        if name.is_empty() || !name.bytes().all(is_good) {
            let field = format!("{path}.httpHeaders");
            causes.push(invalid(field, &name.into(), HEADER));
        }
    }
}

/// What is wrong with the port of an action, which is 0 if it is left out.
fn target_faults(path: &str, action: &Value, causes: &mut Vec<Cause>) {
    let (field, port) = (format!("{path}.port"), &action["port"]);
    match port {
        Value::Null => range_fault(&field, &0.into(), 1..=65_535, causes),
        port => causes.extend(port_faults(&field, port)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"livenessProbe": {"exec": {"command": ["x"]}, "successThreshold": 1}}), &[])]
    #[case::nothing(json!({"readinessProbe": {}}), &["c.readinessProbe: Required value: must specify a handler type"])]
    #[case::both(json!({"readinessProbe": {"exec": {"command": ["x"]}, "grpc": {"port": 1}}}), &["c.readinessProbe.grpc: Forbidden: may not specify more than 1 handler type"])]
    #[case::port(json!({"readinessProbe": {"tcpSocket": {}}}), &["c.readinessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive"])]
    #[case::twice(json!({"startupProbe": {"exec": {"command": ["x"]}, "successThreshold": 2}}), &["c.startupProbe.successThreshold: Invalid value: 2: must be 1"])]
    #[case::sleep(json!({"lifecycle": {"preStop": {"sleep": {"seconds": 31}}}}), &["c.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)"])]
    fn what_a_container_may_not_ask_for_is_found(
        #[case] container: Value,
        #[case] expected: &[&str],
    ) {
        let mut causes = Vec::new();
        faults("c", &container, Some(30), &mut causes);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }
}
