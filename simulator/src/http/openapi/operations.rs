//! The paths of a document, and what may be done there.
//!
//! Source: `spec/kube-api.md` §1.4; apiserver v0.34.3, pkg/endpoints/installer.go; apiextensions-apiserver v0.34.3,
//! pkg/controller/openapi/builder/builder.go. What parameters are for is not told.

use super::components::{component, group_version_kind, meta, reference};
use super::naming::{article, camel, tag};
use super::parts::{Part, Use, parts};
use super::path_of;
use crate::http::discovery::verbs;
use crate::json::{Map, Value, json};
use crate::store::builtin::returns_deleted;
use crate::store::kind::{Kind, Origin};

/// What a body or an answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Thing {
    Nothing,
    /// What the path is of.
    Object,
    List,
    Options,
    Patch,
    Status,
    Event,
}

/// What an operation does, as OpenAPI names the method and Kubernetes the action.
#[derive(Clone, Copy)]
struct Operation {
    method: &'static str,
    /// What its id begins with.
    verb: &'static str,
    action: &'static str,
    parameters: &'static [&'static str],
    body: Thing,
    answer: Thing,
    /// The codes of success, besides 200.
    codes: &'static [u16],
}

const READ: &[&str] = &[
    "allowWatchBookmarks",
    "continue",
    "fieldSelector",
    "labelSelector",
    "limit",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "timeoutSeconds",
    "watch",
];
const WRITE: &[&str] = &["dryRun", "fieldManager", "fieldValidation"];

const LIST: Operation = Operation {
    method: "get",
    verb: "list",
    action: "list",
    parameters: READ,
    body: Thing::Nothing,
    answer: Thing::List,
    codes: &[],
};
const WATCH: Operation = Operation {
    verb: "watch",
    action: "watch",
    answer: Thing::Event,
    ..LIST
};
const WATCH_LIST: Operation = Operation {
    action: "watchlist",
    ..WATCH
};
const GET: Operation = Operation {
    verb: "read",
    action: "get",
    parameters: &[],
    answer: Thing::Object,
    ..LIST
};
const CREATE: Operation = Operation {
    method: "post",
    verb: "create",
    action: "post",
    parameters: WRITE,
    body: Thing::Object,
    answer: Thing::Object,
    codes: &[201, 202],
};
const UPDATE: Operation = Operation {
    method: "put",
    verb: "replace",
    action: "put",
    codes: &[201],
    ..CREATE
};
const PATCH: Operation = Operation {
    method: "patch",
    verb: "patch",
    action: "patch",
    parameters: &["dryRun", "fieldManager", "fieldValidation", "force"],
    body: Thing::Patch,
    ..UPDATE
};
const DELETE: Operation = Operation {
    method: "delete",
    verb: "delete",
    action: "delete",
    parameters: &[
        "dryRun",
        "gracePeriodSeconds",
        "ignoreStoreReadErrorWithClusterBreakingPotential",
        "orphanDependents",
        "propagationPolicy",
    ],
    body: Thing::Options,
    answer: Thing::Status,
    codes: &[202],
};
const DELETE_COLLECTION: Operation = Operation {
    action: "deletecollection",
    parameters: &[
        "continue",
        "dryRun",
        "fieldSelector",
        "gracePeriodSeconds",
        "ignoreStoreReadErrorWithClusterBreakingPotential",
        "labelSelector",
        "limit",
        "orphanDependents",
        "propagationPolicy",
        "resourceVersion",
        "resourceVersionMatch",
        "sendInitialEvents",
        "timeoutSeconds",
    ],
    codes: &[],
    ..DELETE
};

/// Those of a custom resource, which tell their parameters as they always did.
const CUSTOM_GET: Operation = Operation {
    parameters: &["resourceVersion"],
    ..GET
};
const CUSTOM_PATCH: Operation = Operation {
    codes: &[],
    ..PATCH
};
const CUSTOM_DELETE_COLLECTION: Operation = Operation {
    parameters: READ,
    body: Thing::Nothing,
    ..DELETE_COLLECTION
};

impl Operation {
    /// The verb of discovery that allows it.
    fn needed(&self) -> &'static str {
        match self.action {
            "post" => "create",
            "put" => "update",
            "watchlist" => "watch",
            action => action,
        }
    }
}

/// A path of a kind.
struct Place<'k> {
    kind: &'k Kind,
    path: String,
    /// What follows the kind in ids, such as `ForAllNamespaces`.
    suffix: &'static str,
    /// The part that it is the path of.
    part: Option<Part>,
}

/// The path that tells what a group and version holds.
pub(super) fn add_root(paths: &mut Map, group: &str, version: &str) {
    let id = format!("get{}APIResources", camel(group, version));
    let told = ("get available resources", id.as_str());
    let get = read(
        &tag(group, version),
        told,
        &meta("APIResourceList"),
        &WRITTEN,
    );
    let path = format!("/{}/", path_of(group, version));
    paths.insert(path, json!({"get": get}));
}

