//! Answers that are all there: a status line, a media type and bytes.

use std::fmt::Display;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};

use super::body::{ResponseBody, WatchBody};
use super::direct::Told;
use super::negotiate::{Format, Offer, Refusal, accepted};
use super::web_socket::Framing;
use super::{options, protobuf};
use crate::faults::Said;
use crate::json::{Value, indented, json};
use crate::store::kind::{Kind, Origin, go_package};
use crate::store::patch::refusal::unexplained;
use crate::store::request::Continue;
use crate::store::status::Status;

/// The media types of answers.
const FORMATS: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
/// The media types to which a router leads for a log, which comes as it is.
pub(super) const LOG_FORMATS: &str =
    "text/plain, application/json, application/yaml, application/vnd.kubernetes.protobuf";
/// What a list comes in besides.
const STREAMS: &str =
    ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
/// How many headers an answer has in the end, mostly.
const N_HEADERS: usize = 8;
/// The media type of JSON answers.
pub(crate) const JSON: &str = "application/json";

/// An object with `apiVersion` and `kind`.
pub(crate) fn object_response(code: u16, format: Format, object: &Value) -> Response<ResponseBody> {
    match format {
        Format::Json => value_response(code, object),
        Format::Yaml => in_format(code, format, serde_saphyr::to_string(object)),
        Format::Protobuf => in_format(code, format, protobuf::encode(object)),
    }
}

fn in_format<E: Display>(
    code: u16,
    format: Format,
    body: Result<impl Into<Bytes>, E>,
) -> Response<ResponseBody> {
    match body {
        Ok(body) => response(code, format.media_type(), body),
        Err(why) => status_response(&Status::internal(format!("encode {format:?}: {why}"))),
    }
}

/// An answer to a client in this process: a value instead of text.
pub(crate) fn told_response(code: u16, told: Told) -> Response<ResponseBody> {
    let mut response = response(code, JSON, "");
    response.extensions_mut().insert(told);
    response
}

/// A watch as text or as protobuf.
pub(crate) fn watch_response(watch: WatchBody) -> Response<ResponseBody> {
    let (media_type, framing) = match watch.format {
        Format::Json | Format::Yaml => (JSON, Framing::Text),
        Format::Protobuf => (
            "application/vnd.kubernetes.protobuf;stream=watch",
            Framing::Binary,
        ),
    };
    let mut response = response(200, media_type, "");
    response.extensions_mut().insert(framing);
    *response.body_mut() = ResponseBody::watch(watch);
    response
}

/// A JSON document, which ends its line.
pub(crate) fn value_response(code: u16, value: &Value) -> Response<ResponseBody> {
    response(code, JSON, format!("{value}\n"))
}

/// A refusal in the format that the client accepts; JSON in lines where it accepts none.
///
/// Source: apiserver v0.34.3, pkg/endpoints/handlers/responsewriters/writers.go, `ErrorNegotiated` (`Retry-After`,
/// `WriteRawJSON`).
pub(crate) fn refusal(accept: Option<&HeaderValue>, status: &Status) -> Response<ResponseBody> {
    let mut response = match accepted(text(accept), Offer::Plain) {
        Ok(accepted) => object_response(status.code, accepted.format, &status.body()),
        Err(_) => {
            let lines = indented(status.body().to_string().as_bytes());
            response(status.code, JSON, lines)
        }
    };
    let details = status.details.as_ref();
    let seconds = details.and_then(|details| details["retryAfterSeconds"].as_u64());
    if let Some(seconds) = seconds.filter(|seconds| *seconds > 0) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// What a fault says in place of an answer.
pub(crate) fn said(accept: Option<&HeaderValue>, said: &Said) -> Response<ResponseBody> {
    let mut response = match *said {
        Said::Status(ref status) => return refusal(accept, status),
        Said::Text(code, "") => bare_response(code),
        Said::Text(code, text) => text_response(code, text),
    };
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(RETRY_AFTER, 1.into());
    }
    response
}

/// The format of a refusal.
pub(crate) fn refusal_format(accept: Option<&HeaderValue>) -> Format {
    let accepted = accepted(text(accept), Offer::Plain);
    accepted.unwrap_or_default().format
}

fn text(accept: Option<&HeaderValue>) -> &str {
    let accept = accept.and_then(|value| value.to_str().ok());
    accept.unwrap_or_default()
}

