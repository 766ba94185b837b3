//! OpenAPI documents in protobuf, as the library gnostic reads them.
//!
//! Source: `spec/kube-api.md` §1.4; gnostic-models v0.7.0, `openapiv2/OpenAPIv2.proto`, `openapiv3/OpenAPIv3.proto`.

use super::messages::{DOCUMENT_V2, DOCUMENT_V3};
use crate::http::protobuf::writer::Writer;
use crate::json::Value;

/// A document of v2.
#[must_use]
pub fn v2(document: &Value) -> Vec<u8> {
    written(document, &DOCUMENT_V2)
}

/// A document of v3.
#[must_use]
pub fn v3(document: &Value) -> Vec<u8> {
    written(document, &DOCUMENT_V3)
}

fn written(document: &Value, message: &Message) -> Vec<u8> {
    let mut writer = Writer::default();
    message.write(document, &mut writer);
    writer.finish()
}

/// What of a JSON object goes into a message, by number.
pub(super) struct Message(pub(super) &'static [Field]);

/// The number of a field, its name in JSON (empty for the whole object), and what it holds.
pub(super) struct Field(pub(super) u64, pub(super) &'static str, pub(super) Content);

/// What a field holds. Zeros are left out, as everywhere in version 3 of protobuf.
pub(super) enum Content {
    Text,
    Truth,
    Whole,
    Fraction,
    /// One text or several.
    Texts,
    /// Anything, written as YAML.
    Any,
    Anys,
    One(&'static Message),
    Many(&'static Message),
    /// The fields of an object, each as a message of name and value.
    Named(&'static Message),
    /// The same for fields that start with `x-`, which hold anything.
    Extensions,
    /// A message where this holds of the value.
    If(fn(&Value) -> bool, &'static Message),
}

impl Message {
    fn write(&self, value: &Value, writer: &mut Writer) {
        for Field(number, name, content) in self.0.iter().rev() {
            let held = match *name {
                "" => Some(value),
                name => value.get(name),
            };
            if let Some(held) = held.filter(|held| !held.is_null()) {
                content.write(*number, held, writer);
            }
        }
    }
}

impl Content {
    fn write(&self, number: u64, value: &Value, writer: &mut Writer) {
        let items = || value.as_array().into_iter().flatten().rev();
        let entries = || value.as_object().into_iter().flatten().rev();
        match self {
            Self::Text => put(value.as_str(), |text| writer.text(number, text)),
            Self::Truth => put(value.as_bool().filter(|truth| *truth), |truth| {
                writer.truth(number, truth);
            }),
            Self::Whole => put(value.as_i64(), |whole| writer.integer(number, whole)),
            Self::Fraction => put(value.as_f64(), |fraction| writer.double(number, fraction)),
            Self::Texts if value.is_string() => Self::Text.write(number, value, writer),
            Self::Texts => items().for_each(|item| Self::Text.write(number, item, writer)),
            Self::Any => writer.nested(number, |writer| writer.text(2, value.to_string())),
            Self::Anys => items().for_each(|item| Self::Any.write(number, item, writer)),
            Self::One(message) => writer.nested(number, |writer| message.write(value, writer)),
            Self::Many(message) => {
                items().for_each(|item| Self::One(message).write(number, item, writer));
            }
            Self::Named(message) => entries().for_each(|(name, value)| {
                named(number, name, writer, |writer| {
                    Self::One(message).write(2, value, writer);
                });
            }),
            Self::Extensions => {
                let entries = entries().filter(|(name, _)| name.starts_with("x-"));
                entries.for_each(|(name, value)| {
                    named(number, name, writer, |writer| {
                        Self::Any.write(2, value, writer);
                    });
                });
            }
            Self::If(holds, message) if holds(value) => {
                Self::One(message).write(number, value, writer);
            }
            Self::If(..) => {}
        }
    }
}

fn put<T>(value: Option<T>, write: impl FnOnce(T)) {
    if let Some(value) = value {
        write(value);
    }
}

fn named(number: u64, name: &str, writer: &mut Writer, value: impl FnOnce(&mut Writer)) {
    writer.nested(number, |writer| {
        value(writer);
        writer.text(1, name);
    });
}
