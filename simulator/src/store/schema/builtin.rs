//! Schemas of the kinds that Kubernetes itself defines, each made when first asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    APIGroupList, APIResourceList, APIVersions, DeleteOptions, ListMeta, ObjectMeta, Status,
};
use k8s_openapi::apimachinery::pkg::version::Info;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use self::known::KINDS;
pub(crate) use self::overlay::short;
pub(super) use self::values::values;
use super::format::Format;
use super::node::{Checks, Node, Type};
use crate::store::go_time::Layout;

mod known;
mod overlay;
mod values;

/// The place of a kind among those whose schemas are known, by which [`at`] finds the schema; `None` for other kinds.
#[must_use]
pub fn position(group: &str, version: &str, kind: &str) -> Option<usize> {
    KINDS
        .iter()
        .position(|known| (known.group, known.version, known.kind) == (group, version, kind))
}

/// Whether any of these kinds is of that group and version.
pub(in crate::store) fn has_version(group: &str, version: &str) -> bool {
    let mut known = KINDS.iter();
    known.any(|known| (known.group, known.version) == (group, version))
}

/// The schema of a whole object of the kind with this [`position`], made on the first call.
///
/// # Panics
/// If no kind has this position.
pub(super) fn at(position: usize) -> &'static Arc<Node> {
    static KNOWN: [OnceLock<Arc<Node>>; KINDS.len()] = [const { OnceLock::new() }; _];
    KNOWN[position].get_or_init(|| whole(&made(KINDS[position].schema)))
}

/// The schema of a whole object of a built-in kind; `None` for kinds that are not known here.
///
/// Descriptions and types are those of Kubernetes v1.34; lists carry their list type and patch strategy. Schemas inside
/// of CustomResourceDefinitions are not looked into.
///
/// Source: `spec/kube-api.md` §1.13 and §1.22; the types of k8s-openapi 0.29 (v1_34).
#[must_use]
pub fn builtin(group: &str, version: &str, kind: &str) -> Option<Arc<Node>> {
    position(group, version, kind).map(|position| Arc::clone(at(position)))
}

/// The schema of a named part of built-in kinds, such as `io.k8s.api.core.v1.PodSpec`.
#[must_use]
pub fn definition(name: &str) -> Option<Arc<Node>> {
    DEFINITIONS.get(name).map(Arc::clone)
}

/// Group, version and kind of a named part that is a kind by itself.
#[must_use]
pub fn kind_of(name: &str) -> Option<[&'static str; 3]> {
    let mut kinds = KINDS.iter().enumerate();
    let named = |position| at(position).definition.as_deref() == Some(name);
    kinds
        .find(|(position, _)| named(*position))
        .map(|(_, known)| [known.group, known.version, known.kind])
}

/// The names that [`definition`] knows, in their order.
pub fn definitions() -> impl Iterator<Item = &'static str> {
    DEFINITIONS.keys().map(String::as_str)
}

/// The schema of `metadata`.
#[must_use]
pub fn object_meta() -> Arc<Node> {
    static OBJECT_META: LazyLock<Arc<Node>> =
        LazyLock::new(|| made(SchemaGenerator::subschema_for::<ObjectMeta>));
    Arc::clone(&OBJECT_META)
}

/// The parts of all kinds.
static DEFINITIONS: LazyLock<BTreeMap<String, Arc<Node>>> = LazyLock::new(|| {
    for position in 0..KINDS.len() {
        at(position);
    }
    made(SchemaGenerator::subschema_for::<APIGroupList>);
    made(SchemaGenerator::subschema_for::<APIResourceList>);
    made(SchemaGenerator::subschema_for::<APIVersions>);
    made(SchemaGenerator::subschema_for::<Info>);
    made(SchemaGenerator::subschema_for::<DeleteOptions>);
    made(SchemaGenerator::subschema_for::<ListMeta>);
    made(SchemaGenerator::subschema_for::<Status>);
    let mut parts = PARTS.lock().unwrap_or_else(PoisonError::into_inner);
    let Parts { generator, known } = &mut *parts;
    let mut reader = Reader {
        definitions: generator.definitions(),
        known,
    };
    reader.with_first_layers()
});

