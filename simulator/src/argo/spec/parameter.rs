//! Parameters, and the argument, input and output lists that hold them.

use std::fmt;

use k8s_openapi::api::core::v1::ConfigMapKeySelector;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use super::artifact::Artifact;
use super::wire::{anything, wire};
use crate::json::Value;

/// Text that may be written as any JSON scalar and is stored as a string.
///
/// A number goes through a 64-bit float (`1.10` is `1.1`), an object or array becomes the empty string.
/// Source: `spec/argo.md` §1.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AnyString(pub String);

impl fmt::Display for AnyString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for AnyString {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for AnyString {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl<'de> Deserialize<'de> for AnyString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) => text.into_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => number.as_f64().map(plain_float).unwrap_or_default(),
            Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        }))
    }
}

impl JsonSchema for AnyString {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AnyString".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        anything(generator)
    }
}

/// A float in decimal notation without an exponent and with as few digits as name it.
fn plain_float(number: f64) -> String {
    format!("{number}")
}

wire! {
    /// A named value, or where it comes from.
    pub struct Parameter {
        /// Unique in its list.
        pub name: String,
        /// Taken when nobody gives a value.
        pub default: Option<AnyString>,
        /// The value itself.
        pub value: Option<AnyString>,
        /// Where the value comes from.
        pub value_from: Option<ValueFrom>,
        /// Exports an output under this name to the whole Workflow.
        pub global_name: String,
        /// The values that a submitter may choose from.
        #[serde(rename = "enum")]
        pub choices: Vec<AnyString>,
        /// For people.
        pub description: Option<AnyString>,
    }

    /// The source of a parameter; one field besides `default` is set.
    pub struct ValueFrom {
        /// A file in the main container.
        pub path: String,
        /// A JSON path into the resource of a resource template.
        pub json_path: String,
        /// A jq filter over the resource of a resource template.
        #[serde(rename = "jqFilter")]
        pub jq_filter: String,
        /// An expression over the event that submits a Workflow.
        pub event: String,
        /// A reference to a parameter of a step or task.
        pub parameter: String,
        /// Somebody sets it while the Workflow is suspended.
        #[schemars(schema_with = "object")]
        pub supplied: Option<Value>,
        /// A key of a ConfigMap.
        pub config_map_key_ref: Option<ConfigMapKeySelector>,
        /// Taken when the source gives nothing.
        pub default: Option<AnyString>,
        /// An expression over the scope of the template.
        pub expression: String,
    }

    /// What a caller hands to a template.
    pub struct Arguments {
        /// Named values.
        pub parameters: Vec<Parameter>,
        /// Named files.
        pub artifacts: Vec<Artifact>,
    }

    /// What a template takes.
    pub struct Inputs {
        /// Named values.
        pub parameters: Vec<Parameter>,
        /// Named files.
        pub artifacts: Vec<Artifact>,
    }

    /// What a template or node gives.
    pub struct Outputs {
        /// Named values.
        pub parameters: Vec<Parameter>,
        /// Named files.
        pub artifacts: Vec<Artifact>,
        /// What the main container printed.
        pub result: Option<String>,
        /// The exit code of the main container, in decimal.
        pub exit_code: Option<String>,
    }
}

fn object(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"type": "object"})
}

impl Parameter {
    /// A parameter with a name and a value.
    #[must_use]
    pub fn new(name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: Some(value.into()),
            ..Self::default()
        }
    }
}

impl Arguments {
    /// The argument with this name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }

    /// The artifact with this name.
    #[must_use]
    pub fn artifact(&self, name: &str) -> Option<&Artifact> {
        self.artifacts.iter().find(|a| a.name == name)
    }
}

impl Inputs {
    /// Whether there is any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty() && self.artifacts.is_empty()
    }
}

impl Outputs {
    /// Whether there is any besides an exit code.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.result.is_none() && self.parameters.is_empty() && self.artifacts.is_empty()
    }
}
