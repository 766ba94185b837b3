//! What is wrong with a file that somebody wrote.

use serde_saphyr::MessageFormatter as _;

/// The first mistake of an input file; printed as `file:line:column: message`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct InputError {
    /// The file as the user named it; `-` is standard input.
    pub file: String,
    /// Counted from 1; 0 if the file as a whole is wrong.
    pub line: u64,
    /// Counted in characters from 1; 0 if the file as a whole is wrong.
    pub column: u64,
    /// What is wrong and what was expected.
    pub message: String,
}

impl InputError {
    /// What the YAML or JSON reader found wrong in `file`.
    #[must_use]
    pub fn of_yaml(file: &str, error: &serde_saphyr::Error) -> Self {
        let (line, column) = error
            .location()
            .map_or((0, 0), |at| (at.line(), at.column()));
        let message = match error.without_snippet() {
            serde_saphyr::Error::InvalidScalar { ty, .. } => expected_scalar(ty),
            other => serde_saphyr::UserMessageFormatter
                .format_message(other)
                .into_owned(),
        };
        Self {
            file: file.to_owned(),
            line,
            column,
            message,
        }
    }

    /// A value at `location` of `file` that is well-formed but wrong.
    #[must_use]
    pub fn at(file: &str, location: serde_saphyr::Location, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: location.line(),
            column: location.column(),
            message: message.into(),
        }
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
