//! Failures of single checks, and the causes they become.
//!
//! Source: kube-openapi pkg/validation/errors/schema.go; apiextensions-apiserver v0.34.3,
//! pkg/apiserver/validation/validation.go (`kubeOpenAPIResultToFieldErrors`).

use super::{BTreeSet, Cause, Path, cause};
use crate::json::{Number, Value, json};

/// One failed check.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// go-openapi's text; two failures with one text are one.
    text: String,
    /// Dotted; empty for the root and for failures of combinations, which name no field.
    field: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Required,
    NotSupported {
        value: Value,
        supported: Vec<String>,
    },
    TooLong {
        limit: u64,
    },
    TooMany {
        actual: usize,
        limit: u64,
    },
    Type {
        value: Value,
    },
    Invalid {
        value: Value,
    },
}

/// Failures as causes, each text once. `prefix` is put before every field.
pub(super) fn causes(failures: Vec<Failure>, prefix: &str) -> Vec<Cause> {
    let mut seen = BTreeSet::new();
    failures
        .into_iter()
        .filter(|failure| seen.insert(failure.text.clone()))
        .map(|failure| failure.into_cause(prefix))
        .collect()
}

impl Failure {
    fn new(path: &Path, text: impl FnOnce(&str) -> String, kind: Kind) -> Self {
        let field = path.dotted();
        Self {
            text: text(&field),
            field,
            kind,
        }
    }

    fn into_cause(self, prefix: &str) -> Cause {
        let field = match (prefix, self.field.as_str()) {
            (_, "") => prefix.to_owned(),
            ("", _) => self.field,
            (_, field) => format!("{prefix}.{field}"),
        };
        match self.kind {
            Kind::Required => cause::required(field, ""),
            Kind::NotSupported { value, supported } => {
                cause::not_supported(field, &value, &supported)
            }
            Kind::TooLong { limit } => cause::too_long(field, limit),
            Kind::TooMany { actual, limit } => cause::too_many(field, actual, limit),
            Kind::Type { value } => cause::type_invalid(field, &value, &self.text),
            Kind::Invalid { value } => cause::invalid(field, &value, &self.text),
        }
    }

    fn invalid(path: &Path, value: Value, text: impl FnOnce(&str) -> String) -> Self {
        Self::new(path, text, Kind::Invalid { value })
    }

    /// A failure of `allOf`, `anyOf`, `oneOf` or `not`.
    pub(super) fn combination(path: &Path, text: &str) -> Self {
        Self {
            text: format!("{} {text}", cause::quoted(&path.dotted())),
            field: String::new(),
            kind: Kind::Invalid { value: json!("") },
        }
    }

    pub(super) fn too_deep(path: &Path, limit: usize) -> Self {
        Self::invalid(path, json!(""), |field| {
            format!("{field} in body must not nest more than {limit} levels")
        })
    }

    pub(super) fn required(path: &Path) -> Self {
        Self::new(
            path,
            |field| format!("{field} in body is required"),
            Kind::Required,
        )
    }

    pub(super) fn wrong_type(path: &Path, expected: &str, actual: &str) -> Self {
        let text =
            |field: &str| format!("{field} in body must be of type {expected}: \"{actual}\"");
        let value = actual.into();
        Self::new(path, text, Kind::Type { value })
    }

    pub(super) fn bad_format(path: &Path, format: &str, value: &str) -> Self {
        let shown = cause::quoted(value);
        let text = |field: &str| format!("{field} in body must be of type {format}: {shown}");
        let value = value.into();
        Self::new(path, text, Kind::Type { value })
    }

    pub(super) fn not_allowed(path: &Path, value: &Value, allowed: &[Value]) -> Self {
        let supported: Vec<String> = allowed
            .iter()
            .map(|allowed| match allowed {
                Value::String(text) => text.to_string(),
                other => cause::json(other),
            })
            .collect();
        let text =
            |field: &str| format!("{field} in body should be one of [{}]", supported.join(" "));
        let value = value.clone();
        let field = path.dotted();
        Self {
            text: text(&field),
            field,
            kind: Kind::NotSupported { value, supported },
        }
    }

    pub(super) fn too_long(path: &Path, limit: u64) -> Self {
        let text = |field: &str| format!("{field} in body should be at most {limit} chars long");
        Self::new(path, text, Kind::TooLong { limit })
    }

    pub(super) fn too_short(path: &Path, value: &str, least: u64) -> Self {
        Self::invalid(path, value.into(), |field| {
            format!("{field} in body should be at least {least} chars long")
        })
    }

    pub(super) fn mismatch(path: &Path, value: &str, pattern: &str) -> Self {
        Self::invalid(path, value.into(), |field| {
            format!("{field} in body should match '{pattern}'")
        })
    }

    pub(super) fn too_few(path: &Path, what: &str, actual: usize, least: u64) -> Self {
        Self::invalid(path, actual.into(), |field| {
            format!("{field} in body should have at least {least} {what}")
        })
    }

    pub(super) fn too_many(path: &Path, what: &str, actual: usize, limit: u64) -> Self {
        let text = |field: &str| format!("{field} in body should have at most {limit} {what}");
        Self::new(path, text, Kind::TooMany { actual, limit })
    }

    pub(super) fn not_multiple(path: &Path, number: &Number, factor: f64) -> Self {
        let shown = bound_text(number, factor);
        Self::invalid(path, number.clone().into(), |field| {
            if factor <= 0.0 {
                format!("factor MultipleOf declared for {field} must be positive: {shown}")
            } else {
                format!("{field} in body should be a multiple of {shown}")
            }
        })
    }

    pub(super) fn too_small(path: &Path, number: &Number, least: f64, exclusive: bool) -> Self {
        let relation = if exclusive {
            "greater than"
        } else {
            "greater than or equal to"
        };
        let shown = bound_text(number, least);
        Self::invalid(path, number.clone().into(), |field| {
            format!("{field} in body should be {relation} {shown}")
        })
    }

    pub(super) fn too_large(path: &Path, number: &Number, most: f64, exclusive: bool) -> Self {
        let relation = if exclusive {
            "less than"
        } else {
            "less than or equal to"
        };
        let shown = bound_text(number, most);
        Self::invalid(path, number.clone().into(), |field| {
            format!("{field} in body should be {relation} {shown}")
        })
    }
}

/// A bound is shown as an integer to an integer.
fn bound_text(number: &Number, bound: f64) -> String {
    if number.is_i64() {
        format!("{:.0}", bound.trunc())
    } else {
        cause::float_text(bound)
    }
}
