//! Create, update and patch.
//!
//! Source: `spec/kube-api.md` §1.7, §1.8, §1.14, §1.17.

use std::sync::Arc;

use jiff::Timestamp;

use super::admission::Attempt;
use super::answer::Answer;
use super::check::check;
use super::definition::take_stored_versions;
use super::form::{drop_type, name_type, stored_form, to_version};
use super::kernel::{Context, Kernel};
use super::kind::Origin;
use super::metadata::{self, seconds, text};
use super::object::{Key, Object, metadata_mut};
use super::ownership::Sent;
use super::patch::refusal::go_text;
use super::patch::tried::tried;
use super::precondition::{check_meant, check_revision, check_unmade};
use super::registry::{Conversion, Served};
use super::request::{FieldValidation, Part, PatchBody, PatchKind, Request, WriteOptions};
use super::schema::before::Before;
use super::status::Status;
use super::{decode, generation, identity, namespace, ownership, parts, rules, shape, size};
use crate::json::{Value, share, without_fractions};

/// How often a generated name is drawn before the collision is reported.
const NAME_ATTEMPTS: usize = 8;
/// The longest base of a generated name, in bytes.
const MAX_BASE_BYTES: usize = 58;

/// How a new state reached an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    Put,
    Patch(PatchKind),
}

impl Kernel {
    pub(super) fn create(
        &mut self,
        request: &Request,
        mut value: Value,
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let served = &request.served;
        identity::check_body(&served.kind, &value)?;
        identity::check_kind(&served.kind, &value)?;
        metadata::place(&mut value, request)?;
        self.insert(request, value, (options, Via::Put), context)
    }

    /// Stores a new object, whose body was checked and placed; until it is stored it is in the version of the request.
    pub(super) fn insert(
        &mut self,
        request: &Request,
        mut value: Value,
        (options, via): (&WriteOptions, Via),
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let served = &request.served;
        shape::fit(served, &mut value, (options, via), &mut context.warnings)
            .map_err(|why| identity::unfit(&served.kind, &why))?;
        if served.kind.origin == Origin::BuiltIn {
            name_type(served, &mut value);
        }
        metadata::begin(&mut value, &mut context.warnings);
        let metadata = metadata_mut(&mut value);
        self.admit_instance(served, text(metadata, "name"))?;
        let names = ["name", "generateName"].map(|field| text(metadata, field));
        let named = names.into_iter().find(|name| !name.is_empty());
        self.admit_content(request, named.unwrap_or_default())?;
        self.admit_pod(request, &value)?;
        let owners = self.mutate_new(request, &mut value, (options, via), context)?;
        let sent = metadata::revision(&value);
        self.admit_grant(request, &mut value, None)?;
        self.settle_name(request, &mut value, context);
        stamp_new(served, &mut value, context);
        rules::name_requester(&served.kind, &mut value, &request.user);
        let is_mistyped = ownership::is_mistyped_status(request, &value, Before::NOTHING);
        if request.part == Part::Whole {
            parts::reset(served, &mut value);
        }
        rules::prepare(&served.kind, &mut value);
        let told = rules::early_warnings(&served.kind, &value);
        context.warnings.extend(told);
        self.prepare_definition(served, &mut value, None);
        check(served, &value, None, context)?;
        if let Some(owners) = owners {
            owners.put(&mut value);
        } else if via == Via::Put {
            own_new(request, &mut value, options, context.now);
        }
        if is_mistyped && via == Via::Put {
            metadata_mut(&mut value).remove("managedFields");
        }
        let mut value = stored_form(served, value);
        rules::admit(&served.kind, &mut value);
        match request.part {
            Part::Whole => self.give_addresses(request, &mut value, None)?,
            _ => begin_status(request, &mut value, context.now),
        }
        self.complete(request, &mut value, context.ids);
        self.permit_creation(request)?;
        let attempt = Attempt::creation(request, &value, options);
        self.admit(&attempt, context)?;
        let charges = self.charges(&attempt, context.now)?;
        rules::reread(&served.kind, &mut value);
        let key = key_of(&value);
        if !options.dry_run {
            check_unwritten(sent)?;
            value = self.converted_to_storage(served, value, context.conversation)?;
        }
        if let Some(old) = self.log.get(served.table, &key) {
            let mut status = Status::already_exists(&served.kind.resource(), key.name());
            if old.is_terminating() {
                status.message.insert_str(0, "object is being deleted: ");
            }
            return Err(status);
        }
        if options.dry_run {
            let imagined = self.imagined(served, (value, sent), context.conversation)?;
            return Ok(Answer::Object(201, imagined));
        }
        let answer = self.store_and_show(served, (201, value), charges, context)?;
        if let Answer::Object(_, stored) = &answer {
            self.settle_definition(served, stored, context.defined.take(), context.now);
        }
        Ok(answer)
    }

