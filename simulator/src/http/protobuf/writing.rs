//! JSON as messages, byte by byte as the Go programs of Kubernetes write them.
//!
//! Fields come by number, maps by key. A field that is not a pointer in Go is there even if it is zero.
//!
//! Source: `spec/kube-api.md` §1.6; kubernetes v1.34 `generated.pb.go`, apimachinery `pkg/apis/meta/v1/time_proto.go`,
//! `pkg/api/resource/quantity_proto.go`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;

use super::Error;
use super::message::{Field, Kind, Message, Other, Shape};
use super::writer::Writer;
use crate::json::{Map, Text, Value};
use crate::store::go_time::is_zero;

impl Message {
    /// Writes the fields of an object before what has been written. Fields that the message lacks are left out.
    pub(super) fn encode(&self, object: Option<&Map>, writer: &mut Writer) -> Result<(), Error> {
        for (number, field) in self.fields.iter().rev() {
            field.encode(*number, object, writer)?;
        }
        Ok(())
    }
}

impl Field {
    fn encode(&self, number: u64, object: Option<&Map>, writer: &mut Writer) -> Result<(), Error> {
        let Some(name) = self.name else {
            return writer.nested(number, |writer| match self.kind {
                Kind::Message(place) => place.message().encode(object, writer),
                _ => Err(self.misfit()),
            });
        };
        let given = object.and_then(|object| object.get(name));
        let value = present(given);
        match (self.shape, value) {
            // Go points to the time that it begins with.
            (Shape::Optional, None) if given.is_some() && self.is_time() => {
                writer.nested(number, |_| Ok(()))
            }
            (Shape::Plain, None) if matches!(self.kind, Kind::Bytes) => Ok(()),
            (Shape::Plain, value) => self.put(number, value, writer),
            (Shape::Optional | Shape::Repeated | Shape::Map, None) => Ok(()),
            (Shape::Optional, value) => self.put(number, value, writer),
            (Shape::Repeated, Some(value)) => {
                let items = value.as_array().ok_or_else(|| self.misfit())?;
                let mut items = items.iter().rev();
                items.try_for_each(|item| self.put(number, present(Some(item)), writer))
            }
            (Shape::Map, Some(value)) => {
                let entries = value.as_object().ok_or_else(|| self.misfit())?;
                let mut entries = entries.iter().rev();
                entries.try_for_each(|entry| {
                    writer.nested(number, |writer| self.put_entry(entry, writer))
                })
            }
        }
    }

    /// Writes an entry of a map. Bytes may be absent there; all else is zero then.
    fn put_entry(&self, (key, value): (&Text, &Value), writer: &mut Writer) -> Result<(), Error> {
        match (self.kind, present(Some(value))) {
            (Kind::Bytes, None) => {}
            (_, value) => self.put(2, value, writer)?,
        }
        writer.text(1, key);
        Ok(())
    }

    /// Writes a value, or zero for none.
    fn put(&self, number: u64, value: Option<&Value>, writer: &mut Writer) -> Result<(), Error> {
        let misfit = || self.misfit();
        let text = || value.map_or(Ok(""), |value| value.as_str().ok_or_else(misfit));
        match self.kind {
            Kind::Text => writer.text(number, text()?),
            Kind::Bool => {
                let truth = value.map_or(Some(false), Value::as_bool);
                writer.truth(number, truth.ok_or_else(misfit)?);
            }
            Kind::Integer(_) => {
                let whole = value.map_or(Some(0), Value::as_i64);
                writer.integer(number, whole.ok_or_else(misfit)?);
            }
            Kind::Double => {
                let fraction = value.map_or(Some(0.0), Value::as_f64);
                writer.double(number, fraction.ok_or_else(misfit)?);
            }
            Kind::Bytes => {
                let bytes = BASE64_STANDARD.decode(text()?);
                writer.text(number, bytes.map_err(|_| misfit())?);
            }
            _ => return writer.nested(number, |writer| self.put_content(value, writer)),
        }
        Ok(())
    }

