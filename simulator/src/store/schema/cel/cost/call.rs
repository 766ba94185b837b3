//! What a function or an operator costs, and how large what it makes may be.
//!
//! Source: cel-go v0.26 `checker/cost.go` and `ext/sets.go`; apiserver v0.34.3, pkg/cel/library/cost.go. A function that is not named
//! here costs one.

use kube_cel::cel::common::ast::{Expr, IdedExpr, LiteralValue};

use super::range::Range;
use super::{CelType, Estimator, NOTHING, ONE, Step};
use crate::store::schema::cel::signature::Signature;

/// What to look at one character costs.
const CHARACTER: f64 = 0.1;
/// What a character of a pattern costs for each unit that the text costs.
const PATTERN: f64 = 0.25;
/// What is taken for the length of the pattern of a format, which nobody sees.
const FORMAT_PATTERN_LENGTH: f64 = 128.0;
/// Bytes of an address.
const ADDRESS: Range = Range::new(4, 16);

/// A call, taken as one of the forms of its function.
pub(super) struct Call<'c> {
    pub(super) name: &'c str,
    pub(super) form: &'c Signature,
    pub(super) expression: &'c IdedExpr,
    pub(super) target: Option<&'c IdedExpr>,
    pub(super) arguments: &'c [IdedExpr],
    pub(super) costs: &'c [Range],
}

/// A cost, and the size of what is made for it where that has one.
type Cost = (Range, Option<Range>);

