//! What autoscaling/v1 has no fields for, which it carries in annotations, there and back.
//!
//! Source: kubernetes v1.34 `pkg/apis/autoscaling/v1/conversion.go`, `annotations.go` and `helpers.go`; the order of the
//! fields is that of `staging/src/k8s.io/api/autoscaling/v1/types.go`.

use crate::json::{Map, Value, json};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";
/// What is dropped once it is read; nothing is carried in the last two.
const ROUND: [&str; 6] = [
    METRICS,
    CURRENT_METRICS,
    CONDITIONS,
    BEHAVIOR,
    "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
    "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
];

/// A field of a metric: its name in v1, where v2 has it, and what stands for nothing, if that is written.
type Field = (&'static str, &'static str, Option<&'static str>);
const ZERO: Option<&str> = Some("\"0\"");
const EMPTY: Option<&str> = Some("\"\"");

/// The kinds of metrics in the order of their fields, with what is asked of each.
const WANTED: [(&str, &[Field]); 5] = [
    (
        "object",
        &[
            ("target", "/describedObject", EMPTY),
            ("metricName", "/metric/name", EMPTY),
            ("targetValue", "/target/value", ZERO),
            ("selector", "/metric/selector", None),
            ("averageValue", "/target/averageValue", None),
        ],
    ),
    (
        "pods",
        &[
            ("metricName", "/metric/name", EMPTY),
            ("targetAverageValue", "/target/averageValue", ZERO),
            ("selector", "/metric/selector", None),
        ],
    ),
    (
        "resource",
        &[
            ("name", "/name", EMPTY),
            (
                "targetAverageUtilization",
                "/target/averageUtilization",
                None,
            ),
            ("targetAverageValue", "/target/averageValue", None),
        ],
    ),
    (
        "containerResource",
        &[
            ("name", "/name", EMPTY),
            (
                "targetAverageUtilization",
                "/target/averageUtilization",
                None,
            ),
            ("targetAverageValue", "/target/averageValue", None),
            ("container", "/container", EMPTY),
        ],
    ),
    (
        "external",
        &[
            ("metricName", "/metric/name", EMPTY),
            ("metricSelector", "/metric/selector", None),
            ("targetValue", "/target/value", None),
            ("targetAverageValue", "/target/averageValue", None),
        ],
    ),
];
/// The same with what there is of each.
const CURRENT: [(&str, &[Field]); 5] = [
    (
        "object",
        &[
            ("target", "/describedObject", EMPTY),
            ("metricName", "/metric/name", EMPTY),
            ("currentValue", "/current/value", ZERO),
            ("selector", "/metric/selector", None),
            ("averageValue", "/current/averageValue", None),
        ],
    ),
    (
        "pods",
        &[
            ("metricName", "/metric/name", EMPTY),
            ("currentAverageValue", "/current/averageValue", ZERO),
            ("selector", "/metric/selector", None),
        ],
    ),
    (
        "resource",
        &[
            ("name", "/name", EMPTY),
            (
                "currentAverageUtilization",
                "/current/averageUtilization",
                None,
            ),
            ("currentAverageValue", "/current/averageValue", ZERO),
        ],
    ),
    (
        "containerResource",
        &[
            ("name", "/name", EMPTY),
            (
                "currentAverageUtilization",
                "/current/averageUtilization",
                None,
            ),
            ("currentAverageValue", "/current/averageValue", ZERO),
            ("container", "/container", EMPTY),
        ],
    ),
    (
        "external",
        &[
            ("metricName", "/metric/name", EMPTY),
            ("metricSelector", "/metric/selector", None),
            ("currentValue", "/current/value", ZERO),
            ("currentAverageValue", "/current/averageValue", None),
        ],
    ),
];
/// The fields of smaller structs, in their order.
const REFERENCE: [(&str, Option<&str>); 3] =
    [("kind", EMPTY), ("name", EMPTY), ("apiVersion", None)];
const CONDITION: [(&str, Option<&str>); 5] = [
    ("type", EMPTY),
    ("status", EMPTY),
    ("lastTransitionTime", Some("null")),
    ("reason", None),
    ("message", None),
];

/// Writes into the annotations of a v1 autoscaler what else there is in the v2 one that it is made of, of which `other` are
/// the metrics that v1 cannot ask for.
pub(super) fn annotate(value: &mut Value, other: &[Value]) {
    let mut kept = Vec::new();
    if !other.is_empty() {
        kept.push((
            METRICS,
            list(other, |metric| written_metric(metric, &WANTED)),
        ));
    }
    let current = take(value, "status", "currentMetrics");
    if let Some(current) = elements(&current) {
        kept.push((
            CURRENT_METRICS,
            list(current, |metric| written_metric(metric, &CURRENT)),
        ));
    }
    let behavior = take(value, "spec", "behavior");
    if behavior.is_object() {
        kept.push((BEHAVIOR, written_behavior(&behavior)));
    }
    let conditions = take(value, "status", "conditions");
    if let Some(conditions) = elements(&conditions) {
        let written = list(conditions, |condition| in_order(condition, &CONDITION));
        kept.push((CONDITIONS, written));
    }
    forget(value);
    for (name, text) in kept {
        value["metadata"]["annotations"][name] = text.into();
    }
}

/// Reads back into a v2 autoscaler what the annotations of a v1 one hold.
pub(super) fn restore(value: &mut Value) {
    let read = |value: &Value, name: &str| -> Option<Value> {
        serde_json::from_str(value["metadata"]["annotations"][name].as_str()?).ok()
    };
    if let Some(other) = read(value, METRICS).as_ref().and_then(Value::as_array) {
        let mut metrics: Vec<Value> = other
            .iter()
            .map(|metric| read_metric(metric, &WANTED))
            .collect();
        let own = value["spec"]["metrics"].as_array().into_iter().flatten();
        metrics.extend(own.cloned());
        value["spec"]["metrics"] = metrics.into();
    }
    if let Some(behavior) = read(value, BEHAVIOR).as_ref().and_then(read_behavior) {
        value["spec"]["behavior"] = behavior;
    }
    if let Some(current) = read(value, CURRENT_METRICS)
        .as_ref()
        .and_then(Value::as_array)
    {
        let current = current.iter().map(|metric| read_metric(metric, &CURRENT));
        value["status"]["currentMetrics"] = current.collect();
    }
    if let Some(conditions) = read(value, CONDITIONS).filter(Value::is_array) {
        value["status"]["conditions"] = conditions;
    }
    forget(value);
}

/// Whether a v1 autoscaler has annotations that carry something.
pub(super) fn is_carrying(value: &Value) -> bool {
    let annotations = value["metadata"]["annotations"].as_object();
    let mut names = annotations.into_iter().flat_map(Map::keys);
    names.any(|name| ROUND.contains(&name.as_str()))
}

/// Drops the annotations that carry something, whoever wrote them.
fn forget(value: &mut Value) {
    let annotations = value.pointer_mut("/metadata/annotations");
    let Some(annotations) = annotations.and_then(Value::as_object_mut) else {
        return;
    };
    for name in ROUND {
        annotations.remove(name);
    }
    if annotations.is_empty() {
        value["metadata"]
            .as_object_mut()
            .map(|metadata| metadata.remove("annotations"));
    }
}

fn take(value: &mut Value, part: &str, field: &str) -> Value {
    let part = value.get_mut(part).and_then(Value::as_object_mut);
    part.and_then(|part| part.remove(field)).unwrap_or_default()
}

fn elements(list: &Value) -> Option<&[Value]> {
    list.as_array()
        .map(Vec::as_slice)
        .filter(|list| !list.is_empty())
}

fn list(elements: &[Value], written: impl Fn(&Value) -> String) -> String {
    let written: Vec<String> = elements.iter().map(written).collect();
    format!("[{}]", written.join(","))
}

fn object(fields: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let fields = fields.into_iter();
    let fields: Vec<String> = fields
        .map(|(name, text)| format!("{name:?}:{text}"))
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn in_order(value: &Value, fields: &[(&'static str, Option<&str>)]) -> String {
    let written = fields.iter().filter_map(|(name, empty)| {
        let given = value.get(name).filter(|given| !given.is_null());
        let text = given.map(Value::to_string).or(empty.map(str::to_owned));
        Some((*name, text?))
    });
    object(written)
}

fn written_metric(metric: &Value, kinds: &[(&'static str, &[Field])]) -> String {
    let mut fields = vec![("type", metric["type"].to_string())];
    for (kind, columns) in kinds {
        let Some(of) = metric.get(kind).filter(|of| of.is_object()) else {
            continue;
        };
        let written = columns.iter().filter_map(|(old, new, empty)| {
            let given = of.pointer(new).filter(|given| !given.is_null());
            let text = match (*old, given) {
                ("target", given) => in_order(given.unwrap_or(&Value::Null), &REFERENCE),
                ("selector" | "metricSelector", Some(selector)) => written_selector(selector),
                (_, Some(given)) => given.to_string(),
                (_, None) => (*empty)?.to_owned(),
            };
            Some((*old, text))
        });
        fields.push((kind, object(written)));
    }
    object(fields)
}

fn written_selector(selector: &Value) -> String {
    let requirements = elements(&selector["matchExpressions"]);
    let requirements = requirements.map(|all| {
        let fields = [("key", EMPTY), ("operator", EMPTY), ("values", None)];
        list(all, |one| in_order(one, &fields))
    });
    let labels = selector["matchLabels"].as_object();
    let labels = labels.filter(|labels| !labels.is_empty());
    let labels = labels.map(|_| selector["matchLabels"].to_string());
    let fields = [("matchLabels", labels), ("matchExpressions", requirements)];
    let given = fields
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)));
    object(given)
}

/// A behavior as Go writes its own struct, whose fields have no names in JSON.
fn written_behavior(behavior: &Value) -> String {
    let or_null = |value: &Value| value.to_string();
    let rules = |rules: &Value| {
        if !rules.is_object() {
            return "null".to_owned();
        }
        let policies = rules["policies"].as_array().map(|all| {
            list(all, |one| {
                object([
                    ("Type", or_null(&one["type"])),
                    ("Value", or_null(&one["value"])),
                    ("PeriodSeconds", or_null(&one["periodSeconds"])),
                ])
            })
        });
        object([
            (
                "StabilizationWindowSeconds",
                or_null(&rules["stabilizationWindowSeconds"]),
            ),
            ("SelectPolicy", or_null(&rules["selectPolicy"])),
            ("Policies", policies.unwrap_or_else(|| "null".to_owned())),
            ("Tolerance", or_null(&rules["tolerance"])),
        ])
    };
    object([
        ("ScaleUp", rules(&behavior["scaleUp"])),
        ("ScaleDown", rules(&behavior["scaleDown"])),
    ])
}

/// A behavior, unless there is nothing in it.
fn read_behavior(written: &Value) -> Option<Value> {
    let named = named(written)?;
    let fields = named.as_object()?.iter();
    let given: Map = fields
        .filter(|(_, rules)| rules.is_object())
        .map(|(name, rules)| (name.clone(), rules.clone()))
        .collect();
    (!given.is_empty()).then_some(Value::Object(given))
}

/// A struct of Go as JSON names its fields, without those that are nothing.
fn named(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter_map(|(name, field)| {
                let (first, rest) = name.split_at_checked(1)?;
                Some((first.to_lowercase() + rest, named(field)?))
            });
            fields.collect()
        }
        Value::Array(list) => list.iter().filter_map(named).collect(),
        Value::Null => return None,
        other => other.clone(),
    })
}

