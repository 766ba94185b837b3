//! The tables of scenarios: names with values.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use cucumber::gherkin::Step;
use serde_json::Value;

/// The rows of the table below `step`, as pairs of text.
///
/// # Errors
/// There is no table, or it has not two columns.
pub(crate) fn pairs(step: &Step) -> Result<Vec<(String, String)>> {
    let table = step.table.as_ref().context("this step needs a table")?;
    let rows = table.rows.iter().map(|row| match row.as_slice() {
        [name, value] => Ok((name.clone(), value.clone())),
        other => bail!("a row of two cells was expected, found {other:?}"),
    });
    rows.collect()
}

/// The table below `step` as texts by name.
///
/// # Errors
/// As [`pairs`].
pub(crate) fn texts(step: &Step) -> Result<BTreeMap<String, String>> {
    Ok(pairs(step)?.into_iter().collect())
}

/// The value that `cell` stands for: a number, truth value, null or quoted text, else the text itself.
pub(crate) fn value(cell: &str) -> Value {
    serde_json::from_str(cell).unwrap_or_else(|_| Value::from(cell))
}

/// Puts `value` below `target` at `path`: names and list positions, joined by dots; `""` is the empty name.
pub(crate) fn put(target: &mut Value, path: &str, value: Value) {
    let mut place = target;
    for part in path.split('.') {
        let part = if part == "\"\"" { "" } else { part };
        place = match part.parse::<usize>() {
            Ok(index) => element(place, index),
            Err(_) => member(place, part),
        };
    }
    *place = value;
}

fn element(list: &mut Value, index: usize) -> &mut Value {
    if !list.is_array() {
        *list = Value::Array(Vec::new());
    }
    let items = list.as_array_mut().expect("made a list above");
    if items.len() <= index {
        items.resize(index + 1, Value::Null);
    }
    &mut items[index]
}

fn member<'a>(map: &'a mut Value, name: &str) -> &'a mut Value {
    if !map.is_object() {
        *map = Value::Object(serde_json::Map::new());
    }
    let members = map.as_object_mut().expect("made a map above");
    members.entry(name).or_insert(Value::Null)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(rows: &[(&str, &str)], expected: &Value) {
        let mut found = Value::Null;
        for (path, cell) in rows {
            put(&mut found, path, value(cell));
        }
        assert_eq!(&found, expected);
    }

    #[test]
    fn paths_make_maps_and_lists() {
        check(
            &[("a.b", "1"), ("a.c.0.d", "x"), ("a.c.1", "true")],
            &json!({"a": {"b": 1, "c": [{"d": "x"}, true]}}),
        );
    }

    #[test]
    fn quoted_cells_are_text_and_a_name_may_be_empty() {
        check(&[("\"\"", "\"3.10\"")], &json!({"": "3.10"}));
    }
}
