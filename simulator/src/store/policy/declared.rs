//! The variables that expressions of policies may name.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/cel/compile.go, `BuildRequestType` and `BuildNamespaceType`.

use crate::store::schema::cel::expression::{Declared, Kind};

/// The variables of a policy, `params` among them if it has some.
pub(super) fn variables(has_params: bool) -> Vec<Declared> {
    let mut variables = vec![
        Declared::new("object", Kind::Dyn),
        Declared::new("oldObject", Kind::Dyn),
        request(),
        namespace(),
    ];
    if has_params {
        variables.push(Declared::new("params", Kind::Dyn));
    }
    variables
}

fn request() -> Declared {
    let kind = |name| Declared::with_fields(name, texts(&["group", "version", "kind"]));
    let resource = |name| Declared::with_fields(name, texts(&["group", "version", "resource"]));
    let mut user = texts(&["username", "uid"]);
    user.extend(unknown(&["groups", "extra"]));
    let mut fields = texts(&[
        "subResource",
        "requestSubResource",
        "name",
        "namespace",
        "operation",
    ]);
    fields.extend([
        kind("kind"),
        kind("requestKind"),
        resource("resource"),
        resource("requestResource"),
        Declared::with_fields("userInfo", user),
        Declared::new("dryRun", Kind::Named("bool")),
        Declared::new("options", Kind::Dyn),
    ]);
    Declared::with_fields("request", fields)
}

fn namespace() -> Declared {
    let mut metadata = texts(&[
        "name",
        "generateName",
        "namespace",
        "UID",
        "resourceVersion",
    ]);
    metadata.extend(unknown(&[
        "labels",
        "annotations",
        "creationTimestamp",
        "deletionTimestamp",
        "finalizers",
    ]));
    for number in ["deletionGracePeriodSeconds", "generation"] {
        metadata.push(Declared::new(number, Kind::Named("int")));
    }
    let mut status = texts(&["phase"]);
    status.extend(unknown(&["conditions"]));
    Declared::with_fields(
        "namespaceObject",
        vec![
            Declared::with_fields("metadata", metadata),
            Declared::with_fields("spec", unknown(&["finalizers"])),
            Declared::with_fields("status", status),
        ],
    )
}

fn texts(names: &[&str]) -> Vec<Declared> {
    let text = |name: &&str| Declared::new(name, Kind::Named("string"));
    names.iter().map(text).collect()
}

fn unknown(names: &[&str]) -> Vec<Declared> {
    let unknown = |name: &&str| Declared::new(name, Kind::Unknown);
    names.iter().map(unknown).collect()
}
