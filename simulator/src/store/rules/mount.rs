//! Where a container sees the volumes of its pod.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateVolumeMounts` and
//! `ValidateVolumeDevices`.

use std::collections::{BTreeMap, BTreeSet};

use super::part::{climbs, descent_faults, has, items, text};
use super::pod_spec::choice_fault;
use crate::json::Value;
use crate::store::schema::cause::{forbidden, invalid, not_found, required};
use crate::store::status::Cause;

const NO_DEVICE: &str =
    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";

/// The volumes of a pod with which nothing is wrong, by name.
pub(super) type Volumes<'v> = BTreeMap<&'v str, &'v Value>;

/// What is wrong with the mounts and the devices of a container.
pub(super) fn faults(
    path: &str,
    container: &Value,
    volumes: &Volumes<'_>,
    causes: &mut Vec<Cause>,
) {
    let mounts = places(&container["volumeMounts"], "mountPath");
    let devices = places(&container["volumeDevices"], "devicePath");
    let path_of_mounts = format!("{path}.volumeMounts");
    let mut known = BTreeSet::new();
    for (index, mount) in items(&container["volumeMounts"]).enumerate() {
        let at = |field: &str| format!("{path_of_mounts}[{index}].{field}");
        let (name, place) = (text(mount, "name"), text(mount, "mountPath"));
        if name.is_empty() {
            causes.push(required(at("name"), ""));
        }
        if !volumes.contains_key(name) {
            causes.push(not_found(at("name"), &name.into()));
        }
        if place.is_empty() {
            causes.push(required(at("mountPath"), ""));
        }
        if !known.insert(place) {
            causes.push(invalid(at("mountPath"), &place.into(), "must be unique"));
        }
        if devices.contains_key(name) {
            let why = "must not already exist in volumeDevices";
            causes.push(invalid(at("name"), &name.into(), why));
        }
        if devices.values().any(|device| *device == place) {
            let why = "must not already exist as a path in volumeDevices";
            causes.push(invalid(at("mountPath"), &place.into(), why));
        }
        part_faults(&path_of_mounts, index, mount, causes);
        let is_privileged = container["securityContext"]["privileged"] == true;
        reach_faults(&path_of_mounts, mount, is_privileged, causes);
    }
    device_faults(path, container, (volumes, &mounts), causes);
}

/// Where things lie, by name; of several with one name the last.
fn places<'v>(list: &'v Value, field: &str) -> BTreeMap<&'v str, &'v str> {
    let places = items(list).map(|element| (text(element, "name"), text(element, field)));
    places.collect()
}

/// What is wrong with the part of a volume that is mounted.
fn part_faults(path: &str, index: usize, mount: &Value, causes: &mut Vec<Cause>) {
    let (part, pattern) = (text(mount, "subPath"), text(mount, "subPathExpr"));
    descent_faults(&format!("{path}.subPath"), part, causes);
    if pattern.is_empty() {
        return;
    }
    if !part.is_empty() {
        let why = "subPathExpr and subPath are mutually exclusive";
        let field = format!("{path}[{index}].subPathExpr");
        causes.push(invalid(field, &pattern.into(), why));
    }
    descent_faults(&format!("{path}.subPathExpr"), pattern, causes);
}

/// What is wrong with how far a mount reaches.
fn reach_faults(path: &str, mount: &Value, is_privileged: bool, causes: &mut Vec<Cause>) {
    let (spread, depth) = (&mount["mountPropagation"], &mount["recursiveReadOnly"]);
    let field = format!("{path}.mountPropagation");
    let known = ["Bidirectional", "HostToContainer", "None"];
    choice_fault(&field, spread, &known, causes);
    if *spread == "Bidirectional" && !is_privileged {
        let why = "Bidirectional mount propagation is available only to privileged containers";
        causes.push(forbidden(field, why));
    }
    let field = format!("{path}.recursiveReadOnly");
    let known = ["Disabled", "Enabled", "IfPossible"];
    choice_fault(&field, depth, &known, causes);
    if *depth != "Enabled" && *depth != "IfPossible" {
        return;
    }
    if mount["readOnly"] != true {
        let why = "may only be specified when readOnly is true";
        causes.push(forbidden(&*field, why));
    }
    if !spread.is_null() && *spread != "None" {
        let why = "may only be specified when mountPropagation is None or not specified";
        causes.push(forbidden(field, why));
    }
}

fn device_faults(
    path: &str,
    container: &Value,
    (volumes, mounts): (&Volumes<'_>, &BTreeMap<&str, &str>),
    causes: &mut Vec<Cause>,
) {
    let (mut names, mut known) = (BTreeSet::new(), BTreeSet::new());
    for (index, device) in items(&container["volumeDevices"]).enumerate() {
        let at = |field: &str| format!("{path}.volumeDevices[{index}].{field}");
        let (name, place) = (text(device, "name"), text(device, "devicePath"));
        let is_claim =
            |volume: &&Value| has(volume, "persistentVolumeClaim") || has(volume, "ephemeral");
        let volume = volumes.get(name);
        let refused = |field: &str, value: &str, why: &str| invalid(at(field), &value.into(), why);
        let of_name = |why: &str| refused("name", name, why);
        let of_place = |why: &str| refused("devicePath", place, why);
        let checks = [
            (name.is_empty(), required(at("name"), "")),
            (names.contains(name), of_name("must be unique")),
            (
                volume.is_some_and(|volume| !is_claim(volume)),
                of_name(NO_DEVICE),
            ),
            (volume.is_none(), not_found(at("name"), &name.into())),
            (place.is_empty(), required(at("devicePath"), "")),
            (known.contains(place), of_place("must be unique")),
            (climbs(place), of_place("can not contain backsteps ('..')")),
            (
                mounts.contains_key(name),
                of_name("must not already exist in volumeMounts"),
            ),
            (
                mounts.values().any(|mount| *mount == place),
                of_place("must not already exist as a path in volumeMounts"),
            ),
        ];
        let wrong = checks.into_iter().filter(|(is_wrong, _)| *is_wrong);
        causes.extend(wrong.map(|(_, cause)| cause));
        if !name.is_empty() {
            names.insert(name);
        }
        if !climbs(place) {
            known.insert(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"name": "v", "mountPath": "/v"}), &[])]
    #[case::other(json!({"name": "w", "mountPath": "/v"}), &["c.volumeMounts[0].name: Not found: \"w\""])]
    #[case::part(json!({"name": "v", "mountPath": "/v", "subPath": "/a"}), &["c.volumeMounts.subPath: Invalid value: \"/a\": must be a relative path"])]
    #[case::spread(json!({"name": "v", "mountPath": "/v", "mountPropagation": "Bidirectional"}), &["c.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers"])]
    #[case::depth(json!({"name": "v", "mountPath": "/v", "recursiveReadOnly": "Enabled"}), &["c.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true"])]
    fn a_mount_is_checked(#[case] mount: Value, #[case] expected: &[&str]) {
        let (volume, mut causes) = (json!({"name": "v", "emptyDir": {}}), Vec::new());
        let volumes = Volumes::from([("v", &volume)]);
        faults(
            "c",
            &json!({"volumeMounts": [mount]}),
            &volumes,
            &mut causes,
        );
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }
}