    /// Draws a name from `generateName`, if there is no name.
    fn settle_name(&self, request: &Request, value: &mut Value, context: &mut Context) {
        let metadata = metadata_mut(value);
        let base = text(metadata, "generateName").to_owned();
        if !text(metadata, "name").is_empty() || base.is_empty() {
            return;
        }
        let base = &base[..base.floor_char_boundary(MAX_BASE_BYTES)];
        let namespace = text(metadata, "namespace");
        let mut key = Key::default();
        for _ in 0..NAME_ATTEMPTS {
            key = Key::new(namespace, &format!("{base}{}", context.ids.suffix()));
            if self.log.get(request.served.table, &key).is_none() {
                break;
            }
        }
        metadata.insert("name", key.name().into());
    }

    pub(super) fn update(
        &mut self,
        request: &Request,
        mut value: Value,
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let served = &request.served;
        identity::check_body(&served.kind, &value)?;
        metadata::place(&mut value, request)?;
        metadata::check_name(&mut value, request)?;
        let Some(old) = self.present(request, context)? else {
            // Only services have a status beside, by which they are made without an address.
            if served.behaviour.creates_on_update {
                check_unmade(request, &mut value, options.dry_run)?;
                // A dry run shows the revision that was sent.
                if !options.dry_run {
                    metadata_mut(&mut value).remove("resourceVersion");
                }
                return self.insert(request, value, (options, Via::Put), context);
            }
            // A body is read, and what is unknown in it complained of, before anybody looks for the object.
            shape::fit(
                served,
                &mut value,
                (options, Via::Put),
                &mut context.warnings,
            )
            .map_err(|why| identity::unfit(&served.kind, &why))?;
            return Err(request.not_found());
        };
        if let Err(why) = identity::check_kind(&served.kind, &value) {
            check_meant(request, &old, &mut value, (Via::Put, options.dry_run))?;
            check_revision(request, &old, &mut value)?;
            return Err(why);
        }
        self.replace(request, (&old, value), (options, Via::Put), context)
    }

    pub(super) fn patch(
        &mut self,
        request: &Request,
        (kind, body): (PatchKind, &PatchBody),
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let served = &request.served;
        let Some(old) = self.present(request, context)? else {
            if kind == PatchKind::Apply && request.part == Part::Whole {
                return self.apply_new(request, &body.text(), options, context);
            }
            return Err(request.not_found());
        };
        let live = to_version(served, &old);
        if kind == PatchKind::Strategic {
            let patch = body.value().ok();
            context.quoted =
                patch.map(|patch| go_text(&tried(patch, &live, Some(&served.kind.schema))));
        }
        let mut value = ownership::patched(request, (kind, body), live, (options, context.now))?;
        let is_strategic = kind == PatchKind::Strategic;
        let is_merged = matches!(kind, PatchKind::Merge | PatchKind::Json);
        context.has_fractions = is_merged && served.kind.origin == Origin::Custom;
        identity::settle_type(&served.kind, &request.name, &mut value, is_strategic)?;
        let quoted = context.quoted.as_ref();
        let check = |new: &Value| identity::check_patched(&served.kind, (new, old.value()), quoted);
        if let Err(why) = check(&value) {
            if !(kind.is_converted() && decode::cut_numbers(&served.kind, &mut value)) {
                return Err(why);
            }
            check(&value)?;
        }
        metadata::place(&mut value, request)?;
        metadata::check_name(&mut value, request)?;
        self.replace(request, (&old, value), (options, Via::Patch(kind)), context)
    }

