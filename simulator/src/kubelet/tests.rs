//! Whole lives of pods: every write, with its second.

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Pod;
use rstest::rstest;

use super::identity;
use super::node::{Claim, NodeView};
use super::pod::PodView;
use super::step::{Action, Step, step};
use crate::clock::EPOCH;
use crate::json::{Value, from_value, json};
use crate::outcomes::Book;
use crate::store::patch::merge::merge_patch;

/// Looks at a pod until nothing happens any more, doing what is decided.
struct Life {
    pod: Value,
    view: NodeView,
    book: Book,
    now: jiff::Timestamp,
    writes: Vec<String>,
    made_up: Vec<String>,
}

impl Life {
    fn new(pod: Value, book: &str) -> Self {
        Self {
            pod,
            view: NodeView::default(),
            book: Book::parse("book", book).unwrap(),
            now: EPOCH,
            writes: Vec::new(),
            made_up: Vec::new(),
        }
    }

    fn seeing(mut self, view: NodeView) -> Self {
        self.view = view;
        self
    }

    fn look(&self) -> Step {
        let pod: Pod = from_value(&self.pod).unwrap();
        let spec = pod.spec.unwrap();
        let template = identity::template(&spec, None);
        let pod = PodView {
            metadata: &pod.metadata,
            spec: &spec,
            template: template.as_ref(),
            status: &pod.status.unwrap_or_default(),
        };
        step(pod, &self.view, &self.book, self.now)
    }

    fn live(mut self) -> Self {
        for _ in 0..50 {
            let step = self.look();
            let values = step.made_up.iter();
            self.made_up
                .extend(values.map(|v| format!("{} {}={}", v.node, v.output, v.value)));
            let is_idle = step
                .actions
                .iter()
                .all(|action| matches!(action, Action::Warn(_)));
            let is_gone = step.actions.contains(&Action::Delete);
            for action in step.actions {
                self.apply(action);
            }
            match step.again {
                _ if is_gone => return self,
                _ if !is_idle => {}
                Some(again) => self.now += again,
                None => return self,
            }
        }
        panic!("the pod does not settle: {:#?}", self.writes);
    }

    fn apply(&mut self, action: Action) {
        let second = self.now.duration_since(EPOCH).as_secs();
        let text = match action {
            Action::Bind(node) => {
                self.pod["spec"]["nodeName"] = node.into();
                format!("bind {node}")
            }
            Action::Status(status) => {
                let text = match status["message"].as_str() {
                    Some(message) => format!("{} {message}", status["reason"].as_str().unwrap()),
                    None => status["phase"].as_str().unwrap().to_owned(),
                };
                let before = self.pod["status"].take();
                self.pod["status"] = merge_patch(before, &status);
                text
            }
            Action::Warn(warning) => format!("{}: {}", warning.reason, warning.message),
            Action::Log { container, text } => format!("log {container} {text:?}"),
            Action::TaskResult(result) => format!("result {}", result["outputs"]),
            Action::Delete => "delete".to_owned(),
        };
        self.writes.push(format!("{second}s {text}"));
    }

    fn expect(self, writes: &[&str]) -> Self {
        assert_eq!(self.writes, writes);
        self
    }
}

fn a_pod(spec: Value) -> Value {
    let mut pod = json!({
        "metadata": {"name": "p", "namespace": "ns", "uid": "7d9f"},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "alpine"}]},
    });
    pod["spec"] = merge_patch(pod["spec"].take(), &spec);
    pod
}

fn a_node_pod(template: Value) -> Value {
    let env = json!([
        {"name": "ARGO_WORKFLOW_NAME", "value": "wf"},
        {"name": "ARGO_WORKFLOW_UID", "value": "w-1"},
        {"name": "ARGO_NODE_ID", "value": "wf-42"},
        {"name": "ARGO_INCLUDE_SCRIPT_OUTPUT", "value": "true"},
        {"name": "ARGO_TEMPLATE", "value": template.to_string()},
    ]);
    json!({
        "metadata": {
            "name": "wf-scan-42", "namespace": "ns", "uid": "7d9f",
            "labels": {"workflows.argoproj.io/workflow": "wf"},
            "annotations": {"workflows.argoproj.io/node-name": "wf[0].scan(1)", "workflows.argoproj.io/node-id": "wf-42"},
        },
        "spec": {
            "restartPolicy": "Never",
            "initContainers": [{"name": "init", "image": "quay.io/argoproj/argoexec:v3.7.4", "env": env}],
            "containers": [
                {"name": "wait", "image": "quay.io/argoproj/argoexec:v3.7.4"},
                {"name": "main", "image": "alpine"},
            ],
        },
    })
}

