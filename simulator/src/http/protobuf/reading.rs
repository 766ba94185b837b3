//! Messages as JSON.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;

use super::message::{Field, Kind, Message, Other, Shape};
use super::wire::{Fault, Reader, Wire};
use crate::json::{List, Map, Value};
use crate::store::go_time::{ZERO, ZERO_MICRO};

/// How deep messages may nest.
const MAX_DEPTH: usize = 64;
const TOO_DEEP: Fault = Fault::Other("nested too deep");

impl Message {
    /// Reads the fields of a message that nests in `depth` others. Unknown fields are skipped.
    pub(super) fn decode(&self, bytes: &[u8], depth: usize) -> Result<Map, Fault> {
        let mut object = Map::new();
        self.read_into(&mut object, bytes, depth)?;
        Ok(object)
    }

    /// Reads more of a message into what was read of it, as it may come in parts.
    fn read_into(&self, object: &mut Map, bytes: &[u8], depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(TOO_DEEP);
        }
        for field in Reader::new(bytes, self.name) {
            let (number, wire) = field?;
            match self.fields.get(&number) {
                Some(field) => field.decode(wire, object, depth)?,
                None => wire.skipped()?,
            }
        }
        Ok(())
    }
}

impl Field {
    fn decode(&self, wire: Wire, object: &mut Map, depth: usize) -> Result<(), Fault> {
        let Some(name) = self.name else {
            if let Kind::Message(place) = self.kind {
                place
                    .message()
                    .read_into(object, wire.bytes("")?, depth + 1)?;
            }
            return Ok(());
        };
        match (self.shape, self.kind) {
            (Shape::Plain | Shape::Optional, Kind::Message(place)) => {
                let bytes = wire.bytes(name)?;
                let known = object
                    .entry(name)
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(known) = known {
                    place.message().read_into(known, bytes, depth + 1)?;
                }
            }
            (Shape::Plain, kind) => {
                let value = kind.decode(wire, name, depth)?;
                match value.filter(|value| !is_zero(value)) {
                    Some(value) => object.insert(name, value),
                    // What comes later counts, also where it is nothing.
                    None => object.remove(name),
                };
            }
            (Shape::Optional, kind) => {
                let value = kind.decode(wire, name, depth)?;
                // Go points to the time that it begins with.
                let value = value.unwrap_or_else(|| match kind {
                    Kind::MicroTime => ZERO_MICRO.into(),
                    _ => ZERO.into(),
                });
                object.insert(name, value);
            }
            (Shape::Repeated, _) => {
                let list = object
                    .entry(name)
                    .or_insert_with(|| Value::Array(List::default()));
                if let Value::Array(items) = list {
                    self.items(wire, (name, depth), items)?;
                }
            }
            (Shape::Map, _) => {
                let map = object
                    .entry(name)
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(entries) = map {
                    let (key, value) = self.entry(wire, name, depth)?;
                    entries.insert(key, value);
                }
            }
        }
        Ok(())
    }

    /// One item, or several numbers packed into one field.
    fn items(
        &self,
        wire: Wire,
        (name, depth): (&str, usize),
        items: &mut Vec<Value>,
    ) -> Result<(), Fault> {
        match (self.kind, wire) {
            (Kind::Integer(n_bits), Wire::Bytes(packed)) => {
                let mut reader = Reader::new(packed, "");
                while !reader.is_empty() {
                    items.push(cut(reader.varint()?.cast_signed(), n_bits).into());
                }
            }
            (kind, wire) => items.push(kind.decode(wire, name, depth)?.unwrap_or_default()),
        }
        Ok(())
    }

    fn entry(&self, wire: Wire, name: &str, depth: usize) -> Result<(String, Value), Fault> {
        let (mut key, mut value) = (String::new(), None);
        for field in Reader::new(wire.bytes(name)?, "") {
            match field? {
                (1, wire) => key = wire.text(name)?,
                (2, wire) => value = self.kind.decode(wire, name, depth)?,
                (_, wire) => wire.skipped()?,
            }
        }
        let value = match (value, self.kind) {
            (Some(value), _) => value,
            (None, Kind::Text | Kind::Bytes) => "".into(),
            (None, _) => Value::Null,
        };
        Ok((key, value))
    }
}

/// As many bits of a number as its field has.
fn cut(number: i64, n_bits: u8) -> i64 {
    match n_bits {
        32 => i64::from(number as i32),
        _ => number,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => false,
    }
}

