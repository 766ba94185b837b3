//! The pod of a node. Source: `spec/argo.md` §21; argo-workflows v3.7.4 `workflow/controller/workflowpod.go`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Container;

use super::{containers, volumes};
use crate::argo::key;
use crate::argo::naming;
use crate::argo::pass::{Halt, Pass};
use crate::argo::resolution::to_value;
use crate::argo::spec::Template;
use crate::argo::tag::{self, Mode, Scope};
use crate::clock::in_seconds;
use crate::json::{Map, Value, json};

/// What a pod is made from.
pub(crate) struct PodPlan<'p> {
    pub(crate) node: &'p str,
    pub(crate) template: &'p Template,
    /// Whether what main prints is kept.
    pub(crate) includes_result: bool,
    pub(crate) exit_handler: bool,
    pub(crate) active_deadline_seconds: Option<i64>,
    /// When the executor ends main by itself.
    pub(crate) executor_deadline: Option<Timestamp>,
    /// The template of the node around it.
    pub(crate) boundary: Option<Value>,
}

/// The pod as it is created.
pub(crate) fn build(pass: &Pass, plan: &PodPlan) -> Result<Value, Halt> {
    refuse_unsupported(pass, plan.template)?;
    let mut parts = volumes::Parts::new(pass, plan.template)?;
    containers::finish(pass, plan, &mut parts)?;
    let name = naming::pod_name(&pass.identity.name, plan.node, &plan.template.name);
    let mut spec = scheduling(pass, plan);
    spec.insert("restartPolicy".to_owned(), json!("Never"));
    spec.insert("volumes".to_owned(), to_value(&parts.volumes));
    spec.insert("initContainers".to_owned(), to_value(&parts.init));
    spec.insert("containers".to_owned(), to_value(&parts.containers));
    if let Some(seconds) = plan.active_deadline_seconds {
        spec.insert("activeDeadlineSeconds".to_owned(), json!(seconds));
    }
    let (labels, annotations) = metadata(pass, plan, &parts.containers);
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": pass.identity.namespace,
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [pass.identity.owner()],
        },
        "spec": spec,
    });
    let mut locals = BTreeMap::from([("pod.name".to_owned(), name)]);
    for parameter in &plan.template.inputs.parameters {
        let value = parameter.value.clone().unwrap_or_default().0;
        locals.insert(format!("inputs.parameters.{}", parameter.name), value);
    }
    tag::replace_in(&mut pod, &Scope(&[&pass.globals, &locals]), Mode::Lenient)?;
    containers::wrap(&mut pod)?;
    Ok(pod)
}

fn refuse_unsupported(pass: &Pass, template: &Template) -> Result<(), Halt> {
    let features = [
        (!template.inputs.artifacts.is_empty(), "input artifacts"),
        (!template.outputs.artifacts.is_empty(), "output artifacts"),
        (template.archive_location.is_some(), "archiveLocation"),
        (pass.spec.archive_logs == Some(true), "archiveLogs"),
        (!pass.spec.pod_spec_patch.is_empty(), "podSpecPatch"),
        (template.daemon == Some(true), "daemon"),
    ];
    match features.into_iter().find(|(used, _)| *used) {
        Some((_, feature)) => Err(Halt::unsupported(feature)),
        None => Ok(()),
    }
}

type Texts = BTreeMap<String, String>;

fn metadata(pass: &Pass, plan: &PodPlan, containers: &[Container]) -> (Texts, Texts) {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut labels = Texts::from([
        pair(key::WORKFLOW, &pass.identity.name),
        pair(key::COMPLETED, "false"),
    ]);
    if plan.exit_handler {
        labels.insert(key::ON_EXIT.to_owned(), "true".to_owned());
    }
    let last = containers
        .last()
        .map(|container| container.name.clone())
        .unwrap_or_default();
    let has_main = containers.iter().any(|container| container.name == "main");
    let mut annotations = Texts::from([
        pair(key::NODE_NAME, plan.node),
        pair(key::NODE_ID, &pass.node_id(plan.node)),
        pair(
            key::DEFAULT_CONTAINER,
            if has_main { "main" } else { &last },
        ),
    ]);
    if let Some(gc) = &pass.spec.pod_gc {
        let delay = if gc.delete_delay_duration.is_empty() {
            "5s"
        } else {
            &gc.delete_delay_duration
        };
        annotations.insert(
            key::POD_GC_STRATEGY.to_owned(),
            format!("{}/{delay}", gc.strategy),
        );
    }
    for metadata in pass
        .spec
        .pod_metadata
        .iter()
        .chain([&plan.template.metadata])
    {
        annotations.extend(metadata.annotations.clone());
        labels.extend(metadata.labels.clone());
    }
    (labels, annotations)
}

/// Everything that says where and as whom the pod runs; the template's word counts most.
fn scheduling(pass: &Pass, plan: &PodPlan) -> Map {
    let template = to_value(plan.template);
    let workflow = to_value(&pass.spec);
    let mut spec = Map::new();
    let mut set = |field: &str, sources: &[&Value]| {
        if let Some(value) = sources.iter().find(|value| !value.is_null()) {
            spec.insert(field.to_owned(), (*value).clone());
        }
    };
    let null = Value::Null;
    for field in ["nodeSelector", "affinity", "tolerations"] {
        let boundary = plan
            .boundary
            .as_ref()
            .map_or(&null, |boundary| &boundary[field]);
        set(field, &[&template[field], boundary, &workflow[field]]);
    }
    for field in ["schedulerName", "securityContext", "serviceAccountName"] {
        set(field, &[&template[field], &workflow[field]]);
    }
    set(
        "priorityClassName",
        &[
            &template["priorityClassName"],
            &workflow["podPriorityClassName"],
        ],
    );
    for field in ["dnsPolicy", "dnsConfig", "imagePullSecrets", "hostNetwork"] {
        set(field, &[&workflow[field]]);
    }
    let token = [
        &template["automountServiceAccountToken"],
        &workflow["automountServiceAccountToken"],
    ];
    if token
        .iter()
        .find(|value| !value.is_null())
        .is_some_and(|value| **value == false)
    {
        set("automountServiceAccountToken", &[&Value::Bool(false)]);
    }
    let aliases: Vec<&Value> = [&workflow, &template]
        .iter()
        .filter_map(|from| from["hostAliases"].as_array())
        .flatten()
        .collect();
    if !aliases.is_empty() {
        spec.insert("hostAliases".to_owned(), json!(aliases));
    }
    spec
}

/// When an executor ends main by itself, as it is told; the zero time of Go means never.
pub(super) fn deadline_text(deadline: Option<Timestamp>) -> String {
    deadline.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), in_seconds)
}
