//! The `scale` of an object: how many replicas it wants and has.
//!
//! Source: `spec/kube-api.md` §1.17; kubernetes v1.34 `pkg/registry/apps/deployment/storage` and
//! `apiextensions-apiserver/pkg/registry/customresource/etcd.go`.

use std::sync::Arc;

use crate::json::{Value, json};

use super::answer::Answer;
use super::decode::cut_numbers;
use super::form::to_version;
use super::kernel::{Context, Kernel};
use super::kind::{Kind, Origin, ScalePaths};
use super::metadata::{self, invalid_json};
use super::object::{Object, metadata_mut};
use super::patch::merge::merge_patch;
use super::patch::refusal::go_text;
use super::patch::rescaled::{Wish, track_applied_scale};
use super::patch::tried::tried;
use super::posted;
use super::precondition::other_uid;
use super::registry::Served;
use super::request::{PatchBody, PatchKind, Request, WriteOptions};
use super::schema::builtin::builtin;
use super::status::{Qualified, Status};
use super::write::Via;
use super::{identity, ownership, shape};

/// Stands for the replicas of a custom resource that has none.
///
/// Source: apiextensions-apiserver v0.34.3, pkg/registry/customresource/etcd.go, `UpdatedObject`.
const UNSET: i64 = i32::MIN as i64;
const SCALE_VERSION: &str = "autoscaling/v1";
/// How the kind of the answers is named in refusals.
const SCALE: Qualified<'static> = Qualified {
    group: "autoscaling",
    name: "Scale",
};

impl Kernel {
    /// GET of a `scale`.
    pub(super) fn get_scale(
        &mut self,
        request: &Request,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let object = self.needed(request, context)?;
        let served = &request.served;
        let path = paths(&served.kind).spec_replicas;
        if served.kind.origin == Origin::Custom && get(&served.view(&object), &path).is_none() {
            let why = format!("the spec replicas field {path:?} does not exist");
            return Err(Status::occurred(&why));
        }
        Ok(Answer::Done(200, scale_of(served, &object)))
    }

    /// The object behind a `scale`, in the version of the request.
    fn needed(&mut self, request: &Request, context: &mut Context) -> Result<Arc<Object>, Status> {
        let present = self.present(request, context)?;
        present.ok_or_else(|| request.not_found())
    }

    /// PUT of a `scale`.
    pub(super) fn put_scale(
        &mut self,
        request: &Request,
        body: &Value,
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let mut scale = body.clone();
        let kind = posted::kind("autoscaling", "Scale", true);
        posted::read(&kind, &mut scale, options, &mut context.warnings)?;
        metadata::place(&mut scale, request)?;
        metadata::check_name(&mut scale, request)?;
        let old = self.needed(request, context)?;
        self.rescale(request, (&old, &scale), (options, Via::Put), context)
    }

    /// PATCH of a `scale`.
    pub(super) fn patch_scale(
        &mut self,
        request: &Request,
        (kind, body): (PatchKind, &PatchBody),
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let old = self.needed(request, context)?;
        if kind == PatchKind::Apply {
            return self.apply_scale(request, (&old, &body.text()), options, context);
        }
        let live = self.patched_scale_of(request, &old);
        let scale_kind = posted::kind("autoscaling", "Scale", true);
        let is_strategic = kind == PatchKind::Strategic;
        let patch = body.value().ok().filter(|_| is_strategic);
        let quoted = patch.map(|patch| go_text(&tried(patch, &live, Some(&scale_kind.schema))));
        let mut scale = match kind {
            // A Scale has no lists, so that both kinds of merging come to the same.
            PatchKind::Merge | PatchKind::Strategic => {
                let patch = body
                    .value()
                    .map_err(|why| Status::bad_request(format!("error decoding patch: {why}")))?;
                merge_patch(live.clone(), &patch)
            }
            PatchKind::Json | PatchKind::Apply => {
                super::patch::json::json_patch(&live, &body.text())?
            }
        };
        identity::settle_type(&scale_kind, &request.name, &mut scale, is_strategic)?;
        identity::check_patched(&scale_kind, (&scale, &live), quoted.as_ref())?;
        let sent = quoted.unwrap_or_else(|| scale.to_string());
        if is_strategic {
            cut_numbers(&scale_kind, &mut scale);
        }
        shape::fit_posted(&scale_kind, &mut scale, options, &mut context.warnings)
            .map_err(|why| identity::undecodable(&sent, &why))?;
        metadata::place(&mut scale, request)?;
        metadata::check_name(&mut scale, request)?;
        if scale["spec"]["replicas"] == UNSET {
            return Err(Status::bad_request(format!(
                "the spec replicas field {:?} cannot be empty",
                paths(&request.served.kind).spec_replicas
            )));
        }
        self.rescale(
            request,
            (&old, &scale),
            (options, Via::Patch(kind)),
            context,
        )
    }

