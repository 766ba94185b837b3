//! What is wrong with a file that somebody gave us, and where.

use std::fmt;

use serde_saphyr::MessageFormatter as _;

/// One clear message about one place of one input; printed as `file:line:column: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The file as the user named it; `-` is standard input.
    pub file: String,
    /// The place in it; `None` where the file as a whole is at fault.
    pub place: Option<Place>,
    /// What is wrong and what was expected.
    pub message: String,
}

/// A position in a text, both numbers from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Column.
    pub column: u64,
}

impl From<serde_saphyr::Location> for Place {
    fn from(location: serde_saphyr::Location) -> Self {
        Self {
            line: location.line(),
            column: location.column(),
        }
    }
}

impl InputError {
    /// A value at `place` of `file` that is well-formed but wrong.
    #[must_use]
    pub fn at(file: &str, place: impl Into<Place>, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            place: Some(place.into()),
            message: message.into(),
        }
    }

    /// A file that is wrong as a whole.
    #[must_use]
    pub fn whole(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            place: None,
            message: message.into(),
        }
    }

    /// What the YAML or JSON reader found wrong in `file`.
    #[must_use]
    pub fn of_yaml(file: &str, error: &serde_saphyr::Error) -> Self {
        let message = match error.without_snippet() {
            serde_saphyr::Error::InvalidScalar { ty, .. } => expected_scalar(ty),
            serde_saphyr::Error::Eof { .. } => {
                "the file ends where a value was expected".to_owned()
            }
            serde_saphyr::Error::Unexpected { expected, .. } => expected_node(expected),
            other => serde_saphyr::UserMessageFormatter
                .format_message(other)
                .into_owned(),
        };
        Self {
            file: file.to_owned(),
            place: error.location().map(Place::from),
            message,
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(Place { line, column }) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for InputError {}

/// The reader names what it meets in a file, which its author calls otherwise.
fn expected_node(event: &str) -> String {
    match event {
        "sequence start" => "expected a list".to_owned(),
        "mapping start" => "expected a mapping".to_owned(),
        other => format!("expected {other}"),
    }
}

/// The reader names Rust types, which mean nothing to the author of a file.
fn expected_scalar(rust_type: &str) -> String {
    match rust_type {
        "u8" => "expected a whole number from 0 to 255".to_owned(),
        "u32" => "expected a whole number from 0 to 4294967295".to_owned(),
        other => format!("expected a value of type {other}"),
    }
}
