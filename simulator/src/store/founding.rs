//! What every cluster begins with.
//!
//! Simplified: nobody keeps it so, no lease tells of the server, nobody owns the status of a ServiceCIDR, and the roles that
//! gather others do so from the beginning.
//!
//! Source: what kube-apiserver v1.34.3 holds just after its first start; kubernetes v1.34
//! `plugin/pkg/auth/authorizer/rbac/bootstrappolicy`, `pkg/registry/rbac/rest/storage_rbac.go`.

use std::sync::Arc;

use jiff::Timestamp;

use super::kernel::{Context, Kernel};
use super::kind::Kind;
use super::metadata::seconds;
use super::object::Object;
use super::patch::managed::{Writer, track_update};
use super::request::{Part, PatchKind, Request, Verb, WriteOptions};
use super::status::Status;
use super::webhook::Conversation;
use super::write::Via;
use crate::access::User;
use crate::ids::Ids;
use crate::json::{Map, Value, json};

/// Each object in a line: its resource, its name after that of its namespace, and what it holds besides metadata and with
/// its labels; `NOW` and `TODAY` stand for the time. The bindings of controllers, which are all alike, are left out.
const OBJECTS: &str = include_str!("founding.txt");
const RBAC: &str = "rbac.authorization.k8s.io";
/// What nobody owns: places and their fields.
const UNOWNED: [(&str, &str); 3] = [
    ("", "status"),
    ("/spec", "clusterIPs"),
    ("/spec", "ipFamilies"),
];
/// How the names of the roles of controllers begin.
const CONTROLLER: &str = "system:controller:";

impl Kernel {
    /// Creates the namespaces that every cluster begins with.
    ///
    /// # Panics
    /// They are refused, which is a fault of this program.
    ///
    /// Source: `spec/kube-api.md` §1.22.
    pub fn found(&mut self, now: Timestamp, ids: &mut Ids) {
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            let namespace = json!({"metadata": {"name": name}});
            let verb = Verb::Create(namespace, written_by("kube-apiserver"));
            let request = self.request(("", "namespaces"), verb);
            self.apply(request, now, ids)
                .expect("what every cluster begins with is accepted in an empty one");
        }
    }

    /// Creates a definition whose kinds were read before, as one that `kubectl apply --server-side` made of little: nobody
    /// disputes what it says, so that others of its name can be applied.
    ///
    /// # Errors
    /// As [`Kernel::apply`].
    pub(crate) fn define(
        &mut self,
        (mut definition, kinds): (Value, Vec<Kind>),
        now: Timestamp,
        ids: &mut Ids,
    ) -> Result<(), Status> {
        definition["metadata"]["managedFields"] = json!([{
            "manager": "kubectl", "operation": "Apply", "apiVersion": "apiextensions.k8s.io/v1", "time": seconds(now),
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:group": {}}},
        }]);
        let definitions = ("apiextensions.k8s.io", "customresourcedefinitions");
        let request = self.request(definitions, Verb::Get(None));
        let mut conversation = Conversation::default();
        let mut context = Context::new((now, ids), &mut conversation);
        context.defined = Some(kinds);
        let how = (&WriteOptions::default(), Via::Patch(PatchKind::Apply));
        self.wholly(|kernel| kernel.insert(&request, definition, how, &mut context))
            .map(drop)
    }

    /// A request about an object without a namespace, in the name of an administrator.
    fn request(&self, (group, plural): (&str, &str), verb: Verb) -> Request {
        Request {
            actor: Arc::from("system"),
            user: Arc::new(User::admin()),
            served: Arc::clone(self.registry.get(group, "v1", plural)),
            namespace: String::new(),
            name: String::new(),
            part: Part::Whole,
            verb,
        }
    }

    /// Creates roles and their bindings, classes, flows, services and the rest, in the order in which a real server does.
    ///
    /// # Panics
    /// The table of objects is wrong.
    pub(crate) fn found_rest(&mut self, now: Timestamp, ids: &mut Ids) {
        let time = seconds(now);
        let day = time.split('T').next().unwrap_or_default();
        let mut controllers = Vec::new();
        for line in OBJECTS.lines() {
            let (plural, rest) = line.split_once(' ').expect("a line begins with a resource");
            let (name, body) = rest
                .split_once(' ')
                .expect("a line holds a name and a body");
            let body = body.replace("\"NOW\"", &format!("{time:?}"));
            let body = body.replace("\"TODAY\"", &format!("{day:?}"));
            let body = serde_json::from_str(&body).expect("the table holds JSON");
            if plural == "clusterroles" && name.starts_with(CONTROLLER) {
                controllers.push(name);
            }
            if plural == "roles" {
                for role in controllers.drain(..) {
                    let binding = controller_binding(role);
                    self.begin_with_one(("clusterrolebindings", role), binding, (now, ids));
                }
            }
            self.begin_with_one((plural, name), body, (now, ids));
        }
        self.register_all_versions((now, &mut *ids));
        self.tell_of_components();
        let conversation = &mut Conversation::default();
        self.gather_roles(&mut Context::new((now, ids), conversation));
    }

    /// Says that what a control plane consists of is well: what is asked on a real server whenever somebody reads it, and
    /// has neither a uid nor a revision.
    ///
    /// Source: kubernetes v1.34 `pkg/registry/core/componentstatus/rest.go`.
    fn tell_of_components(&mut self) {
        let table = self.registry.get("", "v1", "componentstatuses").table;
        for name in ["controller-manager", "etcd-0", "scheduler"] {
            let component = json!({
                "metadata": {"name": name},
                "conditions": [{"type": "Healthy", "status": "True", "message": "ok"}],
            });
            self.log.put_back(table, Object::new(component, 0));
        }
    }

    /// Stores an object as it is, of which nobody disputes anything: a whole creation would take several times longer.
    pub(super) fn begin_with_one(
        &mut self,
        (plural, name): (&str, &str),
        mut object: Value,
        (now, ids): (Timestamp, &mut Ids),
    ) {
        let group = group(plural);
        let served = Arc::clone(self.registry.get(group, "v1", plural));
        let labels = object
            .as_object_mut()
            .and_then(|body| body.remove("labels"));
        let mut metadata = json!({"uid": ids.uid(), "creationTimestamp": seconds(now)});
        if let Some(labels) = labels {
            metadata["labels"] = labels;
        }
        match name.split_once('/') {
            Some((namespace, name)) => {
                metadata["namespace"] = namespace.into();
                metadata["name"] = name.into();
            }
            None => metadata["name"] = name.into(),
        }
        if served.behaviour.manages_generation {
            metadata["generation"] = 1.into();
        }
        let mut manager = "kube-apiserver";
        match group {
            RBAC => {
                metadata["labels"]["kubernetes.io/bootstrapping"] = "rbac-defaults".into();
                let annotation = "rbac.authorization.kubernetes.io/autoupdate";
                metadata["annotations"][annotation] = "true".into();
            }
            "flowcontrol.apiserver.k8s.io" => {
                metadata["annotations"]["apf.kubernetes.io/autoupdate-spec"] = "true".into();
                manager = "api-priority-and-fairness-config-producer-v1";
            }
            _ => {}
        }
        object["metadata"] = metadata;
        object["apiVersion"] = served.kind.api_version().into();
        object["kind"] = served.kind.kind.clone().into();
        let writer = Writer {
            manager,
            api_version: &served.kind.api_version(),
            subresource: "",
            now,
        };
        let unowned = UNOWNED.map(|(place, field)| holder(&mut object, place)?.remove(field));
        track_update(None, &mut object, &writer, &served.kind.schema);
        for ((place, field), value) in UNOWNED.into_iter().zip(unowned) {
            if let (Some(holder), Some(value)) = (holder(&mut object, place), value) {
                holder.insert(field.to_owned(), value);
            }
        }
        super::form::drop_type(&mut object);
        self.log.put(served.table, object);
    }
}

