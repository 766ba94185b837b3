//! What a cluster begins with.

use super::ask;
use crate::assembly::installed;
use crate::json::json;

const WORKFLOWS: &str =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/workflows.argoproj.io?fieldManager=x";

#[tokio::test]
async fn another_definition_of_the_same_name_can_be_applied() {
    let server = installed().unwrap().fork(1);
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "workflows.argoproj.io"},
        "spec": {
            "group": "argoproj.io", "scope": "Namespaced",
            "names": {"plural": "workflows", "singular": "workflow", "kind": "Workflow", "shortNames": ["w"]},
            "versions": [{
                "name": "v1alpha1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
            }]
        }
    });
    let (code, applied) = ask(&server, ("APPLY", WORKFLOWS, &definition.to_string())).await;
    assert_eq!(code, 200, "{applied}");
    assert_eq!(applied["spec"]["versions"], definition["spec"]["versions"]);
}
