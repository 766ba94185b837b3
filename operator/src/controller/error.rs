//! What can go wrong between the operator and the API server.

use std::fmt;

use jiff::SignedDuration;

use super::related::ObjectKey;

/// A request that did not do what it was for.
#[derive(Debug, thiserror::Error)]
#[error("cannot {act} {kind} {key}")]
pub struct Error {
    /// What was tried.
    pub act: Act,
    /// On which kind.
    pub kind: &'static str,
    /// On which object.
    pub key: ObjectKey,
    /// Why it failed.
    #[source]
    pub source: Box<kube::Error>,
}

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Read one object.
    Get,
    /// Read the objects that belong to one.
    List,
    /// Make an object.
    Create,
    /// Write an object as a whole.
    Update,
    /// Write a status.
    PatchStatus,
    /// Add or remove a finalizer.
    PatchFinalizers,
    /// Delete an object.
    Delete,
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "get",
            Self::List => "list the objects of",
            Self::Create => "create",
            Self::Update => "update",
            Self::PatchStatus => "patch the status of",
            Self::PatchFinalizers => "patch the finalizers of",
            Self::Delete => "delete",
        })
    }
}

/// The first wait after a failure. Source: spec/arc.md §11.5.
const RETRY_FIRST: SignedDuration = SignedDuration::from_secs(1);
/// The longest wait after a failure. Source: spec/arc.md §11.5.
const RETRY_MAX: SignedDuration = SignedDuration::from_mins(5);
/// The wait after a conflict: somebody else was faster, so look again soon.
const RETRY_CONFLICT: SignedDuration = SignedDuration::from_millis(100);

/// The reason of a 404 for a kind that is served; for one that is not, the answer has no reason at all.
const NOT_FOUND: &str = "NotFound";

impl Error {
    /// Whether the API server does not serve the kind: its definition is not installed, or not loaded yet.
    #[must_use]
    pub fn is_kind_missing(&self) -> bool {
        matches!(&*self.source, kube::Error::Api(status) if status.code == 404 && status.reason != NOT_FOUND)
    }

    /// Whether the object had changed since it was read.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(&*self.source, kube::Error::Api(status) if status.is_conflict())
    }

    /// How long to wait before the `n_failures`-th failure in a row (counted from 1) of reconciling `key` is tried again:
    /// doubled each time, up to five minutes, and less a share of at most a quarter that differs from object to object.
    #[must_use]
    pub fn retry_after(&self, n_failures: u32, key: &ObjectKey) -> SignedDuration {
        if self.is_conflict() {
            return RETRY_CONFLICT;
        }
        let factor = 1_i32 << n_failures.saturating_sub(1).min(16);
        let full = RETRY_FIRST.saturating_mul(factor).min(RETRY_MAX);
        full - full / 1024 * i32::from(spread(key))
    }
}

/// 0 to 255, evenly over many keys.
fn spread(key: &ObjectKey) -> u8 {
    let bytes = key.namespace.bytes().chain([b'/']).chain(key.name.bytes());
    bytes.fold(0x9d, |sum: u8, byte| {
        sum.rotate_left(3) ^ byte.wrapping_mul(0x35)
    })
}

/// An error and its causes on one line, as logs have it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let mut lines = vec![error.to_string()];
    for cause in causes.map(ToString::to_string) {
        // A cause that its effect already quotes adds nothing.
        if !lines.iter().any(|line| line.contains(&cause)) {
            lines.push(cause);
        }
    }
    lines.join(": ")
}

/// Whether the API server knows the kind and says that there is no such object.
pub(super) fn is_not_found(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.reason == NOT_FOUND)
}

/// The answer of an API server that understood the request and will say the same next time.
pub(super) fn refusal(error: &kube::Error) -> Option<&str> {
    match error {
        kube::Error::Api(status)
            if (400..500).contains(&status.code) && !matches!(status.code, 401 | 408 | 429) =>
        {
            Some(&status.message)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;
    use rstest::rstest;

    fn error(status: Status) -> Error {
        Error {
            act: Act::PatchStatus,
            kind: "Order",
            key: ObjectKey::new("default", "o"),
            source: Box::new(kube::Error::Api(Box::new(status))),
        }
    }

    fn unavailable() -> Error {
        error(Status::failure("down", "ServiceUnavailable").with_code(503))
    }

    #[test]
    fn an_error_names_the_act_and_the_object() {
        assert_eq!(
            unavailable().to_string(),
            "cannot patch the status of Order default/o"
        );
    }

    #[rstest]
    #[case("NotFound", false)]
    #[case("Failed to parse error data", true)]
    fn a_missing_kind_is_not_a_missing_object(#[case] reason: &str, #[case] is_kind_missing: bool) {
        let error = error(Status::failure("404 page not found", reason).with_code(404));
        assert_eq!(error.is_kind_missing(), is_kind_missing);
        assert_eq!(is_not_found(&error.source), !is_kind_missing);
    }

    #[test]
    fn a_log_line_has_all_causes() {
        let line = chain(&unavailable());
        assert!(line.starts_with("cannot patch the status of Order default/o: ApiError: down"));
    }

    #[rstest]
    #[case(1, 750, 1000)]
    #[case(2, 1500, 2000)]
    #[case(9, 192_000, 256_000)]
    #[case(10, 225_000, 300_000)]
    #[case(u32::MAX, 225_000, 300_000)]
    fn waits_double_up_to_five_minutes(
        #[case] n_failures: u32,
        #[case] min_milliseconds: i128,
        #[case] max_milliseconds: i128,
    ) {
        for name in ["a", "b", "some-order", "x.y.z"] {
            let wait = unavailable().retry_after(n_failures, &ObjectKey::new("default", name));
            assert!((min_milliseconds..=max_milliseconds).contains(&wait.as_millis()));
        }
    }

    #[test]
    fn a_conflict_is_tried_again_soon() {
        let conflict = error(Status::failure("changed", "Conflict").with_code(409));
        assert_eq!(conflict.retry_after(7, &conflict.key), RETRY_CONFLICT);
    }

    #[rstest]
    #[case(422, true)]
    #[case(403, true)]
    #[case(429, false)]
    #[case(500, false)]
    fn a_refusal_is_final(#[case] code: u16, #[case] is_refusal: bool) {
        let error = error(Status::failure("no", "").with_code(code));
        assert_eq!(refusal(&error.source).is_some(), is_refusal);
    }
}
