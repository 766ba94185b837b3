//! What is wrong with a `format` whose text and values are written out.
//!
//! Source: cel-go v0.26 `ext/formatting.go`, `stringFormatValidator`.

use kube_cel::cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};

use super::cel_type::CelType;
use super::checker::Checked;
use super::fault::Fault;
use super::formatting::{Clause, walk};
use super::kind_of;
use super::parsing::parts_of;

/// Everything that is wrong.
pub(super) fn faults(expression: &mut IdedExpr, checked: &Checked) -> Vec<Fault> {
    let mut faults = Vec::new();
    visit(expression, checked, &mut faults);
    faults
}

fn visit(expression: &mut IdedExpr, checked: &Checked, faults: &mut Vec<Fault>) {
    faults.extend(fault(expression, checked));
    let parts = parts_of(expression).into_iter();
    parts.for_each(|part| visit(part, checked, faults));
}

/// What is wrong, and with which part if not with the whole.
struct Wrong {
    id: Option<u64>,
    message: String,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self { id: None, message }
    }
}

fn fault(expression: &IdedExpr, checked: &Checked) -> Option<Fault> {
    let Expr::Call(call) = &expression.expr else {
        return None;
    };
    let (target, values) = match (call.func_name.as_str(), &call.target, call.args.as_slice()) {
        ("format", Some(target), [values]) => (target, values),
        _ => return None,
    };
    let (Expr::Literal(LiteralValue::String(format)), Expr::List(values)) =
        (&target.expr, &values.expr)
    else {
        return None;
    };
    let values = &values.elements;
    let walked = walk(format.inner(), values.len(), |_, value| match value {
        Some((index, clause)) => match misfit(&values[index], clause, checked) {
            Some(part) => Err(refused(part, clause, checked)),
            None => Ok(()),
        },
        None => Ok(()),
    });
    let wrong = match walked {
        Ok(n_written) if n_written < values.len() => Wrong::from(format!(
            "too many arguments supplied to string.format (expected {n_written}, got {})",
            values.len()
        )),
        Ok(_) => return None,
        Err(wrong) => wrong,
    };
    Some(Fault {
        id: wrong.id.unwrap_or(expression.id),
        message: wrong.message,
    })
}

fn refused(part: &IdedExpr, clause: Clause, checked: &Checked) -> Wrong {
    let kind = match checked.kind(part) {
        CelType::List(_) => "list".to_owned(),
        CelType::Map(..) => "map".to_owned(),
        CelType::Optional(_) => "optional_type".to_owned(),
        CelType::Type(_) => "type".to_owned(),
        kind if *kind == CelType::NULL => "null_type".to_owned(),
        kind if *kind == CelType::DURATION => kind_of::DURATION.to_owned(),
        kind if *kind == CelType::TIMESTAMP => kind_of::TIMESTAMP.to_owned(),
        kind => kind.to_string(),
    };
    Wrong {
        id: Some(part.id),
        message: format!(
            "error during formatting: {}, was given {kind}",
            clause.refusal()
        ),
    }
}

/// The part of a value that cannot be written so, if there is one.
fn misfit<'e>(value: &'e IdedExpr, clause: Clause, checked: &Checked) -> Option<&'e IdedExpr> {
    let kind = checked.kind(value);
    let is_one_of = |kinds: &[CelType]| *kind == CelType::Dyn || kinds.contains(kind);
    let fits = match clause {
        Clause::Text => is_text(kind),
        Clause::Decimal | Clause::Octal => is_one_of(&[CelType::INT, CelType::UINT]),
        Clause::Fixed(_) | Clause::Scientific => is_one_of(&[CelType::DOUBLE, CelType::STRING]),
        Clause::Binary => is_one_of(&[CelType::INT, CelType::UINT, CelType::BOOL]),
        Clause::Hex { .. } => {
            is_one_of(&[CelType::INT, CelType::UINT, CelType::STRING, CelType::BYTES])
        }
    };
    if !fits {
        return Some(value);
    }
    if clause != Clause::Text {
        return None;
    }
    let below = |part: &'e IdedExpr| misfit(part, clause, checked);
    match &value.expr {
        Expr::List(list) => list.elements.iter().find_map(below),
        Expr::Map(map) => map.entries.iter().find_map(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => below(&entry.key).or_else(|| below(&entry.value)),
            EntryExpr::StructField(_) => None,
        }),
        _ => None,
    }
}

/// Whether there is a text for values of a type.
fn is_text(kind: &CelType) -> bool {
    match kind {
        CelType::Dyn | CelType::List(_) | CelType::Map(..) | CelType::Type(_) => true,
        kind => [
            CelType::BOOL,
            CelType::BYTES,
            CelType::DOUBLE,
            CelType::DURATION,
            CelType::INT,
            CelType::NULL,
            CelType::STRING,
            CelType::TIMESTAMP,
            CelType::UINT,
        ]
        .contains(kind),
    }
}
