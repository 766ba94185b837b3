//! The collectors together in one cluster.

use k8s_openapi::api::core::v1::{
    ConfigMap, Namespace, PersistentVolume, PersistentVolumeClaim, Pod, ResourceQuota,
    ServiceAccount,
};
use k8s_openapi::api::storage::v1::VolumeAttributesClass;
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, PropagationPolicy};
use rstest::rstest;

use super::{GarbageCollector, Namespaces, Quotas, ServiceAccounts, VolumeBinder};
use crate::cluster::{Cluster, Transport};
use crate::json::{Value, from_value, json};

struct Bench {
    cluster: Cluster,
    client: Client,
}

impl Bench {
    fn new() -> Self {
        let mut cluster = Cluster::new(1, Transport::InProcess);
        let client = |cluster: &Cluster| cluster.server().part_client("collector");
        let garbage = GarbageCollector::new(client(&cluster).kube());
        let namespaces = Namespaces::new(client(&cluster).kube());
        let accounts = ServiceAccounts::new(client(&cluster).kube(), "PEM".to_owned());
        let volumes = VolumeBinder::new(client(&cluster).kube());
        let quotas = Quotas::new(client(&cluster).kube());
        let watching = client(&cluster);
        cluster.add(Box::new(garbage), watching.clone());
        cluster.add(Box::new(namespaces), watching.clone());
        cluster.add(Box::new(accounts), watching.clone());
        cluster.add(Box::new(volumes), watching.clone());
        cluster.add(Box::new(quotas), watching);
        let client = cluster.server().client("test");
        Self { cluster, client }
    }

    fn maps(&self) -> Api<ConfigMap> {
        Api::namespaced(self.client.clone(), "default")
    }

    async fn create(&self, map: Value) -> ConfigMap {
        let map = from_value(&map).unwrap();
        self.maps()
            .create(&PostParams::default(), &map)
            .await
            .unwrap()
    }

    /// What is used of the quota `q`, in the order of the names.
    async fn used(&mut self, quotas: &Api<ResourceQuota>) -> String {
        self.cluster.settle().await.unwrap();
        let status = quotas.get("q").await.unwrap().status.unwrap();
        let used = status.used.unwrap_or_default().into_values();
        used.map(|amount| amount.0).collect::<Vec<_>>().join(" ")
    }

    /// The ConfigMaps of `default` that the test made.
    async fn names(&mut self) -> Vec<String> {
        self.cluster.settle().await.unwrap();
        let all = self.maps().list(&ListParams::default()).await.unwrap();
        let names = all.items.into_iter().filter_map(|map| map.metadata.name);
        names.filter(|name| name != "kube-root-ca.crt").collect()
    }
}

fn owned_by(owner: &ConfigMap, name: &str) -> Value {
    let uid = owner.metadata.uid.clone();
    json!({"metadata": {"name": name, "ownerReferences": [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": owner.metadata.name, "uid": uid, "blockOwnerDeletion": true},
    ]}})
}

#[rstest]
#[case::background(PropagationPolicy::Background, &[])]
#[case::foreground(PropagationPolicy::Foreground, &[])]
#[case::orphan(PropagationPolicy::Orphan, &["child", "grandchild"])]
#[tokio::test]
async fn a_deletion_reaches_the_dependents(
    #[case] policy: PropagationPolicy,
    #[case] left: &[&str],
) {
    let mut bench = Bench::new();
    let owner = bench.create(json!({"metadata": {"name": "owner"}})).await;
    let child = bench.create(owned_by(&owner, "child")).await;
    bench.create(owned_by(&child, "grandchild")).await;
    assert_eq!(bench.names().await, ["child", "grandchild", "owner"]);
    let params = DeleteParams {
        propagation_policy: Some(policy),
        ..DeleteParams::default()
    };
    bench.maps().delete("owner", &params).await.unwrap();
    assert_eq!(bench.names().await, left);
}

