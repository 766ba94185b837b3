//! Objects and their schemas: what is pruned and filled in on the way in, and what is refused.
//!
//! Source: `spec/kube-api.md` §1.14, §1.18.

use std::collections::BTreeSet;

use super::definition::is_definition;
use super::kind::{Kind, Origin};
use super::metadata::read_texts;
use super::registry::{Conversion, Served};
use super::request::{FINDINGS_MAX, FieldValidation, PatchKind, WriteOptions};
use super::rules;
use super::schema::before::Before;
use super::schema::compiled::{Beside, check, check_status};
use super::schema::default::apply_defaults;
use super::schema::definition::keywords;
use super::schema::prune::{Nulls, prune, prune_in_order};
use super::schema::scale::{spec_faults, status_faults};
use super::status::Cause;
use super::write::Via;
use crate::json::{Map, Text, Value, occurrences, repaired};

/// Which part of an object a write can change, and validation must look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// All of it.
    Whole,
    /// Only `status`.
    Status,
}

/// Prunes fields that the schema does not know and fills in defaults; unknown and duplicate fields are reported as
/// the request wants.
///
/// # Errors
/// Under strict field validation, what the decoder says of such fields.
pub(super) fn fit(
    served: &Served,
    value: &mut Value,
    (options, via): (&WriteOptions, Via),
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    fit_after(served, (value, None), (options, via), warnings)
}

/// The same for something that is posted and not stored.
///
/// # Errors
/// As [`fit`].
pub(super) fn fit_posted(
    kind: &Kind,
    value: &mut Value,
    options: &WriteOptions,
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    let unknown = prune_in_order(&kind.schema, value, None, Nulls::Dropped);
    report(kind, &unknown, options, warnings)
}

fn fit_after(
    served: &Served,
    (value, before): (&mut Value, Option<Before>),
    (options, via): (&WriteOptions, Via),
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    let schema = &served.kind.schema;
    let is_config = served.kind.group.is_empty() && served.kind.kind == "ConfigMap";
    if is_config {
        read_texts(value.get_mut("data"));
    }
    let mut metadata = value.get_mut("metadata").and_then(Value::as_object_mut);
    for field in ["labels", "annotations"] {
        read_texts(
            metadata
                .as_mut()
                .and_then(|metadata| metadata.get_mut(field)),
        );
    }
    // What an apply makes is not decoded again.
    let is_made = via == Via::Patch(PatchKind::Apply) && served.kind.origin == Origin::Custom;
    let nulls = if is_made { Nulls::Kept } else { Nulls::Dropped };
    let mut unknown = match served.kind.origin {
        Origin::BuiltIn => prune_in_order(schema, value, before, nulls),
        Origin::Custom => prune(schema, value, before, nulls),
    };
    if is_definition(served) {
        unknown.extend(keywords::prune(value));
    }
    if served.kind.origin == Origin::BuiltIn {
        rules::leave_out_zeros(&served.kind, value);
    }
    apply_defaults(schema, value);
    if served.kind.origin == Origin::BuiltIn {
        rules::canonicalise(schema, value)?;
        rules::canonicalise_times(schema, value);
    }
    report(&served.kind, &unknown, options, warnings)
}

/// The same for a new state of an object.
///
/// # Errors
/// As [`fit`].
pub(super) fn refit(
    served: &Served,
    value: &mut Value,
    before: Before,
    (options, via): (&WriteOptions, Via),
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    let untouched = match (served.kind.origin, served.conversion) {
        (Origin::BuiltIn, Conversion::None) => take_untouched(value, before.value),
        (Origin::Custom, _)
        | (_, Conversion::Webhook | Conversion::Events | Conversion::Autoscalers) => Map::new(),
    };
    fit_after(served, (value, Some(before)), (options, via), warnings)?;
    if let Some(fields) = value.as_object_mut() {
        fields.extend(untouched);
    }
    Ok(())
}

