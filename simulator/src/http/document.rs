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
use super::negotiate::{Format, Offer, Refusal, accepted};
use super::openapi;
use super::query::Query;
use super::resource::no_resource;
use super::response::{
    self, JSON, bare_response, object_response, response, text_response, value_response,
};
use super::review;
use super::service::ApiServer;
use crate::json::{Value, json};
use crate::store::kind::{Kind, Origin};
use crate::store::status::Status;

/// The media types of OpenAPI in protobuf, v2 and v3, each with the name that it had before.
const OPENAPI_V2: [&str; 2] = [
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
];
const OPENAPI_V3: [&str; 2] = [
    "application/com.github.proto-openapi.spec.v3.v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v3@v1.0+protobuf",
];

const IMMUTABLE_FOR: SignedDuration = SignedDuration::from_hours(365 * 24);

impl ApiServer {
    /// `GET /`: the paths there are.
    pub(crate) fn root(&self) -> Response<ResponseBody> {
        let mut paths: Vec<String> = [
            "/api",
            "/apis",
            "/healthz",
            "/livez",
            "/openapi/v2",
            "/openapi/v3",
            "/readyz",
            "/version",
        ]
        .map(str::to_owned)
        .to_vec();
        for kind in self.kinds() {
            if kind.group.is_empty() {
                paths.push(format!("/api/{}", kind.version));
            } else {
                paths.push(format!("/apis/{}", kind.group));
                paths.push(format!("/apis/{}/{}", kind.group, kind.version));
            }
        }
        paths.sort_unstable();
        paths.dedup();
        value_response(200, &json!({"paths": paths}))
    }

    /// `GET /api`.
    pub(crate) fn core_versions(&self, call: &Call) -> Response<ResponseBody> {
        let legacy = |_: &[&Kind]| discovery::core_versions(&address(call));
        self.negotiated(call, legacy, discovery::aggregated_core)
    }

    /// `GET /apis`.
    pub(crate) fn groups(&self, call: &Call) -> Response<ResponseBody> {
        self.negotiated(call, discovery::groups, discovery::aggregated_groups)
    }

    /// `GET /apis/{group}`.
    pub(crate) fn group(&self, call: &Call, group: &str) -> Response<ResponseBody> {
        match self.with_kinds(|kinds| discovery::group(kinds, group)) {
            Some(document) => in_accepted(call, &document),
            None => unknown_path(),
        }
    }

    /// `GET /api/{version}` and `GET /apis/{group}/{version}`.
    pub(crate) fn resources(
        &self,
        call: &Call,
        group: &str,
        version: &str,
    ) -> Response<ResponseBody> {
        self.with_kinds(|kinds| match discovery::resources(kinds, group, version) {
            Some(document) => in_accepted(call, &document),
            // A group of definitions answers for the versions that it serves, and for no other.
            None if kinds
                .iter()
                .any(|kind| kind.group == group && kind.origin == Origin::BuiltIn) =>
            {
                response::refusal(call.headers.get(ACCEPT), &no_resource())
            }
            None => unknown_path(),
        })
    }

    /// `GET /openapi/{path}`.
    pub(crate) fn openapi(&self, call: &Call, path: &str) -> Response<ResponseBody> {
        let segments: Vec<&str> = path.split('/').collect();
        match segments.as_slice() {
            ["v3"] => {
                let index = self.with_kinds(openapi::index).to_string();
                let media_type = "text/plain; charset=utf-8";
                response(200, media_type, index)
            }
            ["v3", "api", version] => self.openapi_document(call, "", version),
            ["v3", "apis", group, version] => self.openapi_document(call, group, version),
            ["v3", ..] => bare_response(404),
            ["v2"] => self.swagger(call),
            _ => unknown_path(),
        }
    }