/// Every kind has the `metadata` that [`object_meta`] describes.
fn whole(node: &Node) -> Arc<Node> {
    let mut node = node.clone();
    node.properties.insert("metadata", object_meta());
    Arc::new(node)
}

/// What has been read. Kinds share most of their parts, each of which is read once.
#[derive(Default)]
struct Parts {
    generator: SchemaGenerator,
    known: BTreeMap<String, Arc<Node>>,
}

static PARTS: LazyLock<Mutex<Parts>> = LazyLock::new(Mutex::default);

fn made(schema: fn(&mut SchemaGenerator) -> Schema) -> Arc<Node> {
    let mut parts = PARTS.lock().unwrap_or_else(PoisonError::into_inner);
    let Parts { generator, known } = &mut *parts;
    let schema = schema(generator);
    let mut reader = Reader {
        definitions: generator.definitions(),
        known,
    };
    reader.node(schema.as_value())
}

/// Turns the generated schemas into nodes, each definition once.
struct Reader<'d> {
    definitions: &'d serde_json::Map<String, Value>,
    known: &'d mut BTreeMap<String, Arc<Node>>,
}

impl Reader<'_> {
    /// What was read, with the first layer of what contains itself.
    fn with_first_layers(&mut self) -> BTreeMap<String, Arc<Node>> {
        let mut layers = BTreeMap::new();
        for name in RECURSIVE {
            if let Some(definition) = self.definitions.get(name) {
                let layer = self.inline(definition, name);
                layers.insert(name.to_owned(), Arc::new(layer));
            }
        }
        // What the layers consist of has been read by now.
        let mut all = self.known.clone();
        all.extend(layers);
        all
    }

    fn node(&mut self, schema: &Value) -> Arc<Node> {
        let Some(name) = reference(schema) else {
            return Arc::new(self.inline(schema, ""));
        };
        let named = self.named(name);
        match schema.get("description").and_then(Value::as_str) {
            Some(description) => Arc::new(Node {
                description: description.to_owned(),
                ..Node::clone(&named)
            }),
            None => named,
        }
    }

    fn named(&mut self, name: &str) -> Arc<Node> {
        if let Some(known) = self.known.get(name) {
            return Arc::clone(known);
        }
        let node = match self.definitions.get(name) {
            Some(definition) if !RECURSIVE.contains(&name) => self.inline(definition, name),
            Some(_) | None => free(name),
        };
        let node = Arc::new(node);
        self.known.insert(name.to_owned(), Arc::clone(&node));
        node
    }

    fn inline(&mut self, schema: &Value, owner: &str) -> Node {
        let kind = kind(schema);
        let mut node = Node {
            kind,
            definition: (!owner.is_empty()).then(|| owner.into()),
            description: text(schema, "description").to_owned(),
            required: texts(schema, "required"),
            checks: Checks {
                format: schema
                    .get("format")
                    .and_then(Value::as_str)
                    .map(Format::built_in),
                ..Checks::default()
            },
            items: schema.get("items").map(|items| self.node(items)),
            additional: schema
                .get("additionalProperties")
                .filter(|additional| additional.is_object())
                .map(|additional| self.node(additional)),
            ..Node::default()
        };
        if let Some(Value::Object(properties)) = schema.get("properties") {
            for (field, property) in properties {
                let property = overlay::apply(owner, field, self.node(property));
                node.properties.insert(field.as_str(), property);
            }
        }
        // Clients may leave it out; the server fills it in.
        node.required.retain(|field| field != "metadata");
        let is_free = node.properties.is_empty() && node.additional.is_none();
        node.preserve_unknown = is_free && matches!(kind, Type::Object | Type::Any);
        overlay::finish(owner, &mut node);
        node.has_quantity = owner == QUANTITY || node.children().any(|child| child.has_quantity);
        node.time = match owner {
            TIME => Some(Layout::Seconds),
            MICRO_TIME => Some(Layout::Microseconds),
            _ => None,
        };
        node.has_time = node.time.is_some() || node.children().any(|child| child.has_time);
        node
    }
}

