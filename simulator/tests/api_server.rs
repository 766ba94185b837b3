//! The API server as kube-rs sees it, in process.

use std::collections::BTreeMap;

use arc_simulator::clock::{Clock, EPOCH};
use arc_simulator::http::service::ApiServer;
use futures::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchParams};
use kube::core::WatchEvent;
use serde_json::json;

fn server() -> ApiServer {
    ApiServer::new(Clock::virtual_from(EPOCH), 1)
}

fn a_config_map(name: &str) -> ConfigMap {
    ConfigMap {
        data: Some(BTreeMap::from([("colour".to_owned(), "red".to_owned())])),
        metadata: kube::api::ObjectMeta {
            name: Some(name.to_owned()),
            ..Default::default()
        },
        ..Default::default()
    }
}

fn describe(event: &WatchEvent<ConfigMap>) -> String {
    let (word, map) = match event {
        WatchEvent::Added(map) => ("added", map),
        WatchEvent::Modified(map) => ("modified", map),
        WatchEvent::Deleted(map) => ("deleted", map),
        WatchEvent::Bookmark(_) => return "bookmark".to_owned(),
        WatchEvent::Error(status) => return format!("error {}", status.code),
    };
    format!(
        "{word} {}",
        map.metadata.name.as_deref().unwrap_or_default()
    )
}

#[tokio::test]
async fn a_client_creates_reads_changes_and_deletes_and_a_watch_tells() {
    let server = server();
    let maps: Api<ConfigMap> = Api::default_namespaced(server.client("test"));
    let parameters = WatchParams::default();
    let mut watch = Box::pin(maps.watch(&parameters, "0").await.unwrap());

    let created = maps
        .create(&PostParams::default(), &a_config_map("a"))
        .await
        .unwrap();
    assert_eq!(
        created.metadata.creation_timestamp.unwrap().0.to_string(),
        "2030-01-01T00:00:00Z"
    );
    let patch = Patch::Merge(json!({"data": {"colour": "blue"}}));
    maps.patch("a", &PatchParams::default(), &patch)
        .await
        .unwrap();
    let got = maps.get("a").await.unwrap();
    assert_eq!(got.data.unwrap()["colour"], "blue");
    assert_eq!(
        maps.list(&ListParams::default()).await.unwrap().items.len(),
        1
    );
    maps.delete("a", &DeleteParams::default()).await.unwrap();
    assert_eq!(maps.get_opt("a").await.unwrap(), None);

    let _ = server.barrier();
    let mut told = Vec::new();
    for _ in 0..5 {
        told.push(describe(&watch.next().await.unwrap().unwrap()));
    }
    // The first bookmark tells where the state ends, which is empty.
    let expected = ["bookmark", "added a", "modified a", "deleted a", "bookmark"];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_admission_adds_to_a_pod_belongs_to_nobody() {
    let pods: Api<Pod> = Api::default_namespaced(server().client("test"));
    let pod = json!({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "main", "image": "i"}]}});
    let pod: Pod = serde_json::from_value(pod).unwrap();
    let created = pods.create(&PostParams::default(), &pod).await.unwrap();
    let entries = created.metadata.managed_fields.unwrap();
    let owned = &entries[0].fields_v1.as_ref().unwrap().0;
    let names: Vec<&str> = owned["f:spec"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(created.spec.unwrap().priority, Some(0));
    assert_eq!(owned.get("f:status"), None);
    assert_eq!(
        names,
        [
            "f:containers",
            "f:dnsPolicy",
            "f:enableServiceLinks",
            "f:restartPolicy",
            "f:schedulerName",
            "f:securityContext",
            "f:terminationGracePeriodSeconds",
        ]
    );
}

#[tokio::test]
async fn a_watch_with_a_selector_turns_a_lost_label_into_a_deletion() {
    let server = server();
    let maps: Api<ConfigMap> = Api::default_namespaced(server.client("test"));
    let parameters = WatchParams::default().labels("tier=front");
    let mut watch = Box::pin(maps.watch(&parameters, "0").await.unwrap());
    maps.create(&PostParams::default(), &a_config_map("a"))
        .await
        .unwrap();
    for tier in ["front", "back"] {
        let patch = Patch::Merge(json!({"metadata": {"labels": {"tier": tier}}}));
        maps.patch("a", &PatchParams::default(), &patch)
            .await
            .unwrap();
    }
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(describe(&watch.next().await.unwrap().unwrap()));
    }
    assert_eq!(told, ["bookmark", "added a", "deleted a"]);
}

#[tokio::test]
async fn a_watch_from_before_compaction_is_told_so() {
    let server = server();
    let maps: Api<ConfigMap> = Api::default_namespaced(server.client("test"));
    for name in ["a", "b"] {
        maps.create(&PostParams::default(), &a_config_map(name))
            .await
            .unwrap();
    }
    server.compact(server.revision());
    let parameters = WatchParams::default();
    let mut watch = Box::pin(maps.watch(&parameters, "2").await.unwrap());
    assert_eq!(describe(&watch.next().await.unwrap().unwrap()), "error 410");
    assert!(watch.next().await.is_none());
}
