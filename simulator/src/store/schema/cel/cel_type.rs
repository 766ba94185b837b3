//! The types of expressions.
//!
//! Source: CEL specification, "Values"; cel-go v0.26 `common/types/types.go` and `checker/format.go`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::kind_of;

/// The type of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) enum CelType {
    /// One without parts, by the name that refusals give it.
    Named(&'static str),
    /// Known at evaluation alone.
    Dyn,
    /// That of an expression about which a fault was found already.
    Error,
    /// `list`.
    List(Arc<Self>),
    /// `map`, with the types of keys and values.
    Map(Arc<Self>, Arc<Self>),
    /// A value or none.
    Optional(Arc<Self>),
    /// That of a type which is a value.
    Type(Arc<Self>),
    /// An object with declared fields.
    Object(Arc<Structure>),
    /// One that is still to be found out.
    Param(usize),
}

/// The fields of an object.
#[derive(Clone, Debug)]
pub(in crate::store) struct Structure {
    name: String,
    fields: BTreeMap<String, CelType>,
}

impl PartialEq for Structure {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Structure {
    /// The type of a field.
    pub(super) fn field(&self, name: &str) -> Option<&CelType> {
        self.fields.get(name)
    }
}

impl CelType {
    pub(in crate::store) const BOOL: Self = Self::Named("bool");
    pub(in crate::store) const BYTES: Self = Self::Named("bytes");
    pub(in crate::store) const DOUBLE: Self = Self::Named("double");
    pub(in crate::store) const DURATION: Self = Self::Named("duration");
    pub(in crate::store) const INT: Self = Self::Named("int");
    pub(in crate::store) const NULL: Self = Self::Named("null");
    pub(in crate::store) const STRING: Self = Self::Named("string");
    pub(in crate::store) const TIMESTAMP: Self = Self::Named("timestamp");
    pub(in crate::store) const UINT: Self = Self::Named("uint");

    /// A list.
    pub(in crate::store) fn list(of: Self) -> Self {
        Self::List(Arc::new(of))
    }

    /// A map.
    pub(in crate::store) fn map(keys: Self, values: Self) -> Self {
        Self::Map(Arc::new(keys), Arc::new(values))
    }

    /// An object with these fields.
    pub(in crate::store) fn object<N: Into<String>>(
        name: &str,
        fields: impl IntoIterator<Item = (N, Self)>,
    ) -> Self {
        let fields = fields.into_iter();
        Self::Object(Arc::new(Structure {
            name: name.to_owned(),
            fields: fields.map(|(name, kind)| (name.into(), kind)).collect(),
        }))
    }

    /// A value of this type or none.
    pub(super) fn optional(of: Self) -> Self {
        Self::Optional(Arc::new(of))
    }

    /// The type that the name of a type stands for in an expression.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::BOOL,
            "bytes" => Self::BYTES,
            "double" => Self::DOUBLE,
            "duration" | kind_of::DURATION => Self::DURATION,
            "int" => Self::INT,
            "null_type" => Self::NULL,
            "string" => Self::STRING,
            "timestamp" | kind_of::TIMESTAMP => Self::TIMESTAMP,
            "uint" => Self::UINT,
            "list" => Self::list(Self::Dyn),
            "map" => Self::map(Self::Dyn, Self::Dyn),
            "type" => Self::Type(Arc::new(Self::Dyn)),
            _ => return None,
        })
    }

    /// Whether any value may be meant, also because of a fault that was found already.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Dyn | Self::Error)
    }

    /// Whether values of this type all are of one size.
    pub(super) fn is_scalar(&self) -> bool {
        match self {
            Self::Named(name) => matches!(
                *name,
                "bool" | "double" | "duration" | "int" | "timestamp" | "uint"
            ),
            Self::Optional(of) => of.is_scalar(),
            _ => false,
        }
    }

    /// Whether null is among its values.
    pub(super) fn takes_null(&self) -> bool {
        match self {
            Self::Named(name) => {
                matches!(*name, "null" | "duration" | "timestamp") || name.contains('.')
            }
            Self::Optional(_) | Self::Object(_) => true,
            _ => false,
        }
    }

    /// Whether it is an object whose fields nothing tells.
    pub(super) fn is_sealed(&self) -> bool {
        matches!(self, Self::Named(name) if name.starts_with("kubernetes."))
    }
}

impl fmt::Display for CelType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Dyn => f.write_str("dyn"),
            Self::Error => f.write_str("!error!"),
            Self::List(of) => write!(f, "list({of})"),
            Self::Map(keys, values) => write!(f, "map({keys}, {values})"),
            Self::Optional(of) => write!(f, "optional_type({of})"),
            Self::Type(of) => write!(f, "type({of})"),
            Self::Object(structure) => f.write_str(&structure.name),
            Self::Param(index) => write!(f, "_var{index}"),
        }
    }
}
