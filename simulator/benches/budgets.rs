//! The budgets that need no real cluster beside them.

use std::hint::black_box;

use arc_simulator::outcomes::Book;
use arc_simulator::simulation::{Config, Simulation};
use criterion::{Criterion, criterion_group, criterion_main};
use kube::api::{Api, DynamicObject};
use kube::core::ApiResource;
use kube::core::gvk::GroupVersionKind;
use serde_json::Value;

#[path = "../tests/example/create.rs"]
mod create;

use create::create;

/// A simulation is trees of JSON, which is many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
}

/// The OCI Order from an empty world to Succeeded, operator included.
fn oci_order(criterion: &mut Criterion) {
    let manifests = arc_fixtures::manifests("oci").expect("the fixture is there");
    let book = arc_fixtures::outcomes("oci", "default").expect("the book is there");
    let book = Book::parse("default.yaml", &book).expect("the book is one");
    let runtime = runtime();
    criterion.bench_function("oci order, empty world to Succeeded", |bencher| {
        bencher.iter(|| black_box(runtime.block_on(order(&manifests, &book))));
    });
}

async fn order(manifests: &[Value], book: &Book) -> String {
    let config = Config {
        outcomes: book.clone(),
        ..Config::default()
    };
    let mut simulation = Simulation::start(config).await.expect("it starts");
    for manifest in manifests {
        create(&simulation, manifest.clone()).await;
    }
    simulation.settle().await.expect("it settles");
    let client = simulation.server().client("user");
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(
        "arc.opendefense.cloud",
        "v1alpha1",
        "Order",
    ));
    let orders: Api<DynamicObject> = Api::default_namespaced_with(client, &resource);
    let list = orders
        .list(&kube::api::ListParams::default())
        .await
        .expect("orders can be listed");
    let phase = list.items[0].data["status"]["phase"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(phase, "Succeeded");
    phase
}

criterion_group! {
    name = budgets;
    config = Criterion::default().sample_size(30);
    targets = oci_order
}
criterion_main!(budgets);
