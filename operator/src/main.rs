//! The operator's command line.

use std::io::Write;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};

/// The reference operator of ARC (Artifact Conduit).
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the CustomResourceDefinitions of all ARC kinds as YAML.
    Crds,
    /// Print a completion script.
    Completions {
        /// The shell that shall complete.
        shell: clap_complete::Shell,
    },
}

fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    match Arguments::parse().command {
        Command::Crds => out
            .write_all(arc_operator::api::crds::yaml()?.as_bytes())
            .context("cannot print the definitions"),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "arc-operator", &mut out);
            Ok(())
        }
    }
}
