//! What the policies of a cluster make of a write.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/policy/validating/dispatcher.go.

use super::binding::Binding;
use super::validation::{Denial, Policy, Reason};
use crate::json::json;
use crate::store::admission::{Attempt, Seen, Target};
use crate::store::kernel::Kernel;
use crate::store::status::{Qualified, Status};

/// What has been found so far.
struct Ruling<'w> {
    /// The first denial that counts.
    refusal: Option<(String, Reason)>,
    warnings: &'w mut Vec<String>,
}

impl Kernel {
    /// Refuses a write that a policy denies, and warns of what a binding only warns of.
    pub(in crate::store) fn admit_by_policies(
        &self,
        attempt: &Attempt,
        warnings: &mut Vec<String>,
    ) -> Result<(), Status> {
        if self.policies.are_silent(&attempt.request.served) {
            return Ok(());
        }
        let target = Target::of(self, attempt);
        let mut ruling = Ruling {
            refusal: None,
            warnings,
        };
        for policy in self.policies.all() {
            self.rule(policy, &target, &mut ruling);
        }
        match ruling.refusal {
            Some((message, reason)) => Err(refusal(attempt, &message, reason)),
            None => Ok(()),
        }
    }

    fn rule(&self, policy: &Policy, target: &Target, ruling: &mut Ruling) {
        let mut bindings = self.policies.bindings_of(policy).peekable();
        if bindings.peek().is_none() {
            return;
        }
        let Some(served) = policy.constraints.matched(target) else {
            return;
        };
        let resource = policy.parameters.as_ref();
        let resource = resource.map(|kind| self.parameter_resource(kind));
        let resource = match resource.transpose() {
            Ok(resource) => resource,
            Err(why) => return ruling.add_fault((policy, None), &why),
        };
        let seen = Seen::of(target, &served);
        for binding in bindings.filter(|binding| binding.is_about(target)) {
            match self.parameters(resource, binding, target.attempt.namespace()) {
                Ok(all) => {
                    let denials = all.iter().flat_map(|one| policy.denials(&seen, one));
                    denials.for_each(|denial| ruling.add((policy, binding), denial));
                }
                Err(why) => ruling.add_fault((policy, Some(binding)), &why),
            }
        }
    }
}

impl Ruling<'_> {
    fn add(&mut self, (policy, binding): (&Policy, &Binding), denial: Denial) {
        let (name, bound) = (&policy.name, &binding.name);
        let Denial {
            message,
            reason,
            is_firm,
        } = denial;
        if binding.warns && !is_firm {
            let warning = format!(
                "Validation failed for ValidatingAdmissionPolicy '{name}' with binding '{bound}': {message}"
            );
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        if binding.denies || is_firm {
            self.refuse((policy, Some(binding)), &message, reason);
        }
    }

    /// A denial since something is not there that a policy or a binding needs, unless that is ignored.
    fn add_fault(&mut self, (policy, binding): (&Policy, Option<&Binding>), why: &str) {
        if policy.fails {
            let what = binding.map_or("policy", |_| "binding");
            let message = format!("failed to configure {what}: {why}");
            self.refuse((policy, binding), &message, Reason::INVALID);
        }
    }

    fn refuse(
        &mut self,
        (policy, binding): (&Policy, Option<&Binding>),
        message: &str,
        reason: Reason,
    ) {
        let bound = binding.map(|binding| binding.name.as_str());
        self.refusal
            .get_or_insert_with(|| (words(&policy.name, bound, message), reason));
    }
}

fn words(policy: &str, binding: Option<&str>, message: &str) -> String {
    let with = binding.map_or(String::new(), |binding| {
        format!(" with binding '{binding}'")
    });
    format!("ValidatingAdmissionPolicy '{policy}'{with} denied request: {message}")
}

fn refusal(attempt: &Attempt, message: &str, reason: Reason) -> Status {
    let resource = attempt.request.served.kind.resource();
    status((&resource, attempt.name), message, reason)
}

/// 422 for what a policy denies, by its name and that of its binding.
pub(crate) fn denial(
    what: (&Qualified, &str),
    (policy, binding): (&str, Option<&str>),
    message: &str,
) -> Status {
    status(what, &words(policy, binding, message), Reason::INVALID)
}

fn status((resource, name): (&Qualified, &str), message: &str, reason: Reason) -> Status {
    let name = match name {
        // That of no object in particular.
        "" => "Unknown",
        name => name,
    };
    let mut status = Status::forbidden(resource, name, message);
    status.code = reason.code;
    status.reason = reason.name.into();
    if let Some(details) = &mut status.details {
        details["causes"] = json!([{"message": message}]);
    }
    status
}
