//! What steps and tasks tell each other. Source: `spec/argo.md` §6.3.

use std::collections::BTreeMap;

use super::pass::{Halt, Pass};
use super::spec::{NodeStatus, NodeType, Outputs, Parameter, Template};
use super::tag::{self, Mode, Scope};
use crate::clock::in_seconds;

/// The names that a steps or DAG template has given so far.
pub(crate) type Names = BTreeMap<String, String>;

/// The names that a template starts with.
pub(crate) fn start(template: &Template) -> Names {
    let value = |parameter: &Parameter| parameter.value.clone().unwrap_or_default().0;
    template
        .inputs
        .parameters
        .iter()
        .map(|parameter| {
            (
                format!("inputs.parameters.{}", parameter.name),
                value(parameter),
            )
        })
        .collect()
}

/// Adds outputs under a prefix.
pub(crate) fn add_outputs(names: &mut Names, prefix: &str, outputs: &Outputs) {
    if let Some(result) = &outputs.result {
        names.insert(format!("{prefix}.outputs.result"), result.clone());
    }
    if let Some(code) = &outputs.exit_code {
        names.insert(format!("{prefix}.exitCode"), code.clone());
    }
    for parameter in &outputs.parameters {
        if let Some(value) = &parameter.value {
            names.insert(
                format!("{prefix}.outputs.parameters.{}", parameter.name),
                value.0.clone(),
            );
        }
    }
}

impl Pass<'_> {
    /// Adds what a node tells under a prefix such as `steps.a`; of a Retry node its last attempt speaks.
    pub(crate) fn add_node(&self, names: &mut Names, prefix: &str, node: &NodeStatus) {
        let last = match node.kind {
            NodeType::Retry => {
                let children = node
                    .children
                    .iter()
                    .rev()
                    .filter_map(|id| self.status.nodes.get(id));
                children.into_iter().find(|child| !child.is_hooked())
            }
            _ => None,
        };
        let node = last.unwrap_or(node);
        let mut set = |what: &str, value: &str| {
            if !value.is_empty() {
                names.insert(format!("{prefix}.{what}"), value.to_owned());
            }
        };
        set("id", &node.id);
        set(
            "startedAt",
            &node
                .started_at
                .as_ref()
                .map(|t| in_seconds(t.0))
                .unwrap_or_default(),
        );
        set(
            "finishedAt",
            &node
                .finished_at
                .as_ref()
                .map(|t| in_seconds(t.0))
                .unwrap_or_default(),
        );
        set("ip", &node.pod_ip);
        set("status", node.phase.name());
        set("hostNodeName", &node.host_node_name);
        if let Some(outputs) = &node.outputs {
            add_outputs(names, prefix, outputs);
        }
    }

    /// Exports the outputs that have a global name.
    pub(crate) fn export(&mut self, outputs: Option<&Outputs>) {
        let parameters = outputs
            .map(|outputs| outputs.parameters.as_slice())
            .unwrap_or_default();
        for parameter in parameters
            .iter()
            .filter(|parameter| !parameter.global_name.is_empty())
        {
            let name = parameter.global_name.clone();
            if let Some(value) = &parameter.value {
                self.globals.insert(
                    format!("workflow.outputs.parameters.{name}"),
                    value.0.clone(),
                );
            }
            let global = Parameter {
                name,
                global_name: String::new(),
                value_from: None,
                ..parameter.clone()
            };
            let list = &mut self.status.outputs.get_or_insert_default().parameters;
            match list.iter_mut().find(|old| old.name == global.name) {
                Some(old) if *old == global => {}
                Some(old) => {
                    *old = global;
                    self.updated = true;
                }
                None => {
                    list.push(global);
                    self.updated = true;
                }
            }
        }
    }
}

/// The outputs of a steps or DAG template from what its children gave.
pub(crate) fn template_outputs(
    template: &Template,
    names: &Names,
) -> Result<Option<Outputs>, Halt> {
    if template.outputs.is_empty() {
        return Ok(None);
    }
    if !template.outputs.artifacts.is_empty() {
        return Err(Halt::unsupported(
            "output artifacts of steps and DAG templates",
        ));
    }
    let mut outputs = Outputs::default();
    for parameter in &template.outputs.parameters {
        let Some(from) = &parameter.value_from else {
            return Err(Halt::error(
                "output parameters must have a valueFrom specified",
            ));
        };
        let scope = Scope(&[names]);
        let found = if from.expression.is_empty() {
            tag::replace(&from.parameter, &scope, Mode::Strict)
                .map(std::borrow::Cow::into_owned)
                .map_err(|e| e.to_string())
        } else {
            tag::evaluate(&from.expression, &scope)
        };
        let value = match (found, &from.default) {
            (Ok(value), _) => value,
            (Err(_), Some(default)) => default.0.clone(),
            (Err(error), None) => return Err(Halt::Template(error)),
        };
        outputs.parameters.push(Parameter {
            value: Some(value.into()),
            value_from: None,
            ..parameter.clone()
        });
    }
    Ok(Some(outputs))
}
