//! From a review that is posted to its answer.

use std::sync::Arc;

use http::Response;
use http::header::ACCEPT;

use super::body::ResponseBody;
use super::call::Call;
use super::dispatch::refusal;
use super::negotiate::{Offer, accepted};
use super::reply::add_warnings;
use super::resource;
use super::response::{not_acceptable, object_response};
use super::route::Target;
use super::service::ApiServer;
use super::{review, review_check};
use crate::access::{Policy, User};
use crate::json::Value;
use crate::store::answer::Refused;
use crate::store::kind::Kind;
use crate::store::ownership::track_posted;
use crate::store::request::{Part, Request, Verb, WriteOptions};
use crate::store::webhook::Conversation;

impl ApiServer {
    /// Answers a review of `kind`, once admission has seen it.
    pub(super) async fn review(
        &self,
        (call, user): (&Call, &Arc<User>),
        (kind, target): (Kind, &Target),
    ) -> Response<ResponseBody> {
        let asked = accepted(call.header(ACCEPT), Offer::Document)
            .map_err(|refusal| not_acceptable(&refusal, false))
            .and_then(|accepted| {
                let body = resource::review_body(call, (&kind, target))?;
                Ok((accepted.format, body))
            });
        let (format, (mut posted, options, mut warnings)) = match asked {
            Ok(asked) => asked,
            Err(status) => return refusal(call, &status),
        };
        let now = self.clock().now();
        track_posted(&mut posted, (&kind.api_version(), ""), &options, now);
        review::fill_status(&kind, &mut posted);
        let request = Request {
            actor: Arc::clone(&call.actor),
            user: Arc::clone(user),
            namespace: target.namespace.clone(),
            name: String::new(),
            part: Part::Whole,
            verb: Verb::Get(None),
            served: Arc::new(review::served(kind)),
        };
        let (mut response, told) = match self.admit_review(&request, (&posted, &options)).await {
            Ok((posted, told)) => {
                let state = self.lock();
                let asked = review::Asked {
                    user,
                    kernel: &state.kernel,
                    own: (call.own_token.as_ref(), &call.user),
                    policy: Policy::of(&state.kernel),
                    namespace: &target.namespace,
                    now,
                };
                let answer = asked.reviewed(&request.served.kind, &posted);
                (object_response(201, format, &answer), told)
            }
            Err(refused) => (refusal(call, &refused.status), refused.warnings),
        };
        warnings.extend(told);
        add_warnings(&mut response, &warnings);
        response
    }

    /// What admission makes of a review, and what it warns of.
    async fn admit_review(
        &self,
        request: &Request,
        posted: (&Value, &WriteOptions),
    ) -> Result<(Value, Vec<String>), Refused> {
        let kind = &request.served.kind;
        let judge = |posted: &Value| review_check::refusal(kind, posted, &request.namespace);
        let mut conversation = Conversation::default();
        loop {
            let admitted = {
                let state = self.lock();
                let kernel = &state.kernel;
                kernel.admit_review(request, posted, &mut conversation, judge)
            };
            let inquiries = conversation.take_open();
            if inquiries.is_empty() {
                return admitted;
            }
            let asked = self.ask_all(inquiries, &mut conversation).await;
            asked.map_err(|status| Refused {
                status,
                warnings: Vec::new(),
            })?;
        }
    }
}
