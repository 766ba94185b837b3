//! Somebody else, who writes to the object that a client is about to write to, or to what belongs to it.
//!
//! Every write goes through the kernel as that of any client; one that is refused is none.
//!
//! Source: `spec/kube-api.md` §5.2 F7, F9, F10.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pending::Pending;
use super::service::ApiServer;
use super::state::State;
use crate::access::User;
use crate::faults::{Meddling, name_of};
use crate::ids::Ids;
use crate::json::{Value, json};
use crate::store::kernel::Kernel;
use crate::store::object::{Key, Object, texts};
use crate::store::registry::Served;
use crate::store::request::{
    DeleteOptions, Part, PatchBody, PatchKind, Request, Verb, WriteOptions,
};

/// Who it is, to the log and to the object.
const ACTOR: &str = "somebody";
/// The annotation that a touch sets, to a value that it did not have.
const TOUCHED: &str = "example.com/touched-after";
/// What keeps an object that somebody holds.
const FINALIZER: &str = "example.com/held";
/// What the server gives an object, and nobody else does.
const GIVEN: [&str; 7] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
];

/// An object, and how it is served.
#[derive(Clone)]
struct Target {
    served: Arc<Served>,
    object: Arc<Object>,
}

/// Somebody at work.
struct Somebody<'a> {
    server: &'a ApiServer,
    state: &'a mut State,
}

impl ApiServer {
    /// Does `what` to the object that `asked` means, if it is there.
    pub(super) fn meddle(&self, state: &mut State, asked: &Request, what: Meddling) {
        let mut somebody = Somebody {
            server: self,
            state,
        };
        if what == Meddling::DeleteNamespace {
            return somebody.delete_namespace(&asked.namespace);
        }
        let key = Key::new(&asked.namespace, name_of(asked));
        let served = Arc::clone(&asked.served);
        let log = somebody.state.kernel.log();
        let meant = log.get(served.table, &key).map(|object| Target {
            served,
            object: Arc::clone(object),
        });
        match (what, meant) {
            // Pods are found through their namespace too.
            (Meddling::EvictPod(seed), meant) => {
                let pod = somebody.pod(meant, (&asked.namespace, seed));
                pod.into_iter().for_each(|pod| somebody.evict(&pod));
            }
            (Meddling::FailPod(seed), meant) => {
                let pod = somebody.pod(meant, (&asked.namespace, seed));
                pod.into_iter().for_each(|pod| somebody.fail(&pod));
            }
            (what, Some(target)) => somebody.act(&target, what),
            (_, None) => {}
        }
    }
}

