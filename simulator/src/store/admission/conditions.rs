//! Expressions that say whether a write is meant at all.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/webhook/matchconditions/matcher.go.

use crate::store::schema::cel::expression::{Bindings, Evaluated, Expression};
use crate::store::status::aggregate;

/// `matchConditions`.
#[derive(Debug)]
pub(in crate::store) struct Conditions(pub(super) Vec<Expression>);

impl Conditions {
    /// Whether they are met; one that is not decides, whatever the others come to.
    pub(in crate::store) fn are_met(&self, bindings: &Bindings) -> Result<bool, String> {
        let mut broken = Vec::new();
        for condition in &self.0 {
            match evaluated(condition, bindings) {
                Ok(value) if value.is_false() => return Ok(false),
                Ok(_) => {}
                Err(why) => broken.push(why),
            }
        }
        match broken.as_slice() {
            [] => Ok(true),
            all => Err(aggregate(all)),
        }
    }
}

/// The value of an expression, or what is said of one that has none.
pub(in crate::store) fn evaluated(
    expression: &Expression,
    bindings: &Bindings,
) -> Result<Evaluated, String> {
    let source = expression.source();
    let broken = |why| format!("expression '{source}' resulted in error: {why}");
    expression.evaluate(bindings).map_err(broken)
}
