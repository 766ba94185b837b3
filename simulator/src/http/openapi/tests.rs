use std::sync::Arc;

use rstest::rstest;

use super::components::{component, group_version_kind};
use super::*;
use crate::http::discovery::verbs;
use crate::http::protobuf::wire::Reader;
use crate::json::Text;
use crate::store::builtin::rows;
use crate::store::schema::builtin::builtin;
use crate::store::schema::node::Node;
use crate::store::schema::parse::parse;
use crate::store::schema::whole::WholeSchema;

fn kind(api_version: &str, name: &str, origin: Origin, schema: Node) -> Kind {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    Kind {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: name.to_owned(),
        list_kind: format!("{name}List"),
        plural: format!("{}s", name.to_lowercase()),
        singular: name.to_lowercase(),
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced: true,
        origin,
        subresources: vec!["status".to_owned(), "log".to_owned()],
        schema: schema.into(),
        rules: Arc::default(),
        columns: Vec::new(),
        selectable_fields: Vec::new(),
        stored_as: String::new(),
        scale: None,
        deprecation: String::new(),
    }
}

fn gadget() -> Kind {
    let schema = json!({
        "type": "object",
        "description": "A Gadget is a thing to look at.",
        "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
    });
    let node = parse(&schema, "schema").unwrap();
    kind("present.ex.io/v1", "Gadget", Origin::Custom, node)
}

#[rstest]
#[case("", "v1", "Pod", Origin::BuiltIn, "io.k8s.api.core.v1.Pod")]
#[case("batch", "v1", "Job", Origin::BuiltIn, "io.k8s.api.batch.v1.Job")]
#[case(
    "rbac.authorization.k8s.io",
    "v1",
    "Role",
    Origin::BuiltIn,
    "io.k8s.api.rbac.v1.Role"
)]
#[case(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    Origin::BuiltIn,
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition"
)]
#[case(
    "present.ex.io",
    "v1",
    "Gadget",
    Origin::Custom,
    "io.ex.present.v1.Gadget"
)]
fn components_are_named_as_the_real_server_names_them(
    #[case] group: &str,
    #[case] version: &str,
    #[case] name: &str,
    #[case] origin: Origin,
    #[case] expected: &str,
) {
    let api_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    let schema = builtin(group, version, name).unwrap_or_default();
    let kind = kind(&api_version, name, origin, Node::clone(&schema));
    assert_eq!(component(&kind), expected);
}

#[test]
fn a_document_has_the_paths_that_a_kind_answers_on() {
    let gadget = gadget();
    let document = document(&[&gadget], "apis/present.ex.io/v1").unwrap();
    let methods: Vec<(&str, Vec<&str>)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(path, entry)| {
            (
                path.as_str(),
                entry
                    .as_object()
                    .unwrap()
                    .keys()
                    .map(Text::as_str)
                    .collect(),
            )
        })
        .collect();
    let root = "/apis/present.ex.io/v1";
    let item = format!("{root}/namespaces/{{namespace}}/gadgets/{{name}}");
    assert_eq!(
        methods,
        [
            (
                format!("{root}/gadgets").as_str(),
                vec!["get", "parameters"]
            ),
            (
                format!("{root}/namespaces/{{namespace}}/gadgets").as_str(),
                vec!["delete", "get", "parameters", "post"]
            ),
            (
                item.as_str(),
                vec!["delete", "get", "parameters", "patch", "put"]
            ),
            (
                format!("{item}/status").as_str(),
                vec!["get", "parameters", "patch", "put"]
            ),
        ]
    );
}

