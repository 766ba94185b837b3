//! Fills names in: `<name>` stands for a text of the case or a value saved from an answer.

use std::collections::BTreeMap;

use serde_json::Value;

/// What names stand for.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<String, Value>);

impl Values {
    /// From now on `<name>` stands for `value`.
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// `text` with names filled in; what is no name stays.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('<') {
            filled.push_str(&rest[..start]);
            rest = &rest[start..];
            match self.at_start(rest) {
                Some((value, length)) => {
                    match value {
                        Value::String(text) => filled.push_str(text),
                        other => filled.push_str(&other.to_string()),
                    }
                    rest = &rest[length..];
                }
                None => {
                    filled.push('<');
                    rest = &rest[1..];
                }
            }
        }
        filled + rest
    }

    /// `value` with names filled in, in keys too; a text that is nothing but a name becomes the value of that name.
    #[must_use]
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match self.at_start(text) {
                Some((value, length)) if length == text.len() => value.clone(),
                _ => Value::String(self.text(text)),
            },
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => {
                let field = |(name, value): (&String, &Value)| (self.text(name), self.value(value));
                Value::Object(fields.iter().map(field).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// The value of the name that `text` starts with, and how long it is with its brackets.
    fn at_start(&self, text: &str) -> Option<(&Value, usize)> {
        let (name, _) = text.strip_prefix('<')?.split_once('>')?;
        Some((self.0.get(name)?, name.len() + 2))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_filled_in_and_anything_else_stays() {
        let mut values = Values::default();
        values.set("ns", json!("p1"));
        values.set("n", json!(7));
        let template = json!({"a": "<ns>/x<n>", "<ns>": "<n>", "c": "<none>: 1 < 2"});
        let expected = json!({"a": "p1/x7", "p1": 7, "c": "<none>: 1 < 2"});
        assert_eq!(values.value(&template), expected);
    }
}
