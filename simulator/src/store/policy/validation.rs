//! A compiled policy, and what it has against a write.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/policy/validating/validator.go and
//! pkg/admission/plugin/webhook/matchconditions/matcher.go.

use super::compile::compile;
use super::parameters::ParameterKind;
use crate::json::Value;
use crate::store::admission::{Conditions, Resources, Seen, evaluated};
use crate::store::object::Object;
use crate::store::schema::cel::expression::{Bindings, Evaluated, Expression};

/// The longest message that an expression may make. Source: apiserver v0.34.3, pkg/apis/cel/config.go.
const MESSAGE_BYTES_MAX: usize = 5 * 1024;

/// A ValidatingAdmissionPolicy.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) constraints: Resources,
    pub(super) parameters: Option<ParameterKind>,
    /// Whether it is a denial if something cannot be found out.
    pub(super) fails: bool,
    /// Its expressions, or why there are none.
    program: Result<Program, String>,
}

/// The expressions of a policy.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) conditions: Conditions,
    /// By name, in the order in which they may refer to each other.
    pub(super) variables: Vec<(String, Expression)>,
    pub(super) validations: Vec<Validation>,
    pub(super) annotations: Vec<Expression>,
}

/// One of `validations`.
#[derive(Debug)]
pub(super) struct Validation {
    pub(super) expression: Expression,
    pub(super) message: String,
    pub(super) message_expression: Option<Expression>,
    pub(super) reason: Reason,
}

/// How a refusal is told to machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) name: &'static str,
    pub(super) code: u16,
}

impl Reason {
    /// That of a validation without one.
    pub(super) const INVALID: Self = Self::new("Invalid", 422);
    /// What a validation may give, in the order of refusals.
    pub(super) const ALL: [Self; 3] = [
        Self::new("Forbidden", 403),
        Self::INVALID,
        Self::new("RequestEntityTooLarge", 413),
    ];

    const fn new(name: &'static str, code: u16) -> Self {
        Self { name, code }
    }
}

/// Something that a policy has against a write.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Denial {
    pub(super) message: String,
    pub(super) reason: Reason,
    /// Whether it counts whatever the binding says.
    pub(super) is_firm: bool,
}

impl Denial {
    /// The same, whatever the binding says.
    fn firm(self) -> Self {
        Self {
            is_firm: true,
            ..self
        }
    }
}

impl Policy {
    /// The policy that was stored.
    pub(super) fn of(stored: &Object) -> Self {
        let spec = &stored.value()["spec"];
        let kind = spec.get("paramKind").filter(|kind| kind.is_object());
        let program = compile(spec, stored.name());
        Self {
            name: stored.name().to_owned(),
            constraints: Resources::read(&spec["matchConstraints"]),
            parameters: kind.map(ParameterKind::read),
            fails: spec["failurePolicy"] != "Ignore",
            program: program.map_err(|causes| {
                let texts = causes.iter().map(|cause| cause.message.as_str());
                texts.collect::<Vec<_>>().join(", ")
            }),
        }
    }

    /// Everything against a write; null are parameters where there are none.
    pub(super) fn denials(&self, seen: &Seen, parameters: &Value) -> Vec<Denial> {
        let program = match &self.program {
            Ok(program) => program,
            Err(why) => return self.failure(why).map(Denial::firm).into_iter().collect(),
        };
        seen.with(|bindings| {
            bindings.bind("params", parameters);
            match program.conditions.are_met(bindings) {
                Ok(true) => {}
                Ok(false) => return Vec::new(),
                Err(why) => return self.failure(&why).into_iter().collect(),
            }
            seen.bind_namespace(bindings);
            program.bind_variables(bindings);
            // Messages are made without the authorizer, so that variables which ask it have no value there.
            let message = |expression: &Expression| {
                seen.with_nobody_to_ask(|bindings| {
                    bindings.bind("params", parameters);
                    seen.bind_namespace(bindings);
                    program.bind_variables(bindings);
                    expression.evaluate(bindings).ok()
                })
            };
            self.verdicts(program, bindings, &message)
        })
    }

    fn verdicts(
        &self,
        program: &Program,
        bindings: &Bindings,
        message: &dyn Fn(&Expression) -> Option<Evaluated>,
    ) -> Vec<Denial> {
        let validations = program.validations.iter().filter_map(|validation| {
            match evaluated(&validation.expression, bindings) {
                Ok(value) if value.is_true() => None,
                Ok(_) => Some(validation.denial(message)),
                Err(why) => self.failure(&why),
            }
        });
        let annotations = program.annotations.iter().filter_map(|annotation| {
            let broken = evaluated(annotation, bindings).err();
            broken.and_then(|why| self.failure(&why).map(Denial::firm))
        });
        validations.chain(annotations).collect()
    }

    /// The denial of what cannot be found out, unless that is ignored.
    fn failure(&self, why: &str) -> Option<Denial> {
        self.fails.then(|| Denial {
            message: why.to_owned(),
            reason: Reason::INVALID,
            is_firm: false,
        })
    }
}

impl Program {
    fn bind_variables(&self, bindings: &mut Bindings) {
        for (name, variable) in &self.variables {
            bindings.bind_variable(name, variable);
        }
    }
}

impl Validation {
    fn denial(&self, message: &dyn Fn(&Expression) -> Option<Evaluated>) -> Denial {
        let made = self.message_expression.as_ref().and_then(message);
        let made = made.as_ref().and_then(Evaluated::text).map(str::trim);
        let is_fit = |text: &&str| {
            !text.is_empty() && !text.contains('\n') && text.len() <= MESSAGE_BYTES_MAX
        };
        let message = match (made.filter(is_fit), self.message.trim()) {
            (Some(made), _) => made.to_owned(),
            (None, "") => format!("failed expression: {}", self.expression.source().trim()),
            (None, message) => message.to_owned(),
        };
        Denial {
            message,
            reason: self.reason,
            is_firm: false,
        }
    }
}
