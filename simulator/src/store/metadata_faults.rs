//! What is wrong with the metadata of an object about to be stored.
//!
//! A real server looks at metadata again and again, and tells each time what it finds: a refusal lists a cause as often as
//! it was found, although its message names it once.
//!
//! Source: apiserver v0.34.3, pkg/registry/rest/update.go, `validateCommonFields`; apimachinery v0.34.3,
//! pkg/api/validation/objectmeta.go; kubernetes v1.34.3, pkg/apis/*/validation, counted in the answers of a real server.

use super::kind::{Kind, Origin};
use super::metadata::{domain_fault, invalid, invalid_json, key_fault, key_faults};
use super::naming::{
    label_faults as dns_label_faults, old_label_faults, path_segment_base_faults,
    path_segment_faults, subdomain_faults,
};
use super::object::texts;
use super::registry::{Names, Served};
use super::status::Cause;
use crate::json::Value;

/// How an update of a kind looks at metadata, besides once at the change and once at the new state, as every update does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Looks {
    /// How often at the change.
    changes: usize,
    /// How often at the new state, in which it knows what names the kind may have.
    states: usize,
    /// Whether it knows that finalizers have a domain, as it does when an object is new.
    knows_domains: bool,
    /// How often the whole new state is looked at before the change is; nothing, where the change comes first.
    states_first: usize,
}

impl Looks {
    /// Those of a kind.
    pub(super) fn of(kind: &Kind) -> Self {
        let looks = |changes, states| Self {
            changes,
            states,
            knows_domains: true,
            states_first: 0,
        };
        let knowing = match (kind.group.as_str(), kind.kind.as_str()) {
            _ if kind.origin == Origin::Custom => looks(1, 0),
            ("", "Event") | ("policy", "PodDisruptionBudget") => looks(0, 0),
            ("apps", "ControllerRevision") => looks(1, 1),
            ("apps" | "autoscaling", _)
            | ("", "PodTemplate" | "ResourceQuota" | "Service")
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
            | ("batch", "CronJob")
            | ("coordination.k8s.io", "Lease")
            | ("events.k8s.io", "Event")
            | ("networking.k8s.io", "ServiceCIDR")
            | ("resource.k8s.io", "ResourceSlice")
            | ("scheduling.k8s.io", "PriorityClass")
            | ("storage.k8s.io", "CSIDriver") => looks(1, 0),
            ("admissionregistration.k8s.io" | "flowcontrol.apiserver.k8s.io", _)
            | ("", "LimitRange")
            | ("discovery.k8s.io", "EndpointSlice") => looks(0, 1),
            ("", "PersistentVolume") | ("storage.k8s.io", "CSINode" | "VolumeAttachment") => {
                looks(0, 2)
            }
            ("", "PersistentVolumeClaim")
            | ("rbac.authorization.k8s.io", _)
            | ("storage.k8s.io", "VolumeAttributesClass") => looks(1, 2),
            _ => looks(1, 1),
        };
        let knows_domains = !matches!(
            (kind.group.as_str(), kind.kind.as_str()),
            (
                "admissionregistration.k8s.io" | "apiextensions.k8s.io" | "apiregistration.k8s.io",
                _
            ) | ("", "Event")
                | ("coordination.k8s.io", "Lease")
                | ("node.k8s.io", "RuntimeClass")
                | ("policy", "PodDisruptionBudget")
        );
        let states_first = match (kind.group.as_str(), kind.kind.as_str()) {
            (
                "",
                "Namespace"
                | "Node"
                | "PersistentVolume"
                | "PersistentVolumeClaim"
                | "ReplicationController",
            )
            | ("batch", "Job")
            | ("networking.k8s.io", "IPAddress" | "NetworkPolicy")
            | ("node.k8s.io", _)
            | ("resource.k8s.io", "DeviceClass" | "ResourceClaim" | "ResourceClaimTemplate") => 1,
            ("rbac.authorization.k8s.io", _) => 2,
            ("storage.k8s.io", name) => usize::from(name != "CSIDriver"),
            _ => 0,
        };
        Self {
            knows_domains: knows_domains && kind.origin == Origin::BuiltIn,
            states_first: match kind.origin {
                Origin::BuiltIn => states_first,
                Origin::Custom => 0,
            },
            ..knowing
        }
    }

    /// How often the whole new state is looked at before the change is.
    pub(super) fn n_states_first(self) -> usize {
        self.states_first
    }

    /// How often a fault of the change is found.
    pub(super) fn n_changes(self) -> usize {
        1 + self.changes
    }
}

