//! Deletion: preconditions, finalizers, propagation, grace.
//!
//! Source: `spec/kube-api.md` §1.15; kubernetes v1.34 `apiserver/pkg/registry/generic/registry/store.go`.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::admission::Attempt;
use super::answer::Answer;
use super::conversion::deleted_as_shown;
use super::kernel::{Context, Kernel};
use super::kind::Origin;
use super::metadata::seconds;
use super::namespace::PROTECTED;
use super::object::{Key, Object, metadata_mut};
use super::registry::Served;
use super::request::{DeleteOptions, ListOptions, Part, Propagation, Request};
use super::status::{Qualified, Status};
use super::write::is_released;
use crate::clock::after;
use crate::json::{Map, Value, json};

/// Holds an owner until its dependents are gone.
const FOREGROUND: &str = "foregroundDeletion";
/// The priority classes that the server itself needs.
const SYSTEM_CLASSES: [&str; 2] = ["system-node-critical", "system-cluster-critical"];
/// Holds an owner until its dependents have lost their reference.
const ORPHAN: &str = "orphan";

/// How a deletion proceeds.
pub(super) enum Step {
    /// The object waits, changed or not.
    Wait(Value),
    /// A state to be seen, and then the end.
    Mark(Value),
    /// The end.
    Erase,
}

impl Kernel {
    pub(super) fn delete(
        &mut self,
        request: &Request,
        options: &DeleteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        if request.part != Part::Whole {
            return Err(Status::not_implemented("the deletion of a subresource"));
        }
        warn_of_orphans(&request.served, options, context);
        check_system_class(request)?;
        self.delete_one((request, request), options, context)
    }

    /// Deletes an object whose deletion was asked for as such, or with that of its collection.
    fn delete_one(
        &mut self,
        (request, asked): (&Request, &Request),
        options: &DeleteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let (old, step) = self.next_step(request, options, context.now)?;
        let shown = self.shown_afresh(&request.served, &old, context.conversation)?;
        self.admit_deletion((asked, &shown), options, context)?;
        let is_begun = matches!(step, Step::Wait(_)) && options.wants_end();
        let answer = if options.dry_run {
            imagined(request, &old, step)
        } else {
            self.take(request, &old, step, context)
        };
        match deleted_as_shown(&request.served, &shown, answer) {
            Answer::Object(_, object) if is_begun => Ok(Answer::Object(202, object)),
            answer => Ok(answer),
        }
    }

    /// Refuses a deletion that policies or webhooks deny.
    fn admit_deletion(
        &self,
        (asked, old): (&Request, &Object),
        options: &DeleteOptions,
        context: &mut Context,
    ) -> Result<(), Status> {
        let options = options.told_of(&asked.served.kind, old);
        let attempt = Attempt::deletion(asked, old, &options);
        self.mutate(&attempt, context)?;
        self.admit(&attempt, context)
    }

    /// Deletes an object for another reason than that its deletion was asked for.
    pub(super) fn delete_unasked(
        &mut self,
        request: &Request,
        options: &DeleteOptions,
        context: &mut Context,
    ) -> Result<(), Status> {
        let (old, step) = self.next_step(request, options, context.now)?;
        self.take(request, &old, step, context);
        Ok(())
    }

    /// The object behind a request, and how its deletion proceeds.
    pub(super) fn next_step(
        &self,
        request: &Request,
        options: &DeleteOptions,
        now: Timestamp,
    ) -> Result<(Arc<Object>, Step), Status> {
        let old = Arc::clone(self.find(request)?);
        check_preconditions(request, &old, options)?;
        let served = &request.served;
        let step = match (served.kind.group.as_str(), served.kind.kind.as_str()) {
            ("", "Namespace") => namespace_step(request, &old, options, now)?,
            ("", "Pod") => pod_step(served, &old, options, now),
            ("apiextensions.k8s.io", "CustomResourceDefinition") if !old.is_terminating() => {
                let mut value = old.value().clone();
                super::definition::begin_cleanup(&mut value, now);
                Step::Wait(value)
            }
            _ => plain_step(served, &old, options, now),
        };
        Ok((old, step))
    }

