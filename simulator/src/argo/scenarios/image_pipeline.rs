//! A pipeline that moves a container image: twelve templates, a claim, retries around everything.

use serde_json::json;

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
    assert_eq!(world.describe(), "");
    assert_eq!(
        world.log,
        [
            "event WorkflowRunning",
            "claim wf-work-volume",
            "pod wf-authenticate-registries-3266586938",
            "pod wf-check-src-availability-2030064862",
            "pod wf-compute-images-118990898",
            "pod wf-check-dst-availability-3826936466",
            "pod wf-pull-image-3498066158",
            "pod wf-scan-image-3250364390",
            "pod wf-push-image-1541633242",
            "pod wf-attest-scan-results-1",
            "pod wf-sign-image-1",
            "event WorkflowSucceeded",
            "delete claim wf-work-volume",
        ]
    );
}
