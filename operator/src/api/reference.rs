//! References to objects of the same namespace.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// The name of an object in the same namespace; an absent or empty name means "not set".
///
/// Source: spec/arc.md §2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct LocalRef {
    /// Name of the object.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 253))]
    pub name: String,
}

impl LocalRef {
    /// A reference to `name`.
    #[must_use]
    pub fn to(name: &str) -> Self {
        Self {
            name: name.to_owned(),
        }
    }

    /// The name behind an optional reference, if one is set.
    #[must_use]
    pub fn name_of(reference: Option<&Self>) -> Option<&str> {
        reference.map(|r| r.name.as_str()).filter(|n| !n.is_empty())
    }
}

/// The Argo template that a run is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowTemplateRef {
    /// Name of the WorkflowTemplate or ClusterWorkflowTemplate.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Whether it is a ClusterWorkflowTemplate.
    #[serde(default)]
    pub cluster_scope: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_name_is_no_reference() {
        assert_eq!(LocalRef::name_of(Some(&LocalRef::to(""))), None);
        assert_eq!(LocalRef::name_of(Some(&LocalRef::to("a"))), Some("a"));
    }
}
