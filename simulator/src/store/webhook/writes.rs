//! The object of a write before webhooks and after them.
//!
//! Source: apiserver v0.34.3, pkg/endpoints/handlers/create.go, update.go and patch.go.

use std::sync::Arc;

use crate::json::{Value, json};
use crate::store::admission::Attempt;
use crate::store::form::{drop_type, stored_form, to_version};
use crate::store::kernel::{Context, Kernel};
use crate::store::kind::Origin;
use crate::store::object::{Object, metadata_mut};
use crate::store::patch::managed::owners_fault;
use crate::store::request::{Part, PatchKind, Request, WriteOptions};
use crate::store::status::Status;
use crate::store::write::{Via, has_status};
use crate::store::{metadata, ownership, parts, rules};

/// Who owns the fields of an object that webhooks have changed: what they add belongs to nobody.
pub(in crate::store) struct Owners(Option<Value>);

impl Owners {
    /// Writes them into the object.
    pub(in crate::store) fn put(self, value: &mut Value) {
        let metadata = metadata_mut(value);
        match self.0 {
            Some(owners) => metadata.insert("managedFields", owners),
            None => metadata.remove("managedFields"),
        };
    }
}

impl Kernel {
    /// Lets limit ranges and webhooks change a new object; `None` if they leave it as it is.
    pub(in crate::store) fn mutate_new(
        &self,
        request: &Request,
        value: &mut Value,
        (options, via): (&WriteOptions, Via),
        context: &mut Context,
    ) -> Result<Option<Owners>, Status> {
        let are_silent = self.webhooks.are_silent(&request.served);
        if are_silent && !self.may_give_limits(request) {
            return Ok(None);
        }
        let mut sent = value.clone();
        rules::prepare(&request.served.kind, &mut sent);
        if via == Via::Put {
            ownership::track(request, None, &mut sent, options, context.now);
        }
        let is_given = self.give_limits(request, &mut sent);
        self.give_classes(&request.served.kind, &mut sent);
        if request.served.kind.origin == Origin::BuiltIn
            && has_status(&request.served)
            && let Some(fields) = sent.as_object_mut()
        {
            // A Go struct has one.
            fields.entry("status").or_insert_with(|| json!({}));
        }
        rules::plug_in(&request.served.kind, &mut sent);
        drop_type(&mut sent);
        let sent = stored_form(&request.served, sent);
        let attempt = Attempt::creation(request, &sent, options);
        let mutated = match are_silent {
            true => None,
            false => self.mutate(&attempt, context)?,
        };
        let before = sent["metadata"].get("managedFields").cloned();
        let Some(mutated) = mutated.or(is_given.then_some(sent)) else {
            return Ok(None);
        };
        let owners = taken(request, value, (before, mutated), &mut context.warnings);
        metadata::place(value, request)?;
        Ok(Some(owners))
    }

    /// Lets webhooks change a new state of an object; `None` if they leave it as it is.
    pub(in crate::store) fn mutate_update(
        &self,
        request: &Request,
        (old, value): (&Arc<Object>, &mut Value),
        (options, via): (&WriteOptions, Via),
        context: &mut Context,
    ) -> Result<Option<Owners>, Status> {
        if self.webhooks.are_silent(&request.served) {
            return Ok(None);
        }
        let mut sent = value.clone();
        if matches!(
            request.part,
            Part::Whole | Part::EphemeralContainers | Part::Resize
        ) {
            rules::prepare(&request.served.kind, &mut sent);
        }
        metadata::normalise(&mut sent);
        if via != Via::Patch(PatchKind::Apply) {
            let before = request.served.view(old);
            let mut tracked = sent.clone();
            parts::restore(request, &mut tracked, &before);
            metadata::keep_owned(&mut tracked, old.value());
            let at = (options, context.now);
            ownership::track_sent(request, (&before, &mut tracked), None, at);
            Owners(metadata_mut(&mut tracked).remove("managedFields")).put(&mut sent);
        }
        drop_type(&mut sent);
        let sent = stored_form(&request.served, sent);
        let attempt = Attempt::update(request, (old, &sent), options);
        let mutated = self.mutate(&attempt, context)?;
        let before = sent["metadata"].get("managedFields").cloned();
        let take = |mutated| taken(request, value, (before, mutated), &mut context.warnings);
        Ok(mutated.map(take))
    }
}

/// Takes the object that webhooks made in place of what was sent, but not what they made of who owned its fields if that
/// is nothing of the kind.
///
/// Source: apiserver v0.34.3, pkg/endpoints/handlers/fieldmanager/admission.go.
fn taken(
    request: &Request,
    value: &mut Value,
    (before, mutated): (Option<Value>, Value),
    warnings: &mut Vec<String>,
) -> Owners {
    let revision = mutated["metadata"].get("resourceVersion").cloned();
    *value = to_version(&request.served, &Object::new(mutated, 0));
    let metadata = metadata_mut(value);
    if let Some(revision) = revision {
        metadata.insert("resourceVersion", revision);
    }
    let owners = metadata.get("managedFields").cloned();
    let owners = match owners.as_ref().and_then(owners_fault) {
        Some(why) => {
            warnings.push(format!(".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: {why}"));
            before
        }
        None => owners,
    };
    metadata::name_owners_once(value, true, warnings);
    Owners(owners.filter(|owners| owners.as_array().is_none_or(|list| !list.is_empty())))
}
