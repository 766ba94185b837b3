//! What may be said of a Job by whoever runs its pods.
//!
//! Most is held against what changes only: a status that was accepted before does not stand in the way.
//!
//! Source: kubernetes v1.34 `pkg/apis/batch/validation/validation.go`, `ValidateJobUpdateStatus`, and
//! `pkg/registry/batch/job/strategy.go`, `getStatusValidationOptions`.

use std::collections::BTreeSet;

use super::go_struct;
use super::job_index;
use super::of_kind::natural;
use super::part::{has, is_empty, items, text};
use crate::json::Value;
use crate::store::schema::cause::{duplicate, invalid, invalid_shown, required};
use crate::store::status::Cause;

const UNCOUNTED: &str = "uncountedTerminatedPods";

/// A Job before or after a write to its status.
struct State<'v> {
    spec: &'v Value,
    status: &'v Value,
}

impl<'v> State<'v> {
    fn of(job: &'v Value) -> Self {
        Self {
            spec: &job["spec"],
            status: &job["status"],
        }
    }

    fn number(&self, field: &str) -> i64 {
        self.status[field].as_i64().unwrap_or(0)
    }

    fn says(&self, kind: &str, state: &str) -> bool {
        items(&self.status["conditions"])
            .any(|condition| condition["type"] == kind && condition["status"] == state)
    }

    fn is(&self, kind: &str) -> bool {
        self.says(kind, "True")
    }

    fn is_finished(&self) -> bool {
        self.is("Complete") || self.is("Failed")
    }

    fn is_indexed(&self) -> bool {
        self.spec["completionMode"] == "Indexed"
    }
}

/// A write to a status, and what is wrong with it.
struct Check<'v> {
    new: State<'v>,
    old: State<'v>,
    causes: Vec<Cause>,
}

/// What is wrong with the status of a Job.
pub(super) fn faults(new: &Value, old: &Value) -> Vec<Cause> {
    let mut check = Check {
        new: State::of(new),
        old: State::of(old),
        causes: Vec::new(),
    };
    check.counts();
    check.conditions();
    check.completion();
    check.end();
    check.indexes();
    check.criteria();
    check.changes();
    check.causes
}

