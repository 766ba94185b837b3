//! The bytes of an answer.
//!
//! Source: `spec/kube-api.md` §1.6, §1.10, §1.11, §1.12.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;

use super::negotiate::Form;
use super::table::{self, Headings, IncludeObject};
use crate::json::{Value, json};
use crate::store::answer::Page;
use crate::store::kind::{Kind, Origin};
use crate::store::object::Object;
use crate::store::registry::Served;
use crate::store::status::Status;
use crate::store::watch::{Bookmark, Signal};

/// The form of an answer with what it needs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Objects as they are.
    Full,
    /// Only their metadata.
    Metadata,
    /// Rows for people.
    Table(Timestamp, IncludeObject, Headings, TableVersion),
}

/// What a Table is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableVersion {
    /// `meta.k8s.io/v1`.
    V1,
    /// `meta.k8s.io/v1beta1`.
    V1Beta1,
}

impl TableVersion {
    /// A table of version 1 in this one.
    fn of(self, mut table: Value) -> Value {
        if self == Self::V1 {
            return table;
        }
        let rows = table["rows"].as_array_mut().into_iter().flatten();
        let objects = rows.map(|row| &mut row["object"]);
        for object in objects.filter(|object| object["kind"] == "PartialObjectMetadata") {
            object["apiVersion"] = "meta.k8s.io/v1beta1".into();
        }
        table["apiVersion"] = "meta.k8s.io/v1beta1".into();
        table
    }
}

impl Shape {
    fn table(now: Timestamp, include: &str, version: TableVersion) -> Result<Self, Status> {
        let include = IncludeObject::parse(include)?;
        Ok(Self::Table(now, include, Headings::Shown, version))
    }

    /// The shape of an answer at `now`; `include` is the parameter `includeObject`.
    ///
    /// # Errors
    /// 400 for an unknown `include` of a Table.
    pub(crate) fn new(form: Form, include: &str, now: Timestamp) -> Result<Self, Status> {
        Ok(match form {
            Form::Full => Self::Full,
            Form::Metadata => Self::Metadata,
            Form::Table => Self::table(now, include, TableVersion::V1)?,
            Form::BetaTable => Self::table(now, include, TableVersion::V1Beta1)?,
        })
    }
}

impl Shape {
    /// Ages in rows are told as of `now`.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        if let Self::Table(at, ..) = self {
            *at = now;
        }
    }
}

/// One object of `served` as JSON text.
pub(crate) fn object(served: &Served, shape: Shape, object: &Object) -> Vec<u8> {
    let mut text = Vec::with_capacity(n_bytes(shape, object));
    write_object(&mut text, served, shape, object);
    text
}

/// Room for what is written around an object or a list, in bytes.
const AROUND_BYTES: usize = 160;

/// About as much room as the text of `object` takes with what is written around it.
fn n_bytes(shape: Shape, object: &Object) -> usize {
    AROUND_BYTES
        + match shape {
            Shape::Full => object.encoded().len(),
            Shape::Metadata => object.encoded_metadata().len(),
            Shape::Table(..) => 0,
        }
}

/// The `apiVersion` and `kind` of an object in an answer.
pub(super) fn names(served: &Served, shape: Shape) -> (Cow<'_, str>, &str) {
    match shape {
        Shape::Full => (served.kind.api_version().into(), &served.kind.kind),
        Shape::Metadata => ("meta.k8s.io/v1".into(), "PartialObjectMetadata"),
        Shape::Table(..) => ("meta.k8s.io/v1".into(), "Table"),
    }
}

fn write_object(text: &mut Vec<u8>, served: &Served, shape: Shape, object: &Object) {
    match shape {
        Shape::Full => {
            let (api_version, kind) = names(served, shape);
            write_header(text, &api_version, kind);
            if served.shows_as_stored(object) {
                text.extend_from_slice(&object.encoded()[1..]);
            } else {
                let shown = served.view(object).to_string();
                text.extend_from_slice(&shown.as_bytes()[1..]);
            }
        }
        Shape::Metadata => {
            let (api_version, kind) = names(served, shape);
            write_header(text, &api_version, kind);
            text.extend_from_slice(b"\"metadata\":");
            text.extend_from_slice(&object.encoded_metadata());
            text.push(b'}');
        }
        Shape::Table(now, include, headings, version) => {
            let view = served.view(object);
            let table = table::event_table(&served.kind, &view, now, include, headings);
            text.extend_from_slice(version.of(table).to_string().as_bytes());
        }
    }
}

