//! Steps and tasks: how templates call templates.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::parameter::Arguments;
use super::template::Template;
use super::wire::{anything, wire};
use crate::json::Value;

wire! {
    /// A call of a template inside a steps template.
    pub struct WorkflowStep {
        /// Unique in the template.
        pub name: String,
        /// A template of the same Workflow or WorkflowTemplate.
        pub template: String,
        /// A template written in place.
        #[schemars(schema_with = "anything")]
        pub inline: Option<Box<Template>>,
        /// What the template is given.
        pub arguments: Arguments,
        /// A template of another WorkflowTemplate.
        pub template_ref: Option<TemplateRef>,
        /// One call for each of these.
        #[schemars(schema_with = "anything")]
        pub with_items: Vec<Value>,
        /// One call for each item of this JSON list.
        pub with_param: String,
        /// One call for each of these numbers.
        pub with_sequence: Option<Sequence>,
        /// Calls only if this holds.
        pub when: String,
        /// Which bad ends do not stop the Workflow.
        pub continue_on: Option<ContinueOn>,
        /// A template to run after it, whatever its end.
        pub on_exit: String,
        /// Templates to run beside or after it.
        pub hooks: BTreeMap<String, LifecycleHook>,
    }

    /// A call of a template inside a DAG template.
    pub struct DagTask {
        /// Unique in the template.
        pub name: String,
        /// A template of the same Workflow or WorkflowTemplate.
        pub template: String,
        /// A template written in place.
        #[schemars(schema_with = "anything")]
        pub inline: Option<Box<Template>>,
        /// What the template is given.
        pub arguments: Arguments,
        /// A template of another WorkflowTemplate.
        pub template_ref: Option<TemplateRef>,
        /// Tasks that must end well before.
        pub dependencies: Vec<String>,
        /// One call for each of these.
        #[schemars(schema_with = "anything")]
        pub with_items: Vec<Value>,
        /// One call for each item of this JSON list.
        pub with_param: String,
        /// One call for each of these numbers.
        pub with_sequence: Option<Sequence>,
        /// Calls only if this holds.
        pub when: String,
        /// Which bad ends do not stop the Workflow.
        pub continue_on: Option<ContinueOn>,
        /// A template to run after it, whatever its end.
        pub on_exit: String,
        /// An expression over the results of other tasks.
        pub depends: String,
        /// Templates to run beside or after it.
        pub hooks: BTreeMap<String, LifecycleHook>,
    }

    /// A template to run beside or after something.
    pub struct LifecycleHook {
        /// A template of the same Workflow or WorkflowTemplate.
        pub template: String,
        /// What the template is given.
        pub arguments: Arguments,
        /// A template of another WorkflowTemplate.
        pub template_ref: Option<TemplateRef>,
        /// Runs only if this holds.
        pub expression: String,
    }

    /// A template of a WorkflowTemplate or ClusterWorkflowTemplate.
    pub struct TemplateRef {
        /// Name of the object.
        pub name: String,
        /// Name of the template in it.
        pub template: String,
        /// Whether it is a ClusterWorkflowTemplate.
        pub cluster_scope: bool,
    }

    /// A run of numbers; `count` or `end` is set.
    pub struct Sequence {
        /// How many.
        pub count: Option<IntOrString>,
        /// The first, `0` if absent.
        pub start: Option<IntOrString>,
        /// The last.
        pub end: Option<IntOrString>,
        /// How each is printed, a Go verb for integers.
        pub format: String,
    }

    /// Which bad ends do not stop the Workflow.
    pub struct ContinueOn {
        /// Phase Error.
        pub error: bool,
        /// Phase Failed.
        pub failed: bool,
    }
}

/// Steps that run side by side; on the wire a plain list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParallelSteps(pub Vec<WorkflowStep>);

impl JsonSchema for ParallelSteps {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ParallelSteps".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<WorkflowStep>::json_schema(generator)
    }
}
