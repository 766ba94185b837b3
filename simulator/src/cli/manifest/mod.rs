//! Manifests as people give them: files, folders and standard input, with the place of every field.

mod document;
mod source;

pub use document::{Document, MAX_DOCUMENT_BYTES, parse};
pub use source::read;
pub(crate) use source::text;
