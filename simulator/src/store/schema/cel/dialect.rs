//! What the evaluator does otherwise than cel-go, said so that it comes to the same: a field of what has none is an error,
//! there may be none of an optional one, and `dyn` takes anything.

use std::sync::Arc;

use kube_cel::cel::common::ast::{
    CallExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue,
};
use kube_cel::cel::objects::{Key, OptionalValue};
use kube_cel::cel::{Context, ExecutionError, Value as Cel};

use super::cel_type::CelType;
use super::checker::Checked;
use super::library::NEGATE;
use super::parsing::parts_of;

/// The function that selects; no expression can name it.
const SELECT: &str = "@select";

/// The function that selects what may not be there.
const OPTIONAL_SELECT: &str = "@select?";

/// Makes the functions known.
pub(super) fn add_to(context: &mut Context<'_>) {
    context.add_function("dyn", |value: Cel| Ok::<_, ExecutionError>(value));
    context.add_function(OPTIONAL_SELECT, |value: Cel, field: Arc<String>| {
        optional(&value, &field)
    });
    context.add_function(SELECT, |value: Cel, field: Arc<String>| {
        selected(&value, &field)
    });
}

fn selected(value: &Cel, field: &Arc<String>) -> Result<Cel, ExecutionError> {
    match value {
        Cel::Map(map) => map.map.get(&Key::String(Arc::clone(field))).cloned(),
        Cel::Opaque(_) => return optional(value, field),
        _ => None,
    }
    .ok_or_else(|| ExecutionError::NoSuchKey(Arc::clone(field)))
}

/// A field of a value, or of that of an optional one, if there is one.
fn optional(value: &Cel, field: &Arc<String>) -> Result<Cel, ExecutionError> {
    let below = match value {
        Cel::Opaque(_) => {
            let value = <&OptionalValue>::try_from(value)?.value();
            value.and_then(|value| selected(value, field).ok())
        }
        value => selected(value, field).ok(),
    };
    let below = below.map_or_else(OptionalValue::none, OptionalValue::of);
    Ok(Cel::Opaque(Arc::new(below)))
}

/// Lets a time come before the duration that it is added to.
pub(super) fn turn_sums(expression: &mut IdedExpr, checked: &Checked) {
    let parts = parts_of(expression).into_iter();
    parts.for_each(|part| turn_sums(part, checked));
    if let Expr::Call(call) = &mut expression.expr
        && call.func_name == "_+_"
        && let [duration, time] = call.args.as_mut_slice()
        && *checked.kind(duration) == CelType::DURATION
        && *checked.kind(time) == CelType::TIMESTAMP
    {
        std::mem::swap(duration, time);
    }
}

/// Says signs, and what `expression` selects of optional values, so that the evaluator takes them as cel-go would.
pub(super) fn translate_parts(expression: &mut IdedExpr) {
    let parts = parts_of(expression).into_iter();
    parts.for_each(translate_parts);
    match &mut expression.expr {
        Expr::Call(call) if call.func_name == "_?._" => {
            call.func_name = OPTIONAL_SELECT.to_owned();
        }
        Expr::Call(call) if call.func_name == "-_" => call.func_name = NEGATE.to_owned(),
        Expr::Select(select) if !select.test && is_optional(&select.operand) => {
            let operand = std::mem::take(&mut *select.operand);
            let field = text(&select.field);
            *expression = call(SELECT, vec![operand, field]);
        }
        _ => {}
    }
}

/// Whether a part is selected of what may not be there.
fn is_optional(expression: &IdedExpr) -> bool {
    const NAMES: [&str; 3] = [SELECT, OPTIONAL_SELECT, "_[?_]"];
    match &expression.expr {
        Expr::Call(call) => NAMES.contains(&call.func_name.as_str()),
        _ => false,
    }
}

/// Says `expression` so that the evaluator takes it as cel-go would.
pub(super) fn translate(expression: &mut IdedExpr) {
    match &mut expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Select(select) => {
            translate(&mut select.operand);
            if !select.test {
                let operand = std::mem::take(&mut *select.operand);
                let field = text(&select.field);
                *expression = call(SELECT, vec![operand, field]);
            }
        }
        Expr::Call(call) => {
            let target = call.target.as_deref_mut();
            target.into_iter().chain(&mut call.args).for_each(translate);
        }
        Expr::List(list) => list.elements.iter_mut().for_each(translate),
        Expr::Map(map) => translate_entries(&mut map.entries),
        Expr::Struct(fields) => translate_entries(&mut fields.entries),
        Expr::Comprehension(all) => {
            let parts = [&mut all.iter_range, &mut all.accu_init, &mut all.loop_cond];
            let parts = parts.into_iter();
            parts
                .chain([&mut all.loop_step, &mut all.result])
                .for_each(translate);
        }
    }
}

/// What cel-go shows of an error: that of the first part which has one, although the evaluator tells the last one where
/// either of two parts could have decided.
pub(super) fn shown(
    expression: &IdedExpr,
    scope: &Context,
    error: ExecutionError,
) -> ExecutionError {
    let parts = match &expression.expr {
        Expr::Call(call) if call.func_name == CHOICE => decided(&call.args, scope),
        Expr::Call(call) => {
            let target = call.target.as_deref().into_iter();
            target.chain(&call.args).collect()
        }
        Expr::Comprehension(all) => vec![&all.iter_range],
        _ => Vec::new(),
    };
    let mut errors = parts.into_iter().filter_map(|part| {
        let error = scope.resolve(part).err()?;
        Some(shown(part, scope, error))
    });
    errors.next().unwrap_or(error)
}

/// The operator of which only one of two parts counts.
const CHOICE: &str = "_?_:_";

/// Of a choice what decides, and what it decides for.
fn decided<'a>(args: &'a [IdedExpr], scope: &Context) -> Vec<&'a IdedExpr> {
    let [condition, yes, no] = args else {
        return Vec::new();
    };
    match scope.resolve(condition) {
        Ok(Cel::Bool(true)) => vec![yes],
        Ok(Cel::Bool(false)) => vec![no],
        Ok(_) | Err(_) => vec![condition],
    }
}

fn call(function: &str, args: Vec<IdedExpr>) -> IdedExpr {
    let call = CallExpr {
        func_name: function.to_owned(),
        target: None,
        args,
    };
    IdedExpr {
        id: 0,
        expr: Expr::Call(call),
    }
}

fn text(text: &str) -> IdedExpr {
    IdedExpr {
        id: 0,
        expr: Expr::Literal(LiteralValue::String(text.into())),
    }
}

fn translate_entries(entries: &mut [IdedEntryExpr]) {
    for entry in entries {
        match &mut entry.expr {
            EntryExpr::StructField(field) => translate(&mut field.value),
            EntryExpr::MapEntry(entry) => {
                translate(&mut entry.key);
                translate(&mut entry.value);
            }
        }
    }
}
