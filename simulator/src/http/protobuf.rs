//! Protobuf, in which Go clients send the kinds of Kubernetes and want them answered, from and to JSON.
//!
//! Source: `spec/kube-api.md` §1.6; kubernetes v1.34 `apimachinery/pkg/runtime/serializer/protobuf`.

mod message;
mod reading;
pub(super) mod wire;
pub(super) mod writer;
mod writing;

use crate::json::{DEPTH_MAX, Value, depth};

use self::message::Message;
use self::wire::Reader;
use self::writer::Writer;

/// What every body begins with.
const MAGIC: &[u8] = b"k8s\0";
/// About as much room as most objects take, in bytes.
const USUAL_BYTES: usize = 2048;

/// Why a body could not be read or written.
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
    /// A field holds what its message has no room for.
    #[error("unable to encode protobuf: the field {0:?} is of another type")]
    Misfit(&'static str),
}

/// An object with `apiVersion` and `kind` as a protobuf body.
///
/// # Errors
/// [`Error::UnknownKind`] for a kind whose message is not known here, [`Error::Misfit`] if it does not fit its message.
pub fn encode(object: &Value) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::with_capacity(USUAL_BYTES);
    write_envelope(object, &mut writer)?;
    Ok(writer.finish())
}

/// What happened to an object as one frame of a watch: the length in four bytes, then the event.
///
/// # Errors
/// Those of [`encode`].
pub fn encode_event(name: &str, object: &Value) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::with_capacity(USUAL_BYTES);
    writer.nested(2, |writer| {
        writer.nested(1, |writer| write_envelope(object, writer))
    })?;
    writer.text(1, name);
    writer.bytes(&writer.n_bytes().to_be_bytes());
    Ok(writer.finish())
}

/// `runtime.Unknown{typeMeta{apiVersion, kind}, raw, contentEncoding "", contentType ""}` behind what every body begins
/// with.
fn write_envelope(object: &Value, writer: &mut Writer) -> Result<(), Error> {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let message = message(api_version, kind)?;
    writer.text(4, "");
    writer.text(3, "");
    writer.nested(2, |writer| message.encode(object.as_object(), writer))?;
    writer.nested(1, |writer| {
        writer.text(2, kind);
        writer.text(1, api_version);
    });
    writer.bytes(MAGIC);
    Ok(())
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
    let mut object = message(&api_version, &kind)?.decode(raw, 0)?;
    object.insert("apiVersion", api_version.into());
    object.insert("kind", kind.into());
    let object = Value::Object(object);
    if depth(&object) > DEPTH_MAX {
        return Err(Error::Malformed("nested too deep"));
    }
    Ok(object)
}

/// What happened and to which object, in a frame of a watch without its length.
///
/// # Errors
/// Those of [`decode`].
pub fn decode_event(frame: &[u8]) -> Result<(String, Value), Error> {
    let (mut name, mut object) = (String::new(), Value::Null);
    for field in Reader::new(frame) {
        match field? {
            (1, wire) => name = wire.text()?,
            (2, wire) => {
                for field in Reader::new(wire.bytes()?) {
                    if let (1, wire) = field? {
                        object = decode(wire.bytes()?)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok((name, object))
}

/// The message of a kind. Those that belong to no group are of every version.
fn message(api_version: &str, kind: &str) -> Result<&'static Message, Error> {
    const OF_ALL: [&str; 6] = [
        "APIGroup",
        "APIGroupList",
        "APIResourceList",
        "APIVersions",
        "DeleteOptions",
        "Status",
    ];
    let package = match api_version {
        _ if OF_ALL.contains(&kind) => "meta/v1",
        "v1" => "core/v1",
        "meta.k8s.io/v1" => "meta/v1",
        api_version => api_version,
    };
    let message = Message::named(&format!("{package}.{kind}"));
    message.ok_or_else(|| Error::UnknownKind {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
    })
}

#[cfg(test)]
mod tests;
