//! Whole numbers that are written as fractions.

use super::Value;

/// From here on whole numbers stay fractions, since they need not be exact.
pub(crate) const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A value in which whole numbers are written as such: Go writes them without a fraction.
pub(crate) fn without_fractions(value: Value) -> Value {
    match has_fractions(&value) {
        true => cut(value),
        false => value,
    }
}

fn has_fractions(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(list) => list.iter().any(has_fractions),
        Value::Object(fields) => fields.iter().any(|(_, field)| has_fractions(field)),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn cut(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0);
            let whole = whole.filter(|number| number.abs() < WHOLE_MAX);
            whole.map_or(Value::Number(number), |number| (number as i64).into())
        }
        Value::Array(list) => list.iter().cloned().map(cut).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let whole = fields.map(|(name, field)| (name.clone(), cut(field.clone())));
            Value::from_iter(whole)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    #[test]
    fn whole_numbers_lose_their_fraction() {
        let value = json!({"a": [1.0, 1.5, {"b": -2.0}], "c": "1.0"});
        let expected = json!({"a": [1, 1.5, {"b": -2}], "c": "1.0"});
        assert_eq!(without_fractions(value).to_string(), expected.to_string());
    }
}
