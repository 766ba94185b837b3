//! The body of a request as one JSON value, whatever it was written in.
//!
//! Source: `spec/kube-api.md` §1.6, §1.8, §1.14.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::protobuf;
use crate::json::{Map, Number, Text, Value};
use crate::store::json_type::json_type;
use crate::store::status::Status;
use crate::yaml;

/// How much of a body that cannot be read is quoted, in bytes.
const QUOTED_BYTES: usize = 30;

/// From here on whole numbers stay fractions, since they need not be exact.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A body with the paths of the fields that occur in it twice.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Payload {
    pub(crate) value: Value,
    pub(crate) duplicates: Vec<String>,
}

impl Payload {
    /// A body in which nothing occurs twice.
    pub(crate) fn of(value: Value) -> Self {
        Self {
            value,
            duplicates: Vec::new(),
        }
    }
}

/// In what a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Json,
    Yaml,
    Protobuf,
}

impl Language {
    /// Reads `Content-Type`; nothing means JSON.
    ///
    /// # Errors
    /// 415 for any other.
    pub(crate) fn of(media_type: &str) -> Result<Self, Status> {
        match media_type.split(';').next().unwrap_or_default().trim() {
            "" | "application/json" => Ok(Self::Json),
            "application/yaml" => Ok(Self::Yaml),
            "application/vnd.kubernetes.protobuf" => Ok(Self::Protobuf),
            _ => Err(Status {
                code: 415,
                reason: "UnsupportedMediaType",
                message: "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf".to_owned(),
                details: None,
            }),
        }
    }
}

/// Reads a body that should hold a `kind`.
///
/// # Errors
/// 400 in the words of kube-apiserver.
pub(crate) fn parse(body: &[u8], language: Language, kind: &str) -> Result<Payload, Status> {
    let document = match language {
        Language::Json => json(body),
        Language::Yaml => from_yaml(body),
        Language::Protobuf => return protobuf(body, kind),
    };
    let refused = |why: &str| {
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): {why} ({})",
            quoted(body)
        ))
    };
    let no_kind = "couldn't get version/kind; json parse error:";
    match document {
        Err(why) if language == Language::Yaml => Err(refused(&why)),
        Err(why) => Err(refused(&format!("{no_kind} {why}"))),
        Ok(document) if document.value.is_object() => Ok(document),
        // Go reads null into a struct by leaving it as it is.
        Ok(document) if document.value.is_null() => Ok(Payload {
            value: Value::Object(Map::new()),
            ..document
        }),
        Ok(document) => Err(refused(&format!(
            "{no_kind} json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
            json_type(&document.value)
        ))),
    }
}

/// The beginning of a body, in hexadecimal if it does not look like an object.
fn quoted(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if !text.is_empty() && !text.trim_start().starts_with('{') {
        return body.iter().map(|byte| format!("{byte:02x}")).collect();
    }
    if text.is_empty() {
        return "<empty>".to_owned();
    }
    if text.len() > QUOTED_BYTES {
        let end = text.floor_char_boundary(QUOTED_BYTES);
        return format!("{} ...", &text[..end]);
    }
    text.into_owned()
}

/// Reads protobuf, in which no field occurs twice.
fn protobuf(body: &[u8], kind: &str) -> Result<Payload, Status> {
    match protobuf::decode(body) {
        Ok(value) => Ok(Payload::of(value)),
        Err(unknown @ protobuf::Error::UnknownKind { .. }) => {
            Err(Status::not_implemented(&unknown.to_string()))
        }
        Err(why) => Err(Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): {why} ({})",
            quoted(body)
        ))),
    }
}

/// Reads YAML and notes duplicate fields.
pub(crate) fn from_yaml(body: &[u8]) -> Result<Payload, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let document = yaml::read(text)?;
    Ok(Payload {
        value: document.value,
        duplicates: document.twice.into_iter().collect(),
    })
}

/// Reads JSON and notes duplicate fields.
pub(crate) fn json(body: &[u8]) -> Result<Payload, String> {
    let mut duplicates = Vec::new();
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Seed(&mut duplicates)
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| {
            if error.is_eof() {
                "unexpected end of JSON input".to_owned()
            } else {
                error.to_string()
            }
        })?;
    let told = duplicates.iter();
    let duplicates = told
        .map(|path| format!("duplicate field {path:?}"))
        .collect();
    Ok(Payload { value, duplicates })
}

struct Seed<'a>(&'a mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        // Go writes a whole number without its fraction, and reads it again as an integer.
        if value.fract() == 0.0 && value.abs() < WHOLE_MAX {
            return Ok((value as i64).into());
        }
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a JSON number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let before = self.0.len();
            let Some(element) = sequence.next_element_seed(Seed(self.0))? else {
                return Ok(list.into());
            };
            if self.0.len() > before {
                prefix(self.0, before, &format!("[{}]", list.len()));
            }
            list.push(element);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(Text, Value)> = Vec::new();
        let mut is_sorted = true;
        while let Some(key) = entries.next_key::<Text>()? {
            let before = self.0.len();
            let value = entries.next_value_seed(Seed(self.0))?;
            if self.0.len() > before {
                prefix(self.0, before, &key);
            }
            is_sorted &= fields.last().is_none_or(|(last, _)| *last < key);
            if !is_sorted && fields.iter().any(|(known, _)| *known == key) {
                self.0.push(key.to_string());
            }
            fields.push((key, value));
        }
        // Of a field that occurs twice the last counts.
        Ok(Value::Object(fields.into_iter().collect()))
    }
}

/// Puts `step` before the paths found since `from`.
fn prefix(paths: &mut [String], from: usize, step: &str) {
    for path in &mut paths[from..] {
        let dot = if path.starts_with('[') { "" } else { "." };
        *path = format!("{step}{dot}{path}");
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"a":1,"b":2}"#, &[])]
    #[case(r#"{"a":1,"a":2}"#, &[r#"duplicate field "a""#])]
    #[case(r#"{"spec":{"list":[{"x":1},{"x":1,"x":2}]}}"#, &[r#"duplicate field "spec.list[1].x""#])]
    fn fields_that_occur_twice_are_found(#[case] body: &str, #[case] duplicates: &[&str]) {
        assert_eq!(json(body.as_bytes()).unwrap().duplicates, duplicates);
    }

    #[rstest]
    #[case(
        "{\"apiVersion\":",
        "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({\"apiVersion\":)"
    )]
    #[case(
        "",
        "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"
    )]
    fn a_broken_body_is_quoted(#[case] body: &str, #[case] message: &str) {
        let status = parse(body.as_bytes(), Language::Json, "ConfigMap").unwrap_err();
        assert_eq!((status.code, status.message.as_str()), (400, message));
    }
}
