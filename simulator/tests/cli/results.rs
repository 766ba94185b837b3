//! What a run prints.

use rstest::rstest;
use serde_json::{Value, json};

use crate::program::{Called, Program};

const WORKFLOW: &str = "apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: a}
spec:
  entrypoint: main
  arguments: {parameters: [{name: greeting, value: hello}]}
  volumeClaimTemplates:
    - metadata: {name: work}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
  templates:
    - name: main
      steps:
        - - {name: first, template: say}
        - - {name: second, template: say, arguments: {parameters: [{name: previous, value: '{{steps.first.outputs.parameters.said}}'}]}}
    - name: say
      inputs: {parameters: [{name: previous, default: nothing}]}
      container: {image: a, command: [say], args: ['{{workflow.parameters.greeting}}']}
      outputs: {parameters: [{name: said, valueFrom: {path: /said}}]}
";

const BOOK: &str = "outcomes: [{match: {step: second}, run: {exitCode: 3}}]";

fn program(test: &str) -> Program {
    Program::new(test)
        .with("a.yaml", WORKFLOW)
        .with("book.yaml", BOOK)
}

#[test]
fn a_person_gets_a_tree_without_colours_in_a_pipe() {
    let called = program("tree").call(&["workflow", "a.yaml", "--outcomes", "book.yaml"]);
    let (tree, digest) = called.stdout.rsplit_once("sha256 ").unwrap();
    assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""));
    assert_eq!(digest.trim_end().len(), 64);
    insta::assert_snapshot!(tree, @r#"
    ✖ Workflow a  Failed       20s  child 'a-2267866623' failed
    ├─ ✔ first    Succeeded     6s
    └─ ✖ second   Failed        6s  main: Error (exit code 3)

    KIND       NAME   PHASE    PROGRESS   MESSAGE
    Workflow   a      Failed   1/2        child 'a-2267866623' failed

    1 value was made up; an outcome book can give it:
      first outputs.parameters.said = "say.said"

    simulated 20 s, event log
    "#);
}

/// What is written goes into a pipe.
#[rstest]
#[case::a_pipe_has_none("auto", &[], false)]
#[case::unless_asked_for("always", &[], true)]
#[case::also_against_the_environment("always", &[("NO_COLOR", "1")], true)]
#[case::never("never", &[("CLICOLOR_FORCE", "1")], false)]
#[case::forced("auto", &[("CLICOLOR_FORCE", "1")], true)]
#[case::forced_and_unwanted("auto", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "anything")], false)]
#[case::an_empty_wish_is_none("auto", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")], true)]
fn colours_follow_the_flag_and_then_the_environment(
    #[case] flag: &str,
    #[case] environment: &[(&str, &str)],
    #[case] is_coloured: bool,
) {
    let name: Vec<&str> = environment.iter().flat_map(|(k, v)| [*k, *v]).collect();
    let program = program(&format!("colours-{flag}-{}", name.join("-")));
    let mut command = program.command(&["--color", flag, "workflow", "a.yaml"]);
    command
        .envs(environment.iter().copied())
        .env("ARCSIM_LOG", "trace");
    let called = Called::from(command.output().unwrap());
    let beginning = if is_coloured {
        "\x1b[32m✔\x1b[0m Workflow a"
    } else {
        "✔ Workflow a"
    };
    assert!(called.stdout.starts_with(beginning), "{}", called.stdout);
    assert!(called.stderr.contains("TRACE"), "{}", called.stderr);
    assert_eq!(
        called.stderr.contains('\x1b'),
        is_coloured,
        "{}",
        called.stderr
    );
}

#[test]
fn a_program_gets_one_document() {
    let arguments = [
        "workflow",
        "a.yaml",
        "-p",
        "greeting=hi",
        "-p",
        "other=1",
        "-o",
        "json",
    ];
    let called = program("json").call(&arguments);
    let document: Value = serde_json::from_str(&called.stdout).unwrap();
    let keys: Vec<&str> = document
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        ["apiVersion", "deleted", "items", "kind", "log", "madeUp"]
    );
    let workflow = &document["items"][0];
    assert_eq!(
        (&workflow["kind"], &workflow["status"]["phase"]),
        (&json!("Workflow"), &json!("Succeeded"))
    );
    let given = json!([{"name": "greeting", "value": "hi"}, {"name": "other", "value": "1"}]);
    assert_eq!(workflow["spec"]["arguments"]["parameters"], given);
    let gone: Vec<_> = document["deleted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gone| &gone["kind"])
        .collect();
    assert_eq!(gone, ["PersistentVolumeClaim"]);
    let made_up: Vec<_> = document["madeUp"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["output"], &one["value"]))
        .collect();
    assert_eq!(made_up.len(), 2);
    assert_eq!(
        made_up[0],
        (&json!("outputs.parameters.said"), &json!("say.said"))
    );
    assert_eq!(document["log"]["sha256"].as_str().map(str::len), Some(64));
}

#[test]
fn the_same_document_comes_as_yaml() {
    let called = program("yaml").call(&["workflow", "a.yaml", "-o", "yaml"]);
    let json = program("yaml-json").call(&["workflow", "a.yaml", "-o", "json"]);
    let yaml: Value = serde_saphyr::from_str(&called.stdout).unwrap();
    assert_eq!(yaml, serde_json::from_str::<Value>(&json.stdout).unwrap());
}

#[test]
fn arguments_come_from_a_file_too() {
    let program = program("parameter-file").with("given.yaml", "greeting: [1, a]\nother: 5\n");
    let arguments = [
        "workflow",
        "a.yaml",
        "-p",
        "other=6",
        "--parameter-file",
        "given.yaml",
        "-o",
        "json",
    ];
    let document: Value = serde_json::from_str(&program.call(&arguments).stdout).unwrap();
    let expected =
        json!([{"name": "other", "value": "6"}, {"name": "greeting", "value": "[1,\"a\"]"}]);
    assert_eq!(
        document["items"][0]["spec"]["arguments"]["parameters"],
        expected
    );
}
