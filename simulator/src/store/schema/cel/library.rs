//! What the evaluator's libraries do otherwise than cel-go: letters are counted, not bytes; numbers below zero mean
//! something; durations have a sum; the least integer has no opposite.
//!
//! Source: cel-go v0.26 `common/types/string.go`, `common/types/int.go`, `ext/strings.go`; apiserver v0.34.3,
//! pkg/cel/library/lists.go.

use kube_cel::KubeCelExt;
use kube_cel::cel::common::ast::{CallExpr, Expr, IdedExpr};
use kube_cel::cel::extractors::{Arguments, This};
use kube_cel::cel::{Context, ExecutionError, Value as Cel};

use super::words::told;

/// The function that changes a sign; no expression can name it.
pub(super) const NEGATE: &str = "@negate";

type Made = Result<Cel, ExecutionError>;

/// Makes the functions known.
pub(super) fn add_to(context: &mut Context<'_>) {
    context.add_function("size", |This(this): This<Cel>| match this {
        Cel::String(text) => Ok(Cel::Int(
            text.chars().count().try_into().unwrap_or(i64::MAX),
        )),
        other => member("size", other, &[]),
    });
    for name in ["indexOf", "lastIndexOf"] {
        context.add_function(
            name,
            move |This(this): This<Cel>, Arguments(given): Arguments| match (
                &this,
                given.as_slice(),
            ) {
                (Cel::String(_), [_, Cel::Int(from)]) if *from < 0 => {
                    Err(told(format!("index out of range: {from}")))
                }
                _ => member(name, this, &given),
            },
        );
    }
    context.add_function(
        "replace",
        |This(this): This<Cel>, Arguments(given): Arguments| match given.as_slice() {
            [old, new, Cel::Int(n)] if *n < 0 => {
                member("replace", this, &[old.clone(), new.clone()])
            }
            given => member("replace", this, given),
        },
    );
    context.add_function("sum", |This(this): This<Cel>| match &this {
        Cel::List(items) => match durations(items) {
            Some(sum) => Ok(sum),
            None => member("sum", this, &[]),
        },
        _ => Err(ExecutionError::NoSuchOverload),
    });
    context.add_function(NEGATE, |value: Cel| match value {
        Cel::Int(number) => number
            .checked_neg()
            .map(Cel::Int)
            .ok_or_else(|| told("integer overflow")),
        Cel::Float(number) => Ok(Cel::Float(-number)),
        Cel::Duration(duration) => Ok(Cel::Duration(-duration)),
        _ => Err(ExecutionError::NoSuchOverload),
    });
}

/// The sum of a list of durations, if it is one.
fn durations(items: &[Cel]) -> Option<Cel> {
    let mut items = items.iter();
    let first = items.next()?.clone();
    items
        .try_fold(first, |sum, item| match (sum, item) {
            (Cel::Duration(sum), Cel::Duration(item)) => sum.checked_add(item).map(Cel::Duration),
            _ => None,
        })
        .filter(|sum| matches!(sum, Cel::Duration(_)))
}

thread_local! {
    static LIBRARIES: Context<'static> = Context::default().with_all();
}

/// What a function of the libraries makes, called as a member.
fn member(function: &str, this: Cel, given: &[Cel]) -> Made {
    let mut values = vec![this];
    values.extend_from_slice(given);
    evaluated(function, true, &values)
}

/// What a function of the libraries makes of a value.
pub(super) fn call(function: &str, given: Cel) -> Made {
    evaluated(function, false, &[given])
}

fn evaluated(function: &str, is_member: bool, values: &[Cel]) -> Made {
    LIBRARIES.with(|libraries| called(libraries, function, is_member, values))
}

/// What a function that `functions` knows makes of values, of which the first is what a member belongs to.
pub(super) fn called(
    functions: &Context<'static>,
    function: &str,
    is_member: bool,
    values: &[Cel],
) -> Made {
    let mut names = (0..values.len()).map(|i| IdedExpr {
        id: 0,
        expr: Expr::Ident(format!("@{i}")),
    });
    let target = is_member.then(|| names.next().map(Box::new)).flatten();
    let call = IdedExpr {
        id: 0,
        expr: Expr::Call(CallExpr {
            func_name: function.to_owned(),
            target,
            args: names.collect(),
        }),
    };
    let mut scope = functions.new_inner_scope();
    for (i, value) in values.iter().enumerate() {
        scope.add_variable_from_value(format!("@{i}"), value.clone());
    }
    scope.resolve(&call)
}