    /// The `scale` of an object as a patch finds it: with its owners, and a number where there is none.
    fn patched_scale_of(&self, request: &Request, old: &Object) -> Value {
        let served = &request.served;
        let object = served.view(old);
        let path = paths(&served.kind).spec_replicas;
        let mut live = scale_of(served, old);
        if served.kind.origin == Origin::Custom && get(&object, &path).is_none() {
            live["spec"]["replicas"] = UNSET.into();
        }
        let owners = owners(&object, &path);
        if owners.as_array().is_some_and(|owners| !owners.is_empty()) {
            live["metadata"]["managedFields"] = owners;
        }
        live
    }

    /// The apply of a `scale` decides as one of an object of its own, and writes the one field that it stands for.
    fn apply_scale(
        &mut self,
        request: &Request,
        (old, body): (&Arc<Object>, &[u8]),
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let served = &request.served;
        let kind = &served.kind;
        let path = paths(kind).spec_replicas;
        let asked = ownership::configuration(body, SCALE_VERSION, "Scale")?;
        if asked["apiVersion"] != SCALE_VERSION {
            let text = |field: &str| asked[field].as_str().unwrap_or_default();
            return Err(Status::bad_request(format!(
                "invalid object type: {}, Kind={}",
                text("apiVersion"),
                text("kind")
            )));
        }
        let live = to_version(served, old);
        let mut scale = scale_of(served, old);
        let known = owners(&live, &path);
        let is_unowned = known.as_array().is_none_or(|known| known.is_empty());
        if kind.origin == Origin::Custom && is_unowned {
            return Err(unconverted(
                "failed to create manager for existing fields: failed to convert live object (/",
            ));
        }
        scale["metadata"]["managedFields"] = known;
        let schema = builtin("autoscaling", "v1", "Scale").unwrap_or_default();
        let written = (SCALE_VERSION, &*schema);
        let metadata = asked["metadata"].clone();
        let sent = |field: &str| metadata[field].as_str().unwrap_or_default();
        let merged = (Some(&scale), asked);
        let scale = ownership::merged(request, merged, written, (options, context.now))?;
        if kind.origin == Origin::Custom {
            // A real server gets no further with it.
            let (namespace, name) = (sent("namespace"), sent("name"));
            let whom = format!("failed to convert new object ({namespace}/{name}");
            return Err(unconverted(&whom));
        }
        let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
        if replicas < 0 {
            return Err(negative(request, replicas));
        }
        let mut value = live.clone();
        set(&mut value, &path, replicas);
        track_applied_scale(&live, &mut value, &scale, (&path, &kind.api_version()));
        metadata::place(&mut value, request)?;
        let via = Via::Patch(PatchKind::Apply);
        let answer = self.replace(request, (old, value), (options, via), context)?;
        Ok(as_scale(served, answer))
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
        // A custom resource is looked at itself.
        if replicas < 0 && served.kind.origin == Origin::BuiltIn {
            return Err(negative(request, replicas));
        }
        check_uid(request, (old, scale), (via, options.dry_run))?;
        let mut value = to_version(served, old);
        set_replicas(&served.kind, &mut value, replicas);
        let sent = &scale["metadata"]["resourceVersion"];
        let revision = match sent.as_str() {
            Some(sent) if !sent.is_empty() => sent.to_owned(),
            _ => old.revision().to_string(),
        };
        metadata_mut(&mut value).insert("resourceVersion".to_owned(), revision.into());
        let answer = self.replace(request, (old, value), (options, via), context)?;
        Ok(as_scale(served, answer))
    }
}

