//! Merging of specifications: a strategic merge patch in which the higher side wins.
//!
//! Source: `spec/argo.md` §5; apimachinery v0.34 `pkg/util/strategicpatch/patch.go`.

use crate::json::{Map, Value};

/// The field by which items of a list are matched; other lists are replaced as a whole.
fn merge_key(field: &str, parent: &str) -> Option<&'static str> {
    match (field, parent) {
        (
            "templates" | "volumes" | "imagePullSecrets" | "initContainers" | "sidecars" | "tasks"
            | "env",
            _,
        )
        | ("parameters" | "artifacts", "arguments" | "inputs" | "outputs") => Some("name"),
        ("tolerations", _) => Some("key"),
        ("hostAliases", _) => Some("ip"),
        ("volumeMounts", "container" | "script") => Some("mountPath"),
        _ => None,
    }
}

/// Lays `high` over `low`.
pub(crate) fn merge(low: Value, high: &Value) -> Value {
    merge_at(low, high, "")
}

fn merge_at(low: Value, high: &Value, field: &str) -> Value {
    match (low, high) {
        (Value::Object(low), Value::Object(high)) => Value::Object(merge_fields(low, high, field)),
        (_, high) => high.clone(),
    }
}

fn merge_fields(mut low: Map, high: &Map, parent: &str) -> Map {
    for (field, value) in high {
        let merged = match (low.remove(field), value, merge_key(field, parent)) {
            (_, Value::Null, _) => continue,
            (Some(Value::Array(low)), Value::Array(high), Some(key)) => {
                merge_list(low.into(), high, key).into()
            }
            (Some(low), high, _) => merge_at(low, high, field),
            (None, high, _) => high.clone(),
        };
        low.insert(field.clone(), merged);
    }
    low
}

/// Items of both, the higher ones first unless both sides know the order.
fn merge_list(low: Vec<Value>, high: &[Value], key: &str) -> Vec<Value> {
    let position = |item: &Value| low.iter().position(|l| l[key] == item[key]);
    let merged: Vec<(Option<usize>, Value)> = high
        .iter()
        .map(|item| match position(item) {
            Some(at) => (Some(at), merge_at(low[at].clone(), item, "")),
            None => (None, item.clone()),
        })
        .collect();
    let known: Vec<usize> = merged.iter().filter_map(|(at, _)| *at).collect();
    let mut output = Vec::with_capacity(low.len() + high.len());
    let mut rest = low
        .into_iter()
        .enumerate()
        .filter(|(at, _)| !known.contains(at))
        .peekable();
    for (at, item) in merged {
        while let Some((_, value)) = rest.next_if(|(left, _)| at.is_some_and(|right| *left < right))
        {
            output.push(value);
        }
        output.push(item);
    }
    output.extend(rest.map(|(_, value)| value));
    output
}

/// The specification of a Workflow that refers to a template: its own over the template's.
///
/// An argument that the Workflow gives a value, default or source replaces the template's as a whole.
pub(crate) fn join(own: &Value, template: &Value) -> Value {
    let mut joined = merge(template.clone(), own);
    keep_whole(&mut joined, own, "hooks");
    if let Some(fields) = joined.as_object_mut() {
        match own.get("suspend") {
            Some(suspend) => fields.insert("suspend".to_owned(), suspend.clone()),
            None => fields.remove("suspend"),
        };
    }
    let pointer = "/arguments/parameters";
    if let Some(Value::Array(parameters)) = joined.pointer_mut(pointer) {
        for parameter in parameters.iter_mut().filter(|p| has_value(p)) {
            let found = [own, template].into_iter().find_map(|spec| {
                let list = spec.pointer(pointer)?.as_array()?;
                list.iter()
                    .find(|p| p["name"] == parameter["name"] && has_value(p))
            });
            if let Some(whole) = found {
                *parameter = whole.clone();
            }
        }
    }
    joined
}

fn keep_whole(joined: &mut Value, own: &Value, field: &str) {
    if let (Some(Value::Object(to)), Some(Value::Object(from))) =
        (joined.get_mut(field), own.get(field))
    {
        for (name, value) in from {
            to.insert(name.clone(), value.clone());
        }
    }
}

fn has_value(parameter: &Value) -> bool {
    ["value", "default", "valueFrom"]
        .iter()
        .any(|field| !parameter[*field].is_null())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::join;
    use crate::json::{Value, json};

    #[rstest]
    #[case::the_workflow_wins(
        json!({"serviceAccountName": "a"}),
        json!({"serviceAccountName": "b", "entrypoint": "e"}),
        json!({"serviceAccountName": "a", "entrypoint": "e"}))]
    #[case::volumes_union_by_name(
        json!({"volumes": [{"name": "s", "secret": {"secretName": "x"}}]}),
        json!({"volumes": [{"name": "c", "configMap": {"name": "y"}}]}),
        json!({"volumes": [{"name": "s", "secret": {"secretName": "x"}}, {"name": "c", "configMap": {"name": "y"}}]}))]
    #[case::parameters_keep_the_order_of_the_template(
        json!({"arguments": {"parameters": [{"name": "b", "value": "1"}]}}),
        json!({"arguments": {"parameters": [{"name": "a", "value": "0"}, {"name": "b"}, {"name": "c"}]}}),
        json!({"arguments": {"parameters": [{"name": "a", "value": "0"}, {"name": "b", "value": "1"}, {"name": "c"}]}}))]
    #[case::a_value_replaces_a_source(
        json!({"arguments": {"parameters": [{"name": "b", "value": "1"}]}}),
        json!({"arguments": {"parameters": [{"name": "b", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}}]}}),
        json!({"arguments": {"parameters": [{"name": "b", "value": "1"}]}}))]
    #[case::suspend_is_the_workflows_own(json!({}), json!({"suspend": true}), json!({}))]
    #[case::claims_are_replaced(
        json!({"volumeClaimTemplates": [{"metadata": {"name": "x"}}]}),
        json!({"volumeClaimTemplates": [{"metadata": {"name": "y"}}]}),
        json!({"volumeClaimTemplates": [{"metadata": {"name": "x"}}]}))]
    fn a_workflow_is_laid_over_its_template(
        #[case] own: Value,
        #[case] template: Value,
        #[case] expected: Value,
    ) {
        assert_eq!(join(&own, &template), expected);
    }
}