/// The definition of quantities.
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";

/// The definitions of times.
const TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
const MICRO_TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime";

/// Definitions that contain themselves, and are not looked into.
const RECURSIVE: [&str; 1] =
    ["io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"];

fn free(name: &str) -> Node {
    Node {
        kind: Type::Object,
        definition: Some(name.into()),
        preserve_unknown: true,
        ..Node::default()
    }
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn kind(schema: &Value) -> Type {
    if schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) {
        return Type::IntOrString;
    }
    match text(schema, "type") {
        "object" => Type::Object,
        "array" => Type::Array,
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        _ => Type::Any,
    }
}

fn text<'a>(schema: &'a Value, name: &str) -> &'a str {
    schema.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn texts(schema: &Value, name: &str) -> Vec<String> {
    let list = schema.get(name).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|text| Some(text.as_str()?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::{Value, json};
    use crate::store::schema::node::{ListType, PatchStrategy};
    use crate::store::schema::prune::{Nulls, prune};
    use crate::store::schema::validate::validate;

    fn at(kind: &Node, path: &[&str]) -> Arc<Node> {
        let mut node = Arc::new(kind.clone());
        for name in path {
            let next = match *name {
                "[]" => node.items.clone(),
                name => node.properties.get(name).cloned(),
            };
            node = next.unwrap();
        }
        node
    }

    #[rstest]
    #[case(&["spec", "containers"], &["name"])]
    #[case(&["spec", "containers", "[]", "ports"], &["containerPort", "protocol"])]
    #[case(&["metadata", "ownerReferences"], &["uid"])]
    #[case(&["status", "conditions"], &["type"])]
    fn lists_of_a_pod_have_keys(#[case] path: &[&str], #[case] keys: &[&str]) {
        let node = at(&builtin("", "v1", "Pod").unwrap(), path);
        assert_eq!(
            node.list_type,
            ListType::Map(keys.iter().map(ToString::to_string).collect())
        );
        assert_eq!(node.patch.merge_key.as_deref(), Some(keys[0]));
    }

    #[test]
    fn tolerations_are_replaced() {
        let node = at(&builtin("", "v1", "Pod").unwrap(), &["spec", "tolerations"]);
        assert_eq!(node.list_type, ListType::Atomic);
        assert_eq!(node.patch, PatchStrategy::default());
    }

    #[rstest]
    #[case::pod(json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": 0.5, "memory": "1Gi"}}, "ports": [{"containerPort": 80}]}]}}), &[])]
    #[case::no_containers(json!({"spec": {}}), &["spec.containers: Required value"])]
    #[case::wrong_type(json!({"spec": {"containers": [], "hostNetwork": "yes"}}), &["spec.hostNetwork: Invalid value: \"string\": spec.hostNetwork in body must be of type boolean: \"string\""])]
    fn pods_are_checked(#[case] pod: Value, #[case] expected: &[&str]) {
        let causes = validate(&builtin("", "v1", "Pod").unwrap(), &pod, None, Vec::new());
        let told: Vec<String> = causes.iter().map(ToString::to_string).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn unknown_fields_of_built_in_kinds_are_found() {
        let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "bar": 1}, "data": {"a": ""}, "foo": 1});
        let node = builtin("", "v1", "Secret").unwrap();
        assert_eq!(
            prune(&node, &mut secret, None, Nulls::Dropped),
            ["metadata.bar", "foo"]
        );
        assert!(validate(&node, &secret, None, Vec::new()).is_empty());
    }

    #[test]
    fn schemas_in_definitions_are_left_to_others() {
        let mut crd = json!({"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "x": {"y": 1}}}}]}});
        let before = crd.clone();
        let node = builtin("apiextensions.k8s.io", "v1", "CustomResourceDefinition").unwrap();
        assert!(prune(&node, &mut crd, None, Nulls::Dropped).is_empty());
        assert_eq!(crd, before);
    }

    #[test]
    fn other_kinds_are_not_known() {
        assert!(builtin("apps", "v1beta1", "StatefulSet").is_none());
    }
}