/// 500 for the `scale` of a custom resource, which no converter of such resources knows.
fn unconverted(whom: &str) -> Status {
    Status::bare_internal(&format!(
        "{whom}; {SCALE_VERSION}, Kind=Scale) to proper version: request to convert CR to an invalid group/version: {SCALE_VERSION}"
    ))
}

/// Refuses the `scale` of another object. A PUT is looked at by the store, a patch by who knows built-in kinds.
fn check_uid(
    request: &Request,
    (old, scale): (&Object, &Value),
    (via, is_dry): (Via, bool),
) -> Result<(), Status> {
    let kind = &request.served.kind;
    let uid = scale["metadata"]["uid"].as_str().unwrap_or_default();
    if uid.is_empty() || uid == old.uid() {
        return Ok(());
    }
    match (via, kind.origin) {
        (Via::Put, _) => Err(other_uid(request, (Some(old), is_dry), uid)),
        (Via::Patch(_), Origin::Custom) => Ok(()),
        (Via::Patch(_), Origin::BuiltIn) => {
            let plural = format!("{}/scale", kind.plural);
            let resource = Qualified {
                group: &kind.group,
                name: &plural,
            };
            let why = format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                old.uid()
            );
            Err(Status::conflicting(&resource, old.name(), &why))
        }
    }
}

/// Who owns the wish for replicas at `path` of an object, said as of its `scale`.
fn owners(object: &Value, path: &str) -> Value {
    let entries = object["metadata"]["managedFields"].as_array();
    let owned = entries.into_iter().flatten().filter(|entry| {
        let mut steps = path.split('.').filter(|step| !step.is_empty());
        let found = steps.try_fold(&entry["fieldsV1"], |fields, step| {
            fields.get(&*format!("f:{step}"))
        });
        found.is_some()
    });
    let owners = owned.map(|entry| {
        let mut owner = entry.clone();
        owner["apiVersion"] = SCALE_VERSION.into();
        owner["fieldsV1"] = json!({"f:spec": {"f:replicas": {}}});
        owner
    });
    owners.collect()
}

/// The refusal of fewer replicas than none.
fn negative(request: &Request, replicas: i64) -> Status {
    let detail = "must be greater than or equal to 0";
    let cause = invalid_json("spec.replicas", &replicas.to_string(), detail);
    Status::invalid(&SCALE, &request.name, &[cause])
}

fn as_scale(served: &Served, answer: Answer) -> Answer {
    match answer {
        Answer::Object(code, object) => Answer::Done(code, scale_of(served, &object)),
        other => other,
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

/// Writes how many replicas are wanted into an object.
pub(super) fn set_replicas(kind: &Kind, object: &mut Value, replicas: i64) {
    set(object, &paths(kind).spec_replicas, replicas);
}

/// How many replicas are wanted of an object after a write to its `scale`, and where that stands.
pub(super) fn wish(kind: &Kind, before: &Value, after: &Value) -> (String, Wish) {
    let path = paths(kind).spec_replicas;
    let wanted = |object: &Value| get(object, &path).and_then(Value::as_i64).unwrap_or(0);
    let wish = Wish {
        before: wanted(before),
        after: wanted(after),
    };
    (path, wish)
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