fn write_header(text: &mut Vec<u8>, api_version: &str, kind: &str) {
    text.extend_from_slice(b"{\"apiVersion\":\"");
    text.extend_from_slice(api_version.as_bytes());
    text.extend_from_slice(b"\",\"kind\":\"");
    text.extend_from_slice(kind.as_bytes());
    text.extend_from_slice(b"\",");
}

/// A page of `served` as JSON text.
pub(crate) fn list(served: &Served, shape: Shape, page: &Page) -> Vec<u8> {
    let kind = &served.kind;
    let metadata = list_metadata(kind, page, matches!(shape, Shape::Full));
    let (api_version, list_kind) = match shape {
        Shape::Full => (kind.api_version(), kind.list_kind.as_str()),
        Shape::Metadata => ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadataList"),
        Shape::Table(now, include, _, version) => {
            let views: Vec<_> = page.items.iter().map(|item| served.view(item)).collect();
            let objects: Vec<&Value> = views.iter().map(AsRef::as_ref).collect();
            let table = table::table(kind, &objects, &metadata, now, include);
            return version.of(table).to_string().into_bytes();
        }
    };
    let room = page.items.iter().map(|item| n_bytes(shape, item));
    let mut text = Vec::with_capacity(AROUND_BYTES + room.sum::<usize>());
    write_header(&mut text, &api_version, list_kind);
    text.extend_from_slice(b"\"metadata\":");
    text.extend_from_slice(metadata.to_string().as_bytes());
    text.extend_from_slice(b",\"items\":[");
    for (index, item) in page.items.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        write_item(&mut text, served, shape, item);
    }
    text.extend_from_slice(b"]}");
    text
}

/// Items of built-in kinds leave out `apiVersion` and `kind`.
fn write_item(text: &mut Vec<u8>, served: &Served, shape: Shape, item: &Object) {
    let is_bare = served.kind.origin == Origin::BuiltIn && matches!(shape, Shape::Full);
    if is_bare && served.shows_as_stored(item) {
        text.extend_from_slice(&item.encoded());
    } else {
        write_object(text, served, shape, item);
    }
}

fn list_metadata(kind: &Kind, page: &Page, is_full: bool) -> Value {
    let mut metadata = json!({"resourceVersion": page.revision.to_string()});
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

/// One line of a watch; `None` if the signal ends it. After the first Table the shape omits headings.
pub(crate) fn watch_line(served: &Served, shape: &mut Shape, signal: &Signal) -> Option<Bytes> {
    let (name, object) = match signal {
        Signal::Added(object) => ("ADDED", object),
        Signal::Modified(object) => ("MODIFIED", object),
        Signal::Deleted(object) => ("DELETED", object),
        Signal::Bookmark(bookmark) => {
            return Some(value_line(
                "BOOKMARK",
                &bookmark_object(served, *shape, bookmark),
            ));
        }
        Signal::Error(status) => return Some(value_line("ERROR", &status.body())),
        Signal::End => return None,
    };
    let mut line = Vec::with_capacity(n_bytes(*shape, object));
    line.extend_from_slice(b"{\"type\":\"");
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\",\"object\":");
    write_object(&mut line, served, *shape, object);
    line.extend_from_slice(b"}\n");
    if let Shape::Table(_, _, headings, _) = shape {
        *headings = Headings::Omitted;
    }
    Some(line.into())
}

fn value_line(name: &str, object: &Value) -> Bytes {
    format!("{{\"type\":\"{name}\",\"object\":{object}}}\n").into()
}

fn bookmark_object(served: &Served, shape: Shape, bookmark: &Bookmark) -> Value {
    let mut metadata = json!({"resourceVersion": bookmark.revision.to_string()});
    if bookmark.ends_initial_events {
        metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    let (api_version, kind) = match shape {
        Shape::Full | Shape::Metadata => names(served, shape),
        Shape::Table(now, include, headings, version) => {
            let include = match include {
                IncludeObject::None => IncludeObject::Metadata,
                IncludeObject::Metadata | IncludeObject::Object => include,
            };
            let object = json!({"metadata": metadata});
            let table = table::event_table(&served.kind, &object, now, include, headings);
            return version.of(table);
        }
    };
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
}