#[tokio::test]
async fn an_object_whose_owner_never_existed_is_deleted() {
    let mut bench = Bench::new();
    bench
        .create(json!({"metadata": {"name": "child", "ownerReferences": [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "nobody"},
        ]}}))
        .await;
    assert_eq!(bench.names().await, [""; 0]);
}

#[tokio::test]
async fn a_foreground_deletion_waits_for_a_child_that_a_finalizer_holds() {
    let mut bench = Bench::new();
    let owner = bench.create(json!({"metadata": {"name": "owner"}})).await;
    let mut child = owned_by(&owner, "child");
    child["metadata"]["finalizers"] = json!(["ex.io/hold"]);
    bench.create(child).await;
    bench
        .maps()
        .delete("owner", &DeleteParams::foreground())
        .await
        .unwrap();
    assert_eq!(bench.names().await, ["child", "owner"]);
    let patch = kube::api::Patch::Merge(json!({"metadata": {"finalizers": []}}));
    bench
        .maps()
        .patch("child", &kube::api::PatchParams::default(), &patch)
        .await
        .unwrap();
    assert_eq!(bench.names().await, [""; 0]);
}

#[tokio::test]
async fn a_namespace_is_furnished_and_can_be_deleted_with_its_content() {
    let mut bench = Bench::new();
    let namespaces: Api<Namespace> = Api::all(bench.client.clone());
    let namespace = from_value(&json!({"metadata": {"name": "team"}})).unwrap();
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .unwrap();
    bench.cluster.settle().await.unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(bench.client.clone(), "team");
    assert!(accounts.get_opt("default").await.unwrap().is_some());
    let maps: Api<ConfigMap> = Api::namespaced(bench.client.clone(), "team");
    let authority = maps.get("kube-root-ca.crt").await.unwrap();
    assert_eq!(authority.data.unwrap()["ca.crt"], "PEM");
    namespaces
        .delete("team", &DeleteParams::default())
        .await
        .unwrap();
    bench.cluster.settle().await.unwrap();
    assert_eq!(namespaces.get_opt("team").await.unwrap(), None);
    assert_eq!(maps.list(&ListParams::default()).await.unwrap().items, []);
}

#[tokio::test]
async fn a_changed_authority_is_put_right() {
    let mut bench = Bench::new();
    bench.cluster.settle().await.unwrap();
    let patch = Patch::Merge(json!({"data": {"ca.crt": "forged", "other": ""}}));
    let params = PatchParams::default();
    let maps = bench.maps();
    maps.patch("kube-root-ca.crt", &params, &patch)
        .await
        .unwrap();
    bench.cluster.settle().await.unwrap();
    let authority = maps.get("kube-root-ca.crt").await.unwrap();
    assert_eq!(json!(authority.data), json!({"ca.crt": "PEM"}));
}

#[tokio::test]
async fn a_namespace_is_emptied_of_pods_before_anything_else() {
    let mut bench = Bench::new();
    let namespaces: Api<Namespace> = Api::all(bench.client.clone());
    let namespace = from_value(&json!({"metadata": {"name": "team"}})).unwrap();
    let params = PostParams::default();
    namespaces.create(&params, &namespace).await.unwrap();
    let pods: Api<Pod> = Api::namespaced(bench.client.clone(), "team");
    let pod = json!({
        "metadata": {"name": "p", "finalizers": ["ex.io/hold"]},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    });
    let pod = from_value(&pod).unwrap();
    pods.create(&params, &pod).await.unwrap();
    bench.cluster.settle().await.unwrap();
    let params = DeleteParams::default();
    namespaces.delete("team", &params).await.unwrap();
    bench.cluster.settle().await.unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(bench.client.clone(), "team");
    let authority = maps.get("kube-root-ca.crt").await.unwrap();
    assert_eq!(authority.metadata.deletion_timestamp, None);
    let status = namespaces.get("team").await.unwrap().status.unwrap();
    let conditions = status.conditions.unwrap_or_default().into_iter();
    let reasons: Vec<_> = conditions.filter_map(|it| it.reason).collect();
    let expected = [
        "ResourcesDiscovered",
        "ParsedGroupVersions",
        "ContentDeleted",
        "ContentRemoved",
        "ContentHasNoFinalizers",
    ];
    assert_eq!(reasons, expected);
    let released = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    let params = PatchParams::default();
    pods.patch("p", &params, &released).await.unwrap();
    bench.cluster.settle().await.unwrap();
    assert_eq!(namespaces.get_opt("team").await.unwrap(), None);
}