impl Kind {
    /// The JSON of a value of the field `name`; `None` for an instant that is not set.
    fn decode(self, wire: Wire, name: &str, depth: usize) -> Result<Option<Value>, Fault> {
        let value = match self {
            Self::Text => wire.text(name)?.into(),
            Self::Bool => (wire.integer(name)? != 0).into(),
            Self::Integer(n_bits) => cut(wire.integer(name)?, n_bits).into(),
            Self::Double => wire.float(name)?.into(),
            Self::Bytes => BASE64_STANDARD.encode(wire.bytes(name)?).into(),
            Self::Time | Self::MicroTime => return self.instant(wire.bytes(name)?),
            Self::Quantity => quantity(wire.bytes(name)?)?.into(),
            Self::IntOrString => int_or_string(wire.bytes(name)?)?,
            Self::Raw => raw(wire.bytes(name)?)?,
            Self::Texts => texts(wire.bytes(name)?)?,
            Self::SchemaOr(what) => schema_or(what, wire.bytes(name)?, depth)?,
            Self::Message(place) => message(place.message(), wire.bytes(name)?, depth)?,
        };
        Ok(Some(value))
    }

    fn instant(self, bytes: &[u8]) -> Result<Option<Value>, Fault> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let (mut seconds, mut nanoseconds) = (0, 0);
        for field in Reader::new(bytes, "Timestamp") {
            match field? {
                (1, wire) => seconds = wire.integer("seconds")?,
                (2, wire) => nanoseconds = cut(wire.integer("nanos")?, 32),
                (_, wire) => wire.skipped()?,
            }
        }
        let (digits, fraction) = match self {
            // Of what is less than a microsecond Go keeps nothing.
            Self::MicroTime => (6, nanoseconds / 1000 * 1000),
            _ => (0, 0),
        };
        let nanoseconds = i128::from(seconds) * 1_000_000_000 + i128::from(fraction);
        let instant = Timestamp::from_nanosecond(nanoseconds)
            .map_err(|_| Fault::Other("instant out of range"))?;
        Ok(Some(format!("{instant:.digits$}").into()))
    }
}

fn message(message: &Message, bytes: &[u8], depth: usize) -> Result<Value, Fault> {
    message.decode(bytes, depth + 1).map(Value::Object)
}

fn quantity(bytes: &[u8]) -> Result<String, Fault> {
    let mut text = "0".to_owned();
    for field in Reader::new(bytes, "Quantity") {
        match field? {
            (1, wire) => text = wire.text("string")?,
            (_, wire) => wire.skipped()?,
        }
    }
    Ok(text)
}

fn int_or_string(bytes: &[u8]) -> Result<Value, Fault> {
    let (mut is_text, mut number, mut text) = (false, 0, String::new());
    for field in Reader::new(bytes, "IntOrString") {
        match field? {
            (1, wire) => is_text = wire.integer("type")? == 1,
            (2, wire) => number = cut(wire.integer("intVal")?, 32),
            (3, wire) => text = wire.text("strVal")?,
            (_, wire) => wire.skipped()?,
        }
    }
    Ok(if is_text { text.into() } else { number.into() })
}

fn raw(bytes: &[u8]) -> Result<Value, Fault> {
    let mut value = Value::Null;
    for field in Reader::new(bytes, "RawExtension") {
        match field? {
            (1, wire) => {
                value = serde_json::from_slice(wire.bytes("raw")?)
                    .map_err(|_| Fault::Other("embedded JSON is invalid"))?;
            }
            (_, wire) => wire.skipped()?,
        }
    }
    Ok(value)
}

fn texts(bytes: &[u8]) -> Result<Value, Fault> {
    let fields = Reader::new(bytes, "ExtraValue");
    fields.map(|field| field?.1.text("items")).collect()
}

fn schema_or(other: Other, bytes: &[u8], depth: usize) -> Result<Value, Fault> {
    let (mut allowed, mut schema, mut list) = (false, None, Vec::new());
    let read = |wire: Wire| message(Message::schema(), wire.bytes("schema")?, depth);
    for field in Reader::new(bytes, "JSONSchemaProps") {
        match (other, field?) {
            (Other::Bool, (1, wire)) => allowed = wire.integer("allows")? != 0,
            (Other::Bool, (2, wire)) | (_, (1, wire)) => schema = Some(read(wire)?),
            (Other::Texts, (2, wire)) => list.push(wire.text("property")?.into()),
            (Other::Schemas, (2, wire)) => list.push(read(wire)?),
            (_, (_, wire)) => wire.skipped()?,
        }
    }
    Ok(match schema {
        Some(schema) => schema,
        None if other == Other::Bool => allowed.into(),
        None => list.into(),
    })
}
