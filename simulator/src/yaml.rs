//! YAML as an API server reads it: of a key that occurs twice the last counts, and which do is known.
//!
//! Source: sigs.k8s.io/yaml v1.6, `goyaml.v2/decode.go`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Spanned, alias_limits, budget, options};

use crate::json::{DEPTH_MAX, Map, Text, Value};

/// How many nodes the aliases of a text may stand for; beyond that lies nothing that Go reads, unless it is large.
const REPLAYED_MAX: usize = 100_000;

/// What a text takes of the stack at most, without optimisation.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// What a text holds, and what is said of keys that occur twice in one map.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Document {
    pub(crate) value: Value,
    /// One line for all of them, as Go says it.
    pub(crate) twice: Option<String>,
}

/// The text in a body.
///
/// # Errors
/// The body is no UTF-8, in Go's words.
///
/// Source: sigs.k8s.io/yaml v1.6, `goyaml.v2/readerc.go`.
pub(crate) fn text(body: &[u8]) -> Result<&str, String> {
    str::from_utf8(body).map_err(|error| {
        let rest = &body[error.valid_up_to()..];
        let fault = match (error.error_len(), rest.first()) {
            (None, _) => "incomplete UTF-8 octet sequence",
            (Some(_), Some(0xc0..=0xf7)) => "invalid trailing UTF-8 octet",
            (Some(_), _) => "invalid leading UTF-8 octet",
        };
        format!("yaml: {fault}")
    })
}

/// The first document of a text, and whatever belongs to it: what follows is not even read.
pub(crate) fn first(text: &str) -> &str {
    let (mut is_begun, mut at) = (false, 0);
    for line in text.split_inclusive('\n') {
        let is_marker = |marker| {
            let rest = line.strip_prefix(marker);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
        };
        let is_end = is_marker("---") || is_marker("...");
        if is_begun && is_end {
            return &text[..at];
        }
        let is_before = line.trim().is_empty() || line.starts_with(['#', '%']);
        is_begun = is_begun || is_end || !is_before;
        at += line.len();
    }
    text
}

/// Reads one document.
///
/// # Errors
/// The text is no YAML, more than one document, nested too deep or blown up by aliases; in Go's words where the fault
/// is a common one.
pub(crate) fn read(text: &str) -> Result<Document, String> {
    let options = options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        budget: budget! {
            max_depth: DEPTH_MAX,
            flow_nesting_limit: DEPTH_MAX,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: alias_limits! { max_total_replayed_events: REPLAYED_MAX },
    };
    let mut reading = Reading::default();
    let value = stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || {
        let tree: Spanned<Tree> = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| refusal(error.without_snippet(), text))?;
        reading.value(tree, false)
    })?;
    let twice = reading.twice;
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
    /// In the line where we do, unless it is the first.
    Below,
    /// It does not say.
    Nowhere,
}

/// What Go says of a text whose aliases stand for nearly all of it.
const TOO_MANY_ALIASES: &str = "document contains excessive aliasing";

