//! What an expression looks at of the value that it is about.

use std::collections::BTreeSet;

use kube_cel::cel::common::ast::{EntryExpr, Expr, IdedExpr};

/// What an expression looks at.
#[derive(Debug, Default)]
pub(super) struct Reach {
    whole: bool,
    fields: BTreeSet<String>,
}

impl Reach {
    /// What `expression` looks at of `self` and `oldSelf`.
    pub(super) fn of(expression: &IdedExpr) -> Self {
        let mut reach = Self::default();
        reach.visit(expression);
        reach
    }

    /// Adds what another expression looks at.
    pub(super) fn extend(&mut self, other: Self) {
        self.whole |= other.whole;
        self.fields.extend(other.fields);
    }

    /// Whether the field that rules call `name` of `self` or `oldSelf` is looked at.
    pub(super) fn has(&self, name: &str) -> bool {
        self.whole || self.fields.contains(name)
    }

    fn visit(&mut self, expression: &IdedExpr) {
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => self.whole |= is_value(name),
            Expr::Select(select) => match &select.operand.expr {
                Expr::Ident(name) if is_value(name) => {
                    self.fields.insert(select.field.clone());
                }
                _ => self.visit(&select.operand),
            },
            Expr::Call(call) => {
                let target = call.target.as_deref().into_iter();
                target.chain(&call.args).for_each(|part| self.visit(part));
            }
            Expr::List(list) => list.elements.iter().for_each(|part| self.visit(part)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.entry(&entry.expr)),
            Expr::Struct(made) => made
                .entries
                .iter()
                .for_each(|entry| self.entry(&entry.expr)),
            Expr::Comprehension(all) => {
                let parts = [&all.iter_range, &all.accu_init, &all.loop_cond];
                let parts = parts.into_iter();
                parts
                    .chain([&all.loop_step, &all.result])
                    .for_each(|part| self.visit(part));
            }
        }
    }

    fn entry(&mut self, entry: &EntryExpr) {
        match entry {
            EntryExpr::StructField(field) => self.visit(&field.value),
            EntryExpr::MapEntry(entry) => {
                self.visit(&entry.key);
                self.visit(&entry.value);
            }
        }
    }
}

/// Whether a variable is what a rule is about.
fn is_value(name: &str) -> bool {
    matches!(name, "self" | "oldSelf")
}

#[cfg(test)]
mod tests {
    use kube_cel::cel::parser::Parser;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::fields("self.a.b + self.c > 1 && has(self.d)", false, &["a", "c", "d"])]
    #[case::fields_of_the_old_value("self.a == oldSelf.b", false, &["a", "b"])]
    #[case::the_whole("self == oldSelf || self.a > 1", true, &["a"])]
    #[case::the_whole_as_an_argument("size(self) > 1", true, &[])]
    #[case::the_range_of_a_macro("self.a.all(x, x.b > self.c)", false, &["a", "c"])]
    fn a_rule_reaches(#[case] source: &str, #[case] whole: bool, #[case] fields: &[&str]) {
        let expression = Parser::new().parse(source).unwrap();
        let reach = Reach::of(&expression);
        assert_eq!(reach.whole, whole);
        assert!(reach.fields.iter().eq(fields));
    }
}
