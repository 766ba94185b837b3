//! Which child is whose: hash, name, labels.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::api::cron::Cron;
use crate::api::keys;
use crate::api::order::OrderArtifact;

/// The longest name of a Workflow. Source: spec/arc.md §3.4.
const WORKFLOW_NAME_MAX: usize = 63;
/// The longest name of a CronWorkflow. Source: spec/arc.md §3.4.
const CRON_WORKFLOW_NAME_MAX: usize = 52;
/// The longest value of a label.
const LABEL_VALUE_MAX: usize = 63;
/// Hexadecimal digits of a hash. Source: spec/arc.md §4.5.
const HASH_LEN: usize = 16;

/// 16 lower-case hexadecimal digits of a SHA-256 over canonical JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hash(String);

impl Hash {
    /// The hash of a value, whatever the order of its keys.
    pub(crate) fn of(value: &Value) -> Self {
        let digest = Sha256::digest(canonical(value));
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(hex[..HASH_LEN].to_owned())
    }

    /// The hash at the end of a child's name.
    pub(crate) fn of_child(name: &str) -> Option<Self> {
        name.rsplit_once('-')
            .and_then(|(_, hash)| Self::parse(hash))
    }

    /// The hash that `hash` spells.
    pub(crate) fn parse(hash: &str) -> Option<Self> {
        let is_hash = hash.len() == HASH_LEN
            && hash
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_hash.then(|| Self(hash.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// JSON with sorted keys and no blanks.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let sorted: BTreeMap<&String, &Value> = object.iter().collect();
            let entries: Vec<String> = sorted
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(canonical).collect();
            format!("[{}]", elements.join(","))
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => value.to_string(),
    }
}

/// What makes an artifact of an Order the one it is.
pub(crate) struct Identity<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) order: &'a str,
    pub(crate) artifact: &'a OrderArtifact,
    pub(crate) src: &'a str,
    pub(crate) dst: &'a str,
    pub(crate) cron: Option<&'a Cron>,
    pub(crate) force_at: Option<&'a str>,
}

impl Identity<'_> {
    /// Source: spec/arc.md §4.5.
    pub(crate) fn hash(&self) -> Hash {
        Hash::of(&serde_json::json!([
            self.namespace,
            self.order,
            self.artifact.r#type,
            self.artifact.spec,
            self.src,
            self.dst,
            self.cron,
            self.force_at,
        ]))
    }
}

/// Name of the child of `order` with this hash, cut so that Argo takes it.
///
/// Source: spec/arc.md §4.4.
pub(crate) fn child_name(order: &str, hash: &Hash, cron: Option<&Cron>) -> String {
    let len_max = match cron {
        None => WORKFLOW_NAME_MAX,
        Some(_) => CRON_WORKFLOW_NAME_MAX,
    };
    let dashed = order.replace('.', "-");
    let end = dashed.floor_char_boundary(len_max - HASH_LEN - 1);
    format!("{}-{hash}", dashed[..end].trim_end_matches('-'))
}

/// Labels of a child: those of its Order but for the excluded ones, and two of our own where the values are labels.
///
/// Source: spec/arc.md §3.1, §4.4, §1.
pub(crate) fn child_labels(
    inherited: &BTreeMap<String, String>,
    exclude: &[String],
    order: &str,
    artifact_type: &str,
) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> = inherited
        .iter()
        .filter(|(key, _)| !exclude.iter().any(|pattern| matches(pattern, key)))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, value) in [
        (keys::ARTIFACT_TYPE_LABEL, artifact_type),
        (keys::ORDER_LABEL, order),
    ] {
        labels.remove(key);
        if is_label_value(value) {
            labels.insert(key.to_owned(), value.to_owned());
        }
    }
    labels
}

/// Whether `text` may be the value of a label.
pub(crate) fn is_label_value(text: &str) -> bool {
    let is_end = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= LABEL_VALUE_MAX
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn matches(pattern: &str, key: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == key, |prefix| key.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::builders::artifact;
    use rstest::rstest;
    use serde_json::json;

    const HASH: &str = "0123456789abcdef";

    #[test]
    fn canonical_json_is_sorted_and_dense() {
        let value = json!({"b": [1, 2.5, null], "a": {"d": "\"x\"", "c": true}});
        assert_eq!(
            canonical(&value),
            r#"{"a":{"c":true,"d":"\"x\""},"b":[1,2.5,null]}"#
        );
    }

    #[test]
    fn an_identity_is_the_hash_of_a_json_array() {
        let identity = Identity {
            namespace: "default",
            order: "o",
            artifact: &artifact("oci", "{tag: v1}"),
            src: "src",
            dst: "dst",
            cron: None,
            force_at: None,
        };
        // printf '%s' '["default","o","oci",{"tag":"v1"},"src","dst",null,null]' | sha256sum
        assert_eq!(identity.hash().as_str(), "a72f078e60752e30");
    }

    #[rstest]
    #[case("o", None, "o-0123456789abcdef")]
    #[case("my.order", None, "my-order-0123456789abcdef")]
    #[case(
        "a123456789b123456789c123456789d123456789e12345f",
        None,
        "a123456789b123456789c123456789d123456789e12345-0123456789abcdef"
    )]
    #[case(
        "a123456789b123456789c123456789d12345",
        Some(Cron::default()),
        "a123456789b123456789c123456789d1234-0123456789abcdef"
    )]
    #[case(
        "a123456789b123456789c123456789d1.-.x",
        Some(Cron::default()),
        "a123456789b123456789c123456789d1-0123456789abcdef"
    )]
    fn a_child_is_named(#[case] order: &str, #[case] cron: Option<Cron>, #[case] name: &str) {
        let hash = Hash(HASH.into());
        assert_eq!(child_name(order, &hash, cron.as_ref()), name);
        assert_eq!(Hash::of_child(name), Some(hash));
    }

    #[rstest]
    #[case("by-hand")]
    #[case("o-0123456789ABCDEF")]
    #[case("0123456789abcdef")]
    fn a_name_without_hash_is_recognised(#[case] name: &str) {
        assert_eq!(Hash::of_child(name), None);
    }

    fn check_labels(
        inherited: &[(&str, &str)],
        order: &str,
        artifact_type: &str,
        expected: &[&str],
    ) {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let inherited = inherited.iter().map(own).collect();
        let exclude = ["app.kubernetes.io/instance", "helm.toolkit.fluxcd.io/*"].map(str::to_owned);
        let labels = child_labels(&inherited, &exclude, order, artifact_type);
        let shown: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn labels_are_inherited_but_for_those_of_gitops_tools() {
        check_labels(
            &[
                ("team", "a"),
                ("app.kubernetes.io/instance", "x"),
                ("helm.toolkit.fluxcd.io/name", "y"),
            ],
            "o",
            "oci",
            &[
                "arc.opendefense.cloud/artifact-type=oci",
                "arc.opendefense.cloud/order=o",
                "team=a",
            ],
        );
    }

    #[test]
    fn a_name_that_is_no_label_value_is_left_off_and_not_inherited() {
        let long = "x".repeat(64);
        check_labels(
            &[("arc.opendefense.cloud/artifact-type", "stale")],
            &long,
            &long,
            &[],
        );
    }
}
