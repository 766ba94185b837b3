//! The command line.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use futures::future::{Either, select};
use jiff::SignedDuration;

use super::parameters::{self, ParameterArgs};
use super::run::{self, ORDERS, RunArgs, WORKFLOWS};
use super::serve::{self, ServeArgs};
use super::{Failed, Verdict, manifest, screen};
use crate::clock::WallClock;
use crate::outcomes::go_duration;

/// Runs ARC Orders and Argo Workflows on a simulated Kubernetes cluster, in virtual time and in this process.
#[derive(Debug, Parser)]
#[command(name = "arcsim", version, max_term_width = 120, after_help = HELP)]
pub struct Arcsim {
    /// When to print in colour; NO_COLOR and CLICOLOR_FORCE count if it is auto
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Color {
    /// On a terminal.
    Auto,
    /// Also into a pipe.
    Always,
    /// Not at all.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Apply manifests to a simulated cluster with the operator in it, and see every Order through
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
    /// Run plain Argo Workflows and CronWorkflows, without ARC
    #[command(after_help = WORKFLOW_HELP)]
    Workflow {
        #[command(flatten)]
        run: RunArgs,
        #[command(flatten)]
        parameters: ParameterArgs,
    },
    /// Serve a simulated cluster over HTTPS, for kubectl and other clients
    #[command(after_help = SERVE_HELP)]
    Serve(ServeArgs),
    /// Print the completion script of a shell
    #[command(alias = "completions", after_help = COMPLETION_HELP)]
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the versions of this program and of what it simulates
    Version,
}

const HELP: &str = "Examples:
  arcsim run fixtures/oci                          an Order, from an empty cluster to its end
  arcsim workflow hello.yaml -p message=hello      a Workflow alone
  arcsim serve --time 60x --load fixtures/oci      a cluster for kubectl

Exit status: 0 good, 1 what was run failed, 2 bad input or usage, 130 interrupted.
Results go to standard output, progress and errors to standard error. ARCSIM_LOG=debug tells more.";

const RUN_HELP: &str = "Examples:
  arcsim run fixtures/oci
  arcsim run fixtures/oci --outcomes fixtures/oci/outcomes/vulnerable.yaml
  arcsim run my-order.yaml templates/ -o json | jq '.items[] | select(.kind == \"Order\") | .status'
  kubectl get orders -o yaml | arcsim run - templates/

Exit status: 0 every Order succeeded, 1 one did not, 2 bad input or usage.";

const WORKFLOW_HELP: &str = "Examples:
  arcsim workflow hello.yaml
  arcsim workflow hello.yaml -p message=hello -p count=3
  arcsim workflow hello.yaml --outcomes outcomes.yaml -o json
  arcsim workflow nightly.yaml --until 72h       a CronWorkflow, for three days

Exit status: 0 every Workflow succeeded, 1 one did not, 2 bad input or usage.";

const SERVE_HELP: &str = "Examples:
  arcsim serve --time 60x --load fixtures/oci
  export KUBECONFIG=arcsim.kubeconfig; kubectl get orders --watch
  arcsim serve --without operator,argo             bring your own

Prints one line once clients can come, and ends on SIGINT or SIGTERM.";

const COMPLETION_HELP: &str = "Examples:
  source <(arcsim completion bash)
  arcsim completion zsh > \"${fpath[1]}/_arcsim\"
  arcsim completion fish > ~/.config/fish/completions/arcsim.fish";

/// What is simulated. Source: `spec/kube-api.md` and `spec/argo.md`, their versions.
const SIMULATED: &str = "Kubernetes v1.34.3, Argo Workflows v4.1.2";

/// A duration in Go's syntax, as a command line takes it.
pub(crate) fn duration(text: &str) -> Result<SignedDuration, String> {
    go_duration(text)
}

/// Parses the command line, does what it says and returns the exit status.
///
/// `wall` is read by `serve` alone; `stop` is ready when the process is to end.
pub async fn main(wall: WallClock, stop: impl Future<Output = ()>) -> ExitCode {
    let arcsim = Arcsim::parse();
    match arcsim.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    match arcsim.command.run(wall, stop).await {
        Ok(verdict) => verdict.into(),
        Err(failed) => {
            let mut text = failed.to_string();
            let mut cause = std::error::Error::source(&failed);
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            screen::print_aside(&format!("error: {text}\n"));
            ExitCode::from(&failed)
        }
    }
}

impl Command {
    async fn run(self, wall: WallClock, stop: impl Future<Output = ()>) -> Result<Verdict, Failed> {
        match self {
            Self::Run(args) => {
                let documents = manifest::read(&args.paths)?;
                unless(stop, run::run(&args, &documents, &ORDERS)).await
            }
            Self::Workflow { run, parameters } => {
                let mut documents = manifest::read(&run.paths)?;
                parameters::pass(&mut documents, &parameters.read()?);
                unless(stop, run::run(&run, &documents, &WORKFLOWS)).await
            }
            Self::Serve(args) => serve::serve(&args, wall, stop).await,
            Self::Completion { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Arcsim::command(), "arcsim", &mut script);
                screen::print(&String::from_utf8_lossy(&script))?;
                Ok(Verdict::Good)
            }
            Self::Version => {
                let version = env!("CARGO_PKG_VERSION");
                screen::print(&format!("arcsim {version}\nsimulates {SIMULATED}\n"))?;
                Ok(Verdict::Good)
            }
        }
    }
}

/// What `work` comes to, unless `stop` is ready before.
async fn unless(
    stop: impl Future<Output = ()>,
    work: impl Future<Output = Result<Verdict, Failed>>,
) -> Result<Verdict, Failed> {
    futures::pin_mut!(stop, work);
    match select(stop, work).await {
        Either::Left(_) => Err(Failed::Interrupted),
        Either::Right((done, _)) => done,
    }
}
