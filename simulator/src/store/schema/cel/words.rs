//! What cel-go says of an expression that cannot be evaluated.
//!
//! Source: github.com/google/cel-go v0.26 `common/types` and `interpreter/attributes.go`.

use kube_cel::cel::{ExecutionError, Value as Cel};

use super::authorizer::AUTHORIZER;
use super::expansion::INSERT;
use super::pair::PAIRS;

/// Whether an operator or a function was given what it does not take.
pub(super) fn is_overload(error: &ExecutionError) -> bool {
    matches!(
        error,
        ExecutionError::NoSuchOverload
            | ExecutionError::UnsupportedBinaryOperator(..)
            | ExecutionError::UnsupportedUnaryOperator(..)
            | ExecutionError::ValuesNotComparable(..)
    )
}

/// The words for `error`.
pub(super) fn of(error: &ExecutionError) -> String {
    match error {
        error if is_overload(error) => "no such overload".to_owned(),
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::IndexOutOfBounds(Cel::Int(index)) => {
            format!("index out of bounds: {index}")
        }
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        ExecutionError::UndeclaredReference(name) => format!(
            "the simulated API server does not support '{name}' in expressions; see FIDELITY.md:"
        ),
        ExecutionError::FunctionError { function, message } if TELLING.contains(&&**function) => {
            message.clone()
        }
        ExecutionError::FunctionError { function, message }
            if message.starts_with("string parse error") =>
        {
            format!("type conversion error from 'string' to '{function}'")
        }
        ExecutionError::FunctionError { function, .. } if function == "quantity" => {
            BAD_QUANTITY.to_owned()
        }
        other => other.to_string(),
    }
}

/// An error whose text is complete.
pub(super) fn told(text: impl ToString) -> ExecutionError {
    ExecutionError::function_error(TOLD, text)
}

/// What such errors are of; no function is called so.
const TOLD: &str = "@told";

/// Functions whose errors are told as they are.
const TELLING: [&str; 4] = [AUTHORIZER, INSERT, PAIRS, TOLD];

/// What real servers say of a text that is no quantity. Source: apimachinery v0.34 `resource.ErrFormatWrong`.
const BAD_QUANTITY: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
