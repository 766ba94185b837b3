//! From a call to its answer: route, ask the kernel, encode.

use std::io;

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use serde_json::{Value, json};

use super::body::{ResponseBody, WatchBody};
use super::encode::{self, JSON};
use super::journal::Entry;
use super::negotiate::{Accepted, accepted};
use super::query::Query;
use super::resource;
use super::route::{Route, Target};
use super::service::{ApiServer, Call};
use super::table::Headings;
use crate::store::answer::{Answer, Reply};
use crate::store::registry::{Found, Served};
use crate::store::request::Verb;
use crate::store::status::Status;

/// An answer, or the lack of one: the connection breaks.
pub(crate) type Answered = Result<Response<ResponseBody>, io::Error>;

impl ApiServer {
    /// Answers one call.
    pub(crate) fn answer(&self, call: &Call) -> Answered {
        match Route::parse(call.uri.path()) {
            Route::Version => Ok(value_response(200, &version())),
            Route::Health(_) => Ok(text_response(200, "ok")),
            Route::Resource(target) => self.resource(call, &target),
            Route::Root => Ok(self.root()),
            Route::CoreVersions => Ok(self.core_versions(call)),
            Route::Groups => Ok(self.groups(call)),
            Route::Group(group) => Ok(self.group(&group)),
            Route::Resources { group, version } => Ok(self.resources(&group, &version)),
            Route::OpenApi(path) => Ok(self.openapi(call, &path)),
            Route::Unknown => Ok(text_response(404, "404 page not found\n")),
        }
    }

    fn resource(&self, call: &Call, target: &Target) -> Answered {
        let found =
            self.lock()
                .kernel
                .registry()
                .find(&target.group, &target.version, &target.resource);
        let served = match found {
            Found::Resource(served) => served,
            Found::NoResource | Found::NoVersion => return Ok(status_response(&no_resource())),
            Found::NoGroup => return Ok(text_response(404, "404 page not found\n")),
        };
        let query = Query::parse(call.uri.query().unwrap_or_default());
        let Some(accepted) = accepted(call.header(ACCEPT)) else {
            return Ok(not_acceptable());
        };
        let accepted = match accepted.with_query(&query) {
            Ok(accepted) => accepted,
            Err(status) => return Ok(status_response(&status)),
        };
        let request = match resource::request(call, target, &served, &query) {
            Ok(request) => request,
            Err(status) => return Ok(status_response(&status)),
        };
        let verb = request.verb.name();
        let is_write = !matches!(request.verb, Verb::Get(_) | Verb::List(_) | Verb::Watch(_));
        let now = self.clock().now();
        let mut state = self.lock();
        let state = &mut *state;
        let before = state.kernel.log().revision();
        let result = state.kernel.apply(request, now, &mut state.ids);
        let revision = state.kernel.log().revision();
        if is_write {
            let code = result.as_ref().map_or_else(|s| s.code, |r| code(&r.answer));
            state.journal.record(&Entry {
                now,
                actor: &call.actor,
                verb,
                path: call.uri.path(),
                code,
                revision,
            });
        }
        if revision != before {
            let log = state.kernel.log();
            for table in log.tables_since(before) {
                state.watchers.wake(table);
            }
        }
        let watch = (state.watchers.register(), state.watchers.barriers());
        match result {
            Ok(reply) => Ok(self.encode(served, accepted, reply, watch)),
            Err(status) => Ok(status_response(&status)),
        }
    }

    fn encode(
        &self,
        served: std::sync::Arc<Served>,
        accepted: Accepted,
        reply: Reply,
        (id, barriers_seen): (u64, u64),
    ) -> Response<ResponseBody> {
        let (form, now) = (accepted.form, self.clock().now());
        let mut response = match reply.answer {
            Answer::Object(code, object) => response(
                code,
                JSON,
                ResponseBody::bytes(encode::object(&served, form, &object, now)),
            ),
            Answer::List(page) => response(
                200,
                JSON,
                ResponseBody::bytes(encode::list(&served, form, &page, now)),
            ),
            Answer::Done(code, value) | Answer::Value(code, value) => value_response(code, &value),
            Answer::Text(text) => response(200, "text/plain", ResponseBody::bytes(text)),
            Answer::Watch(cursor) => {
                let watch = WatchBody {
                    server: self.clone(),
                    served,
                    form,
                    cursor,
                    id,
                    barriers_seen,
                    headings: Headings::Shown,
                    deadline: None,
                };
                response(200, JSON, ResponseBody::watch(watch))
            }
        };
        for warning in &reply.warnings {
            let text = format!("299 - {warning:?}");
            if let Ok(value) = HeaderValue::from_str(&text) {
                response.headers_mut().append(http::header::WARNING, value);
            }
        }
        response
    }
}

fn code(answer: &Answer) -> u16 {
    match answer {
        Answer::Object(code, _) | Answer::Done(code, _) | Answer::Value(code, _) => *code,
        Answer::List(_) | Answer::Text(_) | Answer::Watch(_) => 200,
    }
}

/// 404 for a resource or subresource that a known group and version does not have.
pub(crate) fn no_resource() -> Status {
    Status {
        code: 404,
        reason: "NotFound",
        message: "the server could not find the requested resource".to_owned(),
        details: Some(json!({})),
    }
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "34",
        "emulationMajor": "1", "emulationMinor": "34",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "33",
        "gitVersion": "v1.34.3+sim", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "2030-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc",
        "platform": "simulated/memory"
    })
}

fn not_acceptable() -> Response<ResponseBody> {
    status_response(&Status {
        code: 406,
        reason: "NotAcceptable",
        message: "only the following media types are accepted: application/json, application/yaml"
            .to_owned(),
        details: None,
    })
}

pub(crate) fn response(
    code: u16,
    media_type: &'static str,
    body: ResponseBody,
) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() =
        http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

pub(crate) fn value_response(code: u16, value: &Value) -> Response<ResponseBody> {
    response(code, JSON, ResponseBody::bytes(value.to_string()))
}

pub(crate) fn status_response(status: &Status) -> Response<ResponseBody> {
    value_response(status.code, &status.body())
}

pub(crate) fn text_response(code: u16, text: &'static str) -> Response<ResponseBody> {
    response(code, "text/plain; charset=utf-8", ResponseBody::bytes(text))
}
