//! Operators that stand for election, against the API server in memory.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

use std::sync::Arc;

use arc_operator::controller::election::{Candidate, Standing};
use arc_simulator::clock::{Clock, EPOCH};
use arc_simulator::http::service::ApiServer;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use serde_json::json;

const LEASE: &str = "arc.opendefense.cloud";

fn candidate(client: Client, identity: &str) -> Candidate {
    Candidate::new(client, identity.to_owned(), Arc::new(|| EPOCH))
}

/// Two candidates, and what they contend for.
fn contest() -> (Candidate, Candidate, Api<Lease>) {
    let server = ApiServer::new(Clock::virtual_from(EPOCH), 1);
    let first = candidate(server.client("first"), "first");
    let second = candidate(server.client("second"), "second");
    let leases = Api::default_namespaced(server.client("test"));
    (first, second, leases)
}

async fn holder(leases: &Api<Lease>) -> Option<String> {
    let spec = leases.get(LEASE).await.unwrap().spec.unwrap();
    spec.holder_identity
}

#[tokio::test]
async fn one_leads_and_the_other_takes_over_when_it_is_told() {
    let (mut first, mut second, leases) = contest();
    assert_eq!(first.attempt().await.unwrap(), Standing::Leads);
    assert_eq!(second.attempt().await.unwrap(), Standing::Waits);
    assert_eq!(first.attempt().await.unwrap(), Standing::Leads);
    first.release().await.unwrap();
    assert_eq!(holder(&leases).await.as_deref(), Some(""));
    second.elected().await;
    assert_eq!(holder(&leases).await.as_deref(), Some("second"));
    assert_eq!(first.attempt().await.unwrap(), Standing::Waits);
}

#[tokio::test]
async fn of_two_at_the_same_moment_one_leads() {
    let (mut first, mut second, _) = contest();
    let (first, second) = futures::join!(first.attempt(), second.attempt());
    let mut standings = [first.unwrap(), second.unwrap()];
    standings.sort_by_key(|standing| *standing == Standing::Waits);
    assert_eq!(standings, [Standing::Leads, Standing::Waits]);
}

#[tokio::test]
async fn a_leader_whose_lease_somebody_else_has_stops_at_once_and_leaves_it_alone() {
    let (mut first, _, leases) = contest();
    first.elected().await;
    let taken = Patch::Merge(json!({"spec": {"holderIdentity": "other"}}));
    let params = PatchParams::default();
    leases.patch(LEASE, &params, &taken).await.unwrap();
    first.deposed().await;
    first.release().await.unwrap();
    assert_eq!(holder(&leases).await.as_deref(), Some("other"));
}

#[tokio::test]
async fn a_lease_that_somebody_deleted_is_made_again() {
    let (mut first, mut second, leases) = contest();
    first.elected().await;
    let params = DeleteParams::default();
    leases.delete(LEASE, &params).await.unwrap();
    assert_eq!(first.attempt().await.unwrap(), Standing::Leads);
    assert_eq!(second.attempt().await.unwrap(), Standing::Waits);
}
