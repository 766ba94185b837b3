//! Messages as JSON.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;

use super::Error;
use super::message::{Field, Kind, Message, Other, Shape};
use super::wire::{Reader, Wire};
use crate::json::{List, Map, Value};

/// How deep messages may nest.
const MAX_DEPTH: usize = 64;

impl Message {
    /// Reads the fields of a message that nests in `depth` others. Unknown fields are skipped.
    pub(super) fn decode(&self, bytes: &[u8], depth: usize) -> Result<Map, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::Malformed("nested too deep"));
        }
        let mut object = Map::new();
        for field in Reader::new(bytes) {
            let (number, wire) = field?;
            if let Some(field) = self.0.get(&number) {
                field.decode(wire, &mut object, depth)?;
            }
        }
        Ok(object)
    }
}

impl Field {
    fn decode(&self, wire: Wire, object: &mut Map, depth: usize) -> Result<(), Error> {
        let Some(name) = self.name else {
            if let Some(Value::Object(fields)) = self.kind.decode(wire, depth)? {
                object.extend(fields);
            }
            return Ok(());
        };
        match self.shape {
            Shape::Plain => {
                if let Some(value) = self
                    .kind
                    .decode(wire, depth)?
                    .filter(|value| !is_zero(value))
                {
                    object.insert(name.to_owned(), value);
                }
            }
            Shape::Optional => {
                if let Some(value) = self.kind.decode(wire, depth)? {
                    object.insert(name.to_owned(), value);
                }
            }
            Shape::Repeated => {
                let list = object
                    .entry(name)
                    .or_insert_with(|| Value::Array(List::default()));
                if let Value::Array(items) = list {
                    self.items(wire, depth, items)?;
                }
            }
            Shape::Map => {
                let map = object
                    .entry(name)
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(entries) = map {
                    let (key, value) = self.entry(wire, depth)?;
                    entries.insert(key, value);
                }
            }
        }
        Ok(())
    }

    /// One item, or several numbers packed into one field.
    fn items(&self, wire: Wire, depth: usize, items: &mut Vec<Value>) -> Result<(), Error> {
        match (self.kind, wire) {
            (Kind::Integer, Wire::Bytes(packed)) => {
                let mut reader = Reader::new(packed);
                while !reader.is_empty() {
                    items.push(reader.varint()?.cast_signed().into());
                }
            }
            (kind, wire) => items.push(kind.decode(wire, depth)?.unwrap_or_default()),
        }
        Ok(())
    }

    fn entry(&self, wire: Wire, depth: usize) -> Result<(String, Value), Error> {
        let (mut key, mut value) = (String::new(), None);
        for field in Reader::new(wire.bytes()?) {
            match field? {
                (1, wire) => key = wire.text()?,
                (2, wire) => value = self.kind.decode(wire, depth)?,
                _ => {}
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

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => false,
    }
}

impl Kind {
    /// The JSON of a value; `None` for an instant that is not set.
    fn decode(self, wire: Wire, depth: usize) -> Result<Option<Value>, Error> {
        let value = match self {
            Self::Text => wire.text()?.into(),
            Self::Bool => (wire.integer()? != 0).into(),
            Self::Integer => wire.integer()?.into(),
            Self::Double => wire.float()?.into(),
            Self::Bytes => BASE64_STANDARD.encode(wire.bytes()?).into(),
            Self::Time | Self::MicroTime => return self.instant(wire.bytes()?),
            Self::Quantity => quantity(wire.bytes()?)?.into(),
            Self::IntOrString => int_or_string(wire.bytes()?)?,
            Self::Raw => raw(wire.bytes()?)?,
            Self::Texts => texts(wire.bytes()?)?,
            Self::SchemaOr(what) => schema_or(what, wire.bytes()?, depth)?,
            Self::Message(place) => message(place.message(), wire.bytes()?, depth)?,
        };
        Ok(Some(value))
    }

    fn instant(self, bytes: &[u8]) -> Result<Option<Value>, Error> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let (mut seconds, mut nanoseconds) = (0, 0);
        for field in Reader::new(bytes) {
            match field? {
                (1, wire) => seconds = wire.integer()?,
                (2, wire) => nanoseconds = wire.integer()?,
                _ => {}
            }
        }
        let instant = i32::try_from(nanoseconds)
            .ok()
            .and_then(|nanoseconds| Timestamp::new(seconds, nanoseconds).ok())
            .ok_or(Error::Malformed("instant out of range"))?;
        let digits = if matches!(self, Self::MicroTime) {
            6
        } else {
            0
        };
        Ok(Some(format!("{instant:.digits$}").into()))
    }
}

fn message(message: &Message, bytes: &[u8], depth: usize) -> Result<Value, Error> {
    message.decode(bytes, depth + 1).map(Value::Object)
}

fn quantity(bytes: &[u8]) -> Result<String, Error> {
    let mut text = "0".to_owned();
    for field in Reader::new(bytes) {
        if let (1, wire) = field? {
            text = wire.text()?;
        }
    }
    Ok(text)
}

fn int_or_string(bytes: &[u8]) -> Result<Value, Error> {
    let (mut is_text, mut number, mut text) = (false, 0, String::new());
    for field in Reader::new(bytes) {
        match field? {
            (1, wire) => is_text = wire.integer()? == 1,
            (2, wire) => number = wire.integer()?,
            (3, wire) => text = wire.text()?,
            _ => {}
        }
    }
    Ok(if is_text { text.into() } else { number.into() })
}

fn raw(bytes: &[u8]) -> Result<Value, Error> {
    for field in Reader::new(bytes) {
        if let (1, wire) = field? {
            let text = wire.bytes()?;
            return serde_json::from_slice(text)
                .map_err(|_| Error::Malformed("embedded JSON is invalid"));
        }
    }
    Ok(Value::Null)
}

fn texts(bytes: &[u8]) -> Result<Value, Error> {
    Reader::new(bytes).map(|field| field?.1.text()).collect()
}

fn schema_or(other: Other, bytes: &[u8], depth: usize) -> Result<Value, Error> {
    let (mut allowed, mut schema, mut list) = (false, None, Vec::new());
    let read = |wire: Wire| message(Message::schema(), wire.bytes()?, depth);
    for field in Reader::new(bytes) {
        match (other, field?) {
            (Other::Bool, (1, wire)) => allowed = wire.integer()? != 0,
            (Other::Bool, (2, wire)) | (_, (1, wire)) => schema = Some(read(wire)?),
            (Other::Texts, (2, wire)) => list.push(wire.text()?.into()),
            (Other::Schemas, (2, wire)) => list.push(read(wire)?),
            _ => {}
        }
    }
    Ok(match schema {
        Some(schema) => schema,
        None if other == Other::Bool => allowed.into(),
        None => list.into(),
    })
}
