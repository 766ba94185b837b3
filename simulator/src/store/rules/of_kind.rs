//! Which rules a kind has.

use jiff::Timestamp;

use super::{
    allotment, api_service, autoscaler, budget, certificate, claim, controller, counts, cron_job,
    defaults, device, driver, endpoints, event, flow, ingress, ip, job, job_status, lease, limits,
    namespace, network, node, pod, pod_gates, pod_part, pod_status, priority, profile_mark, role,
    secret, service, service_faults, volume, workload,
};
use crate::access::User;
use crate::json::{Value, json};
use crate::store::kind::{Kind, Origin};
use crate::store::metadata::invalid_json;
use crate::store::metadata_faults::Looks;
use crate::store::policy;
use crate::store::request::Part;
use crate::store::status::Cause;
use crate::store::webhook;

/// Fills in the kind's defaults, which belong to whoever writes the object.
///
/// Source: `spec/kube-api.md` §1.22.
pub(in crate::store) fn prepare(kind: &Kind, value: &mut Value) {
    if kind.origin == Origin::Custom {
        return;
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => namespace::prepare(value),
        ("", "Pod") => pod::prepare(value),
        ("", "Node") => node::prepare(value),
        ("", "Secret") => secret::prepare(value),
        ("", "ServiceAccount") => secret::prepare_account(value),
        ("", "ConfigMap") => secret::prepare_config_map(value),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => role::prepare(value),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            role::prepare_binding(value);
        }
        ("coordination.k8s.io", "Lease") => lease::prepare(value),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => volume::prepare(&kind.kind, value),
        ("", "Event") => event::prepare(value),
        ("", "Service") => service::prepare(value),
        ("", "LimitRange") => network::prepare_limits(value),
        ("batch", "Job") => workload::prepare_job(value),
        ("batch", "CronJob") => workload::prepare_cron_job(value),
        ("networking.k8s.io", "NetworkPolicy") => network::prepare_policy(value),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler::prepare(&kind.version, value),
        ("resource.k8s.io", "ResourceClaim" | "ResourceClaimTemplate") => {
            device::prepare(&kind.kind, value);
        }
        ("scheduling.k8s.io", "PriorityClass") => priority::prepare(value),
        ("apiregistration.k8s.io", "APIService") => api_service::prepare(value),
        _ => {}
    }
    workload::prepare_template(&kind.group, &kind.kind, value);
    defaults::fill_owned(&kind.group, &kind.kind, value);
    if (kind.group.as_str(), kind.kind.as_str()) == ("", "ReplicationController") {
        workload::prepare_controller(value);
    }
}

/// Fills in what admission and the kind's own code add to a new object, and nobody owns.
///
/// Source: `spec/kube-api.md` §1.13, §1.20.
pub(in crate::store) fn admit(kind: &Kind, value: &mut Value) {
    if kind.origin == Origin::Custom {
        return;
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => namespace::admit(value),
        ("", "Pod") => pod::admit(value),
        ("", "Node") => node::admit(value),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => volume::admit(&kind.kind, value),
        ("storage.k8s.io", "VolumeAttributesClass") => {
            volume::protect("kubernetes.io/vac-protection", value);
        }
        ("batch", "Job") => workload::admit_job(value),
        ("apps", "DaemonSet") => workload::count_template(value, None),
        _ => {}
    }
    defaults::fill_unowned(&kind.group, &kind.kind, value);
    finish(kind, value);
}

/// What becomes of an object once it is stored and read again, which one that its last write ends is not.
pub(in crate::store) fn reread(kind: &Kind, value: &mut Value) {
    if kind.origin == Origin::Custom {
        return;
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => role::reread(value),
        ("batch", "Job") => workload::label_job(value),
        ("", "PersistentVolumeClaim") => claim::prepare_status(value),
        _ => {}
    }
}