fn a_template() -> Value {
    json!({
        "name": "scan-image",
        "container": {"image": "alpine"},
        "outputs": {"parameters": [{"name": "tag", "valueFrom": {"path": "/tmp/tag"}}]},
    })
}

const STARTS: [&str; 3] = ["0s bind node-1", "0s Pending", "1s Running"];

#[rstest]
#[case::unnamed("outcomes: []", &["6s Succeeded"])]
#[case::scripted("outcomes: [{match: {container: main}, run: {duration: 40s, exitCode: 3, stdout: a, stderr: b}}]", &["41s log main \"a\\nb\"", "41s Failed"])]
#[case::out_of_memory("outcomes: [{run: {error: OOMKilled}}]", &["6s Failed"])]
#[case::hanging("outcomes: [{run: {error: Hang}}]", &[])]
#[case::evicted("outcomes: [{run: {error: Evicted}}]", &[
    "6s Evicted: The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. ",
    "6s Evicted The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. ",
])]
#[case::lost("outcomes: [{run: {error: NodeLost}}]", &["6s NodeLost Node node-1 which was running pod p is unresponsive", "306s delete"])]
fn a_plain_pod_lives_as_the_book_says(#[case] book: &str, #[case] rest: &[&str]) {
    let writes = [&STARTS, rest].concat();
    Life::new(a_pod(json!({})), book).live().expect(&writes);
}

#[rstest]
#[case::pending("outcomes: [{run: {error: Pending}}]", &[
    "0s Pending",
    "0s FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
])]
#[case::image("outcomes: [{run: {error: ImagePullBackOff}}]", &[
    "0s bind node-1", "0s Pending", "1s Failed: Failed to pull image \"alpine\": not found", "1s Pending",
])]
fn a_pod_that_cannot_start_says_why(#[case] book: &str, #[case] writes: &[&str]) {
    Life::new(a_pod(json!({})), book).live().expect(writes);
}

#[test]
fn a_missing_secret_keeps_a_pod_waiting_until_it_appears() {
    let spec = json!({
        "volumes": [{"name": "x", "secret": {"secretName": "y"}}],
        "containers": [{"name": "main", "image": "alpine", "volumeMounts": [{"name": "x", "mountPath": "/x"}]}],
    });
    let life = Life::new(a_pod(spec), "outcomes: []").live();
    let mut life = life.expect(&[
        "0s bind node-1",
        "0s Pending",
        "0s FailedMount: MountVolume.SetUp failed for volume \"x\" : secret \"y\" not found",
    ]);
    life.writes.clear();
    life.now += SignedDuration::from_secs(100);
    let view = NodeView {
        secrets: [("y".to_owned(), [].into())].into(),
        ..NodeView::default()
    };
    life.seeing(view)
        .live()
        .expect(&["100s Running", "105s Succeeded"]);
}

#[rstest]
#[case::claim_absent(
    NodeView::default(),
    "0/1 nodes are available: persistentvolumeclaim \"c\" not found. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
)]
#[case::claim_unbound(NodeView { claims: [("c".to_owned(), Claim::Unbound)].into(), ..NodeView::default() }, "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.")]
fn a_claim_without_a_volume_keeps_a_pod_unscheduled(#[case] view: NodeView, #[case] message: &str) {
    let pod =
        a_pod(json!({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]}));
    let event = format!("0s FailedScheduling: {message}");
    Life::new(pod, "outcomes: []")
        .seeing(view)
        .live()
        .expect(&["0s Pending", &event]);
}

