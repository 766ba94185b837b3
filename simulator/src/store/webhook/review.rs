//! Reviews, which are answered and never stored, before admission.
//!
//! Source: apiserver v0.34.3, pkg/endpoints/handlers/create.go; kubernetes v1.34.3, pkg/registry/authorization.

use super::admission::unheard;
use super::conversation::Conversation;
use crate::ids::Ids;
use crate::json::Value;
use crate::store::admission::Attempt;
use crate::store::answer::Refused;
use crate::store::form::{drop_type, to_version};
use crate::store::kernel::{Context, Kernel};
use crate::store::object::Object;
use crate::store::request::{Request, WriteOptions};
use crate::store::status::Status;

impl Kernel {
    /// What admission makes of a review that was `posted`, and what it warns of; `judge` tells why one cannot be answered,
    /// which is asked before policies and those webhooks that can only refuse.
    ///
    /// # Errors
    /// It is refused, or somebody is yet to be asked.
    pub(crate) fn admit_review(
        &self,
        request: &Request,
        (posted, options): (&Value, &WriteOptions),
        conversation: &mut Conversation,
        judge: impl Fn(&Value) -> Option<Status>,
    ) -> Result<(Value, Vec<String>), Refused> {
        // Nothing is made, so that no uid is drawn.
        let mut ids = Ids::new(0);
        let mut context = Context::new((jiff::Timestamp::UNIX_EPOCH, &mut ids), conversation);
        let mut stored = posted.clone();
        drop_type(&mut stored);
        let attempt = Attempt::creation(request, &stored, options);
        let admitted = self.mutate(&attempt, &mut context).and_then(|mutated| {
            let new = mutated.as_ref().unwrap_or(&stored);
            let review = to_version(&request.served, &Object::new(new.clone(), 0));
            let review = if mutated.is_some() {
                review
            } else {
                posted.clone()
            };
            match judge(&review) {
                Some(refusal) => Err(refusal),
                None => Ok((review, mutated)),
            }
        });
        let admitted = admitted.and_then(|(review, mutated)| {
            self.admit(&attempt.of(mutated.as_ref()), &mut context)?;
            Ok(review)
        });
        let warnings = context.warnings;
        match admitted {
            _ if conversation.is_open() => Err(Refused {
                status: unheard(),
                warnings,
            }),
            Ok(review) => Ok((review, warnings)),
            Err(status) => Err(Refused { status, warnings }),
        }
    }
}