/// What is wrong with metadata, by when it is found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Before anything else of the new state is looked at.
    pub(super) first: Vec<Cause>,
    /// Once the rest of the new state has been.
    pub(super) later: Vec<Cause>,
}

impl Found {
    fn at_once(first: Vec<Cause>) -> Self {
        Self {
            first,
            later: Vec::new(),
        }
    }
}

/// Everything wrong with the metadata of an object about to be stored, as often as it is found; of what a write to a part
/// of an object leaves alone, once.
pub(super) fn faults(served: &Served, value: &Value, old: Option<&Value>, is_whole: bool) -> Found {
    let (looks, names) = (Looks::of(&served.kind), served.behaviour.names);
    let metadata = &value["metadata"];
    let mut causes = Vec::new();
    let Some(old) = old.map(|old| &old["metadata"]) else {
        new_faults(metadata, (looks, names), &mut causes);
        return Found::at_once(causes);
    };
    let mut shared = Vec::new();
    let is_new = |field: &str| !metadata[field].is_evidently(&old[field]);
    // Keys that an object has were good when it got them.
    if is_new("labels") || is_new("annotations") {
        key_faults(metadata, &mut shared);
    }
    owner_faults(metadata, &mut shared);
    let mut of_state = shared.clone();
    finalizer_faults(metadata, &mut of_state);
    let mut of_change = Vec::new();
    added_finalizer_fault(metadata, old, &mut of_change);
    identity_faults(metadata, old, &mut of_change);
    of_change.append(&mut shared);
    let is_renamed = metadata["name"] != old["name"];
    if is_renamed {
        name_faults(metadata, Names::PathSegment, &mut causes);
    }
    if !is_whole || served.kind.origin == Origin::Custom {
        domain_faults(metadata, looks, &mut of_state);
        let added = |cause: &&Cause| !of_state.contains(cause);
        let added: Vec<Cause> = of_change.iter().filter(added).cloned().collect();
        let added = std::iter::repeat_n(added, looks.n_changes()).flatten();
        causes.extend(of_state.iter().cloned().chain(added));
        return Found::at_once(causes);
    }
    causes.extend(of_state.iter().cloned());
    causes.extend(of_change.iter().cloned());
    let mut domains = Vec::new();
    domain_faults(metadata, looks, &mut domains);
    let at_change = || of_change.iter().chain(&domains).cloned();
    let mut bases = Vec::new();
    base_faults(metadata, names, &mut bases);
    if is_renamed {
        name_faults(metadata, names, &mut bases);
    }
    let at_state = || bases.iter().chain(&of_state).chain(&domains).cloned();
    let mut later = Vec::new();
    if looks.states_first > 0 {
        causes.extend((0..looks.states_first).flat_map(|_| at_state()));
        later.extend((0..looks.changes).flat_map(|_| at_change()));
        later.extend((looks.states_first..looks.states).flat_map(|_| at_state()));
    } else {
        causes.extend((0..looks.changes).flat_map(|_| at_change()));
        causes.extend((0..looks.states).flat_map(|_| at_state()));
    }
    Found {
        first: causes,
        later,
    }
}

/// What is wrong with the metadata of a new object.
fn new_faults(metadata: &Value, (looks, names): (Looks, Names), causes: &mut Vec<Cause>) {
    base_faults(metadata, names, causes);
    name_faults(metadata, names, causes);
    generation_fault(metadata, causes);
    key_faults(metadata, causes);
    owner_faults(metadata, causes);
    finalizer_faults(metadata, causes);
    domain_faults(metadata, looks, causes);
}

/// Another name or uid than the object has.
fn identity_faults(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    for field in ["name", "uid"] {
        if new[field] != old[field] {
            let (path, text) = (format!("metadata.{field}"), new[field].as_str());
            causes.push(invalid(
                &path,
                text.unwrap_or_default(),
                "field is immutable",
            ));
        }
    }
}

fn text_faults(text: &str, names: Names) -> Vec<String> {
    match names {
        Names::Subdomain => subdomain_faults(text),
        Names::Label => dns_label_faults(text),
        Names::OldLabel => old_label_faults(text),
        Names::PathSegment => path_segment_faults(text),
    }
}

fn base_faults(metadata: &Value, names: Names, causes: &mut Vec<Cause>) {
    let base = metadata["generateName"].as_str().unwrap_or_default();
    let found = match names {
        _ if base.is_empty() => Vec::new(),
        Names::PathSegment => path_segment_base_faults(base),
        Names::Subdomain | Names::Label | Names::OldLabel => {
            text_faults(&without_dash(base), names)
        }
    };
    let found = found.iter();
    causes.extend(found.map(|why| invalid("metadata.generateName", base, why)));
}

