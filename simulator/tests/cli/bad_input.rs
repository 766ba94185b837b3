//! Whatever is wrong with a file that is given is said in one line that leads to it, and nothing is run.

use rstest::rstest;

use crate::program::{Called, Program};

const ORDER: &str = "apiVersion: arc.opendefense.cloud/v1alpha1
kind: Order
metadata: {name: a}
spec:
  defaults: {srcRef: {name: s}, dstRef: {name: d}}
  artifacts:
    - type: oci
      spec: {image: b}
";

const WORKFLOW: &str = "apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: a}
spec:
  entrypoint: main
  templates:
    - name: main
      container:
        image: a
        command: [x]
";

#[track_caller]
fn check(program: &Program, arguments: &[&str], expected: &str) {
    let called = program.call(arguments);
    let expected = Called {
        code: Some(2),
        stdout: String::new(),
        stderr: format!("error: {expected}\n"),
    };
    assert_eq!(called, expected);
}

fn config_map(rest: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\n{rest}\n---\n{ORDER}")
}

fn secret(rest: &str) -> String {
    config_map(rest).replace("ConfigMap", "Secret")
}

#[rstest]
#[case::broken("metadata: {name: a\ndata: {}\n".to_owned(), "2:5: while parsing a flow mapping, did not find expected ',' or '}'")]
#[case::duplicate_key(ORDER.replace("type: oci", "type: oci\n      type: helm"), "8:7: duplicate mapping key `type` is not allowed here")]
#[case::no_mapping(format!("{ORDER}---\n- a\n"), "10:1: expected a Kubernetes object with apiVersion, kind and metadata")]
#[case::no_kind("apiVersion: v1\nmetadata: {name: a}\n".to_owned(), "1:1: kind is missing")]
#[case::no_name(ORDER.replace("name: a}", "}"), "3:1: metadata.name is missing")]
#[case::unknown_kind(ORDER.replace("Order", "Ordr"), "2:1: no kind \"Ordr\" in \"arc.opendefense.cloud/v1alpha1\"; did you mean \"Order\"?")]
#[case::unknown_version(ORDER.replace("v1alpha1", "v1alpha2"), "1:1: no kinds of \"arc.opendefense.cloud/v1alpha2\" are served here; did you mean \"arc.opendefense.cloud/v1alpha1\"?")]
#[case::unknown_field(ORDER.replace("defaults", "default"), "5:3: unknown field \"spec.default\"; did you mean \"defaults\"?")]
#[case::unknown_field_in_list(ORDER.replace("spec: {image", "srcReff: {name"), "8:7: unknown field \"spec.artifacts[0].srcReff\"; did you mean \"srcRef\"?")]
#[case::unknown_field_far(ORDER.replace("spec: {image", "colour: {name"), "8:7: unknown field \"spec.artifacts[0].colour\"; expected one of cron, dstRef, spec, srcRef, type")]
#[case::unknown_metadata(ORDER.replace("name: a", "name: a, lables: {}"), "3:21: unknown field \"metadata.lables\"; did you mean \"labels\"?")]
#[case::wrong_type(ORDER.replace("type: oci", "type: 5"), "7:7: spec.artifacts[0].type: Invalid value: \"integer\": spec.artifacts[0].type in body must be of type string: \"integer\"")]
#[case::cel_rule(ORDER.replace("srcRef: {name: s}, ", ""), "6:3: spec.artifacts: Required value: spec.artifacts[*].srcRef: every artifact needs a srcRef, since spec.defaults has none")]
#[case::invalid_name(ORDER.replace("name: a", "name: A_b"), "3:12: metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")]
#[case::unknown_namespace(ORDER.replace("name: a", "name: a, namespace: b"), "3:21: namespaces \"b\" not found")]
#[case::twice(format!("{ORDER}---\n{ORDER}"), "12:12: Order \"a\" stands a second time; the first is in a.yaml:1")]
#[case::too_large(config_map(&format!("data: {{a: {}}}", "x".repeat(2 << 20))), "1:1: the object has 2097230 bytes; a cluster takes at most 1572864")]
#[case::number_for_text(
    config_map("data: {a: b, c: 5}"),
    "4:14: data.c: expected a text, found number"
)]
#[case::not_base64(
    secret("data: {a: YQ==, c: \"not base64!\"}"),
    "4:17: data.c: expected base64, found illegal data at input byte 3"
)]
#[case::unknown_secret_field(
    secret("stringdata: {a: b}"),
    "4:1: unknown field \"stringdata\"; did you mean \"stringData\"?"
)]
#[case::list(format!("{ORDER}---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfgMap\n  metadata: {{name: b}}\n"), "14:3: no kind \"ConfgMap\" in \"v1\"; did you mean \"ConfigMap\"?")]
#[case::nothing_to_run(config_map("").split("---").next().unwrap().to_owned(), "2:1: nothing to run; expected at least one object of kind Order")]
#[case::nothing("# nothing\n".to_owned(), " no manifest found; expected YAML or JSON objects")]
fn an_order_that_is_wrong(#[case] content: String, #[case] expected: &str) {
    let name = std::thread::current()
        .name()
        .unwrap_or_default()
        .replace("::", "-");
    let program = Program::new(&name).with("a.yaml", content);
    check(&program, &["run", "a.yaml"], &format!("a.yaml:{expected}"));
}

