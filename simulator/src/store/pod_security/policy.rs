//! What the labels of a namespace ask of its pods.
//!
//! What is only audited is read for its faults: no client sees more of it.
//!
//! Source: pod-security-admission v0.34.3, api/helpers.go and api/constants.go.

use std::fmt;

use crate::json::Map;
use crate::store::metadata::invalid;
use crate::store::status::Cause;

const PREFIX: &str = "pod-security.kubernetes.io/";
const LEVEL_FAULT: &str = "must be one of privileged, baseline, restricted";
const VERSION_FAULT: &str = "must be \"latest\" or \"v1.x\"";

/// How strict a standard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Privileged,
    Baseline,
    Restricted,
}

impl Level {
    fn read(text: &str) -> Option<Self> {
        match text {
            "privileged" => Some(Self::Privileged),
            "baseline" => Some(Self::Baseline),
            "restricted" => Some(Self::Restricted),
            _ => None,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        })
    }
}

/// The version of Kubernetes whose checks count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Latest,
    /// The minor version, after `v1.`; at most as great as a number of Go.
    Minor(i64),
}

impl Version {
    fn read(text: &str) -> Option<Self> {
        if text == "latest" {
            return Some(Self::Latest);
        }
        let digits = text.strip_prefix("v1.")?;
        let is_plain = digits.bytes().all(|digit| digit.is_ascii_digit());
        let is_padded = digits.len() > 1 && digits.starts_with('0');
        if !is_plain || is_padded {
            return None;
        }
        digits.parse().ok().map(Self::Minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Minor(minor) => write!(f, "v1.{minor}"),
        }
    }
}

/// A level as a version of Kubernetes knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standard {
    pub(super) level: Level,
    pub(super) version: Version,
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.level, self.version)
    }
}

/// What a namespace asks of its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    /// Pods that do not keep to it are refused.
    pub(super) enforced: Standard,
    /// Pods and templates that do not keep to it are warned of.
    pub(super) warned: Standard,
}

impl Policy {
    /// The policy that labels ask for, and which of them are not understood: then the strictest is enforced.
    pub(super) fn of(labels: Option<&Map>) -> (Self, Vec<Cause>) {
        let mut reader = Reader {
            labels,
            faults: Vec::new(),
        };
        let enforce = reader.level("enforce");
        let enforce_version = reader.version("enforce-version");
        let (_audit, _audit_version) = (reader.level("audit"), reader.version("audit-version"));
        let warn = reader.level("warn");
        let warn_version = reader.version("warn-version");
        let level = enforce.as_ref().map_or(Level::Privileged, |read| {
            *read.as_ref().unwrap_or(&Level::Restricted)
        });
        let enforced = Standard {
            level,
            version: or_latest(enforce_version.as_ref()),
        };
        let mut warned = Standard {
            level: or_privileged(warn.as_ref()),
            version: or_latest(warn_version.as_ref()),
        };
        // What is enforced is warned of, unless the labels say what is.
        if warn.is_none() && or_privileged(enforce.as_ref()) > warned.level {
            warned.level = enforced.level;
            if warn_version.is_none() {
                warned.version = enforced.version;
            }
        }
        (Self { enforced, warned }, reader.faults)
    }
}

/// The value of a label that means nothing.
struct Unreadable;

fn or_privileged(read: Option<&Result<Level, Unreadable>>) -> Level {
    match read {
        Some(Ok(level)) => *level,
        Some(Err(Unreadable)) | None => Level::Privileged,
    }
}

fn or_latest(read: Option<&Result<Version, Unreadable>>) -> Version {
    match read {
        Some(Ok(version)) => *version,
        Some(Err(Unreadable)) | None => Version::Latest,
    }
}

struct Reader<'l> {
    labels: Option<&'l Map>,
    faults: Vec<Cause>,
}

impl Reader<'_> {
    fn level(&mut self, name: &str) -> Option<Result<Level, Unreadable>> {
        self.read(name, Level::read, LEVEL_FAULT)
    }

    fn version(&mut self, name: &str) -> Option<Result<Version, Unreadable>> {
        self.read(name, Version::read, VERSION_FAULT)
    }

    fn read<T>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Option<T>,
        why: &str,
    ) -> Option<Result<T, Unreadable>> {
        let named = |label: &str| label.strip_prefix(PREFIX) == Some(name);
        let mut labels = self.labels.into_iter().flatten();
        let (label, value) = labels.find(|(label, _)| named(label))?;
        let value = value.as_str().unwrap_or_default();
        let read = parse(value);
        if read.is_none() {
            let field = format!("metadata.labels[{label}]");
            self.faults.push(invalid(&field, value, why));
        }
        Some(read.ok_or(Unreadable))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::{Value, json};

    fn labelled(labels: &[(&str, &str)]) -> Value {
        let labels = labels.iter();
        let named = labels.map(|(name, value)| (format!("{PREFIX}{name}"), Value::from(*value)));
        Value::Object(named.collect())
    }

    #[rstest]
    #[case(&[], "privileged:latest", "privileged:latest")]
    #[case(&[("enforce", "baseline")], "baseline:latest", "baseline:latest")]
    #[case(&[("enforce", "restricted"), ("enforce-version", "v1.24")], "restricted:v1.24", "restricted:v1.24")]
    #[case(&[("enforce", "restricted"), ("warn-version", "v1.9")], "restricted:latest", "restricted:v1.9")]
    #[case(&[("enforce", "restricted"), ("warn", "privileged")], "restricted:latest", "privileged:latest")]
    #[case(&[("enforce", "x"), ("warn", "x")], "restricted:latest", "privileged:latest")]
    fn labels_say_what_is_asked(
        #[case] labels: &[(&str, &str)],
        #[case] enforced: &str,
        #[case] warned: &str,
    ) {
        let (policy, _) = Policy::of(labelled(labels).as_object());
        assert_eq!(policy.enforced.to_string(), enforced);
        assert_eq!(policy.warned.to_string(), warned);
    }

    #[rstest]
    #[case("v1.0", true)]
    #[case("v1.99", true)]
    #[case("v1.01", false)]
    #[case("v1.", false)]
    #[case("v1.+1", false)]
    #[case("v2.1", false)]
    #[case("v1.99999999999999999999", false)]
    fn versions_are_numbers(#[case] text: &str, #[case] is_valid: bool) {
        let labels = json!({"pod-security.kubernetes.io/enforce-version": text});
        assert_eq!(Policy::of(labels.as_object()).1.is_empty(), is_valid);
    }
}
