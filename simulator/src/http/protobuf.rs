//! Protobuf, in which Go clients send the kinds of Kubernetes and want them answered, from and to JSON.
//!
//! Source: `spec/kube-api.md` §1.6; kubernetes v1.34 `apimachinery/pkg/runtime/serializer/protobuf`.

mod message;
mod reading;
pub(super) mod wire;
pub(super) mod writer;
mod writing;

use crate::json::{DEPTH_MAX, Value, depth};
use crate::store::kind::unregistered;

use self::message::Message;
pub use self::wire::Fault;
use self::wire::Reader;
use self::writer::Writer;

/// What every body begins with.
const MAGIC: &[u8] = b"k8s\0";
/// About as much room as most objects take, in bytes.
const USUAL_BYTES: usize = 2048;

/// Why a body could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There are no bytes.
    #[error("empty data")]
    Empty,
    /// There is nothing behind the first four bytes.
    #[error("empty body")]
    NoBody,
    /// The first four bytes are other than they should be.
    #[error(
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
    )]
    NoMagic,
    /// What holds the object breaks the rules of the encoding.
    #[error(transparent)]
    Malformed(#[from] Fault),
    /// The object itself does, or nests too deep.
    #[error("{why}")]
    Unread {
        /// Of what kind it says that it is.
        named: Named,
        /// What is wrong.
        why: Fault,
    },
    /// The message is of a kind whose fields are not known here.
    #[error("{}", unregistered(&.0.kind, &.0.api_version))]
    UnknownKind(Named),
    /// A field holds what its message has no room for.
    #[error("unable to encode protobuf: the field {0:?} is of another type")]
    Misfit(&'static str),
}

impl Error {
    /// The kind that a body names which cannot be read, if that much of it can be.
    pub fn named(&self) -> Option<&Named> {
        match self {
            Self::Unread { named, .. } | Self::UnknownKind(named) => Some(named),
            Self::Empty | Self::NoBody | Self::NoMagic | Self::Malformed(_) | Self::Misfit(_) => {
                None
            }
        }
    }
}

/// A kind, as a body names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Group and version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
}

impl Named {
    /// The version without its group.
    pub fn version(&self) -> &str {
        let (_, version) = self
            .api_version
            .rsplit_once('/')
            .unwrap_or(("", &self.api_version));
        version
    }

    /// What a body means that leaves out part of it: what it is read as.
    ///
    /// Source: apimachinery v0.34.3, `pkg/runtime/serializer/protobuf/protobuf.go`, `copyKindDefaults`.
    fn or(self, wanted: (&str, &str)) -> Self {
        let is_group_version = self.api_version.matches('/').count() < 2;
        let kind = match self.kind.is_empty() {
            true => wanted.1.to_owned(),
            false => self.kind,
        };
        let api_version = match self.api_version.as_str() {
            known if !known.is_empty() && is_group_version => self.api_version,
            _ => wanted.0.to_owned(),
        };
        Self { api_version, kind }
    }
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

/// The object in a protobuf body, as a client that speaks JSON would have sent it; what it does not say of its version and
/// kind is `wanted`.
///
/// Empty texts, zeros and `false` are left out where Go leaves them out: where the field is not a pointer.
///
/// # Errors
/// Any but [`Error::Misfit`].
pub fn decode(body: &[u8], wanted: (&str, &str)) -> Result<Value, Error> {
    let envelope = match body {
        [] => return Err(Error::Empty),
        _ => body.strip_prefix(MAGIC).ok_or(Error::NoMagic)?,
    };
    if envelope.is_empty() {
        return Err(Error::NoBody);
    }
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for field in Reader::new(envelope, "Unknown") {
        match field? {
            (1, value) => {
                for field in Reader::new(value.bytes("typeMeta")?, "TypeMeta") {
                    match field? {
                        (1, value) => api_version = value.text("apiVersion")?,
                        (2, value) => kind = value.text("kind")?,
                        (_, value) => value.skipped()?,
                    }
                }
            }
            (2, value) => raw = value.bytes("raw")?,
            (_, value) => value.skipped()?,
        }
    }
    let named = Named { api_version, kind }.or(wanted);
    let read = message(&named.api_version, &named.kind)?.decode(raw, 0);
    let mut object = match read {
        Ok(object) => object,
        Err(why) => return Err(Error::Unread { named, why }),
    };
    object.insert("apiVersion", named.api_version.clone().into());
    object.insert("kind", named.kind.clone().into());
    let object = Value::Object(object);
    if depth(&object) > DEPTH_MAX {
        let why = Fault::Other("nested too deep");
        return Err(Error::Unread { named, why });
    }
    Ok(object)
}

/// What happened and to which object, in a frame of a watch without its length.
///
/// # Errors
/// Those of [`decode`].
pub fn decode_event(frame: &[u8]) -> Result<(String, Value), Error> {
    let (mut name, mut object) = (String::new(), Value::Null);
    for field in Reader::new(frame, "WatchEvent") {
        match field? {
            (1, wire) => name = wire.text("type")?,
            (2, wire) => {
                for field in Reader::new(wire.bytes("object")?, "RawExtension") {
                    if let (1, wire) = field? {
                        object = decode(wire.bytes("raw")?, ("", ""))?;
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
    message.ok_or_else(|| {
        Error::UnknownKind(Named {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
        })
    })
}

#[cfg(test)]
mod tests;
