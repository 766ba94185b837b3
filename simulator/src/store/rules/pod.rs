//! Pods: defaults, and what may not change.
//!
//! Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/apis/core/v1/defaults.go`.

use super::of_kind::required;
use super::pod_spec;
use crate::json::{Map, Value, json};
use crate::store::metadata::{invalid_json, key_fault, label_faults};
use crate::store::schema::cause::forbidden;
use crate::store::status::Cause;

/// Fields of a pod's spec that an update may change.
const MUTABLE: [&str; 4] = [
    "activeDeadlineSeconds",
    "terminationGracePeriodSeconds",
    "tolerations",
    "schedulingGates",
];

/// Keeps the list of addresses in step with the first one.
pub(super) fn prepare_status(value: &mut Value) {
    let address = value["status"]["podIP"].clone();
    if address.is_string() && value["status"]["podIPs"].is_null() {
        value["status"]["podIPs"] = json!([{"ip": address}]);
    }
    if value["status"]["qosClass"].is_null() {
        let class = quality_of_service(&value["spec"]);
        value["status"]["qosClass"] = class.into();
    }
    let statuses = value.pointer_mut("/status/containerStatuses");
    for status in statuses.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(fields) = status.as_object_mut() {
            fields.entry("state").or_insert_with(|| json!({}));
            fields.entry("lastState").or_insert_with(|| json!({}));
        }
    }
    let conditions = value.pointer_mut("/status/conditions");
    for condition in conditions
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(fields) = condition.as_object_mut() {
            for time in ["lastProbeTime", "lastTransitionTime"] {
                fields.entry(time).or_insert(Value::Null);
            }
        }
    }
}

/// Sets the defaults of the spec.
pub(super) fn prepare(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    let spec = fields.entry("spec").or_insert_with(|| json!({}));
    if let Some(spec) = spec.as_object_mut() {
        prepare_spec(spec);
        set_default(spec, "enableServiceLinks", json!(true));
        for container in containers(spec) {
            if let Some(resources) = container.get_mut("resources") {
                request_limits(resources);
            }
        }
    }
}

/// Sets the defaults of a template of pods: those of a pod, but for two that only pods have.
pub(super) fn prepare_template(template: &mut Value) {
    let Some(fields) = template.as_object_mut() else {
        return;
    };
    let spec = fields.entry("spec").or_insert_with(|| json!({}));
    if let Some(spec) = spec.as_object_mut() {
        prepare_spec(spec);
    }
}

/// Sets what admission and the pod's own code give a new pod.
pub(super) fn admit(value: &mut Value) {
    plug_in(value);
    let grace = &mut value["spec"]["terminationGracePeriodSeconds"];
    if grace.as_i64().is_some_and(|seconds| seconds < 0) {
        *grace = 1.into();
    }
    let class = quality_of_service(&value["spec"]);
    value["status"] = json!({"phase": "Pending", "qosClass": class});
    let gates = value["spec"]["schedulingGates"].as_array();
    if gates.is_some_and(|gates| !gates.is_empty()) {
        let created = value["metadata"]["creationTimestamp"].clone();
        value["status"]["conditions"] = json!([{
            "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates",
            "lastProbeTime": null, "lastTransitionTime": created,
        }]);
    }
}

/// Sets what admission gives a new pod before webhooks see it.
pub(super) fn plug_in(value: &mut Value) {
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
        set_default(spec, "priority", json!(0));
        set_default(spec, "preemptionPolicy", json!("PreemptLowerPriority"));
        tolerate_lost_nodes(spec);
    }
}

fn prepare_spec(spec: &mut Map) {
    let defaults = [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
    ];
    for (field, value) in defaults {
        set_default(spec, field, value);
    }
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        set_default(spec, "serviceAccount", account);
    }
    for container in containers(spec) {
        prepare_container(container);
    }
    for volume in spec
        .get_mut("volumes")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        prepare_volume(volume);
    }
}

/// Every container of a spec.
fn containers(spec: &mut Map) -> impl Iterator<Item = &mut Map> {
    let lists = spec.iter_mut().filter(|(name, _)| {
        matches!(
            name.as_str(),
            "containers" | "initContainers" | "ephemeralContainers"
        )
    });
    lists
        .filter_map(|(_, list)| list.as_array_mut())
        .flatten()
        .filter_map(Value::as_object_mut)
}

