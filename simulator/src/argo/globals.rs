//! The global scope: what every template may refer to as `workflow.…`. Source: `spec/argo.md` §6.1.

use std::collections::BTreeMap;

use jiff::{Timestamp, fmt::strtime};
use serde::Serialize;

use super::key;
use super::lookup::{ConfigMapError, Lookups, Missing};
use super::pass::{Halt, Identity};
use super::spec::{WorkflowSpec, WorkflowStatus};
use crate::clock::in_seconds;
use crate::json::html_escaped;

/// Letters of `workflow.creationTimestamp.<letter>` and how each is printed.
const LETTERS: [(&str, &str); 16] = [
    ("B", "%B"),
    ("b", "%b"),
    ("m", "%m"),
    ("A", "%A"),
    ("a", "%a"),
    ("d", "%d"),
    ("H", "%H"),
    ("I", "%I"),
    ("M", "%M"),
    ("S", "%S"),
    ("Y", "%Y"),
    ("y", "%y"),
    ("p", "%p"),
    ("Z", "UTC"),
    ("z", "+0000"),
    ("L", ".000"),
];

/// What the global scope is made from.
pub(crate) struct Sources<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) spec: &'a WorkflowSpec,
    pub(crate) status: &'a WorkflowStatus,
    pub(crate) labels: &'a BTreeMap<String, String>,
    pub(crate) annotations: &'a BTreeMap<String, String>,
    pub(crate) lookups: &'a Lookups,
}

/// All global names but those that change within a pass.
pub(crate) fn globals(sources: &Sources) -> Result<BTreeMap<String, String>, Halt> {
    let mut names = BTreeMap::new();
    let mut set = |name: &str, value: &str| {
        names.insert(name.to_owned(), value.to_owned());
    };
    let Sources {
        identity,
        spec,
        status,
        labels,
        annotations,
        ..
    } = sources;
    set("workflow.name", &identity.name);
    set("workflow.namespace", &identity.namespace);
    set("workflow.uid", &identity.uid);
    set("workflow.mainEntrypoint", &spec.entrypoint);
    set("workflow.serviceAccountName", &spec.service_account_name);
    if let Some(priority) = spec.priority {
        set("workflow.priority", &priority.to_string());
    }
    if let Some(time) = annotations.get(key::SCHEDULED_TIME) {
        set("workflow.scheduledTime", time);
    }
    let parameters = json(&spec.arguments.parameters);
    set("workflow.parameters", &parameters);
    set("workflow.parameters.json", &parameters);
    for parameter in status
        .outputs
        .iter()
        .flat_map(|outputs| &outputs.parameters)
    {
        if let Some(value) = &parameter.value {
            set(
                &format!("workflow.outputs.parameters.{}", parameter.name),
                &value.0,
            );
        }
    }
    for (what, map) in [("labels", labels), ("annotations", annotations)] {
        set(&format!("workflow.{what}"), &json(map));
        set(&format!("workflow.{what}.json"), &json(map));
        for (key, value) in *map {
            set(&format!("workflow.{what}.{key}"), value);
        }
    }
    if let Some(metadata) = &spec.workflow_metadata {
        for (key, value) in &metadata.labels {
            set(&format!("workflow.labels.{key}"), value);
        }
        for (key, value) in &metadata.annotations {
            set(&format!("workflow.annotations.{key}"), value);
        }
    }
    creation(identity.created, &mut names);
    arguments(sources, &mut names)?;
    Ok(names)
}

fn creation(created: Timestamp, names: &mut BTreeMap<String, String>) {
    let name = "workflow.creationTimestamp";
    let rfc3339 = in_seconds(created);
    names.insert(name.to_owned(), rfc3339.clone());
    names.insert(format!("{name}.RFC3339"), rfc3339);
    names.insert(format!("{name}.s"), created.as_second().to_string());
    for (letter, format) in LETTERS {
        let text = strtime::format(format, created).unwrap_or_default();
        names.insert(format!("{name}.{letter}"), text);
    }
}

fn arguments(sources: &Sources, names: &mut BTreeMap<String, String>) -> Result<(), Halt> {
    for parameter in &sources.spec.arguments.parameters {
        let reference = parameter
            .value_from
            .as_ref()
            .and_then(|from| from.config_map_key_ref.as_ref());
        let value = match (&parameter.value, reference) {
            (Some(value), _) => value.0.clone(),
            (None, Some(reference)) => {
                let found = sources
                    .lookups
                    .config_map_value(&reference.name, &reference.key);
                let default = parameter
                    .value_from
                    .as_ref()
                    .and_then(|from| from.default.clone());
                match (found, default) {
                    (Ok(value), _) => value,
                    (Err(ConfigMapError::Unread(missing)), _) => {
                        return Err(Halt::Missing(missing));
                    }
                    (Err(_), Some(default)) => default.0,
                    (Err(ConfigMapError::Unusable(cause)), None) => {
                        return Err(Halt::Template(format!(
                            "failed to set global parameter {} from configmap with name {} and key {}: {cause}",
                            parameter.name, reference.name, reference.key
                        )));
                    }
                }
            }
            (None, None) => {
                return Err(Halt::Template(format!(
                    "either value or valueFrom must be specified in order to set global parameter {}",
                    parameter.name
                )));
            }
        };
        names.insert(format!("workflow.parameters.{}", parameter.name), value);
    }
    Ok(())
}

/// Compact JSON, with the letters that Go escapes for HTML.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    html_escaped(serde_json::to_string(value).unwrap_or_default())
}

impl From<Missing> for Halt {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}
