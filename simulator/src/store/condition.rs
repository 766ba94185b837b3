//! A condition on a change of an object, in the language of admission policies.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/cel/compile.go (`object` and `oldObject`).

use std::fmt;
use std::sync::Arc;

use super::schema::cel::expression::{Bindings, CelType, Expression};
use crate::access::{Question, User, Verdict};
use crate::json::Value;

/// A CEL expression over `object`, as it is after a change, and `oldObject`, as it was before; each is null where there is none.
#[derive(Clone)]
pub(crate) struct Condition(Arc<Expression>);

impl Condition {
    /// The condition that `source` is.
    ///
    /// # Errors
    /// It does not parse, names something else, or is not true or false.
    pub(crate) fn read(source: &str) -> Result<Self, String> {
        let declared = ["object", "oldObject"].map(|name| (name.to_owned(), CelType::Dyn));
        let compiled = Expression::compile(source, &declared, &["bool"]);
        let compiled = compiled.map_err(|why| why.to_string())?;
        Ok(Self(Arc::new(compiled)))
    }

    /// Whether a change meets it; one that it cannot be asked about, for want of a field, does not.
    pub(crate) fn is_met(&self, old: &Value, new: &Value) -> bool {
        let nobody = |_: &User, _: &Question| Verdict::Denied(String::new());
        Bindings::with(&nobody, |bindings| {
            bindings.bind("object", new);
            bindings.bind("oldObject", old);
            let value = self.0.evaluate(bindings);
            value.is_ok_and(|value| value.is_true())
        })
    }

    /// As it is written.
    pub(crate) fn source(&self) -> &str {
        self.0.source()
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.source()).finish()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::of_what_comes("object.spec.n == 2", true)]
    #[case::of_what_was("oldObject.spec.n == 1", true)]
    #[case::of_both("object.spec.n > oldObject.spec.n", true)]
    #[case::not_met("object.spec.n == 3", false)]
    #[case::field_that_is_not_there("object.status.phase != 'Running'", false)]
    #[case::asked_for_first("!has(object.status)", true)]
    fn a_change_meets_a_condition(#[case] source: &str, #[case] expected: bool) {
        let (old, new) = (json!({"spec": {"n": 1}}), json!({"spec": {"n": 2}}));
        assert_eq!(
            Condition::read(source).unwrap().is_met(&old, &new),
            expected
        );
    }

    #[test]
    fn where_there_is_no_object_it_is_null() {
        let created = Condition::read("oldObject == null && object != null").unwrap();
        let object = json!({"spec": {}});
        assert!(created.is_met(&Value::Null, &object));
        assert!(!created.is_met(&object, &Value::Null));
    }

    #[rstest]
    #[case::no_bool("1", "must evaluate to bool but got int")]
    #[case::another_name("request.name == ''", "undeclared reference to 'request'")]
    fn what_is_no_condition_is_refused(#[case] source: &str, #[case] why: &str) {
        let refused = Condition::read(source).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}
