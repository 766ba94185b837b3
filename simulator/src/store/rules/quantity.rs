//! Quantities, which are stored in one of the many ways to write them.
//!
//! Source: `spec/kube-api.md` §1.6; kubernetes v1.34 `apimachinery/pkg/api/resource/quantity.go`.

use crate::json::Value;

use crate::store::schema::node::Node;

/// What the decoder says of a text that is none.
pub(in crate::store) const MALFORMED: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
/// What it says of a suffix that stands for nothing.
const NO_SUFFIX: &str = "unable to parse quantity's suffix";
/// The powers of 1024 that have a suffix, from the first.
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/// The powers of 1000 that have one, from the minus third.
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
/// Where the suffix of 1 stands in [`DECIMAL`].
const UNIT_INDEX: i32 = 3;
/// The longest number that is read, in digits; more are cut by the real server too.
const DIGITS_MAX: usize = 30;
/// The longest number whose text may be kept, in digits.
const KEPT_DIGITS_MAX: usize = 18;

/// How many digits of a fraction thousandths have.
const THOUSANDTHS: i64 = 3;

/// The greatest binary quantity: what is more counts as this.
const BINARY_MAX: u128 = i64::MAX as u128;

/// How powers of ten are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Form {
    Suffix,
    /// As `e3`.
    Exponent,
}

/// Rewrites every quantity in `value`, which fits `node`.
///
/// # Errors
/// The decoder's text for the first that is none.
pub(in crate::store) fn canonicalise(node: &Node, value: &mut Value) -> Result<(), &'static str> {
    if !node.has_quantity {
        return Ok(());
    }
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let below = node
                    .properties
                    .get(name.as_str())
                    .or(node.additional.as_ref());
                if let Some(below) = below {
                    canonicalise(below, field)?;
                }
                if let (Some(_), Value::String(text)) = (&node.additional, field)
                    && let Some(rounded) = rounded(text)
                {
                    *text = rounded.into();
                }
            }
        }
        Value::Array(elements) => {
            for element in elements {
                if let Some(items) = &node.items {
                    canonicalise(items, element)?;
                }
            }
        }
        Value::String(text) => *text = canonical(text.trim())?.into(),
        Value::Number(number) => *value = canonical(&number.to_string())?.into(),
        // Only in a list of resources: elsewhere nothing is left of it.
        Value::Null if node.children().next().is_none() => *value = "0".into(),
        Value::Null => {}
        Value::Bool(_) => return Err(MALFORMED),
    }
    Ok(())
}

/// The quantity of a list of resources that is no whole number of thousandths, rounded up to one.
///
/// Source: kubernetes v1.34 `pkg/apis/core/v1/defaults.go`, `SetDefaults_ResourceList`.
fn rounded(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, suffix) = unsigned.split_at(end.unwrap_or(unsigned.len()));
    let (form, exponent) = match binary_power(suffix) {
        Some(_) => return None,
        None => decimal_exponent(suffix)?,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let n_below = i64::try_from(fraction.len()).ok()? - i64::from(exponent) - THOUSANDTHS;
    let mantissa: u128 = format!("{whole}{fraction}").parse().ok()?;
    if n_below <= 0 || mantissa == 0 {
        return None;
    }
    let divisor = 10_u128.checked_pow(u32::try_from(n_below).ok()?);
    let thousandths = divisor.map_or(1, |divisor| mantissa.div_ceil(divisor));
    Some(format!(
        "{sign}{}",
        decimal(thousandths, -THOUSANDTHS, form)
    ))
}

/// The text that stands for the same quantity on every server.
///
/// # Errors
/// [`MALFORMED`] or [`NO_SUFFIX`].
fn canonical(text: &str) -> Result<String, &'static str> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let end = unsigned
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    if unsigned.is_empty() || !is_like_suffix(suffix) {
        return Err(MALFORMED);
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let digits = format!("{whole}{fraction}");
    if fraction.contains('.') || digits.len() > DIGITS_MAX {
        return Err(MALFORMED);
    }
    let mantissa: u128 = digits.parse().map_err(|_| MALFORMED)?;
    let scale = -i32::try_from(fraction.len()).map_err(|_| MALFORMED)?;
    let written = match binary_power(suffix) {
        Some(power)
            if fraction.is_empty()
                && mantissa & 7 != 0
                && (sign == "-" || binary(mantissa, power).is_some_and(|n| n < BINARY_MAX)) =>
        {
            return Ok(text.to_owned());
        }
        Some(power) => of_binary(mantissa, scale, power).ok_or(MALFORMED)?,
        None => {
            let (form, exponent) = decimal_exponent(suffix).ok_or(NO_SUFFIX)?;
            let exponent = i64::from(scale) + i64::from(exponent);
            if exponent % 3 == 0 && is_kept(&digits) {
                return Ok(text.to_owned());
            }
            decimal(mantissa, exponent, form)
        }
    };
    Ok(match written.as_str() {
        "0" => written,
        _ => format!("{sign}{written}"),
    })
}

/// Whether the text of these digits is left as it is, which Go takes for canonical.
fn is_kept(digits: &str) -> bool {
    digits.len() <= KEPT_DIGITS_MAX && !digits.ends_with("000") && !digits.starts_with('0')
}