    /// What stands in the message of a value that is one.
    fn put_content(&self, value: Option<&Value>, writer: &mut Writer) -> Result<(), Error> {
        let written = match (self.kind, value) {
            (Kind::Message(place), None) => return place.message().encode(None, writer),
            (Kind::Message(place), Some(value)) => match value.as_object() {
                Some(object) => return place.message().encode(Some(object), writer),
                None => None,
            },
            (Kind::SchemaOr(other), Some(value)) => return schema_or(other, value, writer),
            (Kind::Quantity, value) => quantity(value).map(|text| writer.text(1, text)),
            (Kind::IntOrString, value) => int_or_string(value, writer),
            (_, None) => Some(()),
            (Kind::Time, Some(value)) => instant(value, writer, |_| 0),
            (Kind::MicroTime, Some(value)) => instant(value, writer, |time| {
                time.subsec_nanosecond() / 1_000 * 1_000
            }),
            (Kind::Raw, Some(value)) => {
                writer.text(1, value.to_string());
                Some(())
            }
            (Kind::Texts, Some(value)) => texts(1, value, writer),
            (Kind::Text | Kind::Bool | Kind::Integer(_) | Kind::Double | Kind::Bytes, _) => None,
        };
        written.ok_or_else(|| self.misfit())
    }

    fn is_time(&self) -> bool {
        matches!(self.kind, Kind::Time | Kind::MicroTime)
    }

    fn misfit(&self) -> Error {
        Error::Misfit(self.name.unwrap_or_default())
    }
}

/// A value that is not null.
fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// Writes an instant; the zero of Go has no fields.
fn instant(
    value: &Value,
    writer: &mut Writer,
    nanoseconds: impl FnOnce(Timestamp) -> i32,
) -> Option<()> {
    let text = value.as_str()?;
    if !text.is_empty() && !is_zero(text) {
        let instant: Timestamp = text.parse().ok()?;
        writer.integer(2, nanoseconds(instant).into());
        writer.integer(1, instant.as_second());
    }
    Some(())
}

fn quantity(value: Option<&Value>) -> Option<String> {
    match value {
        None => Some("0".to_owned()),
        Some(Value::String(text)) => Some(text.to_string()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(_) => None,
    }
}

fn int_or_string(value: Option<&Value>, writer: &mut Writer) -> Option<()> {
    let (is_text, number, text) = match value {
        None => (false, 0, ""),
        Some(Value::String(text)) => (true, 0, text.as_str()),
        Some(value) => (false, value.as_i64()?, ""),
    };
    writer.text(3, text);
    writer.integer(2, number);
    writer.truth(1, is_text);
    Some(())
}

fn texts(number: u64, value: &Value, writer: &mut Writer) -> Option<()> {
    for item in value.as_array()?.iter().rev() {
        writer.text(number, item.as_str()?);
    }
    Some(())
}

fn schema_or(other: Other, value: &Value, writer: &mut Writer) -> Result<(), Error> {
    let schema = |number: u64, value: &Value, writer: &mut Writer| {
        let schema = Message::schema();
        writer.nested(number, |writer| schema.encode(value.as_object(), writer))
    };
    match (other, value) {
        (Other::Bool, Value::Bool(allowed)) => writer.truth(1, *allowed),
        (Other::Bool, Value::Object(_)) => {
            schema(2, value, writer)?;
            writer.truth(1, true);
        }
        (Other::Schemas | Other::Texts, Value::Object(_)) => schema(1, value, writer)?,
        (Other::Schemas, Value::Array(items)) => {
            let mut items = items.iter().rev();
            items.try_for_each(|item| schema(2, item, writer))?;
        }
        (Other::Texts, list) if list.is_array() => {
            texts(2, list, writer).ok_or(Error::Misfit("dependencies"))?;
        }
        _ => return Err(Error::Misfit("JSONSchemaProps")),
    }
    Ok(())
}
