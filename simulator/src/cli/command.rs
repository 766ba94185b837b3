//! The command line.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use jiff::SignedDuration;

use super::run::{self, ORDERS, RunArgs, WORKFLOWS};
use super::serve::{self, ServeArgs};
use super::{Failed, Verdict};
use crate::clock::WallClock;
use crate::outcomes::go_duration;

/// Runs ARC Orders and Argo Workflows on a simulated Kubernetes cluster, in virtual time and in this process.
#[derive(Debug, Parser)]
#[command(name = "arcsim", version, max_term_width = 120)]
pub struct Arcsim {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Apply manifests to a simulated cluster with the operator in it, and see every Order through
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
    /// Run plain Argo Workflows, without ARC
    #[command(after_help = WORKFLOW_HELP)]
    Workflow(RunArgs),
    /// Serve a simulated cluster over HTTPS, for kubectl and other clients
    #[command(after_help = SERVE_HELP)]
    Serve(ServeArgs),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

const RUN_HELP: &str = "Examples:
  arcsim run fixtures/oci
  arcsim run fixtures/oci --outcomes fixtures/oci/outcomes/vulnerable.yaml
  arcsim run my-order.yaml templates/ -o json | jq '.items[] | select(.kind == \"Order\") | .status'

Exit status: 0 every Order succeeded, 1 one did not, 2 bad input or usage.";

const WORKFLOW_HELP: &str = "Examples:
  arcsim workflow hello.yaml
  arcsim workflow hello.yaml --outcomes outcomes.yaml -o json

Exit status: 0 every Workflow succeeded, 1 one did not, 2 bad input or usage.";

const SERVE_HELP: &str = "Examples:
  arcsim serve --time 60x --load fixtures/oci
  export KUBECONFIG=arcsim.kubeconfig; kubectl get orders --watch
  arcsim serve --without operator,argo   # bring your own

Ends on SIGINT or SIGTERM.";

/// A duration in Go's syntax, as a command line takes it.
pub(crate) fn duration(text: &str) -> Result<SignedDuration, String> {
    go_duration(text)
}

/// Parses the command line, does what it says and returns the exit status.
///
/// `wall` is read by `serve` alone; `stop` is ready when the process is to end.
pub async fn main(wall: WallClock, stop: impl Future<Output = ()>) -> ExitCode {
    let arcsim = Arcsim::parse();
    match arcsim.run(wall, stop).await {
        Ok(verdict) => verdict.into(),
        Err(failed) => {
            let mut text = failed.to_string();
            let mut cause = std::error::Error::source(&failed);
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            anstream::eprintln!("error: {text}");
            ExitCode::from(&failed)
        }
    }
}

impl Arcsim {
    async fn run(self, wall: WallClock, stop: impl Future<Output = ()>) -> Result<Verdict, Failed> {
        match self.command {
            Command::Run(args) => run::run(&args, &run::read(&args, &ORDERS)?, &ORDERS).await,
            Command::Workflow(args) => {
                run::run(&args, &run::read(&args, &WORKFLOWS)?, &WORKFLOWS).await
            }
            Command::Serve(args) => serve::serve(&args, wall, stop).await,
            Command::Completions { shell } => {
                clap_complete::generate(
                    shell,
                    &mut Self::command(),
                    "arcsim",
                    &mut std::io::stdout(),
                );
                Ok(Verdict::Good)
            }
        }
    }
}