#[test]
fn a_patch_says_what_kubectl_looks_for() {
    let gadget = gadget();
    let document = document(&[&gadget], "apis/present.ex.io/v1").unwrap();
    let patch =
        &document["paths"]["/apis/present.ex.io/v1/namespaces/{namespace}/gadgets/{name}"]["patch"];
    let names: Vec<&Value> = patch["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(
        names,
        ["dryRun", "fieldManager", "fieldValidation", "force"]
    );
    assert_eq!(
        patch["x-kubernetes-group-version-kind"],
        json!({"group": "present.ex.io", "version": "v1", "kind": "Gadget"})
    );
    let media: Vec<&Text> = patch["requestBody"]["content"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(
        media,
        [
            "application/apply-patch+yaml",
            "application/json-patch+json",
            "application/merge-patch+json"
        ]
    );
}

#[test]
fn the_schema_of_a_kind_gains_what_every_object_has() {
    let gadget = gadget();
    let document = document(&[&gadget], "apis/present.ex.io/v1").unwrap();
    let mut schema = document["components"]["schemas"]["io.ex.present.v1.Gadget"].clone();
    for name in ["apiVersion", "kind", "metadata"] {
        schema["properties"][name]["description"].take();
    }
    assert_eq!(
        schema,
        json!({
            "type": "object",
            "description": "A Gadget is a thing to look at.",
            "properties": {
                "apiVersion": {"type": "string", "description": null},
                "kind": {"type": "string", "description": null},
                "metadata": {
                    "description": null,
                    "allOf": [{"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}],
                },
                "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
            },
            "x-kubernetes-group-version-kind": [{"group": "present.ex.io", "version": "v1", "kind": "Gadget"}],
        })
    );
}

#[test]
fn the_index_leads_to_each_group_and_version_with_its_hash() {
    let (gadget, pod) = (
        gadget(),
        kind("v1", "Pod", Origin::BuiltIn, Node::default()),
    );
    let kinds = [&pod, &gadget];
    let index = index(&kinds);
    let paths: Vec<&Text> = index["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        ["api", "api/v1", "apis", "apis/present.ex.io/v1", "version"]
    );
    let url = index["paths"]["api/v1"]["serverRelativeURL"]
        .as_str()
        .unwrap();
    assert_eq!(
        (&url[..24], url.len()),
        ("/openapi/v3/api/v1?hash=", 24 + 128)
    );
}

#[test]
fn a_hash_changes_with_the_schema_of_a_custom_resource() {
    let (before, mut after) = (gadget(), gadget());
    after.schema = WholeSchema::from(Node {
        description: "Another.".to_owned(),
        ..Node::clone(&after.schema)
    });
    let of = |kind: &Kind| hash(&[kind], "apis/present.ex.io/v1");
    assert_ne!(of(&before), of(&after));
}

#[test]
fn what_is_not_served_has_no_document() {
    let gadget = gadget();
    assert_eq!(document(&[&gadget], "apis/present.ex.io/v2"), None);
}

/// Every place in a document that refers to another.
fn references(of: &Value) -> Vec<&str> {
    let mut found: Vec<&str> = of["$ref"].as_str().into_iter().collect();
    for field in of.as_object().into_iter().flatten() {
        found.extend(references(field.1));
    }
    for item in of.as_array().into_iter().flatten() {
        found.extend(references(item));
    }
    found
}

fn everything() -> Vec<Kind> {
    let mut kinds: Vec<Kind> = rows().map(|row| row.kind()).collect();
    kinds.push(gadget());
    kinds
}

#[test]
fn the_older_document_holds_together() {
    let kinds = everything();
    let document = swagger(&kinds.iter().collect::<Vec<_>>());
    let lost = references(&document).into_iter().find(|place| {
        let name = place.strip_prefix("#/definitions/");
        name.is_none_or(|name| document["definitions"].get(name).is_none())
    });
    assert_eq!(lost, None);
    let patches = |kind: &Kind| {
        let items = document["paths"].as_object().unwrap().values();
        let mut patches = items.map(|item| &item["patch"]);
        patches.any(|patch| {
            let has = |name: &str| {
                let mut parameters = patch["parameters"].as_array().unwrap().iter();
                parameters.any(|parameter| parameter["name"] == name && parameter["in"] == "query")
            };
            patch["x-kubernetes-group-version-kind"] == group_version_kind(kind, &kind.kind)
                && has("dryRun")
                && has("fieldValidation")
        })
    };
    for kind in kinds.iter().filter(|kind| verbs(kind).contains(&"patch")) {
        let definition = &document["definitions"][component(kind).as_str()];
        let expected = json!([group_version_kind(kind, &kind.kind)]);
        assert_eq!(definition["x-kubernetes-group-version-kind"], expected);
        assert!(patches(kind), "no patch for {}", kind.kind);
    }
}

#[rstest]
#[case::nullable(
    json!({"type": "object", "nullable": true, "properties": {"a": {"type": "string"}}}),
    json!({})
)]
#[case::free(
    json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"a": {}}}),
    json!({"x-kubernetes-preserve-unknown-fields": true})
)]
#[case::either(
    json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]}),
    json!({"x-kubernetes-int-or-string": true})
)]
#[case::list(json!({"type": "array"}), json!({}))]
#[case::required(
    json!({"required": ["a", "b"], "properties": {"a": {"nullable": true}, "b": {"type": "string"}}}),
    json!({"required": ["b"], "properties": {"a": {}, "b": {"type": "string"}}})
)]
#[case::reference(
    json!({"description": "d", "allOf": [{"$ref": "#/components/schemas/a"}]}),
    json!({"description": "d", "$ref": "#/definitions/a"})
)]
#[case::kept(
    json!({"type": "object", "additionalProperties": {"type": "array", "items": {"not": {}}}, "maxProperties": 3}),
    json!({"type": "object", "additionalProperties": {"type": "array", "items": {}}, "maxProperties": 3})
)]
fn the_older_document_leaves_out_what_it_cannot_say(#[case] of: Value, #[case] expected: Value) {
    assert_eq!(swagger::schema(&of), expected);
}

