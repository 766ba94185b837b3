//! What a person wants to know about a case that failed.

use std::fmt::Write;

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{Api, ListParams, LogParams};
use kube::{Client, ResourceExt};

/// How many lines of each log are shown.
const LOG_LINES: i64 = 20;

/// The warnings of a namespace, and the end of the log of each pod that did not succeed.
pub async fn of(client: &Client, namespace: &str) -> String {
    let mut text = String::new();
    // A report of a failure says what can be had.
    let _ = events(client, namespace, &mut text).await;
    let _ = logs(client, namespace, &mut text).await;
    text
}

async fn events(client: &Client, namespace: &str, text: &mut String) -> anyhow::Result<()> {
    let events: Api<Event> = Api::namespaced(client.clone(), namespace);
    let warnings = ListParams::default().fields("type=Warning");
    for event in events.list(&warnings).await?.items {
        let object = event.involved_object.name.unwrap_or_default();
        let reason = event.reason.unwrap_or_default();
        let message = event.message.unwrap_or_default();
        writeln!(text, "  {object}: {reason}: {message}")?;
    }
    Ok(())
}

async fn logs(client: &Client, namespace: &str, text: &mut String) -> anyhow::Result<()> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let unsuccessful = ListParams::default().fields("status.phase!=Succeeded");
    for pod in pods.list(&unsuccessful).await?.items {
        let name = pod.name_any();
        let params = LogParams {
            container: Some("main".to_owned()),
            tail_lines: Some(LOG_LINES),
            ..LogParams::default()
        };
        let log = pods.logs(&name, &params).await;
        let log = log.unwrap_or_else(|error| format!("no log: {error}"));
        writeln!(text, "  {name}:")?;
        for line in log.lines() {
            writeln!(text, "    {line}")?;
        }
    }
    Ok(())
}
