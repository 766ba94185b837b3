//! Lists, objects and watch events as the `Table` that `kubectl get` prints.
//!
//! Source: `spec/kube-api.md` §1.12; kubernetes v1.34 `pkg/printers/internalversion` and
//! apiextensions-apiserver `pkg/registry/customresource/tableconvertor`.

mod admission;
mod autoscaler;
mod column;
mod controller;
mod custom;
mod driver;
mod event;
mod fairness;
mod field;
mod heading;
mod infrastructure;
mod network;
mod pod;
mod rare;
mod row;
mod scale;
mod storage;
mod workload;

use jiff::Timestamp;

use self::column::Layout;
use crate::json::{Map, Value, json};
use crate::store::kind::{Kind, Origin};
use crate::store::status::Status;

/// How much of an object each row carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncludeObject {
    /// `null`.
    None,
    /// A `PartialObjectMetadata`.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

impl IncludeObject {
    /// Reads the query parameter `includeObject`; empty means the default.
    ///
    /// # Errors
    /// 400 for any other value.
    pub fn parse(text: &str) -> Result<Self, Status> {
        match text {
            "" | "Metadata" => Ok(Self::Metadata),
            "None" => Ok(Self::None),
            "Object" => Ok(Self::Object),
            other => Err(Status::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }
}

/// Whether a Table says what its columns are: in a watch only the first one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Headings {
    /// `columnDefinitions` is filled.
    Shown,
    /// `columnDefinitions` is `null`.
    Omitted,
}

/// The Table of a list, or of one object whose `metadata` is then `list_metadata`.
///
/// Of `list_metadata` it takes `resourceVersion`, `continue` and `remainingItemCount`.
#[must_use]
pub fn table(
    kind: &Kind,
    objects: &[&Value],
    list_metadata: &Value,
    now: Timestamp,
    include: IncludeObject,
) -> Value {
    let layout = Layout::of(kind);
    let mut objects = objects.to_vec();
    if kind.is("flowcontrol.apiserver.k8s.io", "FlowSchema") {
        objects.sort_by_key(|schema| fairness::precedence(schema));
    }
    let rows = objects
        .iter()
        .map(|object| row(kind, &layout, object, (now, include)))
        .collect();
    assemble(metadata(list_metadata), layout.definitions(), rows)
}

/// The one-row Table that stands for `object` in a watch event.
///
/// The object of a bookmark holds nothing but a resource version and annotations.
#[must_use]
pub fn event_table(
    kind: &Kind,
    object: &Value,
    now: Timestamp,
    include: IncludeObject,
    headings: Headings,
) -> Value {
    let layout = Layout::of(kind);
    let definitions = match headings {
        Headings::Shown => layout.definitions(),
        Headings::Omitted => Value::Null,
    };
    let rows = vec![row(kind, &layout, object, (now, include))];
    assemble(metadata(&object["metadata"]), definitions, rows)
}

/// The Table of the `scale` of an object of this origin.
#[must_use]
pub fn scale_table(scale: &Value, origin: Origin, now: Timestamp, include: IncludeObject) -> Value {
    let shown = match include {
        IncludeObject::None => Value::Null,
        IncludeObject::Object => scale.clone(),
        IncludeObject::Metadata => partial(scale["metadata"].clone()),
    };
    let row = json!({"cells": scale::cells(scale, now), "object": shown});
    assemble(
        metadata(&scale["metadata"]),
        scale::definitions(origin),
        vec![row],
    )
}

/// A `PartialObjectMetadata`.
fn partial(metadata: Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
    })
}

fn assemble(metadata: Value, definitions: Value, rows: Vec<Value>) -> Value {
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions,
        "rows": rows,
    })
}

fn metadata(of: &Value) -> Value {
    let mut kept = Map::new();
    for name in ["resourceVersion", "continue", "remainingItemCount"] {
        match of.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(value) => drop(kept.insert(name.to_owned(), value.clone())),
        }
    }
    Value::Object(kept)
}

fn row(
    kind: &Kind,
    layout: &Layout,
    object: &Value,
    (now, include): (Timestamp, IncludeObject),
) -> Value {
    let shown = match include {
        IncludeObject::None => Value::Null,
        IncludeObject::Object => {
            let mut whole = object.clone();
            whole["kind"] = kind.kind.clone().into();
            whole["apiVersion"] = kind.api_version().into();
            whole
        }
        IncludeObject::Metadata => partial(shown_metadata(kind, object)),
    };
    let mut row = json!({"cells": layout.cells(object, now), "object": shown});
    if let Some(conditions) = layout.conditions(object) {
        row["conditions"] = conditions;
    }
    row
}

/// The metadata of an object, without what is an annotation only on the wire.
///
/// Source: kubernetes v1.34 `pkg/apis/apps/v1/conversion.go`.
fn shown_metadata(kind: &Kind, object: &Value) -> Value {
    let mut shown = object["metadata"].clone();
    let Some(metadata) = shown.as_object_mut().filter(|_| kind.kind == "DaemonSet") else {
        return shown;
    };
    if let Some(annotations) = metadata.get_mut("annotations")
        && let Some(annotations) = annotations.as_object_mut()
    {
        annotations.remove("deprecated.daemonset.template.generation");
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    shown
}

#[cfg(test)]
mod tests;
