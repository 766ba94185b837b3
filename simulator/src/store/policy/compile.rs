//! From the text of a policy to its expressions, or to what is wrong with them.
//!
//! Source: kubernetes v1.34 `pkg/apis/admissionregistration/validation/validation.go`.

use super::declared;
use super::validation::{Program, Reason, Validation};
use crate::json::Value;
use crate::store::naming::qualified_name_fault;
use crate::store::schema::cause;
use crate::store::schema::cel::expression::{CelType, Expression, Variable, is_identifier};
use crate::store::status::Cause;

/// Compiles every expression of `spec`, which is that of the policy `name`.
///
/// # Errors
/// All that is wrong with them.
pub(super) fn compile(spec: &Value, name: &str) -> Result<Program, Vec<Cause>> {
    let has_params = spec.get("paramKind").is_some_and(Value::is_object);
    let mut compiler = Compiler {
        known: declared::variables(has_params),
        causes: Vec::new(),
    };
    let program = Program {
        conditions: compiler.conditions(spec),
        variables: compiler.variables(spec),
        validations: compiler.validations(spec),
        annotations: compiler.annotations(spec, name),
    };
    if compiler.causes.is_empty() {
        Ok(program)
    } else {
        Err(compiler.causes)
    }
}

struct Compiler {
    /// What expressions may name.
    known: Vec<Variable>,
    causes: Vec<Cause>,
}

/// The variables that a policy declares, as one.
fn composed(fields: &[Variable]) -> Variable {
    let kind = CelType::object("kubernetes.variables", fields.iter().cloned());
    ("variables".to_owned(), kind)
}

/// An element of a list, and where it stands.
struct Part<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Part<'a> {
    fn all(spec: &'a Value, list: &str) -> Vec<Self> {
        let elements = spec[list].as_array().into_iter().flatten().enumerate();
        let part = |(index, value)| Self {
            value,
            path: format!("spec.{list}[{index}]"),
        };
        elements.map(part).collect()
    }

    fn text(&self, field: &str) -> &'a str {
        self.value[field].as_str().unwrap_or_default()
    }

    fn field(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }
}

impl Compiler {
    /// The expression `source` of a field; what is wrong with it is noted.
    fn expression(
        &mut self,
        (field, source): (String, &str),
        kinds: &[&str],
    ) -> Option<Expression> {
        let compiled = Expression::compile(source, &self.known, kinds);
        let noted = |why: String| {
            let cause = cause::invalid(field, &source.into(), &why);
            self.causes.push(cause);
        };
        compiled.map_err(noted).ok()
    }

    fn conditions(&mut self, spec: &Value) -> Vec<Expression> {
        const N_MAX: usize = 64;
        let parts = Part::all(spec, "matchConditions");
        if parts.len() > N_MAX {
            let cause = cause::too_many("spec.matchConditions", parts.len(), N_MAX as u64);
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
        conditions
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

    fn variables(&mut self, spec: &Value) -> Vec<(String, Expression)> {
        let (mut fields, mut variables) = (Vec::new(), Vec::new());
        for part in Part::all(spec, "variables") {
            // Each may name those before it.
            self.known.push(composed(&fields));
            let name = part.text("name");
            if name.trim().is_empty() {
                self.lacks(part.field("name"), "name is not specified");
            } else if !is_identifier(name) {
                let detail = "must be a valid CEL identifier";
                let cause = cause::invalid(part.field("name"), &name.into(), detail);
                self.causes.push(cause);
            }
            let source = part.text("expression");
            let compiled = if source.trim().is_empty() {
                self.lacks(part.field("expression"), "expression is not specified");
                None
            } else {
                self.expression((part.field("expression"), source), &[])
            };
            self.known.pop();
            let kind = compiled.as_ref().map_or(&CelType::Dyn, Expression::kind);
            fields.push((name.to_owned(), kind.clone()));
            variables.extend(compiled.map(|expression| (name.to_owned(), expression)));
        }
        if !fields.is_empty() {
            self.known.push(composed(&fields));
        }
        variables
    }

    fn validations(&mut self, spec: &Value) -> Vec<Validation> {
        let parts = Part::all(spec, "validations");
        parts
            .iter()
            .filter_map(|part| self.validation(part))
            .collect()
    }

    fn validation(&mut self, part: &Part) -> Option<Validation> {
        let (source, message) = (part.text("expression"), part.text("message"));
        let expression = if source.trim().is_empty() {
            self.lacks(part.field("expression"), "expression is not specified");
            None
        } else {
            self.expression((part.field("expression"), source), &["bool"])
        };
        let message_source = part.text("messageExpression");
        let field = part.field("messageExpression");
        let message_expression = match (message_source, message_source.trim()) {
            ("", _) => None,
            (_, "") => {
                self.is_blank(field, message_source);
                None
            }
            (source, _) => self.expression((field, source), &["string"]),
        };
        self.check_message(part.field("message"), message);
        Some(Validation {
            expression: expression?,
            message: message.to_owned(),
            message_expression,
            reason: self.reason(part),
        })
    }

    fn check_message(&mut self, field: String, message: &str) {
        if !message.is_empty() && message.trim().is_empty() {
            self.is_blank(field, message);
        } else if message.trim().contains(['\n', '\r']) {
            let detail = "must not contain line breaks";
            self.causes
                .push(cause::invalid(field, &message.into(), detail));
        }
    }

    fn reason(&mut self, part: &Part) -> Reason {
        let Some(given) = part.value.get("reason").filter(|given| !given.is_null()) else {
            return Reason::INVALID;
        };
        let known = Reason::ALL.into_iter();
        known
            .clone()
            .find(|reason| *given == *reason.name)
            .unwrap_or_else(|| {
                let names: Vec<_> = known.map(|reason| reason.name.to_owned()).collect();
                let cause = cause::not_supported(part.field("reason"), given, &names);
                self.causes.push(cause);
                Reason::INVALID
            })
    }

    fn annotations(&mut self, spec: &Value, policy: &str) -> Vec<Expression> {
        let mut keys = Vec::new();
        let mut annotations = Vec::new();
        let parts = Part::all(spec, "auditAnnotations");
        for part in &parts {
            let (field, key) = (part.field("key"), part.text("key"));
            let whole = format!("{policy}/{key}");
            if let Some(fault) = qualified_name_fault(&whole) {
                let cause = cause::invalid(field.clone(), &whole.as_str().into(), &fault);
                self.causes.push(cause);
            }
            match part.text("valueExpression").trim() {
                "" => self.lacks(
                    part.field("valueExpression"),
                    "valueExpression is not specified",
                ),
                source => {
                    let at = (part.field("valueExpression"), source);
                    annotations.extend(self.expression(at, &["string", "null_type"]));
                }
            }
            self.duplicate(field, key, &mut keys);
        }
        annotations
    }

    fn lacks(&mut self, field: String, detail: &str) {
        self.causes.push(cause::required(field, detail));
    }

    fn is_blank(&mut self, field: String, text: &str) {
        let detail = "must be non-empty if specified";
        self.causes
            .push(cause::invalid(field, &text.into(), detail));
    }

    fn duplicate<'a>(&mut self, field: String, text: &'a str, known: &mut Vec<&'a str>) {
        if known.contains(&text) {
            self.causes.push(cause::duplicate(field, &text.into()));
        } else {
            known.push(text);
        }
    }
}
