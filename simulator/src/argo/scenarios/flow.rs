//! Small Workflows.

use rstest::rstest;

use super::runner::{Run, World, yaml};
use crate::json::json;

fn check(workflow: &str, script: impl Fn(&str) -> Run, expected: &str) -> World {
    let mut world = World::new(yaml(workflow));
    world.run(script);
    assert_eq!(world.describe(), expected);
    world
}

const HELLO: &str = r"
metadata: {name: hello}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [echo], args: ['{{workflow.name}}']}
";

#[test]
fn a_single_container_succeeds() {
    let world = check(
        HELLO,
        |_| Run::default(),
        "Succeeded 1/1\nhello Pod Succeeded\n",
    );
    assert_eq!(
        world.log,
        [
            "event WorkflowRunning",
            "pod hello",
            "event WorkflowSucceeded"
        ]
    );
    let labels = world.workflow.metadata.labels.unwrap();
    assert_eq!(labels["workflows.argoproj.io/phase"], "Succeeded");
    assert_eq!(labels["workflows.argoproj.io/completed"], "true");
}

#[test]
fn the_node_of_a_pod_tells_what_argo_tells() {
    let world = check(
        HELLO,
        |_| Run::default(),
        "Succeeded 1/1\nhello Pod Succeeded\n",
    );
    assert_eq!(
        *world.node("hello"),
        json!({
            "id": "hello", "name": "hello", "displayName": "hello", "type": "Pod", "templateName": "main",
            "templateScope": "local/hello", "phase": "Succeeded", "startedAt": "2030-01-01T00:00:00Z",
            "finishedAt": "2030-01-01T00:00:10Z", "progress": "1/1", "hostNodeName": "node-1",
            "resourcesDuration": {"cpu": 0, "memory": 15}, "outputs": {"exitCode": "0"}, "taskResultSynced": true,
        })
    );
    assert_eq!(
        world.status()["conditions"],
        json!([{"type": "PodRunning", "status": "False"}, {"type": "Completed", "status": "True"}])
    );
}

#[test]
fn a_failing_container_fails_the_workflow() {
    check(
        HELLO,
        |_| Run::exits(3),
        "Failed 0/1 main: Error (exit code 3)\nhello Pod Failed main: Error (exit code 3)\n",
    );
}

const COIN: &str = r#"
metadata: {name: coin}
spec:
  entrypoint: flip
  templates:
  - name: flip
    steps:
    - - {name: toss, template: toss}
    - - {name: heads, template: say, when: "{{steps.toss.outputs.result}} == heads", arguments: {parameters: [{name: what, value: "{{steps.toss.outputs.result}}!"}]}}
      - {name: tails, template: say, when: "{{steps.toss.outputs.result}} == tails"}
  - name: toss
    script: {image: python, command: [python], source: print}
  - name: say
    inputs: {parameters: [{name: what, default: nothing}]}
    container: {image: busybox, command: [echo, '{{inputs.parameters.what}}']}
"#;

#[test]
fn steps_follow_what_a_script_prints() {
    let script = |node: &str| {
        if node == "toss" {
            Run::prints("heads")
        } else {
            Run::default()
        }
    };
    let world = check(
        COIN,
        script,
        "Succeeded 2/2\n\
         coin Steps Succeeded\n\
         coin[0] StepGroup Succeeded\n\
         coin[0].toss Pod Succeeded\n\
         coin[1] StepGroup Succeeded\n\
         coin[1].heads Pod Succeeded\n\
         coin[1].tails Skipped Skipped when 'heads == tails' evaluated false\n",
    );
    assert_eq!(
        world.node("coin[1].heads")["inputs"]["parameters"][0]["value"],
        "heads!"
    );
    assert_eq!(world.node("coin[0].toss")["outputs"]["result"], "heads");
    let group = world.node("coin[1]")["id"].clone();
    assert_eq!(world.node("coin[0].toss")["children"], json!([group]));
    assert_eq!(
        world.node("coin")["outboundNodes"],
        world.node("coin[1]")["children"]
    );
}

#[rstest]
#[case::attempts_are_used_up(
    "retryStrategy: {limit: 1}", |_: &str| Run::exits(1),
    "Failed 0/2 No more retries left\nre Retry Failed No more retries left\nre(0) Pod Failed main: Error (exit code 1)\nre(1) Pod Failed main: Error (exit code 1)\n")]
#[case::the_second_attempt_succeeds(
    "retryStrategy: {limit: '2'}", |node: &str| Run::exits(i32::from(node == "re(0)")),
    "Succeeded 1/2\nre Retry Succeeded\nre(0) Pod Failed main: Error (exit code 1)\nre(1) Pod Succeeded\n")]
#[case::failures_are_not_errors(
    "retryStrategy: {limit: 1, retryPolicy: OnError}", |_: &str| Run::exits(1),
    "Failed 0/1 main: Error (exit code 1)\nre Retry Failed main: Error (exit code 1)\nre(0) Pod Failed main: Error (exit code 1)\n")]
#[case::errors_are_retried_on_demand(
    "retryStrategy: {limit: 0, retryPolicy: OnError}", |_: &str| Run { wait_error: Some("boom"), ..Run::default() },
    "Error 0/1 No more retries left\nre Retry Error No more retries left\nre(0) Pod Error wait: Error (exit code 64): boom\n")]
#[case::a_policy_must_exist(
    "retryStrategy: {limit: 1, retryPolicy: Sometimes}", |_: &str| Run::exits(1),
    "Error 0/1 error in entry template execution: Sometimes is not a valid RetryPolicy\nre Retry Error Sometimes is not a valid RetryPolicy\nre(0) Pod Failed main: Error (exit code 1)\n")]