/// The operation that reads a document of discovery, a `component` that comes in `media`.
pub(super) fn read(
    tag: &str,
    (description, id): (&str, &str),
    component: &str,
    media: &[&str],
) -> Value {
    let content = media.iter().map(|name| {
        let held = json!({"schema": reference(component)});
        ((*name).to_owned(), held)
    });
    json!({
        "tags": [tag],
        "description": description,
        "operationId": id,
        "responses": {
            "200": {"description": "OK", "content": content.collect::<Map>()},
            "401": {"description": "Unauthorized"},
        },
    })
}

/// The paths that a kind is served at.
pub(super) fn add_paths(paths: &mut Map, kind: &Kind) {
    let root = format!("/{}", path_of(&kind.group, &kind.version));
    let plural = &kind.plural;
    let namespaces = match kind.namespaced {
        true => "namespaces/{namespace}/",
        false => "",
    };
    let verbs = verbs(kind);
    let mut add_part = |path: String, (suffix, part), operations: &[Operation]| {
        let operations = operations.iter().copied();
        let served: Vec<Operation> = operations
            .filter(|operation| verbs.contains(&operation.needed()))
            .collect();
        if !served.is_empty() {
            let place = Place {
                kind,
                path,
                suffix,
                part,
            };
            paths.insert(place.path.clone(), place.item(&served));
        }
    };
    let (get, patch, delete_collection) = match kind.origin {
        Origin::BuiltIn => (GET, PATCH, DELETE_COLLECTION),
        Origin::Custom => (CUSTOM_GET, CUSTOM_PATCH, CUSTOM_DELETE_COLLECTION),
    };
    let collection = format!("{root}/{namespaces}{plural}");
    let item = format!("{collection}/{{name}}");
    for part in parts(kind) {
        let operations: &[Operation] = match part.use_of {
            Use::Change => &[get, UPDATE, patch],
            Use::Replace => &[UPDATE],
            Use::Create => &[CREATE],
        };
        add_part(
            format!("{item}/{}", part.name),
            (part.suffix, Some(part)),
            operations,
        );
    }
    let mut add =
        |path, suffix, operations: &[Operation]| add_part(path, (suffix, None), operations);
    if kind.namespaced {
        add(format!("{root}/{plural}"), "ForAllNamespaces", &[LIST]);
    }
    add(item, "", &[get, UPDATE, DELETE, patch]);
    add(collection, "", &[LIST, CREATE, delete_collection]);
    if kind.origin == Origin::BuiltIn {
        let watched = format!("{root}/watch/{namespaces}{plural}");
        if kind.namespaced {
            let everywhere = format!("{root}/watch/{plural}");
            add(everywhere, "ListForAllNamespaces", &[WATCH_LIST]);
        }
        add(format!("{watched}/{{name}}"), "", &[WATCH]);
        add(watched, "List", &[WATCH_LIST]);
    }
}