fn name_faults(metadata: &Value, names: Names, causes: &mut Vec<Cause>) {
    match metadata["name"].as_str().unwrap_or_default() {
        "" => causes.push(Cause {
            reason: "FieldValueRequired",
            message: "Required value: name or generateName is required".to_owned(),
            field: "metadata.name".to_owned(),
        }),
        name => {
            let found = text_faults(name, names);
            causes.extend(found.iter().map(|why| invalid("metadata.name", name, why)));
        }
    }
}

/// A base of names with its last two characters as a letter, if it ends with a dash.
///
/// Source: apimachinery v0.34.3, pkg/api/validation/generic.go, `maskTrailingDash`.
pub(super) fn without_dash(base: &str) -> String {
    let shorter = base.strip_suffix('-').filter(|rest| !rest.is_empty());
    let shorter = shorter.map(|rest| &rest[..rest.floor_char_boundary(rest.len() - 1)]);
    shorter.map_or_else(|| base.to_owned(), |rest| format!("{rest}a"))
}

fn owner_faults(metadata: &Value, causes: &mut Vec<Cause>) {
    let owners: Vec<&Value> = metadata["ownerReferences"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    for owner in &owners {
        let version = owner["apiVersion"].as_str().unwrap_or_default();
        if version.is_empty() || version.ends_with('/') || version.matches('/').count() > 1 {
            let detail = "version must not be empty";
            causes.push(invalid(
                "metadata.ownerReferences.apiVersion",
                version,
                detail,
            ));
        }
        for (field, detail) in [
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner[field].as_str().unwrap_or_default().is_empty() {
                let path = format!("metadata.ownerReferences.{field}");
                causes.push(invalid(&path, "", detail));
            }
        }
        if owner["kind"] == "Event" && version == "v1" {
            causes.push(invalid_json(
                "metadata.ownerReferences",
                &owner_text(owner),
                "/v1, Kind=Event is disallowed from being an owner",
            ));
        }
    }
    let controllers: Vec<&&Value> = owners.iter().filter(|o| o["controller"] == true).collect();
    if let [first, second, ..] = controllers.as_slice() {
        let named = |owner: &Value| {
            let word = |field: &str| owner[field].as_str().unwrap_or_default().to_owned();
            format!("{}/{}", word("kind"), word("name"))
        };
        let detail = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {} and {}",
            named(first),
            named(second)
        );
        let list: Vec<String> = owners.iter().map(|owner| owner_text(owner)).collect();
        let list = format!("[{}]", list.join(","));
        causes.push(invalid_json("metadata.ownerReferences", &list, &detail));
    }
}

/// An owner reference with its fields in Go's order.
fn owner_text(owner: &Value) -> String {
    let fields = [
        "apiVersion",
        "kind",
        "name",
        "uid",
        "controller",
        "blockOwnerDeletion",
    ];
    let present: Vec<String> = fields
        .iter()
        .filter_map(|field| owner.get(field).map(|value| format!("\"{field}\":{value}")))
        .collect();
    format!("{{{}}}", present.join(","))
}

/// Refuses a generation that no server gives.
fn generation_fault(metadata: &Value, causes: &mut Vec<Cause>) {
    if let Some(generation) = metadata["generation"].as_i64().filter(|count| *count < 0) {
        let detail = "must be greater than or equal to 0";
        causes.push(invalid_json(
            "metadata.generation",
            &generation.to_string(),
            detail,
        ));
    }
}

/// What is wrong with the names of finalizers, and with what they ask for together.
fn finalizer_faults(metadata: &Value, causes: &mut Vec<Cause>) {
    let names = texts(&metadata["finalizers"]);
    for name in names {
        key_fault("metadata.finalizers", name, name, causes);
    }
    contrary_finalizers_fault(metadata, causes);
}

/// What is said of finalizers without a domain, where anybody minds.
fn domain_faults(metadata: &Value, looks: Looks, causes: &mut Vec<Cause>) {
    let names = texts(&metadata["finalizers"]).into_iter();
    for (index, name) in names.enumerate().filter(|_| looks.knows_domains) {
        domain_fault(&format!("metadata.finalizers[{index}]"), name, causes);
    }
}

/// Dependents cannot both be deleted and be left alone.
fn contrary_finalizers_fault(metadata: &Value, causes: &mut Vec<Cause>) {
    let names = texts(&metadata["finalizers"]);
    if names.contains(&"orphan") && names.contains(&"foregroundDeletion") {
        causes.push(invalid_json(
            "metadata.finalizers",
            &metadata["finalizers"].to_string(),
            "finalizer orphan and foregroundDeletion cannot be both set",
        ));
    }
}

