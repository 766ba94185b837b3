//! Where a value lies that an expression names: the steps to it from a variable.
//!
//! Source: cel-go v0.26 `checker/cost.go`. It keeps the steps in slices, which share their arrays as Go's do: where there is
//! room behind the last step, what is put there takes the place of what was put there before, so that the first variable of
//! a macro may lie where the second does.

use std::cell::RefCell;
use std::rc::Rc;

use crate::store::schema::cel::declaration::{Declaration, Step};

/// A place; that of what has none has no steps, and the first step of another is its variable.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    steps: Rc<RefCell<Vec<Step>>>,
    n_steps: usize,
}

impl Place {
    /// That of a variable, of which there is no telling which one it is.
    pub(super) fn variable() -> Self {
        Self::default().step(Step::Index)
    }

    /// The place in this one. That in no place is not told apart from a variable, which is what real servers do.
    pub(super) fn step(&self, step: Step) -> Self {
        let n_steps = self.n_steps + 1;
        let has_room = self.n_steps > 0 && !self.n_steps.is_power_of_two();
        let steps = match has_room {
            true => Rc::clone(&self.steps),
            false => {
                let own = self
                    .steps
                    .borrow()
                    .iter()
                    .take(self.n_steps)
                    .cloned()
                    .collect();
                Rc::new(RefCell::new(own))
            }
        };
        let mut shared = steps.borrow_mut();
        match shared.get_mut(self.n_steps) {
            Some(lost) => *lost = step,
            None => shared.push(step),
        }
        drop(shared);
        Self { steps, n_steps }
    }

    /// Whether something lies there, and what is declared of it, as `root` is of all variables.
    pub(super) fn declaration<'d>(&self, root: &'d Declaration) -> Option<Option<&'d Declaration>> {
        let steps = self.steps.borrow();
        let mut inner = steps.iter().take(self.n_steps).skip(1);
        let declared = inner.try_fold(root, |declared, step| declared.at(step));
        (self.n_steps > 0).then_some(declared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;
    use crate::store::schema::cel::cel_type::CelType;
    use crate::store::schema::parse::parse;

    #[test]
    fn a_step_may_take_the_place_of_another() {
        let schema = json!({"type": "object", "properties": {"o": {"type": "object", "properties": {
            "t": {"type": "string"},
            "n": {"type": "integer"},
            "m": {"type": "object", "additionalProperties": {"type": "integer"}},
        }}}});
        let root = Declaration::of(&parse(&schema, "").unwrap(), "selfType").unwrap();
        let kind = |place: &Place| {
            place
                .declaration(&root)?
                .map(|declared| declared.kind.clone())
        };
        let field = |name: &str| Step::Field(name.to_owned());
        let object = Place::variable().step(field("o"));
        let (text, number) = (object.step(field("t")), object.step(field("n")));
        assert_eq!(kind(&text), Some(CelType::STRING));
        assert_eq!(kind(&number), Some(CelType::INT));
        let map = object.step(field("m"));
        let key = map.step(Step::Key);
        assert_eq!(kind(&key), Some(CelType::STRING));
        let value = map.step(Step::Element);
        assert_eq!(kind(&value), Some(CelType::INT));
        assert_eq!(kind(&key), Some(CelType::INT));
    }
}
