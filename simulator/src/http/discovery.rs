//! What the server serves, in the legacy and the aggregated form.
//!
//! Source: `spec/kube-api.md` §1.3; order, verbs and fields as kube-apiserver v1.34.3 answers them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256, Sha512};

use crate::json::{Value, json};
use crate::store::kind::{Kind, Origin};
use crate::store::kube_version::by_preference;

/// What follows the media type of an aggregated document; clients compare both as a text.
pub const AGGREGATED: &str = ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The groups of Kubernetes, most important first; groups of custom resources follow by name.
const GROUPS: [&str; 20] = [
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
];

const BUILT_IN_VERBS: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];
const NAMESPACE_VERBS: &[&str] = &[
    "create", "delete", "get", "list", "patch", "update", "watch",
];
const CUSTOM_VERBS: &[&str] = &[
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "create",
    "update",
    "watch",
];

/// `GET /api`. `server_address` is `host:port`.
#[must_use]
pub fn core_versions(server_address: &str) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": server_address}],
    })
}

/// `GET /apis`.
#[must_use]
pub fn groups(kinds: &[&Kind]) -> Value {
    let groups: Vec<Value> = named_groups(kinds)
        .iter()
        .map(|(name, versions)| group_entry(name, versions))
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `GET /apis/{group}`; `None` for a group that is not served.
#[must_use]
pub fn group(kinds: &[&Kind], name: &str) -> Option<Value> {
    let groups = named_groups(kinds);
    let (name, versions) = groups.iter().find(|(group, _)| *group == name)?;
    let mut entry = group_entry(name, versions);
    entry["kind"] = "APIGroup".into();
    entry["apiVersion"] = "v1".into();
    Some(entry)
}

/// `GET /api/v1` with an empty group, or `GET /apis/{group}/{version}`; `None` if it is not served.
#[must_use]
pub fn resources(kinds: &[&Kind], group: &str, version: &str) -> Option<Value> {
    let served = of_version(kinds, group, version);
    let first = served.first()?;
    let entries: Vec<Value> = served
        .iter()
        .flat_map(|kind| {
            let parts = subresources(kind).into_iter();
            std::iter::once(resource_entry(kind))
                .chain(parts.map(|part| subresource_entry(kind, part)))
        })
        .collect();
    let mut list = json!({
        "kind": "APIResourceList",
        "groupVersion": first.api_version(),
        "resources": entries,
    });
    if !group.is_empty() {
        list["apiVersion"] = "v1".into();
    }
    Some(list)
}

/// `GET /api` in the aggregated form.
#[must_use]
pub fn aggregated_core(kinds: &[&Kind]) -> Value {
    let versions = versions_by_group(kinds)
        .remove("")
        .unwrap_or_else(|| vec!["v1"]);
    aggregated(vec![aggregated_group(kinds, "", &versions)])
}

/// `GET /apis` in the aggregated form.
#[must_use]
pub fn aggregated_groups(kinds: &[&Kind]) -> Value {
    let groups = named_groups(kinds)
        .iter()
        .map(|(name, versions)| aggregated_group(kinds, name, versions))
        .collect();
    aggregated(groups)
}

/// The `etag` of a document: the quoted upper-case SHA-512 of its bytes.
#[must_use]
pub fn etag(body: &[u8]) -> String {
    let digest = Sha512::digest(body);
    let hex: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("\"{hex}\"")
}

fn versions_by_group<'k>(kinds: &[&'k Kind]) -> BTreeMap<&'k str, Vec<&'k str>> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for kind in kinds {
        let versions = groups.entry(&kind.group).or_default();
        if !versions.contains(&kind.version.as_str()) {
            versions.push(&kind.version);
        }
    }
    for versions in groups.values_mut() {
        versions.sort_by(|a, b| by_preference(a, b));
    }
    groups
}

fn named_groups<'k>(kinds: &[&'k Kind]) -> Vec<(&'k str, Vec<&'k str>)> {
    let mut groups: Vec<_> = versions_by_group(kinds).into_iter().collect();
    groups.retain(|(name, _)| !name.is_empty());
    let priority = |name: &str| {
        let known = GROUPS.iter().position(|group| *group == name);
        known.unwrap_or(GROUPS.len())
    };
    groups.sort_by_key(|(name, _)| priority(name));
    groups
}

/// The kinds of a version in the order of their resources.
fn of_version<'k>(kinds: &[&'k Kind], group: &str, version: &str) -> Vec<&'k Kind> {
    let mut served: Vec<&Kind> = kinds
        .iter()
        .copied()
        .filter(|kind| kind.group == group && kind.version == version)
        .collect();
    served.sort_by(|a, b| a.plural.cmp(&b.plural));
    served
}

fn group_entry(name: &str, versions: &[&str]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    json!({"name": name, "preferredVersion": versions[0], "versions": versions})
}

/// What may be done with a kind.
pub(super) fn verbs(kind: &Kind) -> &'static [&'static str] {
    match (kind.origin, kind.group.as_str(), kind.plural.as_str()) {
        (Origin::Custom, ..) => CUSTOM_VERBS,
        (Origin::BuiltIn, "authentication.k8s.io" | "authorization.k8s.io", _)
        | (Origin::BuiltIn, "", "bindings") => &["create"],
        (Origin::BuiltIn, "", "componentstatuses") => &["get", "list"],
        (Origin::BuiltIn, "", "namespaces") => NAMESPACE_VERBS,
        (Origin::BuiltIn, ..) => BUILT_IN_VERBS,
    }
}

