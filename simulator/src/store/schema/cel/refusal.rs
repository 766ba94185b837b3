//! Why an expression is not taken.

use std::fmt;

/// What is wrong with an expression.
#[derive(Debug)]
pub(in crate::store) enum Refusal {
    /// It does not parse, names what is not there, or is of another type; the whole text.
    Compilation(String),
    /// What can be found out before it is evaluated fails.
    Instantiation(String),
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self::Compilation(text)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compilation(text) => f.write_str(text),
            Self::Instantiation(why) => write!(f, "instantiation failed: {why}"),
        }
    }
}
