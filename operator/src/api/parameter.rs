//! Named strings that a template takes.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// One argument of a run.
///
/// Source: spec/arc.md §2.2, §2.4; the grammar of names is Argo's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct Parameter {
    /// Name, unique in its list.
    #[schemars(length(min = 1, max = 253), regex(pattern = "^[-A-Za-z0-9_]+$"))]
    pub name: String,
    /// Value; may be empty.
    #[schemars(length(max = 16384))]
    pub value: String,
}

impl Parameter {
    /// The parameter `name` with `value`.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}
