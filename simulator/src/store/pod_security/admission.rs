//! Writes that are held against the labels of their namespace, and those of the labels.
//!
//! Source: pod-security-admission v0.34.3, admission/admission.go; kubernetes v1.34
//! `plugin/pkg/admission/security/podsecurity/admission.go`.

use super::evaluation::violations;
use super::policy::{Level, Policy};
use super::violation::told;
use crate::json::Value;
use crate::store::admission::{Attempt, Operation};
use crate::store::kernel::Kernel;
use crate::store::object::{Key, Object};
use crate::store::request::Part;
use crate::store::rules::{items, template_place};
use crate::store::status::Status;

impl Kernel {
    /// Refuses a pod that is less secure than its namespace asks, and labels of a namespace that mean nothing; warns of
    /// what is less secure than it should be.
    pub(in crate::store) fn admit_security(
        &self,
        attempt: &Attempt,
        warnings: &mut Vec<String>,
    ) -> Result<(), Status> {
        let Some(new) = attempt.new else {
            return Ok(());
        };
        let (kind, part) = (&attempt.request.served.kind, attempt.request.part);
        if attempt.is_of_namespaces() {
            return match part {
                Part::Whole => self.admit_labels(attempt, new, warnings),
                _ => Ok(()),
            };
        }
        let (is_pod, place) = (kind.is("", "Pod"), template_place(&kind.group, &kind.kind));
        if !is_pod && place.is_none() {
            return Ok(());
        }
        let key = Key::new("", &attempt.request.namespace);
        let namespace = self.log.get(self.namespaces(), &key);
        let (policy, _) = Policy::of(namespace.and_then(|namespace| namespace.labels()));
        if policy.enforced.level.max(policy.warned.level) == Level::Privileged {
            return Ok(());
        }
        let template = match place {
            Some(place) if part == Part::Whole => new.pointer(place),
            None if is_looked_at(attempt, new) => Some(new),
            _ => None,
        };
        let Some(template) = template else {
            return Ok(());
        };
        if is_pod && policy.enforced.level != Level::Privileged {
            enforce(policy, attempt, template)?;
        }
        if policy.warned.level != Level::Privileged {
            let found = violations(policy.warned, template);
            if !found.is_empty() {
                let (standard, found) = (policy.warned, told(&found));
                warnings.push(format!("would violate PodSecurity \"{standard}\": {found}"));
            }
        }
        Ok(())
    }

    /// Refuses labels that mean nothing, and warns of pods that do not keep to new ones.
    fn admit_labels(
        &self,
        attempt: &Attempt,
        new: &Value,
        warnings: &mut Vec<String>,
    ) -> Result<(), Status> {
        let (policy, faults) = Policy::of(new["metadata"]["labels"].as_object());
        let before = attempt.old.map(|old| Policy::of(old.labels()));
        let old_faults = before.as_ref().map(|(_, faults)| faults.as_slice());
        if !faults.is_empty() && old_faults != Some(&faults) {
            let kind = attempt.request.served.kind.qualified_kind();
            return Err(Status::invalid(&kind, attempt.name, &faults));
        }
        if let Some((before, _)) = before
            && asks_more(policy, before)
        {
            warnings.extend(self.insecure_pods(attempt.name, policy.enforced));
        }
        Ok(())
    }
}

fn enforce(policy: Policy, attempt: &Attempt, pod: &Value) -> Result<(), Status> {
    let standard = policy.enforced;
    let found = violations(standard, pod);
    if found.is_empty() {
        return Ok(());
    }
    let resource = attempt.request.served.kind.resource();
    let why = format!("violates PodSecurity \"{standard}\": {}", told(&found));
    Err(Status::forbidden(&resource, attempt.name, &why))
}

/// Whether more pods may be insecure than before.
fn asks_more(new: Policy, old: Policy) -> bool {
    let (new, old) = (new.enforced, old.enforced);
    let is_relaxed = new.version == old.version && new.level <= old.level;
    new != old && new.level != Level::Privileged && !is_relaxed
}

/// Whether a write of a pod, or to a part of one, can make it less secure.
fn is_looked_at(attempt: &Attempt, new: &Value) -> bool {
    let is_whole = match attempt.request.part {
        Part::Whole | Part::EphemeralContainers | Part::Resize => true,
        Part::Status
        | Part::Scale
        | Part::Binding
        | Part::Eviction
        | Part::Token
        | Part::Finalize
        | Part::Log
        | Part::Approval => false,
    };
    let old = attempt.old.map(Object::value);
    is_whole
        && match (attempt.operation, old) {
            (Operation::Update, Some(old)) => is_significant(&new["spec"], &old["spec"]),
            _ => true,
        }
}

/// Whether other containers, or others of their images, are there.
fn is_significant(new: &Value, old: &Value) -> bool {
    let images = |spec: &Value, list: &str| {
        let images = items(&spec[list]).map(|container| container["image"].clone());
        Vec::from_iter(images)
    };
    let is_other = |list: &str| images(new, list) != images(old, list);
    ["containers", "initContainers"]
        .iter()
        .any(|list| is_other(list))
        || items(&new["ephemeralContainers"]).any(|added| {
            let mut before = items(&old["ephemeralContainers"]);
            let before = before.find(|before| before["name"] == added["name"]);
            before.is_none_or(|before| before["image"] != added["image"])
        })
}
