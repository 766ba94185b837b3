//! The controllers and the scheduler of Kubernetes itself, Go programs that know nothing of us, against `arcsim serve`
//! without parts of its own: what they make of a Deployment, a claim, a quota and a namespace that goes. Each controller
//! has an account and the rights of its own. Runs with the programs in the cache of `../shared/offline-cluster/up`.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

#[path = "serving/program.rs"]
mod program;

use std::fmt::Debug;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{
    ConfigMap, Namespace, Node, PersistentVolumeClaim, Pod, ResourceQuota, ServiceAccount,
};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use kube::runtime::wait::{Condition, await_condition, conditions};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use program::{KUBECONFIG, Program, client, folder, real, serve, skip};

/// How long the controllers may take for any one thing; one that is asked for too much at first waits for a minute.
const LIMIT: Duration = Duration::from_secs(90);

const MANIFESTS: &str = "
apiVersion: v1
kind: Node
metadata: {name: one, labels: {kubernetes.io/os: linux}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: made-by-hand}
spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, storageClassName: plain, hostPath: {path: /tmp}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: plain, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}
provisioner: kubernetes.io/no-provisioner
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {configmaps: '10'}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}], volumes: [{name: data, persistentVolumeClaim: {claimName: claim}}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: passing}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kept, namespace: passing}
---
apiVersion: arc.opendefense.cloud/v1alpha1
kind: Endpoint
metadata: {name: kept, namespace: passing}
spec: {type: oci, remoteURL: 'https://example.org'}
";

/// A cluster with its controllers.
struct Cluster {
    client: Client,
    _programs: [Program; 3],
}

impl Cluster {
    /// `None`, and a word about it, without the programs.
    async fn start(test: &str) -> Option<Self> {
        let names = ["kube-controller-manager", "kube-scheduler"];
        let [Some(manager), Some(scheduler)] = names.map(real) else {
            skip(test, "kube-controller-manager and kube-scheduler");
            return None;
        };
        let folder = folder("real-controllers", test);
        std::fs::write(folder.join("manifests.yaml"), MANIFESTS).unwrap();
        let without = "argo,operator,kubelet,collectors";
        let server = serve(&folder, &["--without", without, "--load", "manifests.yaml"]);
        let own_accounts = ["--use-service-account-credentials"];
        let manager = start(&folder, &manager, &own_accounts);
        let scheduler = start(&folder, &scheduler, &[]);
        Some(Self {
            client: client(&folder).await,
            _programs: [manager, scheduler, server],
        })
    }

    fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::default_namespaced(self.client.clone())
    }

    /// What a kubelet tells of its node.
    async fn tell_that_the_node_is_ready(&self) {
        let amounts = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
        let status = json!({"status": {
            "capacity": amounts,
            "allocatable": amounts,
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
        }});
        let nodes: Api<Node> = Api::all(self.client.clone());
        let params = PatchParams::default();
        let patch = Patch::Merge(&status);
        nodes.patch_status("one", &params, &patch).await.unwrap();
    }
}

fn start(folder: &Path, program: &Path, arguments: &[&str]) -> Program {
    let log = folder.join(program.file_name().unwrap());
    let child = Command::new(program)
        .args(["--kubeconfig", KUBECONFIG, "--secure-port", "0"])
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(File::create(log.with_extension("log")).unwrap())
        .spawn();
    Program(child.unwrap())
}

/// The object once it is as wanted, or `None` once it is gone as wanted.
async fn once<K>(api: Api<K>, name: &str, wanted: impl Condition<K>) -> Option<K>
where
    K: Clone + Debug + Send + DeserializeOwned + Resource + 'static,
{
    let waited = await_condition(api, name, wanted);
    let waited = tokio::time::timeout(LIMIT, waited).await;
    waited.expect(name).unwrap()
}

#[tokio::test]
async fn controllers_and_scheduler_of_kubernetes_do_their_work() {
    let test = "work";
    let Some(cluster) = Cluster::start(test).await else {
        return;
    };
    cluster.tell_that_the_node_is_ready().await;

    let is_bound = |claim: Option<&PersistentVolumeClaim>| {
        claim.is_some_and(|claim| json!(claim)["status"]["phase"] == "Bound")
    };
    let claim = once(cluster.api(), "claim", is_bound).await;
    assert_eq!(json!(claim)["spec"]["volumeName"], "made-by-hand");
    let counts = |quota: Option<&ResourceQuota>| {
        quota.is_some_and(|quota| json!(quota)["status"]["used"]["configmaps"] == "1")
    };
    once(cluster.api(), "quota", counts).await;

    let is_rolled_out = |deployment: Option<&Deployment>| {
        deployment.is_some_and(|deployment| json!(deployment)["status"]["updatedReplicas"] == 2)
    };
    once(cluster.api(), "web", is_rolled_out).await;
    let pods: Api<Pod> = cluster.api();
    for pod in pods.list(&ListParams::default()).await.unwrap() {
        let is_placed =
            |pod: Option<&Pod>| pod.is_some_and(|pod| json!(pod)["spec"]["nodeName"] == "one");
        once(pods.clone(), &pod.metadata.name.unwrap(), is_placed).await;
    }
    let slices: Api<EndpointSlice> = cluster.api();
    let of_web = ListParams::default().labels("kubernetes.io/service-name=web");
    assert_eq!(slices.list(&of_web).await.unwrap().items.len(), 1);

    let deployments: Api<Deployment> = cluster.api();
    let background = DeleteParams::background();
    deployments.delete("web", &background).await.unwrap();
    let sets: Api<ReplicaSet> = cluster.api();
    for set in sets.list(&ListParams::default()).await.unwrap() {
        let uid = set.metadata.uid.unwrap();
        let gone = conditions::is_deleted(&uid);
        once(sets.clone(), &set.metadata.name.unwrap(), gone).await;
    }
}

#[tokio::test]
async fn a_namespace_is_filled_and_emptied() {
    let test = "namespace";
    let Some(cluster) = Cluster::start(test).await else {
        return;
    };
    let there = |config: Option<&ConfigMap>| config.is_some();
    let configs: Api<ConfigMap> = Api::namespaced(cluster.client.clone(), "passing");
    once(configs, "kube-root-ca.crt", there).await;
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client.clone(), "passing");
    once(accounts, "default", |account: Option<&ServiceAccount>| {
        account.is_some()
    })
    .await;

    let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
    let passing = namespaces.get("passing").await.unwrap();
    let deleted = namespaces.delete("passing", &DeleteParams::default()).await;
    let phase = |namespace: &Namespace| json!(namespace)["status"]["phase"].clone();
    assert_eq!(
        deleted.unwrap().left().map(|left| phase(&left)),
        Some(Value::from("Terminating"))
    );
    let gone = conditions::is_deleted(passing.metadata.uid.as_deref().unwrap());
    once(namespaces, "passing", gone).await;
}