    fn swagger(&self, call: &Call) -> Response<ResponseBody> {
        let Some(media_type) = openapi_type(call.header(ACCEPT), OPENAPI_V2) else {
            return bare_response(406);
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

    fn openapi_document(&self, call: &Call, group: &str, version: &str) -> Response<ResponseBody> {
        let query = Query::parse(call.uri.query().unwrap_or_default());
        let hash = self.with_kinds(|kinds| openapi::hash(kinds, group, version));
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
            let document = self.with_kinds(|kinds| openapi::document(kinds, group, version));
            match (document, media_type) {
                (None, _) => return bare_response(404),
                (Some(_), None) => return bare_response(406),
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
        legacy: impl Fn(&[&Kind]) -> Value,
        aggregated: impl Fn(&[&Kind]) -> Value,
    ) -> Response<ResponseBody> {
        match wanted(call.header(ACCEPT)) {
            Some((Wanted::Legacy, format)) => {
                object_response(200, format, &self.with_kinds(legacy))
            }
            Some((Wanted::Aggregated, format)) => {
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
            None => response::refusal(
                call.headers.get(ACCEPT),
                &not_acceptable(call.header(ACCEPT)),
            ),
        }
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Legacy,
    Aggregated,
}

/// The first media type of `accept` that discovery can be had in.
fn wanted(accept: &str) -> Option<(Wanted, Format)> {
    if accept.trim().is_empty() {
        return Some((Wanted::Legacy, Format::Json));
    }
    accept.split(',').find_map(|media_type| {
        let mut parts = media_type.split(';').map(str::trim);
        let format = match parts.next()? {
            "application/*" | "*/*" => Format::Json,
            name => Format::named(name)?,
        };
        let parameters: Vec<&str> = parts.filter(|part| !part.starts_with("q=")).collect();
        let has = |parameter: &str| parameters.contains(&parameter);
        let wanted = if has("as=APIGroupDiscoveryList") {
            (has("v=v2") && has("g=apidiscovery.k8s.io")).then_some(Wanted::Aggregated)
        } else {
            (!parameters.iter().any(|part| part.starts_with("as="))).then_some(Wanted::Legacy)
        };
        wanted.map(|wanted| (wanted, format))
    })
}

/// A document of discovery that has one form.
fn in_accepted(call: &Call, document: &Value) -> Response<ResponseBody> {
    let accept = call.header(ACCEPT);
    match accepted(accept, Offer::Plain) {
        Ok(accepted) => object_response(200, accepted.format, document),
        Err(_) => response::refusal(call.headers.get(ACCEPT), &not_acceptable(accept)),
    }
}

/// The first media type of `accept` that a document of OpenAPI can be had in: JSON, or the new name of protobuf.
fn openapi_type(accept: &str, names: [&'static str; 2]) -> Option<&'static str> {
    if accept.trim().is_empty() {
        return Some(JSON);
    }
    let mut types = accept.split(',').filter_map(|kind| kind.split(';').next());
    types.find_map(|kind| match kind.trim() {
        JSON | "application/*" | "*/*" => Some(JSON),
        kind => names.contains(&kind).then_some(names[0]),
    })
}

fn address(call: &Call) -> String {
    match call.uri.authority() {
        Some(authority) => authority.to_string(),
        None => call.header(HOST).to_owned(),
    }
}

/// Whoever knows no media type of `accept` refuses it; whoever does, the forms that it asks for.
fn not_acceptable(accept: &str) -> Status {
    let mut types = accept.split(',').filter_map(|kind| kind.split(';').next());
    let is_known = types.any(|kind| Format::named(kind.trim()).is_some());
    let refusal = match is_known {
        true => Refusal::Form,
        false => Refusal::MediaType,
    };
    response::not_acceptable(&refusal, false)
}

fn unknown_path() -> Response<ResponseBody> {
    text_response(404, "404 page not found\n")
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
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", Some((Wanted::Legacy, Format::Json)))]
    #[case("*/*", Some((Wanted::Legacy, Format::Json)))]
    #[case("application/json", Some((Wanted::Legacy, Format::Json)))]
    #[case("application/vnd.kubernetes.protobuf", Some((Wanted::Legacy, Format::Protobuf)))]
    #[case(
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
        Some((Wanted::Aggregated, Format::Json))
    )]
    #[case(
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
        Some((Wanted::Legacy, Format::Json))
    )]
    #[case(
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        None
    )]
    #[case("text/html", None)]
    fn discovery_takes_the_first_form_it_knows(
        #[case] accept: &str,
        #[case] expected: Option<(Wanted, Format)>,
    ) {
        assert_eq!(wanted(accept), expected);
    }

    #[test]
    fn an_expiry_is_written_as_http_writes_dates() {
        let instant = Timestamp::constant(1_893_456_000, 0);
        assert_eq!(http_date(instant), "Tue, 01 Jan 2030 00:00:00 UTC");
    }
}
