//! What volumes may be.
//!
//! Source: pod-security-admission v0.34.3, policy/check_restrictedVolumes.go.

use std::collections::BTreeSet;

use super::pod::Pod;
use super::violation::{Violation, quoted, word};
use crate::json::Value;
use crate::store::rules::{has, items, text};

const ALLOWED: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];
const RESTRICTED: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

/// `restrictedVolumes`.
pub(super) fn restricted(pod: Pod) -> Option<Violation> {
    let is_bad = |volume: &&Value| !ALLOWED.iter().any(|kind| has(volume, kind));
    let bad = || items(&pod.spec["volumes"]).filter(is_bad);
    let names = Vec::from_iter(bad().map(|volume| text(volume, "name")));
    let kinds: BTreeSet<&str> = bad().map(kind).collect();
    (!names.is_empty()).then(|| {
        let (what, uses, kind) = (
            word("volume", "volumes", names.len()),
            word("uses", "use", names.len()),
            word(
                "restricted volume type",
                "restricted volume types",
                kinds.len(),
            ),
        );
        Violation {
            reason: "restricted volume types",
            detail: format!("{what} {} {uses} {kind} {}", quoted(names), quoted(kinds)),
        }
    })
}

fn kind(volume: &Value) -> &'static str {
    let mut kinds = RESTRICTED.into_iter();
    kinds.find(|kind| has(volume, kind)).unwrap_or("unknown")
}
