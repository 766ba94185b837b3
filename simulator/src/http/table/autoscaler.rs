//! The columns and cells of autoscalers.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use jiff::Timestamp;

use super::column::Cells;
use super::field::{NONE, UNKNOWN, UNSET, created, first_few, int_at, items, name, str_at};
use super::heading::{AGE, Heading, NAME_COLUMN, text};
use crate::json::Value;
use crate::store::kind::Kind;

/// How many metrics a cell names.
const N_NAMED: usize = 2;
/// In the words of v2beta1, which real servers still use here, whatever version is asked for.
const AUTOSCALER: &[Heading] = &[
    NAME_COLUMN,
    text(
        "Reference",
        "scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics should be collected, as well as to actually change the replica count.",
    ),
    text(
        "Targets",
        "metrics contains the specifications for which to use to calculate the desired replica count (the maximum replica count across all metrics will be used).  The desired replica count is calculated multiplying the ratio between the target value and the current value by the current number of pods.  Ergo, metrics used must decrease as the pod count is increased, and vice-versa.  See the individual metric source types for more information about how each type of metric must respond.",
    ),
    text(
        "MinPods",
        "minReplicas is the lower limit for the number of replicas to which the autoscaler can scale down.  It defaults to 1 pod.  minReplicas is allowed to be 0 if the alpha feature gate HPAScaleToZero is enabled and at least one Object or External metric is configured.  Scaling is active as long as at least one metric value is available.",
    ),
    text(
        "MaxPods",
        "maxReplicas is the upper limit for the number of replicas to which the autoscaler can scale up. It cannot be less that minReplicas.",
    ),
    text(
        "Replicas",
        "currentReplicas is current number of replicas of pods managed by this autoscaler, as last seen by the autoscaler.",
    ),
    AGE,
];

/// The columns of a kind, and its cells.
pub(super) fn built_in(kind: &Kind) -> Option<(&'static [Heading], Cells)> {
    let is_autoscaler = kind.group == "autoscaling" && kind.kind == "HorizontalPodAutoscaler";
    is_autoscaler.then_some((AUTOSCALER, autoscaler))
}

fn autoscaler(object: &Value, now: Timestamp) -> Vec<Value> {
    let target = &object["spec"]["scaleTargetRef"];
    let least = &object["spec"]["minReplicas"];
    vec![
        name(object),
        format!("{}/{}", str_at(target, "/kind"), str_at(target, "/name")).into(),
        targets(object).into(),
        match least {
            Value::Null => UNSET.to_owned(),
            least => least.to_string(),
        }
        .into(),
        int_at(object, "/spec/maxReplicas").into(),
        int_at(object, "/status/currentReplicas").into(),
        created(object, now),
    ]
}

fn targets(object: &Value) -> String {
    let statuses: Vec<&Value> = items(object, "/status/currentMetrics").collect();
    let mut shown: Vec<String> = items(object, "/spec/metrics")
        .enumerate()
        .map(|(index, metric)| target(metric, statuses.get(index).copied()))
        .collect();
    // The only metric that autoscaling/v1 has a field for.
    if let Some(wanted) = percent(object, "/spec/targetCPUUtilizationPercentage") {
        let current = percent(object, "/status/currentCPUUtilizationPercentage");
        let current = current.as_deref().unwrap_or(UNKNOWN);
        shown.push(format!("cpu: {current}/{wanted}"));
    }
    if shown.is_empty() {
        return NONE.to_owned();
    }
    first_few(&shown, N_NAMED, ", ")
}

/// What there is of a metric, and what there is to be.
fn target(metric: &Value, status: Option<&Value>) -> String {
    let (source, is_of_containers) = match str_at(metric, "/type") {
        "External" => ("external", false),
        "Pods" => ("pods", false),
        "Object" => ("object", false),
        "Resource" => ("resource", true),
        "ContainerResource" => ("containerResource", true),
        _ => return "<unknown type>".to_owned(),
    };
    let metric = &metric[source];
    let current = status.map(|status| &status[source]["current"]);
    let current = current.filter(|current| !current.is_null());
    let is_mean = metric["target"].get("averageValue").is_some();
    let amount = |of: &Value| {
        let field = if is_mean { "/averageValue" } else { "/value" };
        let amount = of.pointer(field).and_then(Value::as_str);
        amount.or((!is_mean).then_some("0")).map(str::to_owned)
    };
    let wanted = amount(&metric["target"]).unwrap_or_default();
    if is_of_containers {
        let (current, wanted) = match is_mean {
            true => (current.and_then(amount), wanted),
            false => (
                current.and_then(|current| percent(current, "/averageUtilization")),
                percent(&metric["target"], "/averageUtilization")
                    .unwrap_or_else(|| "<auto>".to_owned()),
            ),
        };
        let current = current.as_deref().unwrap_or(UNKNOWN);
        return format!("{}: {current}/{wanted}", str_at(metric, "/name"));
    }
    let current = current.and_then(amount);
    let current = current.as_deref().unwrap_or(UNKNOWN);
    let note = if is_mean && source != "pods" {
        " (avg)"
    } else {
        ""
    };
    format!("{current}/{wanted}{note}")
}

fn percent(object: &Value, pointer: &str) -> Option<String> {
    let share = object.pointer(pointer)?.as_i64()?;
    Some(format!("{share}%"))
}
