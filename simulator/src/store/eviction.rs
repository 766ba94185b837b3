//! Eviction of pods, as far as PodDisruptionBudgets let it happen.
//!
//! What a budget allows stands in its status, which a controller writes; here it is only read and counted down.
//! Simplified: webhooks and policies are not asked about what an eviction writes into a pod and a budget.
//!
//! Source: kubernetes v1.34.3, pkg/registry/core/pod/storage/eviction.go; `spec/kube-api.md` §1.17.

use std::sync::Arc;

use jiff::Timestamp;

use super::admission::Attempt;
use super::answer::Answer;
use super::kernel::{Context, Kernel};
use super::metadata::seconds;
use super::object::{Object, texts};
use super::ownership;
use super::pod::created;
use super::posted;
use super::registry::Served;
use super::request::{DeleteOptions, Part, Request, Verb, WriteOptions};
use super::schema::builtin::builtin;
use super::selector::LabelSelector;
use super::status::{Qualified, Status};
use crate::json::{Map, Value, json};

/// How many evictions of pods that are still there a budget remembers.
const DISRUPTED_MAX: usize = 2000;
/// How long to wait until a budget may have been looked at.
const RETRY_SECONDS: u32 = 10;
/// Who writes down in a budget that a pod is evicted.
const MANAGER: &str = "kube-apiserver";

impl Kernel {
    pub(super) fn evict(
        &mut self,
        request: &Request,
        body: &Value,
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let mut body = posted::read_part(request, body, options, &mut context.warnings)?;
        self.admit_content(request, &request.name)?;
        let at = ("policy/v1", request.part.subresource());
        let schema = builtin("policy", "v1", "Eviction").unwrap_or_default();
        ownership::track_as(&mut body, &schema, at, options, context.now);
        let attempt = Attempt::action(request, &body, options);
        let mutated = self.mutate(&attempt, context)?;
        let body = mutated.as_ref().unwrap_or(&body);
        if body["metadata"]["name"] != request.name.as_str() {
            return Err(Status::bad_request(
                "name in URL does not match name in Eviction object",
            ));
        }
        self.admit(&attempt.of(mutated.as_ref()), context)?;
        let pod = Arc::clone(self.find(request)?);
        let asked = dry_run(&body["deleteOptions"], options)?;
        let is_imagined = asked["dryRun"]
            .as_array()
            .is_some_and(|run| !run.is_empty());
        if !needs_no_budget(&pod) {
            self.charge_budget(&pod, is_imagined, context.now)?;
        }
        let whole = Request {
            part: Part::Whole,
            ..request.without_verb()
        };
        let mut deletion = DeleteOptions::read(&asked)?;
        if is_imagined {
            self.next_step(&whole, &deletion, context.now)?;
        } else {
            self.mark_disrupted(&whole, &pod, &deletion, context)?;
            // What was asked for was there, and has just been changed.
            deletion.revision = None;
            self.delete_unasked(&whole, &deletion, context)?;
        }
        Ok(created())
    }

    /// Takes one pod from what the budget of `pod` allows, if it has one.
    fn charge_budget(
        &mut self,
        pod: &Object,
        is_imagined: bool,
        now: Timestamp,
    ) -> Result<(), Status> {
        let served = Arc::clone(self.registry.get("policy", "v1", "poddisruptionbudgets"));
        let Some(budget) = self.budget(&served, pod)? else {
            return Ok(());
        };
        let (spec, status) = (&budget.value()["spec"], &budget.value()["status"]);
        let count = |field: &str| status[field].as_i64().unwrap_or(0);
        let is_healthy =
            count("currentHealthy") >= count("desiredHealthy") && count("desiredHealthy") > 0;
        let is_free = spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow" || is_healthy;
        if !is_ready(pod) && is_free {
            return Ok(());
        }
        check_budget(&budget)?;
        if is_imagined {
            return Ok(());
        }
        let mut value = budget.value().clone();
        count_down(&mut value["status"], pod.name(), now);
        let request = Request {
            actor: Arc::from(MANAGER),
            user: Arc::default(),
            served: Arc::clone(&served),
            namespace: budget.namespace().to_owned(),
            name: budget.name().to_owned(),
            part: Part::Status,
            verb: Verb::Get(None),
        };
        let options = WriteOptions {
            field_manager: MANAGER.to_owned(),
            ..WriteOptions::default()
        };
        ownership::track(&request, Some(budget.value()), &mut value, &options, now);
        self.log.put(served.table, value);
        Ok(())
    }

