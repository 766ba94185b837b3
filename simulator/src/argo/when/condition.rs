//! Whether a condition holds.

use super::evaluation::{self, Value};
use super::token::{self, Kind, Token};

/// A condition that has no answer; the text is the message that the node gets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WhenError(String);

/// Whether a condition holds; an empty one does. Its tags have been substituted before.
///
/// # Errors
/// When it cannot be parsed or evaluated, or is not a boolean.
pub fn holds(when: &str) -> Result<bool, WhenError> {
    if when.is_empty() {
        return Ok(true);
    }
    let mut tokens = token::tokens(when)
        .and_then(|tokens| token::check(&tokens).map(|()| tokens))
        .map_err(|detail| invalid(when, &detail))?;
    words_to_text(&mut tokens);
    token::check(&tokens).map_err(|detail| {
        WhenError(format!(
            "Failed to parse 'when' expression '{when}': {detail}"
        ))
    })?;
    let value = evaluation::evaluate(&tokens).map_err(|detail| {
        WhenError(format!(
            "Failed to evaluate 'when' expresion '{when}': {detail}"
        ))
    })?;
    match value {
        Value::Bool(answer) => Ok(answer),
        other => Err(WhenError(format!(
            "Expected boolean evaluation for '{when}'. Got {other}"
        ))),
    }
}

/// Whether the condition of a CronWorkflow holds, whose bare words are no text; an empty one does.
///
/// Source: argo-workflows v3.7.4 `workflow/cron/operator.go`, `shouldExecute`.
///
/// # Errors
/// When it cannot be parsed or evaluated, or is not a boolean.
pub fn holds_as_written(when: &str) -> Result<bool, WhenError> {
    if when.is_empty() {
        return Ok(true);
    }
    let tokens = token::tokens(when).map_err(WhenError)?;
    token::check(&tokens).map_err(WhenError)?;
    match evaluation::evaluate(&tokens).map_err(WhenError)? {
        Value::Bool(answer) => Ok(answer),
        other => Err(WhenError(format!(
            "Expected boolean evaluation for '{when}'. Got {other}"
        ))),
    }
}

fn invalid(when: &str, detail: &str) -> WhenError {
    let hint = if detail.contains("Invalid token") {
        " (hint: try wrapping the affected expression in quotes (\"))"
    } else {
        ""
    };
    WhenError(format!(
        "Invalid 'when' expression '{when}': {detail}{hint}"
    ))
}

fn words_to_text(tokens: &mut [Token]) {
    for token in tokens {
        if token.kind == Kind::Variable {
            token.kind = Kind::String;
        }
    }
}