/// A refusal in JSON.
pub(crate) fn status_response(status: &Status) -> Response<ResponseBody> {
    value_response(status.code, &status.body())
}

/// Plain text.
pub(crate) fn text_response(code: u16, text: impl Into<Bytes>) -> Response<ResponseBody> {
    response(code, "text/plain; charset=utf-8", text)
}

/// Plain text that a browser takes for nothing else, as Go writes what went wrong.
///
/// Source: Go 1.24 `net/http`, `Error`.
pub(crate) fn strict_text(code: u16, text: impl Into<Bytes>) -> Response<ResponseBody> {
    let mut response = text_response(code, text);
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// 404 for a path that leads nowhere.
pub(crate) fn nowhere() -> Response<ResponseBody> {
    strict_text(404, "404 page not found\n")
}

/// An answer that says nothing, not even in which language.
pub(crate) fn bare_response(code: u16) -> Response<ResponseBody> {
    let mut response = text_response(code, "");
    response.headers_mut().remove(CONTENT_TYPE);
    response
}

/// 410 for a page token that is too old, with one that continues at the newest revision.
///
/// Source: `spec/kube-api.md` §1.10.
pub(crate) fn page_expired(token: &str, format: Format) -> Response<ResponseBody> {
    let status = Status {
        code: 410,
        reason: "Expired".into(),
        message: "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.".to_owned(),
        details: None,
    };
    let mut body = status.body();
    if let Ok(token) = options::token(token) {
        let newest = Continue {
            revision: None,
            ..token
        };
        body["metadata"]["continue"] = newest.encode().into();
    }
    object_response(410, format, &body)
}

/// 406 for an `Accept` that names nothing we have, from an endpoint that can be watched or not.
///
/// Source: `spec/kube-api.md` §1.6.
pub(crate) fn not_acceptable(refusal: &Refusal, can_be_watched: bool) -> Status {
    match (refusal, can_be_watched) {
        (Refusal::MediaType, true) => unavailable_as(&format!("{FORMATS}{STREAMS}")),
        (Refusal::MediaType, false) => unavailable_as(FORMATS),
        (Refusal::Form, _) => Status {
            code: 406,
            reason: "NotAcceptable".into(),
            message: format!("only the following media types are accepted: {FORMATS}"),
            details: None,
        },
    }
}

/// 406 of a router to which none of these media types is acceptable.
pub(crate) fn unavailable_as(formats: &str) -> Status {
    Status {
        code: 406,
        reason: "NotAcceptable".into(),
        message: format!("406: Not Acceptable\n\nAvailable representations: {formats}"),
        details: Some(json!({})),
    }
}

/// 406 for a list that is asked for as an object, or an object as a list; `found` is the package and the name of its type.
///
/// Source: apiserver v0.34.3, pkg/endpoints/handlers/response.go, `asPartialObjectMetadata`.
pub(crate) fn misshapen((package, name): (&str, &str), is_list: bool) -> Status {
    let (form, is, ending) = match is_list {
        true => ("PartialObjectMetadata", "is a list", "List"),
        false => ("PartialObjectMetadataList", "is not a list", ""),
    };
    Status {
        code: 406,
        reason: "NotAcceptable".into(),
        message: format!(
            "you requested {form}, but the requested object {is} (*{package}.{name}{ending})"
        ),
        details: None,
    }
}

/// The refusal of an object that is asked for as a list; of a custom resource it comes from further down.
///
/// Source: apimachinery v0.34 `pkg/apis/meta/v1/unstructured/unstructured.go`, `EachListItem`.
pub(crate) fn unlisted(kind: &Kind) -> Status {
    match kind.origin {
        Origin::BuiltIn => misshapen(go_type(kind), false),
        Origin::Custom => unexplained("content is not a list"),
    }
}

/// The package and the name of the Go type of a kind.
pub(crate) fn go_type(kind: &Kind) -> (&str, &str) {
    match kind.origin {
        Origin::Custom => ("unstructured", "Unstructured"),
        Origin::BuiltIn => (go_package(&kind.group), kind.kind.as_str()),
    }
}

/// 406 for a watch in a format that cannot be streamed.
pub(crate) fn no_stream() -> Status {
    Status {
        code: 406,
        reason: "NotAcceptable".into(),
        message: "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch".to_owned(),
        details: None,
    }
}

/// An answer with a media type.
pub(crate) fn response(
    code: u16,
    media_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::bytes(body));
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.reserve(N_HEADERS);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}
