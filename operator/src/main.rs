//! The operator's command line; the only place that reads the clock on the wall.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use anyhow::{Context, bail};
use arc_operator::api::duration::{GoDuration, InvalidDuration};
use arc_operator::controller::election::Candidate;
use arc_operator::settings::{LABEL_EXCLUDE, Settings};
use arc_operator::{Config, api, signal};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;
use kube::Client;
use tracing_subscriber::EnvFilter;

const NO_SIGNALS: &str = "cannot wait for SIGINT and SIGTERM";

/// The reference operator of ARC (Artifact Conduit).
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Work until told to stop; the cluster is that of KUBECONFIG, or the one around the pod.
    Run(Run),
    /// Print the CustomResourceDefinitions of all ARC kinds as YAML.
    Crds,
    /// Print a completion script.
    Completions {
        /// The shell that shall complete.
        shell: clap_complete::Shell,
    },
}

#[derive(Args)]
struct Run {
    /// Namespaces to work in, separated by commas; all if not given.
    #[arg(long, env = "ARC_WATCH_NAMESPACES", value_delimiter = ',')]
    watch_namespaces: Vec<String>,
    /// Service account of run pods where the template shall not decide.
    #[arg(long, env = "ARC_WORKFLOW_SERVICE_ACCOUNT")]
    workflow_service_account: Option<String>,
    /// Make a failed or not yet started child anew when its configuration changed.
    #[arg(long, env = "ARC_RETRY_ON_CONFIG_CHANGE", default_value_t = true, action = clap::ArgAction::Set)]
    retry_on_config_change: bool,
    /// Emit nested spec keys also without capitals.
    #[arg(long, env = "ARC_LEGACY_PARAMETER_NAMES")]
    legacy_parameter_names: bool,
    /// The shortest time that may lie between two runs of a schedule, such as `90s` or `1h`.
    #[arg(long, env = "ARC_CRON_MIN_SCHEDULE_INTERVAL", default_value = "10m", value_parser = duration)]
    cron_min_schedule_interval: SignedDuration,
    /// Lines of a failed step's log that its message quotes; 0 reads no logs.
    #[arg(long, env = "ARC_FAILURE_LOG_LINES", default_value_t = 30)]
    failure_log_lines: u32,
    /// Labels that children do not inherit, separated by commas; `*` at the end stands for any rest.
    #[arg(long, env = "ARC_LABEL_EXCLUDE", value_delimiter = ',', default_values = LABEL_EXCLUDE)]
    label_exclude: Vec<String>,
    /// Work only as the leader among the operators of this namespace; the others stand by.
    #[arg(
        long,
        env = "ARC_LEADER_ELECT",
        default_value_t = false,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    leader_elect: bool,
    /// What events name as the reporting instance.
    #[arg(long, env = "HOSTNAME", default_value = "arc-operator")]
    instance: String,
    /// What to log, as in `info` or `arc_operator=debug,kube=warn`.
    #[arg(long, env = "ARC_LOG_LEVEL", default_value = "info")]
    log_level: String,
    /// How to log.
    #[arg(long, env = "ARC_LOG_FORMAT", default_value = "json")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    match Arguments::parse().command {
        Command::Run(arguments) => run(arguments),
        Command::Crds => out
            .write_all(api::crds::yaml()?.as_bytes())
            .context("cannot print the definitions"),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "arc-operator", &mut out);
            Ok(())
        }
    }
}

fn run(arguments: Run) -> anyhow::Result<()> {
    start_logging(&arguments.log_level, arguments.log_format)?;
    let elects = arguments.leader_elect;
    let config = config(arguments);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(async {
            let client = Client::try_default()
                .await
                .context("cannot find a cluster")?;
            tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
            let stopped = signal::stopped();
            if elects {
                work_as_leader(client, config, stopped).await?;
            } else {
                tokio::select! {
                    () = arc_operator::run(client, config) => {}
                    told = stopped => told.context(NO_SIGNALS)?,
                }
            }
            tracing::info!("stopped");
            Ok(())
        })
}

/// Works as the leader, or stands by, until told to stop.
async fn work_as_leader(
    client: Client,
    config: Config,
    stopped: impl Future<Output = io::Result<()>>,
) -> anyhow::Result<()> {
    let identity = identity(&config.settings.reporting_instance);
    let mut candidate = Candidate::new(client.clone(), identity, config.clock.clone());
    tokio::select! {
        lost = lead(&mut candidate, client, config) => return lost,
        told = stopped => told.context(NO_SIGNALS)?,
    }
    if let Err(error) = candidate.release().await {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(error, "the lease has to run out by itself");
    }
    Ok(())
}

/// Waits until this process leads, and works as long as it does.
async fn lead(candidate: &mut Candidate, client: Client, config: Config) -> anyhow::Result<()> {
    candidate.elected().await;
    tokio::select! {
        () = arc_operator::run(client, config) => Ok(()),
        () = candidate.deposed() => bail!("leader election lost"),
    }
}

/// A name that no other process has, nor this one when it starts again: the chance in it comes from the system.
fn identity(instance: &str) -> String {
    let chance = RandomState::new().hash_one(instance);
    format!("{instance}_{chance:016x}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the clock on the wall comes in"
)]
fn config(arguments: Run) -> Config {
    Config {
        settings: Settings {
            retry_on_config_change: arguments.retry_on_config_change,
            failure_log_lines: arguments.failure_log_lines,
            label_exclude: arguments.label_exclude,
            workflow_service_account: arguments.workflow_service_account,
            legacy_parameter_names: arguments.legacy_parameter_names,
            cron_interval_min: arguments.cron_min_schedule_interval,
            reporting_instance: arguments.instance,
        },
        namespaces: arguments.watch_namespaces,
        clock: Arc::new(jiff::Timestamp::now),
    }
}

fn duration(text: &str) -> Result<SignedDuration, InvalidDuration> {
    GoDuration(text.to_owned()).parse()
}

fn start_logging(level: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(level).context("cannot read --log-level")?;
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Json => logger.json().init(),
        LogFormat::Text if std::io::stderr().is_terminal() => logger.init(),
        LogFormat::Text => logger.with_ansi(false).init(),
    }
    Ok(())
}
