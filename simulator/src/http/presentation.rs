//! How the bytes of an answer are laid out for who reads them: in lines for people, compressed where there are many.
//!
//! Source: `spec/kube-api.md` §1.0, §1.1; apiserver v0.34.3, pkg/endpoints/handlers/negotiation/negotiate.go
//! (`isPrettyPrint`) and pkg/endpoints/handlers/responsewriters/writers.go (`deferredResponseWriter`).

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT, VARY};
use http::{HeaderValue, Response};

use super::body::ResponseBody;
use super::call::Call;
use super::query::Query;
use super::response::JSON;
use crate::json::indented;

/// How the names of programs begin that people read the answers of.
const PEOPLE: [&str; 3] = ["curl", "Wget", "Mozilla/5.0"];
/// What is always laid out for people.
const ALWAYS_IN_LINES: [&str; 4] = ["/", "/index.html", "/version", "/version/"];
/// Where documents are that are the same for everybody, and compressed from fewer bytes on.
const DOCUMENTS: &str = "/openapi/";
/// From how many bytes on an answer is compressed.
const MANY_BYTES: usize = 128 * 1024;
/// The same of a document.
///
/// Source: NYTimes/gziphandler v1.1.1, `DefaultMinSize`.
const MANY_BYTES_OF_DOCUMENT: usize = 1400;

/// An answer as the client reads it best.
pub(super) fn presented(
    call: &Call,
    mut response: Response<ResponseBody>,
) -> Response<ResponseBody> {
    if wants_lines(call) && is_json(&response) && !is_document(call) {
        response = response.map(|body| body.map_bytes(|json| indented(&json).into()));
    }
    match may_be_compressed(call, &response) {
        true => compressed(response),
        false => response,
    }
}

fn is_document(call: &Call) -> bool {
    call.uri.path().starts_with(DOCUMENTS)
}

fn is_json(response: &Response<ResponseBody>) -> bool {
    let media_type = response.headers().get(CONTENT_TYPE);
    media_type.is_some_and(|media_type| media_type.as_bytes().starts_with(JSON.as_bytes()))
}

/// Whether a person reads the answer: what the query says counts, then what the program is called.
fn wants_lines(call: &Call) -> bool {
    if ALWAYS_IN_LINES.contains(&call.uri.path()) || call.header(ACCEPT).contains("pretty=1") {
        return true;
    }
    let query = call.uri.query().filter(|query| query.contains("pretty"));
    let query = query.map(Query::parse);
    match query.as_ref().and_then(|query| query.get("pretty")) {
        Some(text) => matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True"),
        None => {
            let program = call.header(USER_AGENT);
            PEOPLE.iter().any(|name| program.starts_with(name))
        }
    }
}

fn may_be_compressed(call: &Call, response: &Response<ResponseBody>) -> bool {
    let encodings = call.header(ACCEPT_ENCODING);
    let many = match is_document(call) {
        true => MANY_BYTES_OF_DOCUMENT,
        false => MANY_BYTES,
    };
    response.body().n_bytes() > many && encodings.split(',').any(|name| name.trim() == "gzip")
}

fn compressed(response: Response<ResponseBody>) -> Response<ResponseBody> {
    let (mut head, body) = response.into_parts();
    // Memory takes all that is written to it.
    let body = body.map_bytes(|bytes| gzipped(&bytes).unwrap_or(bytes));
    let headers = &mut head.headers;
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    Response::from_parts(head, body)
}

fn gzipped(bytes: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.into())
}
