//! Evictions, and the budgets that stand in their way.

use rstest::rstest;

use super::{PODS, ask, server};
use crate::json::{Value, json};

const BUDGETS: &str = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";

/// The answer to an eviction of a pod in this state, which a budget with this status protects.
async fn evicted(pod: Value, budget: Option<Value>) -> (u16, Value) {
    let server = server();
    let labelled = json!({
        "metadata": {"name": "p", "labels": {"a": "b"}},
        "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]},
    });
    ask(&server, ("POST", PODS, &labelled.to_string())).await;
    let status = json!({"metadata": {"name": "p"}, "status": pod}).to_string();
    ask(&server, ("MERGE", &format!("{PODS}/p/status"), &status)).await;
    if let Some(budget) = budget {
        let made = json!({
            "metadata": {"name": "d"},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}},
        });
        ask(&server, ("POST", BUDGETS, &made.to_string())).await;
        let status = json!({"status": budget}).to_string();
        ask(&server, ("MERGE", &format!("{BUDGETS}/d/status"), &status)).await;
    }
    let eviction = r#"{"metadata":{"name":"p"}}"#;
    let path = format!("{PODS}/p/eviction");
    let (code, answer) = ask(&server, ("POST", &path, eviction)).await;
    let (_, budget) = ask(&server, ("GET", &format!("{BUDGETS}/d"), "")).await;
    let left = match code {
        201 => budget["status"]["disruptionsAllowed"].clone(),
        _ => answer["details"]["causes"][0]["message"].clone(),
    };
    (code, left)
}

#[rstest]
#[case::free(json!({"phase": "Running"}), None, 201, Value::Null)]
#[case::pending(json!({"phase": "Pending"}), Some(json!({"observedGeneration": 1})), 201, json!(0))]
#[case::allowed(running(true), Some(json!({"observedGeneration": 1, "disruptionsAllowed": 2})), 201, json!(1))]
#[case::not_observed(running(true), Some(json!({})), 429, json!("The disruption budget d is still being processed by the server."))]
#[case::used_up(running(true), Some(json!({"observedGeneration": 1, "currentHealthy": 1, "desiredHealthy": 1})), 429, json!("The disruption budget d needs 1 healthy pods and has 1 currently"))]
#[case::not_ready(running(false), Some(json!({"observedGeneration": 1, "currentHealthy": 1, "desiredHealthy": 1})), 201, json!(0))]
#[tokio::test]
async fn a_budget_says_whether_a_pod_goes(
    #[case] pod: Value,
    #[case] budget: Option<Value>,
    #[case] code: u16,
    #[case] left: Value,
) {
    assert_eq!(evicted(pod, budget).await, (code, left));
}

fn running(is_ready: bool) -> Value {
    let ready = if is_ready { "True" } else { "False" };
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]})
}
