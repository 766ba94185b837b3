//! Argo's own controller, a Go program that knows nothing of us, against `arcsim serve --without argo`: the simulated
//! kubelet runs the pods that it makes. Runs with the `workflow-controller` that `$ARC_ARGO_CONTROLLER` names, or that
//! lies in the cache of `../shared/offline-cluster/up`.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

#[path = "serving/program.rs"]
mod program;

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::wait::await_condition;
use serde_json::{Value, json};

use program::{Program, client, folder, real, serve, skip};

/// How long a Workflow may take; the controller looks again at what it wrote every second.
const LIMIT: Duration = Duration::from_secs(120);

/// Where the controller lives and looks for its settings; without metrics, whose port two controllers would fight over.
const HOME: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: argo}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: workflow-controller-configmap, namespace: argo}
data: {parallelism: '10', metricsConfig: '{enabled: false}'}
";

/// A step that fails once, an output that the next one reads, and a loop over what a third one printed.
const STEPS: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: steps}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - name: use
        template: use
        arguments: {parameters: [{name: text, value: '{{steps.make.outputs.parameters.text}}'}]}
    - - name: each
        template: use
        arguments: {parameters: [{name: text, value: '{{item}}'}]}
        withParam: '{{steps.use.outputs.result}}'
  - name: make
    retryStrategy: {limit: 2, retryPolicy: Always}
    outputs: {parameters: [{name: text, valueFrom: {path: /tmp/text}}]}
    container: {image: 'alpine:3', command: [sh, -c, 'echo made > /tmp/text']}
  - name: use
    inputs: {parameters: [{name: text}]}
    container: {image: 'alpine:3', command: [echo, '{{inputs.parameters.text}}']}
";

/// What the containers of [`STEPS`] do.
const OUTCOMES: &str = "
outcomes:
- match: {template: make, attempt: 0}
  run: {exitCode: 3, duration: 1s}
- match: {template: make}
  run: {duration: 1s, files: {/tmp/text: made}}
- match: {step: use}
  run: {duration: 1s, stdout: '[\"a\", \"b\"]'}
- run: {duration: 1s}
";

/// What the containers of the OCI fixture do: the destination lacks the image, and the scan finds nothing.
const OCI_OUTCOMES: &str = "
outcomes:
- match: {template: check-src-availability}
  run: {stdout: available, duration: 1s}
- match: {template: compute-images}
  run:
    duration: 1s
    files: {/tmp/src.txt: 'docker.io/library/alpine:3.18', /tmp/dst.txt: 'dst.zot/myteam/alpine:3.18-dev'}
- match: {template: check-dst-availability}
  run: {stdout: unavailable, duration: 1s}
- run: {duration: 1s}
";

/// The simulated cluster and the controller in it.
struct Cluster {
    client: Client,
    log: PathBuf,
    _server: Program,
    _controller: Program,
}

fn controller() -> Option<PathBuf> {
    let named = std::env::var_os("ARC_ARGO_CONTROLLER").map(PathBuf::from);
    named.or_else(|| real("workflow-controller"))
}

impl Cluster {
    /// Serves what `manifests` and `loaded` hold and starts the controller; `None`, and a word about it, without one.
    async fn start(
        test: &str,
        (manifests, outcomes): (&str, &str),
        loaded: Option<PathBuf>,
    ) -> Option<Self> {
        let Some(controller) = controller() else {
            skip(
                test,
                "workflow-controller, which $ARC_ARGO_CONTROLLER may name",
            );
            return None;
        };
        let folder = folder("real-argo", test);
        std::fs::write(folder.join("manifests.yaml"), manifests).unwrap();
        std::fs::write(folder.join("outcomes.yaml"), outcomes).unwrap();
        let mut arguments = vec!["--without", "argo", "--outcomes", "outcomes.yaml"];
        arguments.extend(["--load", "manifests.yaml"]);
        let loaded = loaded.map(|loaded| loaded.display().to_string());
        arguments.extend(loaded.as_deref());
        let server = serve(&folder, &arguments);
        let log = folder.join("controller.log");
        let controller = Command::new(controller)
            .args(["--kubeconfig", "kubeconfig", "--namespace", "argo"])
            .args(["--executor-image", "quay.io/argoproj/argoexec:v3.7.4"])
            .env("LEADER_ELECTION_IDENTITY", "controller")
            .env("DEFAULT_REQUEUE_TIME", "1s")
            .current_dir(&folder)
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Some(Self {
            client: client(&folder).await,
            log,
            _server: server,
            _controller: Program(controller),
        })
    }