#[rstest]
#[case::unknown_field(WORKFLOW.replace("command", "comand"), "10:9: unknown field \"spec.templates[0].container.comand\"; did you mean \"command\"?")]
#[case::wrong_type(WORKFLOW.replace("image: a", "image: [a]"), "9:9: spec.templates[0].container.image: Invalid value: \"array\": spec.templates[0].container.image in body must be of type string: \"array\"")]
#[case::nothing_to_run(WORKFLOW.replace("kind: Workflow", "kind: WorkflowTemplate"), "2:1: nothing to run; expected at least one object of kind Workflow or CronWorkflow")]
fn a_workflow_that_is_wrong(#[case] content: String, #[case] expected: &str) {
    let name = std::thread::current()
        .name()
        .unwrap_or_default()
        .replace("::", "-");
    let program = Program::new(&name).with("a.yaml", content);
    check(
        &program,
        &["workflow", "a.yaml"],
        &format!("a.yaml:{expected}"),
    );
}

#[rstest]
#[case::empty("", "1:1: the file ends where a value was expected")]
#[case::list("- a", "1:1: expected a mapping")]
#[case::unknown_key(
    "outcome: []",
    "1:1: unknown field `outcome`, expected one of outcomes"
)]
#[case::no_list("outcomes: {}", "1:11: expected a list")]
#[case::unknown_match(
    "outcomes: [{match: {templat: x}, run: {}}]",
    "1:21: unknown field `templat`, expected one of template, attempt, node, step, image, workflow, namespace, container"
)]
#[case::no_run("outcomes: [{match: {template: x}}]", "1:13: missing field `run`")]
#[case::glob(
    "outcomes: [{match: {template: 'a['}, run: {}}]",
    "1:31: invalid glob \"a[\": expected ] after [ (write \\[ for the character itself)"
)]
#[case::wrong_type(
    "outcomes: [{run: {exitCode: one}}]",
    "1:29: expected a whole number from 0 to 255"
)]
#[case::negative(
    "outcomes: [{match: {attempt: -1}, run: {}}]",
    "1:30: expected a whole number from 0 to 4294967295"
)]
#[case::duration(
    "outcomes: [{run: {duration: 5 minutes}}]",
    "1:29: invalid duration \"5 minutes\", expected one such as 40s, 1m30s or 500ms"
)]
#[case::duplicate_key(
    "outcomes: [{run: {exitCode: 1, exitCode: 2}}]",
    "1:32: duplicate mapping key `exitCode` is not allowed here"
)]
#[case::contradiction(
    "outcomes: [{run: {exitCode: 1, error: Hang}}]",
    "1:39: expected either exitCode or error, found both"
)]
fn an_outcome_book_that_is_wrong(#[case] content: &str, #[case] expected: &str) {
    let name = std::thread::current()
        .name()
        .unwrap_or_default()
        .replace("::", "-");
    let program = Program::new(&name)
        .with("a.yaml", WORKFLOW)
        .with("book.yaml", content);
    let arguments = ["workflow", "a.yaml", "--outcomes", "book.yaml"];
    check(&program, &arguments, &format!("book.yaml:{expected}"));
}

#[rstest]
#[case::missing(&["run", "b.yaml"], "b.yaml: cannot read it: No such file or directory (os error 2)")]
#[case::empty_folder(&["run", "empty"], "empty: no manifest found; expected YAML or JSON objects")]
#[case::link_to_itself(&["run", "loop.yaml"], "loop.yaml: cannot read it: Too many levels of symbolic links (os error 40)")]
#[case::no_text(&["run", "binary.yaml"], "binary.yaml: not UTF-8 text: byte 5 cannot be read")]
#[case::nul(&["run", "nul.yaml"], "nul.yaml:1:4: unexpected character: `\\u{0}'")]
#[case::served(&["serve", "--load", "binary.yaml"], "binary.yaml: not UTF-8 text: byte 5 cannot be read")]
#[case::missing_book(&["workflow", "a.yaml", "--outcomes", "b.yaml"], "b.yaml: cannot read it: No such file or directory (os error 2)")]
#[case::parameter_twice(&["workflow", "a.yaml", "-p", "x=1", "-p", "x=2"], "-p: the parameter \"x\" is given twice")]
#[case::parameter_file(&["workflow", "a.yaml", "--parameter-file", "nul.yaml"], "nul.yaml:1:4: unexpected character: `\\u{0}'")]
fn a_file_that_is_none(#[case] arguments: &[&str], #[case] expected: &str) {
    let name = std::thread::current()
        .name()
        .unwrap_or_default()
        .replace("::", "-");
    let program = Program::new(&name)
        .with("a.yaml", WORKFLOW)
        .with("binary.yaml", b"a: \"\xff\xfe")
        .with("nul.yaml", "a: \0");
    std::fs::create_dir(program.folder().join("empty")).unwrap();
    std::os::unix::fs::symlink("loop.yaml", program.folder().join("loop.yaml")).unwrap();
    check(&program, arguments, expected);
}

#[test]
fn a_cluster_is_not_served_with_half_of_what_it_is_to_hold() {
    let manifests = ORDER.replace("defaults", "default");
    let program = Program::new("half-served").with("a.yaml", manifests);
    let expected = "a.yaml:5:3: unknown field \"spec.default\"; did you mean \"defaults\"?";
    check(&program, &["serve", "--load", "a.yaml"], expected);
    assert!(!program.folder().join("arcsim.kubeconfig").exists());
}
