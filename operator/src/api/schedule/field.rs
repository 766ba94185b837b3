//! One field of a schedule: the minutes, hours, days or months at which it fires.
//!
//! Source: robfig/cron v3.0.1 `parser.go`, which is stricter than most: Sunday is 0 and never 7, and there is no `L`,
//! `W` or `#`.

/// What a field counts.
pub(super) struct Unit {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

/// Minutes of an hour.
pub(super) const MINUTES: Unit = Unit::plain(0, 59);
/// Hours of a day.
pub(super) const HOURS: Unit = Unit::plain(0, 23);
/// Days of a month.
pub(super) const DAYS: Unit = Unit::plain(1, 31);
/// Months of a year.
pub(super) const MONTHS: Unit = Unit {
    min: 1,
    max: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
/// Days of a week.
pub(super) const WEEKDAYS: Unit = Unit {
    min: 0,
    max: 6,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

impl Unit {
    const fn plain(min: u32, max: u32) -> Self {
        Self {
            min,
            max,
            names: &[],
        }
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        let lower = text.to_lowercase();
        match (self.min..)
            .zip(self.names)
            .find(|(_, name)| **name == lower)
        {
            Some((number, _)) => Ok(number),
            None => number(text),
        }
    }
}

/// The values of one unit that a schedule names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    bits: u64,
    /// Whether it was written as a star: of the two kinds of days, a starred one leaves the choice to the other.
    pub(super) starred: bool,
}

impl Field {
    /// Reads a field such as `*/10` or `mon-fri,sun`.
    pub(super) fn parse(text: &str, unit: &Unit) -> Result<Self, String> {
        let ranges = text.split(',').filter(|range| !range.is_empty());
        ranges.map(|text| range(text, unit)).try_fold(
            Self::default(),
            |all, one: Result<Self, String>| {
                let one = one?;
                Ok(Self {
                    bits: all.bits | one.bits,
                    starred: all.starred || one.starred,
                })
            },
        )
    }

    /// Whether `value` is one of its values.
    pub(super) fn has(self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| (self.bits >> value) & 1 == 1)
    }
}

fn range(text: &str, unit: &Unit) -> Result<Field, String> {
    let mut slashed = text.split('/');
    let bounds: Vec<&str> = slashed.next().unwrap_or_default().split('-').collect();
    let step_text = slashed.next();
    if slashed.next().is_some() {
        return Err(format!("too many slashes: {text}"));
    }
    let (start, mut end, star) = match bounds.as_slice() {
        ["*" | "?", ..] => (unit.min, unit.max, true),
        [only] => {
            let only = unit.number(only)?;
            (only, only, false)
        }
        [low, high] => (unit.number(low)?, unit.number(high)?, false),
        _ => return Err(format!("too many hyphens: {text}")),
    };
    let step = step_text.map_or(Ok(1), number)?;
    if step_text.is_some() && bounds.len() == 1 {
        end = unit.max;
    }
    check(text, unit, (start, end), step)?;
    let step_size = usize::try_from(step).unwrap_or(usize::MAX);
    Ok(Field {
        bits: (start..=end)
            .step_by(step_size)
            .fold(0, |bits, value| bits | (1 << value)),
        starred: star && step == 1,
    })
}

fn check(text: &str, unit: &Unit, (start, end): (u32, u32), step: u32) -> Result<(), String> {
    let (min, max) = (unit.min, unit.max);
    if start < min {
        return Err(format!(
            "beginning of range ({start}) below minimum ({min}): {text}"
        ));
    }
    if end > max {
        return Err(format!(
            "end of range ({end}) above maximum ({max}): {text}"
        ));
    }
    if start > end {
        return Err(format!(
            "beginning of range ({start}) beyond end of range ({end}): {text}"
        ));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok(())
}

fn number(text: &str) -> Result<u32, String> {
    let number: i64 = text.parse().map_err(|_| {
        format!("failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax")
    })?;
    if number < 0 {
        return Err(format!("negative number ({number}) not allowed: {text}"));
    }
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn values(text: &str, unit: &Unit) -> Result<Vec<i8>, String> {
        let field = Field::parse(text, unit)?;
        Ok((0..60).filter(|value| field.has(*value)).collect())
    }

    #[rstest]
    #[case("*/20", &MINUTES, &[0, 20, 40])]
    #[case("50/4", &MINUTES, &[50, 54, 58])]
    #[case("1-9/3,30", &MINUTES, &[1, 4, 7, 30])]
    #[case("?", &WEEKDAYS, &[0, 1, 2, 3, 4, 5, 6])]
    #[case("mon-WED,sat", &WEEKDAYS, &[1, 2, 3, 6])]
    #[case("dec,jan", &MONTHS, &[1, 12])]
    fn a_field_names_values(#[case] text: &str, #[case] unit: &Unit, #[case] expected: &[i8]) {
        assert_eq!(values(text, unit), Ok(expected.to_vec()));
    }

    #[rstest]
    #[case("60", &MINUTES, "end of range (60) above maximum (59): 60")]
    #[case("7", &WEEKDAYS, "end of range (7) above maximum (6): 7")]
    #[case("0", &DAYS, "beginning of range (0) below minimum (1): 0")]
    #[case("9-3", &HOURS, "beginning of range (9) beyond end of range (3): 9-3")]
    #[case("*/0", &MINUTES, "step of range should be a positive number: */0")]
    #[case("1-2-3", &MINUTES, "too many hyphens: 1-2-3")]
    #[case("*/2/3", &MINUTES, "too many slashes: */2/3")]
    #[case("L", &DAYS, "failed to parse int from L: strconv.Atoi: parsing \"L\": invalid syntax")]
    #[case("*/-2", &MINUTES, "negative number (-2) not allowed: -2")]
    fn a_field_is_refused(#[case] text: &str, #[case] unit: &Unit, #[case] expected: &str) {
        assert_eq!(values(text, unit), Err(expected.to_owned()));
    }
}
