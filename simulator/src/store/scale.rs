//! The `scale` of an object: how many replicas it wants and has.
//!
//! Source: `spec/kube-api.md` §1.17; kubernetes v1.34 `pkg/registry/apps/deployment/storage` and
//! `apiextensions-apiserver/pkg/registry/customresource/etcd.go`.

use std::sync::Arc;

use crate::json::{Value, json};

use super::answer::Answer;
use super::kernel::{Context, Kernel};
use super::kind::{Kind, Origin, ScalePaths};
use super::metadata::invalid_json;
use super::object::{Object, metadata_mut};
use super::patch::merge::merge_patch;
use super::registry::Served;
use super::request::{PatchBody, PatchKind, Request, WriteOptions};
use super::status::{Qualified, Status};
use super::write::{Via, to_version};

/// How the kind of the answers is named in refusals.
const SCALE: Qualified<'static> = Qualified {
    group: "autoscaling",
    name: "Scale",
};

impl Kernel {
    /// GET of a `scale`.
    pub(super) fn get_scale(&self, request: &Request) -> Result<Answer, Status> {
        let object = self.find(request)?;
        Ok(Answer::Done(200, scale_of(&request.served, object)))
    }

    /// PUT of a `scale`.
    pub(super) fn put_scale(
        &mut self,
        request: &Request,
        body: &Value,
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let name = body["metadata"]["name"].as_str().unwrap_or_default();
        if !name.is_empty() && name != request.name {
            return Err(Status::bad_request(format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                request.name
            )));
        }
        let old = Arc::clone(self.find(request)?);
        self.rescale(request, (&old, body), (options, Via::Put), context)
    }

    /// PATCH of a `scale`.
    pub(super) fn patch_scale(
        &mut self,
        request: &Request,
        (kind, body): (PatchKind, &PatchBody),
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let old = Arc::clone(self.find(request)?);
        let live = scale_of(&request.served, &old);
        let scale = match kind {
            // A Scale has no lists, so that both kinds of merging come to the same.
            PatchKind::Merge | PatchKind::Strategic => {
                let patch = body
                    .value()
                    .map_err(|why| Status::bad_request(format!("error decoding patch: {why}")))?;
                merge_patch(live, &patch)
            }
            PatchKind::Json => super::patch::json::json_patch(&live, &body.text())?,
            PatchKind::Apply => {
                return Err(Status::not_implemented("server-side apply of a scale"));
            }
        };
        self.rescale(
            request,
            (&old, &scale),
            (options, Via::Patch(kind)),
            context,
        )
    }

    fn rescale(
        &mut self,
        request: &Request,
        (old, scale): (&Arc<Object>, &Value),
        (options, via): (&WriteOptions, Via),
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let served = &request.served;
        let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
        if replicas < 0 {
            let detail = "must be greater than or equal to 0";
            let cause = invalid_json("spec.replicas", &replicas.to_string(), detail);
            return Err(Status::invalid(&SCALE, &request.name, &[cause]));
        }
        let mut value = to_version(served, old);
        set(&mut value, &paths(&served.kind).spec_replicas, replicas);
        let sent = &scale["metadata"]["resourceVersion"];
        let revision = match sent.as_str() {
            Some(sent) if !sent.is_empty() => sent.to_owned(),
            _ => old.revision().to_string(),
        };
        metadata_mut(&mut value).insert("resourceVersion".to_owned(), revision.into());
        let answer = self.replace(request, (old, value), (options, via), context)?;
        Ok(match answer {
            Answer::Object(code, object) => Answer::Done(code, scale_of(served, &object)),
            other => other,
        })
    }
}

/// Where the numbers lie.
fn paths(kind: &Kind) -> ScalePaths {
    kind.scale.clone().unwrap_or_else(|| ScalePaths {
        spec_replicas: ".spec.replicas".to_owned(),
        status_replicas: ".status.replicas".to_owned(),
        selector: String::new(),
    })
}

/// The `scale` of an object.
pub(super) fn scale_of(served: &Served, object: &Object) -> Value {
    let value = served.view(object);
    let kind = &served.kind;
    let paths = paths(kind);
    let mut metadata = json!({"name": object.name(), "uid": object.uid(), "resourceVersion": object.revision().to_string()});
    if !object.namespace().is_empty() {
        metadata["namespace"] = object.namespace().into();
    }
    metadata["creationTimestamp"] = value["metadata"]["creationTimestamp"].clone();
    let number = |path: &str| get(&value, path).and_then(Value::as_i64).unwrap_or(0);
    let (wanted, present) = (number(&paths.spec_replicas), number(&paths.status_replicas));
    let mut scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": metadata, "spec": {}, "status": {"replicas": present},
    });
    if wanted != 0 {
        scale["spec"]["replicas"] = wanted.into();
    }
    let selector = match kind.origin {
        Origin::Custom => get(&value, &paths.selector)
            .and_then(Value::as_str)
            .map(str::to_owned),
        Origin::BuiltIn => Some(selector_text(&value["spec"]["selector"])),
    };
    if let Some(selector) = selector.filter(|selector| !selector.is_empty()) {
        scale["status"]["selector"] = selector.into();
    }
    scale
}

/// A selector as a text; expressions follow the labels.
fn selector_text(selector: &Value) -> String {
    let labels = match selector.get("matchLabels") {
        Some(labels) => labels,
        None if selector.get("matchExpressions").is_some() => &Value::Null,
        None => selector,
    };
    let labels = labels.as_object().into_iter().flatten();
    let mut terms: Vec<String> = labels
        .filter_map(|(label, text)| Some(format!("{label}={}", text.as_str()?)))
        .collect();
    for expression in selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let key = expression["key"].as_str().unwrap_or_default();
        let values = expression["values"].as_array().into_iter().flatten();
        let values: Vec<_> = values.filter_map(Value::as_str).collect();
        let values = values.join(",");
        terms.push(match expression["operator"].as_str().unwrap_or_default() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    terms.join(",")
}

/// The value at a path such as `.spec.replicas`.
fn get<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let mut steps = path.split('.').filter(|step| !step.is_empty());
    let found = steps.try_fold(value, |value, step| value.get(step));
    found.filter(|_| !path.is_empty())
}

fn set(value: &mut Value, path: &str, number: i64) {
    let mut below = value;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        if !below.is_object() {
            *below = json!({});
        }
        below = &mut below[step];
    }
    *below = number.into();
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({"b": "2", "a": "1"}), "a=1,b=2")]
    #[case(json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "In", "values": ["x", "y"]}, {"key": "d", "operator": "Exists"}]}), "a=b,c in (x,y),d")]
    #[case(json!(null), "")]
    fn a_selector_reads_as_a_text(#[case] selector: Value, #[case] expected: &str) {
        assert_eq!(selector_text(&selector), expected);
    }

    #[test]
    fn paths_lead_to_numbers() {
        let mut value = json!({"spec": {}});
        set(&mut value, ".spec.size", 3);
        assert_eq!(get(&value, ".spec.size"), Some(&json!(3)));
        assert_eq!(get(&value, ""), None);
    }
}