    fn take(
        &mut self,
        request: &Request,
        old: &Arc<Object>,
        step: Step,
        context: &mut Context,
    ) -> Answer {
        let served = &request.served;
        match step {
            Step::Wait(value) if value == *old.value() => Answer::Object(200, Arc::clone(old)),
            Step::Wait(value) => {
                let stored = self.log.put(served.table, value);
                self.after_write(served, &stored, context);
                Answer::Object(200, stored)
            }
            Step::Mark(value) => {
                if value != *old.value() {
                    self.log.put(served.table, value.clone());
                }
                Answer::Object(200, self.erase(served, &old.key(), value, context.now))
            }
            Step::Erase => {
                let last = self.erase(served, &old.key(), old.value().clone(), context.now);
                if served.behaviour.returns_deleted {
                    Answer::Object(200, last)
                } else {
                    Answer::Done(200, success(request, old))
                }
            }
        }
    }

    /// Takes an object out of its table, and with it whatever depends on it inside the server.
    pub(super) fn erase(
        &mut self,
        served: &Served,
        key: &Key,
        value: Value,
        now: Timestamp,
    ) -> Arc<Object> {
        let last = self.log.remove(served.table, key, value);
        self.after_erase(served, &last, now);
        last
    }

    pub(super) fn delete_collection(
        &mut self,
        request: &Request,
        list: &ListOptions,
        options: &DeleteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        warn_of_orphans(&request.served, options, context);
        let page = self.list(request, list, context)?;
        self.show_all_afresh(&request.served, &page.items, context.conversation);
        if context.conversation.is_open() {
            return Ok(Answer::Empty);
        }
        if !self.webhooks.are_silent(&request.served) {
            // Nothing may have changed while somebody is yet to be asked; a refusal counts once it is met.
            for item in &page.items {
                drop(self.admit_deletion((request, item), options, context));
            }
            context.warnings.clear();
            if context.conversation.is_open() {
                return Ok(Answer::Empty);
            }
            warn_of_orphans(&request.served, options, context);
        }
        for item in &page.items {
            let one = Request {
                namespace: item.namespace().to_owned(),
                name: item.name().to_owned(),
                ..request.clone()
            };
            self.delete_one((&one, request), options, context)?;
        }
        Ok(Answer::List(page))
    }

    /// Deletes every object of a table as a plain deletion would, and says how many remain.
    pub(super) fn clear(&mut self, served: &Served, now: Timestamp) -> usize {
        let all: Vec<Arc<Object>> = self.log.objects(served.table).values().cloned().collect();
        for old in &all {
            match plain_step(served, old, &DeleteOptions::default(), now) {
                Step::Wait(value) if value == *old.value() => {}
                Step::Wait(value) => {
                    self.log.put(served.table, value);
                }
                Step::Mark(_) | Step::Erase => {
                    self.log
                        .remove(served.table, &old.key(), old.value().clone());
                }
            }
        }
        self.log.objects(served.table).len()
    }
}

/// What a dry run answers.
fn imagined(request: &Request, old: &Arc<Object>, step: Step) -> Answer {
    match step {
        Step::Wait(value) | Step::Mark(value) => {
            Answer::Object(200, Object::new(value, old.revision()))
        }
        Step::Erase if request.served.behaviour.returns_deleted => {
            Answer::Object(200, Arc::clone(old))
        }
        Step::Erase => Answer::Done(200, success(request, old)),
    }
}

fn check_preconditions(
    request: &Request,
    old: &Object,
    options: &DeleteOptions,
) -> Result<(), Status> {
    let kind = &request.served.kind;
    let revision = old.revision().to_string();
    if matches!(kind.kind.as_str(), "Namespace" | "CustomResourceDefinition")
        && kind.origin == Origin::BuiltIn
    {
        return check_own_preconditions(&kind.resource(), old, options);
    }
    let why = match (&options.uid, &options.revision) {
        (Some(uid), _) if uid != old.uid() => format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            old.uid()
        ),
        (_, Some(asked)) if *asked != revision => format!(
            "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record ({revision}). The object might have been modified"
        ),
        _ => return Ok(()),
    };
    let qualified = request.served.refused_kind();
    let mut status = Status::conflict(&qualified, old.name());
    status.message = format!(
        "Operation cannot be fulfilled on {qualified} \"{}\": {why}",
        old.name()
    );
    Err(status)
}