#[test]
fn a_pod_that_the_api_would_refuse_fails_with_the_words_of_the_api() {
    let mounts = json!([{"name": "x", "mountPath": "/x"}]);
    let pod =
        a_pod(json!({"containers": [{"name": "main", "image": "alpine", "volumeMounts": mounts}]}));
    Life::new(pod, "outcomes: []").live().expect(&[
        "0s Invalid Pod \"p\" is invalid: spec.containers[0].volumeMounts[0].name: Not found: \"x\"",
    ]);
}

#[rstest]
#[case::running("outcomes: [{run: {error: Hang}}]", &["0s bind node-1", "0s Pending", "1s Running"])]
#[case::waiting("outcomes: [{run: {error: ImagePullBackOff}}]", &["0s bind node-1", "0s Pending", "1s Failed: Failed to pull image \"alpine\": not found", "1s Pending"])]
fn a_deadline_ends_a_pod(#[case] book: &str, #[case] before: &[&str]) {
    let deadline =
        "30s DeadlineExceeded Pod was active on the node longer than the specified deadline";
    let writes = [before, &[deadline]].concat();
    Life::new(a_pod(json!({"activeDeadlineSeconds": 30})), book)
        .live()
        .expect(&writes);
}

#[rstest]
#[case::obedient("outcomes: [{run: {duration: 1h}}]", &["3s Failed", "3s delete"], 143)]
#[case::stubborn("outcomes: [{run: {error: Hang}}]", &["33s Failed", "33s delete"], 137)]
fn a_deleted_pod_ends_within_its_grace(
    #[case] book: &str,
    #[case] writes: &[&str],
    #[case] code: i64,
) {
    let mut life = Life::new(a_pod(json!({"activeDeadlineSeconds": 2})), book);
    life.pod["spec"]["activeDeadlineSeconds"] = Value::Null;
    for _ in 0..3 {
        let step = life.look();
        life.now += if step.actions.is_empty() {
            step.again.unwrap_or_default()
        } else {
            SignedDuration::ZERO
        };
        step.actions
            .into_iter()
            .for_each(|action| life.apply(action));
    }
    life.now = EPOCH + SignedDuration::from_secs(1);
    life.look()
        .actions
        .into_iter()
        .for_each(|action| life.apply(action));
    life.writes.clear();
    life.now = EPOCH + SignedDuration::from_secs(3);
    life.pod["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:33Z".into();
    let life = life.live().expect(writes);
    assert_eq!(
        life.pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"],
        code
    );
}

#[rstest]
#[case::made_up("outcomes: []", a_template(), &[
    "6s result {\"parameters\":[{\"name\":\"tag\",\"value\":\"scan-image.tag\",\"valueFrom\":{\"path\":\"/tmp/tag\"}}],\"result\":\"\"}",
    "6s Succeeded",
], &["scan(1) outputs.result=", "scan(1) outputs.parameters.tag=scan-image.tag"])]
#[case::scripted("outcomes: [{match: {template: scan-*, attempt: 1, step: scan}, run: {stdout: \"ok\\n\\n\", files: {/tmp/tag: \"1.2\\n\"}}}]", a_template(), &[
    "6s log main \"ok\\n\\n\"",
    "6s result {\"parameters\":[{\"name\":\"tag\",\"value\":\"1.2\",\"valueFrom\":{\"path\":\"/tmp/tag\"}}],\"result\":\"ok\\n\"}",
    "6s Succeeded",
], &[])]
#[case::absent_file("outcomes: [{run: {stdout: x, files: {/tmp/other: a}}}]", a_template(), &[
    "6s log main \"x\"",
    "6s result {\"parameters\":[{\"name\":\"tag\",\"valueFrom\":{\"path\":\"/tmp/tag\"}}],\"result\":\"x\"}",
    "6s Failed",
], &[])]
#[case::default_value("outcomes: [{run: {stdout: x, files: {}}}]", json!({"name": "t", "container": {}, "outputs": {"parameters": [{"name": "tag", "valueFrom": {"path": "/tmp/tag", "default": 7}}]}}), &[
    "6s log main \"x\"",
    "6s result {\"parameters\":[{\"name\":\"tag\",\"value\":\"7\",\"valueFrom\":{\"default\":7,\"path\":\"/tmp/tag\"}}],\"result\":\"x\"}",
    "6s Succeeded",
], &[])]
#[case::artifact("outcomes: [{run: {stdout: x, files: {/out/a.txt: hi}}}]", json!({"name": "t", "container": {}, "archiveLocation": {"s3": {"bucket": "b", "key": "wf/p"}}, "outputs": {"artifacts": [{"name": "o", "path": "/out"}, {"name": "q", "path": "/none", "optional": true}]}}), &[
    "6s log main \"x\"",
    "6s result {\"artifacts\":[{\"name\":\"o\",\"path\":\"/out\",\"s3\":{\"key\":\"wf/p/o.tgz\"}}],\"result\":\"x\"}",
    "6s Succeeded",
], &[])]
fn the_executor_reports_what_the_work_left(
    #[case] book: &str,
    #[case] template: Value,
    #[case] rest: &[&str],
    #[case] made_up: &[&str],
) {
    let writes = [&STARTS, rest].concat();
    let life = Life::new(a_node_pod(template), book).live().expect(&writes);
    assert_eq!(life.made_up, made_up);
}

