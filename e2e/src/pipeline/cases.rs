//! What is ordered, and how it ends.

use anyhow::Result;
use serde_json::json;

use super::arrival::Arrival;
use super::case::{Artifact, Case};
use super::example::Example;
use crate::cluster::Cluster;
use crate::outside::Outside;

/// Of the registries.
const PASSWORD: &str = "admin";
/// A file of the HTTP service below the quota of the example, and one above it.
const SMALL_FILE: &str = "index.yaml";
const LARGE_FILE: &str = "sample-chart-0.1.0.tgz";

/// Every case, in rows that know nothing of each other; each case builds on what the ones before it in its row moved.
///
/// # Errors
/// The samples cannot be read.
pub async fn rows(cluster: &Cluster) -> Result<Vec<Vec<Case>>> {
    let outside = Outside::of(cluster, "cases")?;
    let md5 = outside.md5(SMALL_FILE).await?;
    Ok(vec![oci().to_vec(), helm().to_vec(), blob(&md5).to_vec()])
}

fn oci() -> [Case; 4] {
    let moved = Artifact {
        src: "dockerhub",
        spec: json!({"repository": "library/sample", "tag": ">3.18.0 < 3.19.0"}),
        steps: &[
            ("retrieve-tags", "Succeeded"),
            ("push-image", "Succeeded"),
            ("sign-image", "Succeeded"),
        ],
        message: "",
        arrival: Arrival::SignedImage("library/sample:3.18.4"),
    };
    let again = Artifact {
        steps: &[("pull-image", "Skipped"), ("push-image", "Skipped")],
        arrival: Arrival::AsBefore,
        ..moved.clone()
    };
    let vulnerable = Artifact {
        src: "dockerhub",
        spec: json!({"repository": "library/vulnerable", "tag": "1.0"}),
        steps: &[("scan-image", "Failed")],
        message: "pkg:deb",
        arrival: Arrival::NoTag("library/vulnerable"),
    };
    let denied = Artifact {
        src: "dockerhub",
        spec: json!({"repository": "library/sample", "tag": "3.18.4"}),
        steps: &[("authenticate-registries", "Failed")],
        message: "authenticate-registries",
        arrival: Arrival::AsBefore,
    };
    [
        case("oci-moves", Example::Oci, "Succeeded", [moved]),
        case("oci-again", Example::Oci, "Succeeded", [again]),
        case("oci-vulnerable", Example::Oci, "Failed", [vulnerable]),
        Case {
            password: "wrong",
            ..case("oci-denied", Example::Oci, "Failed", [denied])
        },
    ]
}

fn helm() -> [Case; 2] {
    let from_registry = Artifact {
        src: "quay",
        spec: json!({"repo": "charts", "chart": "sample-chart", "version": "0.1.0"}),
        steps: &[
            ("login-src", "Succeeded"),
            ("pull-oci", "Succeeded"),
            ("pull-repo", "Skipped"),
            ("push-chart", "Succeeded"),
        ],
        message: "",
        arrival: Arrival::Chart("charts/sample-chart"),
    };
    let from_repository = Artifact {
        src: "helm-examples",
        spec: json!({"repo": "mirrored", "chart": "sample-chart", "version": "0.1.0"}),
        steps: &[
            ("login-src", "Skipped"),
            ("pull-oci", "Skipped"),
            ("pull-repo", "Succeeded"),
            ("push-chart", "Succeeded"),
        ],
        message: "",
        arrival: Arrival::Chart("mirrored/sample-chart"),
    };
    let absent = Artifact {
        src: "quay",
        spec: json!({"repo": "absent", "chart": "sample-chart", "version": "9.9.9"}),
        steps: &[("pull-oci", "Failed")],
        message: "absent/sample-chart:9.9.9: not found",
        arrival: Arrival::NoTag("absent/sample-chart"),
    };
    [
        case(
            "helm-moves",
            Example::Helm,
            "Succeeded",
            [from_registry, from_repository],
        ),
        case("helm-absent", Example::Helm, "Failed", [absent]),
    ]
}

fn blob(md5: &str) -> [Case; 5] {
    let moved = Artifact {
        src: "src-http",
        spec: json!({"key": SMALL_FILE, "md5": md5, "override": "test/result-http.yaml"}),
        steps: &[
            ("verify-checksum", "Succeeded"),
            ("scan-blob", "Succeeded"),
            ("upload-blob", "Succeeded"),
        ],
        message: "",
        arrival: Arrival::Object("test/result-http.yaml", SMALL_FILE),
    };
    let again = Artifact {
        steps: &[
            ("check-dst", "Succeeded"),
            ("check-size", "Skipped"),
            ("download-blob", "Skipped"),
            ("upload-blob", "Skipped"),
        ],
        ..moved.clone()
    };
    let from_s3 = Artifact {
        src: "src-s3",
        spec: json!({"key": "test/result-http.yaml", "md5": md5, "override": "test/result-s3.yaml"}),
        arrival: Arrival::Object("test/result-s3.yaml", SMALL_FILE),
        ..moved.clone()
    };
    let large = Artifact {
        src: "src-http",
        spec: json!({"key": LARGE_FILE, "override": "test/large.tgz"}),
        steps: &[("check-size", "Failed")],
        message: "are more than the quota of 4096",
        arrival: Arrival::NoObject("test/large.tgz"),
    };
    let secret = Artifact {
        src: "src-s3",
        spec: json!({"key": "test/tls.key", "override": "test/result-key.pem"}),
        steps: &[("scan-blob", "Failed")],
        message: "PrivateKey",
        arrival: Arrival::NoObject("test/result-key.pem"),
    };
    [
        case("blob-moves", Example::Blob, "Succeeded", [moved]),
        case("blob-again", Example::Blob, "Succeeded", [again]),
        case("blob-from-s3", Example::Blob, "Succeeded", [from_s3]),
        case("blob-large", Example::Blob, "Failed", [large]),
        Case {
            stored: Some(("test/tls.key", "tls/tls.key")),
            ..case("blob-secret", Example::Blob, "Failed", [secret])
        },
    ]
}

fn case<const N: usize>(
    name: &'static str,
    example: Example,
    phase: &'static str,
    artifacts: [Artifact; N],
) -> Case {
    Case {
        name,
        example,
        artifacts: artifacts.to_vec(),
        phase,
        password: PASSWORD,
        stored: None,
    }
}
