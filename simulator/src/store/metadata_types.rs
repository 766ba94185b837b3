//! Whether `metadata` fits the Go type of metadata.
//!
//! Source: apimachinery v0.34 `pkg/apis/meta/v1/types.go`, `ObjectMeta` and `OwnerReference`; Go `encoding/json`.

use super::go_time::Layout;
use super::misfit::Misfit;
use crate::json::Value;

/// The fields that are no list and no map, with their Go type.
const SCALARS: [(&str, &str); 8] = [
    ("name", "string"),
    ("generateName", "string"),
    ("namespace", "string"),
    ("uid", "string"),
    ("resourceVersion", "string"),
    ("selfLink", "string"),
    ("generation", "int64"),
    ("deletionGracePeriodSeconds", "int64"),
];
/// Those of an owner.
const OF_OWNERS: [(&str, &str); 6] = [
    ("apiVersion", "string"),
    ("kind", "string"),
    ("name", "string"),
    ("uid", "types.UID"),
    ("controller", "bool"),
    ("blockOwnerDeletion", "bool"),
];
/// Those of an entry of `managedFields`, without its time and its fields, which may be any JSON.
const OF_ENTRIES: [(&str, &str); 5] = [
    ("manager", "string"),
    ("operation", "v1.ManagedFieldsOperationType"),
    ("apiVersion", "string"),
    ("fieldsType", "string"),
    ("subresource", "string"),
];
/// The times, beside those of `managedFields`.
pub(super) const TIMES: [&str; 2] = ["creationTimestamp", "deletionTimestamp"];
/// The lists.
const LISTS: [(&str, &str); 3] = [
    ("finalizers", "[]string"),
    ("ownerReferences", "[]v1.OwnerReference"),
    ("managedFields", "[]v1.ManagedFieldsEntry"),
];

/// Refuses values whose JSON type does not fit ObjectMeta; `prefix` is `ObjectMeta.` with the path of the metadata.
pub(super) fn check_types(value: &Value, prefix: &str) -> Result<(), Misfit> {
    let metadata = &value["metadata"];
    check_scalars(metadata, prefix, &SCALARS)?;
    for field in TIMES {
        let named = || format!("{prefix}{field}");
        Misfit::check_time(&metadata[field], Layout::Seconds, named)?;
    }
    for field in ["labels", "annotations"] {
        let complain = |got, want: &str| Err(misfit(got, prefix, field, want));
        match &metadata[field] {
            Value::Null => {}
            Value::Object(map) => {
                if let Some(bad) = map.values().find(|v| !v.is_string() && !v.is_null()) {
                    return complain(bad, "string");
                }
            }
            got => return complain(got, "map[string]string"),
        }
    }
    for (field, want) in LISTS {
        let got = &metadata[field];
        if !got.is_null() && !got.is_array() {
            return Err(misfit(got, prefix, field, want));
        }
    }
    let mut finalizers = metadata["finalizers"].as_array().into_iter().flatten();
    if let Some(bad) = finalizers.find(|name| !name.is_string() && !name.is_null()) {
        return Err(misfit(bad, prefix, "finalizers", "string"));
    }
    let path = prefix.trim_start_matches("ObjectMeta.");
    for owner in items(metadata, "ownerReferences") {
        check_struct(owner, (prefix, "ownerReferences"), "OwnerReference")?;
        let below = format!("OwnerReference.{path}ownerReferences.");
        check_scalars(owner, &below, &OF_OWNERS)?;
    }
    for entry in items(metadata, "managedFields") {
        check_struct(entry, (prefix, "managedFields"), "ManagedFieldsEntry")?;
        let below = format!("ManagedFieldsEntry.{path}managedFields.");
        check_scalars(entry, &below, &OF_ENTRIES)?;
        let named = || format!("{below}time");
        Misfit::check_time(&entry["time"], Layout::Seconds, named)?;
    }
    Ok(())
}

fn items<'a>(metadata: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    metadata[field].as_array().into_iter().flatten()
}

/// Refuses what is no object where a struct should be.
fn check_struct(found: &Value, (prefix, field): (&str, &str), name: &str) -> Result<(), Misfit> {
    match found {
        Value::Null | Value::Object(_) => Ok(()),
        other => Err(misfit(other, prefix, field, &format!("v1.{name}"))),
    }
}

fn check_scalars(holder: &Value, prefix: &str, fields: &[(&str, &str)]) -> Result<(), Misfit> {
    for (field, want) in fields {
        let got = &holder[*field];
        let is_fitting = match *want {
            "int64" => got.is_i64(),
            "bool" => got.is_boolean(),
            _ => got.is_string(),
        };
        if !is_fitting && !got.is_null() {
            return Err(misfit(got, prefix, field, want));
        }
    }
    Ok(())
}

fn misfit(found: &Value, prefix: &str, field: &str, wanted: &str) -> Misfit {
    Misfit::new(found, format!("{prefix}{field}"), wanted.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case(json!({"finalizers": [1]}), "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.finalizers of type string")]
    #[case(json!({"generation": "x"}), "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.generation of type int64")]
    #[case(json!({"ownerReferences": [{"name": true}]}), "json: cannot unmarshal bool into Go struct field OwnerReference.metadata.ownerReferences.name of type string")]
    #[case(json!({"deletionTimestamp": 5}), "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.deletionTimestamp of type string")]
    #[case(json!({"creationTimestamp": "x"}), "parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\"")]
    fn what_does_not_fit_is_named(#[case] metadata: Value, #[case] words: &str) {
        let misfit = check_types(&json!({"metadata": metadata}), "ObjectMeta.metadata.");
        assert_eq!(misfit.unwrap_err().to_string(), words);
    }
}
