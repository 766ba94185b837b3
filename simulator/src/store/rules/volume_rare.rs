//! Volumes of storage that few clusters have.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, the functions for each source of a volume.

use std::sync::LazyLock;

use regex::Regex;

use super::part::{has, is_empty, range_fault, refuse, require, text};
use super::pod_spec::choice_fault;
use crate::json::Value;
use crate::store::naming::label_faults;
use crate::store::schema::cause::{invalid, not_supported, required};
use crate::store::status::Cause;

const PAIRS: &str = "must be a host:port pair or multiple pairs separated by commas";
const MANAGED: &str = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const BLOB: &str = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
/// The longest name of a volume with the portal behind it.
const PORTAL_BYTES_MAX: usize = 64;

/// The forms of qualified names of iSCSI, by how they begin.
static QUALIFIED: LazyLock<[(&str, Regex); 3]> = LazyLock::new(|| {
    let pattern = |text| Regex::new(text).expect("the pattern is a literal that compiles");
    [
        (
            "iqn",
            pattern(r"iqn\.\d{4}-\d{2}\.([[:alnum:].-]+)(:[^,;*&$|\s]+)$"),
        ),
        ("eui", pattern("^eui.[[:alnum:]]{16}$")),
        ("naa", pattern("^naa.[[:alnum:]]{32}$")),
    ]
});

/// What is wrong with a source beside fields that are missing.
pub(super) fn faults(path: &str, kind: &str, source: &Value, causes: &mut Vec<Cause>) {
    match kind {
        "iscsi" => target_faults(path, source, causes),
        "flocker" => flocker_faults(path, source, causes),
        "rbd" | "cephfs" => {
            if is_empty(&source["monitors"]) {
                causes.push(required(format!("{path}.monitors"), ""));
            }
            if kind == "rbd" {
                require(path, source, &["image"], causes);
            }
        }
        "cinder" => secret_fault(path, source, causes),
        "quobyte" => quobyte_faults(path, source, causes),
        "fc" => channel_faults(path, source, causes),
        "flexVolume" => {
            for (name, _) in source["options"].as_object().into_iter().flatten() {
                let domain = name
                    .split_once('/')
                    .map_or(name.as_str(), |(domain, _)| domain);
                let domain = format!(".{}", domain.to_lowercase());
                if domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io") {
                    let why = "kubernetes.io and k8s.io namespaces are reserved";
                    let field = format!("{path}.options[{name}]");
                    causes.push(invalid(field, &name.as_str().into(), why));
                }
            }
        }
        "azureDisk" => disk_faults(path, source, causes),
        "storageos" => {
            for field in ["volumeName", "volumeNamespace"] {
                let name = text(source, field);
                if !name.is_empty() {
                    refuse(&format!("{path}.{field}"), name, label_faults(name), causes);
                }
            }
            secret_fault(path, source, causes);
        }
        _ => {}
    }
}

fn secret_fault(path: &str, source: &Value, causes: &mut Vec<Cause>) {
    if has(source, "secretRef") {
        let path = format!("{path}.secretRef");
        require(&path, &source["secretRef"], &["name"], causes);
    }
}

fn target_faults(path: &str, source: &Value, causes: &mut Vec<Cause>) {
    let name = text(source, "iqn");
    if !name.is_empty() {
        causes.extend(qualified_fault(&format!("{path}.iqn"), name));
    }
    range_fault(&format!("{path}.lun"), &source["lun"], 0..=255, causes);
    let has_auth = source["chapAuthDiscovery"] == true || source["chapAuthSession"] == true;
    if has_auth && !has(source, "secretRef") {
        causes.push(required(format!("{path}.secretRef"), ""));
    }
    if let Some(name) = source["initiatorName"].as_str() {
        causes.extend(qualified_fault(&format!("{path}.initiatorname"), name));
    }
}

fn qualified_fault(field: &str, name: &str) -> Option<Cause> {
    let form = QUALIFIED
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix));
    let why = match form {
        None => "must be valid format starting with iqn, eui, or naa",
        Some((_, form)) if !form.is_match(name) => "must be valid format",
        Some(_) => return None,
    };
    Some(invalid(field, &name.into(), why))
}

