//! A real kube-apiserver with its etcd, for as long as it is held.
//!
//! Source: `spec/kube-api.md` §0: RBAC on, ServiceAccount admission off.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::peer::{self, Peer, TOKEN};

/// How long both may take to start.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How often it is asked whether it is ready.
const START_PAUSE: Duration = Duration::from_millis(50);
/// How much of a log is shown of a program that ended.
const LOG_TAIL_BYTES: usize = 1_500;

/// Why there is no real server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or a port cannot be had.
    #[error("prepare {what}")]
    Prepare {
        /// What is needed.
        what: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// There is no key for service accounts.
    #[error("make a key for service accounts")]
    Key(#[from] rcgen::Error),
    /// A program does not start.
    #[error("start {}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A program ended before it was ready.
    #[error("{program} ended before it was ready: {log}")]
    Ended {
        /// The program.
        program: &'static str,
        /// The end of what it said.
        log: String,
    },
    /// It takes too long.
    #[error("kube-apiserver is not ready within {} s: {log}", START_LIMIT.as_secs())]
    Late {
        /// The end of what it said.
        log: String,
    },
    /// It cannot be talked to.
    #[error(transparent)]
    Peer(#[from] peer::Error),
}

/// The two programs, which end with this value, and their folder, which goes with it.
pub struct RealServer {
    programs: Vec<Program>,
    folder: PathBuf,
    peer: Peer,
}

struct Program {
    name: &'static str,
    child: Child,
}

impl Drop for RealServer {
    fn drop(&mut self) {
        for program in self.programs.iter_mut().rev() {
            // It may have ended by itself; either way it is gone afterwards.
            drop(program.child.kill());
            drop(program.child.wait());
        }
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "remove the folder of the real server");
        }
    }
}

impl RealServer {
    /// Starts the programs of the folder `bin` and returns once they are ready.
    ///
    /// # Errors
    /// Either does not start, or not in time.
    pub async fn start(bin: &Path) -> Result<Self, Error> {
        let folder = std::env::temp_dir().join(format!("arc-parity-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(prepare("a folder"))?;
        let port = free_port()?;
        let peer = Peer::real(&format!("https://127.0.0.1:{port}"))?;
        let mut server = Self {
            programs: Vec::new(),
            folder,
            peer,
        };
        let etcd_port = free_port()?;
        server.run(bin, "etcd", &etcd_flags(etcd_port, free_port()?))?;
        server.write_credentials()?;
        server.run(bin, "kube-apiserver", &api_flags(port, etcd_port))?;
        server.wait_ready().await?;
        Ok(server)
    }

    /// The way to it.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The processes that it consists of.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let programs = self.programs.iter();
        programs.map(|program| program.child.id()).collect()
    }

    fn run(&mut self, bin: &Path, name: &'static str, flags: &[String]) -> Result<(), Error> {
        let log = File::create(self.folder.join(format!("{name}.log")));
        let log = log.map_err(prepare("a log file"))?;
        let program = bin.join(name);
        let child = Command::new(&program)
            .args(flags)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|source| Error::Start { program, source })?;
        self.programs.push(Program { name, child });
        Ok(())
    }

    fn write_credentials(&self) -> Result<(), Error> {
        let key = rcgen::KeyPair::generate()?;
        let files = [
            (
                "tokens.csv",
                format!("{TOKEN},{TOKEN},{TOKEN},system:masters\n"),
            ),
            ("accounts.key", key.serialize_pem()),
            ("accounts.pub", key.public_key_pem()),
        ];
        for (name, text) in files {
            std::fs::write(self.folder.join(name), text).map_err(prepare("credentials"))?;
        }
        Ok(())
    }

    async fn wait_ready(&mut self) -> Result<(), Error> {
        let waited = timeout(START_LIMIT, async {
            loop {
                let asked = self.peer.ask("GET", "/readyz", &[], Bytes::new()).await;
                if asked.is_ok_and(|answer| answer.status == 200) {
                    return Ok(());
                }
                self.check_alive()?;
                sleep(START_PAUSE).await;
            }
        });
        match waited.await {
            Ok(ready) => ready,
            Err(_) => Err(Error::Late {
                log: self.log_tail("kube-apiserver"),
            }),
        }
    }

    fn check_alive(&mut self) -> Result<(), Error> {
        for index in 0..self.programs.len() {
            let program = &mut self.programs[index];
            let name = program.name;
            let status = program
                .child
                .try_wait()
                .map_err(prepare("a look at a program"))?;
            if status.is_some() {
                let log = self.log_tail(name);
                return Err(Error::Ended { program: name, log });
            }
        }
        Ok(())
    }

    fn log_tail(&self, name: &str) -> String {
        let log = std::fs::read(self.folder.join(format!("{name}.log"))).unwrap_or_default();
        let tail = &log[log.len().saturating_sub(LOG_TAIL_BYTES)..];
        String::from_utf8_lossy(tail).trim().to_owned()
    }
}

fn prepare(what: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::Prepare { what, source }
}

/// A port that nobody listens on now.
fn free_port() -> Result<u16, Error> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(prepare("a port"))?;
    Ok(socket.local_addr().map_err(prepare("a port"))?.port())
}

fn etcd_flags(port: u16, peer_port: u16) -> Vec<String> {
    let (url, peer) = (
        format!("http://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{peer_port}"),
    );
    let flags = [
        "--data-dir=etcd".to_owned(),
        "--unsafe-no-fsync".to_owned(),
        "--log-level=error".to_owned(),
        format!("--listen-client-urls={url}"),
        format!("--advertise-client-urls={url}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
    ];
    flags.into()
}

fn api_flags(port: u16, etcd_port: u16) -> Vec<String> {
    let flags = [
        format!("--etcd-servers=http://127.0.0.1:{etcd_port}"),
        format!("--secure-port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--cert-dir=certificates".to_owned(),
        "--token-auth-file=tokens.csv".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        "--disable-admission-plugins=ServiceAccount".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
        "--service-account-signing-key-file=accounts.key".to_owned(),
        "--service-account-key-file=accounts.pub".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--max-requests-inflight=0".to_owned(),
        "--max-mutating-requests-inflight=0".to_owned(),
        "--enable-priority-and-fairness=false".to_owned(),
    ];
    flags.into()
}
