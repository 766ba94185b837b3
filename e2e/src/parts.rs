//! The real parts of a cluster, and where they come from.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// k3s, pinned; `ARC_E2E_K3S_IMAGE` names another image that behaves as it does.
const K3S_IMAGE: &str = "rancher/k3s:v1.34.1-k3s1";

/// What a suite is made of. Source: `design.md` §8.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The image of the node, with its tag.
    pub node_image: String,
    /// Image archives that the node loads when it starts.
    pub images: Option<PathBuf>,
    /// Argo's install manifest.
    pub argo_manifest: PathBuf,
    /// The programs that pipelines run, and the services they talk to.
    pub tools: Tools,
}

/// Images, samples and services of pipelines.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Mirror, samples, certificates; mounted into the node.
    pub folder: PathBuf,
    /// Programs for the suite itself.
    pub programs: PathBuf,
    /// `registries.yaml` of the node.
    pub registries: PathBuf,
    /// The services.
    pub manifest: PathBuf,
}

/// Why the suite cannot run here, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{lacking}; {remedy}")]
pub struct Unavailable {
    lacking: String,
    remedy: &'static str,
}

impl Parts {
    /// The parts that the environment names.
    ///
    /// # Errors
    /// There is no Docker, or a part has no default and is not named.
    pub fn find() -> Result<Self, Unavailable> {
        check_docker()?;
        Ok(Self {
            node_image: env::var("ARC_E2E_K3S_IMAGE").unwrap_or_else(|_| K3S_IMAGE.to_owned()),
            images: env::var_os("ARC_E2E_IMAGES_DIR").map(PathBuf::from),
            argo_manifest: path(
                "ARC_E2E_ARGO_MANIFEST",
                "download install.yaml of Argo Workflows v3.7.4 and name it there",
            )?,
            tools: Tools {
                folder: tool("ARC_E2E_TOOLS_DIR")?,
                programs: tool("ARC_E2E_TOOLS_BIN")?,
                registries: tool("ARC_E2E_REGISTRIES")?,
                manifest: tool("ARC_E2E_TOOLS_MANIFEST")?,
            },
        })
    }
}

fn check_docker() -> Result<(), Unavailable> {
    let mut asked = Command::new("docker");
    asked.args(["info", "--format", "{{.ServerVersion}}"]);
    let answered = asked.stdout(Stdio::null()).stderr(Stdio::null()).status();
    match answered {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Unavailable {
            lacking: "Docker does not answer".to_owned(),
            remedy: "start dockerd, or let DOCKER_HOST name one",
        }),
        Err(_) => Err(Unavailable {
            lacking: "there is no docker".to_owned(),
            remedy: "install Docker Engine (https://docs.docker.com/engine/install)",
        }),
    }
}

fn tool(variable: &str) -> Result<PathBuf, Unavailable> {
    let remedy = "name the images, samples and services of the pipelines as e2e/README.md tells";
    path(variable, remedy)
}

fn path(variable: &str, remedy: &'static str) -> Result<PathBuf, Unavailable> {
    let named = env::var_os(variable).map(PathBuf::from);
    let found = named.filter(|path| path.exists());
    found.ok_or_else(|| Unavailable {
        lacking: format!("{variable} names nothing that is there"),
        remedy,
    })
}
