//! A webhook of a configuration, compiled.

use std::sync::Arc;

use super::conversation::Inquiry;
use super::endpoint::Endpoint;
use crate::json::{Value, json};
use crate::store::admission::{Attempt, Compiler, Conditions, Resources, Seen, Target, declared};
use crate::store::object::texts;
use crate::store::registry::Served;
use crate::store::status::Status;

/// The versions of a review that a real server writes, the best one first.
pub(in crate::store) const REVIEW_VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// One of `webhooks`.
#[derive(Debug)]
pub(super) struct Webhook {
    /// What it is known by: its configuration, its name, and which one of that name it is.
    pub(super) id: Arc<str>,
    pub(super) name: String,
    resources: Resources,
    /// Its conditions, or why there are none.
    conditions: Result<Conditions, String>,
    /// Whether a call that fails is a refusal.
    pub(super) fails: bool,
    /// Whether it must not be called in a dry run.
    pub(super) has_side_effects: bool,
    /// Whether it is called again after others have changed the object.
    pub(super) is_reinvoked: bool,
    /// The version of its reviews.
    pub(super) version: &'static str,
    endpoint: Arc<Endpoint>,
}

/// A write as one webhook is told of it.
pub(super) struct Meant {
    pub(super) inquiry: Inquiry,
    /// The version in which it is told.
    pub(super) served: Arc<Served>,
}

impl Webhook {
    /// The webhook with the number `index` of a configuration that was stored.
    pub(super) fn read(configuration: &str, index: usize, hook: &Value) -> Self {
        let name = hook["name"].as_str().unwrap_or_default();
        let mut compiler = Compiler::new(declared(false));
        let conditions = compiler.conditions(&hook["matchConditions"], "matchConditions");
        let causes = compiler.causes.iter().map(|cause| cause.message.as_str());
        let why = causes.collect::<Vec<_>>().join(", ");
        let versions = texts(&hook["admissionReviewVersions"]);
        let is_known = |version: &&&str| REVIEW_VERSIONS.contains(*version);
        let version = versions.iter().find(is_known);
        Self {
            id: format!("{configuration}/{name}/{index}").into(),
            name: name.to_owned(),
            resources: Resources::of_webhook(hook),
            conditions: if why.is_empty() {
                Ok(conditions)
            } else {
                Err(why)
            },
            fails: hook["failurePolicy"] != "Ignore",
            has_side_effects: !matches!(
                hook["sideEffects"].as_str(),
                Some("None" | "NoneOnDryRun")
            ),
            is_reinvoked: hook["reinvocationPolicy"] == "IfNeeded",
            version: match version {
                Some(&"v1beta1") => "v1beta1",
                _ => "v1",
            },
            endpoint: Arc::new(Endpoint::read(
                &hook["clientConfig"],
                hook["timeoutSeconds"].as_i64().unwrap_or(10),
            )),
        }
    }

    /// How it is told of a write; `None` if it is not about that.
    ///
    /// # Errors
    /// Its conditions cannot be evaluated.
    pub(super) fn meant(&self, target: &Target) -> Result<Option<Meant>, Status> {
        let Some(served) = self.resources.matched(target) else {
            return Ok(None);
        };
        let seen = Seen::of(target, &served);
        let are_met = match &self.conditions {
            Ok(conditions) => seen.with(|bindings| conditions.are_met(bindings)),
            Err(why) => Err(why.clone()),
        };
        match are_met {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(_) if !self.fails => return Ok(None),
            Err(why) => {
                let attempt = target.attempt;
                let resource = attempt.request.served.kind.resource();
                return Err(Status::forbidden(&resource, attempt.name, &why));
            }
        }
        let inquiry = Inquiry {
            hook: Arc::clone(&self.id),
            endpoint: Arc::clone(&self.endpoint),
            review: self.review(target.attempt, &served),
        };
        Ok(Some(Meant { inquiry, served }))
    }

    /// The review, but for its uid.
    fn review(&self, attempt: &Attempt, served: &Arc<Served>) -> Value {
        let mut request = attempt.asked(served);
        request["object"] = attempt.new_in(served);
        request["oldObject"] = attempt.old_in(served);
        let api_version = format!("admission.k8s.io/{}", self.version);
        json!({"kind": "AdmissionReview", "apiVersion": api_version, "request": request})
    }
}