impl Somebody<'_> {
    fn act(&mut self, target: &Target, what: Meddling) {
        match what {
            Meddling::Touch => self.touch(target),
            Meddling::Flood(n) => (0..n).for_each(|_| self.touch(target)),
            Meddling::Edit(seed) => self.edit(target, seed),
            Meddling::StripLabels => {
                let labels = target.object.value()["metadata"]["labels"].as_object();
                let none = labels.into_iter().flatten();
                let none = none.map(|(name, _)| (name.clone(), Value::Null));
                let labels = Value::Object(none.collect());
                self.merge(target, json!({"metadata": {"labels": labels}}));
            }
            Meddling::Own => self.own(target),
            Meddling::Hold => self.hold(target, &[FINALIZER]),
            Meddling::Release => self.hold(target, &[]),
            Meddling::Delete => {
                self.delete(target);
            }
            Meddling::Recreate => {
                let (kind, mut again) =
                    (&target.served.kind, unmade(target.object.value().clone()));
                again["apiVersion"] = kind.api_version().into();
                again["kind"] = kind.kind.clone().into();
                // It is refused as long as something keeps the old one.
                if self.delete(target) {
                    self.write(target, ("", Part::Whole), Verb::Create(again, options()));
                }
            }
            Meddling::DeleteDependent(seed) => {
                let dependents = dependents(&self.state.kernel, &target.object);
                let chosen = dependents.get(Ids::new(seed).below(dependents.len()));
                if let Some(dependent) = chosen {
                    self.delete(dependent);
                }
            }
            Meddling::EvictPod(_) | Meddling::FailPod(_) | Meddling::DeleteNamespace => {}
        }
    }

    fn touch(&mut self, target: &Target) {
        let value = self.state.kernel.log().revision().to_string();
        self.merge(
            target,
            json!({"metadata": {"annotations": {TOUCHED: value}}}),
        );
    }

    fn edit(&mut self, target: &Target, seed: u64) {
        let mut places = Vec::new();
        leaves(&target.object.value()["spec"], "/spec", &mut places);
        if places.is_empty() {
            return;
        }
        let (path, value) = places.swap_remove(Ids::new(seed).below(places.len()));
        let patch = json!([{"op": "replace", "path": path, "value": value}]);
        let verb = Verb::Patch(PatchKind::Json, PatchBody::Value(patch), options());
        self.write(target, (target.object.name(), Part::Whole), verb);
    }

    fn own(&mut self, target: &Target) {
        let (kind, value) = (&target.served.kind, target.object.value());
        let mut applied = json!({
            "apiVersion": kind.api_version(),
            "kind": kind.kind,
            "metadata": {"name": target.object.name()},
        });
        for field in ["labels", "annotations"] {
            if let Some(said) = value["metadata"].get(field) {
                applied["metadata"][field] = said.clone();
            }
        }
        if let Some(spec) = value.get("spec") {
            applied["spec"] = spec.clone();
        }
        let options = WriteOptions {
            force: true,
            ..options()
        };
        let verb = Verb::Patch(PatchKind::Apply, PatchBody::Value(applied), options);
        self.write(target, (target.object.name(), Part::Whole), verb);
    }

    /// Leaves no finalizer of somebody's own on an object but these.
    fn hold(&mut self, target: &Target, own: &[&str]) {
        let present = texts(&target.object.value()["metadata"]["finalizers"]);
        let others = present.into_iter().filter(|name| *name != FINALIZER);
        let finalizers: Vec<&str> = others.chain(own.iter().copied()).collect();
        self.merge(target, json!({"metadata": {"finalizers": finalizers}}));
    }

    fn merge(&mut self, target: &Target, patch: Value) {
        let verb = Verb::Patch(PatchKind::Merge, PatchBody::Value(patch), options());
        self.write(target, (target.object.name(), Part::Whole), verb);
    }

    fn delete(&mut self, target: &Target) -> bool {
        let verb = Verb::Delete(DeleteOptions::default());
        self.write(target, (target.object.name(), Part::Whole), verb)
    }

    fn delete_namespace(&mut self, name: &str) {
        let kernel = &self.state.kernel;
        let served = Arc::clone(kernel.registry().get("", "v1", "namespaces"));
        let found = kernel.log().get(served.table, &Key::new("", name));
        if let Some(object) = found.map(Arc::clone) {
            self.delete(&Target { served, object });
        }
    }

    /// The pod that is meant, or one that `seed` chooses among those of a namespace that still run.
    fn pod(&self, meant: Option<Target>, (namespace, seed): (&str, u64)) -> Option<Target> {
        let kernel = &self.state.kernel;
        let served = kernel.registry().get("", "v1", "pods");
        let is_pod = |target: &Target| target.served.table == served.table;
        if let Some(pod) = meant.filter(is_pod) {
            return Some(pod);
        }
        let pods = kernel.log().objects(served.table).values();
        let running: Vec<_> = pods
            .filter(|pod| {
                pod.namespace() == namespace && pod.value()["status"]["phase"] == "Running"
            })
            .collect();
        let chosen = running.get(Ids::new(seed).below(running.len()))?;
        Some(Target {
            served: Arc::clone(served),
            object: Arc::clone(chosen),
        })
    }

    fn evict(&mut self, pod: &Target) {
        let eviction = json!({
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.object.name(), "namespace": pod.object.namespace()},
        });
        let verb = Verb::Create(eviction, options());
        self.write(pod, (pod.object.name(), Part::Eviction), verb);
    }

    /// Source: kubernetes v1.34.3, pkg/kubelet/eviction/eviction_manager.go.
    fn fail(&mut self, pod: &Target) {
        let message = "The node was low on resource: memory. ";
        let status = json!({"phase": "Failed", "reason": "Evicted", "message": message});
        let patch = PatchBody::Value(json!({"status": status}));
        let verb = Verb::Patch(PatchKind::Merge, patch, options());
        self.write(pod, (pod.object.name(), Part::Status), verb);
    }

    /// Whether a write of an object was done.
    fn write(&mut self, target: &Target, (name, part): (&str, Part), verb: Verb) -> bool {
        let namespace = target.object.namespace().to_owned();
        let path = path(&target.served, (&namespace, name), part);
        let request = Request {
            actor: ACTOR.into(),
            user: Arc::new(User::admin()),
            served: Arc::clone(&target.served),
            namespace,
            name: name.to_owned(),
            part,
            verb,
        };
        // Nobody waits for webhooks here: a write about which one is to be asked is refused.
        let mut pending = Pending::new(request);
        let result = self.server.apply(self.state, &path, &mut pending);
        result.is_ok() && !pending.conversation.is_open()
    }
}

