//! Requests that cannot be answered before webhooks are.

use std::sync::Arc;

use http::header::CONNECTION;
use http::{HeaderValue, Response};
use jiff::Timestamp;

use super::body::ResponseBody;
use super::call::Call;
use super::dispatch::{Answered, Lost, Wanted, refusal};
use super::reply;
use super::resource::no_resource;
use super::service::ApiServer;
use super::state::State;
use crate::ids::Ids;
use crate::store::answer::{Refused, Reply};
use crate::store::registry::Found;
use crate::store::request::Request;
use crate::store::webhook::{Conversation, Inquiry};

/// A request that is under way: it may be applied several times, while webhooks are asked.
pub(super) struct Pending {
    pub(super) request: Request,
    pub(super) conversation: Conversation,
    /// When it was applied first, and what it draws its uids from, if webhooks may have to be asked.
    begun: Option<(Timestamp, Ids)>,
    /// Whether faults have had their say.
    is_begun: bool,
    /// Whether nothing may follow it on its connection.
    pub(super) is_last: bool,
}

impl Pending {
    /// A request that nobody has looked at.
    pub(super) fn new(request: Request) -> Self {
        Self {
            request,
            conversation: Conversation::default(),
            begun: None,
            is_begun: false,
            is_last: false,
        }
    }

    /// Its answer, which says so if nothing may follow on its connection.
    fn told(&self, mut response: Response<ResponseBody>) -> Response<ResponseBody> {
        if self.is_last {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response
    }
}

/// How far a request has come.
enum Progress {
    Answered(Answered),
    /// This is to be told.
    Concluded(Result<Reply, Refused>),
    /// These have to be asked first.
    Asks(Vec<Inquiry>),
}

impl ApiServer {
    /// Applies a request until every webhook that it meets has answered; nobody waits for the state meanwhile.
    pub(super) async fn perform(&self, call: &Call, request: Request, wanted: &Wanted) -> Answered {
        let mut pending = Pending::new(request);
        loop {
            let progress = self.proceed(&mut *self.lock_in_turn().await, call, &mut pending);
            match progress {
                Progress::Answered(answered) => return answered.map(|it| pending.told(it)),
                Progress::Concluded(result) => {
                    return Ok(pending.told(reply::told(self, call, wanted, result)));
                }
                Progress::Asks(inquiries) => {
                    let asked = self.ask_all(inquiries, &mut pending.conversation).await;
                    if let Err(status) = asked {
                        return Ok(refusal(call, &status));
                    }
                }
            }
        }
    }

    fn proceed(&self, state: &mut State, call: &Call, pending: &mut Pending) -> Progress {
        if state.is_lost {
            return Progress::Answered(Err(Lost::Broken));
        }
        if !std::mem::replace(&mut pending.is_begun, true)
            && let Some(answered) = self.begin(state, call, pending)
        {
            return Progress::Answered(answered);
        }
        let kind = &pending.request.served.kind;
        let found = state.find((&kind.group, &kind.version), &kind.plural);
        // Definitions change while a request is read and webhooks are asked.
        let Found::Resource(served) = found else {
            return Progress::Answered(Ok(refusal(call, &no_resource())));
        };
        pending.request.served = served;
        let result = self.apply(state, call.uri.path(), pending);
        let inquiries = pending.conversation.take_open();
        if !inquiries.is_empty() {
            return Progress::Asks(inquiries);
        }
        match self.conclude(state, (call, &pending.request)) {
            Some(answered) => Progress::Answered(answered),
            None => Progress::Concluded(result),
        }
    }
}

impl State {
    /// Asks the kernel, with the time and the uids of the first attempt if there has been one.
    pub(super) fn apply(
        &mut self,
        pending: &mut Pending,
        now: Timestamp,
    ) -> Result<Reply, Refused> {
        if pending.begun.is_none() && self.kernel.asks_webhooks(&pending.request) {
            pending.begun = Some((now, self.ids.branch()));
        }
        let kernel = Arc::make_mut(&mut self.kernel);
        let conversation = &mut pending.conversation;
        match &pending.begun {
            Some((begun, ids)) => {
                let request = pending.request.clone();
                kernel.apply_once(request, conversation, *begun, &mut ids.clone())
            }
            None => {
                // It is applied once, and what is left only tells what was asked for.
                let asked = pending.request.without_verb();
                let request = std::mem::replace(&mut pending.request, asked);
                kernel.apply_once(request, conversation, now, &mut self.ids)
            }
        }
    }
}
