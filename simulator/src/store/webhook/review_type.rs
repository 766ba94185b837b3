//! Of which kind the review is that a webhook answers.
//!
//! Source: client-go v0.34.3, rest/request.go, `Result.Into`; apimachinery v0.34.3, pkg/runtime/serializer/json/json.go,
//! `gvkWithDefaults`, and pkg/runtime/error.go.

use super::hook::REVIEW_VERSIONS;
use crate::json::Value;
use crate::store::kind::{UNVERSIONED, unregistered};

/// The kind of review that is read from an answer.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct ReviewType<'a> {
    pub(in crate::store) group: &'a str,
    pub(in crate::store) version: &'a str,
    pub(in crate::store) kind: &'a str,
}

impl ReviewType<'_> {
    /// Refuses a body of another kind; what a body does not say of its own is what it is read as.
    ///
    /// # Errors
    /// Which kind it is, in the words of client-go.
    pub(super) fn check_readable(self, review: &Value) -> Result<(), String> {
        let own = self.api_version();
        let (mut api_version, mut kind) = (text(review, "apiVersion"), text(review, "kind"));
        if api_version.matches('/').count() > 1 {
            return Err(format!("unexpected GroupVersion string: {api_version}"));
        }
        if matches!(api_version, "" | "/") {
            api_version = &own;
        }
        if kind.is_empty() {
            kind = self.kind;
        }
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let version = if UNVERSIONED.contains(&kind) {
            "v1"
        } else if kind == self.kind && group == self.group && REVIEW_VERSIONS.contains(&version) {
            version
        } else {
            return Err(unregistered(kind, api_version));
        };
        if (version, kind) != (self.version, self.kind) {
            return Err(format!(
                "converting ({version}.{kind}) to ({}.{}): unknown conversion",
                self.version, self.kind
            ));
        }
        Ok(())
    }

    /// Refuses a review that does not say of its own what it is; older versions need not.
    ///
    /// # Errors
    /// What it says.
    pub(in crate::store) fn check_told(self, review: &Value) -> Result<(), String> {
        let own = self.api_version();
        let (api_version, kind) = (text(review, "apiVersion"), text(review, "kind"));
        if self.version != "v1" || (api_version, kind) == (&*own, self.kind) {
            return Ok(());
        }
        let slash = if api_version.contains('/') { "" } else { "/" };
        Err(format!(
            "expected webhook response of {own}, Kind={}, got {slash}{api_version}, Kind={kind}",
            self.kind
        ))
    }

    fn api_version(self) -> String {
        format!("{}/{}", self.group, self.version)
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::own(json!({"apiVersion": "g/v1", "kind": "Review"}), Ok(()))]
    #[case::untold(json!({}), Ok(()))]
    #[case::no_version(json!({"kind": "Review"}), Ok(()))]
    #[case::older(
        json!({"apiVersion": "g/v1beta1", "kind": "Review"}),
        Err("converting (v1beta1.Review) to (v1.Review): unknown conversion")
    )]
    #[case::status(
        json!({"kind": "Status"}),
        Err("converting (v1.Status) to (v1.Review): unknown conversion")
    )]
    #[case::other_kind(
        json!({"apiVersion": "g/v1", "kind": "Foo"}),
        Err("no kind \"Foo\" is registered for version \"g/v1\" in scheme \"pkg/runtime/scheme.go:110\"")
    )]
    #[case::other_group(
        json!({"apiVersion": "h/v1"}),
        Err("no kind \"Review\" is registered for version \"h/v1\" in scheme \"pkg/runtime/scheme.go:110\"")
    )]
    #[case::no_group_version(
        json!({"apiVersion": "g/v/1"}),
        Err("unexpected GroupVersion string: g/v/1")
    )]
    fn only_its_own_kind_is_read(#[case] review: Value, #[case] expected: Result<(), &str>) {
        let own = ReviewType {
            group: "g",
            version: "v1",
            kind: "Review",
        };
        assert_eq!(own.check_readable(&review), expected.map_err(str::to_owned));
    }
}
