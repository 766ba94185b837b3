//! The state of an object before an update.

use crate::json::Value;

/// What an update replaces.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// The state.
    pub value: &'a Value,
    /// Whether it came about under the very schema that the new state is held against: what both share then needs no
    /// second look.
    pub fits: bool,
}

impl Before<'_> {
    /// No state at all.
    pub(crate) const NOTHING: Before<'static> = Before {
        value: &Value::Null,
        fits: false,
    };
}

impl<'a> Before<'a> {
    /// The state, if it is known to fit.
    pub(crate) fn fitting(self) -> Option<&'a Value> {
        self.fits.then_some(self.value)
    }
}
