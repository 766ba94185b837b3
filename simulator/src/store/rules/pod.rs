//! Pods: defaults, and what may not change.
//!
//! Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/apis/core/v1/defaults.go`.

use super::part::{CONTAINERS, is_empty, items, text};
use super::{
    container, image, pod_amounts, pod_defaults, pod_labels, pod_mark, pod_spec, pod_update,
    pod_zero, profile_mark, projection,
};
use crate::json::{Map, Value, json};
use crate::store::metadata::{key_fault, label_faults};
use crate::store::quota::{Amount, Amounts, add};
use crate::store::schema::cause::forbidden;
use crate::store::status::Cause;

/// The lists of statuses of containers.
pub(super) const STATUSES: [&str; 3] = [
    "containerStatuses",
    "initContainerStatuses",
    "ephemeralContainerStatuses",
];
/// The lists of the containers that a pod is made with.
const OWN: [&str; 2] = ["initContainers", "containers"];

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
    for list in STATUSES {
        let statuses = value["status"].get_mut(list).and_then(Value::as_array_mut);
        for status in statuses.into_iter().flatten() {
            prepare_states(status);
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

/// Shows the states of a container, and their times, which Go cannot leave out.
fn prepare_states(status: &mut Value) {
    let Some(fields) = status.as_object_mut() else {
        return;
    };
    for name in ["state", "lastState"] {
        let state = fields.entry(name).or_insert_with(|| json!({}));
        let times: [(&str, &[&str]); 2] = [
            ("running", &["startedAt"]),
            ("terminated", &["startedAt", "finishedAt"]),
        ];
        for (kind, times) in times {
            let state = state.get_mut(kind).and_then(Value::as_object_mut);
            for fields in state.into_iter() {
                for time in times {
                    fields.entry(*time).or_insert(Value::Null);
                }
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
        let grace = spec.get_mut("terminationGracePeriodSeconds");
        if let Some(grace) = grace.filter(|grace| grace.as_i64().is_some_and(|seconds| seconds < 0))
        {
            *grace = 1.into();
        }
        if spec
            .get("hostNetwork")
            .is_some_and(|on_host| *on_host == true)
        {
            open_ports(spec);
        }
        for container in containers_in(spec, &OWN) {
            if let Some(resources) = container.get_mut("resources") {
                request_limits(resources);
            }
        }
    }
    if !value["spec"]["resources"].is_null() {
        pod_amounts::fill(&mut value["spec"]);
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
    profile_mark::arm(value);
    plug_in(value);
    pod_labels::select(value);
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
    pod_zero::leave_out(spec);
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
        if let Some(fields) = container.as_object_mut() {
            prepare_container(fields);
        }
        pod_defaults::fill_container(container);
    }
    let volumes = spec.get_mut("volumes").and_then(Value::as_array_mut);
    for volume in volumes.into_iter().flatten() {
        pod_defaults::fill_volume(volume);
    }
}

/// Every container of a spec.
pub(super) fn containers(spec: &mut Map) -> impl Iterator<Item = &mut Value> {
    containers_in(spec, &CONTAINERS)
}

/// The containers in some of its lists.
fn containers_in<'s>(spec: &'s mut Map, lists: &[&str]) -> impl Iterator<Item = &'s mut Value> {
    let found = spec.iter_mut();
    let found = found.filter(|(name, _)| lists.contains(&name.as_str()));
    found.filter_map(|(_, list)| list.as_array_mut()).flatten()
}

fn prepare_container(container: &mut Map) {
    let image = container
        .get("image")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let policy = match image::is_latest(image) {
        true => "Always",
        false => "IfNotPresent",
    };
    set_default(container, "imagePullPolicy", json!(policy));
    set_default(container, "resources", json!({}));
    set_default(
        container,
        "terminationMessagePath",
        json!("/dev/termination-log"),
    );
    set_default(container, "terminationMessagePolicy", json!("File"));
    let variables = container.get_mut("env").and_then(Value::as_array_mut);
    for variable in variables.into_iter().flatten() {
        if let Some(fields) = variable.as_object_mut() {
            fields.retain(|name, value| name != "value" || value != "");
        }
    }
}

/// Ports of a pod in the network of its node are those of the node.
fn open_ports(spec: &mut Map) {
    for container in containers_in(spec, &OWN) {
        let ports = container.get_mut("ports").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten() {
            if port["hostPort"].as_i64().unwrap_or_default() == 0 {
                port["hostPort"] = port["containerPort"].clone();
            }
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
    let lists = ["containers", "initContainers"].iter();
    let containers = lists.flat_map(|list| items(&spec[*list]));
    // What a pod says as a whole counts alone.
    let containers = match &spec["resources"] {
        Value::Null => Vec::from_iter(containers),
        _ => vec![spec],
    };
    // What is zero is not said.
    let said = |container: &Value, list: &str| {
        let amounts = container["resources"][list]
            .as_object()
            .into_iter()
            .flatten();
        let amounts = amounts.filter(|(name, _)| ["cpu", "memory"].contains(&name.as_str()));
        // What is beyond measure is more than all else.
        let read = |quantity: &Value| {
            let amount = Amount::read(quantity.as_str().unwrap_or_default());
            amount.unwrap_or_else(|| Amount::of(usize::MAX))
        };
        let amounts = amounts.map(|(name, quantity)| (name.to_string(), read(quantity)));
        Amounts::from_iter(amounts.filter(|(_, amount)| *amount > Amount::default()))
    };
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    let mut is_guaranteed = true;
    for container in containers {
        let most = said(container, "limits");
        is_guaranteed &= most.len() == 2;
        add(&mut requests, &said(container, "requests"));
        add(&mut limits, &most);
    }
    match () {
        () if requests.is_empty() && limits.is_empty() => "BestEffort",
        () if is_guaranteed
            && requests
                .iter()
                .all(|(name, asked)| limits.get(name) == Some(asked))
            && requests.len() == limits.len() =>
        {
            "Guaranteed"
        }
        () => "Burstable",
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

/// What is wrong with a pod, whose spec may hardly change.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    if let Some(old) = old {
        let (is_marked, is_other) = (marks(new) != marks(old), new["spec"] != old["spec"]);
        let mut causes = Vec::new();
        if is_other || is_marked {
            causes.extend(spec_faults(new));
            pod_mark::change_faults(new, old, &mut causes);
            pod_mark::faults("metadata.annotations", new, &mut causes);
        }
        if !is_other {
            return causes;
        }
        causes.extend(pod_update::faults(&new["spec"], &old["spec"]));
        return causes;
    }
    let (mut causes, spec) = (spec_faults(&pod_labels::selected(new)), &new["spec"]);
    if !is_empty(&spec["ephemeralContainers"]) {
        let why = "cannot be set on create";
        causes.push(forbidden("spec.ephemeralContainers", why));
    }
    if !text(spec, "nodeName").is_empty() && !is_empty(&spec["schedulingGates"]) {
        let why = "cannot be set until all schedulingGates have been cleared";
        causes.push(forbidden("spec.nodeName", why));
    }
    profile_mark::faults("spec", new, &mut causes);
    causes
}

fn marks(pod: &Value) -> &Value {
    &pod["metadata"]["annotations"]
}

/// What is wrong with the spec of a pod, whatever it was before.
pub(super) fn spec_faults(pod: &Value) -> Vec<Cause> {
    let (path, spec) = ("spec", &pod["spec"]);
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let mut causes = Vec::new();
    pod_mark::faults("metadata.annotations", pod, &mut causes);
    causes.extend(pod_spec::faults(path, spec, Some(name)));
    projection::account_faults(path, spec, &mut causes);
    container::padding_faults(path, spec, &mut causes);
    causes
}

/// What is wrong with a template of pods, which lies at `path`.
pub(super) fn template_faults(path: &str, template: &Value) -> Vec<Cause> {
    let (spec, place) = (&template["spec"], format!("{path}.spec"));
    let mut causes = mark_faults(path, template);
    causes.extend(pod_spec::faults(&place, spec, None));
    if !is_empty(&spec["ephemeralContainers"]) {
        let why = "ephemeral containers not allowed in pod template";
        causes.push(forbidden(format!("{place}.ephemeralContainers"), why));
    }
    profile_mark::faults(&place, template, &mut causes);
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
    pod_mark::faults(&format!("{path}.annotations"), template, &mut causes);
    causes
}
