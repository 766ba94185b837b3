//! Answers about the API itself: discovery and OpenAPI.
//!
//! Source: `spec/kube-api.md` §1.3, §1.4, §1.5.

use std::sync::Arc;

use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, EXPIRES, HOST, HeaderName, IF_NONE_MATCH, LOCATION,
    VARY,
};
use http::{HeaderValue, Response};
use jiff::{SignedDuration, Timestamp};

use super::body::ResponseBody;
use super::call::Call;
use super::discovery::{self, AGGREGATED};
use super::negotiate::{Offer, accepted, asked_as, best, names_nothing};
use super::query::Query;
use super::resource::no_resource;
use super::response::{
    self, JSON, bare_response, nowhere, object_response, response, value_response,
};
use super::review;
use super::service::ApiServer;
use super::{health, openapi};
use crate::json::{Value, json};
use crate::store::kind::{Kind, Origin};

/// The media types of OpenAPI in protobuf, v2 and v3, each with the name that it had before.
const OPENAPI_V2: [&str; 2] = [
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
];
const OPENAPI_V3: [&str; 2] = [
    "application/com.github.proto-openapi.spec.v3.v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v3@v1.0+protobuf",
];

/// Kind, group and version of the aggregated form of discovery.
const AGGREGATED_NAMES: (&str, &str, &str) = ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2");

const IMMUTABLE_FOR: SignedDuration = SignedDuration::from_hours(365 * 24);

impl ApiServer {
    /// `GET /`: the paths there are.
    pub(crate) fn root(&self) -> Response<ResponseBody> {
        let mut paths: Vec<String> = [
            "/api",
            "/apis",
            "/apis/",
            "/metrics",
            "/metrics/slis",
            "/openapi/v2",
            "/openapi/v3",
            "/openapi/v3/",
            "/version",
        ]
        .map(str::to_owned)
        .to_vec();
        paths.extend(health::paths());
        self.with_kinds(|kinds| {
            for kind in kinds {
                if kind.group.is_empty() {
                    paths.push(format!("/api/{}", kind.version));
                } else {
                    paths.push(format!("/apis/{}", kind.group));
                    paths.push(format!("/apis/{}/{}", kind.group, kind.version));
                }
            }
        });
        paths.sort_unstable();
        paths.dedup();
        value_response(200, &json!({"paths": paths}))
    }

    /// `GET /api`.
    pub(crate) fn core_versions(&self, call: &Call) -> Response<ResponseBody> {
        let legacy = |_: &[&Kind]| discovery::core_versions(&address(call));
        self.negotiated(call, (legacy, discovery::aggregated_core), Offer::Document)
    }

    /// `GET /apis`.
    pub(crate) fn groups(&self, call: &Call) -> Response<ResponseBody> {
        let forms = (discovery::groups, discovery::aggregated_groups);
        self.negotiated(call, forms, Offer::Plain)
    }

    /// `GET /apis/{group}`.
    pub(crate) fn group(&self, call: &Call, group: &str) -> Response<ResponseBody> {
        match self.with_kinds(|kinds| discovery::group(kinds, group)) {
            Some(document) => in_accepted(call, &document, Offer::Plain),
            None => nowhere(),
        }
    }

    /// `GET /api/{version}` and `GET /apis/{group}/{version}`.
    pub(crate) fn resources(
        &self,
        call: &Call,
        group: &str,
        version: &str,
    ) -> Response<ResponseBody> {
        let is_custom = |kind: &&Kind| kind.group == group && kind.origin == Origin::Custom;
        let offer = |kinds: &[&Kind]| match kinds.iter().any(is_custom) {
            true => Offer::Plain,
            false => Offer::Document,
        };
        self.with_kinds(|kinds| match discovery::resources(kinds, group, version) {
            Some(document) => in_accepted(call, &document, offer(kinds)),
            // A group of definitions answers for the versions that it serves, and for no other.
            None if kinds
                .iter()
                .any(|kind| kind.group == group && kind.origin == Origin::BuiltIn) =>
            {
                response::refusal(call.headers.get(ACCEPT), &no_resource())
            }
            None => nowhere(),
        })
    }

    /// `GET /openapi/{path}`.
    pub(crate) fn openapi(&self, call: &Call, path: &str) -> Response<ResponseBody> {
        let segments: Vec<&str> = path.split('/').collect();
        match segments.as_slice() {
            ["v3"] if call.uri.path().ends_with('/') => bare_response(404),
            ["v3"] => {
                let index = self.with_kinds(openapi::index).to_string();
                let media_type = "text/plain; charset=utf-8";
                response(200, media_type, index)
            }
            ["v3", rest @ ..] => self.openapi_document(call, &rest.join("/")),
            ["v2"] if call.uri.path().ends_with('/') => nowhere(),
            ["v2"] => self.swagger(call),
            _ => nowhere(),
        }
    }

    fn swagger(&self, call: &Call) -> Response<ResponseBody> {
        let Some(media_type) = openapi_type(call.header(ACCEPT), OPENAPI_V2) else {
            let mut refused = bare_response(406);
            set(&mut refused, VARY, "Accept");
            return refused;
        };
        let etag = format!("\"{}\"", self.with_kinds(openapi::swagger_hash));
        let mut found = if call.header(IF_NONE_MATCH) == etag {
            bare_response(304)
        } else {
            let document = self.with_kinds(openapi::swagger);
            match media_type {
                JSON => value_response(200, &document),
                binary => response(200, binary, openapi::binary::v2(&document)),
            }
        };
        set(&mut found, ETAG, &etag);
        set(&mut found, VARY, "Accept");
        found
    }

