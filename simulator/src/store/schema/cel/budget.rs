//! What the rules of a definition may cost, each and together.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/apis/apiextensions/validation/validation.go and cel_validation.go.

use super::cause;
use super::declaration::REQUEST_BYTES_MAX;
use crate::store::status::Cause;

/// The most that one rule may cost, for all values that it may be about.
const RULE_MAX: u64 = 10_000_000;
/// The most that all rules of a schema may cost.
const SCHEMA_MAX: u64 = 100_000_000;
/// How many rules are named that make a schema cost too much.
const N_NAMED: usize = 4;

/// What the rules of a schema cost so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    is_old: bool,
    total: u64,
    /// Where the dearest rules stand, the dearest first.
    dearest: Vec<(u64, String)>,
}

/// How many values of a schema an object may have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    /// As bounds around it say.
    Within(u64),
    /// As many as there is room for.
    Unbounded,
}

impl Count {
    /// That of what may be there `n_max` times in each; any number of times if there is no bound.
    pub(super) fn each(self, n_max: Option<u64>) -> Self {
        match (self, n_max) {
            (Self::Within(n), Some(n_max)) => Self::Within(n.saturating_mul(n_max)),
            _ => Self::Unbounded,
        }
    }

    /// What something costs for all values, each of which takes at least `bytes_min`.
    pub(super) fn times(self, cost: u64, bytes_min: u64) -> u64 {
        let n = match self {
            Self::Within(n) => n,
            Self::Unbounded => REQUEST_BYTES_MAX / (bytes_min + 1),
        };
        cost.saturating_mul(n)
    }
}

impl Budget {
    /// That of rules of which each may cost what it likes if they are old.
    pub(super) fn new(is_old: bool) -> Self {
        Self {
            is_old,
            ..Self::default()
        }
    }

    /// Counts the cost of what stands at `field`, and says so if that is too much for `what`.
    pub(super) fn spend(&mut self, cost: u64, field: &str, what: &str) -> Option<Cause> {
        self.total = self.total.saturating_add(cost);
        if cost >= SCHEMA_MAX / 100 {
            self.dearest.push((cost, field.to_owned()));
            self.dearest.sort_by_key(|(cost, _)| u64::MAX - cost);
            self.dearest.truncate(N_NAMED);
        }
        let is_too_much = !self.is_old && cost > RULE_MAX;
        is_too_much.then(|| cause::forbidden(field, &exceeds(what, cost, RULE_MAX)))
    }

    /// What there is to say of the schema at `path` as a whole.
    pub(super) fn close(self, path: &str) -> Vec<Cause> {
        if self.total <= SCHEMA_MAX {
            return Vec::new();
        }
        let detail = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
        let dearest = self.dearest.into_iter();
        let mut causes: Vec<Cause> = dearest
            .map(|(_, field)| cause::forbidden(field, detail))
            .collect();
        let what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
        let detail = exceeds(what, self.total, SCHEMA_MAX);
        causes.push(cause::forbidden(path, &detail));
        causes
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a factor is told with few digits"
)]
fn exceeds(what: &str, cost: u64, limit: u64) -> String {
    let factor = cost as f64 / limit as f64;
    let factor = if factor > 100.0 {
        "more than 100x".to_owned()
    } else if factor < 1.5 {
        format!("{factor:.6}x")
    } else {
        format!("{factor:.1}x")
    };
    format!(
        "{what} exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::just(10_000_000, None)]
    #[case::hardly(10_000_001, Some("1.000000x"))]
    #[case::more(15_000_000, Some("1.5x"))]
    #[case::much(1_000_000_000, Some("100.0x"))]
    #[case::too_much(1_000_000_001, Some("more than 100x"))]
    fn a_rule_has_a_budget(#[case] cost: u64, #[case] factor: Option<&str>) {
        let cause = Budget::default().spend(cost, "f", "estimated rule cost");
        let told = cause.map(|cause| cause.message);
        let told = told.as_deref().and_then(|text| text.split(' ').nth(9));
        assert_eq!(told, factor.and_then(|factor| factor.split(' ').next()));
    }

    #[test]
    fn a_schema_has_one_too_and_the_dearest_rules_are_named() {
        let mut budget = Budget::default();
        for (i, cost) in [9, 10, 8, 10, 7, 10, 9, 10, 10, 10, 9]
            .into_iter()
            .enumerate()
        {
            let cause = budget.spend(cost * 1_000_000, &i.to_string(), "it");
            assert_eq!(cause, None);
        }
        let fields = budget.close("all").into_iter().map(|cause| cause.field);
        assert!(fields.eq(["1", "3", "5", "7", "all"]));
    }

    #[test]
    fn what_has_no_bound_is_there_as_often_as_there_is_room_for_it() {
        assert_eq!(Count::Within(2).each(Some(3)).times(5, 1), 30);
        assert_eq!(Count::Within(2).each(None).times(1, 2), 1_048_576);
    }
}