/// What is wrong with the name of a volume to which a portal is attached.
pub(super) fn portal_fault(path: &str, volume: &Value, causes: &mut Vec<Cause>) {
    let (name, portal) = (text(volume, "name"), text(&volume["iscsi"], "targetPortal"));
    if format!("{name}:{portal}").len() > PORTAL_BYTES_MAX {
        let why = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
        causes.push(invalid(format!("{path}.name"), &name.into(), why));
    }
}

fn flocker_faults(path: &str, source: &Value, causes: &mut Vec<Cause>) {
    let name = text(source, "datasetName");
    match (name.is_empty(), text(source, "datasetUUID").is_empty()) {
        (true, true) => {
            causes.push(required(
                path,
                "one of datasetName and datasetUUID is required",
            ));
        }
        (false, false) => {
            let why = "datasetName and datasetUUID can not be specified simultaneously";
            causes.push(invalid(path, &"resource".into(), why));
        }
        _ => {}
    }
    if name.contains('/') {
        let field = format!("{path}.datasetName");
        causes.push(invalid(field, &name.into(), "must not contain '/'"));
    }
}

fn quobyte_faults(path: &str, source: &Value, causes: &mut Vec<Cause>) {
    let registry = text(source, "registry");
    if registry.is_empty() {
        causes.push(required(format!("{path}.registry"), PAIRS));
    } else if text(source, "tenant").len() >= 65 {
        let why = "must be a UUID and may not exceed a length of 64 characters";
        causes.push(required(format!("{path}.tenant"), why));
    } else {
        let wrong = registry.split(',').filter(|pair| !pair.contains(':'));
        let field = format!("{path}.registry");
        causes.extend(wrong.map(|_| invalid(&*field, &registry.into(), PAIRS)));
    }
    require(path, source, &["volume"], causes);
}

fn channel_faults(path: &str, source: &Value, causes: &mut Vec<Cause>) {
    let (targets, field) = (&source["targetWWNs"], format!("{path}.targetWWNs"));
    match (is_empty(targets), is_empty(&source["wwids"])) {
        (true, true) => {
            let why = "must specify either targetWWNs or wwids, but not both";
            causes.push(required(&*field, why));
        }
        (false, false) => {
            let why = "targetWWNs and wwids can not be specified simultaneously";
            causes.push(invalid(&*field, targets, why));
        }
        _ => {}
    }
    if !is_empty(targets) {
        let field = format!("{path}.lun");
        match &source["lun"] {
            Value::Null => causes.push(required(
                field,
                "lun is required if targetWWNs is specified",
            )),
            lun => range_fault(&field, lun, 0..=255, causes),
        }
    }
}

fn disk_faults(path: &str, source: &Value, causes: &mut Vec<Cause>) {
    let modes = ["None", "ReadOnly", "ReadWrite"];
    let field = format!("{path}.cachingMode");
    choice_fault(&field, &source["cachingMode"], &modes, causes);
    let kinds = ["Dedicated", "Managed", "Shared"];
    choice_fault(&format!("{path}.kind"), &source["kind"], &kinds, causes);
    let (start, form) = match text(source, "kind") {
        "Managed" => ("/subscriptions/", MANAGED),
        _ => ("https://", BLOB),
    };
    let target = text(source, "diskURI");
    if has(source, "kind") && !target.starts_with(start) {
        let known = [form.to_owned()];
        causes.push(not_supported(
            format!("{path}.diskURI"),
            &target.into(),
            &known,
        ));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case("iscsi", json!({"iqn": "iqn.2001-04.com.example:x", "lun": 0}), &[])]
    #[case("iscsi", json!({"iqn": "iqn.x", "lun": 256}), &["Invalid value: \"iqn.x\": must be valid format", "Invalid value: 256: must be between 0 and 255, inclusive"])]
    #[case("rbd", json!({"image": "i"}), &["Required value"])]
    #[case("fc", json!({"targetWWNs": ["a"]}), &["Required value: lun is required if targetWWNs is specified"])]
    #[case("azureDisk", json!({"kind": "Managed", "diskURI": "https://x"}), &["Unsupported value: \"https://x\": supported values: \"/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}\""])]
    fn rare_sources_are_checked(
        #[case] kind: &str,
        #[case] source: Value,
        #[case] expected: &[&str],
    ) {
        let mut causes = Vec::new();
        faults("v", kind, &source, &mut causes);
        let found: Vec<_> = causes.into_iter().map(|cause| cause.message).collect();
        assert_eq!(found, expected);
    }
}