fn is_like_suffix(suffix: &str) -> bool {
    let rest = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let digits = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The power of 1024 that a suffix stands for.
pub(in crate::store) fn binary_power(suffix: &str) -> Option<u32> {
    let index = BINARY.iter().position(|known| *known == suffix)?;
    u32::try_from(index + 1).ok()
}

/// The power of ten that a suffix stands for.
pub(in crate::store) fn decimal_exponent(suffix: &str) -> Option<(Form, i32)> {
    if let Some(index) = DECIMAL.iter().position(|known| *known == suffix) {
        return Some((Form::Suffix, (i32::try_from(index).ok()? - UNIT_INDEX) * 3));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    Some((Form::Exponent, exponent.parse().ok()?))
}

/// `mantissa` times 1024 to the `power`.
fn binary(mantissa: u128, power: u32) -> Option<u128> {
    mantissa.checked_mul(1024_u128.checked_pow(power)?)
}

/// Binary quantities keep their suffixes as long as they are whole and not below 1024.
pub(in crate::store) fn of_binary(mantissa: u128, scale: i32, power: u32) -> Option<String> {
    let divisor = 10_u128.checked_pow(scale.unsigned_abs())?;
    let numerator = match binary(mantissa, power) {
        None if scale < 0 => return None,
        Some(numerator) if numerator / divisor < BINARY_MAX => numerator,
        _ => return Some(BINARY_MAX.to_string()),
    };
    if !numerator.is_multiple_of(divisor) || numerator / divisor < 1024 {
        return Some(decimal(numerator, scale.into(), Form::Suffix));
    }
    let mut amount = numerator / divisor;
    let mut suffix = "";
    for known in BINARY {
        if !amount.is_multiple_of(1024) {
            break;
        }
        amount /= 1024;
        suffix = known;
    }
    Some(format!("{amount}{suffix}"))
}

/// `mantissa` times ten to the `exponent`, with the greatest suffix that leaves a whole number.
pub(in crate::store) fn decimal(mut mantissa: u128, mut exponent: i64, form: Form) -> String {
    if mantissa == 0 {
        return "0".to_owned();
    }
    while mantissa.is_multiple_of(10) {
        mantissa /= 10;
        exponent += 1;
    }
    // Nothing is finer than a billionth: what is left is rounded up.
    while exponent < -9 && mantissa > 1 {
        mantissa = mantissa.div_ceil(10);
        exponent += 1;
    }
    exponent = exponent.max(-9);
    let highest = match form {
        Form::Exponent => i64::MAX,
        Form::Suffix => 18,
    };
    while exponent.rem_euclid(3) != 0 || exponent > highest {
        mantissa *= 10;
        exponent -= 1;
    }
    match form {
        Form::Exponent if exponent != 0 => format!("{mantissa}e{exponent}"),
        Form::Exponent => mantissa.to_string(),
        Form::Suffix => {
            let index = usize::try_from(exponent / 3 + i64::from(UNIT_INDEX)).unwrap_or_default();
            format!("{mantissa}{}", DECIMAL[index])
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// What kube-apiserver 1.34.3 makes of each.
    #[rstest]
    #[case("0.5", "500m")]
    #[case("1024Mi", "1Gi")]
    #[case("1.5Gi", "1536Mi")]
    #[case("0.1Gi", "107374182400m")]
    #[case("0.5Ki", "512")]
    #[case("1000", "1k")]
    #[case("1000000", "1M")]
    #[case("1500", "1500")]
    #[case("1024", "1024")]
    #[case("100m", "100m")]
    #[case("1000m", "1")]
    #[case("1e3", "1e3")]
    #[case("1E3", "1E3")]
    #[case("12e2", "1200")]
    #[case("0", "0")]
    #[case("0Gi", "0")]
    #[case("-1.50", "-1500m")]
    #[case("+2", "+2")]
    #[case("1.", "1.")]
    #[case("1e-3", "1e-3")]
    #[case("1e19", "10e18")]
    #[case("Gi", "0")]
    #[case(".5", "500m")]
    #[case("1.5e-2147483648", "1.5e-2147483648")]
    #[case("1.5e-2147483647", "1e-9")]
    #[case("1.5e2147483646", "1500e2147483643")]
    #[case("10e2147483647", "100e2147483646")]
    #[case("20000000000000000000.1Ei", "9223372036854775807")]
    #[case("999999999999999999999999999992Ei", "9223372036854775807")]
    #[case("999999999999999999999999999999Ei", "9223372036854775807")]
    #[case("9Ei", "9223372036854775807")]
    #[case("7Ei", "7Ei")]
    fn quantities_are_written_in_one_way(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(canonical(text).as_deref(), Ok(expected));
    }

    #[rstest]
    #[case("100u", Some("1m"))]
    #[case("1000001n", Some("2m"))]
    #[case("1e-30", Some("1e-3"))]
    #[case("-1u", Some("-1m"))]
    #[case("1500m", None)]
    #[case("1E", None)]
    #[case("1025Ki", None)]
    fn resources_are_counted_in_thousandths(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(rounded(text).as_deref(), expected);
    }

    #[rstest]
    #[case("", MALFORMED)]
    #[case("x", MALFORMED)]
    #[case("1.2.3", MALFORMED)]
    #[case("1Kii", NO_SUFFIX)]
    fn other_texts_are_no_quantities(#[case] text: &str, #[case] why: &str) {
        assert_eq!(canonical(text), Err(why));
    }
}
