//! What a write takes of the quotas of its namespace.
//!
//! Simplified: what is used is raised only if the object is stored, where a real server raises it before it knows.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/resourcequota/controller.go.

use std::sync::Arc;

use jiff::Timestamp;

use super::measure::{Amounts, Measured, add, amounts, written};
use super::pod::silence;
use super::scope::{is_in_scope, is_terminating};
use crate::json::Value;
use crate::store::admission::{Attempt, Operation};
use crate::store::kernel::{Context, Kernel};
use crate::store::object::Object;
use crate::store::patch::managed::{Writer, track_update};
use crate::store::request::Part;
use crate::store::status::Status;

/// A quota, and what is used of it once the write is done.
pub(in crate::store) struct Charge {
    quota: Arc<Object>,
    used: Amounts,
}

/// A quota that a write is to be held against.
struct Held<'a> {
    quota: &'a Arc<Object>,
    hard: Amounts,
    used: Amounts,
}

impl Kernel {
    /// What a write takes of quotas.
    ///
    /// # Errors
    /// It takes more than there is, does not say how much, or nobody has counted yet.
    pub(in crate::store) fn charges(
        &self,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Vec<Charge>, Status> {
        let kind = &attempt.request.served.kind;
        let measured = Measured {
            group: &kind.group,
            plural: &kind.plural,
        };
        let mut quotas = self
            .held_in(attempt.namespace(), "resourcequotas")
            .peekable();
        let Some(new) = attempt.new.filter(|_| is_measured(attempt, measured)) else {
            return Ok(Vec::new());
        };
        if quotas.peek().is_none() {
            return Ok(Vec::new());
        }
        let forbidden = |why: &str| Status::forbidden(&kind.resource(), attempt.name, why);
        let held = quotas.filter_map(|quota| held(measured, quota, new).transpose());
        let held = held.collect::<Result<Vec<_>, String>>();
        let held = held.map_err(|why| forbidden(&why))?;
        let usage = measured.usage(new, now);
        let mut charges = Vec::new();
        for one in held {
            let before = attempt
                .old
                .filter(|old| is_in_scope(measured, &one.quota.value()["spec"], old.value()));
            let before = before.map(|old| measured.usage(old.value(), now));
            let requested = requested(&usage, before.unwrap_or_default(), &one.hard);
            let mut used = one.used.clone();
            add(&mut used, &requested);
            if let Some(why) = one.excess(&requested, &used) {
                return Err(forbidden(&why));
            }
            if !requested.is_empty() {
                charges.push(Charge {
                    quota: Arc::clone(one.quota),
                    used,
                });
            }
        }
        Ok(charges)
    }

    /// Raises what is used of quotas.
    pub(in crate::store) fn raise(
        &mut self,
        charges: Vec<Charge>,
        context: &mut Context,
    ) -> Result<(), Status> {
        let served = Arc::clone(self.registry.get("", "v1", "resourcequotas"));
        for charge in charges {
            let mut value = charge.quota.value().clone();
            value["status"]["used"] = written(&charge.used);
            let writer = Writer {
                manager: "kube-apiserver",
                api_version: "v1",
                subresource: "status",
                now: context.now,
            };
            let before = Some(charge.quota.value());
            track_update(before, &mut value, &writer, &served.kind.schema);
            self.store(&served, value, context)?;
        }
        Ok(())
    }
}

/// Whether a write can change what is used.
fn is_measured(attempt: &Attempt, measured: Measured) -> bool {
    if attempt.request.part != Part::Whole || measured.plural == "events" {
        return false;
    }
    match (attempt.operation, measured.plural) {
        (Operation::Create, _) => true,
        (Operation::Delete, _) => false,
        (Operation::Update, "pods") if measured.is_looked_into() => {
            let was = attempt.old.map(|old| is_terminating(old.value()));
            was != attempt.new.map(is_terminating)
        }
        (Operation::Update, _) => measured.is_looked_into(),
    }
}

/// A quota if it is about an object.
fn held<'a>(
    measured: Measured,
    quota: &'a Arc<Object>,
    object: &Value,
) -> Result<Option<Held<'a>>, String> {
    let value = quota.value();
    let hard = amounts(&value["status"]["hard"]);
    let names = hard.keys().map(String::as_str);
    let names: Vec<&str> = names
        .filter(|name| Measured::by(name) == measured)
        .collect();
    if names.is_empty() || !is_in_scope(measured, &value["spec"], object) {
        return Ok(None);
    }
    let is_pod = measured.group.is_empty() && measured.plural == "pods";
    if let Some(why) = silence(&object["spec"], &names).filter(|_| is_pod) {
        return Err(format!("failed quota: {}: {why}", quota.name()));
    }
    let used = amounts(&value["status"]["used"]);
    if names.iter().any(|name| !used.contains_key(*name)) {
        return Err(format!(
            "status unknown for quota: {}, resources: {}",
            quota.name(),
            names.join(",")
        ));
    }
    Ok(Some(Held { quota, hard, used }))
}

/// What a write takes more than before, of what a quota is about.
fn requested(usage: &Amounts, before: Amounts, hard: &Amounts) -> Amounts {
    let more = usage.iter().map(|(name, amount)| {
        let before = before.get(name).copied().unwrap_or_default();
        (name.clone(), amount.minus(before))
    });
    more.filter(|(name, amount)| !amount.is_zero() && hard.contains_key(name))
        .collect()
}

impl Held<'_> {
    /// What is too much, if anything is.
    fn excess(&self, requested: &Amounts, used: &Amounts) -> Option<String> {
        let is_exceeded = |name: &&String| used[*name] > self.hard[*name];
        let exceeded: Vec<&String> = requested.keys().filter(is_exceeded).collect();
        let shown = |amounts: &Amounts| {
            let one = |name: &&String| {
                let amount = amounts.get(*name).copied().unwrap_or_default();
                format!("{name}={amount}")
            };
            exceeded.iter().map(one).collect::<Vec<_>>().join(",")
        };
        (!exceeded.is_empty()).then(|| {
            format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                self.quota.name(),
                shown(requested),
                shown(&self.used),
                shown(&self.hard)
            )
        })
    }
}
