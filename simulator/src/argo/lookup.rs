//! Objects that a pass needs beside the Workflow and that are read on demand.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::key;
use crate::part::PartObject;

/// An object that has not been read yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// A WorkflowTemplate of the Workflow's namespace.
    WorkflowTemplate(String),
    /// A ClusterWorkflowTemplate.
    ClusterWorkflowTemplate(String),
    /// A ConfigMap of the Workflow's namespace.
    ConfigMap(String),
}

/// What was read so far; an object that does not exist is there as its absence.
#[derive(Clone, Debug, Default)]
pub struct Lookups(pub BTreeMap<Missing, Option<Arc<PartObject>>>);

/// Why a ConfigMap gives no value.
pub(crate) enum ConfigMapError {
    Unread(Missing),
    Unusable(String),
}

impl Lookups {
    /// The object behind `key`, or its absence.
    pub(crate) fn get(&self, key: Missing) -> Result<Option<&Arc<PartObject>>, Missing> {
        self.0.get(&key).map(Option::as_ref).ok_or(key)
    }

    /// The value of a key of a ConfigMap that is labelled for parameters.
    pub(crate) fn config_map_value(&self, name: &str, key: &str) -> Result<String, ConfigMapError> {
        let found = self
            .get(Missing::ConfigMap(name.to_owned()))
            .map_err(ConfigMapError::Unread)?;
        let label = format!("label {}: Parameter", key::CONFIG_MAP_TYPE);
        let Some(object) = found else {
            return Err(ConfigMapError::Unusable(format!(
                "ConfigMap '{name}' does not exist. Please make sure it has the {label} to be detectable by the controller"
            )));
        };
        let labels = object.metadata.labels.as_ref();
        if labels
            .and_then(|l| l.get(key::CONFIG_MAP_TYPE))
            .map(String::as_str)
            != Some("Parameter")
        {
            return Err(ConfigMapError::Unusable(format!(
                "ConfigMap '{name}' needs to have the {label} to load parameters"
            )));
        }
        object.data["data"][key]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| {
                ConfigMapError::Unusable(format!(
                    "ConfigMap '{name}' does not have the key '{key}'"
                ))
            })
    }
}
