use rstest::rstest;

use super::*;
use crate::store::schema::whole::WholeSchema;

fn kind(api_version: &str, name: &str, origin: Origin) -> Kind {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let singular = name.to_lowercase();
    Kind {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: name.to_owned(),
        list_kind: format!("{name}List"),
        plural: format!("{singular}s"),
        singular,
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced: true,
        origin,
        subresources: Vec::new(),
        schema: WholeSchema::default(),
        rules: std::sync::Arc::default(),
        columns: Vec::new(),
        selectable_fields: Vec::new(),
        stored_as: format!("{group}/{version}"),
        scale: None,
        deprecation: String::new(),
    }
}

fn gadget(version: &str) -> Kind {
    let api_version = format!("present.ex.io/{version}");
    let mut gadget = kind(&api_version, "Gadget", Origin::Custom);
    gadget.short_names = vec!["gd".to_owned(), "gdg".to_owned()];
    gadget.categories = vec!["all".to_owned(), "present".to_owned()];
    gadget.subresources = vec!["scale".to_owned(), "status".to_owned()];
    gadget
}

fn served() -> Vec<Kind> {
    let mut namespace = kind("v1", "Namespace", Origin::BuiltIn);
    namespace.namespaced = false;
    namespace.short_names = vec!["ns".to_owned()];
    namespace.subresources = vec!["status".to_owned(), "finalize".to_owned()];
    let mut pod = kind("v1", "Pod", Origin::BuiltIn);
    pod.short_names = vec!["po".to_owned()];
    pod.categories = vec!["all".to_owned()];
    pod.subresources = vec!["log".to_owned(), "eviction".to_owned()];
    let mut plain = kind("present.ex.io/v1", "Plain", Origin::Custom);
    plain.namespaced = false;
    vec![
        plain,
        gadget("v1alpha1"),
        gadget("v1"),
        gadget("v1beta1"),
        kind("batch/v1", "Job", Origin::BuiltIn),
        kind(
            "authorization.k8s.io/v1",
            "SelfSubjectAccessReview",
            Origin::BuiltIn,
        ),
        pod,
        namespace,
    ]
}

fn check(document: impl Fn(&[&Kind]) -> Option<Value>, expected: Value) {
    let served = served();
    let kinds: Vec<&Kind> = served.iter().collect();
    assert_eq!(document(&kinds), Some(expected));
}

#[test]
fn groups_stand_in_order_of_priority_and_prefer_the_stablest_version() {
    let single = |group: &str| {
        let version = json!({"groupVersion": format!("{group}/v1"), "version": "v1"});
        json!({"name": group, "versions": [version], "preferredVersion": version})
    };
    check(
        |kinds| Some(groups(kinds)),
        json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [
            single("authorization.k8s.io"),
            single("batch"),
            {
                "name": "present.ex.io",
                "versions": [
                    {"groupVersion": "present.ex.io/v1", "version": "v1"},
                    {"groupVersion": "present.ex.io/v1beta1", "version": "v1beta1"},
                    {"groupVersion": "present.ex.io/v1alpha1", "version": "v1alpha1"},
                ],
                "preferredVersion": {"groupVersion": "present.ex.io/v1", "version": "v1"},
            },
        ]}),
    );
}

#[test]
fn a_group_answers_for_itself() {
    check(
        |kinds| group(kinds, "batch"),
        json!({
            "kind": "APIGroup", "apiVersion": "v1", "name": "batch",
            "versions": [{"groupVersion": "batch/v1", "version": "v1"}],
            "preferredVersion": {"groupVersion": "batch/v1", "version": "v1"},
        }),
    );
}

#[test]
fn the_core_version_lists_resources_and_subresources_by_name() {
    check(
        |kinds| resources(kinds, "", "v1"),
        json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": [
            {
                "name": "namespaces", "singularName": "namespace", "namespaced": false, "kind": "Namespace",
                "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
                "shortNames": ["ns"], "storageVersionHash": "Q3oi5N2YM8M=",
            },
            {"name": "namespaces/finalize", "singularName": "", "namespaced": false, "kind": "Namespace", "verbs": ["update"]},
            {"name": "namespaces/status", "singularName": "", "namespaced": false, "kind": "Namespace", "verbs": ["get", "patch", "update"]},
            {
                "name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod",
                "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
                "shortNames": ["po"], "categories": ["all"], "storageVersionHash": "xPOwRZ+Yhw8=",
            },
            {"name": "pods/eviction", "singularName": "", "namespaced": true, "group": "policy", "version": "v1", "kind": "Eviction", "verbs": ["create"]},
            {"name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["get"]},
        ]}),
    );
}

