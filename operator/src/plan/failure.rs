//! Why a run failed, for people who do not know Argo.

use std::collections::BTreeMap;

use super::excerpt;
use crate::api::argo::{Node, Workflow};

/// How much of one step's log is quoted. Source: spec/arc.md §6.3.
const STEP_BYTES_MAX: usize = 2 * 1024;
/// The longest message. Source: spec/arc.md §6.3.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// Steps whose logs are read: more would not fit into a message.
const N_LOGS_MAX: usize = MESSAGE_BYTES_MAX / STEP_BYTES_MAX;
/// Where Argo cuts the part of a pod's name before the hash. Source: spec/argo.md, pod names.
const POD_PREFIX_BYTES_MAX: usize = 242;

/// Ends of logs by node id.
pub(crate) type Logs = BTreeMap<String, String>;

/// A pod whose log tells why a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailedPod {
    pub(crate) node_id: String,
    /// Its name by Argo's rule; a pod with another name has the node id as an annotation.
    pub(crate) pod_name: String,
}

/// The pods whose logs the message of this failed run quotes.
pub(crate) fn failed_pods(workflow: &Workflow) -> Vec<FailedPod> {
    let workflow_name = workflow.metadata.name.as_deref().unwrap_or_default();
    failed_nodes(workflow)
        .into_iter()
        .take(N_LOGS_MAX)
        .map(|node| FailedPod {
            node_id: node.id.clone(),
            pod_name: pod_name(workflow_name, node),
        })
        .collect()
}

/// Argo's message, then each failed step with its own message and the end of its log.
///
/// Source: spec/arc.md §6.3.
pub(crate) fn message(workflow: &Workflow, logs: &Logs) -> String {
    let own = workflow
        .status
        .as_ref()
        .map(|status| status.message.as_str());
    let mut parts: Vec<String> = own
        .filter(|message| !message.is_empty())
        .map(excerpt::printable)
        .into_iter()
        .collect();
    for node in failed_nodes(workflow) {
        let mut part = format!("step {}: {}", node.display_name, node.message);
        if let Some(log) = logs.get(&node.id).map(|log| log.trim_end())
            && !log.is_empty()
        {
            part.push('\n');
            part.push_str(&excerpt::tail(log, STEP_BYTES_MAX));
        }
        parts.push(excerpt::printable(&part));
    }
    if parts.is_empty() {
        parts.push("the Workflow failed without a message".to_owned());
    }
    excerpt::head(&parts.join("\n\n"), MESSAGE_BYTES_MAX)
}

fn failed_nodes(workflow: &Workflow) -> Vec<&Node> {
    let nodes = workflow
        .status
        .iter()
        .flat_map(|status| status.nodes.values());
    let mut failed: Vec<&Node> = nodes
        .filter(|node| node.r#type == "Pod" && matches!(node.phase.as_str(), "Failed" | "Error"))
        .collect();
    failed.sort_by_key(|node| {
        (
            node.started_at.as_ref().map(|time| time.0),
            node.id.as_str(),
        )
    });
    failed
}

/// Source: spec/arc.md §6.3; spec/argo.md, pod names (v2).
fn pod_name(workflow_name: &str, node: &Node) -> String {
    if node.name == workflow_name {
        return workflow_name.to_owned();
    }
    let template = match &node.template_ref {
        Some(reference) => &reference.template,
        None => &node.template_name,
    };
    let prefix = if template.is_empty() {
        workflow_name.to_owned()
    } else {
        format!("{workflow_name}-{template}")
    };
    let end = prefix.floor_char_boundary(POD_PREFIX_BYTES_MAX);
    let hash = node.id.rsplit('-').next().unwrap_or_default();
    format!("{}-{hash}", &prefix[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn workflow(status: &str) -> Workflow {
        let text = format!("{{metadata: {{name: wf}}, spec: {{}}, status: {status}}}");
        let mut value: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        value["apiVersion"] = "argoproj.io/v1alpha1".into();
        value["kind"] = "Workflow".into();
        serde_json::from_value(value).unwrap()
    }

    const TWO_FAILED: &str = "{message: child failed, nodes: {
        wf: {id: wf, name: wf, type: Steps, phase: Failed},
        wf-2: {id: wf-2, name: 'wf[1].scan', displayName: scan, templateName: scan-image, type: Pod, phase: Failed,
               message: 'Error (exit code 1)', startedAt: '2030-01-01T00:00:09Z'},
        wf-1: {id: wf-1, name: 'wf[0].pull', displayName: pull, templateName: pull-image, type: Pod, phase: Error,
               message: 'OOMKilled', startedAt: '2030-01-01T00:00:10Z'},
        wf-3: {id: wf-3, name: 'wf[0].login', displayName: login, type: Pod, phase: Succeeded}}}";

    #[test]
    fn failed_steps_are_told_in_the_order_in_which_they_began() {
        let logs = [("wf-2".to_owned(), "\u{1b}[1mCRITICAL: 3\n".to_owned())].into();
        assert_eq!(
            message(&workflow(TWO_FAILED), &logs),
            "child failed\n\nstep scan: Error (exit code 1)\n[1mCRITICAL: 3\n\nstep pull: OOMKilled"
        );
    }

    #[test]
    fn only_failed_pods_are_read() {
        let names: Vec<String> = failed_pods(&workflow(TWO_FAILED))
            .into_iter()
            .map(|pod| pod.pod_name)
            .collect();
        assert_eq!(names, ["wf-scan-image-2", "wf-pull-image-1"]);
    }

    #[test]
    fn a_long_log_is_cut_at_its_beginning() {
        let logs = [("wf-2".to_owned(), "x".repeat(5000) + "end")].into();
        let message = message(&workflow(TWO_FAILED), &logs);
        assert!(message.contains("\n… (cut)\nxxx"));
        assert!(message.contains("xend\n\nstep pull"));
        assert!(message.len() < 2300);
    }

    #[test]
    fn a_failure_is_never_without_a_message() {
        assert_eq!(
            message(&workflow("{}"), &Logs::new()),
            "the Workflow failed without a message"
        );
    }

    #[rstest]
    #[case::whole_workflow("{id: wf, name: wf, templateName: main}", "wf")]
    #[case::template("{id: wf-123, name: 'wf.a', templateName: main}", "wf-main-123")]
    #[case::referenced(
        "{id: wf-123, name: 'wf.a', templateRef: {name: t, template: other}}",
        "wf-other-123"
    )]
    #[case::inline("{id: wf-123, name: 'wf.a'}", "wf-123")]
    fn a_pod_is_named(#[case] node: &str, #[case] name: &str) {
        assert_eq!(pod_name("wf", &serde_saphyr::from_str(node).unwrap()), name);
    }
}
