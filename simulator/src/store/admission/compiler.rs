//! Expressions in a list of an object, and what is wrong with them.
//!
//! Source: kubernetes v1.34 `pkg/apis/admissionregistration/validation/validation.go`.

use super::conditions::Conditions;
use crate::json::Value;
use crate::store::naming::qualified_name_fault;
use crate::store::schema::cause;
use crate::store::schema::cel::expression::{Expression, Refusal, Variable};
use crate::store::status::Cause;

/// Compiles expressions one after the other.
pub(in crate::store) struct Compiler {
    /// What they may name.
    pub(in crate::store) declared: Vec<Variable>,
    /// What was wrong with them.
    pub(in crate::store) causes: Vec<Cause>,
}

/// An element of a list, and where it stands.
pub(in crate::store) struct Part<'a> {
    pub(in crate::store) value: &'a Value,
    path: String,
}

impl<'a> Part<'a> {
    /// The elements of `list`, which stands at `path`.
    pub(in crate::store) fn all(list: &'a Value, path: &str) -> Vec<Self> {
        let elements = list.as_array().into_iter().flatten().enumerate();
        let part = |(index, value)| Self {
            value,
            path: format!("{path}[{index}]"),
        };
        elements.map(part).collect()
    }

    pub(in crate::store) fn text(&self, field: &str) -> &'a str {
        self.value[field].as_str().unwrap_or_default()
    }

    pub(in crate::store) fn field(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }
}

impl Compiler {
    /// Expressions may name what is declared.
    pub(in crate::store) fn new(declared: Vec<Variable>) -> Self {
        Self {
            declared,
            causes: Vec::new(),
        }
    }

    /// The expression `source` of a field; what is wrong with it is noted.
    pub(in crate::store) fn expression(
        &mut self,
        (field, source): (String, &str),
        kinds: &[&str],
    ) -> Option<Expression> {
        let compiled = Expression::compile(source, &self.declared, kinds);
        let noted = |why: Refusal| {
            let cause = match why {
                Refusal::Compilation(text) => cause::invalid(field, &source.into(), &text),
                Refusal::Instantiation(_) => cause::internal(field, &format!("program {why}")),
            };
            self.causes.push(cause);
        };
        compiled.map_err(noted).ok()
    }

    /// Whether a write is meant at all, as `list` says, which stands at `path`.
    pub(in crate::store) fn conditions(&mut self, list: &Value, path: &str) -> Conditions {
        const N_MAX: usize = 64;
        let parts = Part::all(list, path);
        if parts.len() > N_MAX {
            let cause = cause::too_many(path, parts.len(), N_MAX as u64);
            self.causes.push(cause);
        }
        let mut names = Vec::new();
        let mut conditions = Vec::new();
        for part in &parts {
            match part.text("expression").trim() {
                "" => self.lacks(part.field("expression"), ""),
                source => {
                    let at = (part.field("expression"), source);
                    conditions.extend(self.expression(at, &["bool"]));
                }
            }
            self.condition_name(part, &mut names);
        }
        Conditions(conditions)
    }

    fn condition_name<'a>(&mut self, part: &Part<'a>, names: &mut Vec<&'a str>) {
        let (field, name) = (part.field("name"), part.text("name"));
        if name.is_empty() {
            return self.lacks(field, "");
        }
        if let Some(fault) = qualified_name_fault(name) {
            let cause = cause::invalid(field.clone(), &name.into(), &fault);
            self.causes.push(cause);
        }
        self.duplicate(field, name, names);
    }

    pub(in crate::store) fn lacks(&mut self, field: String, detail: &str) {
        self.causes.push(cause::required(field, detail));
    }

    pub(in crate::store) fn duplicate<'a>(
        &mut self,
        field: String,
        text: &'a str,
        known: &mut Vec<&'a str>,
    ) {
        if known.contains(&text) {
            self.causes.push(cause::duplicate(field, &text.into()));
        } else {
            known.push(text);
        }
    }
}
