//! What mutating webhooks make of an object.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/webhook/mutating/dispatcher.go.

use super::admission::{Call, failed, internal};
use super::hook::Webhook;
use super::patching::{operations, patched};
use super::reinvocation::Reinvocation;
use super::response::Response;
use crate::json::Value;
use crate::store::admission::{Attempt, Target};
use crate::store::builtin::{self, Row};
use crate::store::decode;
use crate::store::form::stored_form;
use crate::store::identity::{self, Unread};
use crate::store::kernel::{Context, Kernel};
use crate::store::kind::Kind;
use crate::store::metadata;
use crate::store::registry::Served;
use crate::store::request::{FieldValidation, Part, WriteOptions};
use crate::store::status::Status;
use crate::store::write::Via;
use crate::store::{rules, scale, shape};

impl Kernel {
    /// What webhooks make of the object of a write, as it would be stored; `None` if they leave it as it is.
    pub(in crate::store) fn mutate(
        &self,
        attempt: &Attempt,
        context: &mut Context,
    ) -> Result<Option<Value>, Status> {
        if self.webhooks.are_silent(&attempt.request.served) {
            return Ok(None);
        }
        let mut mutated: Option<Value> = None;
        let mut reinvocation = Reinvocation::default();
        loop {
            for hook in self.webhooks.mutating() {
                let latest = mutated.clone();
                let attempt = attempt.of(latest.as_ref());
                let changed = self.mutate_by(hook, &attempt, &mut reinvocation, context)?;
                mutated = changed.or(mutated);
            }
            if reinvocation.is_second || !reinvocation.is_needed {
                return Ok(mutated);
            }
            reinvocation.is_second = true;
        }
    }

    fn mutate_by(
        &self,
        hook: &Webhook,
        attempt: &Attempt,
        reinvocation: &mut Reinvocation,
        context: &mut Context,
    ) -> Result<Option<Value>, Status> {
        let target = Target::of(self, attempt);
        let Some(meant) = hook.meant(&target)?.filter(|_| reinvocation.calls(hook)) else {
            return Ok(None);
        };
        let call = Call {
            inquiry: meant.inquiry,
            is_mutating: true,
            is_dry_run: attempt.is_dry_run,
        };
        let changed = match call.answered(hook, context)? {
            Some(response) => changed(&response, hook, (attempt, &meant.served))?,
            None => None,
        };
        reinvocation.note(hook, changed.is_some());
        Ok(changed)
    }
}

/// The object that a response makes of that of an attempt, as it would be stored.
fn changed(
    response: &Response,
    hook: &Webhook,
    (attempt, served): (&Attempt, &Served),
) -> Result<Option<Value>, Status> {
    if response.patch.is_empty() {
        return Ok(None);
    }
    let operations = match operations(&response.patch) {
        Ok(operations) => operations,
        Err(why) => {
            let why = format!("received undecodable patch in webhook response: {why}");
            return failed(hook, &why).map(|()| None);
        }
    };
    if operations.is_empty() {
        return Ok(None);
    }
    let object = attempt.new_in(served);
    if object.is_null() {
        let why = format!(
            "admission webhook {:?} attempted to modify the object, which is not supported for this operation",
            hook.name
        );
        return Err(internal(&why));
    }
    if response.patch_type != "JSONPatch" {
        let why = format!("unsupported patch type {:?}", response.patch_type);
        return failed(hook, &why).map(|()| None);
    }
    let patched = patched(&object, &operations).map_err(|why| internal(&why))?;
    let stored = stored(attempt, served, patched)?;
    // A revision that is no number is shown as none.
    let revision = |object: &Value| object["metadata"].get("resourceVersion").cloned();
    let has_changed = attempt.of(Some(&stored)).new_in(served) != object
        || attempt.new.and_then(revision) != revision(&stored);
    Ok(has_changed.then_some(stored))
}

/// A patched object as it would be stored.
fn stored(attempt: &Attempt, served: &Served, mut patched: Value) -> Result<Value, Status> {
    let kind = &served.kind;
    match attempt.request.part {
        Part::Binding | Part::Eviction | Part::Token => return Ok(patched),
        Part::Scale => {
            let replicas = patched["spec"]["replicas"].as_i64().unwrap_or(0);
            let mut object = attempt.new.cloned().unwrap_or_default();
            scale::set_replicas(kind, &mut object, replicas);
            return Ok(object);
        }
        Part::Whole
        | Part::Status
        | Part::Finalize
        | Part::Log
        | Part::EphemeralContainers
        | Part::Resize
        | Part::Approval => {}
    }
    identity::check_made(kind, &mut patched).map_err(|why| match why {
        Unread::Undecodable(why) => internal(&why),
        Unread::Unconvertible(why) => other_kind(&patched).unwrap_or(*why),
    })?;
    let lenient = WriteOptions {
        field_validation: FieldValidation::Ignore,
        ..WriteOptions::default()
    };
    shape::fit(served, &mut patched, (&lenient, Via::Put), &mut Vec::new())
        .map_err(|why| internal(&why))?;
    rules::prepare(kind, &mut patched);
    metadata::normalise(&mut patched);
    if let Some(fields) = patched.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    Ok(stored_form(served, patched))
}

/// Why what is made of an object cannot even be decoded as the other built-in kind that it says it is.
fn other_kind(patched: &Value) -> Option<Status> {
    let (api_version, called) = (patched["apiVersion"].as_str()?, patched["kind"].as_str()?);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let is_meant =
        |kind: &Kind| (&*kind.group, &*kind.version, &*kind.kind) == (group, version, called);
    let kind = builtin::rows().map(Row::kind).find(is_meant)?;
    let misfit = decode::check(&kind, patched).err()?;
    Some(internal(&misfit.to_string()))
}