impl Check<'_> {
    fn invalid(&mut self, field: &str, why: &str) {
        let value = &self.new.status[field];
        let cause = invalid(format!("status.{field}"), value, why);
        self.causes.push(cause);
    }

    fn required(&mut self, field: &str, why: &str) {
        self.causes.push(required(format!("status.{field}"), why));
    }

    fn contrary(&mut self, why: &str) {
        self.causes
            .push(invalid_shown("status.conditions", why, ""));
    }

    fn changes_field(&self, field: &str) -> bool {
        self.new.status[field] != self.old.status[field]
    }

    fn changes_number(&self, field: &str) -> bool {
        self.new.number(field) != self.old.number(field)
    }

    fn changes_condition(&self, kind: &str) -> bool {
        self.new.is(kind) != self.old.is(kind)
    }

    fn changes_end(&self) -> bool {
        self.new.is_finished() != self.old.is_finished()
    }

    fn counts(&mut self) {
        for field in ["active", "succeeded", "failed", "ready", "terminating"] {
            let number = &self.new.status[field];
            natural(&format!("status.{field}"), number, &mut self.causes);
        }
        let mut seen = BTreeSet::new();
        for list in ["succeeded", "failed"] {
            for (index, uid) in items(&self.new.status[UNCOUNTED][list]).enumerate() {
                let field = format!("status.{UNCOUNTED}.{list}[{index}]");
                let name = uid.as_str().unwrap_or_default();
                if name.is_empty() {
                    self.causes.push(invalid(field, uid, "must not be empty"));
                } else if !seen.insert(name) {
                    self.causes.push(duplicate(field, uid));
                }
            }
        }
    }

    fn conditions(&mut self) {
        let is_complete = self.new.is("Complete");
        let changes_completion = self.changes_condition("Complete");
        if (changes_completion || self.changes_condition("Failed"))
            && is_complete
            && self.new.is("Failed")
        {
            self.contrary("cannot set Complete=True and Failed=true conditions");
        }
        if (changes_completion || self.changes_condition("FailureTarget"))
            && is_complete
            && self.new.is("FailureTarget")
        {
            self.contrary("cannot set Complete=True and FailureTarget=true conditions");
        }
    }

    fn completion(&mut self) {
        let (field, is_complete) = ("completionTime", self.new.is("Complete"));
        let (begin, end) = (&self.new.status["startTime"], &self.new.status[field]);
        let (is_early, has_end) = (is_before(end, begin), !end.is_null());
        let changes_time = self.changes_field(field);
        if self.changes_condition("Complete") || changes_time {
            if has_end && !is_complete {
                let why = "cannot set completionTime when there is no Complete=True condition";
                self.invalid(field, why);
            }
            if !has_end && is_complete {
                self.required(field, "completionTime is required for Complete jobs");
            }
        }
        if is_early && (changes_time || self.changes_field("startTime")) {
            self.invalid(field, "must be equal to or after `startTime`");
        }
        let changes_failure =
            self.changes_condition("Failed") || self.changes_field("failedIndexes");
        if changes_failure && self.new.is("Failed") && !self.new.is("FailureTarget") {
            self.contrary(
                "cannot set Failed=True condition without the FailureTarget=true condition",
            );
        }
        let changes_success =
            self.changes_condition("Complete") || self.changes_condition("SuccessCriteriaMet");
        if changes_success && is_complete && !self.new.is("SuccessCriteriaMet") {
            self.contrary(
                "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
            );
        }
    }

    /// What a Job that is finished has, and has no more.
    fn end(&mut self) {
        if !self.new.is_finished() {
            return;
        }
        let changes_end = self.changes_end();
        if (changes_end || self.changes_number("active")) && self.new.number("active") > 0 {
            self.invalid("active", "active>0 is invalid for finished job");
        }
        let is_idle = self.new.spec["suspend"] == true && self.new.spec["completions"] == 0;
        let changes_start = changes_end || self.changes_field("startTime");
        if changes_start && !is_idle && !has(self.new.status, "startTime") {
            self.required("startTime", "startTime is required for finished job");
        }
        let uncounted = &self.new.status[UNCOUNTED];
        let is_uncounted = !is_empty(&uncounted["failed"]) || !is_empty(&uncounted["succeeded"]);
        if (changes_end || self.changes_field(UNCOUNTED)) && is_uncounted {
            let shown = go_struct::shown("UncountedTerminatedPods", uncounted);
            let why = "must be empty for finished job";
            let cause = invalid_shown(format!("status.{UNCOUNTED}"), &shown, why);
            self.causes.push(cause);
        }
        if (changes_end || self.changes_field("terminating")) && self.new.number("terminating") > 0
        {
            self.invalid("terminating", "terminating>0 is invalid for finished job");
        }
    }

    fn indexes(&mut self) {
        let changes = ["completedIndexes", "failedIndexes"].map(|field| self.changes_field(field));
        let (status, spec) = (self.new.status, self.new.spec);
        let end = spec["completions"].as_i64();
        let per_index = has(spec, "backoffLimitPerIndex");
        let done = text(status, "completedIndexes");
        let failed = status["failedIndexes"].as_str();
        if changes[0]
            && let Some(Err(why)) = end.map(|end| job_index::count(done, end))
        {
            let why = format!("error parsing completedIndexes: {why}");
            self.invalid("completedIndexes", &why);
        }
        if changes[1]
            && per_index
            && let (Some(failed), Some(end)) = (failed, end)
            && let Err(why) = job_index::count(failed, end)
        {
            let why = format!("error parsing failedIndexes: {why}");
            self.invalid("failedIndexes", &why);
        }
        if changes[0] && !done.is_empty() && !self.new.is_indexed() {
            let why = "cannot set non-empty completedIndexes when non-indexed completion mode";
            self.invalid("completedIndexes", why);
        }
        if changes[1] && !per_index && failed.is_some() {
            let why = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
            self.invalid("failedIndexes", why);
        }
        if (changes[0] || changes[1])
            && let (Some(failed), Some(end)) = (failed, end)
            && let Some(index) = job_index::overlap(done, failed, end)
        {
            let why = format!("failedIndexes and completedIndexes overlap at index: {index}");
            self.invalid("failedIndexes", &why);
        }
    }

    fn criteria(&mut self) {
        let changes_ready = self.changes_field("ready") || self.changes_number("active");
        if changes_ready
            && has(self.new.status, "ready")
            && self.new.number("ready") > self.new.number("active")
        {
            self.invalid("ready", "cannot set more ready pods than active");
        }
        let is_met = self.new.is("SuccessCriteriaMet");
        if is_met && self.new.is("Failed") {
            self.contrary("cannot set SuccessCriteriaMet=True and Failed=true conditions");
        }
        if is_met && self.new.is("FailureTarget") {
            self.contrary("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
        }
        if has(self.new.spec, "successPolicy") && !is_met && self.new.is("Complete") {
            self.contrary(
                "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True",
            );
        }
    }

    /// What is not taken back.
    fn changes(&mut self) {
        for kind in ["Failed", "Complete", "FailureTarget"] {
            if self.old.is(kind) && !self.new.is(kind) {
                self.contrary(&format!(
                    "cannot disable the terminal {kind}=True condition"
                ));
            }
        }
        let spec = self.new.spec;
        let may_shrink = self.new.is_indexed() && spec["completions"] == spec["parallelism"];
        for field in ["failed", "succeeded"] {
            let is_fixed = field == "failed" || !may_shrink;
            if is_fixed && self.new.number(field) < self.old.number(field) {
                let why = format!("cannot decrease the {field} counter");
                let count = self.new.number(field).into();
                let cause = invalid(format!("status.{field}"), &count, &why);
                self.causes.push(cause);
            }
        }
        let has_both = |field: &str| has(self.new.status, field) && has(self.old.status, field);
        if has_both("completionTime") && self.changes_field("completionTime") {
            self.invalid("completionTime", "field is immutable");
        }
        let is_resumed = self.old.is("Suspended") && self.new.says("Suspended", "False");
        let is_started = has(self.old.status, "startTime") && spec["suspend"] != true;
        if is_started && self.changes_field("startTime") && !is_resumed {
            let why = "startTime cannot be removed for unsuspended job";
            self.required("startTime", why);
        }
        let [was_met, is_met] = [&self.old, &self.new].map(|state| state.is("SuccessCriteriaMet"));
        if was_met && !is_met {
            self.contrary("cannot disable the SuccessCriteriaMet=True condition");
        }
        if self.old.is("Complete") && !was_met && is_met {
            self.contrary(
                "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions",
            );
        }
    }
}

fn is_before(time: &Value, other: &Value) -> bool {
    matches!((time.as_str(), other.as_str()), (Some(time), Some(other)) if time < other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn a_job_that_is_complete_says_when_and_why() {
        let condition = json!({"type": "Complete", "status": "True"});
        let job = json!({"status": {"conditions": [condition]}});
        let fields = |old: &Value| {
            let causes = faults(&job, old).into_iter();
            Vec::from_iter(causes.map(|cause| cause.field))
        };
        let expected = [
            "status.completionTime",
            "status.conditions",
            "status.startTime",
        ];
        assert_eq!(fields(&json!({})), expected);
        assert!(fields(&job).is_empty());
    }
}
