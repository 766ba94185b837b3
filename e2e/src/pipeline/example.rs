//! The manifests of an example, with the addresses, certificates and passwords of this cluster.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::parts::Tools;

/// The services of the cluster. Source: `ARC_E2E_TOOLS_MANIFEST`.
const SOURCE: &str = "source.arc-e2e.svc.cluster.local";
const DESTINATION: &str = "destination.arc-e2e.svc.cluster.local";
const FILES: &str = "http://files.arc-e2e.svc.cluster.local";
const S3: &str = "https://s3.arc-e2e.svc.cluster.local";

/// The Secrets with the passwords of the registries and of S3, in every example that needs them.
const REGISTRY_SECRET: &str = "dst-reg-secret";
const S3_SECRET: &str = "s3-secret";

/// An image that a template names, and the same version under the name that the services of the cluster have it.
const STAND_IN: (&str, &str) = ("aquasec/trivy:0.59.1", "aquasec/trivy:latest");

/// An example of `fixtures/` whose tools are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Example {
    Oci,
    Helm,
    Blob,
}

/// Where an Endpoint of an example leads here.
struct Address {
    endpoint: &'static str,
    url: &'static str,
    secret: Option<&'static str>,
}

impl Example {
    /// Its folder, and the type of its artifacts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Oci => "oci",
            Self::Helm => "helm",
            Self::Blob => "blob",
        }
    }

    /// The Endpoint that its artifacts go to.
    pub(super) fn destination(self) -> &'static str {
        match self {
            Self::Oci | Self::Helm => "internal",
            Self::Blob => "internal-s3",
        }
    }

    fn addresses(self) -> Vec<Address> {
        fn at(endpoint: &'static str, url: &'static str, secret: Option<&'static str>) -> Address {
            Address {
                endpoint,
                url,
                secret,
            }
        }
        match self {
            Self::Oci => vec![
                at("dockerhub", SOURCE, Some(REGISTRY_SECRET)),
                at("internal", DESTINATION, Some(REGISTRY_SECRET)),
            ],
            Self::Helm => vec![
                at("quay", SOURCE, Some(REGISTRY_SECRET)),
                at("helm-examples", FILES, None),
                at("internal", DESTINATION, Some(REGISTRY_SECRET)),
            ],
            Self::Blob => vec![
                at("src-http", FILES, None),
                at("src-s3", S3, Some(S3_SECRET)),
                at("internal-s3", S3, Some(S3_SECRET)),
            ],
        }
    }

    /// Everything but the Order; `password` opens the registries.
    ///
    /// # Errors
    /// The example or the certificate cannot be read.
    pub(super) fn manifests(self, tools: &Tools, password: &str) -> Result<Vec<Value>> {
        let certificate = tools.folder.join("tls/ca.crt");
        let certificate = fs::read_to_string(&certificate)
            .with_context(|| format!("read {}", certificate.display()))?;
        let mut manifests = arc_fixtures::manifests(self.name())?;
        manifests.retain(|manifest| manifest["kind"] != "Order");
        for manifest in &mut manifests {
            let kind = manifest["kind"].as_str();
            let name = manifest["metadata"]["name"].as_str();
            match (kind, name) {
                (Some("ConfigMap"), Some("root-bundle")) => {
                    manifest["data"]["trust-bundle.pem"] = certificate.clone().into();
                }
                (Some("Secret"), Some(REGISTRY_SECRET)) => {
                    manifest["stringData"] = json!({"password": password});
                }
                (Some("Endpoint"), Some(name)) => {
                    let mut addresses = self.addresses().into_iter();
                    let address = addresses.find(|address| address.endpoint == name);
                    let address = address.with_context(|| format!("nothing stands for {name}"))?;
                    address.apply_to(manifest);
                }
                (Some("ClusterWorkflowTemplate"), _) if self != Self::Oci => {
                    stand_in(manifest);
                }
                _ => {}
            }
        }
        Ok(manifests)
    }
}

impl Address {
    fn apply_to(&self, endpoint: &mut Value) {
        endpoint["spec"]["remoteURL"] = self.url.into();
        if let Some(secret) = self.secret {
            endpoint["spec"]["secretRef"] = json!({"name": secret});
        }
    }
}

/// Names the images of `template` as they are to be had here.
fn stand_in(template: &mut Value) {
    let (named, held) = STAND_IN;
    let templates = template["spec"]["templates"].as_array_mut();
    let scripts = templates
        .into_iter()
        .flatten()
        .filter_map(|template| template.get_mut("script"));
    for script in scripts.filter(|script| script["image"] == named) {
        script["image"] = held.into();
    }
}
