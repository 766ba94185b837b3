//! Arguments of Workflows that are given on the command line.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::manifest::{self, Document, text};
use crate::input_error::InputError;

/// What the command line says about arguments.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ParameterArgs {
    /// Pass an argument, in place of the manifest's or beside them; may be repeated
    #[arg(long = "parameter", short, value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<Parameter>,
    /// Pass the arguments that a YAML or JSON mapping of names to values holds; -p goes before them
    #[arg(long, value_name = "FILE")]
    parameter_file: Option<PathBuf>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    name: String,
    value: String,
}

fn parameter(text: &str) -> Result<Parameter, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(Parameter {
            name: name.to_owned(),
            value: value.to_owned(),
        }),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

impl ParameterArgs {
    /// Every argument that is given.
    ///
    /// # Errors
    /// A name is given twice, or the file is not a mapping.
    pub(super) fn read(&self) -> Result<Vec<Parameter>, InputError> {
        let mut names = BTreeSet::new();
        let mut all = self.parameters.clone();
        if let Some(twice) = all.iter().find(|one| !names.insert(one.name.clone())) {
            let message = format!("the parameter \"{}\" is given twice", twice.name);
            return Err(InputError::whole("-p", message));
        }
        let file = self.parameter_file.as_deref().map(of_file).transpose()?;
        let of_file = file.into_iter().flatten();
        all.extend(of_file.filter(|one| !names.contains(&one.name)));
        Ok(all)
    }
}

fn of_file(file: &Path) -> Result<Vec<Parameter>, InputError> {
    let name = file.display().to_string();
    let documents = manifest::parse(&name, &text(file)?)?;
    let [
        Document {
            value: Value::Object(given),
            ..
        },
    ] = documents.as_slice()
    else {
        return Err(InputError::whole(
            &name,
            "expected one mapping of names to values",
        ));
    };
    let value = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    let one = |(name, given): (&String, &Value)| Parameter {
        name: name.clone(),
        value: value(given),
    };
    Ok(given.iter().map(one).collect())
}

/// Puts `given` before the arguments of every Workflow and CronWorkflow that have other names.
///
/// Source: argo-workflows v3.7.4 `workflow/util/util.go` overrideParameters.
pub(super) fn pass(documents: &mut [Document], given: &[Parameter]) {
    for document in documents.iter_mut().filter(|_| !given.is_empty()) {
        let spec = match document.value["kind"].as_str() {
            Some("Workflow") => document.value.pointer_mut("/spec"),
            Some("CronWorkflow") => document.value.pointer_mut("/spec/workflowSpec"),
            _ => None,
        };
        if let Some(Value::Object(spec)) = spec {
            pass_to(spec, given);
        }
    }
}

fn pass_to(spec: &mut Map<String, Value>, given: &[Parameter]) {
    let arguments = spec.entry("arguments").or_insert_with(|| json!({}));
    let Value::Object(arguments) = arguments else {
        return;
    };
    let declared = arguments.remove("parameters").unwrap_or_default();
    let new = given
        .iter()
        .map(|one| json!({"name": one.name, "value": one.value}));
    let is_given = |declared: &Value| {
        given
            .iter()
            .any(|one| declared["name"] == one.name.as_str())
    };
    let kept = declared.as_array().into_iter().flatten();
    let all = new.chain(kept.filter(|declared| !is_given(declared)).cloned());
    arguments.insert("parameters".to_owned(), all.collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_replaces_or_joins_what_is_declared() {
        let text =
            "kind: Workflow\nspec: {arguments: {parameters: [{name: a, value: 1}, {name: b}]}}";
        let mut documents = manifest::parse("-", text).unwrap();
        pass(
            &mut documents,
            &[parameter("b=x=y").unwrap(), parameter("c=").unwrap()],
        );
        let expected = json!([{"name": "b", "value": "x=y"}, {"name": "c", "value": ""}, {"name": "a", "value": 1}]);
        assert_eq!(
            documents[0].value["spec"]["arguments"]["parameters"],
            expected
        );
    }
}
