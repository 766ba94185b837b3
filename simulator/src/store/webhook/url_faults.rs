//! What is refused in the address of a webhook.
//!
//! Source: apiserver v0.34.3, pkg/util/webhook/validation.go.

use crate::json::Value;
use crate::store::schema::cause;
use crate::store::schema::name::dns_1123_subdomain_fault;
use crate::store::status::Cause;

/// What is wrong with the URL at `field`.
pub(super) fn url_faults(field: &str, url: &str) -> Vec<Cause> {
    const FORM: &str = "; desired format: https://host[/path]";
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once(':').unwrap_or(("", rest));
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let authority = authority.split('/').next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let scheme = scheme.to_lowercase();
    let mut causes = Vec::new();
    let mut refuse = |value: &str, detail: &str| {
        causes.push(cause::invalid(field, &value.into(), detail));
    };
    if scheme != "https" {
        let detail = format!("'https' is the only allowed URL scheme{FORM}");
        refuse(&scheme, &detail);
    }
    if host.is_empty() {
        refuse("", &format!("host must be specified{FORM}"));
    }
    if authority.contains('@') {
        refuse(user, "user information is not permitted in the URL");
    }
    if !fragment.is_empty() {
        refuse(fragment, "fragments are not permitted in the URL");
    }
    if !query.is_empty() {
        refuse(query, "query parameters are not permitted in the URL");
    }
    causes
}

/// What is wrong with the reference to a Service at `path`.
pub(super) fn service_faults(path: &str, service: &Value) -> Vec<Cause> {
    let text = |field: &str| service[field].as_str().unwrap_or_default();
    let mut causes = Vec::new();
    for field in ["name", "namespace"] {
        if text(field).is_empty() {
            causes.push(cause::required(format!("{path}.{field}"), ""));
        }
    }
    let port = &service["port"];
    if !port
        .as_i64()
        .is_some_and(|port| (1..=65_535).contains(&port))
    {
        let detail = "port is not valid: must be between 1 and 65535, inclusive";
        causes.push(cause::invalid(format!("{path}.port"), port, detail));
    }
    causes.extend(path_faults(&format!("{path}.path"), text("path")));
    causes
}

fn path_faults(field: &str, path: &str) -> Vec<Cause> {
    let invalid = |detail: &str| cause::invalid(field, &path.into(), detail);
    match path {
        "" | "/" => return Vec::new(),
        "//" => return vec![invalid("segment[0] may not be empty")],
        _ => {}
    }
    let mut causes = Vec::new();
    if !path.starts_with('/') {
        causes.push(invalid("must start with a '/'"));
    }
    let mut letters = path.chars();
    letters.next();
    let inner = letters.as_str();
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    for (index, step) in inner.split('/').enumerate() {
        if step.is_empty() {
            causes.push(invalid(&format!("segment[{index}] may not be empty")));
        } else if let Some(fault) = dns_1123_subdomain_fault(step) {
            causes.push(invalid(&format!("segment[{index}]: {fault}")));
        }
    }
    causes
}
