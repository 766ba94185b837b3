//! The cluster as its users see it: through programs on this machine, each with a kubeconfig and a way to the registries.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::cluster::Cluster;
use crate::parts::Tools;

/// User and password of the registries, and the same as `config.json` of Docker holds them.
const LOGIN: &str = "admin:admin";
const LOGIN_ENCODED: &str = "YWRtaW46YWRtaW4=";
/// How curl asks S3.
const S3_SIGNED: [&str; 6] = [
    "--user",
    "admin:adminadmin",
    "--aws-sigv4",
    "aws:amz:us-east-1:s3",
    "--header",
    "x-amz-content-sha256: UNSIGNED-PAYLOAD",
];
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

    /// What `program` prints; it is one of the parts, or one that every system has.
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
        let login = serde_json::json!({"auths": {&address: {"auth": LOGIN_ENCODED}}});
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
        // Without being told, oras asks a registry on this machine without TLS.
        let digest = ["resolve", "--plain-http=false", &reference];
        let digest = self.run("oras", &digest).await?;
        Ok(digest.trim().to_owned())
    }

    /// The tags of `repository` in the destination, as the registry lists them; nothing if it never heard of it.
    ///
    /// # Errors
    /// The registry answers otherwise.
    pub async fn tags(&self, repository: &str) -> Result<Option<Vec<u8>>> {
        let path = format!("v2/{repository}/tags/list");
        self.get("destination", &path, &["--user", LOGIN]).await
    }

    /// The bytes of the object of S3 with this bucket and key; nothing if there is none.
    ///
    /// # Errors
    /// S3 answers otherwise.
    pub async fn object(&self, path: &str) -> Result<Option<Vec<u8>>> {
        self.get("s3", path, &S3_SIGNED).await
    }

    /// Writes a file of the parts to S3, under this bucket, which is there, and key.
    ///
    /// # Errors
    /// S3 refuses.
    pub async fn store(&self, path: &str, file: &str) -> Result<()> {
        let file = self.tools.folder.join(file);
        let file = file.to_str().context("a path is no text")?;
        let sent = [&S3_SIGNED[..], &["--upload-file", file]].concat();
        let answered = self.get("s3", path, &sent).await?;
        answered
            .with_context(|| format!("S3 has no place for {path}"))
            .map(drop)
    }

    /// What `service` has at `path`, asked by curl with `arguments`; nothing if it has nothing there.
    async fn get(&self, service: &str, path: &str, arguments: &[&str]) -> Result<Option<Vec<u8>>> {
        let forward = self.forward(service).await?;
        let url = format!("https://{}/{path}", forward.address);
        let body = self.folder.join("body");
        fs::write(&body, "")?;
        let authority = self.tools.folder.join("tls/ca.crt");
        let authority = authority.to_str().context("a path is no text")?;
        let asked = ["--silent", "--show-error", "--write-out", "%{http_code}"];
        // curl has authorities of its own, whatever the environment says.
        let told = ["--cacert", authority, "--output", "body", &url];
        let asked = [&asked[..], arguments, &told].concat();
        match self.run("curl", &asked).await?.as_str() {
            "200" => Ok(Some(fs::read(body)?)),
            "404" => Ok(None),
            status => bail!("{url} answers {status}"),
        }
    }

    /// A file of the HTTP service, on this machine.
    #[must_use]
    pub fn path(&self, file: &str) -> PathBuf {
        self.tools.folder.join("files").join(file)
    }

    /// The bytes of a file of the HTTP service.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn file(&self, file: &str) -> Result<Vec<u8>> {
        let path = self.path(file);
        fs::read(&path).with_context(|| format!("read {}", path.display()))
    }

    /// The MD5 sum of a file of the HTTP service.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn md5(&self, file: &str) -> Result<String> {
        let said = self.run("md5sum", &[self.path(file)]).await?;
        let sum = said.split(' ').next();
        Ok(sum.context("md5sum says nothing")?.to_owned())
    }

    fn command(&self, program: &str) -> Command {
        let tls = |file: &str| -> PathBuf { Path::new(&self.tools.folder).join("tls").join(file) };
        let own = self.tools.programs.join(program);
        let found = if own.exists() { own } else { program.into() };
        let mut command = Command::new(found);
        command
            .env("KUBECONFIG", self.folder.join("kubeconfig"))
            .env("DOCKER_CONFIG", &self.folder)
            .env("HELM_REGISTRY_CONFIG", self.folder.join("config.json"))
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
