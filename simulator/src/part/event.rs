//! What a watch says, line by line.

use bytes::Bytes;
use kube::core::WatchEvent;
use serde::de::Error as _;
use serde_json::Error;

use super::LazyObject;
use super::bytes::from_bytes;
use super::scan::Scanner;

/// Reads one line of a watch.
///
/// # Errors
/// It is none.
pub(crate) fn event(line: &Bytes) -> Result<WatchEvent<LazyObject>, Error> {
    let (mut happened, mut object) = (&b""[..], None);
    Scanner::new(line).each_field(|scanner, name| {
        match (name, happened) {
            (b"type", _) => happened = &line[scanner.value()?],
            (b"object", b"\"ADDED\"" | b"\"MODIFIED\"" | b"\"DELETED\"") => {
                object = Some(LazyObject::scan(line, scanner)?);
            }
            _ => {
                scanner.value()?;
            }
        }
        Ok(())
    })?;
    match (happened, object) {
        (b"\"ADDED\"", Some(object)) => Ok(WatchEvent::Added(object)),
        (b"\"MODIFIED\"", Some(object)) => Ok(WatchEvent::Modified(object)),
        (b"\"DELETED\"", Some(object)) => Ok(WatchEvent::Deleted(object)),
        (_, None) => from_bytes(line),
        (_, Some(_)) => Err(Error::custom("the type of the event is given twice")),
    }
}
