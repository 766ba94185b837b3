//! How wire structs are declared: camel case, nothing required when read, and nothing written that is empty.

use std::collections::BTreeMap;

use crate::json::Value;

/// Whether a field is left out when written, as Go's `omitempty` does: a struct in a struct never is.
pub(crate) trait Omit {
    /// True when the value says no more than its absence.
    fn omit(&self) -> bool;
}

impl Omit for String {
    fn omit(&self) -> bool {
        self.is_empty()
    }
}

impl Omit for bool {
    fn omit(&self) -> bool {
        !self
    }
}

impl Omit for i32 {
    fn omit(&self) -> bool {
        *self == 0
    }
}

impl Omit for i64 {
    fn omit(&self) -> bool {
        *self == 0
    }
}

impl Omit for Value {
    fn omit(&self) -> bool {
        self.is_null()
    }
}

impl<T> Omit for Option<T> {
    fn omit(&self) -> bool {
        self.is_none()
    }
}

impl<T> Omit for Vec<T> {
    fn omit(&self) -> bool {
        self.is_empty()
    }
}

impl<K, V> Omit for BTreeMap<K, V> {
    fn omit(&self) -> bool {
        self.is_empty()
    }
}

/// Declares structs of the wire.
macro_rules! wire {
    ($($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {$(
            $(#[$field_meta])*
            #[serde(default, skip_serializing_if = "crate::argo::spec::wire::Omit::omit")]
            pub $field: $type,
        )*}

        impl crate::argo::spec::wire::Omit for $name {
            fn omit(&self) -> bool {
                false
            }
        }
    )*};
}
pub(crate) use wire;

/// The schema of a part that is kept as it is and not looked into.
pub(crate) fn anything(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"x-kubernetes-preserve-unknown-fields": true})
}
