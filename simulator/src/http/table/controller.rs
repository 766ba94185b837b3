//! The columns and cells of the controllers that few programs list.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use jiff::Timestamp;

use super::column::Cells;
use super::field::{NONE, containers, created, int_at, items, labels, name, or, selector, str_at};
use super::heading::{AGE, CONTAINERS, Heading, IMAGES, NAME_COLUMN, field, text};
use crate::json::Value;
use crate::store::kind::Kind;

/// In the words of v1beta1, which real servers still use here.
const DAEMONS_READY: &str = "The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and ready.";
/// In the words of v1beta1, which real servers still use here.
const DAEMON_SELECTOR: &str = "A label query over pods that are managed by the daemon set. Must match in order to be controlled. If empty, defaulted to labels on Pod template. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors";
const DAEMON_SET: &[Heading] = &[
    NAME_COLUMN,
    field("Desired", "status.desiredNumberScheduled").of("integer"),
    field("Current", "status.currentNumberScheduled").of("integer"),
    text("Ready", DAEMONS_READY).of("integer"),
    field("Up-to-date", "status.updatedNumberScheduled").of("integer"),
    field("Available", "status.numberAvailable").of("integer"),
    field("Node Selector", "spec.template.spec.nodeSelector"),
    AGE,
    CONTAINERS,
    IMAGES,
    text("Selector", DAEMON_SELECTOR).wide(),
];
const REPLICATION_CONTROLLER: &[Heading] = &[
    NAME_COLUMN,
    field("Desired", "spec.replicas").of("integer"),
    field("Current", "status.replicas").of("integer"),
    field("Ready", "status.readyReplicas").of("integer"),
    AGE,
    CONTAINERS,
    IMAGES,
    field("Selector", "spec.selector").wide(),
];
const POD_TEMPLATE: &[Heading] = &[
    NAME_COLUMN,
    CONTAINERS.narrow(),
    IMAGES.narrow(),
    text("Pod Labels", "The labels for the pod template."),
];
const REVISION: &[Heading] = &[
    NAME_COLUMN,
    text("Controller", "Controller of the object"),
    text(
        "Revision",
        "revision indicates the revision of the state represented by Data.",
    ),
    AGE,
];

/// The columns of a kind, and its cells.
pub(super) fn built_in(kind: &Kind) -> Option<(&'static [Heading], Cells)> {
    Some(match (kind.group.as_str(), kind.kind.as_str()) {
        ("apps", "DaemonSet") => (DAEMON_SET, daemon_set),
        ("apps", "ControllerRevision") => (REVISION, revision),
        ("", "ReplicationController") => (REPLICATION_CONTROLLER, replication_controller),
        ("", "PodTemplate") => (POD_TEMPLATE, pod_template),
        _ => return None,
    })
}

fn daemon_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let count = |field: &str| Value::from(int_at(&object["status"], field));
    let on = &object["spec"]["template"]["spec"]["nodeSelector"];
    let mut cells = vec![
        name(object),
        count("/desiredNumberScheduled"),
        count("/currentNumberScheduled"),
        count("/numberReady"),
        count("/updatedNumberScheduled"),
        count("/numberAvailable"),
        or(&labels(on), NONE),
        created(object, now),
    ];
    cells.extend(containers(object, "/spec/template/spec/containers"));
    cells.push(or(&selector(&object["spec"]["selector"]), NONE));
    cells
}

fn replication_controller(object: &Value, now: Timestamp) -> Vec<Value> {
    let mut cells = vec![
        name(object),
        int_at(object, "/spec/replicas").into(),
        int_at(object, "/status/replicas").into(),
        int_at(object, "/status/readyReplicas").into(),
        created(object, now),
    ];
    cells.extend(containers(object, "/spec/template/spec/containers"));
    cells.push(or(&labels(&object["spec"]["selector"]), NONE));
    cells
}

fn pod_template(object: &Value, _: Timestamp) -> Vec<Value> {
    let mut cells = vec![name(object)];
    cells.extend(containers(object, "/template/spec/containers"));
    let of_pods = &object["template"]["metadata"]["labels"];
    cells.push(or(&labels(of_pods), NONE));
    cells
}

fn revision(object: &Value, now: Timestamp) -> Vec<Value> {
    let owner =
        items(object, "/metadata/ownerReferences").find(|owner| owner["controller"] == true);
    let controller = owner.map_or_else(
        || NONE.to_owned(),
        |owner| {
            let group = str_at(owner, "/apiVersion").rsplit_once('/');
            let group = group
                .map(|(group, _)| format!(".{group}"))
                .unwrap_or_default();
            let kind = format!("{}{group}", str_at(owner, "/kind")).to_lowercase();
            format!("{kind}/{}", str_at(owner, "/name"))
        },
    );
    vec![
        name(object),
        controller.into(),
        int_at(object, "/revision").into(),
        created(object, now),
    ]
}
