//! What a schema lets rules know of a value: its type, and how large it may be.
//!
//! Source: apiserver v0.34.3, pkg/cel/common/schemas.go, pkg/cel/types.go and pkg/cel/limits.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cel_type::CelType;
use super::value::names_of;
use crate::store::schema::node::{Node, Type};

/// The largest request, in bytes.
pub(super) const REQUEST_BYTES_MAX: u64 = 3 * 1024 * 1024;

/// What rules know of values of a schema.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Declaration {
    pub(super) kind: CelType,
    /// The most elements, entries, characters or bytes that a value has; zero where it has none.
    pub(super) size_max: u64,
    /// The fewest bytes that it takes as JSON.
    pub(super) bytes_min: u64,
    inside: Inside,
}

#[derive(Clone, Debug, PartialEq)]
enum Inside {
    Nothing,
    Elements(Arc<Declaration>),
    Entries(Arc<Declaration>),
    Fields(BTreeMap<String, Arc<Declaration>>),
}

/// A step into a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// An element of a list, or a value of a map.
    Element,
    Key,
    /// The position of an element in a list, of which nothing is declared.
    Index,
    Field(String),
}

impl Declaration {
    /// What rules know of values of `node`; nothing of those without a type. `name` is what the types of objects are called.
    pub(super) fn of(node: &Node, name: &str) -> Option<Self> {
        match node.kind {
            Type::Any => None,
            Type::Boolean => Some(Self::plain(CelType::BOOL, 0, 4)),
            Type::Integer => Some(Self::plain(CelType::INT, 0, 1)),
            Type::Number => Some(Self::plain(CelType::DOUBLE, 0, 1)),
            Type::IntOrString => {
                let size_max = node.checks.length.1.map_or(TEXT_MAX, |max| max * 4);
                Some(Self::plain(CelType::Dyn, size_max, 1))
            }
            Type::String => Some(Self::text(node)),
            Type::Array => {
                let of = Self::of(node.items.as_deref()?, &format!("{name}.@idx"))?;
                let fit = (REQUEST_BYTES_MAX - 2) / (of.bytes_min + 1);
                Some(Self {
                    kind: CelType::list(of.kind.clone()),
                    size_max: node.checks.items.1.unwrap_or(fit),
                    bytes_min: 2,
                    inside: Inside::Elements(Arc::new(of)),
                })
            }
            Type::Object => match &node.additional {
                Some(values) => {
                    let of = Self::of(values, &format!("{name}.@elem"))?;
                    let fit = (REQUEST_BYTES_MAX - 2) / (of.bytes_min + 6);
                    Some(Self {
                        kind: CelType::map(CelType::STRING, of.kind.clone()),
                        size_max: node.checks.properties.1.unwrap_or(fit),
                        bytes_min: 2,
                        inside: Inside::Entries(Arc::new(of)),
                    })
                }
                None => Some(Self::object(node, name)),
            },
        }
    }

    fn plain(kind: CelType, size_max: u64, bytes_min: u64) -> Self {
        Self {
            kind,
            size_max,
            bytes_min,
            inside: Inside::Nothing,
        }
    }

    fn text(node: &Node) -> Self {
        let format = node.checks.format.as_ref().map_or("", |it| it.name());
        let length = node.checks.length.1;
        match format {
            "byte" => Self::plain(CelType::BYTES, length.unwrap_or(TEXT_MAX), 2),
            "duration" => Self::plain(CelType::DURATION, 32, 3),
            "date" => Self::plain(CelType::TIMESTAMP, 12, 12),
            "date-time" => Self::plain(CelType::TIMESTAMP, 32, 21),
            _ => {
                let allowed = node.checks.allowed.iter();
                let longest = allowed
                    .map(|value| value.as_str().map_or(0, str::len))
                    .max();
                let size_max = match (length, longest) {
                    (Some(length), _) => length * 4,
                    (None, Some(longest)) => longest as u64,
                    (None, None) => TEXT_MAX,
                };
                Self::plain(CelType::STRING, size_max, 2)
            }
        }
    }

    fn object(node: &Node, name: &str) -> Self {
        let (mut fields, mut bytes_min) = (BTreeMap::new(), 2);
        for (property, below) in &node.properties {
            let Some(declared) = Self::of(below, &format!("{name}.{property}")) else {
                continue;
            };
            let is_required = node.required.iter().any(|known| property == known);
            if is_required && below.default.is_none() {
                bytes_min += property.len() as u64 + declared.bytes_min + 4;
            }
            let declared = Arc::new(declared);
            for name in names_of(property).into_iter().flatten() {
                fields.insert(name, Arc::clone(&declared));
            }
        }
        let is_named = |fields: &BTreeMap<String, Arc<Self>>| {
            let metadata = fields.get("metadata");
            metadata.is_some_and(|it| NAMES.iter().all(|name| it.field(name).is_some()))
        };
        if node.embedded_resource && !is_named(&fields) {
            let common = type_and_name(name).into_iter();
            fields.extend(common.map(|(field, declared)| (field.to_owned(), Arc::new(declared))));
        }
        let kinds = fields.iter();
        let kinds = kinds.map(|(name, declared)| (name.clone(), declared.kind.clone()));
        Self {
            kind: CelType::object(name, kinds),
            size_max: 0,
            bytes_min,
            inside: Inside::Fields(fields),
        }
    }

    /// What is at a step into the value.
    pub(super) fn at(&self, step: &Step) -> Option<&Self> {
        match (&self.inside, step) {
            (Inside::Elements(of) | Inside::Entries(of), Step::Element) => Some(of),
            (Inside::Entries(_), Step::Key) => Some(&KEY),
            (_, Step::Field(name)) => self.field(name),
            _ => None,
        }
    }

    fn field(&self, name: &str) -> Option<&Self> {
        match &self.inside {
            Inside::Fields(fields) => fields.get(name).map(|field| &**field),
            _ => None,
        }
    }
}

/// The keys of a map, whose length no schema limits; real servers count none for them.
static KEY: Declaration = Declaration {
    kind: CelType::STRING,
    size_max: 0,
    bytes_min: 2,
    inside: Inside::Nothing,
};

/// What is known of the metadata of objects.
const NAMES: [&str; 2] = ["name", "generateName"];

/// What every object in an object has.
fn type_and_name(name: &str) -> [(&'static str, Declaration); 3] {
    let text = || Declaration::plain(CelType::STRING, TEXT_MAX, 2);
    let names = NAMES.map(|name| (name.to_owned(), Arc::new(text())));
    let kinds = names.clone().map(|(name, text)| (name, text.kind.clone()));
    let metadata = Declaration {
        kind: CelType::object(&format!("{name}.metadata"), kinds),
        size_max: 0,
        bytes_min: 2,
        inside: Inside::Fields(names.into_iter().collect()),
    };
    [
        ("apiVersion", text()),
        ("kind", text()),
        ("metadata", metadata),
    ]
}

/// The longest text in a request, without its quotes.
const TEXT_MAX: u64 = REQUEST_BYTES_MAX - 2;
