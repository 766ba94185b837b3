//! From a call to its answer: route, ask the kernel, encode.

use std::sync::Arc;

use http::header::ACCEPT;
use http::{Method, Response};
use jiff::Timestamp;

use super::body::ResponseBody;
use super::call::Call;
use super::custom;
use super::hang::Hanging;
use super::health::{health, version};
use super::journal::Entry;
use super::lifecycle::shorten;
use super::negotiate::{Accepted, Format, Offer, Refusal, accepted};
use super::pending::Pending;
use super::query::Query;
use super::reply::finished;
use super::resource::{self, no_resource, not_allowed};
use super::response::{
    self, LOG_FORMATS, bare_response, no_stream, not_acceptable, nowhere, strict_text,
    text_response, unavailable_as,
};
use super::route::{Route, Target};
use super::service::ApiServer;
use super::shape::Shape;
use super::state::State;
use super::{caller, deadline, metrics, review};
use crate::access::User;
use crate::faults::{Moment, Said, Verdict};
use crate::store::answer::{Refused, Reply};
use crate::store::kind::{Kind, Origin};
use crate::store::registry::{Found, Registry, Served};
use crate::store::request::{Part, Request, Verb};
use crate::store::status::Status;

/// An answer, or the lack of one.
pub(crate) type Answered = Result<Response<ResponseBody>, Lost>;

/// Why there is no answer.
pub(crate) enum Lost {
    /// The connection breaks.
    Broken,
    /// It breaks only after a while.
    Hanging(Hanging),
}

/// What the answer to a request is made with besides the kernel's reply.
pub(super) struct Wanted {
    pub(super) served: Arc<Served>,
    pub(super) accepted: Accepted,
    pub(super) shape: Shape,
    pub(super) timeout_seconds: u64,
}

impl ApiServer {
    /// Answers one call; to a HEAD without a body.
    pub(crate) async fn answer(&self, call: &Call) -> Answered {
        let answered = self.answer_whole(call).await;
        if call.method != Method::HEAD {
            return answered;
        }
        answered.map(|mut response| {
            *response.body_mut() = bare_response(200).into_body();
            response
        })
    }

    async fn answer_whole(&self, call: &Call) -> Answered {
        let Some(present) = self.present().await else {
            return Err(Lost::Broken);
        };
        let route = Route::parse(call.uri.path());
        if route == Route::Prefix {
            return Ok(strict_text(500, kindless(call)));
        }
        let known = deadline::check(call, &route).and_then(|()| self.authenticated(call));
        let user = match known {
            Ok(user) => user,
            Err(status) => return Ok(refusal(call, &status)),
        };
        if let Some(text) = caller::nameless(call) {
            return Ok(strict_text(500, text));
        }
        let (user, answered) = match self.admitted(Arc::clone(&user), call, &route) {
            Ok(user) => {
                let answering = self.answer_to((call, &user), &route, &present.registry);
                let answered = answering.await;
                (user, answered)
            }
            Err(status) => (user, Ok(refusal(call, &status))),
        };
        answered.map(|mut response| {
            if call.direct.is_none() {
                let question = || caller::question(call, &route);
                present.flows.tell(response.headers_mut(), &user, &question);
            }
            response
        })
    }

    async fn answer_to(
        &self,
        (call, user): (&Call, &Arc<User>),
        route: &Route,
        registry: &Registry,
    ) -> Answered {
        match route {
            Route::Resource(target) => {
                match review::find(&target.group, &target.version, &target.resource) {
                    Some(_) if target.watch => Ok(refusal(call, &no_resource())),
                    Some(kind) if !target.is_doubled => {
                        Ok(self.review((call, user), (kind, target)).await)
                    }
                    _ => self.resource((call, user), target, registry).await,
                }
            }
            Route::Unknown => Ok(nowhere()),
            Route::Prefix => Ok(strict_text(500, kindless(call))),
            Route::Broken => Ok(text_response(400, "400 Bad Request")),
            Route::Version | Route::CoreVersions if call.method != Method::GET => {
                Ok(refusal(call, &not_allowed()))
            }
            Route::Resources { group, version }
                if call.method != Method::GET && !is_custom(registry, (group, version)) =>
            {
                Ok(refusal(call, &not_allowed()))
            }
            Route::Version => Ok(version(call)),
            Route::Health(check) => Ok(health(call, check)),
            Route::Metrics => Ok(self.metrics()),
            Route::Indicators => Ok(metrics::indicators()),
            Route::Root => Ok(self.root()),
            Route::CoreVersions => Ok(self.core_versions(call)),
            Route::Groups => Ok(self.groups(call)),
            Route::Group(group) => Ok(self.group(call, group)),
            Route::Resources { group, version } => Ok(self.resources(call, group, version)),
            Route::OpenApi(path) => Ok(self.openapi(call, path)),
        }
    }