/// What any state of an object shows whoever wrote it: nothing behind a feature gate that is off, and what Go cannot leave
/// out.
///
/// Source: kubernetes v1.34 `pkg/registry/coordination/lease/strategy.go`, `pkg/registry/storage/csidriver/strategy.go`.
pub(in crate::store) fn finish(kind: &Kind, value: &mut Value) {
    if kind.origin == Origin::Custom {
        return;
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("coordination.k8s.io", "Lease") => lease::finish(value),
        ("storage.k8s.io", "CSIDriver") => driver::finish(value),
        ("discovery.k8s.io", "EndpointSlice") => endpoints::finish_slice(value),
        ("networking.k8s.io", "Ingress") => ingress::finish(value),
        ("batch", "CronJob") => workload::finish_cron_job(value),
        ("apps", "StatefulSet") => workload::finish_stateful_set(value),
        ("apps", "Deployment" | "ReplicaSet") => workload::finish_replicas(value),
        ("", "Pod") => pod_gates::drop_disabled(value),
        ("", "Node") => node::finish(value),
        _ => {}
    }
    let template = workload::template_place(&kind.group, &kind.kind);
    if let Some(template) = template.and_then(|place| value.pointer_mut(place)) {
        pod_gates::drop_disabled(template);
    }
}

/// Fills in what admission adds to a new object before webhooks see it; [`admit`] does so too.
///
/// Source: kubernetes v1.34 `pkg/kubeapiserver/options/plugins.go`, the order of plugins.
pub(in crate::store) fn plug_in(kind: &Kind, value: &mut Value) {
    if kind.origin == Origin::Custom {
        return;
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => pod::plug_in(value),
        ("", "Namespace") => namespace::plug_in(value),
        ("", "PersistentVolumeClaim") => {
            volume::protect("kubernetes.io/pvc-protection", value);
            claim::prepare_status(value);
        }
        ("", "PersistentVolume") => volume::protect("kubernetes.io/pv-protection", value),
        ("storage.k8s.io", "VolumeAttributesClass") => {
            volume::protect("kubernetes.io/vac-protection", value);
        }
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler::plug_in(value),
        _ => {}
    }
}

/// Fills in what admission adds to a new state of an object.
pub(in crate::store) fn readmit(kind: &Kind, value: &mut Value, old: &Value) {
    if kind.origin == Origin::Custom {
        return;
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => pod::readmit(value, old),
        ("", "Service") => service::readmit(value, old),
        ("apps", "DaemonSet") => workload::count_template(value, Some(old)),
        _ => {}
    }
}

/// Fills in labels by default, which a write to `/status` can bring too.
pub(in crate::store) fn label_as_pods(kind: &Kind, value: &mut Value) {
    if kind.group == "batch" && kind.kind == "Job" {
        workload::label_job(value);
    }
}

/// Whether a new object is stored without the labels that it shows.
pub(in crate::store) fn has_late_labels(kind: &Kind, value: &Value) -> bool {
    kind.is("batch", "Job") && workload::has_late_labels(value)
}

/// Fills in what the kind's own code would in a write to `/status`, or to what else writes the status.
pub(in crate::store) fn prepare_status(
    kind: &Kind,
    (value, old): (&mut Value, &Value),
    now: Timestamp,
) {
    if kind.origin == Origin::BuiltIn {
        if !value["status"].is_object() {
            value["status"] = json!({});
        }
        match (kind.group.as_str(), kind.kind.as_str()) {
            ("", "PersistentVolumeClaim") => claim::prepare_status(value),
            ("", "Pod") => {
                pod_status::keep_class(value, old);
                pod::prepare_status(value);
            }
            ("", "Namespace") => namespace::prepare_status(value),
            ("", "PersistentVolume") => volume::prepare_status(value, old, now),
            ("", "Service") => service::prepare_status(value),
            ("storage.k8s.io", "VolumeAttachment") => volume::prepare_attachment(value),
            ("apps", _) | ("", "ReplicationController") | ("batch", "Job") => {
                counts::prepare(&kind.kind, value);
            }
            ("autoscaling", _) if kind.version != "v1" => {
                counts::prepare(&kind.kind, value);
                autoscaler::prepare_status(value);
            }
            _ => {}
        }
    }
    if certificate::is_request(kind) {
        certificate::stamp(value, old, now);
    }
}

