//! The bodies of answers as values.

use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::peer::{ANSWER_LIMIT, Answer, AnswerBody};
use crate::http::protobuf;

/// A body as a value: JSON and YAML parsed, streams as lists of lines, protobuf decoded, all else as text.
pub(super) fn read(content_type: &str, bytes: &[u8]) -> Value {
    if bytes.starts_with(b"k8s\0") {
        return decoded(bytes);
    }
    if content_type.starts_with("application/yaml")
        && let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(value) = serde_saphyr::from_str(text)
    {
        return value;
    }
    if let Ok(value) = serde_json::from_slice(bytes) {
        return value;
    }
    let lines = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    match lines.collect::<Result<Vec<_>, _>>() {
        Ok(lines) if !lines.is_empty() => json!({ "lines": lines }),
        _ => Value::from(String::from_utf8_lossy(bytes)),
    }
}

/// What a protobuf body says, and whether the simulated server writes that in the same bytes.
fn decoded(bytes: &[u8]) -> Value {
    match protobuf::decode(bytes, ("", "")) {
        Ok(mut object) => {
            let written = protobuf::encode(&object);
            // An empty list is not written: without it the object would not look like one.
            if object["kind"]
                .as_str()
                .is_some_and(|kind| kind.ends_with("List"))
                && object["items"].is_null()
            {
                object["items"] = Value::Array(Vec::new()).into();
            }
            json!({
                "isWrittenAlike": written.is_ok_and(|written| written == bytes),
                "protobuf": object,
            })
        }
        Err(error) => json!({"protobuf": error.to_string()}),
    }
}

/// An open watch of which events are read one by one.
pub(super) struct Stream {
    body: AnswerBody,
    read: Vec<u8>,
    /// Whether events are frames of protobuf, not lines of JSON.
    is_framed: bool,
}

impl Stream {
    /// Reads events from the body of this answer.
    pub(super) fn new(answer: Answer) -> Self {
        let content_type = answer.headers.get(http::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        Self {
            body: answer.body,
            read: Vec::new(),
            is_framed: content_type.is_some_and(|text| text.contains("protobuf")),
        }
    }

    /// The next event; a text says why there is none.
    pub(super) async fn next(&mut self) -> Result<Value, String> {
        loop {
            if let Some(event) = self.take() {
                return event;
            }
            match timeout(ANSWER_LIMIT, self.body.frame()).await {
                Err(_) => return Err("no event in time".to_owned()),
                Ok(None) => return Err("the watch ended".to_owned()),
                Ok(Some(Err(error))) => return Err(error.to_string()),
                Ok(Some(Ok(frame))) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.read.extend_from_slice(&bytes);
                    }
                }
            }
        }
    }

    /// The next event, if all of it has been read.
    fn take(&mut self) -> Option<Result<Value, String>> {
        if self.is_framed {
            let length: [u8; 4] = self.read.get(..4)?.try_into().ok()?;
            let end = 4 + u32::from_be_bytes(length) as usize;
            self.read.get(..end)?;
            let frame: Vec<u8> = self.read.drain(..end).collect();
            return Some(event(&frame));
        }
        let end = self.read.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.read.drain(..=end).collect();
        Some(serde_json::from_slice(&line).map_err(|error| error.to_string()))
    }
}

/// The event of a frame, and whether the simulated server writes it in the same bytes.
fn event(frame: &[u8]) -> Result<Value, String> {
    let (name, object) = protobuf::decode_event(&frame[4..]).map_err(|error| error.to_string())?;
    let written = protobuf::encode_event(&name, &object);
    Ok(json!({
        "isWrittenAlike": written.is_ok_and(|written| written == frame),
        "type": name,
        "object": object,
    }))
}
