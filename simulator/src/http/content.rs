//! What answers hold, as values.
//!
//! Source: `spec/kube-api.md` §1.6, §1.10, §1.11, §1.12.

use std::borrow::Cow;

use super::blank;
use super::shape::Shape;
use super::table::{self, IncludeObject};
use crate::json::{Map, Value, json};
use crate::store::answer::Page;
use crate::store::kind::{Kind, Origin};
use crate::store::object::Object;
use crate::store::registry::Served;
use crate::store::watch::{Bookmark, Signal};

/// The `apiVersion` and `kind` of an object in an answer.
pub(super) fn names(served: &Served, shape: Shape) -> (Cow<'_, str>, &str) {
    match shape {
        Shape::Full => (served.kind.api_version().into(), &served.kind.kind),
        Shape::Metadata(version) => (version.name().into(), "PartialObjectMetadata"),
        Shape::Table(..) => ("meta.k8s.io/v1".into(), "Table"),
    }
}

/// The same of a list.
pub(super) fn list_names(served: &Served, shape: Shape) -> (Cow<'_, str>, &str) {
    match shape {
        Shape::Full => (served.kind.api_version().into(), &served.kind.list_kind),
        Shape::Metadata(version) => (version.name().into(), "PartialObjectMetadataList"),
        Shape::Table(..) => names(served, shape),
    }
}

/// One object of `served`.
pub(super) fn object(served: &Served, shape: Shape, object: &Object) -> Value {
    let view = seen(served, shape, object);
    let content = match shape {
        Shape::Full => view.into_owned(),
        Shape::Metadata(_) => only_metadata(&view["metadata"]),
        Shape::Table(now, include, headings, version) => {
            let table = table::event_table(&served.kind, &view, now, include, headings);
            return version.of(table);
        }
    };
    named(content, names(served, shape))
}

/// An object in the version of the request, but for what a version carries in annotations where only metadata is shown:
/// that is of no version.
///
/// Source: apiserver v0.34.3, pkg/endpoints/handlers/response.go, `doTransformObject`.
fn seen<'o>(served: &Served, shape: Shape, object: &'o Object) -> Cow<'o, Value> {
    let mut view = served.view(object);
    let is_whole = matches!(
        shape,
        Shape::Full | Shape::Table(_, IncludeObject::Object, ..)
    );
    if served.kind.origin == Origin::BuiltIn
        && !is_whole
        && let Cow::Owned(view) = &mut view
    {
        view["metadata"] = object.value()["metadata"].clone();
    }
    view
}

/// What is answered that is stored nowhere: a `scale` comes in every form.
pub(super) fn done(served: &Served, shape: Shape, value: Value) -> Value {
    if value["kind"] != "Scale" {
        return value;
    }
    match shape {
        Shape::Full => value,
        Shape::Metadata(version) => {
            let names = (version.name().into(), "PartialObjectMetadata");
            named(only_metadata(&value["metadata"]), names)
        }
        Shape::Table(now, include, _, version) => {
            let origin = served.kind.origin;
            version.of(table::scale_table(&value, origin, now, include))
        }
    }
}

/// A page of `served`.
pub(super) fn list(served: &Served, shape: Shape, page: &Page) -> Value {
    let metadata = list_metadata(&served.kind, page, shape);
    if let Shape::Table(now, include, _, version) = shape {
        let seen = page.items.iter().map(|item| seen(served, shape, item));
        let views: Vec<_> = seen.collect();
        let objects: Vec<&Value> = views.iter().map(AsRef::as_ref).collect();
        let table = table::table(&served.kind, &objects, &metadata, now, include);
        return version.of(table);
    }
    let is_bare = is_bare(served, shape);
    let item = |item| match is_bare {
        true => served.view(item).into_owned(),
        false => object(served, shape, item),
    };
    let items: Value = match is_null(shape, page) {
        true => Value::Null,
        false => page.items.iter().map(|one| item(one)).collect(),
    };
    let list = json!({"metadata": metadata, "items": items});
    named(list, list_names(served, shape))
}

/// Whether a list of metadata is one of nothing, for which Go makes no list.
pub(super) fn is_null(shape: Shape, page: &Page) -> bool {
    matches!(shape, Shape::Metadata(_)) && page.items.is_empty()
}

/// Whether items of a list leave out `apiVersion` and `kind`, as those of built-in kinds do.
pub(super) fn is_bare(served: &Served, shape: Shape) -> bool {
    served.kind.origin == Origin::BuiltIn && matches!(shape, Shape::Full)
}

/// The `metadata` of a page.
pub(super) fn list_metadata(kind: &Kind, page: &Page, shape: Shape) -> Value {
    let mut metadata = match kind.is("", "ComponentStatus") {
        // They are asked for each time, and stored nowhere.
        true => json!({}),
        false => json!({"resourceVersion": page.revision.to_string()}),
    };
    let is_full = matches!(shape, Shape::Full);
    match &page.token {
        Some(token) => metadata["continue"] = token.clone().into(),
        None if kind.origin == Origin::Custom && is_full => metadata["continue"] = "".into(),
        None => {}
    }
    if let Some(remaining) = page.remaining {
        metadata["remainingItemCount"] = remaining.into();
    }
    metadata
}

/// What a watch tells; `None` if the signal ends it.
pub(super) fn event(
    served: &Served,
    shape: Shape,
    signal: &Signal,
) -> Option<(&'static str, Value)> {
    let of = |one: &Object| object(served, shape, one);
    Some(match signal {
        Signal::Added(one) => ("ADDED", of(one)),
        Signal::Modified(one) => ("MODIFIED", of(one)),
        Signal::Deleted(one) => ("DELETED", of(one)),
        Signal::Bookmark(bookmark) => ("BOOKMARK", bookmark_object(served, shape, bookmark)),
        Signal::Error(status) => ("ERROR", status.body()),
        Signal::End => return None,
    })
}

fn bookmark_object(served: &Served, shape: Shape, bookmark: &Bookmark) -> Value {
    let mut metadata = json!({"resourceVersion": bookmark.revision.to_string()});
    if bookmark.ends_initial_events {
        metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    let content = match shape {
        Shape::Metadata(_) => only_metadata(&metadata),
        Shape::Full | Shape::Table(..) => blank::object(&served.kind, &metadata),
    };
    if let Shape::Table(now, include, headings, version) = shape {
        let include = match include {
            IncludeObject::None => IncludeObject::Metadata,
            IncludeObject::Metadata | IncludeObject::Object => include,
        };
        let table = table::event_table(&served.kind, &content, now, include, headings);
        return version.of(table);
    }
    named(content, names(served, shape))
}

fn only_metadata(metadata: &Value) -> Value {
    let mut object = Map::new();
    object.insert("metadata", metadata.clone());
    Value::Object(object)
}

fn named(mut content: Value, (api_version, kind): (Cow<str>, &str)) -> Value {
    content["apiVersion"] = api_version.into();
    content["kind"] = kind.into();
    content
}
