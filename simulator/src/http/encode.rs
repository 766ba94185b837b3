//! The bytes of an answer.
//!
//! Source: `spec/kube-api.md` §1.6, §1.10, §1.11, §1.12.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::negotiate::Form;
use super::table::{self, Headings, IncludeObject};
use crate::store::answer::Page;
use crate::store::kind::{Kind, Origin};
use crate::store::object::Object;
use crate::store::registry::Served;
use crate::store::watch::{Bookmark, Signal};

/// The media type of JSON answers.
pub(crate) const JSON: &str = "application/json";

/// One object of `served` as JSON text.
pub(crate) fn object(served: &Served, form: Form, object: &Object, now: Timestamp) -> Vec<u8> {
    if let Form::Table(include) = form {
        let value = object.value();
        return table::table(&served.kind, &[value], &value["metadata"], now, include)
            .to_string()
            .into();
    }
    let mut text = Vec::new();
    write_object(&mut text, served, form, object);
    text
}

fn write_object(text: &mut Vec<u8>, served: &Served, form: Form, object: &Object) {
    let fields = match form {
        Form::Metadata => {
            write_header(text, "meta.k8s.io/v1", "PartialObjectMetadata");
            text.extend_from_slice(b"\"metadata\":");
            text.extend_from_slice(&object.encoded_metadata());
            text.push(b'}');
            return;
        }
        Form::Full | Form::Table(_) => object.encoded(),
    };
    write_header(text, &served.kind.api_version(), &served.kind.kind);
    text.extend_from_slice(&fields[1..]);
}

fn write_header(text: &mut Vec<u8>, api_version: &str, kind: &str) {
    text.extend_from_slice(b"{\"apiVersion\":\"");
    text.extend_from_slice(api_version.as_bytes());
    text.extend_from_slice(b"\",\"kind\":\"");
    text.extend_from_slice(kind.as_bytes());
    text.extend_from_slice(b"\",");
}

/// A page of `served` as JSON text.
pub(crate) fn list(served: &Served, form: Form, page: &Page, now: Timestamp) -> Vec<u8> {
    let kind = &served.kind;
    if let Form::Table(include) = form {
        let objects: Vec<&Value> = page.items.iter().map(|item| item.value()).collect();
        return table::table(kind, &objects, &list_metadata(kind, page), now, include)
            .to_string()
            .into();
    }
    let (api_version, list_kind) = match form {
        Form::Metadata => ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadataList"),
        Form::Full | Form::Table(_) => (kind.api_version(), kind.list_kind.as_str()),
    };
    let mut text = Vec::new();
    write_header(&mut text, &api_version, list_kind);
    text.extend_from_slice(b"\"metadata\":");
    text.extend_from_slice(list_metadata(kind, page).to_string().as_bytes());
    text.extend_from_slice(b",\"items\":[");
    for (index, item) in page.items.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        if kind.origin == Origin::BuiltIn && form == Form::Full {
            text.extend_from_slice(&item.encoded());
        } else {
            write_object(&mut text, served, form, item);
        }
    }
    text.extend_from_slice(b"]}");
    text
}

fn list_metadata(kind: &Kind, page: &Page) -> Value {
    let mut metadata = json!({"resourceVersion": page.revision.to_string()});
    match &page.token {
        Some(token) => metadata["continue"] = token.clone().into(),
        None if kind.origin == Origin::Custom => metadata["continue"] = "".into(),
        None => {}
    }
    if let Some(remaining) = page.remaining {
        metadata["remainingItemCount"] = remaining.into();
    }
    metadata
}

/// One line of a watch; `None` if the signal ends it.
pub(crate) fn watch_line(served: &Served, form: Form, signal: &Signal) -> Option<Bytes> {
    let mut line = Vec::new();
    let (name, object) = match signal {
        Signal::Added(object) => ("ADDED", object),
        Signal::Modified(object) => ("MODIFIED", object),
        Signal::Deleted(object) => ("DELETED", object),
        Signal::Bookmark(bookmark) => {
            return Some(value_line(
                "BOOKMARK",
                &bookmark_object(served, form, bookmark),
            ));
        }
        Signal::Error(status) => return Some(value_line("ERROR", &status.body())),
        Signal::End => return None,
    };
    line.extend_from_slice(b"{\"type\":\"");
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\",\"object\":");
    write_object(&mut line, served, form, object);
    line.extend_from_slice(b"}\n");
    Some(line.into())
}

/// One line of a watch for Tables; `None` if the signal ends it.
pub(crate) fn table_line(
    served: &Served,
    signal: &Signal,
    now: Timestamp,
    (include, headings): (IncludeObject, Headings),
) -> Option<Bytes> {
    let kind = &served.kind;
    let (name, object) = match signal {
        Signal::Added(object) => ("ADDED", object),
        Signal::Modified(object) => ("MODIFIED", object),
        Signal::Deleted(object) => ("DELETED", object),
        Signal::Bookmark(bookmark) => {
            let include = match include {
                IncludeObject::None => IncludeObject::Metadata,
                IncludeObject::Metadata | IncludeObject::Object => include,
            };
            let object = bookmark_object(served, Form::Full, bookmark);
            let table = table::event_table(kind, &object, now, include, headings);
            return Some(value_line("BOOKMARK", &table));
        }
        Signal::Error(status) => return Some(value_line("ERROR", &status.body())),
        Signal::End => return None,
    };
    let table = table::event_table(kind, object.value(), now, include, headings);
    Some(value_line(name, &table))
}

fn value_line(name: &str, object: &Value) -> Bytes {
    format!("{{\"type\":\"{name}\",\"object\":{object}}}\n").into()
}

fn bookmark_object(served: &Served, form: Form, bookmark: &Bookmark) -> Value {
    let (api_version, kind) = match form {
        Form::Metadata => ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadata"),
        Form::Full | Form::Table(_) => (served.kind.api_version(), served.kind.kind.as_str()),
    };
    let mut metadata =
        json!({"resourceVersion": bookmark.revision.to_string(), "creationTimestamp": null});
    if bookmark.ends_initial_events {
        metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
}
