//! What only pods have beside their logs: binding, eviction.
//!
//! Source: `spec/kube-api.md` §1.17.

use std::sync::Arc;

use super::admission::Attempt;
use super::answer::Answer;
use super::kernel::{Context, Kernel};
use super::log::TableId;
use super::metadata::seconds;
use super::object::metadata_mut;
use super::ownership;
use super::request::{DeleteOptions, Request, WriteOptions};
use super::schema::node::{Node, Type};
use super::status::{Qualified, Status};
use crate::json::{Value, json};

impl Kernel {
    /// The table of pods.
    #[must_use]
    pub fn pods(&self) -> TableId {
        self.registry.get("", "v1", "pods").table
    }

    pub(super) fn bind(
        &mut self,
        request: &Request,
        body: &Value,
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let mut posted = posted(request, body);
        let at = ("v1", "binding");
        ownership::track_as(&mut posted, &binding(), at, options, context.now);
        let attempt = Attempt::action(request, &posted, options);
        let mutated = self.mutate(&attempt, context)?;
        self.admit(&attempt.of(mutated.as_ref()), context)?;
        let body = mutated.as_ref().unwrap_or(body);
        let pod = Arc::clone(self.find(request)?);
        let node = body["target"]["name"].as_str().unwrap_or_default();
        let bound = pod.value()["spec"]["nodeName"].as_str().unwrap_or_default();
        if !bound.is_empty() {
            let binding = Qualified {
                group: "",
                name: "pods/binding",
            };
            let mut status = Status::conflict(&binding, &request.name);
            status.message = format!(
                "Operation cannot be fulfilled on pods/binding \"{0}\": pod {0} is already assigned to node {bound:?}",
                request.name
            );
            return Err(status);
        }
        if !options.dry_run {
            let mut value = pod.value().clone();
            value["spec"]["nodeName"] = node.into();
            let condition = json!({
                "type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": seconds(context.now),
            });
            match value["status"]["conditions"].as_array_mut() {
                Some(list) => list.push(condition),
                None => value["status"]["conditions"] = json!([condition]),
            }
            self.log.put(request.served.table, value);
        }
        Ok(created())
    }

    pub(super) fn evict(
        &mut self,
        request: &Request,
        body: &Value,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let no_options = WriteOptions::default();
        let posted = posted(request, body);
        let attempt = Attempt::action(request, &posted, &no_options);
        let mutated = self.mutate(&attempt, context)?;
        self.admit(&attempt.of(mutated.as_ref()), context)?;
        let body = mutated.as_ref().unwrap_or(body);
        let options = DeleteOptions {
            grace_seconds: body["deleteOptions"]["gracePeriodSeconds"].as_i64(),
            ..DeleteOptions::default()
        };
        let whole = Request {
            part: super::request::Part::Whole,
            ..request.without_verb()
        };
        self.delete_unasked(&whole, &options, context)?;
        Ok(created())
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

/// What is posted about a pod, which lies where the pod does.
fn posted(request: &Request, body: &Value) -> Value {
    let mut posted = body.clone();
    metadata_mut(&mut posted).insert("namespace", request.namespace.clone().into());
    posted
}

fn created() -> Answer {
    Answer::Done(
        201,
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    )
}
