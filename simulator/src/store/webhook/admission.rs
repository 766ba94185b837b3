//! What the webhooks of a cluster make of a write that is otherwise good.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/webhook/validating/dispatcher.go.

use super::conversation::Inquiry;
use super::hook::Webhook;
use super::response::Response;
use crate::json::json;
use crate::store::admission::{Attempt, Target};
use crate::store::kernel::{Context, Kernel};
use crate::store::registry::Conversion;
use crate::store::request::Request;
use crate::store::status::Status;

impl Kernel {
    /// Refuses a write that a policy or a validating webhook denies, that is out of range or less secure than its
    /// namespace asks, or that makes a second default.
    pub(in crate::store) fn admit(
        &self,
        attempt: &Attempt,
        context: &mut Context,
    ) -> Result<(), Status> {
        self.admit_limits(attempt)?;
        self.admit_security(attempt, &mut context.warnings)?;
        self.admit_default_class(attempt)?;
        self.admit_by_policies(attempt, &mut context.warnings)?;
        if self.webhooks.are_silent(&attempt.request.served) {
            return Ok(());
        }
        let target = Target::of(self, attempt);
        let mut meant = Vec::new();
        for hook in self.webhooks.validating() {
            meant.extend(hook.meant(&target)?.map(|meant| (hook, meant)));
        }
        let mut refusal = None;
        // They are all asked at the same time.
        for (hook, meant) in meant {
            let call = Call {
                inquiry: meant.inquiry,
                is_mutating: false,
                is_dry_run: attempt.is_dry_run,
            };
            let said = call.answered(hook, context);
            refusal = refusal.or(said.err());
        }
        if context.conversation.is_open() {
            return Err(unheard());
        }
        refusal.map_or(Ok(()), Err)
    }

    /// Whether somebody may have to be asked before a request is answered.
    #[must_use]
    pub fn asks_webhooks(&self, request: &Request) -> bool {
        let served = &request.served;
        served.conversion == Conversion::Webhook
            || request.verb.is_write() && !self.webhooks.are_silent(served)
    }
}

/// A call of a webhook.
pub(super) struct Call {
    pub(super) inquiry: Inquiry,
    pub(super) is_mutating: bool,
    pub(super) is_dry_run: bool,
}

impl Call {
    /// What a webhook allows; `None` if it could not be called and need not be.
    ///
    /// # Errors
    /// It refuses the write, must be called and could not be, or is yet to be called.
    pub(super) fn answered(
        self,
        hook: &Webhook,
        context: &mut Context,
    ) -> Result<Option<Response>, Status> {
        let name = &hook.name;
        if self.is_dry_run && hook.has_side_effects {
            let why = format!("admission webhook {name:?} does not support dry run");
            return Err(Status::bad_request(why));
        }
        let Some(heard) = context.conversation.heard(self.inquiry) else {
            return Err(unheard());
        };
        let response = match Response::read(hook, heard, self.is_mutating) {
            Ok(response) => response,
            Err(why) => return failed(hook, &why).map(|()| None),
        };
        context.warnings.extend(response.warnings.iter().cloned());
        match response.refusal(hook) {
            Some(status) => Err(status),
            None => Ok(Some(response)),
        }
    }
}

/// Refuses a write since a webhook could not be called, unless that is ignored.
pub(super) fn failed(hook: &Webhook, why: &str) -> Result<(), Status> {
    if hook.fails {
        return Err(failed_call(&hook.name, why));
    }
    Ok(())
}

/// 500 for a webhook that could not be called.
pub(crate) fn failed_call(hook: &str, why: &str) -> Status {
    internal(&format!("failed calling webhook {hook:?}: {why}"))
}

/// 500 for an error of the server's own.
pub(super) fn internal(why: &str) -> Status {
    Status {
        details: Some(json!({"causes": [{"message": why}]})),
        ..Status::internal(format!("Internal error occurred: {why}"))
    }
}

/// What nobody sees: the request is applied again once its inquiries are answered.
pub(in crate::store) fn unheard() -> Status {
    internal("a webhook is yet to answer")
}
