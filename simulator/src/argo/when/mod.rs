//! Conditions of steps and tasks: the language of govaluate, with bare words read as text.
//!
//! Source: `spec/argo.md` §8; govaluate 9aa49832a739 `parsing.go`, `lexerState.go`, `stagePlanner.go`, `evaluationStage.go`.

mod condition;
mod evaluation;
mod instant;
mod token;

#[cfg(test)]
mod tests;

pub use condition::{WhenError, holds, holds_as_written};
