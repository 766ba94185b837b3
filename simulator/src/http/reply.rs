//! From what the kernel says to what the client reads, which nobody else waits for.

use http::Response;
use http::header::{ACCEPT, WARNING};

use super::body::ResponseBody;
use super::call::Call;
use super::direct::Told;
use super::dispatch::{Wanted, refusal};
use super::negotiate::{Form, Format};
use super::query::Query;
use super::response::{
    JSON, bare_response, go_type, misshapen, object_response, page_expired, refusal_format,
    response, text_response, told_response, unlisted,
};
use super::service::ApiServer;
use super::{content, encode, warning};
use crate::store::answer::{Answer, Refused, Reply};
use crate::store::kind::Kind;

/// The answer to a request.
pub(super) fn told(
    server: &ApiServer,
    call: &Call,
    wanted: &Wanted,
    result: Result<Reply, Refused>,
) -> Response<ResponseBody> {
    let (mut response, warnings) = match result {
        Ok(reply) => (shown(server, call, wanted, reply.answer), reply.warnings),
        Err(refused) => (refusal(call, &refused.status), refused.warnings),
    };
    add_warnings(&mut response, &warnings);
    response
}

fn shown(
    server: &ApiServer,
    call: &Call,
    wanted: &Wanted,
    answer: Answer,
) -> Response<ResponseBody> {
    let Wanted {
        served,
        accepted,
        shape,
        ..
    } = wanted;
    let (shape, format) = (*shape, accepted.format);
    match (&answer, accepted.form) {
        (Answer::List(_), Form::Metadata | Form::BetaMetadata) => {
            return refusal(call, &misshapen(go_type(&served.kind), true));
        }
        (Answer::Object(..), Form::MetadataList | Form::BetaMetadataList) => {
            return refusal(call, &unlisted(&served.kind));
        }
        (Answer::Done(_, value), form) if form.is_list() && value["kind"] == "Scale" => {
            return refusal(call, &misshapen(("autoscaling", "Scale"), false));
        }
        _ => {}
    }
    let is_direct = call.direct.is_some();
    match answer {
        Answer::Object(code, object) if is_direct => {
            told_response(code, Told::object(served, shape, &object))
        }
        Answer::List(page) if is_direct => told_response(200, Told::list(served, shape, &page)),
        Answer::Done(code, value) if is_direct => told_response(code, Told::Object(value)),
        Answer::Object(code, object) if format == Format::Json => {
            response(code, JSON, encode::object(served, shape, &object))
        }
        Answer::Object(code, object) => {
            object_response(code, format, &content::object(served, shape, &object))
        }
        Answer::List(page) if format == Format::Json => {
            response(200, JSON, encode::list(served, shape, &page))
        }
        Answer::List(page) => object_response(200, format, &content::list(served, shape, &page)),
        Answer::Done(code, value) => {
            object_response(code, format, &content::done(served, shape, value))
        }
        Answer::Text(text) if text.is_empty() => bare_response(200),
        Answer::Text(text) => text_response(200, text),
        Answer::Empty => bare_response(204),
        Answer::Follow(follow) => server.followed(follow),
        Answer::Watch(cursor) => server.watched(call, wanted, cursor),
    }
}

/// An answer with what is said of a kind that is to go, and of a page that is too old.
pub(super) fn finished(
    mut response: Response<ResponseBody>,
    call: &Call,
    kind: &Kind,
    query: &Query,
) -> Response<ResponseBody> {
    if !kind.deprecation.is_empty() {
        add_warnings(&mut response, std::slice::from_ref(&kind.deprecation));
    }
    if response.status().as_u16() == 410 && query.get("continue").is_some() {
        let format = refusal_format(call.headers.get(ACCEPT));
        return page_expired(query.text("continue"), format);
    }
    response
}

pub(super) fn add_warnings(response: &mut Response<ResponseBody>, warnings: &[String]) {
    for value in warning::headers(warnings) {
        response.headers_mut().append(WARNING, value);
    }
}
