//! How pods are bound to nodes.
//!
//! Source: `spec/kube-api.md` §1.17.

use std::sync::Arc;

use super::admission::Attempt;
use super::answer::Answer;
use super::kernel::{Context, Kernel};
use super::log::TableId;
use super::metadata::{self, seconds, text};
use super::object::{Object, metadata_mut};
use super::precondition::unmet;
use super::request::{Part, Request, WriteOptions};
use super::schema::node::{Node, Type};
use super::status::{Qualified, Status};
use super::{ownership, posted};
use crate::json::{Value, json};

impl Kernel {
    /// The table of pods.
    #[must_use]
    pub fn pods(&self) -> TableId {
        self.registry.get("", "v1", "pods").table
    }

    /// Binds the pod that `request` names; admission is told of what was `asked`.
    pub(super) fn bind(
        &mut self,
        (request, asked): (&Request, &Request),
        body: &Value,
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let body = &posted::read_part(request, body, options, &mut context.warnings)?;
        self.admit_content(request, &request.name)?;
        let mut posted = body.clone();
        let at = ("v1", asked.part.subresource());
        ownership::track_as(&mut posted, &binding(), at, options, context.now);
        let attempt = Attempt::action(asked, &posted, options).named(&request.name);
        let mutated = self.mutate(&attempt, context)?;
        let body = mutated.as_ref().unwrap_or(body);
        if body["metadata"]["name"] != request.name.as_str() {
            return Err(Status::bad_request(
                "name in URL does not match name in Binding object",
            ));
        }
        check_target(&body["target"])?;
        self.admit(&attempt.of(mutated.as_ref()), context)?;
        let pod = Arc::clone(self.find(request)?);
        if let Some(why) = contradiction(&body["metadata"], &pod) {
            return Err(unmet(request, options.dry_run, &why));
        }
        if let Some(why) = unfit_for_node(&pod) {
            let binding = Qualified {
                group: "",
                name: "pods/binding",
            };
            let why = format!("pod {} {why}", request.name);
            return Err(Status::conflicting(&binding, &request.name, &why));
        }
        if !options.dry_run {
            let mut value = pod.value().clone();
            value["spec"]["nodeName"] = body["target"]["name"].clone();
            for (name, text) in body["metadata"]["annotations"]
                .as_object()
                .into_iter()
                .flatten()
            {
                value["metadata"]["annotations"][name.as_str()] = text.clone();
            }
            let condition = json!({
                "type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": seconds(context.now),
            });
            match value["status"]["conditions"].as_array_mut() {
                Some(list) => {
                    list.retain(|known| known["type"] != "PodScheduled");
                    list.push(condition);
                }
                None => value["status"]["conditions"] = json!([condition]),
            }
            self.log.put(request.served.table, value);
        }
        Ok(created())
    }

    /// The same for a binding that is posted beside the pods, and names its pod.
    pub(super) fn bind_named(
        &mut self,
        request: &Request,
        mut body: Value,
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        // What is unknown in it is told where it is read once more.
        let read = posted::read_part(request, &body, options, &mut Vec::new())?;
        metadata::place(&mut body, request)?;
        let name = text(metadata_mut(&mut body), "name").to_owned();
        // As of any new object, nobody asks which one is meant.
        metadata_mut(&mut body).remove("uid");
        let named = if name.is_empty() { "Unknown" } else { &name };
        self.admit_content(request, named)?;
        if name.is_empty() {
            check_target(&read["target"])?;
            return Err(Status::bad_request("Name parameter required."));
        }
        let of_pod = Request {
            served: Arc::clone(self.registry.get("", "v1", "pods")),
            part: Part::Binding,
            name,
            ..request.without_verb()
        };
        self.bind((&of_pod, request), &body, options, context)
    }
}

/// How a pod is another one than the metadata of its binding say.
fn contradiction(metadata: &Value, pod: &Object) -> Option<String> {
    let revision = pod.revision().to_string();
    let present = [
        ("UID", "uid", pod.uid()),
        ("ResourceVersion", "resourceVersion", revision.as_str()),
    ];
    present.into_iter().find_map(|(what, field, present)| {
        let asked = metadata[field].as_str().unwrap_or_default();
        let is_met = asked.is_empty() || asked == present;
        (!is_met)
            .then(|| format!("{what} in precondition: {asked}, {what} in object meta: {present}"))
    })
}

/// A binding has a target, which is a node.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidatePodBinding`.
fn check_target(target: &Value) -> Result<(), Status> {
    let field = |name: &str| target[name].as_str().unwrap_or_default();
    let kind = match field("kind") {
        "" | "Node" => None,
        other => Some(format!(
            "target.kind: Unsupported value: {other:?}: supported values: \"Node\", \"<empty>\""
        )),
    };
    let name = field("name")
        .is_empty()
        .then(|| "target.name: Required value".to_owned());
    match (kind, name) {
        (None, None) => Ok(()),
        (Some(kind), Some(name)) => Err(Status::bare_internal(&format!("[{kind}, {name}]"))),
        (Some(fault), None) | (None, Some(fault)) => Err(Status::bare_internal(&fault)),
    }
}

/// Why a pod cannot be given a node.
///
/// Source: kubernetes v1.34 `pkg/registry/core/pod/storage/storage.go`, `setPodNodeAndMetadata`.
fn unfit_for_node(pod: &Object) -> Option<String> {
    let spec = &pod.value()["spec"];
    let bound = spec["nodeName"].as_str().unwrap_or_default();
    let is_gated = spec["schedulingGates"]
        .as_array()
        .is_some_and(|gates| !gates.is_empty());
    match () {
        () if pod.is_terminating() => {
            Some("is being deleted, cannot be assigned to a host".to_owned())
        }
        () if !bound.is_empty() => Some(format!("is already assigned to node {bound:?}")),
        () if is_gated => Some("has non-empty .spec.schedulingGates".to_owned()),
        () => None,
    }
}

/// The schema of a Binding, as far as owners are concerned: its target is one.
fn binding() -> Node {
    let target = Node {
        kind: Type::Object,
        atomic_map: true,
        preserve_unknown: true,
        ..Node::default()
    };
    let properties = [("target".to_owned(), Arc::new(target))];
    Node {
        properties: properties.into_iter().collect(),
        preserve_unknown: true,
        ..Node::default()
    }
}

/// The answer to what is posted about a pod.
pub(super) fn created() -> Answer {
    Answer::Done(
        201,
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    )
}
