//! Quantities that can be counted with.
//!
//! Source: apimachinery v0.34.3, pkg/api/resource/quantity.go.

use std::cmp::Ordering;
use std::fmt;

use crate::store::rules::{Form, binary_power, decimal, decimal_exponent, of_binary};

const NANOS: i128 = 1_000_000_000;

/// An amount of something.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Amount {
    nanos: i128,
    /// Whether it is written with powers of 1024.
    is_binary: bool,
}

impl Amount {
    /// That many things.
    pub(crate) fn of(n: usize) -> Self {
        Self {
            nanos: n as i128 * NANOS,
            is_binary: false,
        }
    }

    /// The amount that a quantity says, which was checked before.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c));
        let (number, suffix) = text.split_at(end.unwrap_or(text.len()));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let divisor = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let is_binary = binary_power(suffix);
        let nanos = match is_binary {
            Some(power) => digits
                .checked_mul(1024_i128.checked_pow(power)?)?
                .checked_mul(NANOS)?,
            None => {
                let (_, exponent) = decimal_exponent(suffix)?;
                let nanos = 10_i128.checked_pow(u32::try_from(exponent + 9).ok()?)?;
                digits.checked_mul(nanos)?
            }
        };
        Some(Self {
            nanos: nanos / divisor,
            is_binary: is_binary.is_some(),
        })
    }

    /// Both together, written as the first of them that is not zero.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            nanos: self.nanos.saturating_add(other.nanos),
            is_binary: match self.is_zero() {
                true => other.is_binary,
                false => self.is_binary,
            },
        }
    }

    /// What is left without the other, and nothing if that is more.
    pub(crate) fn minus(self, other: Self) -> Self {
        Self {
            nanos: (self.nanos - other.nanos).max(0),
            ..self
        }
    }

    /// The greater one.
    pub(crate) fn max(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    /// Whether the amount is that of whole parts, each of `size`.
    pub(crate) fn is_multiple_of(self, size: Self) -> bool {
        size.nanos > 0 && self.nanos % size.nanos == 0
    }

    /// Whether it is a number of whole things.
    pub(crate) fn is_whole(self) -> bool {
        self.nanos % NANOS == 0
    }

    /// How many times the other it is.
    pub(crate) fn over(self, other: Self) -> f64 {
        self.nanos as f64 / other.nanos as f64
    }

    pub(crate) fn is_zero(self) -> bool {
        self.nanos == 0
    }
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.nanos.partial_cmp(&other.nanos)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.nanos.unsigned_abs();
        let sign = if self.nanos < 0 { "-" } else { "" };
        let binary = of_binary(nanos, -9, 0).filter(|_| self.is_binary);
        let written = binary.unwrap_or_else(|| decimal(nanos, -9, Form::Suffix));
        write!(f, "{sign}{written}")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1", "1", "2")]
    #[case("500m", "1", "1500m")]
    #[case("500m", "1500m", "2")]
    #[case("1Gi", "512Mi", "1536Mi")]
    #[case("1Gi", "1Gi", "2Gi")]
    #[case("0", "1Mi", "1Mi")]
    #[case("1k", "24", "1024")]
    #[case("1.5", "0", "1500m")]
    #[case("1M", "1M", "2M")]
    fn amounts_add_up(#[case] one: &str, #[case] other: &str, #[case] expected: &str) {
        let read = |text| Amount::read(text).unwrap();
        assert_eq!(read(one).plus(read(other)).to_string(), expected);
    }
}