    async fn resource(
        &self,
        (call, user): (&Call, &Arc<User>),
        target: &Target,
        registry: &Registry,
    ) -> Answered {
        let served = match registry.find(&target.group, &target.version, &target.resource) {
            Found::Resource(served) if custom::is_nowhere(call, target, &served.kind) => {
                return Ok(nowhere());
            }
            Found::Resource(served) => match misplaced(call, target, &served.kind) {
                Some(status) => return Ok(refusal(call, &status)),
                None => served,
            },
            Found::NoResource | Found::NoVersion => return Ok(refusal(call, &no_resource())),
            Found::NoCustomResource | Found::NoCustomVersion | Found::NoGroup => {
                return Ok(nowhere());
            }
        };
        if let Some(status) = self.unconnected(call, target, &served) {
            return Ok(refusal(call, &status));
        }
        let whole = custom::whole(call, &served.kind);
        let call = whole.as_ref().unwrap_or(call);
        let query = Query::parse(call.uri.query().unwrap_or_default());
        let asked = Arc::clone(&served);
        match self.prepare((call, user), target, (served, &query)) {
            Ok((request, wanted)) => {
                let answered = self.perform(call, request, &wanted).await;
                answered.map(|response| finished(response, call, &asked.kind, &query))
            }
            Err(status) => Ok(refusal(call, &status)),
        }
    }

    fn prepare(
        &self,
        (call, user): (&Call, &Arc<User>),
        target: &Target,
        (served, query): (Arc<Served>, &Query),
    ) -> Result<(Request, Wanted), Status> {
        let offer = match (served.kind.origin, target.subresource.as_str()) {
            (Origin::BuiltIn, "log") => Offer::Log,
            (origin, _) => Offer::Resource(origin),
        };
        let accepted = accepted(call.header(ACCEPT), offer).map_err(|refusal| {
            // A method that is not served is told before anybody looks at what is accepted.
            match resource::request((call, user), target, &served, query) {
                Err(status) if status.code == 405 => return status,
                _ => {}
            }
            let is_list = target.name.is_empty() && call.method == http::Method::GET;
            match (&refusal, offer) {
                (Refusal::MediaType, Offer::Log) => unavailable_as(LOG_FORMATS),
                _ => not_acceptable(&refusal, is_list),
            }
        })?;
        let is_stream = target.name.is_empty() && (target.watch || query.flag("watch"));
        if is_stream && call.method == http::Method::GET && accepted.format == Format::Yaml {
            return Err(no_stream());
        }
        let shape = Shape::new(
            accepted.form,
            query.text("includeObject"),
            self.clock().now(),
        )?;
        let request = resource::request((call, user), target, &served, query)?;
        let timeout_seconds = match &request.verb {
            Verb::Watch(options) => options.timeout_seconds,
            _ => 0,
        };
        let wanted = Wanted {
            served,
            accepted,
            shape,
            timeout_seconds,
        };
        Ok((request, wanted))
    }

    /// Lets faults disturb a request before anybody looks at it; what they answer, if they do.
    pub(super) fn begin(
        &self,
        state: &mut State,
        call: &Call,
        pending: &mut Pending,
    ) -> Option<Answered> {
        let now = self.clock().now();
        let request = &mut pending.request;
        match state.fault(request, Moment::Before, now) {
            Verdict::Pass | Verdict::Disturb(..) | Verdict::Kill(_) => {}
            Verdict::Meddle(what) => self.meddle(state, request, what),
            Verdict::GoAway => pending.is_last = true,
            Verdict::Pages(n) => shorten(request, n),
            Verdict::Answer(said) => return Some(Ok(said_to(call, &said))),
            Verdict::Hang(patience) => return Some(Err(self.hang(state, call, now + patience))),
            Verdict::Break | Verdict::Crash => return Some(Err(Lost::Broken)),
        }
        let view = state.trouble.view(&call.actor)?;
        let refused = state.through(view, request).err()?;
        Some(Ok(refusal(call, &refused)))
    }