fn read_metric(written: &Value, kinds: &[(&str, &[Field])]) -> Value {
    let mut metric = json!({"type": written["type"]});
    for (kind, columns) in kinds {
        let Some(of) = written.get(kind).filter(|of| of.is_object()) else {
            continue;
        };
        let read = &mut metric[*kind];
        for (old, new, _) in *columns {
            if let Some(given) = of.get(old).filter(|given| !given.is_null()) {
                let mut below = &mut *read;
                for step in new.split('/').skip(1) {
                    below = &mut below[step];
                }
                *below = given.clone();
            }
        }
        let target = read.get("target").filter(|target| target.is_object());
        let has = |field: &str| target.is_some_and(|target| !target[field].is_null());
        let how = match *kind {
            "object" if has("averageValue") => "AverageValue",
            "external" if has("value") => "Value",
            "object" => "Value",
            "resource" | "containerResource" if has("averageUtilization") => "Utilization",
            _ => "AverageValue",
        };
        if target.is_some() {
            read["target"]["type"] = how.into();
        }
    }
    metric
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Seen on kube-apiserver v1.34.3.
    #[rstest]
    #[case::of_memory(
        json!({"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 60}}}),
        r#"{"type":"Resource","resource":{"name":"memory","targetAverageUtilization":60}}"#
    )]
    #[case::of_pods(
        json!({"type": "Pods", "pods": {"metric": {"name": "m", "selector": {"matchLabels": {"a": "b"}}}, "target": {"type": "AverageValue", "averageValue": "3"}}}),
        r#"{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"3","selector":{"matchLabels":{"a":"b"}}}}"#
    )]
    #[case::of_an_object(
        json!({"type": "Object", "object": {"describedObject": {"kind": "K", "name": "n", "apiVersion": "g/v1"}, "metric": {"name": "m"}, "target": {"type": "Value", "value": "3"}}}),
        r#"{"type":"Object","object":{"target":{"kind":"K","name":"n","apiVersion":"g/v1"},"metricName":"m","targetValue":"3"}}"#
    )]
    fn a_metric_is_written_and_comes_back(#[case] metric: Value, #[case] written: &str) {
        assert_eq!(written_metric(&metric, &WANTED), written);
        let read = serde_json::from_str(written).unwrap();
        assert_eq!(read_metric(&read, &WANTED), metric);
    }

    #[test]
    fn a_behavior_is_written_and_comes_back() {
        let behavior = json!({"scaleUp": {"selectPolicy": "Max", "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}]}});
        let written = written_behavior(&behavior);
        let expected = r#"{"ScaleUp":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}],"Tolerance":null},"ScaleDown":null}"#;
        assert_eq!(written, expected);
        let read = serde_json::from_str(&written).unwrap();
        assert_eq!(read_behavior(&read), Some(behavior));
    }
}
