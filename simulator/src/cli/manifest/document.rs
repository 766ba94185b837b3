//! One YAML or JSON document and where each of its fields stands.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

use crate::input_error::{InputError, Place};

/// The largest document that is taken, in bytes: what etcd takes.
/// Source: `spec/kube-api.md` §1.1 (objects over about 1.5 MiB fail at the store).
pub const MAX_DOCUMENT_BYTES: usize = 1_572_864;

/// A document and the places of its fields.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file it came from; `-` for standard input.
    pub file: String,
    /// What it says.
    pub value: Value,
    /// Field path such as `spec.artifacts[0].type` → place; the document itself has the empty path.
    places: BTreeMap<String, Place>,
}

impl Document {
    /// The place of the field at `path`, or of the nearest field above it that exists.
    #[must_use]
    pub fn place(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return *place;
            }
            path = path.rfind(['.', '[']).map_or("", |end| &path[..end]);
            if path.is_empty() {
                return self
                    .places
                    .get("")
                    .copied()
                    .unwrap_or(Place { line: 1, column: 1 });
            }
        }
    }

    /// An error about the field at `path`.
    #[must_use]
    pub fn error(&self, path: &str, message: impl Into<String>) -> InputError {
        InputError::at(&self.file, self.place(path), message)
    }
}

/// Splits `text` into its objects; empty documents are left out, and a `List` stands for its items.
///
/// Scalars follow YAML 1.1 as the Kubernetes tools do: `yes` is true and `0644` is octal.
///
/// # Errors
/// The first place that is not YAML, repeats a key, or is larger than a cluster would take.
pub fn parse(file: &str, text: &str) -> Result<Vec<Document>, InputError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let options = serde_saphyr::options! {
        legacy_octal_numbers: true,
        strict_booleans: false,
        with_snippet: false,
    };
    let nodes: Vec<Node> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| InputError::of_yaml(file, &error))?;
    let mut documents = Vec::new();
    for node in nodes.into_iter().flat_map(Node::into_objects) {
        let mut places = BTreeMap::new();
        node.note_places(&mut String::new(), &mut places);
        let value = node.into_value();
        if !value.is_null() {
            documents.push(sized(Document {
                file: file.to_owned(),
                value,
                places,
            })?);
        }
    }
    Ok(documents)
}

fn sized(document: Document) -> Result<Document, InputError> {
    let bytes = document.value.to_string().len();
    if bytes <= MAX_DOCUMENT_BYTES {
        return Ok(document);
    }
    Err(document.error(
        "",
        format!("the object has {bytes} bytes; a cluster takes at most {MAX_DOCUMENT_BYTES}"),
    ))
}

/// A node of the document with its place.
struct Node {
    place: Place,
    content: Content,
}

enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, Place, Node)>),
}

impl Node {
    /// The items of a list as `kubectl get -o yaml` prints it; anything else is itself.
    fn into_objects(self) -> Vec<Self> {
        let Content::Map(mut entries) = self.content else {
            return vec![self];
        };
        let is_list = entries.iter().any(|(name, _, node)| {
            name == "kind" && node.text().is_some_and(|kind| kind.ends_with("List"))
        });
        let items = entries.iter().position(|(name, _, node)| {
            is_list && name == "items" && matches!(node.content, Content::List(_))
        });
        match items.map(|index| entries.swap_remove(index).2.content) {
            Some(Content::List(items)) => items,
            _ => vec![Self {
                place: self.place,
                content: Content::Map(entries),
            }],
        }
    }

    fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    fn note_places(&self, path: &mut String, places: &mut BTreeMap<String, Place>) {
        places.entry(path.clone()).or_insert(self.place);
        let length = path.len();
        match &self.content {
            Content::Scalar(_) => {}
            Content::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push_str(&format!("[{index}]"));
                    item.note_places(path, places);
                    path.truncate(length);
                }
            }
            Content::Map(entries) => {
                for (key, place, value) in entries {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                    places.insert(path.clone(), *place);
                    value.note_places(path, places);
                    path.truncate(length);
                }
            }
        }
    }

    fn into_value(self) -> Value {
        match self.content {
            Content::Scalar(value) => value,
            Content::List(items) => items.into_iter().map(Node::into_value).collect(),
            Content::Map(entries) => Value::Object(
                entries
                    .into_iter()
                    .map(|(key, _, value)| (key, value.into_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Self {
            place: place(&spanned.referenced),
            content: spanned.value,
        })
    }
}

fn place(location: &serde_saphyr::Location) -> Place {
    Place::from(*location)
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Content, E> {
        let number =
            Number::from_f64(value).ok_or_else(|| E::custom("expected a finite number"))?;
        Ok(Content::Scalar(Value::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        Content::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Content::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Content, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            map.push((key.value, place(&key.referenced), entries.next_value()?));
        }
        Ok(Content::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn one(text: &str) -> Document {
        parse("order.yaml", text).unwrap().remove(0)
    }

    #[rstest]
    #[case("a: 0644", json!({"a": 420}))]
    #[case("a: yes", json!({"a": true}))]
    #[case("a: 'yes'", json!({"a": "yes"}))]
    #[case("a: 1.50", json!({"a": 1.5}))]
    #[case("a: 9007199254740993", json!({"a": 9_007_199_254_740_993_i64}))]
    #[case("a: &x [1, ~]\nb: *x", json!({"a": [1, null], "b": [1, null]}))]
    #[case("{\"a\": {\"b\": []}}", json!({"a": {"b": []}}))]
    fn scalars_are_read_as_kubernetes_reads_them(#[case] text: &str, #[case] expected: Value) {
        assert_eq!(one(text).value, expected);
    }

    #[rstest]
    #[case("spec.artifacts[0].type", 4, 7)]
    #[case("spec.artifacts[0].missing", 4, 7)]
    #[case("status", 1, 1)]
    fn a_field_path_leads_to_its_place(#[case] path: &str, #[case] line: u64, #[case] column: u64) {
        let document = one("kind: Order\nspec:\n  artifacts:\n    - type: oci\n");
        assert_eq!(document.place(path), Place { line, column });
    }

    #[rstest]
    #[case("a: [1", "order.yaml:1")]
    #[case("a: 1\nb: 2\na: 3\n", "order.yaml:3:1: ")]
    #[case("a:\n\tb: 1\n", "order.yaml:2")]
    fn what_is_not_yaml_is_refused_with_its_place(#[case] text: &str, #[case] start: &str) {
        let error = parse("order.yaml", text).unwrap_err().to_string();
        assert!(error.starts_with(start), "{error}");
    }

    #[test]
    fn a_list_stands_for_its_items() {
        let documents = parse("-", "kind: List\nitems:\n- a: 1\n- b: 2\n").unwrap();
        let values: Vec<_> = documents.iter().map(|d| d.value.clone()).collect();
        assert_eq!(values, [json!({"a": 1}), json!({"b": 2})]);
        assert_eq!(documents[1].place("b"), Place { line: 4, column: 3 });
    }

    #[test]
    fn documents_are_split_and_empty_ones_left_out() {
        let documents = parse("-", "---\na: 1\n---\n---\nb: 2\n").unwrap();
        assert_eq!(
            documents
                .iter()
                .map(|d| d.value.clone())
                .collect::<Vec<_>>(),
            [json!({"a": 1}), json!({"b": 2})]
        );
        assert_eq!(documents[1].place("b"), Place { line: 5, column: 1 });
    }

    #[test]
    fn a_document_larger_than_a_cluster_takes_is_refused() {
        let text = format!("a: {}", "x".repeat(MAX_DOCUMENT_BYTES));
        let error = parse("big.yaml", &text).unwrap_err().to_string();
        assert!(
            error.starts_with("big.yaml:1:1: the object has 1572872 bytes"),
            "{error}"
        );
    }
}