/// Takes out the fields that are as they were stored: the schema of a built-in kind is still the one that they fit.
fn take_untouched(value: &mut Value, old: &Value) -> Map {
    let (Some(fields), Some(old)) = (value.as_object_mut(), old.as_object()) else {
        return Map::new();
    };
    let is_untouched =
        |(name, field): &(&Text, &Value)| *name != "metadata" && fields.get(name) == Some(*field);
    let names: Vec<Text> = old
        .iter()
        .filter(is_untouched)
        .map(|(name, _)| name.clone())
        .collect();
    let taken = names
        .into_iter()
        .filter_map(|name| fields.remove_entry(&name));
    taken.collect()
}

fn report(
    kind: &Kind,
    unknown: &[String],
    options: &WriteOptions,
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    let findings = match kind.origin {
        Origin::BuiltIn => in_order(unknown, options),
        Origin::Custom => {
            let unknown = unknown.iter().map(|path| unknown_field(path));
            options.duplicates.iter().cloned().chain(unknown).collect()
        }
    };
    match options.field_validation {
        FieldValidation::Ignore => Ok(()),
        FieldValidation::Warn => {
            warnings.extend(findings.iter().flat_map(|finding| apart(finding)));
            Ok(())
        }
        FieldValidation::Strict if findings.is_empty() => Ok(()),
        FieldValidation::Strict => Err(format!("strict decoding error: {}", findings.join(", "))),
    }
}

fn unknown_field(path: &str) -> String {
    format!("unknown field {path:?}")
}

/// What is said of unknown and of duplicate fields, in the order of the body where that is known. Nobody looks into an
/// unknown field, nor whether it occurs twice.
///
/// Source: sigs.k8s.io/json v0.0.0-20241014173422, internal/golang/encoding/json/decode.go, `object`.
fn in_order(unknown: &[String], options: &WriteOptions) -> Vec<String> {
    if unknown.is_empty() || options.text.is_empty() {
        let unknown = unknown.iter().map(|path| unknown_field(path));
        let findings = unknown.chain(options.duplicates.iter().cloned());
        return findings.take(FINDINGS_MAX).collect();
    }
    let mut wanted: BTreeSet<String> = unknown.iter().cloned().collect();
    let twice = options.duplicates.iter().filter_map(|told| {
        let quoted = told.strip_prefix("duplicate field ")?;
        serde_json::from_str::<String>(quoted).ok()
    });
    wanted.extend(twice);
    let mut met: BTreeSet<String> = BTreeSet::new();
    let found = occurrences(&repaired(&options.text), &wanted);
    let told = found.into_iter().filter_map(|path| {
        let is_unknown = unknown.contains(&path);
        let is_first = met.insert(path.clone());
        match (is_unknown, is_first) {
            (true, true) => Some(unknown_field(&path)),
            (false, false) => Some(format!("duplicate field {path:?}")),
            (true, false) | (false, true) => None,
        }
    });
    let mut once = BTreeSet::new();
    let told = told.filter(|told| once.insert(told.clone()));
    told.take(FINDINGS_MAX).collect()
}

/// The warnings of one finding: what a YAML reader says of several lines is one.
///
/// Source: apiserver v0.34 `pkg/endpoints/handlers/create.go`, `parseYAMLWarnings`.
fn apart(finding: &str) -> Vec<String> {
    match finding.split_once("yaml: unmarshal errors:\n") {
        Some((_, lines)) => lines.lines().map(|line| line.trim().to_owned()).collect(),
        None => vec![finding.to_owned()],
    }
}

/// Everything that the schema of a custom resource refuses, where this much is `known` to be wrong with it.
pub(super) fn faults(
    served: &Served,
    new: &Value,
    before: Option<Before>,
    (part, known): (Fit, &[Cause]),
) -> Vec<Cause> {
    let kind = &served.kind;
    if kind.origin == Origin::BuiltIn {
        return Vec::new();
    }
    let scale = kind.scale.iter();
    match (part, before) {
        (Fit::Status, Some(before)) => {
            let scale = scale.flat_map(|paths| status_faults(paths, new)).collect();
            check_status(&kind.compiled(), new, before, Beside { known, scale })
        }
        _ => {
            let scale = scale.flat_map(|paths| {
                let spec = spec_faults(paths, new).into_iter();
                spec.chain(status_faults(paths, new))
            });
            let scale = scale.collect();
            check(&kind.compiled(), new, before, Beside { known, scale })
        }
    }
}
