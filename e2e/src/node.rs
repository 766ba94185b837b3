//! A Kubernetes node in a container.
//!
//! testcontainers' own k3s module pins an image of 2022 and waits for a line of its log only, so the container is
//! described here.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node as ApiNode;
use kube::api::DynamicObject;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::ApiResource;
use kube::{Api, Client, Config};
use testcontainers::core::{CmdWaitFor, ExecCommand, IntoContainerPort, Mount, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};

use crate::apply::has_condition;
use crate::image::{self, Image};
use crate::parts::Parts;
use crate::wait::{self, Limit};

const API_PORT: u16 = 6443;
/// What k3s prints when the API can be asked whether the node is ready.
const STARTED: &str = "Node controller sync successful";
/// Where the API server is a program of its own, unlike in k3s; and what is found before it there, so that it is started
/// again when it dies.
const API_SERVER: &str = "/usr/local/bin/kube-apiserver";
const API_SERVER_KEPT: &str = "/usr/local/sbin/kube-apiserver";
/// Where containerd writes what it pulls, until it is complete.
const INGEST: &str =
    "/var/lib/rancher/k3s/agent/containerd/io.containerd.content.v1.content/ingest";
const START_MAX: Duration = Duration::from_secs(180);

/// A running node; it goes with the value, and on Ctrl-C.
pub struct Node {
    /// Removed when it is dropped.
    container: ContainerAsync<GenericImage>,
    kubeconfig: Kubeconfig,
}

impl Node {
    /// Starts a node from `parts`, with `images` on it, and waits until the API says that it is ready.
    ///
    /// # Errors
    /// It does not start, or not in time.
    pub async fn start(parts: &Parts, images: &[Image]) -> Result<Self> {
        let (name, tag) = parts
            .node_image
            .rsplit_once(':')
            .context("the image of the node has no tag")?;
        let image = GenericImage::new(name, tag)
            .with_exposed_port(API_PORT.tcp())
            .with_wait_for(WaitFor::message_on_either_std(STARTED));
        let mut request = image
            .with_cmd(["server", "--snapshotter=overlayfs"])
            .with_privileged(true)
            .with_startup_timeout(START_MAX);
        let kept = (keeper()?, API_SERVER_KEPT.to_owned());
        for (from, to) in mounts(parts, images)?.into_iter().chain([kept]) {
            let from = from.to_str().context("a path is no text")?.to_owned();
            request = request.with_mount(Mount::bind_mount(from, to));
        }
        let container = request.start().await.context("start the node")?;
        let kubeconfig = kubeconfig(&container).await?;
        let node = Self {
            container,
            kubeconfig,
        };
        let nodes = Api::all_with(node.client().await?, &ApiResource::erase::<ApiNode>(&()));
        let is_ready = |node: &DynamicObject| has_condition(node, "Ready");
        wait::until_any(&nodes, "the node is Ready", Limit::STARTUP, is_ready).await?;
        Ok(node)
    }

    /// Kills a container of a pod where it stands.
    ///
    /// # Errors
    /// It does not run.
    pub async fn kill(&self, container_id: &str) -> Result<()> {
        let kill = format!("ctr -n k8s.io tasks kill --signal SIGKILL {container_id}");
        self.sh(&kill).await
    }

    /// Whether [`Node::kill_api_server`] can be called.
    pub async fn has_api_server(&self) -> bool {
        self.sh(&format!("test -x {API_SERVER}")).await.is_ok()
    }

    /// Kills the API server where it stands; another one starts.
    ///
    /// # Errors
    /// It does not run.
    pub async fn kill_api_server(&self) -> Result<()> {
        let kill = format!(
            "for process in /proc/[0-9]*; do \
             test \"$(readlink $process/exe)\" = {API_SERVER} && kill -KILL ${{process#/proc/}} && killed=1; \
             done; test -n \"$killed\""
        );
        self.sh(&kill).await
    }

    /// Leaves no space for images that are pulled from now on.
    ///
    /// # Errors
    /// The node is put together otherwise.
    pub async fn fill_image_space(&self) -> Result<()> {
        let fill = format!("mkdir -p {INGEST} && mount -t tmpfs -o size=4k tmpfs {INGEST}");
        self.sh(&fill).await
    }

    /// Leaves space again.
    ///
    /// # Errors
    /// There was space.
    pub async fn free_image_space(&self) -> Result<()> {
        self.sh(&format!("umount {INGEST}")).await
    }

    async fn sh(&self, script: &str) -> Result<()> {
        let command = ExecCommand::new(["sh", "-c", script]);
        let command = command.with_cmd_ready_condition(CmdWaitFor::exit_code(0));
        self.container
            .exec(command)
            .await
            .with_context(|| format!("run on the node: {script}"))?;
        Ok(())
    }

    /// A client with every right.
    ///
    /// # Errors
    /// The kubeconfig does not describe one.
    pub async fn client(&self) -> Result<Client> {
        Ok(Client::try_from(self.config().await?)?)
    }

    /// How to reach it, with every right.
    ///
    /// # Errors
    /// The kubeconfig does not describe it.
    pub async fn config(&self) -> Result<Config> {
        let options = KubeConfigOptions::default();
        Ok(Config::from_custom_kubeconfig(self.kubeconfig.clone(), &options).await?)
    }

    /// The kubeconfig as text, for programs.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn kubeconfig(&self) -> Result<String> {
        Ok(serde_json::to_string(&self.kubeconfig)?)
    }
}

/// What of this machine the node sees, and where. Source: k3s documentation, "Air-Gap Install" and "Private Registry
/// Configuration".
fn mounts(parts: &Parts, images: &[Image]) -> Result<Vec<(PathBuf, String)>> {
    let mut mounts = vec![
        (parts.tools.folder.clone(), "/arc-e2e".to_owned()),
        (
            parts.tools.registries.clone(),
            "/etc/rancher/k3s/registries.yaml".to_owned(),
        ),
    ];
    let mut archives: Vec<_> = images.iter().map(|image| image.archive.clone()).collect();
    if let Some(folder) = &parts.images {
        for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
            archives.push(entry?.path());
        }
    }
    for archive in archives {
        let archive = archive.canonicalize()?;
        let name = archive.file_name().unwrap_or_default().to_string_lossy();
        let to = format!("/var/lib/rancher/k3s/agent/images/{name}");
        mounts.push((archive.clone(), to));
    }
    Ok(mounts)
}

/// A program that runs the API server, again and again.
fn keeper() -> Result<PathBuf> {
    let file = image::folder().join("kube-apiserver");
    let text = format!("#!/bin/sh\nwhile :; do {API_SERVER} \"$@\"; done\n");
    fs::write(&file, text).with_context(|| format!("write {}", file.display()))?;
    fs::set_permissions(&file, Permissions::from_mode(0o755))?;
    Ok(file.canonicalize()?)
}

async fn kubeconfig(container: &ContainerAsync<GenericImage>) -> Result<Kubeconfig> {
    let shown = ExecCommand::new(["cat", "/etc/rancher/k3s/k3s.yaml"]);
    let mut shown = container
        .exec(shown)
        .await
        .context("read the kubeconfig of the node")?;
    let text = String::from_utf8(shown.stdout_to_vec().await?)?;
    let mut kubeconfig = Kubeconfig::from_yaml(&text)?;
    let port = container.get_host_port_ipv4(API_PORT.tcp()).await?;
    for cluster in &mut kubeconfig.clusters {
        if let Some(cluster) = &mut cluster.cluster {
            cluster.server = Some(format!("https://127.0.0.1:{port}"));
        }
    }
    Ok(kubeconfig)
}