#[test]
fn a_custom_version_lists_status_before_scale_and_its_own_order_of_verbs() {
    check(
        |kinds| resources(kinds, "present.ex.io", "v1"),
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "present.ex.io/v1", "resources": [
            {
                "name": "gadgets", "singularName": "gadget", "namespaced": true, "kind": "Gadget",
                "verbs": ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
                "shortNames": ["gd", "gdg"], "categories": ["all", "present"],
                "storageVersionHash": "aHuL07UpVBw=",
            },
            {"name": "gadgets/status", "singularName": "", "namespaced": true, "kind": "Gadget", "verbs": ["get", "patch", "update"]},
            {
                "name": "gadgets/scale", "singularName": "", "namespaced": true, "group": "autoscaling", "version": "v1",
                "kind": "Scale", "verbs": ["get", "patch", "update"],
            },
            {
                "name": "plains", "singularName": "plain", "namespaced": false, "kind": "Plain",
                "verbs": ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
                "storageVersionHash": "xnAT5a+uUxI=",
            },
        ]}),
    );
}

#[rstest]
#[case("nope.io", "v1")]
#[case("batch", "v2")]
#[case("", "v2")]
fn what_is_not_served_has_no_document(#[case] group: &str, #[case] version: &str) {
    let served = served();
    let kinds: Vec<&Kind> = served.iter().collect();
    assert_eq!(resources(&kinds, group, version), None);
}

#[test]
fn the_aggregated_core_group_has_no_name_and_leaves_its_own_kinds_unqualified() {
    check(
        |kinds| Some(aggregated_core(kinds)),
        json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": [
            {"metadata": {}, "versions": [{"version": "v1", "freshness": "Current", "resources": [
                {
                    "resource": "namespaces", "responseKind": {"group": "", "version": "", "kind": "Namespace"},
                    "scope": "Cluster", "singularResource": "namespace",
                    "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"], "shortNames": ["ns"],
                    "subresources": [
                        {"subresource": "finalize", "responseKind": {"group": "", "version": "", "kind": "Namespace"}, "verbs": ["update"]},
                        {"subresource": "status", "responseKind": {"group": "", "version": "", "kind": "Namespace"}, "verbs": ["get", "patch", "update"]},
                    ],
                },
                {
                    "resource": "pods", "responseKind": {"group": "", "version": "", "kind": "Pod"},
                    "scope": "Namespaced", "singularResource": "pod",
                    "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
                    "shortNames": ["po"], "categories": ["all"],
                    "subresources": [
                        {"subresource": "eviction", "responseKind": {"group": "policy", "version": "v1", "kind": "Eviction"}, "verbs": ["create"]},
                        {"subresource": "log", "responseKind": {"group": "", "version": "", "kind": "Pod"}, "verbs": ["get"]},
                    ],
                },
            ]}]},
        ]}),
    );
}

#[test]
fn aggregated_custom_resources_name_their_group_and_version() {
    check(
        |kinds| {
            let kinds: Vec<&Kind> = kinds
                .iter()
                .copied()
                .filter(|kind| kind.version == "v1beta1")
                .collect();
            Some(aggregated_groups(&kinds))
        },
        json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": [
            {"metadata": {"name": "present.ex.io"}, "versions": [{"version": "v1beta1", "freshness": "Current", "resources": [{
                "resource": "gadgets", "responseKind": {"group": "present.ex.io", "version": "v1beta1", "kind": "Gadget"},
                "scope": "Namespaced", "singularResource": "gadget",
                "verbs": ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
                "shortNames": ["gd", "gdg"], "categories": ["all", "present"],
                "subresources": [
                    {"subresource": "status", "responseKind": {"group": "present.ex.io", "version": "v1beta1", "kind": "Gadget"}, "verbs": ["get", "patch", "update"]},
                    {"subresource": "scale", "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"}, "verbs": ["get", "patch", "update"]},
                ],
            }]}]},
        ]}),
    );
}

#[test]
fn reviews_can_only_be_created() {
    let review = kind(
        "authorization.k8s.io/v1",
        "SelfSubjectAccessReview",
        Origin::BuiltIn,
    );
    assert_eq!(verbs(&review), ["create"]);
}

#[test]
fn an_etag_is_the_quoted_upper_case_digest() {
    let etag = etag(b"{}");
    assert_eq!((etag.len(), &etag[..9]), (130, "\"27C74670"));
}
