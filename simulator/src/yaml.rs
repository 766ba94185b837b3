//! YAML as an API server reads it: of a key that occurs twice the last counts, and which do is known.
//!
//! Source: sigs.k8s.io/yaml v1.6, `goyaml.v2/decode.go`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Spanned, options};

use crate::json::{Map, Text, Value};

/// What a text holds, and what is said of keys that occur twice in one map.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Document {
    pub(crate) value: Value,
    /// One line for all of them, as Go says it.
    pub(crate) twice: Option<String>,
}

/// Reads one document.
///
/// # Errors
/// The text is no YAML, or more than one document; in Go's words where the fault is a common one.
pub(crate) fn read(text: &str) -> Result<Document, String> {
    let options = options! { duplicate_keys: DuplicateKeyPolicy::PassThrough };
    let tree: Spanned<Tree> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| refusal(error.without_snippet(), text))?;
    let mut twice = Vec::new();
    let value = tree.value.into_value(&mut twice);
    let twice = (!twice.is_empty()).then(|| format!("yaml: unmarshal errors:{}", twice.concat()));
    Ok(Document { value, twice })
}

/// Where Go sees a fault that our reader tells of.
enum Seen {
    /// In the line where we do.
    There,
    /// In the line before, counted from one.
    Before,
    /// Where the text ends.
    AtTheEnd,
}

/// What the message of our reader holds, and what Go says of the same fault.
const FAULTS: [(&str, &str, Seen); 8] = [
    (
        "unclosed bracket '['",
        "did not find expected ',' or ']'",
        Seen::AtTheEnd,
    ),
    (
        "unclosed bracket '{'",
        "did not find expected ',' or '}'",
        Seen::AtTheEnd,
    ),
    (
        "unclosed quote",
        "found unexpected end of stream",
        Seen::AtTheEnd,
    ),
    (
        "did not find expected key",
        "did not find expected key",
        Seen::Before,
    ),
    (
        "did not find expected '-' indicator",
        "did not find expected '-' indicator",
        Seen::Before,
    ),
    (
        "did not find expected node content",
        "did not find expected node content",
        Seen::Before,
    ),
    (
        "simple key expected ':'",
        "could not find expected ':'",
        Seen::There,
    ),
    (
        "mapping values are not allowed in this context",
        "mapping values are not allowed in this context",
        Seen::There,
    ),
];

/// Why `text` cannot be read.
fn refusal(error: &serde_saphyr::Error, text: &str) -> String {
    let told = error.to_string();
    let Some((_, words, seen)) = FAULTS.iter().find(|(ours, ..)| told.contains(ours)) else {
        return format!("yaml: {told}");
    };
    let ours = error.location().map_or(0, |location| location.line());
    let line = match seen {
        Seen::There => ours,
        Seen::Before => ours.saturating_sub(1),
        Seen::AtTheEnd => text.lines().count() as u64,
    };
    match line {
        0 => format!("yaml: {words}"),
        _ => format!("yaml: line {line}: {words}"),
    }
}

/// A document with all its keys, each value with its place.
enum Tree {
    Leaf(Value),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(Text, Spanned<Tree>)>),
}

impl Tree {
    /// The value; tells `twice` of each key that is there already.
    fn into_value(self, twice: &mut Vec<String>) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::List(items) => items
                .into_iter()
                .map(|item| item.value.into_value(twice))
                .collect::<Vec<_>>()
                .into(),
            Self::Map(entries) => {
                let mut fields = Map::new();
                for (key, value) in entries {
                    let line = value.referenced.line();
                    let value = value.value.into_value(twice);
                    if fields.contains_key(&key) {
                        let name = key.as_str();
                        twice.push(format!("\n  line {line}: key {name:?} already set in map"));
                    }
                    fields.insert(key, value);
                }
                Value::Object(fields)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        serde_json::Number::from_f64(value)
            .map(|number| Tree::Leaf(Value::Number(number)))
            .ok_or_else(|| E::custom("not a JSON number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case("a: [b", "line 1: did not find expected ',' or ']'")]
    #[case("a: {b: 1\n\n", "line 2: did not find expected ',' or '}'")]
    #[case("a:\n  b: 1\n c: 2\n", "line 2: did not find expected key")]
    #[case("a: b: c\n", "line 1: mapping values are not allowed in this context")]
    fn what_is_broken_is_told_as_go_tells_it(#[case] text: &str, #[case] words: &str) {
        assert_eq!(read(text).unwrap_err(), format!("yaml: {words}"));
    }

    #[rstest]
    #[case::once("a: 1\nb: [x, {c: true}]\n", json!({"a": 1, "b": ["x", {"c": true}]}), None)]
    #[case::twice("a: 1\na: 2\n", json!({"a": 2}), Some("\n  line 2: key \"a\" already set in map"))]
    #[case::deep("- b: {c: 1,\n   c: 2}\n- d: 1\n  d:\n    e: 2\n", json!([{"b": {"c": 2}}, {"d": {"e": 2}}]), Some("\n  line 2: key \"c\" already set in map\n  line 5: key \"d\" already set in map"))]
    #[case::an_alias("a: &x {b: 1}\nc: *x\n", json!({"a": {"b": 1}, "c": {"b": 1}}), None)]
    #[case::json(r#"{"a": 1, "a": null}"#, json!({"a": null}), Some("\n  line 1: key \"a\" already set in map"))]
    #[case::nothing("", json!(null), None)]
    fn the_last_of_two_counts(
        #[case] text: &str,
        #[case] value: Value,
        #[case] twice: Option<&str>,
    ) {
        let twice = twice.map(|lines| format!("yaml: unmarshal errors:{lines}"));
        assert_eq!(read(text).unwrap(), Document { value, twice });
    }
}
