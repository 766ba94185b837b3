//! The options of a deletion, as they are written.
//!
//! Source: apimachinery v0.34.3, pkg/apis/meta/v1/validation/validation.go, `ValidateDeleteOptions`.

use std::borrow::Cow;

use super::kind::Kind;
use super::object::{Object, texts};
use super::request::{DeleteOptions, Propagation};
use super::schema::cause;
use super::status::{Cause, Qualified, Status};
use crate::json::{Value, json};

/// The options that admission is told of.
const TOLD: [&str; 4] = [
    "gracePeriodSeconds",
    "orphanDependents",
    "preconditions",
    "propagationPolicy",
];

impl DeleteOptions {
    /// Reads options whose types are right.
    ///
    /// # Errors
    /// 422 for what they may not say.
    pub(crate) fn read(options: &Value) -> Result<Self, Status> {
        let mut causes = Vec::new();
        let text = |field: &str| options[field].as_str().map(str::to_owned);
        let policy = text("propagationPolicy");
        let orphan = options["orphanDependents"].as_bool();
        if let (Some(policy), Some(_)) = (&policy, orphan) {
            let why = "orphanDependents and deletionPropagation cannot be both set";
            let policy = policy.as_str().into();
            causes.push(cause::invalid("propagationPolicy", &policy, why));
        }
        let propagation = propagation(policy.as_deref(), orphan, &mut causes);
        let dry_run = texts(&options["dryRun"]);
        if dry_run.iter().any(|run| *run != "All") {
            let all = ["All".to_owned()];
            causes.push(cause::not_supported("dryRun", &json!(dry_run), &all));
        }
        if !causes.is_empty() {
            let kind = Qualified {
                group: "meta.k8s.io",
                name: "DeleteOptions",
            };
            return Err(Status::invalid(&kind, "", &causes));
        }
        let precondition =
            |field: &str| options["preconditions"][field].as_str().map(str::to_owned);
        let told = TOLD.into_iter();
        Ok(Self {
            dry_run: !dry_run.is_empty(),
            grace_seconds: options["gracePeriodSeconds"].as_i64(),
            propagation,
            uid: precondition("uid"),
            revision: precondition("resourceVersion"),
            told: told
                .filter_map(|name| Some((name.to_owned(), options.get(name)?.clone())))
                .collect(),
        })
    }

    /// As admission is told of the deletion of `old`: who deletes a namespace always means this one.
    ///
    /// Source: kubernetes v1.34.3, pkg/registry/core/namespace/storage/storage.go, `Delete`.
    pub(super) fn told_of(&self, kind: &Kind, old: &Object) -> Cow<'_, Self> {
        if !kind.is("", "Namespace") {
            return Cow::Borrowed(self);
        }
        let mut options = self.clone();
        let given = options.told.get("preconditions").cloned();
        let mut preconditions = given.unwrap_or_default();
        preconditions["uid"] = old.uid().into();
        let field = "preconditions".to_owned();
        options.told.insert(field, preconditions);
        Cow::Owned(options)
    }

    /// Whether the end of the object is waited for, with the old option, so that a deletion which only begins says so.
    ///
    /// Source: apiserver v0.34.3, pkg/endpoints/handlers/delete.go, `DeleteResource`.
    pub(super) fn wants_end(&self) -> bool {
        let orphans = self.told.get("orphanDependents");
        orphans.and_then(Value::as_bool) == Some(false)
    }
}

fn propagation(
    policy: Option<&str>,
    orphan: Option<bool>,
    causes: &mut Vec<Cause>,
) -> Option<Propagation> {
    match (policy, orphan) {
        (Some("Foreground"), _) => Some(Propagation::Foreground),
        (Some("Background"), _) | (None, Some(false)) => Some(Propagation::Background),
        (Some("Orphan"), _) | (None, Some(true)) => Some(Propagation::Orphan),
        (None, None) => None,
        (Some(other), _) => {
            let known = ["Foreground", "Background", "Orphan", "nil"].map(str::to_owned);
            causes.push(cause::not_supported(
                "propagationPolicy",
                &other.into(),
                &known,
            ));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({"propagationPolicy": "Orphan"}), Ok(Some(Propagation::Orphan)))]
    #[case(json!({"orphanDependents": false}), Ok(Some(Propagation::Background)))]
    #[case(json!({}), Ok(None))]
    #[case(json!({"propagationPolicy": "Orphan", "orphanDependents": true}), Err("DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: \"Orphan\": orphanDependents and deletionPropagation cannot be both set"))]
    #[case(json!({"dryRun": ["All", "Nope"]}), Err("DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"All\",\"Nope\"]: supported values: \"All\""))]
    fn options_are_checked(
        #[case] options: Value,
        #[case] expected: Result<Option<Propagation>, &str>,
    ) {
        let read = DeleteOptions::read(&options);
        let told = read.as_ref().map(|options| options.propagation);
        let told = told.map_err(|status| status.message.as_str());
        assert_eq!(told, expected);
    }
}
