//! What a request is about to change, for rules that ask.

use std::cell::OnceCell;

use crate::json::Value;
use crate::store::condition::Condition;

/// An object before and after a request; null where there is none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) old: Value,
    pub(crate) new: Value,
}

/// What a request is about to change: found out once, and only if a rule asks.
pub(crate) struct Outlook<'a> {
    look: &'a dyn Fn() -> Vec<Change>,
    changes: OnceCell<Vec<Change>>,
}

impl<'a> Outlook<'a> {
    /// What `look` finds.
    pub(crate) fn new(look: &'a dyn Fn() -> Vec<Change>) -> Self {
        Self {
            look,
            changes: OnceCell::new(),
        }
    }

    /// Whether one of the changes meets a condition.
    pub(super) fn meets(&self, condition: &Condition) -> bool {
        let changes = self.changes.get_or_init(self.look);
        changes
            .iter()
            .any(|change| condition.is_met(&change.old, &change.new))
    }
}
