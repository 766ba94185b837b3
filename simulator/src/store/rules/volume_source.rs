//! What the volumes of a pod are made of.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateVolumes` and `validateVolumeSource`.

use std::collections::BTreeSet;

use super::claim;
use super::driver;
use super::mount::Volumes;
use super::part::{climb_fault, descent_faults, has, items, refuse, require, text};
use super::pod_spec::choice_fault;
use super::projection::{downward_faults, item_faults, mode_fault, projected_faults};
use super::volume_rare;
use crate::json::Value;
use crate::store::metadata::label_faults;
use crate::store::naming::{label_faults as name_faults, subdomain_faults};
use crate::store::quota::Amount;
use crate::store::schema::cause::{duplicate, forbidden, invalid, required};
use crate::store::status::Cause;

/// What a volume may be made of, in the order in which it is looked at, and what must be said of it.
const SOURCES: [(&str, &[&str]); 28] = [
    ("emptyDir", &[]),
    ("hostPath", &["path"]),
    ("gitRepo", &["repository"]),
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("secret", &["secretName"]),
    ("nfs", &["server", "path"]),
    ("iscsi", &["targetPortal", "iqn"]),
    ("glusterfs", &["endpoints", "path"]),
    ("flocker", &[]),
    ("persistentVolumeClaim", &["claimName"]),
    ("rbd", &[]),
    ("cinder", &["volumeID"]),
    ("cephfs", &[]),
    ("quobyte", &[]),
    ("downwardAPI", &[]),
    ("fc", &[]),
    ("flexVolume", &["driver"]),
    ("configMap", &["name"]),
    ("azureFile", &["secretName", "shareName"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("storageos", &["volumeName"]),
    ("projected", &[]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
    ("csi", &[]),
];
/// Sorted, as messages name them.
const HOST_PATHS: [&str; 8] = [
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];

/// What is wrong with the volumes of a spec, which lies at `path`; answers with those that are good. `pod` is the name of
/// the pod, if it is one.
pub(super) fn faults<'v>(
    path: &str,
    spec: &'v Value,
    pod: &str,
    causes: &mut Vec<Cause>,
) -> Volumes<'v> {
    let made = items(&spec["volumes"]).filter(|volume| has(volume, "ephemeral") && !pod.is_empty());
    let made = made.map(|volume| format!("{pod}-{}", text(volume, "name")));
    let made = BTreeSet::from_iter(made);
    let mut good = Volumes::new();
    for (index, volume) in items(&spec["volumes"]).enumerate() {
        let path = format!("{path}.volumes[{index}]");
        let (field, name) = (format!("{path}.name"), text(volume, "name"));
        let mut found = source_faults(&path, volume, pod);
        match name {
            "" => found.push(required(&*field, "")),
            name => refuse(&field, name, name_faults(name), &mut found),
        }
        if good.contains_key(name) {
            found.push(duplicate(field, &name.into()));
        }
        if found.is_empty() {
            good.insert(name, volume);
        }
        causes.extend(found);
        let claim = &volume["persistentVolumeClaim"]["claimName"];
        if claim.as_str().is_some_and(|claim| made.contains(claim)) {
            let why = "must not reference a PVC that gets created for an ephemeral volume";
            let field = format!("{path}.persistentVolumeClaim.claimName");
            causes.push(invalid(field, claim, why));
        }
    }
    good
}

/// What is wrong with the source of a persistent volume of a kind that pods may have too.
pub(super) fn shared_faults(path: &str, kind: &str, source: &Value, causes: &mut Vec<Cause>) {
    let known = SOURCES.iter().find(|(known, _)| *known == kind);
    let fields = known.map_or(&[][..], |(_, fields)| fields);
    require(path, source, fields, causes);
    kind_faults(path, kind, source, causes);
}

fn source_faults(path: &str, volume: &Value, pod: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    let ephemeral = ("ephemeral", &[][..]);
    let sources = SOURCES.iter().chain([&ephemeral]);
    let mut given = sources.filter(|(kind, _)| has(volume, kind));
    let Some((kind, fields)) = given.next() else {
        return vec![required(path, "must specify a volume type")];
    };
    let source = &volume[*kind];
    let place = match *kind {
        "gcePersistentDisk" => "persistentDisk",
        kind => kind,
    };
    let place = format!("{path}.{place}");
    require(&place, source, fields, &mut causes);
    match *kind {
        "ephemeral" => ephemeral_faults(path, volume, pod, &mut causes),
        kind => kind_faults(&place, kind, source, &mut causes),
    }
    if has(&volume["iscsi"], "initiatorName") {
        volume_rare::portal_fault(path, volume, &mut causes);
    }
    for (kind, _) in given {
        let shown = match *kind {
            "cephfs" => "cephFS",
            "downwardAPI" => "downwarAPI",
            kind => kind,
        };
        let why = "may not specify more than 1 volume type";
        causes.push(forbidden(format!("{path}.{shown}"), why));
    }
    causes
}

/// What is wrong with a source beside fields that are missing.
fn kind_faults(path: &str, kind: &str, source: &Value, causes: &mut Vec<Cause>) {
    match kind {
        "emptyDir" => {
            let limit = Amount::read(text(source, "sizeLimit"));
            if limit.is_some_and(|limit| limit < Amount::default()) {
                let why = "SizeLimit field must be a valid resource quantity";
                causes.push(forbidden(format!("{path}.sizeLimit"), why));
            }
        }
        "hostPath" if text(source, "path").is_empty() => {}
        "hostPath" => {
            climb_fault(&format!("{path}.path"), text(source, "path"), causes);
            choice_fault(
                &format!("{path}.type"),
                &source["type"],
                &HOST_PATHS,
                causes,
            );
        }
        "gitRepo" => {
            let field = format!("{path}.directory");
            descent_faults(&field, text(source, "directory"), causes);
        }
        "gcePersistentDisk" | "awsElasticBlockStore" => {
            // The message of a real server is wrong by one too.
            let partition = &source["partition"];
            if partition
                .as_i64()
                .is_some_and(|number| !(0..=255).contains(&number))
            {
                let why = "must be between 1 and 255, inclusive";
                causes.push(invalid(format!("{path}.partition"), partition, why));
            }
        }
        "secret" | "configMap" => {
            mode_fault(
                &format!("{path}.defaultMode"),
                &source["defaultMode"],
                causes,
            );
            for (index, item) in items(&source["items"]).enumerate() {
                item_faults(&format!("{path}.items[{index}]"), item, causes);
            }
        }
        "nfs" => {
            let target = text(source, "path");
            if !target.starts_with('/') {
                let field = format!("{path}.path");
                causes.push(invalid(field, &target.into(), "must be an absolute path"));
            }
        }
        "downwardAPI" => {
            mode_fault(
                &format!("{path}.defaultMode"),
                &source["defaultMode"],
                causes,
            );
            for file in items(&source["items"]) {
                downward_faults(path, file, causes);
            }
        }
        "projected" => projected_faults(path, source, causes),
        "csi" => csi_faults(path, source, causes),
        kind => volume_rare::faults(path, kind, source, causes),
    }
}

fn csi_faults(path: &str, source: &Value, causes: &mut Vec<Cause>) {
    let driver = text(source, "driver").into();
    driver::name_faults(&format!("{path}.driver"), &driver, causes);
    if !has(source, "nodePublishSecretRef") {
        return;
    }
    match text(&source["nodePublishSecretRef"], "name") {
        "" => causes.push(required(format!("{path}.nodePublishSecretRef.name"), "")),
        name => refuse(
            &format!("{path}.name"),
            name,
            subdomain_faults(name),
            causes,
        ),
    }
}

/// What is wrong with a claim that is made for the pod alone, and with its name.
fn ephemeral_faults(path: &str, volume: &Value, pod: &str, causes: &mut Vec<Cause>) {
    let (template, name) = (
        &volume["ephemeral"]["volumeClaimTemplate"],
        text(volume, "name"),
    );
    let place = format!("{path}.ephemeral.volumeClaimTemplate");
    if template.is_null() {
        causes.push(required(place, ""));
    } else {
        let (metadata, place) = (&template["metadata"], &place);
        let at = format!("{place}.metadata");
        label_faults(&format!("{at}.labels"), &metadata["labels"], causes);
        let others = metadata.as_object().into_iter().flatten();
        let others = others.filter(|(field, value)| {
            !["labels", "annotations"].contains(&field.as_str()) && !value.is_null()
        });
        causes.extend(others.map(|(field, _)| forbidden(format!("{at}.{field}"), "cannot be set")));
        causes.extend(claim::spec_faults(
            &format!("{place}.spec"),
            &template["spec"],
        ));
    }
    if !pod.is_empty() && !name.is_empty() {
        let claim = format!("{pod}-{name}");
        let found = subdomain_faults(&claim).into_iter();
        let found = found.map(|why| format!("PVC name {claim:?}: {why}"));
        refuse(&format!("{path}.name"), name, found, causes);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"name": "a", "emptyDir": {}}), &[])]
    #[case::nothing(json!({"name": "a"}), &["s.volumes[0]: Required value: must specify a volume type"])]
    #[case::both(json!({"name": "a", "emptyDir": {}, "secret": {}}), &["s.volumes[0].secret: Forbidden: may not specify more than 1 volume type"])]
    #[case::claim(json!({"name": "a", "persistentVolumeClaim": {}}), &["s.volumes[0].persistentVolumeClaim.claimName: Required value"])]
    #[case::mode(json!({"name": "a", "configMap": {"name": "c", "defaultMode": 1000}}), &["s.volumes[0].configMap.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both inclusive"])]
    #[case::climb(json!({"name": "a", "hostPath": {"path": "/../a"}}), &["s.volumes[0].hostPath.path: Invalid value: \"/../a\": must not contain '..'"])]
    fn a_volume_has_one_source(#[case] volume: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        faults("s", &json!({"volumes": [volume]}), "p", &mut causes);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }
}
