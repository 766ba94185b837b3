//! When pods of a Job fail it, and when it has succeeded.
//!
//! Source: kubernetes v1.34 `pkg/apis/batch/validation/validation.go`, `validatePodFailurePolicy` and
//! `validateSuccessPolicy`.

use std::collections::BTreeSet;

use super::job_index;
use super::of_kind::natural;
use super::part::{has, is_empty, items, refuse, text};
use super::pod_spec::choice_fault;
use crate::json::Value;
use crate::store::naming::qualified_name_faults;
use crate::store::schema::cause::{
    duplicate, invalid, invalid_shown, required, too_long, too_many,
};
use crate::store::status::Cause;

const RULES_MAX: usize = 20;
const CODES_MAX: usize = 255;
/// The longest list of indexes, in bytes.
const INDEXES_BYTES_MAX: usize = 64 * 1024;
const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: [&str; 2] = ["In", "NotIn"];
const STATES: [&str; 3] = ["False", "True", "Unknown"];

/// What is wrong with what follows from pods that fail; `spec` is that of the Job, which lies at `path`.
pub(super) fn failure_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let rules = &spec["podFailurePolicy"]["rules"];
    let path = format!("{path}.podFailurePolicy.rules");
    many_fault(&path, rules, RULES_MAX, causes);
    for (index, rule) in items(rules).enumerate() {
        rule_faults(&format!("{path}[{index}]"), rule, spec, causes);
    }
}

/// What is wrong with when pods are replaced.
pub(super) fn replacement_fault(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let known: &[&str] = match has(spec, "podFailurePolicy") {
        true => &["Failed"],
        false => &["Failed", "TerminatingOrFailed"],
    };
    let field = format!("{path}.podReplacementPolicy");
    choice_fault(&field, &spec["podReplacementPolicy"], known, causes);
}

/// What is wrong with when an indexed Job has succeeded.
pub(super) fn success_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let rules = &spec["successPolicy"]["rules"];
    let path = format!("{path}.successPolicy.rules");
    if is_empty(rules) {
        let why = "at least one rules must be specified when the successPolicy is specified";
        causes.push(required(&*path, why));
    }
    many_fault(&path, rules, RULES_MAX, causes);
    let completions = spec["completions"].as_i64().unwrap_or(0);
    for (index, rule) in items(rules).enumerate() {
        success_rule_faults(&format!("{path}[{index}]"), rule, completions, causes);
    }
}

fn many_fault(field: &str, list: &Value, limit: usize, causes: &mut Vec<Cause>) {
    let n_items = items(list).count();
    if n_items > limit {
        causes.push(too_many(field, n_items, limit as u64));
    }
}

/// Refuses a text that is none of those known, of which one must be given.
fn known_fault(field: &str, chosen: &str, known: &[&str], causes: &mut Vec<Cause>) {
    if chosen.is_empty() {
        let known = Vec::from_iter(known.iter().map(|text| format!("{text:?}")));
        let why = format!("valid values: [{}]", known.join(" "));
        causes.push(required(field, &why));
    } else {
        choice_fault(field, &chosen.into(), known, causes);
    }
}

fn rule_faults(path: &str, rule: &Value, spec: &Value, causes: &mut Vec<Cause>) {
    let (field, action) = (format!("{path}.action"), text(rule, "action"));
    if action == "FailIndex" && !has(spec, "backoffLimitPerIndex") {
        let why = "requires the backoffLimitPerIndex to be set";
        causes.push(invalid(&*field, &action.into(), why));
    }
    known_fault(&field, action, &ACTIONS, causes);
    let (has_codes, has_conditions) = (
        has(rule, "onExitCodes"),
        !is_empty(&rule["onPodConditions"]),
    );
    if has_codes {
        let names = ["containers", "initContainers"].iter();
        let names = names.flat_map(|list| items(&spec["template"]["spec"][*list]));
        let names = names.map(|container| text(container, "name")).collect();
        let path = format!("{path}.onExitCodes");
        code_faults(&path, &rule["onExitCodes"], &names, causes);
    }
    if has_conditions {
        let path = format!("{path}.onPodConditions");
        condition_faults(&path, &rule["onPodConditions"], causes);
    }
    let why = match (has_codes, has_conditions) {
        (true, true) => "specifying both OnExitCodes and OnPodConditions is not supported",
        (false, false) => "specifying one of OnExitCodes and OnPodConditions is required",
        _ => return,
    };
    causes.push(invalid_shown(path, why, ""));
}

fn condition_faults(path: &str, conditions: &Value, causes: &mut Vec<Cause>) {
    many_fault(path, conditions, RULES_MAX, causes);
    for (index, condition) in items(conditions).enumerate() {
        let (path, kind) = (format!("{path}[{index}]"), text(condition, "type"));
        let reasons = qualified_name_faults(kind);
        refuse(&format!("{path}.type"), kind, reasons, causes);
        let field = format!("{path}.status");
        known_fault(&field, text(condition, "status"), &STATES, causes);
    }
}

fn code_faults(path: &str, asked: &Value, names: &BTreeSet<&str>, causes: &mut Vec<Cause>) {
    let operator = text(asked, "operator");
    known_fault(&format!("{path}.operator"), operator, &OPERATORS, causes);
    let container = &asked["containerName"];
    if container.as_str().is_some_and(|name| !names.contains(name)) {
        let why = "must be one of the container or initContainer names in the pod template";
        causes.push(invalid(format!("{path}.containerName"), container, why));
    }
    let (path, codes) = (format!("{path}.values"), &asked["values"]);
    if is_empty(codes) {
        causes.push(invalid(&*path, codes, "at least one value is required"));
    }
    many_fault(&path, codes, CODES_MAX, causes);
    let mut seen = BTreeSet::new();
    for (index, code) in items(codes).enumerate() {
        let field = format!("{path}[{index}]");
        if operator == "In" && *code == 0 {
            let why = "must not be 0 for the In operator";
            causes.push(invalid(&*field, code, why));
        }
        if !seen.insert(code.as_i64()) {
            causes.push(duplicate(field, code));
        }
    }
    let numbers = items(codes).map(Value::as_i64);
    if !numbers.is_sorted() {
        causes.push(invalid(path, codes, "must be ordered"));
    }
}

fn success_rule_faults(path: &str, rule: &Value, completions: i64, causes: &mut Vec<Cause>) {
    let (indexes, count) = (&rule["succeededIndexes"], &rule["succeededCount"]);
    if indexes.is_null() && count.is_null() {
        let why = "at least one of succeededCount or succeededIndexes must be specified";
        causes.push(required(path, why));
    }
    let mut n_indexes = None;
    if let Some(text) = indexes.as_str() {
        let field = format!("{path}.succeededIndexes");
        if text.len() > INDEXES_BYTES_MAX {
            causes.push(too_long(&*field, INDEXES_BYTES_MAX as u64));
        }
        let counted = job_index::count(text, completions);
        n_indexes = Some(*counted.as_ref().unwrap_or(&0));
        if let Err(why) = counted {
            let why = format!("error parsing succeededIndexes: {why}");
            causes.push(invalid(field, indexes, &why));
        }
    }
    let field = format!("{path}.succeededCount");
    natural(&field, count, causes);
    let most = [
        (Some(completions), "specified completions"),
        (n_indexes, "indexes in the specified succeededIndexes field"),
    ];
    for (most, what) in most {
        if let (Some(most), Some(number)) = (most, count.as_i64())
            && number > most
        {
            let why = format!("must be less than or equal to {most} (the number of {what})");
            causes.push(invalid(&*field, count, &why));
        }
    }
}