fn prepare_container(container: &mut Map) {
    let image = container
        .get("image")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let policy = if has_fixed_tag(image) {
        "IfNotPresent"
    } else {
        "Always"
    };
    set_default(container, "imagePullPolicy", json!(policy));
    set_default(container, "resources", json!({}));
    set_default(
        container,
        "terminationMessagePath",
        json!("/dev/termination-log"),
    );
    set_default(container, "terminationMessagePolicy", json!("File"));
    for port in container
        .get_mut("ports")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(port) = port.as_object_mut() {
            set_default(port, "protocol", json!("TCP"));
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(probe).and_then(Value::as_object_mut) {
            for (field, seconds) in [
                ("timeoutSeconds", 1),
                ("periodSeconds", 10),
                ("successThreshold", 1),
                ("failureThreshold", 3),
            ] {
                set_default(probe, field, json!(seconds));
            }
            if let Some(request) = probe.get_mut("httpGet").and_then(Value::as_object_mut) {
                set_default(request, "path", json!("/"));
                set_default(request, "scheme", json!("HTTP"));
            }
        }
    }
    for variable in container
        .get_mut("env")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(fields) = variable.as_object_mut() {
            fields.retain(|name, value| name != "value" || value != "");
        }
        if let Some(field) = variable
            .pointer_mut("/valueFrom/fieldRef")
            .and_then(Value::as_object_mut)
        {
            set_default(field, "apiVersion", json!("v1"));
        }
    }
}

/// What is limited and not requested is requested up to its limit.
fn request_limits(resources: &mut Value) {
    let Some(Value::Object(limits)) = resources.get("limits").cloned() else {
        return;
    };
    if let Some(fields) = resources.as_object_mut() {
        let requests = fields.entry("requests").or_insert_with(|| json!({}));
        for (name, limit) in limits {
            if requests.get(&name).is_none() {
                requests[name.as_str()] = limit;
            }
        }
    }
}

fn prepare_volume(volume: &mut Value) {
    for source in ["secret", "configMap", "projected", "downwardAPI"] {
        if let Some(source) = volume.get_mut(source).and_then(Value::as_object_mut) {
            set_default(source, "defaultMode", json!(420));
        }
    }
}

/// Whether an image names a tag other than `latest`, or a digest.
fn has_fixed_tag(image: &str) -> bool {
    if image.contains('@') {
        return true;
    }
    let last = image.rsplit('/').next().unwrap_or_default();
    last.split_once(':').is_some_and(|(_, tag)| tag != "latest")
}

fn tolerate_lost_nodes(spec: &mut Map) {
    let tolerations = spec.entry("tolerations").or_insert_with(|| json!([]));
    let Some(list) = tolerations.as_array_mut() else {
        return;
    };
    for key in [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ] {
        let is_tolerated = list
            .iter()
            .any(|t| t["key"] == key || (t["key"].is_null() && t["operator"] == "Exists"));
        if !is_tolerated {
            list.push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
        }
    }
}

fn set_default(fields: &mut Map, field: &str, default: Value) {
    let is_missing = match fields.get(field) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    if is_missing {
        fields.insert(field.to_owned(), default);
    }
}

/// Source: kubernetes v1.34 `pkg/apis/core/v1/helper/qos/qos.go`.
pub(super) fn quality_of_service(spec: &Value) -> &'static str {
    let containers: Vec<&Value> = ["containers", "initContainers"]
        .iter()
        .flat_map(|list| spec[*list].as_array().into_iter().flatten())
        .collect();
    let quantity = |container: &Value, list: &str, resource: &str| {
        container["resources"][list][resource].clone()
    };
    let is_any_set = containers.iter().any(|c| {
        ["requests", "limits"].iter().any(|list| {
            ["cpu", "memory"]
                .iter()
                .any(|r| !quantity(c, list, r).is_null())
        })
    });
    if !is_any_set {
        return "BestEffort";
    }
    let is_guaranteed = containers.iter().all(|c| {
        ["cpu", "memory"].iter().all(|r| {
            let limit = quantity(c, "limits", r);
            let request = quantity(c, "requests", r);
            !limit.is_null() && (request.is_null() || request == limit)
        })
    });
    if is_guaranteed {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

/// Puts back what admission gave a pod and an update leaves out.
///
/// Source: kubernetes v1.34 `plugin/pkg/admission`, priority and defaulttolerationseconds.
pub(super) fn readmit(value: &mut Value, old: &Value) {
    let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    for field in ["priority", "preemptionPolicy"] {
        if let (false, Some(kept)) = (spec.contains_key(field), old["spec"].get(field)) {
            spec.insert(field.to_owned(), kept.clone());
        }
    }
    tolerate_lost_nodes(spec);
}

/// What is wrong with a pod: a spec needs containers, and may hardly change.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = spec_faults("spec", &new["spec"]);
    let ephemeral = new["spec"]["ephemeralContainers"].as_array();
    if old.is_none() && ephemeral.is_some_and(|list| !list.is_empty()) {
        let why = "cannot be set on create";
        causes.push(forbidden("spec.ephemeralContainers", why));
    }
    let Some(old) = old.filter(|old| new["spec"] != old["spec"]) else {
        return if old.is_some() { Vec::new() } else { causes };
    };
    causes.extend(change_faults(new, old));
    causes
}

