//! The kubelet at work in a cluster.

use k8s_openapi::api::core::v1::{Event, Pod, Secret};
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, LogParams, PostParams};

use super::Kubelet;
use crate::cluster::{Cluster, Transport};
use crate::json::{Value, from_value, json};
use crate::outcomes::{Book, MadeUp, Script};

struct Bench {
    cluster: Cluster,
    client: Client,
}

impl Bench {
    fn new(book: &str) -> Self {
        let mut cluster = Cluster::new(1, Transport::InProcess);
        let client = cluster.server().part_client("kubelet");
        let kubelet = Kubelet::new(
            client.clone(),
            Script::new(Book::parse("book", book).unwrap()),
            MadeUp::default(),
        );
        cluster.server().keep_log_lines();
        cluster.add(Box::new(kubelet), client);
        let client = cluster.server().client("test");
        Self { cluster, client }
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), "default")
    }

    async fn run(&mut self, spec: Value) {
        let pod = json!({"metadata": {"name": "p"}, "spec": spec});
        self.pods()
            .create(&PostParams::default(), &from_value(&pod).unwrap())
            .await
            .unwrap();
        self.cluster.settle().await.unwrap();
    }

    async fn phase(&self) -> String {
        self.pods()
            .get("p")
            .await
            .unwrap()
            .status
            .unwrap()
            .phase
            .unwrap()
    }

    /// Writes of the kubelet so far.
    fn n_writes(&self) -> usize {
        self.cluster
            .server()
            .log_lines()
            .iter()
            .filter(|line| line.contains("kubelet"))
            .count()
    }
}

fn one_container(mount: Value) -> Value {
    json!({"name": "main", "image": "alpine", "command": ["sh"], "volumeMounts": mount})
}

#[tokio::test]
async fn a_pod_runs_and_leaves_its_log() {
    let mut bench = Bench::new("outcomes: [{run: {stdout: hello}}]");
    bench
        .run(json!({"restartPolicy": "Never", "containers": [one_container(json!([]))]}))
        .await;
    assert_eq!(bench.phase().await, "Succeeded");
    assert_eq!(
        bench.pods().logs("p", &LogParams::default()).await.unwrap(),
        "hello"
    );
    assert_eq!(bench.n_writes(), 5);
}

#[tokio::test]
async fn a_pod_waits_for_its_secret_with_one_event() {
    let mut bench = Bench::new("outcomes: []");
    let mounts = json!([{"name": "x", "mountPath": "/x"}]);
    let volumes = json!([{"name": "x", "secret": {"secretName": "y"}}]);
    bench.run(json!({"restartPolicy": "Never", "volumes": volumes, "containers": [one_container(mounts)]})).await;
    assert_eq!(bench.phase().await, "Pending");
    let events: Api<Event> = Api::namespaced(bench.client.clone(), "default");
    let events = events.list(&ListParams::default()).await.unwrap().items;
    let texts: Vec<String> = events
        .into_iter()
        .filter_map(|event| event.message)
        .collect();
    assert_eq!(
        texts,
        ["MountVolume.SetUp failed for volume \"x\" : secret \"y\" not found"]
    );
    let secrets: Api<Secret> = Api::namespaced(bench.client.clone(), "default");
    let secret = from_value(&json!({"metadata": {"name": "y"}})).unwrap();
    secrets
        .create(&PostParams::default(), &secret)
        .await
        .unwrap();
    bench.cluster.settle().await.unwrap();
    assert_eq!(bench.phase().await, "Succeeded");
}

#[tokio::test]
async fn a_deleted_pod_goes() {
    let mut bench = Bench::new("outcomes: [{run: {error: Hang}}]");
    bench
        .run(json!({"restartPolicy": "Never", "containers": [one_container(json!([]))]}))
        .await;
    assert_eq!(bench.phase().await, "Running");
    bench
        .pods()
        .delete("p", &DeleteParams::default())
        .await
        .unwrap();
    bench.cluster.settle().await.unwrap();
    assert_eq!(bench.pods().get_opt("p").await.unwrap(), None);
}
