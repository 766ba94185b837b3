//! How finely ownership looks at a value: as one thing, field by field, or item by item.

use std::sync::LazyLock;

use super::fields::{key_element, value_element};
use crate::json::{Map, Value};
use crate::store::schema::node::{ListType, Node, Type};

/// The schema at one place of an object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape<'a> {
    /// A node; `open` if unknown fields are kept here, by itself or by something above.
    Declared { node: &'a Node, open: bool },
    /// No schema: objects go field by field, everything else is one value.
    Deduced,
}

/// How a value is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'a> {
    /// One value.
    Leaf,
    /// Field by field.
    Fields,
    /// Item by item, each a scalar told apart by itself.
    Set,
    /// Item by item, each an object told apart by these keys.
    Keyed(&'a [String]),
}

/// What is wrong with an item that cannot be told from the others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unidentified {
    #[error("associative list with keys may not have a null element")]
    NullWithKeys,
    #[error("associative list with keys may not have non-map elements")]
    NotAnObject,
    #[error(
        "associative list with keys has an element that omits all key fields [{0}] (and doesn't have default values for any key fields)"
    )]
    NoKey(String),
    #[error("associative list without keys has an element that's a map type")]
    ObjectInSet,
    #[error("not supported: associative list with lists as elements")]
    ListInSet,
    #[error("associative list without keys has an element that's an explicit null")]
    NullInSet,
}

/// The type of references to something in the same namespace.
const REFERENCE: &str = "io.k8s.api.core.v1.LocalObjectReference";

static EMPTY_TEXT: LazyLock<Value> = LazyLock::new(|| "".into());
static ZERO: LazyLock<Value> = LazyLock::new(|| 0.into());

impl<'a> Shape<'a> {
    pub(super) fn of(node: &'a Node) -> Self {
        Self::Declared {
            node,
            open: node.preserve_unknown,
        }
    }

    fn below(self, node: &'a Node) -> Self {
        let inherited = matches!(self, Self::Declared { open: true, .. });
        Self::Declared {
            node,
            open: inherited || node.preserve_unknown,
        }
    }

    /// The shape of the field `name`; `None` if the schema does not allow it.
    ///
    /// Source: kube-openapi `pkg/schemaconv/openapi.go`, `parseObject`.
    pub(super) fn field(self, name: &str) -> Option<Self> {
        let Self::Declared { node, open } = self else {
            return Some(Self::Deduced);
        };
        if let Some(field) = node.properties.get(name).or(node.additional.as_ref()) {
            return Some(self.below(field));
        }
        (open || node.properties.is_empty()).then_some(Self::Deduced)
    }

    /// Whether the schema names the field `name`, rather than allowing any.
    pub(super) fn declares(self, name: &str) -> bool {
        match self {
            Self::Declared { node, .. } => node.properties.contains_key(name),
            Self::Deduced => false,
        }
    }

    /// The shape of the items of a list.
    pub(super) fn item(self) -> Self {
        match self {
            Self::Declared { node, .. } => node
                .items
                .as_ref()
                .map_or(Self::Deduced, |items| self.below(items)),
            Self::Deduced => Self::Deduced,
        }
    }

    /// How `value`, standing here, is taken apart.
    pub(super) fn form(self, value: &Value) -> Form<'a> {
        let Self::Declared { node, .. } = self else {
            return if value.is_object() || value.is_null() {
                Form::Fields
            } else {
                Form::Leaf
            };
        };
        match (node.kind, value) {
            (Type::Object, _) | (Type::Any, Value::Object(_) | Value::Null) => {
                if node.atomic_map {
                    Form::Leaf
                } else {
                    Form::Fields
                }
            }
            (Type::Array, _) | (Type::Any, Value::Array(_)) => match &node.list_type {
                ListType::Atomic => Form::Leaf,
                ListType::Set => Form::Set,
                ListType::Map(keys) => Form::Keyed(keys),
            },
            (
                Type::Any
                | Type::String
                | Type::Integer
                | Type::Number
                | Type::Boolean
                | Type::IntOrString,
                _,
            ) => Form::Leaf,
        }
    }

    /// The path element of `item` in a list of this shape that has `form`.
    pub(super) fn element(self, form: Form<'_>, item: &Value) -> Result<String, Unidentified> {
        let Form::Keyed(names) = form else {
            return match item {
                Value::Object(_) => Err(Unidentified::ObjectInSet),
                Value::Array(_) => Err(Unidentified::ListInSet),
                Value::Null => Err(Unidentified::NullInSet),
                Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value_element(item)),
            };
        };
        let fields = match item {
            Value::Object(fields) => fields,
            Value::Null => return Err(Unidentified::NullWithKeys),
            _ => return Err(Unidentified::NotAnObject),
        };
        let keys: Map = names
            .iter()
            .filter_map(|name| {
                let value = fields.get(name).or_else(|| self.key_default(name))?;
                Some((name.clone(), value.clone()))
            })
            .collect();
        if keys.is_empty() {
            let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            return Err(Unidentified::NoKey(names.join(" ")));
        }
        Ok(key_element(keys))
    }

    /// Whether two items of a list of this shape that has `form` are the same one, as far as that can be seen at once.
    pub(super) fn same_item(self, form: Form<'_>, a: &Value, b: &Value) -> bool {
        match form {
            Form::Keyed(names) => names
                .iter()
                .all(|name| matches!((a.get(name), b.get(name)), (Some(a), Some(b)) if a == b)),
            Form::Leaf | Form::Fields | Form::Set => a == b,
        }
    }

    /// The default of the field `name` of the items. What real servers publish of built-in kinds gives fields that are always
    /// written the empty value of their type, and to the name of a reference to something near.
    fn key_default(self, name: &str) -> Option<&'a Value> {
        let Self::Declared { node, .. } = self else {
            return None;
        };
        let items = node.items.as_ref()?;
        let key = items.properties.get(name)?;
        let definition = items.definition.as_deref().unwrap_or_default();
        let is_written = node.patch.merge
            && (items.required.iter().any(|known| known == name) || definition == REFERENCE);
        key.default.as_ref().or(match key.kind {
            Type::String if is_written => Some(&EMPTY_TEXT),
            Type::Integer if is_written => Some(&ZERO),
            _ => None,
        })
    }
}
