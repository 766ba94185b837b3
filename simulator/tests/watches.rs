//! kube's watcher, which takes up again whatever breaks: it is told of every change once, in process and over TLS.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

#[expect(dead_code, reason = "kube makes the connections here")]
#[path = "serving/server.rs"]
mod serving;

use arc_simulator::clock::{Clock, EPOCH};
use arc_simulator::faults::{Disturbance, Fault, Faults, Flaw, Moment, Nth, Refusal, Rule, Verbs};
use arc_simulator::http::service::ApiServer;
use futures::StreamExt;
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::runtime::watcher::{self, Event, watcher};
use rstest::rstest;
use serde_json::json;
use serving::Serving;

/// The name of the client whose watches break, which is that of whoever comes over TLS.
const WATCHER: &str = "test";
const A_WHILE: SignedDuration = SignedDuration::from_secs(20);
/// Longer than the timeout of a watch, which is 290 s.
const LONG: SignedDuration = SignedDuration::from_mins(6);

fn config_map(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"n": "0"}})).unwrap()
}

/// What `event` tells in a few words; nothing for the lists between watches, which repeat what is known.
fn told(event: Event<ConfigMap>) -> Option<String> {
    let named = |what: &str, map: ConfigMap| {
        let (name, n) = (map.metadata.name.unwrap(), &map.data.unwrap()["n"]);
        Some(format!("{what} {name} {n}"))
    };
    match event {
        Event::Apply(map) => named("applied", map),
        Event::Delete(map) => named("deleted", map),
        Event::Init | Event::InitApply(_) | Event::InitDone => None,
    }
}

/// Changes `a` twice, deletes `b` and makes `c`, each at an instant of its own; then lets a long time pass.
async fn change(server: &ApiServer) {
    let maps: Api<ConfigMap> = Api::default_namespaced(server.client("user"));
    let n = |n: &str| Patch::Merge(json!({"data": {"n": n}}));
    let pass = |duration: SignedDuration| {
        server.clock().advance_to(server.clock().now() + duration);
        server.pass();
    };
    let params = PatchParams::default();
    maps.patch("a", &params, &n("1")).await.unwrap();
    pass(A_WHILE / 4);
    maps.patch("a", &params, &n("2")).await.unwrap();
    maps.delete("b", &DeleteParams::default()).await.unwrap();
    pass(A_WHILE / 4);
    maps.create(&PostParams::default(), &config_map("c"))
        .await
        .unwrap();
    pass(LONG);
}

/// What a watcher is told of the changes if `fault` meets its first watch.
async fn heard(server: &ApiServer, client: Client, fault: Fault) -> Vec<String> {
    let user: Api<ConfigMap> = Api::default_namespaced(server.client("user"));
    for name in ["a", "b"] {
        user.create(&PostParams::default(), &config_map(name))
            .await
            .unwrap();
    }
    let rule = Rule::new(WATCHER, Verbs::One("watch"), fault).nth(Nth::Only(1));
    server.set_faults(Faults::from_rules(vec![rule]));
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let events = watcher(maps, watcher::Config::default());
    // An error is told as such, and the watcher goes on.
    let heard = events
        .filter_map(async |event| event.ok().and_then(told))
        .take(4)
        .collect();
    let changes = async {
        while server.fault_log().is_empty() {
            tokio::task::yield_now().await;
        }
        change(server).await;
    };
    futures::join!(heard, changes).0
}

/// How the watcher reaches the server.
#[derive(Clone, Copy, Debug)]
enum Way {
    InProcess,
    Tls,
}

#[rstest]
#[case::late(watches(Flaw::Late(A_WHILE)))]
#[case::batched(watches(Flaw::Batched(A_WHILE)))]
#[case::torn(watches(Flaw::Torn))]
#[case::unmarked(watches(Flaw::Unmarked))]
#[case::silent(watches(Flaw::Silent))]
#[case::outrun(watches(Flaw::Stalled(2)))]
#[case::short(Fault::Disturb(Disturbance::ShortWatches(A_WHILE)))]
#[case::hanging(Fault::Hang(Moment::After, A_WHILE))]
#[case::too_large(Fault::Answer(Refusal::TooLargeRevision))]
#[case::lost(Fault::LoseAnswer)]
#[case::away(Fault::Disturb(Disturbance::GoAway))]
#[tokio::test]
async fn a_watcher_is_told_of_everything_once(
    #[case] fault: Fault,
    #[values(Way::InProcess, Way::Tls)] way: Way,
) {
    let server = ApiServer::new(Clock::virtual_from(EPOCH), 1);
    let serving = Serving::of(&server).await;
    let client = match way {
        Way::InProcess => server.client(WATCHER),
        Way::Tls => serving.client().await,
    };
    let expected = ["applied a 1", "applied a 2", "deleted b 0", "applied c 0"];
    assert_eq!(heard(&server, client, fault).await, expected);
}

const fn watches(flaw: Flaw) -> Fault {
    Fault::Disturb(Disturbance::Watches(flaw))
}
