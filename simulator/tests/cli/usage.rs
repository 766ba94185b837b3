//! How the program is called, and how it ends when it is not let finish.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use rstest::rstest;

use crate::program::Program;

/// A Workflow that starts again every minute, which keeps a run busy.
const SCHEDULE: &str = "apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: a}
spec:
  schedules: ['* * * * *']
  workflowSpec:
    entrypoint: main
    templates:
      - name: main
        container: {image: a, command: [x]}
";

#[rstest]
#[case::nothing(&[], "Usage: arcsim")]
#[case::unknown_command(&["rum"], "a similar subcommand exists: 'run'")]
#[case::unknown_option(&["run", "--sed", "1", "a"], "a similar argument exists: '--seed'")]
#[case::no_path(&["run"], "<PATH>...")]
#[case::seed(&["run", "--seed", "x", "a"], "invalid value 'x' for '--seed <N>'")]
#[case::duration(&["run", "--until", "5", "a"], "invalid duration \"5\"")]
#[case::pace(&["serve", "--time", "0x"], "expected real, virtual or a factor such as 60x")]
#[case::part(&["serve", "--without", "argu"], "a similar value exists: 'argo'")]
#[case::parameter(&["workflow", "a", "-p", "x"], "expected NAME=VALUE")]
#[case::color(&["--color", "red", "version"], "[possible values: auto, always, never]")]
fn wrong_usage_is_explained(#[case] arguments: &[&str], #[case] expected: &str) {
    let called = Program::new("usage").call(arguments);
    assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""));
    assert!(called.stderr.contains(expected), "{}", called.stderr);
}

#[rstest]
#[case::bash("bash", "_arcsim()")]
#[case::zsh("zsh", "#compdef arcsim")]
#[case::fish("fish", "complete -c arcsim")]
fn a_shell_learns_to_complete(#[case] shell: &str, #[case] expected: &str) {
    let called = Program::new("completion").call(&["completion", shell]);
    assert_eq!(called.code, Some(0));
    assert!(called.stdout.contains(expected));
}

#[test]
fn the_versions_of_what_is_simulated_are_told() {
    let called = Program::new("version").call(&["version"]);
    let expected = "simulates Kubernetes v1.34.3, Argo Workflows v4.1.2\n";
    assert!(called.stdout.ends_with(expected), "{}", called.stdout);
}

fn interrupt(child: &Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn a_run_that_is_interrupted_says_so() {
    let program = Program::new("interrupted").with("a.yaml", SCHEDULE);
    let mut command = program.command(&["workflow", "a.yaml", "--until", "999999h"]);
    command
        .env("ARCSIM_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut String::new()).unwrap();
    interrupt(&child);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("error: interrupted\n"));
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[rstest]
#[case::real("real")]
#[case::virtual_time("virtual")]
fn a_server_that_is_interrupted_ends_well(#[case] time: &str) {
    let program = Program::new(&format!("served-{time}"));
    let mut command = program.command(&["serve", "--time", time]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut ready).unwrap();
    assert!(
        ready.starts_with("arcsim serves https://127.0.0.1:"),
        "{ready}"
    );
    assert!(
        ready.ends_with("; export KUBECONFIG=arcsim.kubeconfig\n"),
        "{ready}"
    );
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn who_reads_no_more_has_read_enough() {
    let program = Program::new("broken-pipe");
    let mut child = program
        .command(&["completion", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let called = child.wait_with_output().unwrap();
    assert_eq!(
        (called.status.code(), called.stderr.as_slice()),
        (Some(0), [].as_slice())
    );
}
