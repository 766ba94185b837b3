//! Files that volumes are made of.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateKeyToPath`,
//! `validateDownwardAPIVolumeFile` and `validateProjectionSources`.

use std::collections::BTreeSet;

use super::part::{descent_faults, has, items, require, text};
use super::variable::{field_faults, resource_faults};
use crate::json::Value;
use crate::store::schema::cause::{forbidden, invalid, required};
use crate::store::status::Cause;

/// What a file may hold of its pod; sorted, as messages name them.
const OF_POD: [&str; 5] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];
const KINDS: [&str; 4] = ["secret", "configMap", "downwardAPI", "serviceAccountToken"];
const TOKEN_SECONDS_MIN: i64 = 600;
const TOKEN_SECONDS_MAX: i64 = 1 << 32;

/// Refuses a mode that files do not have.
pub(super) fn mode_fault(field: &str, mode: &Value, causes: &mut Vec<Cause>) {
    if mode
        .as_i64()
        .is_some_and(|bits| !(0..=0o777).contains(&bits))
    {
        let why = "must be a number between 0 and 0777 (octal), both inclusive";
        causes.push(invalid(field, mode, why));
    }
}

/// What is wrong with a key that becomes a file.
pub(super) fn item_faults(path: &str, item: &Value, causes: &mut Vec<Cause>) {
    require(path, item, &["key", "path"], causes);
    file_faults(&format!("{path}.path"), text(item, "path"), causes);
    mode_fault(&format!("{path}.mode"), &item["mode"], causes);
}

/// What is wrong with where a file lies in its volume.
fn file_faults(field: &str, path: &str, causes: &mut Vec<Cause>) {
    descent_faults(field, path, causes);
    if path.starts_with("..") && !path.starts_with("../") {
        causes.push(invalid(field, &path.into(), "must not start with '..'"));
    }
}

/// What is wrong with a file that holds something of its pod.
pub(super) fn downward_faults(path: &str, file: &Value, causes: &mut Vec<Cause>) {
    require(path, file, &["path"], causes);
    file_faults(&format!("{path}.path"), text(file, "path"), causes);
    let (field, resource) = (&file["fieldRef"], &file["resourceFieldRef"]);
    if !field.is_null() {
        field_faults(&format!("{path}.fieldRef"), field, &OF_POD, causes);
        if !resource.is_null() {
            let why = "fieldRef and resourceFieldRef can not be specified simultaneously";
            causes.push(invalid(path, &"resource".into(), why));
        }
    } else if !resource.is_null() {
        resource_faults(&format!("{path}.resourceFieldRef"), resource, true, causes);
    } else {
        let why = "one of fieldRef and resourceFieldRef is required";
        causes.push(required(path, why));
    }
    mode_fault(&format!("{path}.mode"), &file["mode"], causes);
}

/// What is wrong with a volume of several sources.
pub(super) fn projected_faults(path: &str, volume: &Value, causes: &mut Vec<Cause>) {
    mode_fault(
        &format!("{path}.defaultMode"),
        &volume["defaultMode"],
        causes,
    );
    let mut known = BTreeSet::new();
    for (index, source) in items(&volume["sources"]).enumerate() {
        let place = format!("{path}.sources[{index}]");
        let given = Vec::from_iter(KINDS.into_iter().filter(|kind| has(source, kind)));
        for kind in &given {
            let (at, source) = (format!("{place}.{kind}"), &source[*kind]);
            if *kind == "serviceAccountToken" {
                token_faults((path, &at), source, causes);
                continue;
            }
            if *kind != "downwardAPI" {
                require(&at, source, &["name"], causes);
            }
            for (index, item) in items(&source["items"]).enumerate() {
                let file = text(item, "path");
                let shown = match *kind {
                    "downwardAPI" => {
                        downward_faults(&at, item, causes);
                        file
                    }
                    _ => {
                        item_faults(&format!("{at}.items[{index}]"), item, causes);
                        text(source, "name")
                    }
                };
                if !file.is_empty() && !known.insert(file) {
                    causes.push(invalid(path, &shown.into(), "conflicting duplicate paths"));
                }
            }
        }
        if given.len() > 1 {
            let why = "may not specify more than 1 volume type per source";
            causes.push(forbidden(place, why));
        }
    }
}

/// What is wrong with a token that becomes a file; its path is told without its place in the list.
fn token_faults((path, at): (&str, &str), token: &Value, causes: &mut Vec<Cause>) {
    let (field, seconds) = (
        format!("{at}.expirationSeconds"),
        &token["expirationSeconds"],
    );
    let why = match seconds.as_i64() {
        Some(..TOKEN_SECONDS_MIN) => Some("may not specify a duration less than 10 minutes"),
        Some(seconds) if seconds > TOKEN_SECONDS_MAX => {
            Some("may not specify a duration larger than 2^32 seconds")
        }
        _ => None,
    };
    causes.extend(why.map(|why| invalid(field, seconds, why)));
    require(path, token, &["path"], causes);
    file_faults(&format!("{path}.path"), text(token, "path"), causes);
}

/// Refuses tokens in a pod without an account.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validatePodMetadataAndSpec`.
pub(super) fn account_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    if !text(spec, "serviceAccountName").is_empty() {
        return;
    }
    for (index, volume) in items(&spec["volumes"]).enumerate() {
        for (place, source) in items(&volume["projected"]["sources"]).enumerate() {
            if has(source, "serviceAccountToken") {
                let field = format!(
                    "{path}.volumes[{index}].projected.sources[{place}].serviceAccountToken"
                );
                let why = "must not be specified when serviceAccountName is not set";
                causes.push(forbidden(field, why));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"configMap": {"name": "c", "items": [{"key": "a", "path": "a"}]}}), &[])]
    #[case::up(json!({"configMap": {"name": "c", "items": [{"key": "a", "path": "..a"}]}}), &["v.sources[0].configMap.items[0].path: Invalid value: \"..a\": must not start with '..'"])]
    #[case::both(json!({"configMap": {"name": "c"}, "secret": {"name": "s"}}), &["v.sources[0]: Forbidden: may not specify more than 1 volume type per source"])]
    #[case::twice(json!({"secret": {"name": "s", "items": [{"key": "a", "path": "a"}, {"key": "b", "path": "a"}]}}), &["v: Invalid value: \"s\": conflicting duplicate paths"])]
    #[case::token(json!({"serviceAccountToken": {"expirationSeconds": 1, "path": "t"}}), &["v.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes"])]
    #[case::downward(json!({"downwardAPI": {"items": [{"path": "x"}]}}), &["v.sources[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"])]
    fn a_source_of_files_is_checked(#[case] source: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        projected_faults("v", &json!({"sources": [source]}), &mut causes);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }
}
