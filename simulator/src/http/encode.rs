//! Answers as JSON text, made from the text of each object, which is written once.
//!
//! Source: `spec/kube-api.md` §1.6, §1.10, §1.11, §1.12.

use bytes::Bytes;

use super::content;
use super::protobuf;
use super::shape::Shape;
use crate::store::answer::Page;
use crate::store::object::Object;
use crate::store::registry::Served;
use crate::store::watch::Signal;

/// One object of `served` as JSON text, which ends its line.
pub(crate) fn object(served: &Served, shape: Shape, object: &Object) -> Vec<u8> {
    let mut text = Vec::with_capacity(n_bytes(shape, object));
    write_object(&mut text, served, shape, object);
    text.push(b'\n');
    text
}

/// Room for what is written around an object or a list, in bytes.
const AROUND_BYTES: usize = 160;

/// About as much room as the text of `object` takes with what is written around it.
fn n_bytes(shape: Shape, object: &Object) -> usize {
    AROUND_BYTES
        + match shape {
            Shape::Full => object.encoded().len(),
            Shape::Metadata(_) => object.encoded_metadata().len(),
            Shape::Table(..) => 0,
        }
}

fn write_object(text: &mut Vec<u8>, served: &Served, shape: Shape, object: &Object) {
    match shape {
        Shape::Full => {
            let (api_version, kind) = content::names(served, shape);
            write_header(text, &api_version, kind);
            if served.shows_as_stored(object) {
                text.extend_from_slice(&object.encoded()[1..]);
            } else {
                let shown = served.view(object).to_string();
                text.extend_from_slice(&shown.as_bytes()[1..]);
            }
        }
        Shape::Metadata(_) => {
            let (api_version, kind) = content::names(served, shape);
            write_header(text, &api_version, kind);
            text.extend_from_slice(b"\"metadata\":");
            text.extend_from_slice(&object.encoded_metadata());
            text.push(b'}');
        }
        Shape::Table(..) => {
            let table = content::object(served, shape, object);
            text.extend_from_slice(table.to_string().as_bytes());
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

/// A page of `served` as JSON text, which ends its line.
pub(crate) fn list(served: &Served, shape: Shape, page: &Page) -> Vec<u8> {
    if matches!(shape, Shape::Table(..)) {
        return format!("{}\n", content::list(served, shape, page)).into_bytes();
    }
    let (api_version, kind) = content::list_names(served, shape);
    let metadata = content::list_metadata(&served.kind, page, shape);
    let room = page.items.iter().map(|item| n_bytes(shape, item));
    let mut text = Vec::with_capacity(AROUND_BYTES + room.sum::<usize>());
    write_header(&mut text, &api_version, kind);
    text.extend_from_slice(b"\"metadata\":");
    text.extend_from_slice(metadata.to_string().as_bytes());
    if content::is_null(shape, page) {
        text.extend_from_slice(b",\"items\":null}\n");
        return text;
    }
    text.extend_from_slice(b",\"items\":[");
    for (index, item) in page.items.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        write_item(&mut text, served, shape, item);
    }
    text.extend_from_slice(b"]}\n");
    text
}

/// Items of built-in kinds leave out `apiVersion` and `kind`.
fn write_item(text: &mut Vec<u8>, served: &Served, shape: Shape, item: &Object) {
    match (
        content::is_bare(served, shape),
        served.shows_as_stored(item),
    ) {
        (true, true) => text.extend_from_slice(&item.encoded()),
        (true, false) => text.extend_from_slice(served.view(item).to_string().as_bytes()),
        (false, _) => write_object(text, served, shape, item),
    }
}

/// One line of a watch; `None` if the signal ends it. After the first Table the shape omits headings.
pub(crate) fn watch_line(served: &Served, shape: &mut Shape, signal: &Signal) -> Option<Bytes> {
    let (name, object) = match signal {
        Signal::Added(object) => ("ADDED", object),
        Signal::Modified(object) => ("MODIFIED", object),
        Signal::Deleted(object) => ("DELETED", object),
        Signal::Bookmark(_) | Signal::Error(_) | Signal::End => {
            let (name, object) = content::event(served, *shape, signal)?;
            let line = format!("{{\"type\":\"{name}\",\"object\":{object}}}\n");
            if matches!(signal, Signal::Bookmark(_)) {
                shape.omit_headings();
            }
            return Some(line.into());
        }
    };
    let mut line = Vec::with_capacity(n_bytes(*shape, object));
    line.extend_from_slice(b"{\"type\":\"");
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\",\"object\":");
    write_object(&mut line, served, *shape, object);
    line.extend_from_slice(b"}\n");
    shape.omit_headings();
    Some(line.into())
}

/// One frame of a watch in protobuf; `None` if the signal ends it, or cannot be written.
pub(crate) fn watch_frame(served: &Served, shape: Shape, signal: &Signal) -> Option<Bytes> {
    let (name, object) = content::event(served, shape, signal)?;
    match protobuf::encode_event(name, &object) {
        Ok(frame) => Some(frame.into()),
        Err(error) => {
            tracing::error!(%error, kind = served.kind.kind, "write an event");
            None
        }
    }
}
