//! Durations, times and patterns that are written out in an expression: they are found wrong before it is evaluated.
//!
//! Source: cel-go v0.26 `cel/validator.go`.

use kube_cel::cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue};

use super::FUNCTIONS;
use super::fault::Fault;
use crate::store::schema::pattern::Pattern;

/// The literals in an expression that are not what the function takes that they are given to.
pub(super) fn faults(expression: &IdedExpr) -> Vec<Fault> {
    let mut faults = Vec::new();
    visit(expression, &mut faults);
    faults
}

fn visit(expression: &IdedExpr, faults: &mut Vec<Fault>) {
    match &expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Select(select) => visit(&select.operand, faults),
        Expr::Call(call) => {
            faults.extend(fault(expression, call));
            let target = call.target.as_deref().into_iter();
            target
                .chain(&call.args)
                .for_each(|part| visit(part, faults));
        }
        Expr::List(list) => list.elements.iter().for_each(|part| visit(part, faults)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    visit(&entry.key, faults);
                    visit(&entry.value, faults);
                }
            }
        }
        // No type is made so; the type check says that.
        Expr::Struct(_) => {}
        Expr::Comprehension(all) => {
            let parts = [&all.iter_range, &all.accu_init, &all.loop_step, &all.result];
            parts.into_iter().for_each(|part| visit(part, faults));
        }
    }
}

fn fault(expression: &IdedExpr, call: &CallExpr) -> Option<Fault> {
    let literal = call.args.first()?;
    let Expr::Literal(value) = &literal.expr else {
        return None;
    };
    let name = call.func_name.as_str();
    let is_right = match (name, value) {
        ("matches", LiteralValue::String(pattern)) => Pattern::new(pattern.inner()).is_ok(),
        ("duration" | "timestamp", _) => {
            FUNCTIONS.with(|functions| functions.resolve(expression).is_ok())
        }
        _ => true,
    };
    (!is_right).then(|| Fault {
        id: literal.id,
        message: format!("invalid {name} argument"),
    })
}