    /// What becomes of a request that came to its end, if not what the kernel says.
    pub(super) fn conclude(
        &self,
        state: &mut State,
        (call, asked): (&Call, &Request),
    ) -> Option<Answered> {
        if state.is_lost {
            return Some(Err(Lost::Broken));
        }
        let now = self.clock().now();
        match state.fault(asked, Moment::After, now) {
            Verdict::Pass
            | Verdict::Disturb(..)
            | Verdict::Kill(_)
            | Verdict::Meddle(_)
            | Verdict::GoAway
            | Verdict::Pages(_) => None,
            Verdict::Answer(said) => Some(Ok(said_to(call, &said))),
            Verdict::Hang(patience) => Some(Err(self.hang(state, call, now + patience))),
            Verdict::Break | Verdict::Crash => Some(Err(Lost::Broken)),
        }
    }

    fn hang(&self, state: &mut State, call: &Call, until: Timestamp) -> Lost {
        let id = state.trouble.hangs.begin(&call.actor, until);
        Lost::Hanging(Hanging::new(self.clone(), id, until))
    }

    /// Asks the kernel, records a write to `path` and wakes who waits for it; nothing has happened if webhooks are to be
    /// asked.
    pub(super) fn apply(
        &self,
        state: &mut State,
        path: &str,
        pending: &mut Pending,
    ) -> Result<Reply, Refused> {
        let now = self.clock().now();
        let request = &pending.request;
        let (actor, verb) = (Arc::clone(&request.actor), request.verb.name());
        let is_write = request.verb.is_write();
        let is_log = request.part == Part::Log && is_write;
        let before = state.kernel.log().revision();
        let shown = state.trouble.clock(now);
        state.kernel_mut().expire(shown);
        let result = state.apply(pending, shown);
        if pending.conversation.is_open() {
            self.keep(state, before);
            state.wake_since(before, now);
            return result;
        }
        self.keep(state, before);
        if is_write {
            let code = match &result {
                Ok(reply) => reply.answer.code(),
                Err(refused) => refused.status.code,
            };
            state.journal.record(&Entry {
                now,
                actor: &actor,
                verb,
                path,
                code,
                revision: state.kernel.log().revision(),
            });
        }
        state.wake_since(before, now);
        if is_log {
            state.watchers.wake(state.kernel.pods());
        }
        if let Some(window) = state.window {
            state.kernel_mut().keep_within(&window);
        }
        result
    }
}

/// Whether every resource of a version is of a definition.
fn is_custom(registry: &Registry, (group, version): (&str, &str)) -> bool {
    matches!(registry.find(group, version, ""), Found::NoCustomResource)
}

/// Why nobody looks at the path of a built-in resource any further in which two slashes stand side by side: where they
/// leave out a namespace, only lists and watches reach across all of them.
///
/// Source: apiserver v0.34.3, pkg/endpoints/handlers/namer.go and pkg/registry/generic/registry/store.go.
fn misplaced(call: &Call, target: &Target, kind: &Kind) -> Option<Status> {
    if !target.is_doubled || kind.origin == Origin::Custom {
        return None;
    }
    if !target.has_no_namespace || !kind.namespaced || call.method == Method::POST {
        return Some(no_resource());
    }
    let reaches_all = matches!(call.method, Method::GET | Method::HEAD) && target.name.is_empty();
    (!reaches_all).then(|| Status::bad_request("Namespace parameter required."))
}

/// What is said of a path that ends where a kind should follow.
///
/// Source: apiserver v0.34.3, pkg/endpoints/request/requestinfo.go.
fn kindless(call: &Call) -> String {
    let uri = call.uri.path_and_query().map_or("", |uri| uri.as_str());
    format!(
        "Internal Server Error: {uri:?}: failed to create RequestInfo: unable to determine kind and namespace from url, {uri}\n"
    )
}

/// A refusal in the format that the client accepts.
pub(super) fn refusal(call: &Call, status: &Status) -> Response<ResponseBody> {
    response::refusal(call.headers.get(ACCEPT), status)
}

fn said_to(call: &Call, said: &Said) -> Response<ResponseBody> {
    response::said(call.headers.get(ACCEPT), said)
}
