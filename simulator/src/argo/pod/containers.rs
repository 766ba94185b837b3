//! Environment and commands of the containers of a pod.

use k8s_openapi::api::core::v1::{EnvVar, EnvVarSource, ObjectFieldSelector};

use super::build::{PodPlan, deadline_text};
use super::volumes::Parts;
use crate::argo::pass::{Halt, Pass};
use crate::argo::spec::{Inputs, Template};
use crate::json::{Value, json};

/// Bytes above which the template is too long for a variable.
const ENV_BYTES_MAX: usize = 131_072;

const LOG_OPTIONS: [&str; 6] = [
    "--loglevel",
    "info",
    "--log-format",
    "text",
    "--gloglevel",
    "0",
];

/// Gives each container its commands and variables, as far as they do not depend on the user's command.
pub(super) fn finish(pass: &Pass, plan: &PodPlan, parts: &mut Parts) -> Result<(), Halt> {
    let template = simplified(plan.template);
    if template.len() > ENV_BYTES_MAX {
        return Err(Halt::unsupported("templates above 128 KiB"));
    }
    parts.init[0].command = Some(command("init"));
    parts.init[0].env = Some(own_env(pass));
    parts.containers[0].command = Some(command("wait"));
    let mut wait = own_env(pass);
    wait.push(variable("ARGO_ARTIFACT_PLUGIN_NAMES", ""));
    parts.containers[0].env = Some(wait);
    let common = common_env(pass, plan);
    for container in &mut parts.init {
        let name = variable("ARGO_CONTAINER_NAME", &container.name);
        let env = container.env.get_or_insert_default();
        env.extend([name, variable("ARGO_TEMPLATE", &template)]);
        env.extend(common.iter().cloned());
    }
    for container in &mut parts.containers {
        let name = variable("ARGO_CONTAINER_NAME", &container.name);
        let env = container.env.get_or_insert_default();
        env.push(name);
        env.extend(common.iter().cloned());
    }
    for container in parts.init.iter_mut().chain(&mut parts.containers) {
        container.resources.get_or_insert_default();
    }
    Ok(())
}

/// Puts the executor before the commands of main and sidecars.
pub(super) fn wrap(pod: &mut Value) -> Result<(), Halt> {
    let containers = pod
        .pointer_mut("/spec/containers")
        .and_then(Value::as_array_mut);
    for container in containers
        .into_iter()
        .flatten()
        .filter(|container| container["name"] != "wait")
    {
        let user = container["command"].as_array().cloned().unwrap_or_default();
        if user.is_empty() {
            let image = container["image"].as_str().unwrap_or_default();
            return Err(Halt::error(format!(
                "failed to look-up entrypoint/cmd for image \"{image}\", you must either explicitly specify the command, or list the image's command in the index: https://argo-workflows.readthedocs.io/en/latest/workflow-executors/#emissary-emissary"
            )));
        }
        let emissary = ["/var/run/argo/argoexec", "emissary"]
            .into_iter()
            .chain(LOG_OPTIONS)
            .chain(["--"]);
        container["command"] = emissary.map(|part| json!(part)).chain(user).collect();
    }
    Ok(())
}

fn command(verb: &str) -> Vec<String> {
    ["argoexec", verb]
        .into_iter()
        .chain(LOG_OPTIONS)
        .map(str::to_owned)
        .collect()
}

/// What executors are told to do: the template without the values of its parameters.
fn simplified(template: &Template) -> String {
    let simplified = Template {
        inputs: Inputs {
            parameters: Vec::new(),
            artifacts: template.inputs.artifacts.clone(),
        },
        ..template.clone()
    };
    crate::argo::globals::json(&simplified)
}

fn own_env(pass: &Pass) -> Vec<EnvVar> {
    vec![
        field("ARGO_POD_NAME", "metadata.name"),
        field("ARGO_POD_UID", "metadata.uid"),
        variable("ARGO_WORKFLOW_NAME", &pass.identity.name),
        variable("ARGO_WORKFLOW_UID", &pass.identity.uid),
    ]
}

fn common_env(pass: &Pass, plan: &PodPlan) -> Vec<EnvVar> {
    vec![
        variable("ARGO_NODE_ID", &pass.node_id(plan.node)),
        variable(
            "ARGO_INCLUDE_SCRIPT_OUTPUT",
            &plan.includes_result.to_string(),
        ),
        variable("ARGO_DEADLINE", &deadline_text(plan.executor_deadline)),
        variable("ARGO_WORKFLOW_NAME", &pass.identity.name),
        variable("ARGO_PROGRESS_FILE", "/var/run/argo/progress"),
        variable("ARGO_PROGRESS_PATCH_TICK_DURATION", "1m0s"),
        variable("ARGO_PROGRESS_FILE_TICK_DURATION", "3s"),
    ]
}

fn variable(name: &str, value: &str) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: (!value.is_empty()).then(|| value.to_owned()),
        ..EnvVar::default()
    }
}

fn field(name: &str, path: &str) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value_from: Some(EnvVarSource {
            field_ref: Some(ObjectFieldSelector {
                api_version: Some("v1".to_owned()),
                field_path: path.to_owned(),
            }),
            ..EnvVarSource::default()
        }),
        ..EnvVar::default()
    }
}