#[test]
fn an_output_that_is_not_there_ends_the_executor_with_64() {
    let book = "outcomes: [{run: {files: {}}}]";
    let life = Life::new(a_node_pod(a_template()), book).live();
    let expected = json!({
        "containerID": "containerd://dcac8e38d3ec82cfdddd9ee30f0ba4eedbc1d4bb4a1ba7d3ff4d0ae3b4e2ab56",
        "exitCode": 64, "reason": "Error",
        "message": "open /var/run/argo/outputs/parameters/tmp/tag: no such file or directory",
        "startedAt": "2030-01-01T00:00:01Z", "finishedAt": "2030-01-01T00:00:06Z",
    });
    let mut found = life.pod["status"]["containerStatuses"][0]["state"]["terminated"].clone();
    found["containerID"] = expected["containerID"].clone();
    assert_eq!(found, expected);
    assert_eq!(
        life.pod["status"]["containerStatuses"][1]["state"]["terminated"]["exitCode"],
        0
    );
}

#[test]
fn containers_of_a_set_run_after_those_they_depend_on() {
    let template = json!({"name": "set", "containerSet": {"containers": [
        {"name": "b", "dependencies": ["a"]}, {"name": "a"}, {"name": "c", "dependencies": ["b"]},
    ]}});
    let mut pod = a_node_pod(template);
    pod["spec"]["containers"] = json!([
        {"name": "wait", "image": "argoexec"}, {"name": "b", "image": "x"}, {"name": "a", "image": "x"}, {"name": "c", "image": "x"},
    ]);
    let book = "outcomes: [{match: {container: b}, run: {exitCode: 1, duration: 10s}}]";
    let life = Life::new(pod, book).live().expect(&[
        "0s bind node-1",
        "0s Pending",
        "1s Running",
        "6s Running",
        "16s result {}",
        "16s Failed",
    ]);
    let c = &life.pod["status"]["containerStatuses"][3]["state"]["terminated"];
    assert_eq!(
        (&c["exitCode"], &c["message"]),
        (
            &json!(64),
            &json!("dependency \"b\" exited with non-zero code: 1")
        )
    );
}

