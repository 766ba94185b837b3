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
use crate::store::request::{Part, PatchKind, Request, WriteOptions};
use crate::store::status::Status;
use crate::store::write::{Via, has_status, wipe};
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
        wipe(&mut sent);
        rules::prepare(&request.served.kind, &mut sent);
        if via == Via::Put {
            ownership::track(request, None, &mut sent, options, context.now);
        }
        let is_given = self.give_limits(request, &mut sent);
        rules::plug_in(&request.served.kind, &mut sent);
        self.give_classes(&request.served.kind, &mut sent);
        if request.served.kind.origin == Origin::BuiltIn
            && has_status(&request.served)
            && let Some(fields) = sent.as_object_mut()
        {
            // A Go struct has one.
            fields.entry("status").or_insert_with(|| json!({}));
        }
        drop_type(&mut sent);
        let sent = stored_form(&request.served, sent);
        let attempt = Attempt::creation(request, &sent, options);
        let mutated = match are_silent {
            true => None,
            false => self.mutate(&attempt, context)?,
        };
        let Some(mutated) = mutated.or(is_given.then_some(sent)) else {
            return Ok(None);
        };
        let owners = taken(request, value, mutated);
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
        if request.part == Part::Whole {
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
        Ok(mutated.map(|mutated| taken(request, value, mutated)))
    }
}

/// Takes the object that webhooks made in place of what was sent.
fn taken(request: &Request, value: &mut Value, mutated: Value) -> Owners {
    let revision = mutated["metadata"].get("resourceVersion").cloned();
    *value = to_version(&request.served, &Object::new(mutated, 0));
    let metadata = metadata_mut(value);
    if let Some(revision) = revision {
        metadata.insert("resourceVersion", revision);
    }
    Owners(metadata.get("managedFields").cloned())
}