/// The same for kinds whose deletion only begins at once.
///
/// Source: kubernetes v1.34 `pkg/registry/core/namespace/storage/storage.go`, and that of CustomResourceDefinitions.
fn check_own_preconditions(
    resource: &Qualified,
    old: &Object,
    options: &DeleteOptions,
) -> Result<(), Status> {
    let revision = old.revision().to_string();
    let unmet = |asked: &str, what: &str, present: &str| {
        let why = format!(
            "Precondition failed: {what} in precondition: {asked}, {what} in object meta: {present}"
        );
        Err(Status::conflicting(resource, old.name(), &why))
    };
    match (&options.uid, &options.revision) {
        (Some(uid), _) if uid != old.uid() => unmet(uid, "UID", old.uid()),
        (_, Some(asked)) if *asked != revision => unmet(asked, "ResourceVersion", &revision),
        _ => Ok(()),
    }
}

/// Refuses to delete a priority class that the server itself needs; with its collection it goes all the same.
///
/// Source: kubernetes v1.34.3, pkg/registry/scheduling/priorityclass/storage/storage.go, `Delete`.
fn check_system_class(request: &Request) -> Result<(), Status> {
    let kind = &request.served.kind;
    let is_class = kind.is("scheduling.k8s.io", "PriorityClass");
    if !(is_class && SYSTEM_CLASSES.contains(&request.name.as_str())) {
        return Ok(());
    }
    let why = "this is a system priority class and cannot be deleted";
    Err(Status::forbidden(&kind.resource(), &request.name, why))
}

/// Warns that the pods of a Job are kept, if nobody said that they should be.
///
/// Source: Kubernetes v1.34 `pkg/registry/batch/job/storage/storage.go`.
fn warn_of_orphans(served: &Served, options: &DeleteOptions, context: &mut Context) {
    let is_job = served.kind.group == "batch" && served.kind.kind == "Job";
    if is_job && options.propagation.is_none() {
        let warning = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";
        context.warnings.push(warning.to_owned());
    }
}

/// The first deletion only marks a namespace, even one that nothing holds.
fn namespace_step(
    request: &Request,
    old: &Object,
    options: &DeleteOptions,
    now: Timestamp,
) -> Result<Step, Status> {
    if PROTECTED.contains(&old.name()) {
        let why = "this namespace may not be deleted";
        return Err(Status::forbidden(
            &request.served.kind.resource(),
            old.name(),
            why,
        ));
    }
    let mut value = old.value().clone();
    if !old.is_terminating() {
        let metadata = metadata_mut(&mut value);
        if options.propagation.is_some() {
            propagate(&request.served, metadata, options);
        }
        metadata.insert("deletionTimestamp", seconds(now).into());
        value["status"]["phase"] = "Terminating".into();
        return Ok(Step::Wait(value));
    }
    if is_released(&request.served, &value) {
        return Ok(Step::Mark(value));
    }
    Ok(Step::Wait(value))
}

fn pod_step(served: &Served, old: &Object, options: &DeleteOptions, now: Timestamp) -> Step {
    let mut value = old.value().clone();
    let asked = options.grace_seconds.map(|s| if s < 0 { 1 } else { s });
    let current = old.value()["metadata"]["deletionGracePeriodSeconds"].as_i64();
    if old.is_terminating() && current.unwrap_or(0) == 0 {
        // No deletion is pending any more: this one may say anew what becomes of the dependents.
        return plain_step(served, old, options, now);
    }
    if old.is_terminating() {
        let Some(grace) = asked.filter(|grace| current.is_some_and(|c| *grace < c)) else {
            return Step::Wait(value);
        };
        let deadline: Option<Timestamp> = old.value()["metadata"]["deletionTimestamp"]
            .as_str()
            .and_then(|text| text.parse().ok());
        let given = go_seconds(current.unwrap_or(0));
        let start = deadline.and_then(|deadline| deadline.checked_sub(given).ok());
        let metadata = metadata_mut(&mut value);
        let until = after(start.unwrap_or(now), go_seconds(grace));
        metadata.insert("deletionTimestamp", seconds(until).into());
        metadata.insert("deletionGracePeriodSeconds", grace.into());
        propagate(served, metadata, options);
        return after_grace(value, grace);
    }
    let grace = pod_grace(old.value(), asked);
    mark(&mut value, now, grace);
    propagate(served, metadata_mut(&mut value), options);
    after_grace(value, grace)
}