    fn apply_new(
        &mut self,
        request: &Request,
        body: &[u8],
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let served = &request.served;
        let mut value = ownership::applied(request, (None, body), options, context.now)?;
        metadata::place(&mut value, request)?;
        metadata_mut(&mut value).remove("resourceVersion");
        let uid = text(metadata_mut(&mut value), "uid");
        if !uid.is_empty() {
            return Err(Status::conflicting(
                &served.kind.resource(),
                &request.name,
                &format!(
                    "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                ),
            ));
        }
        metadata::check_name(&mut value, request)?;
        let via = Via::Patch(PatchKind::Apply);
        self.insert(request, value, (options, via), context)
    }

    /// Stores a new state of an existing object, unless it changes nothing.
    pub(super) fn replace(
        &mut self,
        request: &Request,
        (old, mut value): (&Arc<Object>, Value),
        (options, via): (&WriteOptions, Via),
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let served = &request.served;
        let is_strict = options.field_validation == FieldValidation::Strict;
        let sent = (is_strict && via != Via::Put).then(|| value.clone());
        let quoted = context.quoted.take();
        let warnings = &mut context.warnings;
        let before = served.before(old);
        share(&mut value, old.value());
        shape::refit(served, &mut value, before, (options, via), warnings).map_err(
            |why| match (&sent, quoted) {
                (Some(_), Some(patch)) => identity::undecodable(&patch, &why),
                (Some(patched), None) => identity::undecodable(&patched.to_string(), &why),
                (None, _) => identity::unfit(&served.kind, &why),
            },
        )?;
        metadata::name_owners_once(&mut value, false, &mut context.warnings);
        check_meant(request, old, &mut value, (via, options.dry_run))?;
        let owners = self.mutate_update(request, (old, &mut value), (options, via), context)?;
        check_revision(request, old, &mut value)?;
        self.admit_grant(request, &mut value, Some(old.value()))?;
        if request.part == Part::Status {
            rules::label_as_pods(&served.kind, &mut value);
        }
        if matches!(request.part, Part::EphemeralContainers | Part::Resize) {
            rules::prepare(&served.kind, &mut value);
        }
        let sent = Sent::of(request, via, &value, old);
        let is_mistyped = ownership::is_mistyped_status(request, &value, before);
        parts::restore(request, &mut value, &served.view(old));
        metadata::normalise(&mut value);
        if request.part == Part::Whole {
            metadata::check_deletion(&value, request, old)?;
        }
        let is_tracked = metadata_mut(&mut value).contains_key("managedFields");
        metadata::keep_owned(&mut value, old.value());
        if via == Via::Patch(PatchKind::Apply) && !is_tracked {
            metadata_mut(&mut value).remove("managedFields");
        }
        if matches!(request.part, Part::Status | Part::Approval) {
            rules::prepare_status(&served.kind, (&mut value, old.value()), context.now);
        }
        if matches!(request.part, Part::Whole | Part::Finalize) {
            rules::prepare(&served.kind, &mut value);
            rules::readmit(&served.kind, &mut value, old.value());
            metadata::normalise(&mut value);
        }
        self.prepare_definition(served, &mut value, Some(old.value()));
        check(served, &value, Some((before, request.part)), context)?;
        if let Some(owners) = owners {
            owners.put(&mut value);
        } else if via != Via::Patch(PatchKind::Apply) {
            let before = served.view(old);
            let change = (&*before, &mut value);
            match request.part {
                Part::Scale => ownership::track_scaled(request, change, (options, context.now)),
                _ => ownership::track_sent(request, change, sent, (options, context.now)),
            }
        }
        namespace::restore(request, &mut value, old.value());
        if is_mistyped {
            metadata_mut(&mut value).remove("managedFields");
        }
        if request.part == Part::Scale {
            ownership::forget_times(&mut value, "scale");
        }
        drop_type(&mut value);
        let mut value = stored_form(served, value);
        let is_bare = finish(request, old, &mut value);
        self.give_addresses(request, &mut value, Some(old.value()))?;
        self.admit_expansion(request, &value, old.value())?;
        self.keep(request, (old, value, is_bare), options, context)
    }

    /// Stores a new state of an object as it was made, unless policies deny it or it changes nothing and is not bare of what
    /// it shows.
    fn keep(
        &mut self,
        request: &Request,
        (old, mut value, is_bare): (&Arc<Object>, Value, bool),
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let served = &request.served;
        ownership::take_back_times(&mut value, old.value());
        let has_late_default = is_bare || self.has_late_default(served, old);
        let is_same = value == *old.value() && !has_late_default;
        if !is_same {
            generation::advance(request, &mut value, &served.view(old));
        }
        let attempt = Attempt::update(request, (old, &value), options);
        self.admit(&attempt, context)?;
        let charges = self.charges(&attempt, context.now)?;
        if is_same && served.conversion != Conversion::Webhook {
            return Ok(Answer::Object(200, Arc::clone(old)));
        }
        if options.dry_run {
            let state = (value, old.revision());
            let imagined = self.imagined(served, state, context.conversation)?;
            return Ok(Answer::Object(200, imagined));
        }
        if context.has_fractions {
            value = without_fractions(value);
        }
        let shown = Object::new(value.clone(), old.revision());
        let value = self.converted_to_storage(served, value, context.conversation)?;
        if !has_late_default && self.is_stored(served, (old, &value)) {
            return Ok(Answer::Object(200, Arc::clone(old)));
        }
        if old.is_terminating() && is_released(served, &value) {
            let stored = self.log.get(served.table, &old.key()).unwrap_or(old);
            let last = stored.value().clone();
            self.erase(served, &old.key(), last, context.now);
            return Ok(Answer::Object(200, shown));
        }
        let answer = self.store_and_show(served, (200, value), charges, context)?;
        if let Answer::Object(_, stored) = &answer {
            self.settle_definition(served, stored, None, context.now);
        }
        Ok(answer)
    }

    /// Whether the next write of an object stores a default, whatever else it changes: a real server stores a new claim
    /// without a phase, and a new Job without the labels of its pods, and shows the default.
    ///
    /// Source: kubernetes v1.34 `pkg/registry/core/persistentvolumeclaim/strategy.go`, `PrepareForCreate`;
    /// `pkg/apis/batch/v1/defaults.go`, `SetDefaults_Job`.
    fn has_late_default(&self, served: &Served, old: &Object) -> bool {
        let is_claim = served.kind.is("", "PersistentVolumeClaim");
        if !is_claim && !rules::has_late_labels(&served.kind, old.value()) {
            return false;
        }
        let before = old.revision().saturating_sub(1);
        let mut events = self.log.events_after(served.table, before);
        events.next().is_some_and(|event| event.old.is_none())
    }

    /// Appends a new state of an object, unless it is too large.
    pub(super) fn store(
        &mut self,
        served: &Served,
        value: Value,
        context: &mut Context,
    ) -> Result<Arc<Object>, Status> {
        let stored = self.log.next(value);
        size::check(&stored, self.log.get(served.table, &stored.key()))?;
        self.log.put_next(served.table, Arc::clone(&stored));
        self.after_write(served, &stored, context);
        Ok(stored)
    }
}

/// Refuses a new object that says it was written before. Whatever is no number says nothing.
///
/// Source: apiserver v0.34.3, pkg/storage/etcd3/store.go, `Create`.
fn check_unwritten(sent: u64) -> Result<(), Status> {
    match sent {
        0 => Ok(()),
        _ => Err(Status::bare_internal(
            "resourceVersion should not be set on objects to be created",
        )),
    }
}

/// Finishes a new state of an object, which is read again unless it ends the object; whether it is a status that is bare of
/// labels which it shows, so that it is another state each time.
fn finish(request: &Request, old: &Object, value: &mut Value) -> bool {
    let served = &request.served;
    let may_be_bare = request.part == Part::Status && value["metadata"]["labels"].is_null();
    rules::keep_seen(&served.kind, request.part, (&mut *value, old.value()));
    rules::finish(&served.kind, value);
    if !(old.is_terminating() && is_released(served, value)) {
        rules::reread(&served.kind, value);
    }
    may_be_bare && !value["metadata"]["labels"].is_null()
}

/// Records who owns what of a new object, but which versions are stored.
fn own_new(request: &Request, value: &mut Value, options: &WriteOptions, now: Timestamp) {
    let stored_versions = take_stored_versions(&request.served, value);
    ownership::track_new(request, value, options, now);
    if let Some(versions) = stored_versions {
        value["status"]["storedVersions"] = versions;
    }
}

/// Gives a new object, which was made through its status, the status that any new one has.
fn begin_status(request: &Request, value: &mut Value, now: Timestamp) {
    parts::reset(&request.served, value);
    rules::prepare_status(&request.served.kind, (value, &Value::Null), now);
}

/// Whether nothing holds a terminating object any more.
pub(super) fn is_released(served: &Served, value: &Value) -> bool {
    let is_empty = |list: &Value| list.as_array().is_none_or(Vec::is_empty);
    let metadata = &value["metadata"];
    let is_namespace = served.kind.kind == "Namespace" && served.kind.group.is_empty();
    is_empty(&metadata["finalizers"])
        && metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
        && (!is_namespace || is_empty(&value["spec"]["finalizers"]))
}

fn stamp_new(served: &Served, value: &mut Value, context: &mut Context) {
    let metadata = metadata_mut(value);
    metadata.remove("resourceVersion");
    metadata.remove("selfLink");
    metadata.insert("uid", context.ids.uid().into());
    metadata.insert("creationTimestamp", seconds(context.now).into());
    if served.behaviour.manages_generation {
        metadata.insert("generation", 1.into());
    }
}

fn key_of(value: &Value) -> Key {
    let field = |name: &str| value["metadata"][name].as_str().unwrap_or_default();
    Key::new(field("namespace"), field("name"))
}

pub(super) fn has_status(served: &Served) -> bool {
    served.kind.subresources.iter().any(|name| name == "status")
}
