//! The least and the most that something may come to.
//!
//! Source: cel-go v0.26 `checker/cost.go`.

/// A cost or a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store::schema::cel) struct Range {
    pub(in crate::store::schema::cel) min: u64,
    pub(in crate::store::schema::cel) max: u64,
}

impl Range {
    /// Nothing is known of it.
    pub(super) const UNKNOWN: Self = Self::new(0, u64::MAX);
    /// What a union begins with.
    pub(super) const NEVER: Self = Self::new(u64::MAX, 0);

    pub(super) const fn new(min: u64, max: u64) -> Self {
        Self { min, max }
    }

    /// Exactly so much.
    pub(super) const fn fixed(amount: u64) -> Self {
        Self::new(amount, amount)
    }

    fn with(self, other: Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        Self::new(combine(self.min, other.min), combine(self.max, other.max))
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    pub(super) fn times(self, other: Self) -> Self {
        self.with(other, u64::saturating_mul)
    }

    /// So much of it, rounded up.
    pub(super) fn part(self, factor: f64) -> Self {
        Self::new(scaled(self.min, factor), scaled(self.max, factor))
    }

    /// One or the other.
    pub(super) fn or(self, other: Self) -> Self {
        Self::new(self.min.min(other.min), self.max.max(other.max))
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "real servers calculate so, and the cast of a float ends at the bounds"
)]
pub(in crate::store::schema::cel) fn scaled(amount: u64, factor: f64) -> u64 {
    (amount as f64 * factor).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_where_numbers_do() {
        let most = Range::UNKNOWN.plus(Range::fixed(1)).times(Range::fixed(2));
        assert_eq!(most, Range::new(2, u64::MAX));
        assert_eq!(Range::UNKNOWN.part(2.0).max, u64::MAX);
        assert_eq!(Range::new(1, 11).part(0.1), Range::new(1, 2));
        assert_eq!(Range::NEVER.or(Range::new(3, 5)), Range::new(3, 5));
    }
}
