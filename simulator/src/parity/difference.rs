//! Where two answers differ.

use std::collections::BTreeMap;

use serde_json::Value;

/// One place of an answer that differs.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Line {
    /// Where, as a JSON pointer.
    pub path: String,
    /// What the real server says; `None` where it says nothing.
    pub real: Option<Value>,
    /// What the simulated one says.
    pub simulated: Option<Value>,
}

/// Every place in which `real` and `simulated` differ, in order of path.
#[must_use]
pub fn lines(real: &Value, simulated: &Value) -> Vec<Line> {
    let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
    flatten("", real, &mut left);
    flatten("", simulated, &mut right);
    let mut lines = Vec::new();
    for (path, value) in &left {
        if right.get(path) != Some(value) {
            lines.push(Line {
                path: path.clone(),
                real: Some((*value).clone()),
                simulated: right.get(path).map(|value| (*value).clone()),
            });
        }
    }
    let extra = right.iter().filter(|(path, _)| !left.contains_key(*path));
    lines.extend(extra.map(|(path, value)| Line {
        path: path.clone(),
        real: None,
        simulated: Some((*value).clone()),
    }));
    lines.sort_by(|a, b| a.path.cmp(&b.path));
    lines
}

/// Leaves of `value` by path; an empty list or mapping is a leaf.
fn flatten<'a>(path: &str, value: &'a Value, leaves: &mut BTreeMap<String, &'a Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, field) in fields {
                flatten(&format!("{path}/{name}"), field, leaves);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{path}/{index}"), item, leaves);
            }
        }
        leaf => {
            leaves.insert(path.to_owned(), leaf);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_place_that_differs_is_named() {
        let real = json!({"a": 1, "b": {"c": [1, 2]}, "d": {}});
        let simulated = json!({"a": 1, "b": {"c": [1, 3]}, "e": "x"});
        let line = |path: &str, real, simulated| Line {
            path: path.to_owned(),
            real,
            simulated,
        };
        let expected = vec![
            line("/b/c/1", Some(json!(2)), Some(json!(3))),
            line("/d", Some(json!({})), None),
            line("/e", None, Some(json!("x"))),
        ];
        assert_eq!(lines(&real, &simulated), expected);
    }
}
