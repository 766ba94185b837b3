//! Which release of Argo Workflows is spoken, and where releases differ.

/// A release of Argo Workflows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// v3.7.
    V3_7,
    /// v4.1.
    #[default]
    V4_1,
}

/// Everything in which the modelled releases differ. Source: `spec/argo.md` §5, §7, §13, §36.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Differences {
    /// Steps whose references have no value yet wait instead of running with the tag as text.
    pub(crate) steps_wait_for_outputs: bool,
    /// What messages about references begin with.
    pub(crate) resolve_references: &'static str,
    /// Templates reached through a `workflowTemplateRef` are stored one by one.
    pub(crate) stores_referenced_templates: bool,
    /// The controller labels a Workflow with the template it refers to.
    pub(crate) labels_template: bool,
}

impl Version {
    /// The row of the table for this release.
    pub(crate) fn differences(self) -> Differences {
        match self {
            Self::V3_7 => Differences {
                steps_wait_for_outputs: false,
                resolve_references: "Failed to resolve references",
                stores_referenced_templates: false,
                labels_template: false,
            },
            Self::V4_1 => Differences {
                steps_wait_for_outputs: true,
                resolve_references: "failed to resolve references",
                stores_referenced_templates: true,
                labels_template: true,
            },
        }
    }
}