fn after_grace(value: Value, grace: i64) -> Step {
    let is_held = value["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    if grace == 0 && !is_held {
        Step::Mark(value)
    } else {
        Step::Wait(value)
    }
}

/// Pods that never ran or have ended need no time to stop.
fn pod_grace(pod: &Value, asked: Option<i64>) -> i64 {
    let is_unscheduled = pod["spec"]["nodeName"]
        .as_str()
        .unwrap_or_default()
        .is_empty();
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    if is_unscheduled || matches!(phase, "Succeeded" | "Failed") {
        return 0;
    }
    let own = pod["spec"]["terminationGracePeriodSeconds"].as_i64();
    asked.unwrap_or_else(|| match own.unwrap_or(30) {
        below if below < 0 => 1,
        own => own,
    })
}

fn plain_step(served: &Served, old: &Object, options: &DeleteOptions, now: Timestamp) -> Step {
    let mut value = old.value().clone();
    propagate(served, metadata_mut(&mut value), options);
    let is_held = value["metadata"].get("finalizers").is_some();
    if !is_held {
        return Step::Erase;
    }
    if old.is_terminating() {
        // The first deletion of a definition says nothing of it.
        metadata_mut(&mut value).insert("deletionGracePeriodSeconds", 0.into());
    } else {
        mark(&mut value, now, 0);
    }
    Step::Wait(value)
}

/// Sets the deletion timestamp `grace` seconds from now and counts the generation up, if there is one.
fn mark(value: &mut Value, now: Timestamp, grace: i64) {
    let metadata = metadata_mut(value);
    let until = after(now, go_seconds(grace));
    metadata.insert("deletionTimestamp", seconds(until).into());
    metadata.insert("deletionGracePeriodSeconds", grace.into());
    if let Some(generation) = metadata.get("generation").and_then(Value::as_i64)
        && generation > 0
    {
        metadata.insert("generation", (generation + 1).into());
    }
}

/// Seconds as Go makes a duration of them: those beyond measure wrap around.
fn go_seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_nanos(seconds.wrapping_mul(1_000_000_000))
}

/// Sets the finalizers that tell the garbage collector what to do; without a wish present ones decide. Nothing depends on
/// events, which it leaves alone.
///
/// Source: apiserver v0.34.3, pkg/registry/generic/registry/store.go, `deletionFinalizersForGarbageCollection`.
fn propagate(served: &Served, metadata: &mut Map, options: &DeleteOptions) {
    if served.kind.origin == Origin::BuiltIn && served.kind.kind == "Event" {
        return;
    }
    let mut finalizers: Vec<Value> = metadata
        .get("finalizers")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let has = |name: &str| finalizers.iter().any(|f| f == name);
    let wish = match options.propagation {
        Some(wish) => wish,
        None if has(ORPHAN) => Propagation::Orphan,
        None if has(FOREGROUND) => Propagation::Foreground,
        None if served.behaviour.orphans_dependents => Propagation::Orphan,
        None => Propagation::Background,
    };
    let wanted = match wish {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
    };
    if wanted.is_some_and(&has) && !(has(FOREGROUND) && has(ORPHAN)) {
        return;
    }
    finalizers.retain(|f| f != FOREGROUND && f != ORPHAN);
    finalizers.extend(wanted.map(Value::from));
    if finalizers.is_empty() {
        metadata.remove("finalizers");
    } else {
        metadata.insert("finalizers", finalizers.into());
    }
}

/// The `Status` of a deletion that took effect at once.
fn success(request: &Request, object: &Object) -> Value {
    let kind = &request.served.kind;
    let mut details = json!({"name": object.name(), "kind": kind.plural, "uid": object.uid()});
    if !kind.group.is_empty() {
        details["group"] = kind.group.clone().into();
    }
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}
