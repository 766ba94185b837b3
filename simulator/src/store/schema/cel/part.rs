//! An expression of a rule, and what it costs.

use kube_cel::cel::IdedExpr;

use super::cel_type::CelType;
use super::checker::Variable;
use super::declaration::Declaration;
use super::refusal::Refusal;
use super::stack::with_room;
use super::{constant, cost, dialect, extent, meter, pair, parsing};
use crate::json::Value;

/// An expression of a rule: itself, or its message.
pub(super) struct Part {
    pub(super) program: IdedExpr,
    /// The same with its costs counted.
    pub(super) metered: IdedExpr,
    pub(super) depth: usize,
    kind: CelType,
    pub(super) cost: Cost,
}

impl Part {
    /// Compiles `source`, which may name `variables` and is about values that are declared so.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn compile(
        source: &str,
        variables: &[Variable],
        declaration: &Declaration,
    ) -> Result<Self, Refusal> {
        let depth = extent::depth(source)?;
        with_room(depth, || {
            let (mut program, checked) = parsing::checked(source, variables)?;
            constant::check(&mut program, &checked).map_err(Refusal::Instantiation)?;
            dialect::turn_sums(&mut program, &checked);
            let cost = |bytes_max| cost::estimate(&program, &checked, declaration, bytes_max).max;
            let cost = Cost {
                any: cost(u64::MAX),
                small: cost(SMALL_BYTES),
            };
            let kind = checked.kind(&program).clone();
            let mut metered = meter::metered(&program, &checked);
            for said in [&mut metered, &mut program] {
                pair::lower(said);
                dialect::translate_parts(said);
            }
            Ok(Self {
                program,
                metered,
                depth,
                kind,
                cost,
            })
        })
    }

    /// The same, if it is of this type.
    pub(super) fn of_type(self, kind: &CelType, complaint: &str) -> Result<Self, Refusal> {
        let is_it = self.kind == *kind;
        is_it
            .then_some(self)
            .ok_or_else(|| complaint.to_owned().into())
    }
}

/// What a rule costs at most, however large the object is, and of a small one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) any: u64,
    small: u64,
}

impl Cost {
    /// What it costs at most of a value.
    pub(super) fn of(self, value: &Value) -> u64 {
        match self.any > meter::CALL_MAX && is_small(value) {
            true => self.small,
            false => self.any,
        }
    }
}

/// How many bytes as JSON a small object has at most.
const SMALL_BYTES: u64 = 2048;

/// Whether a value has no more than [`SMALL_BYTES`] as JSON, as far as that is quickly told.
fn is_small(value: &Value) -> bool {
    fn rest(value: &Value, room: usize) -> Option<usize> {
        let room = room.checked_sub(2)?;
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(room),
            Value::String(text) => room.checked_sub(text.len()),
            Value::Array(list) => list.iter().try_fold(room, |room, item| rest(item, room)),
            Value::Object(fields) => fields.iter().try_fold(room, |room, (name, field)| {
                rest(field, room.checked_sub(name.len())?)
            }),
        }
    }
    rest(value, SMALL_BYTES as usize).is_some()
}
