//! Embedded resources must say what they are.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/apiserver/schema/objectmeta/validation.go.

use super::{Cause, Path, cause};
use crate::json::{Map, Value};
use crate::store::schema::name::dns_1035_label_fault;

pub(super) fn check(object: &Map, path: &Path, causes: &mut Vec<Cause>) {
    for name in ["apiVersion", "kind"] {
        let field = path.field(name).bracketed();
        match object.get(name) {
            None => causes.push(cause::required(field, "")),
            Some(Value::String(text)) => {
                if let Some(detail) = fault(name, text) {
                    causes.push(cause::invalid(field, &text.as_str().into(), &detail));
                }
            }
            Some(other) => causes.push(cause::invalid(field, other, "must be a string")),
        }
    }
}

fn fault(name: &str, text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("must not be empty".to_owned());
    }
    if name == "apiVersion" {
        let n_slashes = text.matches('/').count();
        return (n_slashes > 1).then(|| format!("unexpected GroupVersion string: {text}"));
    }
    let detail = dns_1035_label_fault(&text.to_lowercase())?;
    Some(format!(
        "may have mixed case, but should otherwise match: {detail}"
    ))
}