/// The messages in a field of a message.
fn messages(of: &[u8], number: u64) -> Vec<&[u8]> {
    let fields = Reader::new(of, "").map(|field| field.unwrap());
    let wanted = fields.filter(|(found, _)| *found == number);
    wanted.map(|(_, wire)| wire.bytes("").unwrap()).collect()
}

#[test]
fn a_document_in_protobuf_holds_the_same() {
    let gadget = gadget();
    let older = binary::v2(&swagger(&[&gadget]));
    assert_eq!(messages(&older, 1), [b"2.0"]);
    let paths = messages(messages(&older, 8)[0], 2);
    assert_eq!(
        messages(paths[4], 1),
        [b"/apis/present.ex.io/v1/namespaces/{namespace}/gadgets/{name}"]
    );
    let patch = messages(messages(paths[4], 2)[0], 8)[0];
    let names = messages(patch, 8).into_iter().map(|parameter| {
        let parameter = messages(parameter, 1)[0];
        match messages(parameter, 1).as_slice() {
            [body] => messages(body, 2)[0],
            _ => messages(messages(messages(parameter, 2)[0], 3)[0], 4)[0],
        }
    });
    let names: Vec<&[u8]> = names.collect();
    let expected = ["body", "dryRun", "fieldManager", "fieldValidation", "force"];
    assert_eq!(names, expected.map(str::as_bytes));
    let extension = messages(patch, 13)[1];
    assert_eq!(messages(extension, 1), [b"x-kubernetes-group-version-kind"]);
    assert_eq!(
        messages(messages(extension, 2)[0], 2),
        [br#"{"group":"present.ex.io","kind":"Gadget","version":"v1"}"#]
    );
    let newer = document(&[&gadget], "apis/present.ex.io/v1").unwrap();
    let newer = binary::v3(&newer);
    let schemas = messages(messages(messages(&newer, 5)[0], 1)[0], 1);
    let names: Vec<&[u8]> = schemas.iter().map(|named| messages(named, 1)[0]).collect();
    let meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
    let expected = [
        "io.ex.present.v1.Gadget",
        "io.ex.present.v1.GadgetList",
        &format!("{meta}.DeleteOptions"),
        &format!("{meta}.FieldsV1"),
        &format!("{meta}.ListMeta"),
        &format!("{meta}.ManagedFieldsEntry"),
        &format!("{meta}.ObjectMeta"),
        &format!("{meta}.OwnerReference"),
        &format!("{meta}.Patch"),
        &format!("{meta}.Preconditions"),
        &format!("{meta}.Status"),
        &format!("{meta}.StatusCause"),
        &format!("{meta}.StatusDetails"),
        &format!("{meta}.Time"),
    ];
    assert_eq!(names, expected.map(str::as_bytes));
}

/// The document of `apps/v1`.
fn apps() -> Value {
    let kinds = everything();
    let kinds: Vec<&Kind> = kinds.iter().collect();
    document(&kinds, "apis/apps/v1").unwrap()
}

#[test]
fn parts_of_built_in_kinds_lie_by_themselves() {
    let document = apps();
    let schemas = &document["components"]["schemas"];
    let lost = references(&document).into_iter().find(|place| {
        let name = place.strip_prefix("#/components/schemas/");
        name.is_none_or(|name| schemas.get(name).is_none())
    });
    assert_eq!(lost, None);
    let spec = &schemas["io.k8s.api.apps.v1.DeploymentSpec"]["properties"];
    let strategy = "The deployment strategy to use to replace existing pods with new ones.";
    assert_eq!(
        spec["strategy"],
        json!({
            "description": strategy,
            "default": {},
            "allOf": [{"$ref": "#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy"}],
            "x-kubernetes-patch-strategy": "retainKeys",
        })
    );
}

#[rstest]
#[case::values("io.k8s.api.apps.v1.DeploymentStrategy", "/properties/type/enum", json!(["Recreate", "RollingUpdate"]))]
#[case::element("io.k8s.api.core.v1.PodSpec", "/properties/containers/items", json!({"default": {}, "allOf": [{"$ref": "#/components/schemas/io.k8s.api.core.v1.Container"}]}))]
#[case::union("io.k8s.apimachinery.pkg.util.intstr.IntOrString", "/oneOf", json!([{"type": "integer"}, {"type": "string"}]))]
#[case::quantities("io.k8s.api.core.v1.ResourceRequirements", "/properties/limits/additionalProperties", json!({"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity"}))]
#[case::nothing_free(
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
    "/x-kubernetes-preserve-unknown-fields",
    Value::Null
)]
#[case::kind("io.k8s.api.apps.v1.Deployment", "/x-kubernetes-group-version-kind", json!([{"group": "apps", "version": "v1", "kind": "Deployment"}]))]
#[case::kind_inside("io.k8s.api.core.v1.PersistentVolumeClaim", "/x-kubernetes-group-version-kind/0/kind", json!("PersistentVolumeClaim"))]
fn parts_are_written_as_a_real_server_writes_them(
    #[case] name: &str,
    #[case] place: &str,
    #[case] expected: Value,
) {
    let document = apps();
    let part = &document["components"]["schemas"][name];
    assert_eq!(*part.pointer(place).unwrap_or(&Value::Null), expected);
}

