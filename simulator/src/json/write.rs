//! Values as text.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Map, Value, passing};

/// JSON as Go writes it: with the characters escaped that mean something in HTML.
pub(crate) fn html_escaped(json: String) -> String {
    if !json.contains(['<', '>', '&']) {
        return json;
    }
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

/// Appends the JSON text of a value, without spaces.
pub fn write(text: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => text.extend_from_slice(b"null"),
        Value::Bool(true) => text.extend_from_slice(b"true"),
        Value::Bool(false) => text.extend_from_slice(b"false"),
        Value::Number(number) => text.extend_from_slice(number.to_string().as_bytes()),
        Value::String(content) => write_string(text, content),
        Value::Array(items) => {
            text.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                write(text, item);
            }
            text.push(b']');
        }
        Value::Object(fields) => {
            text.push(b'{');
            for (index, (name, field)) in fields.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                write_string(text, name);
                text.push(b':');
                write(text, field);
            }
            text.push(b'}');
        }
    }
}

/// Appends a string as JSON; serde_json's own way takes twice as long, since it looks at it byte by byte.
pub fn write_string(text: &mut Vec<u8>, content: &str) {
    if is_plain(content) {
        text.push(b'"');
        text.extend_from_slice(content.as_bytes());
        text.push(b'"');
    } else {
        let written = serde_json::to_writer(text, content);
        written.expect("a vector takes all that is written to it");
    }
}

/// Whether a string stands in JSON as it is.
pub(crate) fn is_plain(content: &str) -> bool {
    let is_special = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
    // Without an early end this looks at many bytes at once.
    !content.bytes().fold(false, |any, b| any | is_special(b))
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.serialize_newtype_struct(passing::NAME, &Plain(self))
    }
}

/// A value as what it is in every format.
struct Plain<'v>(&'v Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        if passing::give(self.0) {
            return writer.serialize_unit();
        }
        match self.0 {
            Value::Null => writer.serialize_unit(),
            Value::Bool(value) => writer.serialize_bool(*value),
            Value::Number(number) => number.serialize(writer),
            Value::String(text) => writer.serialize_str(text),
            Value::Array(items) => {
                let mut sequence = writer.serialize_seq(Some(items.len()))?;
                for item in items {
                    sequence.serialize_element(item)?;
                }
                sequence.end()
            }
            Value::Object(fields) => {
                let mut map = writer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name.as_str(), value)?;
                }
                map.end()
            }
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        Value::Object(self.clone()).serialize(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_what_serde_json_writes_and_reads_back() {
        let plain = serde_json::json!({
            "a": [], "b": [1, -2, 0.5, null, true, false], "c{": {"{": {}, "\"": "\n\\"},
            "metadata": {"name": "ä\u{1}\u{7f}"}, "z": [{}, {"y": "x"}]
        });
        let value = Value::from(plain.clone());
        assert_eq!(value.to_string(), plain.to_string());
        assert_eq!(serde_json::to_value(&value).unwrap(), plain);
        let read: Value = serde_json::from_str(&plain.to_string()).unwrap();
        assert_eq!((&read, serde_json::Value::from(&read)), (&value, plain));
    }

    #[test]
    fn of_fields_with_one_name_the_last_counts() {
        let read: Value = serde_json::from_str(r#"{"b":1,"a":2,"b":3,"a":4}"#).unwrap();
        assert_eq!(read.to_string(), r#"{"a":4,"b":3}"#);
    }
}