impl Place<'_> {
    fn item(&self, operations: &[Operation]) -> Value {
        let entries = operations.iter();
        let mut item: Map = entries
            .map(|operation| (operation.method.to_owned(), self.entry(*operation)))
            .collect();
        let mut parameters: Vec<(&str, Value)> = vec![("pretty", query("pretty"))];
        for name in ["name", "namespace"] {
            if self.path.contains(&format!("{{{name}}}")) {
                let schema = json!({"type": "string", "uniqueItems": true});
                let parameter =
                    json!({"name": name, "in": "path", "required": true, "schema": schema});
                parameters.push((name, parameter));
            }
        }
        if let [only] = operations {
            let names = only.parameters.iter();
            parameters.extend(names.map(|name| (*name, query(name))));
            if let Some(entry) = item.get_mut(only.method) {
                entry
                    .as_object_mut()
                    .map(|entry| entry.remove("parameters"));
            }
        }
        parameters.sort_by_key(|(name, _)| *name);
        let parameters: Vec<Value> = parameters.into_iter().map(|(_, value)| value).collect();
        item.insert("parameters", parameters.into());
        Value::Object(item)
    }

    fn entry(&self, operation: Operation) -> Value {
        let kind = self.kind;
        let mut entry = json!({
            "tags": [tag(&kind.group, &kind.version)],
            "description": self.description(operation),
            "operationId": self.id(operation),
            "responses": self.responses(operation),
            "x-kubernetes-action": operation.action,
            "x-kubernetes-group-version-kind": match self.part.and_then(|part| part.thing) {
                Some(thing) if kind.origin == Origin::BuiltIn => {
                    json!({"group": thing.group, "version": "v1", "kind": thing.kind})
                }
                _ => group_version_kind(kind, &kind.kind),
            },
        });
        let parameters = operation.parameters.iter().map(|name| query(name));
        let parameters: Vec<Value> = parameters.collect();
        if !parameters.is_empty() {
            entry["parameters"] = parameters.into();
        }
        let media: &[&str] = match (operation.body, kind.origin) {
            (Thing::Nothing, _) => return entry,
            (Thing::Patch, Origin::Custom) => &PATCHES[..3],
            (Thing::Patch, Origin::BuiltIn) => &PATCHES,
            (_, Origin::Custom) => &WRITTEN[..2],
            (_, Origin::BuiltIn) => &["*/*"],
        };
        entry["requestBody"]["content"] = self.content(operation.body, media);
        if operation.body != Thing::Options {
            entry["requestBody"]["required"] = true.into();
        }
        entry
    }

    fn id(&self, operation: Operation) -> String {
        let (kind, name) = (self.kind, &self.kind.kind);
        let version = camel(&kind.group, &kind.version);
        let collection = match operation.action {
            "deletecollection" => "Collection",
            _ => "",
        };
        let scope = match self.path.contains("{namespace}") {
            true => "Namespaced",
            false => "",
        };
        let suffix = self.suffix;
        format!(
            "{}{version}{collection}{scope}{name}{suffix}",
            operation.verb
        )
    }

    fn description(&self, operation: Operation) -> String {
        const DEPRECATED: &str =
            "deprecated: use the 'watch' parameter with a list operation instead";
        let kind = &self.kind.kind;
        let part = match self.part {
            Some(part) => format!(" {} of", part.suffix.to_lowercase()),
            None => String::new(),
        };
        match operation.action {
            "list" if self.is_watched() => format!("list or watch objects of kind {kind}"),
            "list" => format!("list objects of kind {kind}"),
            "watch" => format!(
                "watch changes to an object of kind {kind}. {DEPRECATED}, filtered to a single item with the 'fieldSelector' parameter."
            ),
            "watchlist" => format!("watch individual changes to a list of {kind}. {DEPRECATED}."),
            "deletecollection" => format!("delete collection of {kind}"),
            "patch" => format!("partially update{part} the specified {kind}"),
            "get" | "put" => format!("{}{part} the specified {kind}", operation.verb),
            _ => format!("{}{part}{}{kind}", operation.verb, article(kind)),
        }
    }

    fn is_watched(&self) -> bool {
        self.kind.origin == Origin::BuiltIn && verbs(self.kind).contains(&"watch")
    }

    fn responses(&self, operation: Operation) -> Value {
        let media: &[&str] = match (self.kind.origin, operation.answer) {
            (Origin::Custom, _) => &WRITTEN[..2],
            (Origin::BuiltIn, Thing::List | Thing::Event) => &WATCHED,
            (Origin::BuiltIn, _) => &WRITTEN,
        };
        let mut responses = json!({"401": {"description": "Unauthorized"}});
        for code in [200].iter().chain(operation.codes) {
            let description = match code {
                201 => "Created",
                202 => "Accepted",
                _ => "OK",
            };
            let content = self.content(self.answer(operation), media);
            responses[code.to_string().as_str()] =
                json!({"description": description, "content": content});
        }
        responses
    }

    /// What is answered; some kinds show what was deleted.
    fn answer(&self, operation: Operation) -> Thing {
        match operation.action {
            // A namespace that is deleted is shown too, but nobody says so.
            "delete" if returns_deleted(self.kind) && self.kind.kind != "Namespace" => {
                Thing::Object
            }
            _ => operation.answer,
        }
    }

    fn content(&self, thing: Thing, media: &[&str]) -> Value {
        let of_kind = component(self.kind);
        let of_part = self.part.and_then(|part| part.thing);
        let schema = reference(&match thing {
            Thing::Nothing | Thing::Object => {
                of_part.map_or(of_kind, |thing| thing.component.to_owned())
            }
            Thing::List => format!("{of_kind}List"),
            Thing::Options => meta("DeleteOptions"),
            Thing::Patch => meta("Patch"),
            Thing::Status => meta("Status"),
            Thing::Event => meta("WatchEvent"),
        });
        let content = media.iter();
        let content = content.map(|name| ((*name).to_owned(), json!({"schema": schema.clone()})));
        Value::Object(content.collect())
    }
}

/// What kinds are written in; custom resources in the first two.
pub(super) const WRITTEN: [&str; 3] = [
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
];
/// What lists and watches are written in.
const WATCHED: [&str; 5] = [
    "application/json",
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf",
    "application/vnd.kubernetes.protobuf;stream=watch",
    "application/yaml",
];
/// The types of patches; custom resources take the first three.
const PATCHES: [&str; 4] = [
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];

fn query(name: &str) -> Value {
    let schema = json!({"type": parameter_type(name), "uniqueItems": true});
    json!({"name": name, "in": "query", "schema": schema})
}

fn parameter_type(name: &str) -> &'static str {
    match name {
        "allowWatchBookmarks"
        | "force"
        | "ignoreStoreReadErrorWithClusterBreakingPotential"
        | "orphanDependents"
        | "sendInitialEvents"
        | "watch" => "boolean",
        "gracePeriodSeconds" | "limit" | "timeoutSeconds" => "integer",
        _ => "string",
    }
}