#[tokio::test]
async fn a_claim_is_bound_and_its_volume_goes_with_it() {
    let mut bench = Bench::new();
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(bench.client.clone(), "default");
    let claim = json!({"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    claims
        .create(&PostParams::default(), &from_value(&claim).unwrap())
        .await
        .unwrap();
    bench.cluster.settle().await.unwrap();
    let status = claims.get("c").await.unwrap().status.unwrap();
    assert_eq!(status.phase.as_deref(), Some("Bound"));
    claims.delete("c", &DeleteParams::default()).await.unwrap();
    bench.cluster.settle().await.unwrap();
    assert_eq!(claims.get_opt("c").await.unwrap(), None);
    let volumes: Api<PersistentVolume> = Api::all(bench.client.clone());
    assert_eq!(
        volumes.list(&ListParams::default()).await.unwrap().items,
        []
    );
}

#[tokio::test]
async fn a_class_of_attributes_stays_as_long_as_a_claim_names_it() {
    let mut bench = Bench::new();
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(bench.client.clone(), "default");
    let classes: Api<VolumeAttributesClass> = Api::all(bench.client.clone());
    let class = json!({"metadata": {"name": "gold"}, "driverName": "x", "parameters": {"a": "b"}});
    classes
        .create(&PostParams::default(), &from_value(&class).unwrap())
        .await
        .unwrap();
    let claim = json!({"metadata": {"name": "c"}, "spec": {"volumeAttributesClassName": "gold", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    claims
        .create(&PostParams::default(), &from_value(&claim).unwrap())
        .await
        .unwrap();
    classes
        .delete("gold", &DeleteParams::default())
        .await
        .unwrap();
    bench.cluster.settle().await.unwrap();
    assert!(classes.get_opt("gold").await.unwrap().is_some());
    claims.delete("c", &DeleteParams::default()).await.unwrap();
    bench.cluster.settle().await.unwrap();
    assert_eq!(classes.get_opt("gold").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_used_of_a_quota_is_counted_and_counted_again_when_something_is_gone() {
    let mut bench = Bench::new();
    bench.create(json!({"metadata": {"name": "a"}})).await;
    bench.names().await;
    let quotas: Api<ResourceQuota> = Api::namespaced(bench.client.clone(), "default");
    let hard =
        json!({"configmaps": "3", "count/leases.coordination.k8s.io": "0", "requests.cpu": "1"});
    let quota = json!({"metadata": {"name": "q"}, "spec": {"hard": hard}});
    let quota = from_value(&quota).unwrap();
    quotas.create(&PostParams::default(), &quota).await.unwrap();
    // The certificate authority of the namespace counts too.
    assert_eq!(bench.used(&quotas).await, "2 0 0");
    bench.create(json!({"metadata": {"name": "b"}})).await;
    assert_eq!(bench.used(&quotas).await, "3 0 0");
    let map = from_value(&json!({"metadata": {"name": "c"}})).unwrap();
    let refused = bench.maps().create(&PostParams::default(), &map).await;
    let why = "configmaps \"c\" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=3, limited: configmaps=3";
    assert!(matches!(refused, Err(kube::Error::Api(status)) if status.message == why));
    let params = DeleteParams::default();
    bench.maps().delete("a", &params).await.unwrap();
    assert_eq!(bench.used(&quotas).await, "2 0 0");
}