    fn workflows(&self) -> Api<DynamicObject> {
        self.objects("argoproj.io", "Workflow", "workflows")
    }

    fn objects(&self, group: &str, kind: &str, plural: &str) -> Api<DynamicObject> {
        let version = "v1alpha1";
        let resource = ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: format!("{group}/{version}"),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
        };
        Api::default_namespaced_with(self.client.clone(), &resource)
    }

    /// The object once its phase says how it ended.
    async fn ended(&self, api: &Api<DynamicObject>, name: &str) -> Value {
        let is_over = |object: Option<&DynamicObject>| {
            let phase = object.map(|object| &object.data["status"]["phase"]);
            phase.is_some_and(|phase| {
                *phase == "Succeeded" || *phase == "Failed" || *phase == "Error"
            })
        };
        let waited = await_condition(api.clone(), name, is_over);
        let ended = tokio::time::timeout(LIMIT, waited).await;
        if ended.is_err() {
            let log = std::fs::read_to_string(&self.log).unwrap();
            assert!(
                ended.is_ok(),
                "{name} does not end; the controller says:\n{log}"
            );
        }
        ended.unwrap().unwrap().unwrap().data
    }
}

/// Name, phase and outputs of every pod node, by name.
fn pods(workflow: &Value) -> Vec<Value> {
    let nodes = workflow["status"]["nodes"].as_object().unwrap().values();
    let mut pods: Vec<_> = nodes
        .filter(|node| node["type"] == "Pod")
        .map(|node| {
            let outputs = &node["outputs"];
            json!([
                node["name"],
                node["phase"],
                outputs["exitCode"],
                outputs["result"],
                outputs["parameters"][0]["value"]
            ])
        })
        .collect();
    pods.sort_by_key(Value::to_string);
    pods
}

#[tokio::test]
async fn the_real_controller_sees_a_workflow_with_steps_retries_and_outputs_through() {
    let manifests = format!("{HOME}---{STEPS}");
    let Some(cluster) = Cluster::start("steps", (&manifests, OUTCOMES), None).await else {
        return;
    };
    let workflow = cluster.ended(&cluster.workflows(), "steps").await;
    assert_eq!(workflow["status"]["phase"], "Succeeded", "{workflow:#}");
    let expected = [
        json!(["steps[0].make(0)", "Failed", "3", null, null]),
        json!(["steps[0].make(1)", "Succeeded", "0", null, "made"]),
        json!(["steps[1].use", "Succeeded", "0", "[\"a\", \"b\"]", null]),
        json!(["steps[2].each(0:a)", "Succeeded", "0", null, null]),
        json!(["steps[2].each(1:b)", "Succeeded", "0", null, null]),
    ];
    assert_eq!(pods(&workflow), expected);
}

#[tokio::test]
async fn an_order_succeeds_with_the_real_controller() {
    let fixture = arc_fixtures::folder("oci");
    let Some(cluster) = Cluster::start("order", (HOME, OCI_OUTCOMES), Some(fixture)).await else {
        return;
    };
    let orders = cluster.objects("arc.opendefense.cloud", "Order", "orders");
    let order = cluster.ended(&orders, "oci-order").await;
    assert_eq!(order["status"]["phase"], "Succeeded", "{order:#}");
}