/// The objects that name another as their owner, kind by kind.
fn dependents(kernel: &Kernel, owner: &Object) -> Vec<Target> {
    let uid = &owner.value()["metadata"]["uid"];
    let is_its = |object: &&Arc<Object>| {
        let owners = object.value()["metadata"]["ownerReferences"].as_array();
        owners
            .into_iter()
            .flatten()
            .any(|owner| owner["uid"] == *uid)
    };
    let mut tables = BTreeMap::new();
    for served in kernel.registry().all() {
        tables.entry(served.table).or_insert(served);
    }
    let found = tables.into_iter().flat_map(|(table, served)| {
        let objects = kernel.log().objects(table).values().filter(is_its);
        objects.map(|object| Target {
            served: Arc::clone(served),
            object: Arc::clone(object),
        })
    });
    found.collect()
}

/// Every value within another that holds no others, by its JSON pointer, each made another of its type.
fn leaves(value: &Value, pointer: &str, places: &mut Vec<(String, Value)>) {
    let at = |step: &str| format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"));
    if let Some(fields) = value.as_object() {
        for (name, field) in fields {
            leaves(field, &at(name), places);
        }
    } else if let Some(elements) = value.as_array() {
        for (index, element) in elements.iter().enumerate() {
            leaves(element, &at(&index.to_string()), places);
        }
    } else if let Some(other) = other(value) {
        places.push((pointer.to_owned(), other));
    }
}

/// Another value of the same type.
fn other(value: &Value) -> Option<Value> {
    if let Some(flag) = value.as_bool() {
        return Some((!flag).into());
    }
    if let Some(number) = value.as_i64() {
        return Some(number.saturating_add(1).into());
    }
    value.as_str().map(|text| format!("{text}x").into())
}

/// Where an object is found, as URLs say it; its collection, if it has no name yet.
fn path(served: &Served, (namespace, name): (&str, &str), part: Part) -> String {
    let kind = &served.kind;
    let mut path = match kind.group.as_str() {
        "" => format!("/api/{}", kind.version),
        group => format!("/apis/{group}/{}", kind.version),
    };
    if !namespace.is_empty() {
        path.push_str(&format!("/namespaces/{namespace}"));
    }
    path.push_str(&format!("/{}", kind.plural));
    for step in [name, part.subresource()] {
        if !step.is_empty() {
            path.push_str(&format!("/{step}"));
        }
    }
    path
}

fn options() -> WriteOptions {
    WriteOptions {
        field_manager: ACTOR.to_owned(),
        ..WriteOptions::default()
    }
}

/// An object as somebody would write it.
fn unmade(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for name in GIVEN {
            metadata.remove(name);
        }
    }
    object
}