    /// The budget that protects a pod; there may be but one.
    fn budget(&self, served: &Served, pod: &Object) -> Result<Option<Arc<Object>>, Status> {
        if pod.labels().is_none_or(Map::is_empty) {
            return Ok(None);
        }
        let protects = |budget: &&Arc<Object>| {
            let selector = &budget.value()["spec"]["selector"];
            budget.namespace() == pod.namespace()
                && selector.is_object()
                && LabelSelector::read(selector).selects(pod.labels())
        };
        let mut budgets = self.log.objects(served.table).values().filter(protects);
        let first = budgets.next().cloned();
        if budgets.next().is_some() {
            return Err(Status::bare_internal(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            ));
        }
        Ok(first)
    }

    /// Writes into the pod that it is disrupted, if it is the one that the deletion means.
    fn mark_disrupted(
        &mut self,
        request: &Request,
        pod: &Object,
        deletion: &DeleteOptions,
        context: &mut Context,
    ) -> Result<(), Status> {
        check_pod(pod, deletion)?;
        let mut value = pod.value().clone();
        let fields = [
            ("type", "DisruptionTarget"),
            ("status", "True"),
            ("reason", "EvictionByEvictionAPI"),
            ("message", "Eviction API: evicting"),
        ];
        let condition = set_condition(&mut value["status"], &fields, context.now);
        if condition.get("lastProbeTime").is_none() {
            condition["lastProbeTime"] = Value::Null;
        }
        if value != *pod.value() {
            let stored = self.log.put(request.served.table, value);
            self.after_write(&request.served, &stored, context);
        }
        Ok(())
    }
}

/// The options of the deletion, with the dry run that the request asks for.
fn dry_run(deletion: &Value, options: &WriteOptions) -> Result<Value, Status> {
    let mut asked = match deletion {
        Value::Object(_) => deletion.clone(),
        _ => json!({}),
    };
    if options.dry_run {
        let own = asked["dryRun"].as_array().map_or(0, Vec::len);
        if own > 0 && asked["dryRun"] != json!(["All"]) {
            return Err(Status::bad_request(format!(
                "Non-matching dry-run options in request and content: [All] and {}",
                go_list(&asked["dryRun"])
            )));
        }
        asked["dryRun"] = json!(["All"]);
    }
    Ok(asked)
}

/// A list of texts as Go prints it.
fn go_list(list: &Value) -> String {
    format!("[{}]", texts(list).join(" "))
}

/// Whether a pod has caused its disruption already, or none is caused by its end.
fn needs_no_budget(pod: &Object) -> bool {
    let phase = pod.value()["status"]["phase"].as_str();
    matches!(phase, Some("Succeeded" | "Failed" | "Pending")) || pod.is_terminating()
}