    fn openapi_document(&self, call: &Call, path: &str) -> Response<ResponseBody> {
        let query = Query::parse(call.uri.query().unwrap_or_default());
        let hash = self.with_kinds(|kinds| openapi::hash(kinds, path));
        let etag = format!("\"{hash}\"");
        let asked = query.text("hash");
        if !asked.is_empty() && asked != hash {
            let location = format!("{}?hash={hash}", call.uri.path());
            let mut moved = response(301, JSON, "");
            set(&mut moved, LOCATION, &location);
            set(&mut moved, ETAG, &etag);
            return moved;
        }
        let media_type = openapi_type(call.header(ACCEPT), OPENAPI_V3);
        let mut found = if call.header(IF_NONE_MATCH) == etag {
            response(304, JSON, "")
        } else {
            let document = self.with_kinds(|kinds| openapi::document(kinds, path));
            match (document, media_type) {
                (None, _) => return bare_response(404),
                (Some(_), None) => {
                    // Who names no media type at all is answered, with nothing.
                    let code = match names_nothing(call.header(ACCEPT)) {
                        true => 200,
                        false => 406,
                    };
                    let mut refused = bare_response(code);
                    set(&mut refused, VARY, "Accept");
                    return refused;
                }
                (Some(document), Some(JSON)) => value_response(200, &document),
                (Some(document), Some(binary)) => {
                    response(200, binary, openapi::binary::v3(&document))
                }
            }
        };
        if asked == hash {
            set(&mut found, CACHE_CONTROL, "public, immutable");
            set(
                &mut found,
                EXPIRES,
                &http_date(self.clock().now() + IMMUTABLE_FOR),
            );
        }
        set(&mut found, ETAG, &etag);
        set(&mut found, VARY, "Accept");
        found
    }

    fn negotiated(
        &self,
        call: &Call,
        (legacy, aggregated): (impl Fn(&[&Kind]) -> Value, impl Fn(&[&Kind]) -> Value),
        offer: Offer,
    ) -> Response<ResponseBody> {
        let accept = call.header(ACCEPT);
        let Some(format) = asked_as(accept, AGGREGATED_NAMES) else {
            return in_accepted(call, &self.with_kinds(legacy), offer);
        };
        let document = self.with_kinds(aggregated);
        let etag = discovery::etag(document.to_string().as_bytes());
        let mut found = if call.header(IF_NONE_MATCH) == etag {
            response(304, JSON, "")
        } else {
            object_response(200, format, &document)
        };
        let media_type = format!("{}{AGGREGATED}", format.media_type());
        set(&mut found, CONTENT_TYPE, &media_type);
        set(&mut found, CACHE_CONTROL, "public");
        set(&mut found, ETAG, &etag);
        set(&mut found, VARY, "Accept");
        found
    }

    /// Shows `of` everything that discovery lists.
    fn with_kinds<T>(&self, of: impl FnOnce(&[&Kind]) -> T) -> T {
        let reviews = review::kinds();
        self.with_stored_kinds(|kinds| {
            let all: Vec<&Kind> = kinds.iter().copied().chain(&reviews).collect();
            of(&all)
        })
    }

    fn with_stored_kinds<T>(&self, of: impl FnOnce(&[&Kind]) -> T) -> T {
        let kinds: Vec<Arc<Kind>> = self.kinds();
        let kinds: Vec<&Kind> = kinds.iter().map(AsRef::as_ref).collect();
        of(&kinds)
    }
}

/// A document of discovery that has one form.
fn in_accepted(call: &Call, document: &Value, offer: Offer) -> Response<ResponseBody> {
    match accepted(call.header(ACCEPT), offer) {
        Ok(accepted) => object_response(200, accepted.format, document),
        Err(refusal) => {
            let refused = response::not_acceptable(&refusal, false);
            response::refusal(call.headers.get(ACCEPT), &refused)
        }
    }
}

/// The media type of `accept` that a document of OpenAPI is had in: JSON, or the new name of protobuf.
///
/// Source: kube-openapi `pkg/handler3/handler.go`, `HandleGroupVersion`.
fn openapi_type(accept: &str, names: [&'static str; 2]) -> Option<&'static str> {
    if accept.trim().is_empty() {
        return Some(JSON);
    }
    let found = best(accept, &[JSON, names[0], names[1]])?;
    Some(if found == JSON { JSON } else { names[0] })
}

fn address(call: &Call) -> String {
    match call.uri.authority() {
        Some(authority) => authority.to_string(),
        None => call.header(HOST).to_owned(),
    }
}

fn set(response: &mut Response<ResponseBody>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn http_date(instant: Timestamp) -> String {
    instant.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_written_as_http_writes_dates() {
        let instant = Timestamp::constant(1_893_456_000, 0);
        assert_eq!(http_date(instant), "Tue, 01 Jan 2030 00:00:00 UTC");
    }
}
