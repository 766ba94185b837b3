//! The variables that expressions of policies may name.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/cel/compile.go, `BuildRequestType` and `BuildNamespaceType`.

use crate::store::schema::cel::expression::{AUTHORIZER, CelType, REQUEST_RESOURCE, Variable};

/// The variables of a policy, `params` among them if it has some.
pub(in crate::store) fn declared(has_params: bool) -> Vec<Variable> {
    let authorizer = CelType::Named("kubernetes.authorization.Authorizer");
    let resource = CelType::Named("kubernetes.authorization.ResourceCheck");
    let mut variables = vec![
        ("object".to_owned(), CelType::Dyn),
        ("oldObject".to_owned(), CelType::Dyn),
        ("request".to_owned(), request()),
        ("namespaceObject".to_owned(), namespace()),
        (AUTHORIZER.to_owned(), authorizer),
        (REQUEST_RESOURCE.to_owned(), resource),
    ];
    if has_params {
        variables.push(("params".to_owned(), CelType::Dyn));
    }
    variables
}

fn request() -> CelType {
    let kind = texts(["group", "version", "kind"]);
    let kind = CelType::object("kubernetes.GroupVersionKind", kind);
    let resource = texts(["group", "version", "resource"]);
    let resource = CelType::object("kubernetes.GroupVersionResource", resource);
    let all = CelType::list(CelType::STRING);
    let user = texts(["username", "uid"]).into_iter().chain([
        ("groups", all.clone()),
        ("extra", CelType::map(CelType::STRING, all)),
    ]);
    let plain = texts([
        "subResource",
        "requestSubResource",
        "name",
        "namespace",
        "operation",
    ]);
    let others = [
        ("kind", kind.clone()),
        ("requestKind", kind),
        ("resource", resource.clone()),
        ("requestResource", resource),
        ("userInfo", CelType::object("kubernetes.UserInfo", user)),
        ("dryRun", CelType::BOOL),
        ("options", CelType::Dyn),
    ];
    CelType::object(
        "kubernetes.AdmissionRequest",
        plain.into_iter().chain(others),
    )
}

fn namespace() -> CelType {
    let names = CelType::map(CelType::STRING, CelType::STRING);
    let all = CelType::list(CelType::STRING);
    let plain = texts([
        "name",
        "generateName",
        "namespace",
        "UID",
        "resourceVersion",
    ]);
    let metadata = plain.into_iter().chain([
        ("labels", names.clone()),
        ("annotations", names),
        ("creationTimestamp", CelType::TIMESTAMP),
        ("deletionTimestamp", CelType::TIMESTAMP),
        ("deletionGracePeriodSeconds", CelType::INT),
        ("generation", CelType::INT),
        ("finalizers", all.clone()),
    ]);
    let condition = texts(["status", "type", "message", "reason"]);
    let condition = condition
        .into_iter()
        .chain([("lastTransitionTime", CelType::TIMESTAMP)]);
    let condition = CelType::object("kubernetes.NamespaceCondition", condition);
    let status = [
        ("phase", CelType::STRING),
        ("conditions", CelType::list(condition)),
    ];
    let parts = [
        (
            "metadata",
            CelType::object("kubernetes.NamespaceMetadata", metadata),
        ),
        (
            "spec",
            CelType::object("kubernetes.NamespaceSpec", [("finalizers", all)]),
        ),
        (
            "status",
            CelType::object("kubernetes.NamespaceStatus", status),
        ),
    ];
    CelType::object("kubernetes.Namespace", parts)
}

fn texts<const N: usize>(names: [&'static str; N]) -> [(&'static str, CelType); N] {
    names.map(|name| (name, CelType::STRING))
}
