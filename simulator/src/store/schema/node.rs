//! One node of a structural schema, parsed once so that nothing downstream reads raw JSON Schema.

use std::sync::{Arc, OnceLock};

use super::format::Format;
use super::pattern::Pattern;
use crate::json::{Map, Value};
use crate::store::go_time::Layout;

/// What a value at this place may be and how it behaves.
///
/// Source: `spec/kube-api.md` §1.13 and §1.18; field names follow `JSONSchemaProps` of apiextensions/v1.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The JSON type; [`Type::Any`] where none is declared.
    pub kind: Type,
    /// The name of the Go type, such as `io.k8s.api.core.v1.PodSpec`. Named parts of built-in kinds only.
    pub definition: Option<Arc<str>>,
    /// `description`, for `kubectl explain`.
    pub description: String,
    /// Declared fields of an object.
    pub properties: Map<Arc<Node>>,
    /// Schema of the values of a map (`additionalProperties`).
    pub additional: Option<Arc<Node>>,
    /// Schema of the elements of a list.
    pub items: Option<Arc<Node>>,
    /// `required`.
    pub required: Vec<String>,
    /// `nullable`.
    pub nullable: bool,
    /// `default`.
    pub default: Option<Value>,
    /// `x-kubernetes-preserve-unknown-fields`.
    pub preserve_unknown: bool,
    /// `x-kubernetes-embedded-resource`.
    pub embedded_resource: bool,
    /// `x-kubernetes-list-type` with `x-kubernetes-list-map-keys`.
    pub list_type: ListType,
    /// `x-kubernetes-map-type: atomic`.
    pub atomic_map: bool,
    /// `x-kubernetes-patch-strategy` and `-merge-key`: how a strategic merge patch treats a list. Built-in kinds only.
    pub patch: PatchStrategy,
    /// What a value must satisfy besides its type.
    pub checks: Checks,
    /// Whether a quantity lies here or below. Built-in kinds only.
    pub has_quantity: bool,
    /// How the time that lies here is written. Built-in kinds only, as custom resources keep the text.
    pub(crate) time: Option<Layout>,
    /// Whether a time lies here or below. Built-in kinds only.
    pub(crate) has_time: bool,
    /// `x-kubernetes-validations`, as written.
    pub rules: Vec<Value>,
    /// Whether a default lies below, once somebody asked.
    pub(crate) has_default_below: Found,
    /// Whether there are rules here or below, once somebody asked.
    pub(crate) has_rules: Found,
}

/// What was found out about a node; a copy, which may be changed, knows nothing yet.
#[derive(Debug, Default)]
pub(crate) struct Found(OnceLock<bool>);

impl Clone for Found {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Node {
    /// Whether a default lies below; asked once the node is whole.
    pub(super) fn has_default_below(&self) -> bool {
        *self.has_default_below.0.get_or_init(|| {
            self.children()
                .any(|child| child.default.is_some() || child.has_default_below())
        })
    }

    /// Whether there are rules here or below; asked once the node is whole.
    pub(super) fn has_rules(&self) -> bool {
        *self.has_rules.0.get_or_init(|| {
            let mut below = self.children().chain(&self.checks.all_of);
            !self.rules.is_empty() || below.any(|node| node.has_rules())
        })
    }

    /// The nodes right below.
    pub(crate) fn children(&self) -> impl Iterator<Item = &Arc<Self>> {
        let inner = self.additional.iter().chain(&self.items);
        self.properties.values().chain(inner)
    }
}

/// The JSON type of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// No type declared.
    #[default]
    Any,
    /// `object`.
    Object,
    /// `array`.
    Array,
    /// `string`.
    String,
    /// `integer`.
    Integer,
    /// `number`.
    Number,
    /// `boolean`.
    Boolean,
    /// `x-kubernetes-int-or-string`.
    IntOrString,
}

impl Type {
    /// What messages call it; nothing if none is declared.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::IntOrString => "integer,string",
        }
    }
}

/// How list elements are told apart by server-side apply and validation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ListType {
    /// The list is one value.
    #[default]
    Atomic,
    /// Scalars, each at most once.
    Set,
    /// Objects told apart by these keys.
    Map(Vec<String>),
}

/// How a strategic merge patch treats a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchStrategy {
    /// Elements are merged by this key; `None` replaces the list (or, with `merge`, treats it as a set of scalars).
    pub merge_key: Option<String>,
    /// `merge`.
    pub merge: bool,
    /// `retainKeys`.
    pub retain_keys: bool,
}

/// Value validations of one node.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    /// `enum`.
    pub allowed: Vec<Value>,
    /// `pattern`, RE2.
    pub pattern: Option<Pattern>,
    /// `format`.
    pub format: Option<Format>,
    /// `minimum`, and whether it is exclusive.
    pub minimum: Option<(f64, bool)>,
    /// `maximum`, and whether it is exclusive.
    pub maximum: Option<(f64, bool)>,
    /// `multipleOf`.
    pub multiple_of: Option<f64>,
    /// `minLength` and `maxLength`, in characters.
    pub length: (Option<u64>, Option<u64>),
    /// `minItems` and `maxItems`.
    pub items: (Option<u64>, Option<u64>),
    /// `minProperties` and `maxProperties`.
    pub properties: (Option<u64>, Option<u64>),
    /// `allOf`, `anyOf`, `oneOf`, `not`: nodes that only check.
    pub all_of: Vec<Arc<Node>>,
    /// At least one of these.
    pub any_of: Vec<Arc<Node>>,
    /// Exactly one of these.
    pub one_of: Vec<Arc<Node>>,
    /// None of this.
    pub not: Option<Arc<Node>>,
}