#[rstest]
#[case(
    "/apis/apps/v1/",
    "get",
    "getAppsV1APIResources",
    "get available resources"
)]
#[case(
    "/apis/apps/v1/deployments",
    "get",
    "listAppsV1DeploymentForAllNamespaces",
    "list or watch objects of kind Deployment"
)]
#[case(
    "/apis/apps/v1/namespaces/{namespace}/deployments",
    "delete",
    "deleteAppsV1CollectionNamespacedDeployment",
    "delete collection of Deployment"
)]
#[case(
    "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale",
    "put",
    "replaceAppsV1NamespacedDeploymentScale",
    "replace scale of the specified Deployment"
)]
#[case(
    "/apis/apps/v1/watch/deployments",
    "get",
    "watchAppsV1DeploymentListForAllNamespaces",
    "watch individual changes to a list of Deployment. deprecated: use the 'watch' parameter with a list operation instead."
)]
fn operations_have_ids(
    #[case] path: &str,
    #[case] method: &str,
    #[case] id: &str,
    #[case] description: &str,
) {
    let document = apps();
    let operation = &document["paths"][path][method];
    assert_eq!(operation["operationId"], id);
    assert_eq!(operation["description"], description);
    assert_eq!(operation["tags"], json!(["apps_v1"]));
}