fn written_by(manager: &str) -> WriteOptions {
    WriteOptions {
        field_manager: manager.to_owned(),
        ..WriteOptions::default()
    }
}

fn holder<'o>(object: &'o mut Value, place: &str) -> Option<&'o mut Map> {
    object.pointer_mut(place)?.as_object_mut()
}

fn group(plural: &str) -> &'static str {
    match plural {
        "clusterroles" | "clusterrolebindings" | "roles" | "rolebindings" => RBAC,
        "priorityclasses" => "scheduling.k8s.io",
        "flowschemas" | "prioritylevelconfigurations" => "flowcontrol.apiserver.k8s.io",
        "apiservices" => "apiregistration.k8s.io",
        "servicecidrs" => "networking.k8s.io",
        _ => "",
    }
}

/// The binding of the role of a controller to its account.
fn controller_binding(role: &str) -> Value {
    let account = role.trim_start_matches(CONTROLLER);
    json!({
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": "kube-system"}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::EPOCH;
    use crate::store::object::Key;

    #[test]
    fn roles_that_gather_others_begin_with_their_rules() {
        let (mut kernel, mut ids) = (Kernel::new(), Ids::new(1));
        kernel.found(EPOCH, &mut ids);
        kernel.found_rest(EPOCH, &mut ids);
        let roles = kernel.registry().get(RBAC, "v1", "clusterroles").table;
        assert_eq!(kernel.log().objects(roles).len(), 68);
        let rules = |name: &str| {
            let role = kernel.log().get(roles, &Key::new("", name));
            let rules = role.and_then(|role| role.value()["rules"].as_array().map(Vec::len));
            rules.unwrap_or_default()
        };
        assert_eq!(rules("view"), rules("system:aggregate-to-view"));
        assert!(rules("admin") > rules("edit") && rules("edit") > rules("view"));
    }

    #[test]
    fn every_controller_is_bound_to_its_role() {
        let (mut kernel, mut ids) = (Kernel::new(), Ids::new(1));
        kernel.found_rest(EPOCH, &mut ids);
        let bindings = kernel
            .registry()
            .get(RBAC, "v1", "clusterrolebindings")
            .table;
        assert_eq!(kernel.log().objects(bindings).len(), 49);
        let key = Key::new("", "system:controller:job-controller");
        let binding = kernel.log().get(bindings, &key).unwrap().value();
        assert_eq!(binding["subjects"][0]["name"], "job-controller");
    }
}
