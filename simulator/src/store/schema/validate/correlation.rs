//! Which part of the old object a part of the new one stands for.
//!
//! Source: apiserver v0.34.3, pkg/cel/common/equality.go.

use crate::json::Value;
use crate::store::schema::before::Before;
use crate::store::schema::node::{ListType, Node};

/// A part of the old object with its schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Old<'a> {
    pub(crate) value: &'a Value,
    pub(crate) node: &'a Node,
}

impl<'a> Old<'a> {
    /// The whole of what an update replaces.
    pub(crate) fn whole(before: Before<'a>, node: &'a Node) -> Self {
        let value = before.value;
        Self { value, node }
    }

    /// The part behind a field or map key; `None` if it has no schema or did not exist.
    pub(crate) fn child(&self, name: &str) -> Option<Old<'a>> {
        let node = self
            .node
            .properties
            .get(name)
            .or(self.node.additional.as_ref())?;
        let value = self.value.get(name)?;
        Some(Old { value, node })
    }

    /// The element that `new` continues: only elements of map lists have an identity.
    pub(crate) fn element(&self, new: &Value) -> Option<Old<'a>> {
        let ListType::Map(keys) = &self.node.list_type else {
            return None;
        };
        let node = self.node.items.as_deref()?;
        let value = self
            .value
            .as_array()?
            .iter()
            .find(|old| keys.iter().all(|key| old.get(key) == new.get(key)))?;
        Some(Old { value, node })
    }

    /// Whether nothing changed here. Fields without a schema count as changed, and elements of map lists may move.
    pub(crate) fn equals(&self, new: &Value) -> bool {
        match (self.value, new) {
            (Value::Array(old), Value::Array(elements)) => {
                old.len() == elements.len()
                    && match &self.node.list_type {
                        ListType::Map(_) => elements.iter().all(|element| {
                            self.element(element).is_some_and(|old| old.equals(element))
                        }),
                        ListType::Atomic | ListType::Set => old == elements,
                    }
            }
            (Value::Object(old), Value::Object(fields)) => {
                old.len() == fields.len()
                    && fields
                        .iter()
                        .all(|(name, field)| self.child(name).is_some_and(|old| old.equals(field)))
            }
            (old, new) => old == new,
        }
    }
}
