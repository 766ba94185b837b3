//! The ends of the logs of failed steps.

use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, LogParams, PartialObjectMeta};
use kube::{Api, ResourceExt};

use super::error::{chain, is_not_found};
use super::read::Reader;
use crate::api::argo::Workflow;
use crate::api::keys;
use crate::plan::failure::{self, FailedPod, Logs};

/// The container whose log tells what a step did. Source: spec/arc.md §6.3.
const CONTAINER: &str = "main";

/// The last `n_lines` lines of each failed pod of `workflow`; a log that cannot be read is left out, since a failure
/// is worth telling without it.
///
/// Source: spec/arc.md §6.3.
pub(super) async fn read(reader: &Reader<'_>, workflow: &Workflow, n_lines: u32) -> Logs {
    let mut logs = Logs::new();
    if n_lines == 0 {
        return logs;
    }
    let pods: Api<Pod> = reader.api();
    let params = LogParams {
        container: Some(CONTAINER.to_owned()),
        tail_lines: Some(i64::from(n_lines)),
        ..LogParams::default()
    };
    for failed in failure::failed_pods(workflow) {
        let log = match pods.logs(&failed.pod_name, &params).await {
            Err(error) if is_not_found(&error) => {
                match annotated(reader, workflow, &failed).await {
                    Some(name) => pods.logs(&name, &params).await,
                    None => Err(error),
                }
            }
            other => other,
        };
        match log {
            Ok(log) => {
                logs.insert(failed.node_id, log);
            }
            Err(error) => {
                tracing::debug!(
                    error = chain(&error),
                    pod = failed.pod_name,
                    "cannot read the log"
                );
            }
        }
    }
    logs
}

/// The pod that says itself which node it is, for the case that Argo names it by another rule.
async fn annotated(reader: &Reader<'_>, workflow: &Workflow, failed: &FailedPod) -> Option<String> {
    let pods: Api<PartialObjectMeta<Pod>> = reader.api();
    let labels = format!("{}={}", keys::WORKFLOW_LABEL, workflow.name_any());
    let found = pods.list(&ListParams::default().labels(&labels)).await;
    found
        .inspect_err(|error| {
            tracing::debug!(error = chain(error), "cannot list the pods of the Workflow");
        })
        .ok()?
        .items
        .into_iter()
        .find(|pod| pod.annotations().get(keys::NODE_ID_ANNOTATION) == Some(&failed.node_id))
        .map(|pod| pod.name_any())
}
