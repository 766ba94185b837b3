//! Programs that run beside a test: `arcsim serve`, and real ones that know nothing of us.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use arc_simulator::parity::command::cached_programs;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// What a served cluster leaves for its clients.
pub(crate) const KUBECONFIG: &str = "kubeconfig";

/// A program that ends with this value.
pub(crate) struct Program(pub(crate) Child);

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A real program, if it is at hand.
pub(crate) fn real(name: &str) -> Option<PathBuf> {
    let program = cached_programs()?.join(name);
    program.is_file().then_some(program)
}

/// Says that a test does nothing without `what`.
pub(crate) fn skip(test: &str, what: &str) {
    let why = format!("SKIPPED {test}: no {what}; build it with ../shared/offline-cluster/up");
    println!("{why}");
    eprintln!("{why}");
}

/// An empty folder for one test of a suite.
pub(crate) fn folder(suite: &str, test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(suite)
        .join(test);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Starts `arcsim serve` in a folder, and waits until it is ready.
pub(crate) fn serve(folder: &Path, arguments: &[&str]) -> Program {
    let mut server = Command::new(env!("CARGO_BIN_EXE_arcsim"))
        .args(["serve", "--kubeconfig", KUBECONFIG])
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = server.stdout.take().unwrap();
    let server = Program(server);
    let mut ready = String::new();
    BufReader::new(stdout).read_line(&mut ready).unwrap();
    assert!(ready.starts_with("arcsim serves "), "{ready}");
    server
}

/// A client of what is served from there.
pub(crate) async fn client(folder: &Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(folder.join(KUBECONFIG)).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    Client::try_from(config.unwrap()).unwrap()
}