/// What is wrong with the spec of a pod or of a template, which lies at `path`.
pub(super) fn spec_faults(path: &str, spec: &Value) -> Vec<Cause> {
    let mut causes = missing_parts(path, spec);
    causes.extend(pod_spec::faults(path, spec));
    causes
}

/// What is wrong with a template of pods, which lies at `path`.
pub(super) fn template_faults(path: &str, template: &Value) -> Vec<Cause> {
    let (spec, place) = (&template["spec"], format!("{path}.spec"));
    let mut causes = mark_faults(path, template);
    causes.extend(spec_faults(&place, spec));
    if spec["ephemeralContainers"]
        .as_array()
        .is_some_and(|list| !list.is_empty())
    {
        let why = "ephemeral containers not allowed in pod template";
        causes.push(forbidden(format!("{place}.ephemeralContainers"), why));
    }
    causes
}

/// What is wrong with the labels and annotations of a template, whose metadata errors do not name.
pub(super) fn mark_faults(path: &str, template: &Value) -> Vec<Cause> {
    let (metadata, mut causes) = (&template["metadata"], Vec::new());
    label_faults(&format!("{path}.labels"), &metadata["labels"], &mut causes);
    let keys = metadata["annotations"].as_object().into_iter().flatten();
    for (key, _) in keys {
        let field = format!("{path}.annotations");
        key_fault(&field, key, &key.to_lowercase(), &mut causes);
    }
    causes
}

/// What an update may not change.
fn change_faults(new: &Value, old: &Value) -> Vec<Cause> {
    let n_containers = |pod: &Value| pod["spec"]["containers"].as_array().map_or(0, Vec::len);
    if n_containers(new) != n_containers(old) {
        return vec![Cause {
            reason: "FieldValueForbidden",
            message: "Forbidden: pod updates may not add or remove containers".to_owned(),
            field: "spec.containers".to_owned(),
        }];
    }
    // Told once more: a pod needs its images, and an update may not take them away.
    let without_image = missing_fields("spec", &new["spec"], &["image"]);
    if !without_image.is_empty() {
        return without_image;
    }
    let deadline = deadline_fault(&new["spec"], &old["spec"]);
    // One that is put off is all that is told.
    if let Some(fault) = &deadline
        && new["spec"]["activeDeadlineSeconds"].is_number()
    {
        return vec![fault.clone()];
    }
    let is_fixed = fixed_part(&new["spec"]) == fixed_part(&old["spec"]);
    let changed = (!is_fixed).then(|| Cause {
        reason: "FieldValueForbidden",
        message: "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)".to_owned(),
        field: "spec".to_owned(),
    });
    deadline.into_iter().chain(changed).collect()
}

/// A deadline may be set and drawn nearer, not put off or taken away.
fn deadline_fault(new: &Value, old: &Value) -> Option<Cause> {
    let field = "activeDeadlineSeconds";
    let before = old[field].as_i64()?;
    let (value, why) = match new[field].as_i64() {
        Some(after) if after > before => (
            after.to_string(),
            "must be less than or equal to previous value",
        ),
        Some(_) => return None,
        None => {
            let why = "must not update from a positive integer to nil value";
            ("null".to_owned(), why)
        }
    };
    Some(invalid_json(&format!("spec.{field}"), &value, why))
}

/// A pod needs containers, and each of them a name and an image.
fn missing_parts(path: &str, spec: &Value) -> Vec<Cause> {
    if spec["containers"].as_array().is_none_or(Vec::is_empty) {
        return vec![required(format!("{path}.containers"), "Required value")];
    }
    missing_fields(path, spec, &["name", "image"])
}

/// The containers without one of `fields`.
fn missing_fields(path: &str, spec: &Value, fields: &[&str]) -> Vec<Cause> {
    let mut causes = Vec::new();
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for (index, container) in spec[list].as_array().into_iter().flatten().enumerate() {
            let missing =
                |field: &&&str| container[**field].as_str().unwrap_or_default().is_empty();
            causes.extend(fields.iter().filter(missing).map(|field| {
                required(format!("{path}.{list}[{index}].{field}"), "Required value")
            }));
        }
    }
    causes
}

fn fixed_part(spec: &Value) -> Value {
    let mut spec = spec.clone();
    if let Some(fields) = spec.as_object_mut() {
        fields.retain(|field, _| !MUTABLE.contains(&field.as_str()));
        for list in ["containers", "initContainers"] {
            for container in fields
                .get_mut(list)
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                container["image"] = Value::Null;
            }
        }
    }
    spec
}