#[test]
fn a_sidecar_ends_with_the_work() {
    let mut template = a_template();
    template["sidecars"] = json!([{"name": "proxy"}]);
    let mut pod = a_node_pod(template);
    pod["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "proxy", "image": "nginx"}));
    let book = "outcomes: [{match: {template: scan-image}, run: {duration: 9s, stdout: x, files: {/tmp/tag: a}}}]";
    let life = Life::new(pod, book).live();
    assert_eq!(
        life.writes.last().map(String::as_str),
        Some("10s Succeeded")
    );
    assert_eq!(
        life.pod["status"]["containerStatuses"][2]["state"]["terminated"]["finishedAt"],
        "2030-01-01T00:00:10Z"
    );
}

#[test]
fn init_containers_run_one_after_the_other() {
    let pod = a_pod(
        json!({"initContainers": [{"name": "a", "image": "x"}, {"name": "b", "image": "x"}]}),
    );
    Life::new(pod, "outcomes: []").live().expect(&[
        "0s bind node-1",
        "0s Pending",
        "1s Pending",
        "6s Pending",
        "11s Running",
        "16s Succeeded",
    ]);
}

#[test]
fn a_pod_that_restarts_always_runs_on() {
    Life::new(a_pod(json!({"restartPolicy": "Always"})), "outcomes: []")
        .live()
        .expect(&STARTS);
}

#[test]
fn a_pod_that_restarts_on_failure_backs_off() {
    let book = "outcomes: [{run: {exitCode: 1}}]";
    let life = Life::new(a_pod(json!({"restartPolicy": "OnFailure"})), book).live();
    let status = &life.pod["status"]["containerStatuses"][0];
    assert_eq!(status["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 1);
}

#[test]
fn an_agent_fails_loudly() {
    let mut pod = a_pod(json!({}));
    pod["metadata"]["labels"] =
        json!({"workflows.argoproj.io/workflow": "wf", "workflows.argoproj.io/component": "agent"});
    let life = Life::new(pod, "outcomes: []").live();
    let ended = &life.pod["status"]["containerStatuses"][0]["state"]["terminated"];
    assert_eq!(
        ended["message"],
        "the simulated kubelet runs no Argo agent: http and plugin templates are not supported"
    );
}

#[test]
fn a_finished_pod_has_the_status_that_a_kubelet_writes() {
    let life = Life::new(a_pod(json!({})), "outcomes: [{run: {exitCode: 2}}]").live();
    let id = life.pod["status"]["containerStatuses"][0]["containerID"].clone();
    let condition = |kind: &str, status: &str, at: &str, reason: Option<&str>| {
        let mut condition = json!({"type": kind, "status": status, "lastTransitionTime": format!("2030-01-01T00:00:{at}Z")});
        if let Some(reason) = reason {
            condition["reason"] = reason.into();
        }
        condition
    };
    let expected = json!({
        "phase": "Failed",
        "startTime": "2030-01-01T00:00:00Z",
        "hostIP": "10.0.0.1",
        "hostIPs": [{"ip": "10.0.0.1"}],
        "podIP": life.pod["status"]["podIP"],
        "podIPs": [{"ip": life.pod["status"]["podIP"]}],
        "conditions": [
            condition("PodReadyToStartContainers", "False", "06", None),
            condition("Initialized", "True", "00", None),
            condition("Ready", "False", "06", Some("PodFailed")),
            condition("ContainersReady", "False", "06", Some("PodFailed")),
            condition("PodScheduled", "True", "00", None),
        ],
        "containerStatuses": [{
            "name": "main", "image": "alpine", "imageID": "alpine", "containerID": id,
            "ready": false, "started": false, "restartCount": 0, "lastState": {},
            "state": {"terminated": {
                "containerID": id, "exitCode": 2, "reason": "Error",
                "startedAt": "2030-01-01T00:00:01Z", "finishedAt": "2030-01-01T00:00:06Z",
            }},
        }],
    });
    assert_eq!(life.pod["status"], expected);
}

#[rstest]
#[case::obedient("outcomes: [{run: {duration: 1h}}]", "9s", 143)]
#[case::stubborn("outcomes: [{run: {error: Hang}}]", "39s", 137)]
#[case::too_late("outcomes: [{run: {exitCode: 3}}]", "6s", 3)]
fn work_that_is_told_to_stop_ends(#[case] book: &str, #[case] end: &str, #[case] code: i64) {
    let mut pod = a_node_pod(json!({"name": "t", "container": {}}));
    pod["metadata"]["annotations"]["arcsim/terminate-at"] = "2030-01-01T00:00:09Z".into();
    let life = Life::new(pod, book).live();
    assert_eq!(life.writes.last(), Some(&format!("{end} Failed")));
    let main = &life.pod["status"]["containerStatuses"][1]["state"]["terminated"];
    assert_eq!(main["exitCode"], code);
}