fn is_ready(pod: &Object) -> bool {
    let conditions = pod.value()["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// Refuses an eviction that a budget does not allow.
fn check_budget(budget: &Object) -> Result<(), Status> {
    let value = budget.value();
    let (name, status) = (budget.name(), &value["status"]);
    let count = |field: &str| status[field].as_i64().unwrap_or(0);
    if count("observedGeneration") < value["metadata"]["generation"].as_i64().unwrap_or(0) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(too_many(&why, RETRY_SECONDS));
    }
    let forbidden = |why: &str| {
        let resource = Qualified {
            group: "policy",
            name: "poddisruptionbudget",
        };
        Status::forbidden(&resource, name, why)
    };
    let n_disrupted = status["disruptedPods"]
        .as_object()
        .map_or(0, |pods| pods.len());
    match count("disruptionsAllowed") {
        ..0 => Err(forbidden("pdb disruptions allowed is negative")),
        _ if n_disrupted > DISRUPTED_MAX => Err(forbidden(
            "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
        )),
        0 => Err(too_many(&exhausted(name, status), 0)),
        _ => Ok(()),
    }
}

/// Why a budget allows nothing.
fn exhausted(name: &str, status: &Value) -> String {
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let mut failed = conditions
        .filter(|known| known["type"] == "DisruptionAllowed" && known["reason"] == "SyncFailed");
    if let Some(failed) = failed.next() {
        let message = failed["message"].as_str().unwrap_or_default();
        return format!(
            "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
        );
    }
    let count = |field: &str| status[field].as_i64().unwrap_or(0);
    format!(
        "The disruption budget {name} needs {} healthy pods and has {} currently",
        count("desiredHealthy"),
        count("currentHealthy")
    )
}

fn too_many(why: &str, retry_seconds: u32) -> Status {
    let mut details = json!({"causes": [{"reason": "DisruptionBudget", "message": why}]});
    if retry_seconds > 0 {
        details["retryAfterSeconds"] = retry_seconds.into();
    }
    Status {
        code: 429,
        reason: "TooManyRequests".into(),
        message: "Cannot evict pod as it would violate the pod's disruption budget.".to_owned(),
        details: Some(details),
    }
}

/// Writes down that a budget allows one disruption less, and of which pod.
fn count_down(status: &mut Value, pod: &str, now: Timestamp) {
    let left = status["disruptionsAllowed"].as_i64().unwrap_or(0) - 1;
    status["disruptionsAllowed"] = left.into();
    status["disruptedPods"][pod] = seconds(now).into();
    if left > 0 {
        return;
    }
    let observed = status["observedGeneration"].as_i64().unwrap_or(0);
    let fields = [
        ("type", "DisruptionAllowed"),
        ("status", "False"),
        ("reason", "InsufficientPods"),
        ("message", ""),
    ];
    let condition = set_condition(status, &fields, now);
    condition["observedGeneration"] = observed.into();
}

/// Sets a condition; its time is that of the last change of its status.
fn set_condition<'a>(
    status: &'a mut Value,
    fields: &[(&str, &str); 4],
    now: Timestamp,
) -> &'a mut Value {
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    let (kind, state) = (fields[0].1, fields[1].1);
    let conditions = status["conditions"].as_array_mut();
    let conditions = conditions.expect("the conditions have just been made a list");
    let place = conditions.iter().position(|known| known["type"] == kind);
    let place = place.unwrap_or_else(|| {
        conditions.push(json!({}));
        conditions.len() - 1
    });
    let condition = &mut conditions[place];
    if condition["status"] != state {
        condition["lastTransitionTime"] = seconds(now).into();
    }
    for (name, text) in fields {
        condition[*name] = (*text).into();
    }
    condition
}

/// Refuses to evict another pod, or another state of it, than the deletion means.
fn check_pod(pod: &Object, deletion: &DeleteOptions) -> Result<(), Status> {
    let revision = pod.revision().to_string();
    let why = match (&deletion.uid, &deletion.revision) {
        (Some(uid), _) if !uid.is_empty() && uid != pod.uid() => format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            pod.uid()
        ),
        (_, Some(asked)) if !asked.is_empty() && *asked != revision => format!(
            "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record ({revision}). The object might have been modified"
        ),
        _ => return Ok(()),
    };
    let kind = Qualified {
        group: "",
        name: "Pod",
    };
    Err(Status::conflicting(&kind, pod.name(), &why))
}
