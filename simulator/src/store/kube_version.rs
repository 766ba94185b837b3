//! Names of versions and which of them is preferred.

use std::cmp::Ordering;

/// Orders versions as `kubectl` prefers them: general availability, then beta, then alpha, the highest first, and any
/// other name last by its letters.
///
/// Source: kubernetes v1.34 `staging/src/k8s.io/apimachinery/pkg/version/helpers.go`.
#[must_use]
pub(crate) fn by_preference(a: &str, b: &str) -> Ordering {
    match (rank(a), rank(b)) {
        (Some(a), Some(b)) => b.cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// Stability, major and minor of `v1`, `v2beta3` or `v1alpha1`.
fn rank(version: &str) -> Option<(u8, u64, u64)> {
    let rest = version.strip_prefix('v')?;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let major = rest[..digits].parse().ok()?;
    let stage = &rest[digits..];
    if stage.is_empty() {
        Some((2, major, 0))
    } else if let Some(minor) = stage.strip_prefix("beta") {
        Some((1, major, digits_only(minor)?))
    } else {
        Some((0, major, digits_only(stage.strip_prefix("alpha")?)?))
    }
}

fn digits_only(text: &str) -> Option<u64> {
    if text.starts_with('+') {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["v1", "v10", "v2", "v1beta1", "v2alpha1", "v1beta2", "foo1", "v0", "v12alpha1"], &["v10", "v2", "v1", "v0", "v1beta2", "v1beta1", "v12alpha1", "v2alpha1", "foo1"])]
    fn versions_stand_in_order_of_preference(#[case] given: &[&str], #[case] sorted: &[&str]) {
        let mut versions = given.to_vec();
        versions.sort_by(|a, b| by_preference(a, b));
        assert_eq!(versions, sorted);
    }
}
