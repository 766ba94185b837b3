//! Inputs of a template and the substitution of its body. Source: `spec/argo.md` §7, §11.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::globals::json;
use super::lookup::ConfigMapError;
use super::pass::{Halt, Pass};
use super::resolution::to_value;
use super::spec::{Arguments, Inputs, Outputs, Parameter, Template};
use super::tag::{self, Mode, Scope, TagError};
use crate::json::Value;

impl From<TagError> for Halt {
    fn from(error: TagError) -> Self {
        Self::Template(error.to_string())
    }
}

/// A template with its tags substituted.
pub(crate) struct Substituted {
    pub(crate) template: Template,
    /// The same as a value, if it has tags left: of what only an attempt knows.
    pub(crate) open: Option<Value>,
}

impl Substituted {
    fn of(value: Value) -> Result<Self, Halt> {
        let template = decode(Some(&value))?;
        let open = tag::occurs(&value).then_some(value);
        Ok(Self { template, open })
    }
}

impl Pass<'_> {
    /// A template with its inputs filled from `arguments` and its tags substituted.
    pub(crate) fn process(
        &self,
        mut template: Value,
        arguments: &Arguments,
        locals: &BTreeMap<String, String>,
    ) -> Result<Substituted, Halt> {
        let mut inputs: Inputs = decode(template.get("inputs"))?;
        for parameter in &mut inputs.parameters {
            self.fill(parameter, arguments.parameter(&parameter.name))?;
        }
        for artifact in &mut inputs.artifacts {
            let argument = arguments.artifact(&artifact.name);
            let needed = !artifact.optional && !artifact.has_location();
            match argument {
                None if needed => {
                    return Err(Halt::error(format!(
                        "inputs.artifacts.{} was not supplied",
                        artifact.name
                    )));
                }
                Some(given) if needed && !given.has_location() => {
                    return Err(Halt::error(format!(
                        "inputs.artifacts.{} missing location information",
                        artifact.name
                    )));
                }
                Some(given) => {
                    let mut filled = given.clone();
                    filled.path.clone_from(&artifact.path);
                    filled.mode = artifact.mode;
                    filled.recurse_mode = artifact.recurse_mode;
                    *artifact = filled;
                }
                None => {}
            }
        }
        if !inputs.is_empty() {
            template["inputs"] = to_value(&inputs);
        }
        self.substitute(template, locals)
    }

    fn fill(&self, parameter: &mut Parameter, argument: Option<&Parameter>) -> Result<(), Halt> {
        if parameter.value.is_none() {
            parameter.value.clone_from(&parameter.default);
        }
        if let Some(argument) = argument {
            parameter.value.clone_from(&argument.value);
            parameter.value_from = match argument.value {
                Some(_) => None,
                None => argument.value_from.clone(),
            };
        }
        let reference = parameter
            .value_from
            .as_ref()
            .and_then(|from| from.config_map_key_ref.clone());
        let Some(reference) = reference else {
            return match parameter.value {
                Some(_) => Ok(()),
                None => Err(Halt::error(format!(
                    "inputs.parameters.{} was not supplied",
                    parameter.name
                ))),
            };
        };
        let scope = Scope(&[&self.globals]);
        let strict = |text: &str| {
            tag::replace(text, &scope, Mode::Strict)
                .map(std::borrow::Cow::into_owned)
                .map_err(|error| {
                    Halt::error(format!("failed to substitute configMapKeyRef: {error}"))
                })
        };
        let (name, key) = (strict(&reference.name)?, strict(&reference.key)?);
        let default = parameter
            .value_from
            .as_ref()
            .and_then(|from| from.default.clone());
        parameter.value = match (self.input.lookups.config_map_value(&name, &key), default) {
            (Ok(value), _) => Some(value.into()),
            (Err(ConfigMapError::Unread(missing)), _) => return Err(Halt::Missing(missing)),
            (Err(_), Some(default)) => Some(default),
            (Err(ConfigMapError::Unusable(cause)), None) => {
                return Err(Halt::error(format!(
                    "unable to retrieve inputs.parameters.{} from ConfigMap: {cause}",
                    parameter.name
                )));
            }
        };
        Ok(())
    }

    /// A template with its tags substituted: first globals and locals, then inputs and paths of outputs.
    pub(crate) fn substitute(
        &self,
        mut template: Value,
        locals: &BTreeMap<String, String>,
    ) -> Result<Substituted, Halt> {
        if !tag::occurs(&template) {
            return Substituted::of(template);
        }
        tag::replace_in(
            &mut template,
            &Scope(&[&self.globals, locals]),
            Mode::Lenient,
        )?;
        if tag::occurs(&template) {
            let inputs: Inputs = decode(template.get("inputs"))?;
            let outputs: Outputs = decode(template.get("outputs"))?;
            let own = own_names(&inputs, &outputs);
            tag::replace_in(
                &mut template,
                &Scope(&[&self.globals, locals, &own]),
                Mode::Lenient,
            )?;
        }
        Substituted::of(template)
    }
}

fn own_names(inputs: &Inputs, outputs: &Outputs) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for parameter in &inputs.parameters {
        if let Some(value) = &parameter.value {
            names.insert(
                format!("inputs.parameters.{}", parameter.name),
                value.0.clone(),
            );
        }
    }
    names.insert("inputs.parameters".to_owned(), json(&inputs.parameters));
    for artifact in inputs
        .artifacts
        .iter()
        .filter(|artifact| !artifact.path.is_empty())
    {
        names.insert(
            format!("inputs.artifacts.{}.path", artifact.name),
            artifact.path.clone(),
        );
    }
    for artifact in outputs
        .artifacts
        .iter()
        .filter(|artifact| !artifact.path.is_empty())
    {
        names.insert(
            format!("outputs.artifacts.{}.path", artifact.name),
            artifact.path.clone(),
        );
    }
    for parameter in &outputs.parameters {
        if let Some(from) = parameter
            .value_from
            .as_ref()
            .filter(|from| !from.path.is_empty())
        {
            names.insert(
                format!("outputs.parameters.{}.path", parameter.name),
                from.path.clone(),
            );
        }
    }
    names
}

/// A wire struct from its JSON; what is absent is empty.
pub(crate) fn decode<T: Default + DeserializeOwned>(value: Option<&Value>) -> Result<T, Halt> {
    match value {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => T::deserialize(value)
            .map_err(|error| Halt::error(format!("cannot unmarshall spec: {error}"))),
    }
}
