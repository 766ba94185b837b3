//! How a command ends.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::assembly::InstallError;
use crate::cluster::Spinning;
use crate::http::listener;
use crate::input_error::InputError;
use crate::simulation::StartError;
use crate::state::StateError;

/// The exit status of what SIGINT ended, as shells have it.
const INTERRUPTED: u8 = 130;

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything succeeded.
    Good,
    /// The thing under test failed.
    Failed,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// A file that was given is wrong.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The kinds could not be installed.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// The cluster does not come to rest.
    #[error(transparent)]
    Spinning(#[from] Spinning),
    /// The simulation cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] listener::Error),
    /// The cluster cannot tell where it is reached.
    #[error("tell the cluster that it is at {}", .0)]
    Advertise(SocketAddr, #[source] kube::Error),
    /// There are no threads to be had.
    #[error("start threads")]
    Threads(#[source] io::Error),
    /// The result cannot be written.
    #[error("write to standard output")]
    Print(#[source] io::Error),
    /// SIGINT or SIGTERM came before the end.
    #[error("interrupted")]
    Interrupted,
    /// The state of a cluster cannot be read or kept.
    #[error(transparent)]
    State(#[from] StateError),
    /// The kubeconfig cannot be written.
    #[error("write {}", .0.display())]
    WriteKubeconfig(PathBuf, #[source] io::Error),
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Good => Self::SUCCESS,
            Verdict::Failed => Self::from(1),
        }
    }
}

impl From<&Failed> for ExitCode {
    fn from(failed: &Failed) -> Self {
        match failed {
            Failed::Spinning(_) => Self::from(1),
            Failed::Interrupted => Self::from(INTERRUPTED),
            Failed::Input(_)
            | Failed::Install(_)
            | Failed::Start(_)
            | Failed::Listen(_)
            | Failed::Advertise(..)
            | Failed::Threads(_)
            | Failed::Print(_)
            | Failed::State(_)
            | Failed::WriteKubeconfig(..) => Self::from(2),
        }
    }
}
