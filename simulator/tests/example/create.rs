//! Puts the objects of an example into a simulation; for tests and benchmarks.

use arc_simulator::simulation::Simulation;
use kube::api::{Api, DynamicObject, PostParams};
use kube::core::ApiResource;
use kube::core::gvk::GroupVersionKind;
use serde_json::Value;

/// Creates what `manifest` says as the user, in the namespace `default`.
pub(crate) async fn create(simulation: &Simulation, manifest: Value) {
    let client = simulation.server().client("user");
    let object: DynamicObject = serde_json::from_value(manifest).expect("it is an object");
    let types = object.types.as_ref().expect("it has a kind");
    let gvk = GroupVersionKind::try_from(types).expect("it has a version");
    let resource = ApiResource::from_gvk(&gvk);
    let api: Api<DynamicObject> = if gvk.kind.starts_with("Cluster") {
        Api::all_with(client, &resource)
    } else {
        Api::default_namespaced_with(client, &resource)
    };
    api.create(&PostParams::default(), &object)
        .await
        .expect("it is accepted");
}