/// Puts back what a new status does not say, once it is recorded whose fields are whose.
pub(in crate::store) fn keep_seen(kind: &Kind, part: Part, (value, old): (&mut Value, &Value)) {
    if part == Part::Status && kind.is("", "Pod") {
        pod_status::keep_generations(value, old);
    }
}

/// What is told of a new object before anybody looks at it.
pub(in crate::store) fn early_warnings(kind: &Kind, value: &Value) -> Vec<String> {
    if kind.is("", "Pod") {
        return profile_mark::armor_warnings(value);
    }
    Vec::new()
}

/// Writes into a new object who asks for it, if its kind tells.
pub(in crate::store) fn name_requester(kind: &Kind, value: &mut Value, user: &User) {
    if certificate::is_request(kind) {
        certificate::name_requester(value, user);
    }
}

/// Whether objects of the kind hold something of which nobody is recorded as the owner, beside a `status` that their
/// creation drops.
pub(in crate::store) fn has_unowned(kind: &Kind, is_new: bool) -> bool {
    certificate::is_request(kind) || is_new && kind.is("", "Node")
}

/// Drops what [`has_unowned`] is about, in a write to `part`.
pub(in crate::store) fn drop_unowned(kind: &Kind, part: Part, value: &mut Value) {
    if certificate::is_request(kind) {
        certificate::drop_unowned(part, value);
    } else {
        node::drop_unowned(value);
    }
}

/// Puts back what the endpoint of a kind with its own rules does not write.
pub(in crate::store) fn restore(kind: &Kind, part: Part, value: &mut Value, old: &Value) {
    if certificate::is_request(kind) {
        certificate::restore(part, value, old);
    }
}

/// Everything that the kind's own validation refuses in a write to `part`, with what it finds of metadata once it has
/// looked at the new state.
pub(in crate::store) fn part_faults(
    kind: &Kind,
    part: Part,
    (new, old): (&Value, Option<&Value>),
    of_metadata: &[Cause],
) -> Vec<Cause> {
    if part == Part::Whole && kind.is("batch", "Job") {
        return job::faults(new, old, of_metadata);
    }
    let mut causes = faults_of_part(kind, part, new, old);
    if !of_metadata.is_empty() {
        // What is said without the old state is said of the new one.
        let of_state = faults_of_part(kind, part, new, None);
        let n_looks = Looks::of(kind).n_states_first();
        let of_state = std::iter::repeat_n(&of_state, n_looks).flatten();
        let both = causes.iter().zip(of_state);
        let n_of_state = both.take_while(|(cause, state)| cause == state).count();
        let of_change = causes.split_off(n_of_state);
        causes.extend(of_metadata.iter().cloned());
        causes.extend(of_change);
    }
    causes
}

fn faults_of_part(kind: &Kind, part: Part, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    match (part, old) {
        (Part::EphemeralContainers, Some(old)) => pod_part::ephemeral_faults(new, old),
        (Part::Resize, Some(old)) => pod_part::resize_faults(new, old),
        _ if certificate::is_request(kind) => certificate::faults(part, new, old),
        _ if kind.kind == "Namespace" && kind.group.is_empty() => namespace::faults(part, new, old),
        (Part::Whole, old) => faults(kind, new, old),
        (Part::Status, Some(old)) => status_faults(kind, new, old),
        _ => Vec::new(),
    }
}

