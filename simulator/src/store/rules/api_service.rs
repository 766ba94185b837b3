//! Who serves a version of a group.
//!
//! Source: kubernetes v1.34 `staging/src/k8s.io/kube-aggregator/pkg/apis/apiregistration`, `v1/defaults.go` and
//! `validation/validation.go`.

use super::network::port_faults;
use crate::json::Value;
use crate::store::naming::{old_label_fault, subdomain_fault};
use crate::store::schema::cause::{invalid, required};
use crate::store::status::Cause;

const PORT: i64 = 443;
const GROUP_PRIORITY_MAX: i64 = 20_000;
const VERSION_PRIORITY_MAX: i64 = 1000;

/// Sets the port of who serves.
pub(super) fn prepare(value: &mut Value) {
    let service = value.pointer_mut("/spec/service");
    if let Some(service) = service.and_then(Value::as_object_mut)
        && service.get("port").is_none_or(Value::is_null)
    {
        service.insert("port".to_owned(), PORT.into());
    }
}

/// What is wrong with an API service.
pub(super) fn faults(new: &Value) -> Vec<Cause> {
    let spec = &new["spec"];
    let text = |field: &str| spec[field].as_str().unwrap_or_default();
    let (group, version) = (text("group"), text("version"));
    let mut causes = Vec::new();
    let name = format!("{version}.{group}");
    if new["metadata"]["name"] != name {
        let why = format!("must be `spec.version+\".\"+spec.group`: {name:?}");
        causes.push(invalid("metadata.name", &new["metadata"]["name"], &why));
    }
    if group.is_empty() && version != "v1" {
        let why = "only v1 may have an empty group and it better be legacy kube";
        causes.push(required("spec.group", why));
    } else if !group.is_empty()
        && let Some(why) = subdomain_fault(group)
    {
        causes.push(invalid("spec.group", &group.into(), &why));
    }
    if let Some(why) = old_label_fault(version) {
        causes.push(invalid("spec.version", &version.into(), &why));
    }
    let bounds = [
        ("groupPriorityMinimum", GROUP_PRIORITY_MAX),
        ("versionPriority", VERSION_PRIORITY_MAX),
    ];
    for (field, most) in bounds {
        let number = spec[field].as_i64().unwrap_or(0);
        if !(1..=most).contains(&number) {
            let why = format!("must be positive and less than {most}");
            causes.push(invalid(format!("spec.{field}"), &number.into(), &why));
        }
    }
    trust_faults(spec, &mut causes);
    causes
}

/// What is wrong with where the service is and whether it is believed.
fn trust_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let (service, field) = (&spec["service"], "spec.insecureSkipTLSVerify");
    let has_bundle = spec["caBundle"]
        .as_str()
        .is_some_and(|text| !text.is_empty());
    let is_careless = spec["insecureSkipTLSVerify"] == true;
    if service.is_null() {
        if has_bundle {
            let why = "local APIServices may not have a caBundle";
            causes.push(invalid("spec.caBundle", &spec["caBundle"], why));
        }
        if is_careless {
            let why = "local APIServices may not have insecureSkipTLSVerify";
            causes.push(invalid(field, &true.into(), why));
        }
        return;
    }
    for part in ["namespace", "name"] {
        if service[part].as_str().unwrap_or_default().is_empty() {
            causes.push(required(format!("spec.service.{part}"), ""));
        }
    }
    if !port_faults("", &service["port"]).is_empty() {
        let why = "port is not valid: must be between 1 and 65535, inclusive";
        causes.push(invalid("spec.service.port", &service["port"], why));
    }
    if is_careless && has_bundle {
        let why = "may not be true if caBundle is present";
        causes.push(invalid(field, &true.into(), why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn a_service_is_reached_at_the_usual_port() {
        let mut service = json!({"spec": {"service": {"name": "s"}}});
        prepare(&mut service);
        assert_eq!(service["spec"]["service"]["port"], PORT);
        let mut local = json!({"spec": {}});
        prepare(&mut local);
        assert_eq!(local, json!({"spec": {}}));
    }

    #[test]
    fn an_api_service_is_named_by_what_it_serves() {
        let spec = json!({"group": "a.b", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1});
        let named = |name: &str| json!({"metadata": {"name": name}, "spec": spec});
        assert!(faults(&named("v1.a.b")).is_empty());
        assert_eq!(faults(&named("v1.a.c"))[0].field, "metadata.name");
    }
}