/// Subresources in the order of the real server: alphabetical, or `status` first for custom resources.
fn subresources(kind: &Kind) -> Vec<&str> {
    let mut names: Vec<&str> = kind.subresources.iter().map(String::as_str).collect();
    match kind.origin {
        Origin::BuiltIn => names.sort_unstable(),
        Origin::Custom => names.sort_unstable_by_key(|name| *name != "status"),
    }
    names
}

/// Group, version and kind of what a subresource speaks; the first two are empty where it speaks its own kind.
fn spoken<'k>(kind: &'k Kind, subresource: &str) -> (&'k str, &'k str, &'k str) {
    match (kind.plural.as_str(), subresource) {
        (_, "scale") => ("autoscaling", "v1", "Scale"),
        ("pods", "eviction") => ("policy", "v1", "Eviction"),
        ("pods", "binding") => ("", "", "Binding"),
        ("pods", "attach") => ("", "", "PodAttachOptions"),
        ("pods", "exec") => ("", "", "PodExecOptions"),
        ("pods", "portforward") => ("", "", "PodPortForwardOptions"),
        ("pods", "proxy") => ("", "", "PodProxyOptions"),
        ("nodes", "proxy") => ("", "", "NodeProxyOptions"),
        ("services", "proxy") => ("", "", "ServiceProxyOptions"),
        ("serviceaccounts", "token") => ("authentication.k8s.io", "v1", "TokenRequest"),
        _ => ("", "", &kind.kind),
    }
}

fn subresource_verbs(subresource: &str) -> &'static [&'static str] {
    match subresource {
        "log" => &["get"],
        "binding" | "eviction" | "token" => &["create"],
        "finalize" => &["update"],
        "attach" | "exec" | "portforward" => &["create", "get"],
        "proxy" => &["create", "delete", "get", "patch", "update"],
        _ => &["get", "patch", "update"],
    }
}

fn resource_entry(kind: &Kind) -> Value {
    let mut entry = json!({
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": verbs(kind),
    });
    add_names(&mut entry, kind);
    if let Some(hash) = storage_version_hash(kind) {
        entry["storageVersionHash"] = hash.into();
    }
    entry
}

fn add_names(entry: &mut Value, kind: &Kind) {
    if !kind.short_names.is_empty() {
        entry["shortNames"] = json!(kind.short_names);
    }
    if !kind.categories.is_empty() {
        entry["categories"] = json!(kind.categories);
    }
}

fn subresource_entry(kind: &Kind, subresource: &str) -> Value {
    let (group, version, spoken) = spoken(kind, subresource);
    let mut entry = json!({
        "name": format!("{}/{subresource}", kind.plural),
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": spoken,
        "verbs": subresource_verbs(subresource),
    });
    if !group.is_empty() {
        entry["group"] = group.into();
        entry["version"] = version.into();
    }
    entry
}

/// The hash of the stored group, version and kind; `None` where nothing is stored.
fn storage_version_hash(kind: &Kind) -> Option<String> {
    let is_stored = kind.origin == Origin::Custom
        || !matches!(kind.plural.as_str(), "bindings" | "componentstatuses");
    if kind.stored_as.is_empty() || !is_stored {
        return None;
    }
    let digest = Sha256::digest(format!("{}/{}", kind.stored_as, kind.kind));
    Some(BASE64_STANDARD.encode(&digest[..8]))
}

fn aggregated(groups: Vec<Value>) -> Value {
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": groups,
    })
}

fn aggregated_group(kinds: &[&Kind], name: &str, versions: &[&str]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|version| {
            let resources: Vec<Value> = of_version(kinds, name, version)
                .into_iter()
                .map(aggregated_resource)
                .collect();
            json!({"version": version, "resources": resources, "freshness": "Current"})
        })
        .collect();
    let metadata = if name.is_empty() {
        json!({})
    } else {
        json!({"name": name})
    };
    json!({"metadata": metadata, "versions": versions})
}

fn aggregated_resource(kind: &Kind) -> Value {
    let mut entry = json!({
        "resource": kind.plural,
        "responseKind": response_kind(kind, ("", "", &kind.kind)),
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.singular,
        "verbs": verbs(kind),
    });
    add_names(&mut entry, kind);
    let parts: Vec<Value> = subresources(kind)
        .into_iter()
        .map(|part| {
            json!({
                "subresource": part,
                "responseKind": response_kind(kind, spoken(kind, part)),
                "verbs": subresource_verbs(part),
            })
        })
        .collect();
    if !parts.is_empty() {
        entry["subresources"] = parts.into();
    }
    entry
}

fn response_kind(kind: &Kind, spoken: (&str, &str, &str)) -> Value {
    let (mut group, mut version, name) = spoken;
    if kind.origin == Origin::Custom && version.is_empty() {
        (group, version) = (&kind.group, &kind.version);
    }
    json!({"group": group, "version": version, "kind": name})
}

#[cfg(test)]
mod tests;
