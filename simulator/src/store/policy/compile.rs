//! From the text of a policy to its expressions, or to what is wrong with them.
//!
//! Source: kubernetes v1.34 `pkg/apis/admissionregistration/validation/validation.go`.

use super::validation::{Program, Reason, Validation};
use crate::json::Value;
use crate::store::admission::{Compiler, Part, declared};
use crate::store::naming::qualified_name_fault;
use crate::store::schema::cause;
use crate::store::schema::cel::expression::{
    AUTHORIZER, CelType, Expression, REQUEST_RESOURCE, Variable, is_identifier,
};
use crate::store::status::Cause;

/// Compiles every expression of `spec`, which is that of the policy `name`.
///
/// # Errors
/// All that is wrong with them.
pub(super) fn compile(spec: &Value, name: &str) -> Result<Program, Vec<Cause>> {
    let has_params = spec.get("paramKind").is_some_and(Value::is_object);
    let mut compiler = Compiler::new(declared(has_params));
    let program = Program {
        conditions: compiler.conditions(&spec["matchConditions"], "spec.matchConditions"),
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

/// The variables that a policy declares, as one.
fn composed(fields: &[Variable]) -> Variable {
    let kind = CelType::object("kubernetes.variables", fields.iter().cloned());
    ("variables".to_owned(), kind)
}

impl Compiler {
    fn variables(&mut self, spec: &Value) -> Vec<(String, Expression)> {
        let (mut fields, mut variables) = (Vec::new(), Vec::new());
        for part in parts(spec, "variables") {
            // Each may name those before it.
            self.declared.push(composed(&fields));
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
            self.declared.pop();
            let kind = compiled.as_ref().map_or(&CelType::Dyn, Expression::kind);
            fields.push((name.to_owned(), kind.clone()));
            variables.extend(compiled.map(|expression| (name.to_owned(), expression)));
        }
        if !fields.is_empty() {
            self.declared.push(composed(&fields));
        }
        variables
    }

    fn validations(&mut self, spec: &Value) -> Vec<Validation> {
        let parts = parts(spec, "validations");
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
            (source, _) => self.unauthorized((field, source), &["string"]),
        };
        self.check_message(part.field("message"), message);
        Some(Validation {
            expression: expression?,
            message: message.to_owned(),
            message_expression,
            reason: self.reason(part),
        })
    }

    /// The expression of a message, which may not ask the authorizer.
    ///
    /// Source: apiserver v0.34.3, pkg/admission/plugin/policy/validating/plugin.go.
    fn unauthorized(&mut self, at: (String, &str), kinds: &[&str]) -> Option<Expression> {
        let declared = self.declared.clone();
        self.declared
            .retain(|(name, _)| ![AUTHORIZER, REQUEST_RESOURCE].contains(&name.as_str()));
        let compiled = self.expression(at, kinds);
        self.declared = declared;
        compiled
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
        let parts = parts(spec, "auditAnnotations");
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

    fn is_blank(&mut self, field: String, text: &str) {
        let detail = "must be non-empty if specified";
        self.causes
            .push(cause::invalid(field, &text.into(), detail));
    }
}

/// The elements of a list of `spec`.
fn parts<'a>(spec: &'a Value, list: &str) -> Vec<Part<'a>> {
    Part::all(&spec[list], &format!("spec.{list}"))
}