fn a_template_is_tried_again(
    #[case] strategy: &str,
    #[case] script: fn(&str) -> Run,
    #[case] expected: &str,
) {
    let workflow = format!(
        "metadata: {{name: re}}\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n    {strategy}\n    container: {{image: i, command: [c]}}\n"
    );
    check(&workflow, script, expected);
}

#[test]
fn a_workflow_strategy_wraps_every_template() {
    let workflow = r"
metadata: {name: w}
spec:
  entrypoint: main
  retryStrategy: {limit: 1}
  templates:
  - name: main
    steps: [[{name: a, template: leaf}]]
  - name: leaf
    container: {image: i, command: [c]}
";
    let mut world = World::new(yaml(workflow));
    world.run(|_| Run::exits(1));
    let pods = world
        .log
        .iter()
        .filter(|line| line.starts_with("pod "))
        .count();
    assert_eq!(pods, 4);
    assert_eq!(world.node("w(1)[0].a(1)")["phase"], "Failed");
    assert_eq!(world.status()["message"], "No more retries left");
}

#[rstest]
#[case::an_unknown_volume(
    "container: {image: i, command: [c], volumeMounts: [{name: v, mountPath: /v}]}",
    "Error 0/1 error in entry template execution: volume 'v' not found in workflow spec\nx Pod Error volume 'v' not found in workflow spec\n"
)]
#[case::a_missing_argument(
    "inputs: {parameters: [{name: p}]}\n    container: {image: i, command: [c]}",
    "Error 0/0 error in entry template execution: inputs.parameters.p was not supplied\nx Skipped Error inputs.parameters.p was not supplied\n"
)]
#[case::no_type(
    "metadata: {}",
    "Error 0/0 error in entry template execution: template 'main' type is unknown\nx Skipped Error template 'main' type is unknown\n"
)]
#[case::what_is_not_modelled(
    "http: {url: x}",
    "Error 0/0 error in entry template execution: not supported by the simulator: template type http\nx Skipped Error not supported by the simulator: template type http\n"
)]
#[case::retries_elsewhere(
    "container: {image: i}\n    retryStrategy: {affinity: {nodeAntiAffinity: {}}}",
    "Error 0/0 error in entry template execution: not supported by the simulator: retryStrategy.affinity\nx Skipped Error not supported by the simulator: retryStrategy.affinity\n"
)]
#[case::an_expression_that_fails(
    "steps: [[{name: a, template: main, when: a-b == c}]]",
    "Failed 0/0 failed to resolve references: Failed to evaluate 'when' expresion 'a-b == c': Value 'a' cannot be used with the modifier '-', it is not a number\n\
     x Steps Failed failed to resolve references: Failed to evaluate 'when' expresion 'a-b == c': Value 'a' cannot be used with the modifier '-', it is not a number\n\
     x[0] StepGroup Error failed to resolve references: Failed to evaluate 'when' expresion 'a-b == c': Value 'a' cannot be used with the modifier '-', it is not a number\n"
)]
fn what_cannot_run_says_why(#[case] template: &str, #[case] expected: &str) {
    let workflow = format!(
        "metadata: {{name: x}}\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n    {template}\n"
    );
    check(&workflow, |_| Run::default(), expected);
}

#[rstest]
#[case("ttlStrategy: {secondsAfterCompletion: 5}", "ttlStrategy")]
#[case("ttlStrategy: {}", "ttlStrategy")]
#[case("onExit: main", "onExit")]
#[case("hooks: {exit: {template: main}}", "hooks")]
#[case(
    "synchronization: {mutexes: [{name: m}]}",
    "synchronization of Workflows"
)]
#[case(
    "workflowMetadata: {labelsFrom: {a: {expression: b}}}",
    "workflowMetadata.labelsFrom"
)]
#[case("artifactGC: {strategy: OnWorkflowDeletion}", "artifactGC")]
#[case("artifactRepositoryRef: {key: a}", "artifactRepositoryRef")]
#[case("podResources: {}", "podResources")]
#[case("resourceClaims: [{name: a}]", "resourceClaims")]
#[case("executorPlugins: [{name: a}]", "executorPlugins")]
fn a_workflow_that_asks_for_what_is_not_modelled_ends_at_once(
    #[case] field: &str,
    #[case] feature: &str,
) {
    let expected = format!("Error 0/0 not supported by the simulator: {feature}\n");
    check(
        &HELLO.replace("spec:", &format!("spec:\n  {field}")),
        |_| Run::default(),
        &expected,
    );
}

#[test]
fn a_loop_runs_and_gives_lists() {
    let workflow = r#"
metadata: {name: l}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: each, template: leaf, withItems: [a, b], arguments: {parameters: [{name: p, value: "{{item}}"}]}}
    - - {name: all, template: leaf, arguments: {parameters: [{name: p, value: "{{steps.each.outputs.result}}"}]}}
  - name: leaf
    inputs: {parameters: [{name: p}]}
    script: {image: i, command: [c], source: s}
"#;
    let world = check(
        workflow,
        |_| Run::prints("7"),
        "Succeeded 3/3\nl Steps Succeeded\nl[0] StepGroup Succeeded\nl[0].each(0:a) Pod Succeeded\n\
         l[0].each(1:b) Pod Succeeded\nl[1] StepGroup Succeeded\nl[1].all Pod Succeeded\n",
    );
    assert_eq!(
        world.node("l[1].all")["inputs"]["parameters"][0]["value"],
        "[7,7]"
    );
}
