//! When a cluster with one part has come to rest.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::core::ApiResource;
use rstest::rstest;
use serde_json::json;

use crate::clock::EPOCH;
use crate::cluster::{Cluster, Transport};
use crate::faults::{Fault, Faults, Nth, Refusal, Rule, Verbs};
use crate::part::{Caches, Change, Failure, Key, Part, Wake, Watch};

const PAINTER: &str = "painter";
/// How long the painter thinks.
const A_WHILE: SignedDuration = SignedDuration::from_secs(10);

/// Paints every ConfigMap, once, some time after it is seen first.
struct Painter {
    client: Client,
    resource: ApiResource,
    seen: BTreeSet<Key>,
    painted: BTreeSet<Key>,
}

impl Part for Painter {
    fn name(&self) -> &'static str {
        PAINTER
    }

    fn watches(&self) -> Vec<Watch> {
        vec![Watch::all(self.resource.clone())]
    }

    fn observe(&mut self, change: &Change, _: &Caches) -> Vec<Wake> {
        vec![Wake::now(Key::of("ConfigMap", &change.object))]
    }

    fn reconcile<'a>(
        &'a mut self,
        key: &'a Key,
        _: &'a Caches,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>> {
        Box::pin(async move {
            if self.seen.insert(key.clone()) {
                return Ok(Some(A_WHILE));
            }
            if !self.painted.contains(key) {
                let paint = Patch::Merge(json!({"data": {"colour": "blue"}}));
                let maps: Api<ConfigMap> = Api::namespaced(self.client.clone(), &key.namespace);
                maps.patch(&key.name, &PatchParams::default(), &paint)
                    .await?;
                self.painted.insert(key.clone());
            }
            Ok(None)
        })
    }
}

/// A cluster at rest, in which a painter that follows `plural` and is disturbed by `rule` found a ConfigMap; and whether
/// that is painted.
async fn settled(plural: &str, rule: Option<Rule>) -> (Cluster, bool) {
    let mut cluster = Cluster::new(1, Transport::InProcess);
    let server = cluster.server().clone();
    server.set_faults(Faults::from_rules(rule.into_iter().collect()));
    let client = server.part_client(PAINTER);
    let resource = ApiResource {
        plural: plural.to_owned(),
        ..ApiResource::erase::<ConfigMap>(&())
    };
    let painter = Painter {
        client: client.kube(),
        resource,
        seen: BTreeSet::new(),
        painted: BTreeSet::new(),
    };
    cluster.add(Box::new(painter), client);
    let maps: Api<ConfigMap> = Api::default_namespaced(server.client("test"));
    let map = serde_json::from_value(json!({"metadata": {"name": "a"}})).unwrap();
    maps.create(&PostParams::default(), &map).await.unwrap();
    cluster.settle().await.unwrap();
    let is_painted = maps.get("a").await.unwrap().data.is_some();
    (cluster, is_painted)
}

/// Refused in the turn that a change brought, or in the one that the painter asked for.
#[rstest]
#[case::list(Verbs::One("list"), Refusal::Forbidden, 1)]
#[case::lists(Verbs::One("list"), Refusal::NotServed, 3)]
#[case::watch(Verbs::One("watch"), Refusal::TooManyRequests, 2)]
#[case::write(Verbs::Writes, Refusal::TooManyRequests, 1)]
#[case::writes(Verbs::Writes, Refusal::Unavailable, 3)]
#[tokio::test]
async fn a_cluster_is_not_at_rest_while_something_refused_is_to_be_tried_again(
    #[case] verbs: Verbs,
    #[case] refusal: Refusal,
    #[case] n_times: usize,
) {
    let rule = Rule::new(PAINTER, verbs, Fault::Answer(refusal)).nth(Nth::First(n_times));
    let (cluster, is_painted) = settled("configmaps", Some(rule)).await;
    let n_refused = cluster.server().fault_log().len();
    assert_eq!((n_refused, is_painted), (n_times, true));
}

#[tokio::test]
async fn a_cluster_in_which_a_list_is_refused_for_good_comes_to_rest() {
    let (cluster, is_painted) = settled("unknown", None).await;
    assert!(!is_painted);
    let passed = cluster.clock().now().duration_since(EPOCH);
    assert!(passed <= SignedDuration::from_mins(1), "{passed:#}");
}
