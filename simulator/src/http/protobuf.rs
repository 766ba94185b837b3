//! Request bodies of Go clients, which send protobuf for the kinds of Kubernetes, as JSON.
//!
//! Source: `spec/kube-api.md` §1.6; kubernetes v1.34 `apimachinery/pkg/runtime/serializer/protobuf`.

mod message;
mod wire;

use crate::json::{DEPTH_MAX, Value, depth};

use self::message::MESSAGES;
use self::wire::Reader;

/// What every body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first four bytes are other than they should be.
    #[error(
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
    )]
    NoMagic,
    /// The bytes break the rules of the encoding, or nest too deep.
    #[error("unable to decode protobuf: {0}")]
    Malformed(&'static str),
    /// The message is of a kind whose fields are not known here.
    #[error("protobuf for {api_version} {kind}")]
    UnknownKind {
        /// Group and version.
        api_version: String,
        /// Kind.
        kind: String,
    },
}

/// The object in a protobuf body, as a client that speaks JSON would have sent it.
///
/// Empty texts, zeros and `false` are left out where Go leaves them out: where the field is not a pointer.
///
/// # Errors
/// [`Error::NoMagic`] and [`Error::Malformed`] for bytes that are no object, [`Error::UnknownKind`] for other objects.
pub fn decode(body: &[u8]) -> Result<Value, Error> {
    let envelope = body.strip_prefix(MAGIC).ok_or(Error::NoMagic)?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for field in Reader::new(envelope) {
        match field? {
            (1, value) => {
                for field in Reader::new(value.bytes()?) {
                    match field? {
                        (1, value) => api_version = value.text()?,
                        (2, value) => kind = value.text()?,
                        _ => {}
                    }
                }
            }
            (2, value) => raw = value.bytes()?,
            _ => {}
        }
    }
    let Some(message) = MESSAGES.get(name(&api_version, &kind).as_str()) else {
        return Err(Error::UnknownKind { api_version, kind });
    };
    let mut object = message.decode(raw, 0)?;
    object.insert("apiVersion", api_version.into());
    object.insert("kind", kind.into());
    let object = Value::Object(object);
    if depth(&object) > DEPTH_MAX {
        return Err(Error::Malformed("nested too deep"));
    }
    Ok(object)
}

/// The name of a message in the table.
fn name(api_version: &str, kind: &str) -> String {
    match (api_version, kind) {
        (_, "DeleteOptions") => "meta/v1.DeleteOptions".to_owned(),
        ("v1", kind) => format!("core/v1.{kind}"),
        (api_version, kind) => format!("{api_version}.{kind}"),
    }
}

#[cfg(test)]
mod tests;
