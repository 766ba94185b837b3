//! Conversions of what is written out in an expression, which are done before it is evaluated.
//!
//! Source: cel-go v0.26 `interpreter/decorators.go`, `maybeOptimizeConstUnary`.

use kube_cel::cel::common::ast::{CallExpr, Expr, IdedExpr};

use super::cel_type::CelType;
use super::checker::Checked;
use super::conversion::CONVERSIONS;
use super::parsing::parts_of;
use super::{FUNCTIONS, words};

/// Names of types that are declared and not there.
const UNDEFINED: [&str; 2] = ["duration", "timestamp"];

/// Whether all conversions of constants can be done.
///
/// # Errors
/// Why the first cannot, or which type there is not.
pub(super) fn check(program: &mut IdedExpr, checked: &Checked) -> Result<(), String> {
    is_constant(program, checked).map(drop)
}

fn is_constant(expression: &mut IdedExpr, checked: &Checked) -> Result<bool, String> {
    let mut are_constant = true;
    for part in parts_of(expression) {
        are_constant &= is_constant(part, checked)?;
    }
    Ok(match &expression.expr {
        Expr::Literal(_) => true,
        Expr::Ident(name) if UNDEFINED.contains(&name.as_str()) => {
            if matches!(checked.kind(expression), CelType::Type(_)) {
                return Err(format!("reference to undefined type: {name}"));
            }
            false
        }
        Expr::List(_) => are_constant,
        Expr::Call(call) if is_conversion(call) && are_constant => {
            let converted = FUNCTIONS.with(|functions| functions.resolve(&*expression));
            converted.map_err(|error| words::of(&error))?;
            true
        }
        _ => false,
    })
}

fn is_conversion(call: &CallExpr) -> bool {
    call.target.is_none() && call.args.len() == 1 && CONVERSIONS.contains(&call.func_name.as_str())
}