/// Everything that the kind's own validation refuses.
fn faults(kind: &Kind, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    if kind.origin == Origin::Custom {
        return Vec::new();
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Secret") => secret::faults(new, old),
        ("", "ConfigMap") => secret::config_map_faults(new, old),
        ("", "Pod") => pod::faults(new, old),
        ("", "Node") => node::faults(new, old),
        ("", "Service") => service_faults::faults(new, old),
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet") => {
            controller::faults(&kind.kind, new, old)
        }
        ("apps", "ControllerRevision") => controller::revision_faults(new, old),
        ("", "ReplicationController") => controller::old_faults(new, old),
        ("", "PodTemplate") => pod::template_faults("template", &new["template"]),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler::faults(new, old),
        ("", "ResourceQuota") => allotment::faults(new, old),
        ("", "LimitRange") => limits::faults(new),
        ("policy", "PodDisruptionBudget") => budget::faults(new),
        ("scheduling.k8s.io", "PriorityClass") => priority::faults(new, old),
        ("node.k8s.io", "RuntimeClass") => priority::runtime_faults(new, old),
        ("batch", "CronJob") => cron_job::faults(new, old),
        ("networking.k8s.io", "NetworkPolicy") => network::policy_faults(new),
        ("storage.k8s.io", "StorageClass") => network::class_faults(new, old),
        ("coordination.k8s.io", "Lease") => lease::faults(new),
        ("" | "events.k8s.io", "Event") => event::faults(kind, new, old),
        ("", "PersistentVolumeClaim") => claim::faults(new, old),
        ("", "PersistentVolume") => volume::volume_faults(new, old),
        ("storage.k8s.io", "CSIDriver") => driver::faults(new, old),
        ("storage.k8s.io", "CSINode") => driver::node_faults(new, old),
        ("storage.k8s.io", "VolumeAttachment") => volume::attachment_faults(new, old),
        ("", "Endpoints") => endpoints::faults(new, old),
        ("discovery.k8s.io", "EndpointSlice") => endpoints::slice_faults(new, old),
        ("networking.k8s.io", "IPAddress") => ip::faults(new, old),
        ("networking.k8s.io", "ServiceCIDR") => ip::range_faults(new, old),
        ("apiregistration.k8s.io", "APIService") => api_service::faults(new),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => flow::schema_faults(new),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration") => flow::level_faults(new),
        ("networking.k8s.io", "Ingress") => ingress::faults(new, old),
        ("networking.k8s.io", "IngressClass") => ingress::class_faults(new, old),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => {
            role::role_faults(&kind.kind, new, old)
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            role::faults(&kind.kind, new, old)
        }
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy") => policy::policy_faults(new),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding") => {
            policy::binding_faults(new)
        }
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => webhook::configuration_faults(&kind.kind, new),
        _ => Vec::new(),
    }
}

/// Everything that the kind's own validation refuses in a status.
fn status_faults(kind: &Kind, new: &Value, old: &Value) -> Vec<Cause> {
    if kind.origin == Origin::Custom {
        return Vec::new();
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "ResourceQuota") => allotment::status_faults(new),
        ("", "Node") => node::faults(new, Some(old)),
        ("", "Pod") => pod_status::faults(new, old),
        ("", "PersistentVolumeClaim") => claim::status_faults(new),
        ("policy", "PodDisruptionBudget") => budget::status_faults(new),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler::status_faults(new),
        ("flowcontrol.apiserver.k8s.io", _) => flow::status_faults(new),
        ("apps", _) | ("", "ReplicationController") => counts::faults(&kind.kind, new, old),
        ("batch", "Job") => job_status::faults(new, old),
        ("storage.k8s.io", "VolumeAttachment") => {
            let causes = volume::attachment_status_faults(new);
            [causes.clone(), causes].concat()
        }
        ("", "Service") => ingress::balancer_status_faults(new),
        ("networking.k8s.io", "Ingress") => ingress::status_faults(new),
        _ => Vec::new(),
    }
}

/// A cause for a field that must be given.
pub(super) fn required(field: impl Into<String>, message: &str) -> Cause {
    Cause {
        reason: "FieldValueRequired",
        message: message.to_owned(),
        field: field.into(),
    }
}

/// Refuses a number below zero.
pub(super) fn natural(field: &str, number: &Value, causes: &mut Vec<Cause>) {
    if let Some(number) = number.as_i64().filter(|number| *number < 0) {
        let detail = "must be greater than or equal to 0";
        causes.push(invalid_json(field, &number.to_string(), detail));
    }
}

/// A cause if a field differs from the stored one.
pub(super) fn immutable(new: &Value, old: Option<&Value>, field: &str) -> Option<Cause> {
    let old = old?;
    (new.get(field) != old.get(field)).then(|| {
        let value = new.get(field).cloned().unwrap_or_default();
        invalid_json(field, &value.to_string(), "field is immutable")
    })
}
