//! The operator with its own driver, in running time, against the API over TLS: as it runs beside a real cluster.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use arc_operator::settings::Settings;
use arc_simulator::assembly::{self, PartName, Shared};
use arc_simulator::clock::Clock;
use arc_simulator::drive::{Runner, run_live};
use arc_simulator::faults::{Disturbance, Fault, Faults, Flaw, Nth, Rule, Verbs};
use arc_simulator::http::kubeconfig::Access;
use arc_simulator::http::listener::Listener;
use arc_simulator::outcomes::{Book, MadeUp, Script};
use futures::future::{Either, join_all, join3, select};
use jiff::SignedDuration;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::discovery::{Scope, pinned_kind};
use kube::runtime::wait::await_condition;
use kube::{Client, Config, ResourceExt};
use rstest::rstest;

/// How many times as fast as on the wall: the Order takes two and a half minutes.
const PACE: f64 = 120.0;

/// Whoever comes over TLS.
const CLIENT: &str = "client";
/// How many watches the operator has.
const N_WATCHES: usize = 8;

async fn client(access: &Access) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(&access.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    Client::try_from(config.unwrap()).unwrap()
}

/// The API for objects like `object`.
async fn api(client: &Client, object: &DynamicObject) -> Api<DynamicObject> {
    let types = object.types.as_ref().unwrap();
    let kind = GroupVersionKind::try_from(types).unwrap();
    let (resource, capabilities) = pinned_kind(client, &kind).await.unwrap();
    match capabilities.scope {
        Scope::Namespaced => Api::default_namespaced_with(client.clone(), &resource),
        Scope::Cluster => Api::all_with(client.clone(), &resource),
    }
}

/// Applies the manifests of a fixture and waits until its Order has succeeded.
async fn succeed(client: Client, fixture: &str) {
    let mut order = None;
    for manifest in arc_fixtures::manifests(fixture).unwrap() {
        let object: DynamicObject = serde_json::from_value(manifest).unwrap();
        let api = api(&client, &object).await;
        let name = object.name_any();
        let apply = PatchParams::apply("test");
        let applied = api.patch(&name, &apply, &Patch::Apply(&object)).await;
        applied.unwrap();
        if object.types.is_some_and(|types| types.kind == "Order") {
            order = Some((api, name));
        }
    }
    let (api, name) = order.unwrap();
    let has_succeeded = |order: Option<&DynamicObject>| {
        order.is_some_and(|order| order.data["status"]["phase"] == "Succeeded")
    };
    await_condition(api, &name, has_succeeded).await.unwrap();
}

/// Whatever is wrong with the first watches of the operator.
#[rstest]
#[case::whole(None)]
#[case::late(Some(Flaw::Late(SignedDuration::from_secs(20))))]
#[case::torn(Some(Flaw::Torn))]
#[case::silent(Some(Flaw::Silent))]
#[tokio::test]
async fn an_order_succeeds_with_the_operators_own_driver_over_tls(#[case] flaw: Option<Flaw>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the operator's driver needs running time"
    )]
    let clock = Clock::scaled(Arc::new(jiff::Timestamp::now), PACE);
    let server = assembly::founded(clock.clone(), 1).unwrap();
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), 1).await.unwrap();
    let access = listener.access().clone();
    let book = arc_fixtures::outcomes("oci", "default").unwrap();
    let shared = Shared {
        outcomes: Script::new(Book::parse("default.yaml", &book).unwrap()),
        made_up: MadeUp::default(),
        clock: clock.clone(),
        authority_pem: access.authority_pem.clone(),
    };
    let actors = assembly::ACTORS.into_iter();
    let simulated = actors.filter(|actor| actor.part != PartName::Operator);
    let parts = simulated.map(|actor| {
        let client = server.part_client(actor.actor);
        let runner = Runner::new(actor.make(client.clone(), &shared), client);
        run_live(runner, clock.clone(), pending())
    });
    let rules = flaw.map(|flaw| {
        let fault = Fault::Disturb(Disturbance::Watches(flaw));
        Rule::new(CLIENT, Verbs::One("watch"), fault).nth(Nth::First(N_WATCHES))
    });
    server.set_faults(Faults::from_rules(rules.into_iter().collect()));
    let serving = listener.serve(server.service(CLIENT), pending());
    let config = arc_operator::Config {
        settings: Settings::default(),
        namespaces: Vec::new(),
        clock: {
            let clock = clock.clone();
            Arc::new(move || clock.now())
        },
    };
    let user = async {
        let succeeding = succeed(client(&access).await, "oci");
        tokio::time::timeout(Duration::from_secs(60), succeeding).await
    };
    let operator = async { arc_operator::run(client(&access).await, config).await };
    let world = join3(join_all(parts), serving, operator);
    match select(Box::pin(world), Box::pin(user)).await {
        Either::Left(_) => panic!("a part ended by itself"),
        Either::Right((succeeded, _)) => succeeded.expect("the Order succeeds within a minute"),
    }
}
