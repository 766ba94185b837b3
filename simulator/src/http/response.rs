//! Answers that are all there: a status line, a media type and bytes.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};

use super::body::{ResponseBody, WatchBody};
use super::direct::Told;
use super::negotiate::{Format, Refusal};
use super::options;
use crate::json::{Value, json};
use crate::store::request::Continue;
use crate::store::status::Status;

/// The media type of JSON answers.
pub(crate) const JSON: &str = "application/json";

/// JSON or YAML text; `json` is JSON.
pub(crate) fn bytes_response(code: u16, format: Format, json: Vec<u8>) -> Response<ResponseBody> {
    match format {
        Format::Json => response(code, JSON, json),
        Format::Yaml => match yaml(&json) {
            Ok(text) => response(code, "application/yaml", text),
            Err(why) => status_response(&Status::internal(format!("encode YAML: {why}"))),
        },
    }
}

fn yaml(json: &[u8]) -> Result<String, String> {
    let value: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    serde_saphyr::to_string(&value).map_err(|error| error.to_string())
}

/// An answer to a client in this process: a value instead of text.
pub(crate) fn told_response(code: u16, told: Told) -> Response<ResponseBody> {
    let mut response = response(code, JSON, "");
    response.extensions_mut().insert(told);
    response
}

/// A watch as text.
pub(crate) fn watch_response(watch: WatchBody) -> Response<ResponseBody> {
    let mut response = response(200, JSON, "");
    *response.body_mut() = ResponseBody::watch(watch);
    response
}

/// A JSON document.
pub(crate) fn value_response(code: u16, value: &Value) -> Response<ResponseBody> {
    response(code, JSON, value.to_string())
}

/// A refusal.
pub(crate) fn status_response(status: &Status) -> Response<ResponseBody> {
    value_response(status.code, &status.body())
}

/// Plain text.
pub(crate) fn text_response(code: u16, text: impl Into<Bytes>) -> Response<ResponseBody> {
    response(code, "text/plain; charset=utf-8", text)
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
pub(crate) fn page_expired(token: &str) -> Response<ResponseBody> {
    let status = Status {
        code: 410,
        reason: "Expired",
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
    value_response(410, &body)
}

/// 406 for an `Accept` that names nothing we have.
///
/// Source: `spec/kube-api.md` §1.6.
pub(crate) fn not_acceptable(refusal: &Refusal) -> Status {
    match refusal {
        Refusal::MediaType => Status {
            code: 406,
            reason: "NotAcceptable",
            message: "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch".to_owned(),
            details: Some(json!({})),
        },
        Refusal::Form => Status {
            code: 406,
            reason: "NotAcceptable",
            message: "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf".to_owned(),
            details: None,
        },
    }
}

/// 406 for a watch in a format that cannot be streamed.
pub(crate) fn no_stream() -> Status {
    Status {
        code: 406,
        reason: "NotAcceptable",
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
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}
