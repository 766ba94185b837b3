//! The cluster as its users see it: through programs on this machine, each with a kubeconfig and a way to the registries.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::cluster::Cluster;
use crate::parts::Tools;

/// User and password of the registries, as `config.json` of Docker holds them.
const LOGIN: &str = "YWRtaW46YWRtaW4=";
/// Where the services of the suite are.
const NAMESPACE: &str = "arc-e2e";

/// A folder with what the programs need; it goes with the value.
pub struct Outside<'a> {
    folder: PathBuf,
    tools: &'a Tools,
}

/// A service of the cluster at a port of this machine, as long as the value is there.
pub struct Forward {
    /// With the port.
    pub address: String,
    _kubectl: Child,
    /// kubectl ends if nobody can read what it says.
    _said: Lines<BufReader<ChildStdout>>,
}

impl<'a> Outside<'a> {
    /// Makes the folder, called after `name`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn of(cluster: &'a Cluster, name: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("arc-e2e-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("kubeconfig"), cluster.node.kubeconfig()?)?;
        let tools = &cluster.parts.tools;
        Ok(Self { folder, tools })
    }

    /// What `program` prints.
    ///
    /// # Errors
    /// It cannot be run, or ends badly.
    pub async fn run<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) -> Result<String> {
        let ended = self.command(program).args(arguments).output().await;
        let ended = ended.with_context(|| format!("run {program}"))?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "{program} says: {said}");
        Ok(String::from_utf8(ended.stdout)?)
    }

    /// Leads a port of this machine to `service`, and programs that ask it know the password.
    ///
    /// # Errors
    /// kubectl does not forward.
    pub async fn forward(&self, service: &str) -> Result<Forward> {
        let mut kubectl = self
            .command("kubectl")
            .args(["-n", NAMESPACE, "port-forward"])
            .args([format!("service/{service}"), ":443".to_owned()])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("run kubectl")?;
        let said = kubectl.stdout.take().context("kubectl has an output")?;
        let mut said = BufReader::new(said).lines();
        let line = said.next_line().await?;
        let line = line.context("kubectl does not forward")?;
        let forwarded = line.strip_prefix("Forwarding from 127.0.0.1:");
        let port = forwarded.and_then(|rest| rest.split(' ').next());
        let port = port.with_context(|| format!("kubectl says: {line}"))?;
        let address = format!("localhost:{port}");
        let login = serde_json::json!({"auths": {&address: {"auth": LOGIN}}});
        fs::write(self.folder.join("config.json"), login.to_string())?;
        Ok(Forward {
            address,
            _kubectl: kubectl,
            _said: said,
        })
    }

    /// The digest behind `reference` of `service`.
    ///
    /// # Errors
    /// There is nothing.
    pub async fn digest(&self, service: &str, reference: &str) -> Result<String> {
        let forward = self.forward(service).await?;
        let reference = format!("{}/{reference}", forward.address);
        Ok(self
            .run("oras", &["resolve", &reference])
            .await?
            .trim()
            .to_owned())
    }

    fn command(&self, program: &str) -> Command {
        let tls = |file: &str| -> PathBuf { Path::new(&self.tools.folder).join("tls").join(file) };
        let mut command = Command::new(self.tools.programs.join(program));
        command
            .env("KUBECONFIG", self.folder.join("kubeconfig"))
            .env("DOCKER_CONFIG", &self.folder)
            .env("SSL_CERT_FILE", tls("ca.crt"))
            .env("SIGSTORE_REKOR_PUBLIC_KEY", tls("rekor.pub"))
            .env("COSIGN_PASSWORD", "secret")
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }
}

impl Drop for Outside<'_> {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for such things.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