/// What the message of our reader holds, and what Go says of the same fault.
const FAULTS: [(&str, &str, Seen); 11] = [
    (
        "budget breached: Depth",
        "exceeded max depth of 127",
        Seen::Below,
    ),
    (
        "recursion limit exceeded",
        "exceeded max depth of 127",
        Seen::Below,
    ),
    (
        "alias replay limit exceeded",
        TOO_MANY_ALIASES,
        Seen::Nowhere,
    ),
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
        Seen::Below if ours > 1 => ours,
        Seen::Below | Seen::Nowhere => 0,
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

/// How far a tree has been read, as Go counts it.
#[derive(Default)]
struct Reading {
    /// One line for each key that is there already.
    twice: Vec<String>,
    n_nodes: usize,
    /// How many of them aliases stand for.
    n_aliased: usize,
}

impl Reading {
    fn value(&mut self, item: Spanned<Tree>, is_aliased: bool) -> Result<Value, String> {
        let is_alias = item.referenced != item.defined;
        self.count(is_aliased)?;
        let is_aliased = is_aliased || is_alias;
        if is_alias {
            self.count(true)?;
        }
        match item.value {
            Tree::Leaf(value) => Ok(value),
            Tree::List(items) => {
                let items = items.into_iter();
                let values: Result<Vec<_>, _> =
                    items.map(|item| self.value(item, is_aliased)).collect();
                values.map(Value::from)
            }
            Tree::Map(entries) => self.fields(entries, is_aliased),
        }
    }

    fn fields(
        &mut self,
        entries: Vec<(Text, Spanned<Tree>)>,
        is_aliased: bool,
    ) -> Result<Value, String> {
        let mut fields = Map::new();
        for (key, value) in entries {
            let line = value.referenced.line();
            self.count(is_aliased)?;
            let value = self.value(value, is_aliased)?;
            if fields.contains_key(&key) {
                let name = key.as_str();
                let told = format!("\n  line {line}: key {name:?} already set in map");
                self.twice.push(told);
            }
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }

    /// Counts a node, and refuses what consists of aliases.
    ///
    /// Source: `decoder.unmarshal` there; the share that is allowed falls only beyond [`REPLAYED_MAX`].
    fn count(&mut self, is_aliased: bool) -> Result<(), String> {
        self.n_nodes += 1;
        self.n_aliased += usize::from(is_aliased);
        let is_excessive =
            self.n_aliased > 100 && self.n_nodes > 1000 && self.n_aliased * 100 > self.n_nodes * 99;
        match is_excessive {
            true => Err(format!("yaml: {TOO_MANY_ALIASES}")),
            false => Ok(()),
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
    #[case::one("a: 1\n", "a: 1\n")]
    #[case::two("a: 1\n---\nb: [\n", "a: 1\n")]
    #[case::behind_a_comment("# c\n%YAML 1.1\n---\na: 1\n--- b\n", "# c\n%YAML 1.1\n---\na: 1\n")]
    #[case::ended("a: 1\n...\nb\n", "a: 1\n")]
    #[case::nothing_first("---\n---\na: 1\n", "---\n")]
    #[case::no_marker("a: |\n  ---\n---b: 1\n", "a: |\n  ---\n---b: 1\n")]
    fn what_follows_a_document_is_not_read(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(first(text), expected);
    }

    #[rstest]
    #[case("a: [b", "line 1: did not find expected ',' or ']'")]
    #[case("a: {b: 1\n\n", "line 2: did not find expected ',' or '}'")]
    #[case("a:\n  b: 1\n c: 2\n", "line 2: did not find expected key")]
    #[case("a: b: c\n", "line 1: mapping values are not allowed in this context")]
    fn what_is_broken_is_told_as_go_tells_it(#[case] text: &str, #[case] words: &str) {
        assert_eq!(read(text).unwrap_err(), format!("yaml: {words}"));
    }

    #[rstest]
    #[case::leading(b"a: \xff", "invalid leading UTF-8 octet")]
    #[case::trailing(b"a: \xc3x", "invalid trailing UTF-8 octet")]
    #[case::cut_short(b"a: \xe2\x82", "incomplete UTF-8 octet sequence")]
    fn what_is_no_text_is_told_as_go_tells_it(#[case] body: &[u8], #[case] words: &str) {
        assert_eq!(text(body), Err(format!("yaml: {words}")));
    }

    /// A text of `n` lists in lists, and a list of lists in that many lines.
    fn nested(n: usize) -> [String; 2] {
        let lines = (0..n).map(|depth| format!("{}-\n", " ".repeat(depth)));
        ["[".repeat(n) + &"]".repeat(n), lines.collect()]
    }

    #[rstest]
    #[case(128)]
    #[case(1_000)]
    fn a_text_may_not_nest_too_deep(#[case] n_levels: usize) {
        let [flow, block] = nested(n_levels);
        let refused = |line: &str| Err(format!("yaml: {line}exceeded max depth of 127"));
        assert_eq!(read(&flow), refused(""));
        assert_eq!(read(&block), refused("line 128: "));
        assert_eq!(read(&"[".repeat(n_levels * 1_000)), refused(""));
    }

    #[test]
    fn a_text_may_nest_as_deep_as_json() {
        for text in nested(127) {
            assert_eq!(crate::json::depth(&read(&text).unwrap().value), 127);
        }
    }

    /// Lists of nine aliases, each of the list before.
    fn bomb(n_levels: usize) -> String {
        let first = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        let level = |n: usize| {
            format!(
                "a{n}: &a{n} [{}]\n",
                vec![format!("*a{}", n - 1); 9].join(",")
            )
        };
        first + &(1..n_levels).map(level).collect::<String>()
    }

    #[rstest]
    #[case::small(3, true)]
    #[case::large(4, false)]
    #[case::billion_laughs(9, false)]
    fn aliases_may_not_stand_for_nearly_all(#[case] n_levels: usize, #[case] is_fine: bool) {
        let words = "yaml: document contains excessive aliasing".to_owned();
        assert_eq!(read(&bomb(n_levels)).err(), (!is_fine).then_some(words));
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
