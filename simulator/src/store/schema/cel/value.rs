//! JSON as CEL sees it, typed by the schema.
//!
//! Source: apiserver v0.34.3, pkg/cel/common/values.go and pkg/cel/escaping.go.

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube_cel::cel::Value as Cel;
use kube_cel::cel::objects::{Key, Map};

use super::library;
use super::scope::Reach;
use crate::json::{Map as Fields, Number, Value};
use crate::store::schema::node::{Node, Type};

/// What rules that reach so far see of `value`, which satisfies `node`.
pub(super) fn within(reach: &Reach, node: &Node, value: &Value) -> Cel {
    match value {
        Value::Object(object) => fields(node, object, |name| reach.has(name)),
        value => of(node, value),
    }
}

/// `value`, which satisfies `node`, for the evaluation of a rule.
pub(super) fn of(node: &Node, value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(flag) => Cel::Bool(*flag),
        Value::Number(number) => numeric(node.kind, number),
        Value::String(text) => textual(node, text),
        Value::Array(elements) => {
            let items = node.items.as_deref();
            let elements = elements
                .iter()
                .map(|element| child(items, element))
                .collect();
            Cel::List(Arc::new(elements))
        }
        Value::Object(object) => fields(node, object, |_| true),
    }
}

/// `value` for the evaluation of an expression that knows no schema.
pub(super) fn untyped(value: &Value) -> Cel {
    of(&FREE, value)
}

fn fields(node: &Node, object: &Fields, is_seen: impl Fn(&str) -> bool) -> Cel {
    let named = object.iter().flat_map(|(name, field)| {
        let (schema, names) = match node.properties.get(name.as_str()) {
            Some(_) if field.is_null() => (None, [None, None]),
            Some(property) => (Some(&**property), names_of(name)),
            None => (node.additional.as_deref(), [Some(name.to_string()), None]),
        };
        let names = names.into_iter().flatten();
        names.map(move |name| (name, schema, field))
    });
    let seen = named.filter(|(name, ..)| is_seen(name));
    let entries =
        seen.map(|(name, schema, field)| (Key::String(Arc::new(name)), child(schema, field)));
    Cel::Map(Map {
        map: Arc::new(entries.collect()),
    })
}

fn child(node: Option<&Node>, value: &Value) -> Cel {
    of(node.unwrap_or(&FREE), value)
}

static FREE: LazyLock<Node> = LazyLock::new(Node::default);

#[expect(
    clippy::cast_possible_truncation,
    reason = "only integral floats satisfy an integer schema"
)]
fn numeric(kind: Type, number: &Number) -> Cel {
    let float = number.as_f64().unwrap_or(f64::NAN);
    match (kind, number.as_i64()) {
        (Type::Number, _) => Cel::Float(float),
        (_, Some(integer)) => Cel::Int(integer),
        (Type::Integer, None) => Cel::Int(float as i64),
        (_, None) => Cel::Float(float),
    }
}

fn textual(node: &Node, text: &str) -> Cel {
    let format = match (node.kind, &node.checks.format) {
        (Type::String, Some(format)) => format.name(),
        _ => "",
    };
    let converted = match format {
        "date-time" | "datetime" => converted("timestamp", text.to_owned()),
        "date" => converted("timestamp", format!("{text}T00:00:00Z")),
        "duration" => converted("duration", text.to_owned()),
        "byte" => STANDARD
            .decode(text)
            .ok()
            .map(|bytes| Cel::Bytes(Arc::new(bytes))),
        _ => None,
    };
    converted.unwrap_or_else(|| Cel::String(Arc::new(text.to_owned())))
}

/// What a text says, if it says what the function takes.
fn converted(function: &str, text: String) -> Option<Cel> {
    library::call(function, Cel::String(Arc::new(text))).ok()
}

/// Words that are no names in expressions.
pub(super) const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// The first of these words, which cannot even name a field.
const N_LITERAL: usize = 4;

/// The names under which rules reach a field, if they can.
pub(super) fn names_of(name: &str) -> [Option<String>; 2] {
    match RESERVED.iter().position(|word| *word == name) {
        Some(at) => {
            let plain = (at >= N_LITERAL).then(|| name.to_owned());
            [plain, Some(format!("__{name}__"))]
        }
        None => [escaped(name), None],
    }
}

/// A name with letters in place of its signs; `None` if it has others.
fn escaped(name: &str) -> Option<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    if name.is_empty()
        || name.starts_with(|c: char| c.is_ascii_digit())
        || !name.chars().all(is_word)
    {
        return None;
    }
    let escaped = name
        .replace("__", "__underscores__")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__");
    Some(escaped)
}
