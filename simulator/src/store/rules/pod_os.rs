//! What pods of one operating system may not have, which is of another.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateOS`, `validateLinux` and
//! `validateWindows`.

use super::part::{containers, has, text};
use crate::json::Value;
use crate::store::schema::cause::{forbidden, not_supported, required};
use crate::store::status::Cause;

/// What only Linux knows of a pod; `!` stands before what lies in its security context.
const OF_LINUX_POD: [&str; 15] = [
    "!appArmorProfile",
    "!seLinuxOptions",
    "hostUsers",
    "hostPID",
    "hostIPC",
    "!seccompProfile",
    "!fsGroup",
    "!fsGroupChangePolicy",
    "!sysctls",
    "shareProcessNamespace",
    "!runAsUser",
    "!runAsGroup",
    "!supplementalGroups",
    "!supplementalGroupsPolicy",
    "!seLinuxChangePolicy",
];
/// What only Linux knows of the security context of a container.
const OF_LINUX_CONTAINER: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

/// What is wrong with a spec that names its operating system.
pub(super) fn faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    if !has(spec, "os") {
        return;
    }
    match text(&spec["os"], "name") {
        "" => causes.push(required(format!("{path}.os.name"), "")),
        "linux" => {
            let why = "windows options cannot be set for a linux pod";
            foreign(
                (path, &["!windowsOptions"]),
                &["windowsOptions"],
                (spec, why),
                causes,
            );
        }
        "windows" => {
            let why = "cannot be set for a windows pod";
            foreign(
                (path, &OF_LINUX_POD),
                &OF_LINUX_CONTAINER,
                (spec, why),
                causes,
            );
        }
        name => {
            let known = ["linux", "windows"].map(str::to_owned);
            causes.push(not_supported(format!("{path}.os"), &name.into(), &known));
        }
    }
}

fn foreign(
    (path, of_pod): (&str, &[&str]),
    of_container: &[&str],
    (spec, why): (&Value, &str),
    causes: &mut Vec<Cause>,
) {
    for field in of_pod {
        let (holder, path, field) = match field.strip_prefix('!') {
            Some(field) => (
                &spec["securityContext"],
                format!("{path}.securityContext"),
                field,
            ),
            None => (spec, path.to_owned(), *field),
        };
        if is_set(&holder[field]) || field == "hostUsers" && has(holder, field) {
            causes.push(forbidden(format!("{path}.{field}"), why));
        }
    }
    for (path, container) in containers(path, spec) {
        let context = &container["securityContext"];
        let given = of_container.iter().filter(|field| has(context, field));
        let field = |field| format!("{path}.securityContext.{field}");
        causes.extend(given.map(|name| forbidden(field(name), why)));
    }
}

/// Whether a field has more than what Go takes for nothing: `hostPID` and `hostIPC` may be false.
fn is_set(value: &Value) -> bool {
    let is_empty = value.as_array().is_some_and(Vec::is_empty);
    !value.is_null() && *value != false && !is_empty
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::none(json!({"os": {}}), &["s.os.name"])]
    #[case::other(json!({"os": {"name": "plan9"}}), &["s.os"])]
    #[case::linux(json!({"os": {"name": "linux"}, "securityContext": {"windowsOptions": {}}}), &["s.securityContext.windowsOptions"])]
    #[case::windows(json!({"os": {"name": "windows"}, "hostPID": true, "containers": [{"securityContext": {"runAsUser": 1}}]}), &["s.hostPID", "s.containers[0].securityContext.runAsUser"])]
    fn a_pod_has_what_its_system_knows(#[case] spec: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        faults("s", &spec, &mut causes);
        let found: Vec<_> = causes.into_iter().map(|cause| cause.field).collect();
        assert_eq!(found, expected);
    }
}
