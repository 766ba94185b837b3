//! Deletion.
//!
//! Source: `spec/kube-api.md` §1.15.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::kernel::{Context, Kernel};
use super::object::Object;
use super::request::{DeleteOptions, ListOptions, Request};
use super::status::Status;

impl Kernel {
    pub(super) fn delete(
        &mut self,
        request: &Request,
        options: &DeleteOptions,
        _context: &mut Context,
    ) -> Result<Answer, Status> {
        let old = Arc::clone(self.find(request)?);
        if !options.dry_run {
            self.log
                .remove(request.served.table, &old.key(), old.value().clone());
        }
        Ok(Answer::Done(200, success(request, &old)))
    }

    pub(super) fn delete_collection(
        &mut self,
        request: &Request,
        list: &ListOptions,
        options: &DeleteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let page = self.list(request, list)?;
        for item in &page.items {
            let one = Request {
                namespace: item.namespace().to_owned(),
                name: item.name().to_owned(),
                ..request.clone()
            };
            self.delete(&one, options, context)?;
        }
        Ok(Answer::List(page))
    }
}

/// The `Status` of a deletion that took effect at once.
fn success(request: &Request, object: &Object) -> Value {
    let kind = &request.served.kind;
    let mut details = json!({"name": object.name(), "kind": kind.plural, "uid": object.uid()});
    if !kind.group.is_empty() {
        details["group"] = kind.group.clone().into();
    }
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}
