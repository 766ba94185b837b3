//! What the evaluator does otherwise than cel-go, said so that it comes to the same: a field of what has none is an error,
//! and `string` takes booleans.

use std::sync::Arc;

use kube_cel::cel::common::ast::{
    CallExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue,
};
use kube_cel::cel::objects::{Key, OptionalValue};
use kube_cel::cel::{Context, ExecutionError, Value as Cel};

/// The function that selects; no expression can name it.
const SELECT: &str = "@select";

/// Makes the function known.
pub(super) fn add_to(context: &mut Context<'_>) {
    context.add_function(SELECT, |value: Cel, field: Arc<String>| {
        selected(&value, &field)
    });
}

fn selected(value: &Cel, field: &Arc<String>) -> Result<Cel, ExecutionError> {
    match value {
        Cel::Map(map) => map.map.get(&Key::String(Arc::clone(field))).cloned(),
        Cel::Opaque(_) => {
            let optional = <&OptionalValue>::try_from(value)?;
            let below = optional.value().map(|value| selected(value, field));
            let below = below.and_then(Result::ok);
            let below = below.map_or_else(OptionalValue::none, OptionalValue::of);
            return Ok(Cel::Opaque(Arc::new(below)));
        }
        _ => None,
    }
    .ok_or_else(|| ExecutionError::NoSuchKey(Arc::clone(field)))
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
            if call.func_name == "string"
                && call.target.is_none()
                && let [argument] = call.args.as_slice()
            {
                let argument = argument.clone();
                *expression = text_of(&argument, std::mem::take(expression));
            }
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

/// What cel-go shows of an error: of a function whose argument has none of its own, that of the argument.
pub(super) fn shown(
    expression: &IdedExpr,
    scope: &Context,
    error: ExecutionError,
) -> ExecutionError {
    if !matches!(error, ExecutionError::MissingArgumentOrTarget) {
        return error;
    }
    let parts = match &expression.expr {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::Comprehension(all) => vec![&all.iter_range],
        _ => Vec::new(),
    };
    let mut errors = parts.into_iter().filter_map(|part| {
        let error = scope.resolve(part).err()?;
        Some(shown(part, scope, error))
    });
    errors.next().unwrap_or(error)
}

/// `value == true ? 'true' : value == false ? 'false' : otherwise`.
fn text_of(value: &IdedExpr, otherwise: IdedExpr) -> IdedExpr {
    let flags = [true, false].into_iter();
    flags.rfold(otherwise, |otherwise, flag| {
        let literal = LiteralValue::Boolean(flag.into());
        let is_it = call("_==_", vec![value.clone(), literal_of(literal)]);
        call("_?_:_", vec![is_it, text(&flag.to_string()), otherwise])
    })
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
    literal_of(LiteralValue::String(text.into()))
}

fn literal_of(literal: LiteralValue) -> IdedExpr {
    IdedExpr {
        id: 0,
        expr: Expr::Literal(literal),
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
