//! The record of all writes, as a digest that two runs of one seed share.

use std::fmt::Write;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// One line for each write request, and the SHA-256 over them.
#[derive(Clone, Default)]
pub(crate) struct Journal {
    digest: Sha256,
    /// The last line.
    line: String,
    lines: Option<Vec<String>>,
}

/// One write request and its result.
pub(crate) struct Entry<'a> {
    pub(crate) now: Timestamp,
    pub(crate) actor: &'a str,
    pub(crate) verb: &'a str,
    pub(crate) path: &'a str,
    pub(crate) code: u16,
    pub(crate) revision: u64,
}

impl Journal {
    /// Keeps the lines from now on, besides the digest.
    pub(crate) fn keep_lines(&mut self) {
        self.lines.get_or_insert_default();
    }

    /// Records one request.
    pub(crate) fn record(&mut self, entry: &Entry) {
        self.line.clear();
        // Writing to a String cannot fail.
        let _ = writeln!(
            self.line,
            "{} {} {} {} {} {}",
            entry.now, entry.actor, entry.verb, entry.path, entry.code, entry.revision
        );
        self.digest.update(self.line.as_bytes());
        if let Some(lines) = &mut self.lines {
            lines.push(self.line.trim_end().to_owned());
        }
    }

    /// The lines kept so far.
    pub(crate) fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }

    /// The SHA-256 of all lines, in lower-case hex.
    pub(crate) fn hex_digest(&self) -> String {
        self.digest
            .clone()
            .finalize()
            .iter()
            .fold(String::new(), |mut hex, byte| {
                // Writing to a String cannot fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }
}
