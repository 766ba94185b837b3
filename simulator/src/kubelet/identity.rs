//! Who a pod is to Argo: workflow, node, template.

use k8s_openapi::api::core::v1::{Container as PodContainer, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::pod::PodView;
use crate::json::Value;
use crate::outcomes::{Container, NodeName, Role};

const LABEL_WORKFLOW: &str = "workflows.argoproj.io/workflow";
const LABEL_COMPONENT: &str = "workflows.argoproj.io/component";
const ANNOTATION_NODE_NAME: &str = "workflows.argoproj.io/node-name";
const ANNOTATION_NODE_ID: &str = "workflows.argoproj.io/node-id";
/// What `ARGO_TEMPLATE` says if the template lies in a ConfigMap. Source: `spec/argo.md` §21.
const OFFLOADED: &str = "offloaded";

/// What runs in a pod.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Work {
    /// Containers and nothing else.
    Plain,
    /// One node of a Workflow, with the executor beside it.
    Argo(Box<ArgoPod>),
    /// Argo's agent, which runs `http` and `plugin` templates.
    Agent,
}

/// What the executor knows about its pod.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ArgoPod {
    pub(super) workflow: String,
    pub(super) workflow_uid: String,
    pub(super) node_id: String,
    pub(super) node_name: String,
    pub(super) instance_id: Option<String>,
    /// Whether standard output becomes `outputs.result`.
    pub(super) capture_result: bool,
    /// The processed template.
    pub(super) template: Value,
}

/// The template that the executor of a pod carries out: it stands in the environment, or, if it is too long for that, in
/// a ConfigMap.
pub(super) fn template(spec: &PodSpec, offloaded: Option<&str>) -> Option<Value> {
    let text = match env(spec, "ARGO_TEMPLATE") {
        Some(OFFLOADED) => offloaded,
        text => text,
    };
    serde_json::from_str(text?).ok()
}

impl Work {
    /// Reads the labels, annotations and environment of `pod`.
    ///
    /// Source: `spec/argo.md` §2, §21.
    pub(super) fn of(pod: PodView) -> Self {
        let label = |key| {
            pod.metadata
                .labels
                .as_ref()
                .and_then(|labels| labels.get(key))
        };
        let annotation = |key| {
            let annotations = pod.metadata.annotations.as_ref();
            annotations
                .and_then(|annotations| annotations.get(key))
                .cloned()
        };
        let Some(workflow) = label(LABEL_WORKFLOW) else {
            return Self::Plain;
        };
        if label(LABEL_COMPONENT).is_some_and(|component| component == "agent") {
            return Self::Agent;
        }
        let Some(template) = pod.template.cloned() else {
            return Self::Plain;
        };
        let node_id = env(pod.spec, "ARGO_NODE_ID").map(str::to_owned);
        Self::Argo(Box::new(ArgoPod {
            workflow: workflow.clone(),
            workflow_uid: env(pod.spec, "ARGO_WORKFLOW_UID")
                .map_or_else(|| owner_uid(pod.metadata), str::to_owned),
            node_id: node_id
                .or_else(|| annotation(ANNOTATION_NODE_ID))
                .unwrap_or_default(),
            node_name: annotation(ANNOTATION_NODE_NAME).unwrap_or_default(),
            instance_id: env(pod.spec, "ARGO_INSTANCE_ID").map(str::to_owned),
            capture_result: env(pod.spec, "ARGO_INCLUDE_SCRIPT_OUTPUT") == Some("true"),
            template,
        }))
    }

    /// What the outcome book is asked about `container`.
    pub(super) fn context<'a>(
        &'a self,
        metadata: &'a ObjectMeta,
        container: &'a PodContainer,
        init: bool,
    ) -> Container<'a> {
        let (template, node_name, workflow) = match self {
            Self::Argo(argo) => (
                argo.template_name(),
                argo.node_name.as_str(),
                argo.workflow.as_str(),
            ),
            Self::Plain | Self::Agent => ("", metadata.name.as_deref().unwrap_or_default(), ""),
        };
        let node = NodeName::parse(workflow, node_name);
        Container {
            template,
            attempt: node.attempt,
            node: node.display,
            step: node.step,
            image: container.image.as_deref().unwrap_or_default(),
            workflow,
            namespace: metadata.namespace.as_deref().unwrap_or_default(),
            container: &container.name,
            role: self.role(&container.name, init),
        }
    }

    /// What the container of this name is for.
    pub(super) fn role(&self, name: &str, init: bool) -> Role {
        match self {
            Self::Plain | Self::Agent if init => Role::Auxiliary,
            Self::Plain | Self::Agent => Role::Main,
            Self::Argo(_) if init && name == "init" => Role::Executor,
            Self::Argo(_) if init => Role::Auxiliary,
            Self::Argo(_) if name == "wait" => Role::Executor,
            Self::Argo(argo) if argo.is_main(name) => Role::Main,
            Self::Argo(_) => Role::Auxiliary,
        }
    }
}

impl ArgoPod {
    /// Name of the template; empty if it is written inline.
    pub(super) fn template_name(&self) -> &str {
        self.template["name"].as_str().unwrap_or_default()
    }

    /// Display name of the node.
    pub(super) fn display_name(&self) -> &str {
        NodeName::parse(&self.workflow, &self.node_name).display
    }

    /// Whether the container runs until it is told to stop.
    pub(super) fn is_daemon(&self) -> bool {
        self.template["daemon"] == Value::Bool(true)
    }

    /// Whether the container does the work of the node.
    pub(super) fn is_main(&self, name: &str) -> bool {
        match self.template["containerSet"]["containers"].as_array() {
            Some(set) => set.iter().any(|container| container["name"] == name),
            None => name == "main",
        }
    }

    /// Names of the containers of a container set that must succeed before `name` begins.
    pub(super) fn dependencies(&self, name: &str) -> Vec<&str> {
        let set = self.template["containerSet"]["containers"].as_array();
        set.into_iter()
            .flatten()
            .filter(|container| container["name"] == name)
            .flat_map(|container| container["dependencies"].as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect()
    }
}

fn env<'a>(spec: &'a PodSpec, name: &str) -> Option<&'a str> {
    let containers = spec
        .init_containers
        .iter()
        .flatten()
        .chain(&spec.containers);
    containers
        .flat_map(|container| container.env.iter().flatten())
        .find(|variable| variable.name == name)
        .and_then(|variable| variable.value.as_deref())
}

fn owner_uid(metadata: &ObjectMeta) -> String {
    let owners = metadata.owner_references.iter().flatten();
    owners
        .map(|owner| owner.uid.clone())
        .next()
        .unwrap_or_default()
}