impl Call<'_> {
    /// The cost with that of the arguments.
    pub(super) fn cost(&self, estimator: &mut Estimator) -> Cost {
        match self.name {
            "_||_" | "_&&_" => {
                let (min, max) = (self.costs[0].min, self.arguments_cost().max);
                return (Range::new(min, max), None);
            }
            "_?_:_" => return self.choice(estimator),
            _ => {}
        }
        let own = self.of_kubernetes(estimator);
        let own = own.or_else(|| self.of_cel(estimator));
        let (cost, size) = own.unwrap_or((ONE, None));
        (cost.plus(self.arguments_cost()), size)
    }

    fn arguments_cost(&self) -> Range {
        self.costs.iter().copied().fold(NOTHING, Range::plus)
    }

    fn argument(&self, estimator: &mut Estimator, index: usize) -> Option<Range> {
        let argument = self.arguments.get(index)?;
        Some(estimator.size_or_unknown(argument))
    }

    fn target(&self, estimator: &mut Estimator) -> Option<Range> {
        Some(estimator.size_or_unknown(self.target?))
    }

    fn choice(&self, estimator: &mut Estimator) -> Cost {
        let [_, one, other] = self.arguments else {
            return (ONE, None);
        };
        let size = estimator.size_or_unknown(one);
        let size = size.or(estimator.size_or_unknown(other));
        let entries = (estimator.entry(one), estimator.entry(other));
        if let (Some(one), Some(other)) = entries {
            let entry = one.or(other);
            estimator.entries.insert(self.expression.id, entry);
        }
        let cost = self.costs[0].plus(self.costs[1].or(self.costs[2]));
        (cost, Some(size))
    }

    /// Functions of CEL whose cost depends on what they are given.
    fn of_cel(&self, estimator: &mut Estimator) -> Option<Cost> {
        let first = self.form.takes.first()?;
        let is_text = *first == CelType::STRING;
        let is_bytes = *first == CelType::BYTES;
        match self.name {
            "format" => Some((self.target(estimator)?.part(CHARACTER), None)),
            "bytes" if is_text => {
                let size = self.argument(estimator, 0)?;
                let made = Range::new(size.min, size.max.saturating_mul(4));
                Some((size.part(CHARACTER), Some(made)))
            }
            "string" if is_bytes => {
                let size = self.argument(estimator, 0)?;
                let made = Range::new(size.min / 4, size.max);
                Some((size.part(CHARACTER), Some(made)))
            }
            "startsWith" | "endsWith" => Some((self.argument(estimator, 0)?.part(CHARACTER), None)),
            "@in" if matches!(self.form.takes[1], CelType::List(_)) => {
                Some((self.argument(estimator, 1)?, None))
            }
            "matches" => Some((self.pattern(estimator)?, None)),
            "contains" => {
                let text = self.target(estimator)?.part(CHARACTER);
                let part = self.argument(estimator, 0)?.part(CHARACTER);
                Some((text.times(part), None))
            }
            "_+_" if is_text || is_bytes || matches!(first, CelType::List(_)) => {
                Some(self.sum(estimator))
            }
            "_==_" | "_!=_" => Some(self.comparison(estimator)),
            "_<_" | "_<=_" | "_>_" | "_>=_" if is_text || is_bytes => {
                Some(self.comparison(estimator))
            }
            _ => None,
        }
    }

    /// What it costs to look for a pattern in a text, neither of which counts as empty.
    fn pattern(&self, estimator: &mut Estimator) -> Option<Range> {
        let text = self.target(estimator)?.plus(ONE).part(CHARACTER);
        Some(text.times(self.argument(estimator, 0)?.part(PATTERN)))
    }

    fn sum(&self, estimator: &mut Estimator) -> Cost {
        let [one, other] = self.arguments else {
            return (ONE, None);
        };
        let size = estimator.size_or_unknown(one);
        let size = size.plus(estimator.size_or_unknown(other));
        if let (Some(one), Some(other)) = (estimator.entry(one), estimator.entry(other)) {
            let entry = one.or(other);
            estimator.entries.insert(self.expression.id, entry);
        }
        let cost = match self.form.takes[0] {
            CelType::List(_) => ONE,
            _ => size.part(CHARACTER),
        };
        (cost, Some(size))
    }

    fn comparison(&self, estimator: &mut Estimator) -> Cost {
        let [one, other] = self.arguments else {
            return (ONE, None);
        };
        let one = estimator.size_or_unknown(one);
        let max = one.max.min(estimator.size_or_unknown(other).max);
        (Range::new(max.min(1), max).part(CHARACTER), None)
    }

    /// Functions that Kubernetes adds, and those of CEL whose cost it says otherwise.
    fn of_kubernetes(&self, estimator: &mut Estimator) -> Option<Cost> {
        let is_text = |index: usize| self.form.takes.get(index) == Some(&CelType::STRING);
        match self.name {
            "check" => Some((Range::fixed(350_000), None)),
            "fieldSelector" | "labelSelector" => {
                let length = self.argument(estimator, 0)?;
                let requirements = length.part(0.5).part(50.0);
                let cost = Range::fixed(10).plus(length.part(CHARACTER));
                Some((cost.plus(requirements), None))
            }
            "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
                self.over_elements(estimator)
            }
            "url" => {
                let size = self.argument(estimator, 0)?;
                Some((size.part(CHARACTER), Some(size)))
            }
            "lowerAscii" | "upperAscii" | "substring" | "trim" => {
                let size = self.target(estimator)?;
                Some((size.part(CHARACTER), Some(size)))
            }
            "replace" => self.replacement(estimator),
            "split" => {
                let size = self.target(estimator)?;
                let max = written_int(self.arguments.get(1)).unwrap_or(size.max);
                let cost = size.part(2.0 * CHARACTER);
                Some((cost, Some(Range::new(0, max))))
            }
            "join" => self.joined(estimator),
            "find" | "findAll" => {
                let max = self.target(estimator)?.max;
                Some((self.pattern(estimator)?, Some(Range::new(0, max))))
            }
            "ip" if !is_text(0) => Some((ONE, None)),
            "cidr" | "isIP" | "isCIDR" | "ip" | "quantity" | "isQuantity" | "semver"
            | "isSemver" => Some((self.argument(estimator, 0)?.part(CHARACTER), None)),
            "ip.isCanonical" => Some((self.argument(estimator, 0)?.part(2.0 * CHARACTER), None)),
            "containsIP" | "containsCIDR" => {
                let mut cost = ADDRESS.plus(ADDRESS).part(CHARACTER);
                if self.name == "containsCIDR" {
                    cost = cost.plus(ADDRESS.part(CHARACTER)).plus(ONE);
                }
                if is_text(1) {
                    cost = cost.plus(self.argument(estimator, 0)?.part(CHARACTER));
                }
                Some((cost, None))
            }
            "validate" => {
                let text = self.argument(estimator, 0)?.part(CHARACTER);
                Some((text.part(FORMAT_PATTERN_LENGTH * PATTERN), None))
            }
            "sets.contains" | "sets.intersects" | "sets.equivalent" => {
                let pairs = self.argument(estimator, 0)?;
                let pairs = pairs.times(self.argument(estimator, 1)?);
                let factor = if self.name == "sets.equivalent" {
                    2.0
                } else {
                    1.0
                };
                Some((pairs.part(factor).plus(ONE), None))
            }
            "_==_" => self.equality(estimator),
            _ => None,
        }
    }

    fn over_elements(&self, estimator: &mut Estimator) -> Option<Cost> {
        let target = self.target?;
        let size = self.target(estimator)?;
        let CelType::List(of) = estimator.checked.kind(target) else {
            return Some((size.part(CHARACTER), None));
        };
        let mut each = ONE;
        if matches!(**of, CelType::STRING | CelType::BYTES) {
            each = each.plus(element_size(estimator, target).part(CHARACTER));
        }
        Some((size.times(each), None))
    }

    fn joined(&self, estimator: &mut Estimator) -> Option<Cost> {
        let target = self.target?;
        let n_elements = self.target(estimator)?;
        let mut size = NOTHING;
        if let CelType::List(_) = estimator.checked.kind(target) {
            size = n_elements.times(element_size(estimator, target));
        }
        if let Some(separator) = self.argument(estimator, 0) {
            let less = |n: u64| n.saturating_sub(1);
            let n_separators = Range::new(less(n_elements.min), less(n_elements.max));
            size = size.plus(separator.times(n_separators));
        }
        Some((size.part(CHARACTER), Some(size)))
    }

    fn replacement(&self, estimator: &mut Estimator) -> Option<Cost> {
        let size = self.target(estimator)?;
        let old = self.argument(estimator, 0)?;
        let new = self.argument(estimator, 1)?;
        // How often it is replaced, and how much of the text stays.
        let (n_max, stays_max) = match old.min {
            0 => (size.max.saturating_add(1), size.max),
            min if new.max <= min => (0, size.max),
            min => (size.max.div_ceil(min), 0),
        };
        let (n_min, stays_min) = match old.max {
            0 => (size.min.saturating_add(1), size.min),
            max if max <= new.min => (0, size.min),
            max => (size.min.div_ceil(max), 0),
        };
        let made = Range::new(n_min, n_max).times(new);
        let made = made.plus(Range::new(stays_min, stays_max));
        Some((size.part(2.0 * CHARACTER), Some(made)))
    }

    /// The comparison of values that only Kubernetes knows.
    fn equality(&self, estimator: &mut Estimator) -> Option<Cost> {
        let [one, other] = self.arguments else {
            return None;
        };
        let kind = estimator.checked.kind(one);
        let CelType::Named(name) = kind else {
            return None;
        };
        if kind != estimator.checked.kind(other) || !name.contains('.') {
            return None;
        }
        let cost = match *name {
            "kubernetes.NamedFormat" => Range::new(1, 64).part(CHARACTER),
            "kubernetes.URL" => {
                let max = estimator.size(other).map_or(1, |size| size.max);
                Range::new(1, max).part(CHARACTER)
            }
            _ => ONE,
        };
        Some((cost, None))
    }
}

/// The size of an element of a list that lies somewhere.
fn element_size(estimator: &Estimator, list: &IdedExpr) -> Range {
    let place = estimator.place(list);
    let declared = place.declaration(estimator.root).flatten();
    let element = declared.and_then(|list| list.at(&Step::Element));
    element.map_or(Range::UNKNOWN, |element| estimator.size_of(element))
}

fn written_int(expression: Option<&IdedExpr>) -> Option<u64> {
    match &expression?.expr {
        Expr::Literal(LiteralValue::Int(number)) => Some((*number.inner()).cast_unsigned()),
        _ => None,
    }
}