fn added_finalizer_fault(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    if old.get("deletionTimestamp").is_none() {
        return;
    }
    let before = texts(&old["finalizers"]);
    let added: Vec<String> = texts(&new["finalizers"])
        .into_iter()
        .filter(|name| !before.contains(name))
        .map(|name| format!("{name:?}"))
        .collect();
    if !added.is_empty() {
        causes.push(Cause {
            reason: "FieldValueForbidden",
            message: format!(
                "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            ),
            field: "metadata.finalizers".to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;
    use crate::store::kernel::Kernel;

    /// How often each field of metadata is complained of, in the order of the first time.
    fn counted(resource: (&str, &str), metadata: Value, is_new: bool) -> Vec<(String, usize)> {
        let kernel = Kernel::new();
        let served = kernel.registry().get(resource.0, "v1", resource.1);
        let mut new = metadata;
        new["name"] = "a".into();
        let old = json!({"metadata": {"name": "a"}});
        let old = (!is_new).then_some(&old);
        let mut counts: Vec<(String, usize)> = Vec::new();
        let found = faults(served, &json!({"metadata": new}), old, true);
        for cause in [found.first, found.later].concat() {
            match counts.iter_mut().find(|(field, _)| *field == cause.field) {
                Some((_, n_times)) => *n_times += 1,
                None => counts.push((cause.field, 1)),
            }
        }
        counts
    }

    /// What kube-apiserver 1.34.3 answers.
    #[rstest]
    #[case::seldom(("policy", "poddisruptionbudgets"), &[("metadata.annotations", 2), ("metadata.finalizers", 1)])]
    #[case::without_domains(("coordination.k8s.io", "leases"), &[("metadata.annotations", 3), ("metadata.finalizers", 1)])]
    #[case::as_a_change(("", "services"), &[("metadata.annotations", 3), ("metadata.finalizers", 1), ("metadata.finalizers[2]", 1)])]
    #[case::as_a_state(("", "limitranges"), &[("metadata.annotations", 3), ("metadata.finalizers", 2), ("metadata.generateName", 1), ("metadata.finalizers[2]", 1)])]
    #[case::as_both(("", "configmaps"), &[("metadata.annotations", 4), ("metadata.finalizers", 2), ("metadata.finalizers[2]", 2), ("metadata.generateName", 1)])]
    #[case::often(("", "persistentvolumeclaims"), &[("metadata.annotations", 5), ("metadata.finalizers", 3), ("metadata.generateName", 2), ("metadata.finalizers[2]", 3)])]
    fn an_update_finds_a_fault_as_often_as_it_looks(
        #[case] resource: (&str, &str),
        #[case] expected: &[(&str, usize)],
    ) {
        let metadata = json!({
            "annotations": {"a b": ""}, "finalizers": ["orphan", "foregroundDeletion", "nope"], "generateName": "A_",
        });
        let found = counted(resource, metadata, false);
        let found = found
            .iter()
            .map(|(field, n_times)| (field.as_str(), *n_times));
        assert_eq!(Vec::from_iter(found), expected);
    }

    #[rstest]
    #[case::of_a_job(("batch", "jobs"), 2, 1)]
    #[case::of_a_map(("", "configmaps"), 3, 0)]
    fn a_change_is_looked_at_after_the_state_of_some_kinds(
        #[case] (group, plural): (&str, &str),
        #[case] n_first: usize,
        #[case] n_later: usize,
    ) {
        let kernel = Kernel::new();
        let served = kernel.registry().get(group, "v1", plural);
        let old = json!({"metadata": {"name": "a"}});
        let new = json!({"metadata": {"name": "a", "ownerReferences": [{"apiVersion": "v1", "kind": "", "name": "o", "uid": "u"}]}});
        let found = faults(served, &new, Some(&old), true);
        // The write looks at the change and the state itself, whatever the kind.
        assert_eq!(
            (found.first.len() - 1, found.later.len()),
            (n_first, n_later)
        );
    }

    #[rstest]
    #[case(("", "configmaps"), &["metadata.generateName", "metadata.generation", "metadata.finalizers[0]"])]
    #[case(("", "events"), &["metadata.generation"])]
    fn a_new_object_is_looked_at_once(#[case] resource: (&str, &str), #[case] expected: &[&str]) {
        let metadata = json!({"generation": -1, "finalizers": ["nope"], "generateName": "A_"});
        let found = counted(resource, metadata, true);
        assert!(found.iter().all(|(_, n_times)| *n_times == 1), "{found:?}");
        let fields = found.iter().map(|(field, _)| field.as_str());
        assert_eq!(Vec::from_iter(fields), expected);
    }
}
