//! A pipeline that moves a container image: twelve templates, a claim, retries around everything.

use crate::json::{Value, json};

use super::runner::{Run, World, yaml};
use crate::argo::Missing;

const PIPELINE: &str = include_str!("oci-image-pipeline.yaml");

fn world() -> World {
    let parameters: Vec<_> = [
        ("srcType", "oci"),
        ("srcRemoteURL", "src.example"),
        ("srcSecret", "true"),
        ("dstType", "oci"),
        ("dstRemoteURL", "dst.example"),
        ("dstSecret", "false"),
        ("specRepository", "library/alpine"),
        ("specTag", "3.18"),
        ("specOverride", ""),
        ("scanSeverity", "CRITICAL"),
    ]
    .iter()
    .map(|(name, value)| json!({"name": name, "value": value}))
    .collect();
    World::new(json!({
        "metadata": {"name": "wf"},
        "spec": {
            "workflowTemplateRef": {"name": "oci-image-pipeline", "clusterScope": true},
            "arguments": {"parameters": parameters},
            "volumes": [
                {"name": "src-secret-vol", "secret": {"secretName": "src"}},
                {"name": "dst-secret-vol", "emptyDir": {}},
            ],
        },
    }))
    .with(
        Missing::ClusterWorkflowTemplate("oci-image-pipeline".to_owned()),
        Some(yaml(&PIPELINE.replace("0644", "420"))),
    )
}

fn does(node: &str, source: &'static str, destination: &'static str, scan: i32) -> Run {
    match node.split('(').next().unwrap() {
        "check-src-availability" => Run::prints(source),
        "check-dst-availability" => Run::prints(destination),
        "compute-images" => Run {
            parameters: &[("src", "src.example/a:1"), ("dst", "dst.example/a:1")],
            ..Run::default()
        },
        "scan-image" => Run::exits(scan),
        _ => Run::default(),
    }
}

#[test]
fn an_image_that_is_missing_at_the_destination_is_moved() {
    let mut world = world();
    world.run(|node| does(node, "available", "unavailable", 0));
    assert_eq!(world.status()["phase"], "Succeeded");
    assert_eq!(world.status()["progress"], "9/9");
    assert_eq!(
        world.log,
        [
            "event WorkflowRunning",
            "claim wf-work-volume",
            "pod wf-authenticate-registries-2480999885",
            "pod wf-check-src-availability-2885704064",
            "pod wf-compute-images-2684735348",
            "pod wf-check-dst-availability-2319447129",
            "pod wf-pull-image-9635273",
            "pod wf-scan-image-3697077910",
            "pod wf-push-image-535064966",
            "pod wf-attest-scan-results-3599059236",
            "pod wf-sign-image-3182974170",
            "event WorkflowSucceeded",
            "delete claim wf-work-volume",
        ]
    );
    assert!(world.status()["persistentVolumeClaims"].is_null());
}

#[test]
fn an_image_that_is_there_is_left_alone() {
    let mut world = world();
    world.run(|node| does(node, "unavailable", "available", 0));
    assert_eq!(world.status()["phase"], "Succeeded");
    for (group, step) in [
        (6, "pull-image"),
        (7, "scan-image"),
        (8, "push-image"),
        (9, "attest-scan"),
        (10, "sign-image"),
    ] {
        let node = world.node(&format!("wf(0)[{group}].{step}"));
        assert_eq!(node["type"], "Skipped");
        assert_eq!(node["phase"], "Skipped");
        assert_eq!(
            node["message"],
            "when 'available == 'unavailable'' evaluated false"
        );
    }
    assert_eq!(
        world.node("wf(0)[2].retrieve-tags(0)")["phase"],
        "Succeeded"
    );
    assert_eq!(world.status()["progress"], "6/6");
}

#[test]
fn a_failed_scan_fails_the_workflow_once_as_only_errors_are_retried() {
    let mut world = world();
    world.run(|node| does(node, "available", "unavailable", 1));
    let scan = "main: Error (exit code 1)";
    assert_eq!(world.status()["phase"], "Failed");
    assert_eq!(world.node("wf(0)[7].scan-image(0)")["message"], scan);
    assert_eq!(world.node("wf(0)[7].scan-image")["type"], "Retry");
    assert_eq!(world.node("wf(0)[7].scan-image")["message"], scan);
    let child = world.node("wf(0)[7].scan-image")["id"].as_str().unwrap();
    let failed = format!("child '{child}' failed");
    assert_eq!(world.node("wf(0)[7]")["message"], failed);
    assert_eq!(world.node("wf(0)")["phase"], "Failed");
    assert_eq!(world.node("wf(0)")["message"], failed);
    assert_eq!(world.status()["message"], failed);
    assert!(world.node("wf(1)").is_null());
    assert!(world.node("wf(0)[8]").is_null());
    assert_eq!(
        world.status()["persistentVolumeClaims"][0]["name"],
        "work-volume"
    );
}

#[test]
fn a_pod_mounts_what_the_template_and_the_workflow_give() {
    let mut world = world();
    world.pass();
    let pod = &world.pods[0];
    let names = |list: &Value| -> Vec<String> {
        let items = list.as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let spec = &pod.data["spec"];
    assert_eq!(
        names(&spec["volumes"]),
        [
            "var-run-argo",
            "tmp-dir-argo",
            "src-secret-vol",
            "dst-secret-vol",
            "work-volume",
            "ca-certificates",
            "argo-staging"
        ]
    );
    assert_eq!(names(&spec["containers"]), ["wait", "main"]);
    assert_eq!(spec["serviceAccountName"], "arc-workflow");
    assert_eq!(
        spec["securityContext"],
        json!({"fsGroup": 65532, "runAsUser": 65532})
    );
    let main = &spec["containers"][1];
    assert_eq!(main["args"], json!(["/argo/staging/script"]));
    assert_eq!(main["command"][8], "--");
    assert_eq!(main["command"][9], "sh");
    assert_eq!(
        main["env"][3],
        json!({"name": "SRC_REMOTE_URL", "value": "src.example"})
    );
}
