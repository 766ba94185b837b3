//! One rule: compiled, evaluated, reported.

use std::sync::Arc;

use kube_cel::cel::objects::OptionalValue;
use kube_cel::cel::{Context, ExecutionError, IdedExpr, Value as Cel};

use super::budget::{Budget, Count};
use super::cel_type::CelType;
use super::checker::Variable;
use super::declaration::Declaration;
use super::part::{Cost, Part};
use super::refusal::Refusal;
use super::scope::Reach;
use super::stack::with_room;
use super::{Cause, Path, cause, dialect, meter, words};
use crate::json::Value;
use crate::store::schema::node::{Node, Type};

/// A compiled rule.
#[derive(Debug)]
pub(super) struct Rule {
    program: IdedExpr,
    metered: IdedExpr,
    depth: usize,
    source: String,
    message: String,
    message_program: Option<IdedExpr>,
    reason: Reason,
    field: Option<String>,
    old_self: OldSelf,
    cost: Cost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Invalid,
    Forbidden,
    Required,
    Duplicate,
}

/// How a rule looks at the value before the update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OldSelf {
    Unused,
    /// The rule applies only when there is one.
    Needed,
    /// The rule always applies and gets an optional.
    Optional,
}

/// Why a rule does not hold.
pub(super) enum Failure {
    /// It says so; this is what it says.
    Unmet(String),
    /// It could not be evaluated.
    Broken(String),
    /// It costs too much to evaluate it.
    Stopped(String),
}

/// What rules are about, and where they stand.
pub(super) struct Subject<'a> {
    pub(super) node: &'a Node,
    /// What they know of it.
    pub(super) declaration: &'a Declaration,
    /// How many values there may be.
    pub(super) count: Count,
    /// The list around them whose elements have no identity.
    pub(super) uncorrelatable: Option<&'a str>,
}

/// Compiles `raw`, a rule that stands at `field`, and counts what it costs. Everything that is wrong is added to `causes`.
pub(super) fn compile(
    raw: &Value,
    subject: &Subject,
    field: &str,
    budget: &mut Budget,
    causes: &mut Vec<Cause>,
) -> Option<(Rule, Reach)> {
    let text = |name: &str| raw.get(name).and_then(Value::as_str).unwrap_or_default();
    let texts = checked_texts(raw, field).and_then(|()| {
        let reason = reason(raw, field)?;
        Ok((reason, field_path(raw, subject.node, field)?))
    });
    let (reason, field_path) = texts.map_err(|cause| causes.push(cause)).ok()?;
    let is_optional = raw.get("optionalOldSelf") == Some(&Value::Bool(true));
    let variables = variables(subject.declaration, is_optional);
    let mut refused = |part: &str, why: &str| {
        let field = format!("{field}.{part}");
        causes.push(cause::invalid_shown(field, &as_go(raw), why));
    };
    let rule = Part::compile(text("rule"), &variables, subject.declaration)
        .and_then(|part| part.of_type(&CelType::BOOL, "cel expression must evaluate to a bool"));
    let rule = match rule {
        Ok(rule) => rule,
        Err(why) => {
            let why = match why {
                Refusal::Instantiation(_) => format!("program {why}"),
                Refusal::Compilation(text) => text,
            };
            refused("rule", &why);
            causes.extend(unused_option(raw, field));
            return None;
        }
    };
    let message = match text("messageExpression") {
        "" => None,
        source => Part::compile(source, &variables, subject.declaration)
            .map_err(|why| Refusal::from(format!("messageExpression {why}")))
            .and_then(|part| {
                part.of_type(
                    &CelType::STRING,
                    "messageExpression must evaluate to a string",
                )
            })
            .map_err(|why| refused("messageExpression", &why.to_string()))
            .ok(),
    };
    let cost = subject
        .count
        .times(rule.cost.any, subject.declaration.bytes_min);
    let at = format!("{field}.rule");
    causes.extend(budget.spend(cost, &at, "estimated rule cost"));
    if let Some(message) = &message {
        let at = format!("{field}.messageExpression");
        causes.extend(budget.spend(message.cost.any, &at, "estimated messageExpression cost"));
    }
    let old_self = old_self(raw, &rule.program, field, subject.uncorrelatable);
    let old_self = old_self.map_err(|cause| causes.push(cause)).ok()?;
    let mut reach = Reach::of(&rule.program);
    if let Some(message) = &message {
        reach.extend(Reach::of(&message.program));
    }
    let rule = Rule {
        cost: rule.cost,
        depth: rule.depth.max(message.as_ref().map_or(0, |it| it.depth)),
        program: rule.program,
        metered: rule.metered,
        source: text("rule").trim().to_owned(),
        message: text("message").trim().to_owned(),
        message_program: message.map(|message| message.program),
        reason,
        field: field_path,
        old_self,
    };
    Some((rule, reach))
}

/// What rules about such values may name.
fn variables(declaration: &Declaration, is_optional: bool) -> [Variable; 2] {
    let kind = &declaration.kind;
    let old = match is_optional {
        true => CelType::optional(kind.clone()),
        false => kind.clone(),
    };
    [
        ("self".to_owned(), kind.clone()),
        ("oldSelf".to_owned(), old),
    ]
}

fn checked_texts(raw: &Value, field: &str) -> Result<(), Cause> {
    let text = |name: &str| raw.get(name).and_then(Value::as_str).unwrap_or_default();
    let (rule, message) = (text("rule"), text("message"));
    if rule.trim().is_empty() {
        return Err(cause::required(
            format!("{field}.rule"),
            "rule is not specified",
        ));
    }
    let at_message = format!("{field}.message");
    if !message.is_empty() && message.trim().is_empty() {
        return Err(cause::invalid(
            at_message,
            &message.into(),
            "must be non-empty if specified",
        ));
    }
    if has_line_break(message.trim()) {
        return Err(cause::invalid(
            at_message,
            &message.into(),
            "must not contain line breaks",
        ));
    }
    if has_line_break(rule.trim()) && message.is_empty() {
        let detail = "message must be specified if rule contains line breaks";
        return Err(cause::required(at_message, detail));
    }
    let expression = text("messageExpression");
    if !expression.is_empty() && expression.trim().is_empty() {
        let detail = "messageExpression must be non-empty if specified";
        return Err(cause::required(
            format!("{field}.messageExpression"),
            detail,
        ));
    }
    Ok(())
}

pub(super) fn has_line_break(text: &str) -> bool {
    text.contains(['\n', '\r'])
}

/// The rule as Go prints it.
fn as_go(raw: &Value) -> String {
    let text = |name: &str| cause::json(raw.get(name).unwrap_or(&Value::from("")));
    let nullable = |name: &str| cause::json(raw.get(name).unwrap_or(&Value::Null));
    format!(
        "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{},\"FieldPath\":{},\"OptionalOldSelf\":{}}}",
        text("rule"),
        text("message"),
        text("messageExpression"),
        nullable("reason"),
        text("fieldPath"),
        nullable("optionalOldSelf"),
    )
}

fn reason(raw: &Value, field: &str) -> Result<Reason, Cause> {
    let supported = [
        "FieldValueDuplicate",
        "FieldValueForbidden",
        "FieldValueInvalid",
        "FieldValueRequired",
    ];
    match raw.get("reason") {
        None | Some(Value::Null) => Ok(Reason::Invalid),
        Some(value) => match value.as_str() {
            Some("FieldValueInvalid") => Ok(Reason::Invalid),
            Some("FieldValueForbidden") => Ok(Reason::Forbidden),
            Some("FieldValueRequired") => Ok(Reason::Required),
            Some("FieldValueDuplicate") => Ok(Reason::Duplicate),
            Some(_) | None => {
                let supported = supported.map(str::to_owned);
                Err(cause::not_supported(
                    format!("{field}.reason"),
                    value,
                    &supported,
                ))
            }
        },
    }
}

fn old_self(
    raw: &Value,
    program: &IdedExpr,
    field: &str,
    uncorrelatable: Option<&str>,
) -> Result<OldSelf, Cause> {
    let optional = raw.get("optionalOldSelf").filter(|flag| !flag.is_null());
    if !program.references().has_variable("oldSelf") {
        return unused_option(raw, field).map_or(Ok(OldSelf::Unused), Err);
    }
    if let Some(list) = uncorrelatable {
        let rule = raw.get("rule").cloned().unwrap_or_default();
        let detail = format!(
            "oldSelf cannot be used on the uncorrelatable portion of the schema within {list}"
        );
        return Err(cause::invalid(format!("{field}.rule"), &rule, &detail));
    }
    if optional == Some(&Value::Bool(true)) {
        Ok(OldSelf::Optional)
    } else {
        Ok(OldSelf::Needed)
    }
}

/// What is said of a rule that does not use the old value, or is not known to.
fn unused_option(raw: &Value, field: &str) -> Option<Cause> {
    let flag = raw.get("optionalOldSelf").filter(|flag| !flag.is_null())?;
    let detail = "may not be set if oldSelf is not used in rule";
    Some(cause::invalid(
        format!("{field}.optionalOldSelf"),
        flag,
        detail,
    ))
}

/// `.a['b']` as a path below the node: `a[b]`, or `a.b` if `b` is a declared field.
fn field_path(raw: &Value, node: &Node, field: &str) -> Result<Option<String>, Cause> {
    let Some(source) = raw
        .get("fieldPath")
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    let normalized = normalized(source, node);
    if normalized.is_none() {
        let at = format!("{field}.fieldPath");
        return Err(cause::invalid(at, &source.into(), "must be a valid path"));
    }
    Ok(normalized)
}

fn normalized(source: &str, node: &Node) -> Option<String> {
    let mut out = String::new();
    let mut node = node;
    let mut rest = source.trim();
    while !rest.is_empty() {
        let name;
        if let Some(quoted) = rest.strip_prefix("['") {
            (name, rest) = quoted.split_once("']")?;
        } else {
            let dotted = rest.strip_prefix('.')?;
            let end = dotted.find(['.', '[']).unwrap_or(dotted.len());
            (name, rest) = dotted.split_at(end);
        }
        if let Some(property) = node.properties.get(name) {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(name);
            node = property;
        } else {
            node = node.additional.as_deref()?;
            out.push('[');
            out.push_str(name);
            out.push(']');
        }
    }
    Some(out)
}

impl Rule {
    /// Whether the rule is about a change.
    pub(super) fn needs_old(&self) -> bool {
        self.old_self != OldSelf::Unused
    }

    /// What an evaluation on `value` costs at most.
    pub(super) fn cost_max(&self, value: &Value) -> u64 {
        self.cost.of(value)
    }

    /// `None` if the rule holds or does not apply; with what that cost, if it is counted.
    pub(super) fn evaluate(
        &self,
        functions: &Context<'static>,
        (new, old): (&Cel, Option<&Cel>),
        is_counted: bool,
    ) -> (Option<Failure>, u64) {
        let mut scope = functions.new_inner_scope();
        scope.add_variable_from_value("self", new.clone());
        match (self.old_self, old) {
            (OldSelf::Unused, _) => {}
            (OldSelf::Needed, None) => return (None, 0),
            (OldSelf::Needed, Some(old)) => scope.add_variable_from_value("oldSelf", old.clone()),
            (OldSelf::Optional, old) => {
                let optional =
                    old.map_or_else(OptionalValue::none, |old| OptionalValue::of(old.clone()));
                scope.add_variable_from_value("oldSelf", Cel::Opaque(Arc::new(optional)));
            }
        }
        let (result, cost) = if is_counted {
            meter::measured(|| with_room(2 * self.depth, || scope.resolve(&self.metered)))
        } else {
            (with_room(self.depth, || scope.resolve(&self.program)), 0)
        };
        let failure = match result {
            _ if cost > meter::CALL_MAX => Some(Failure::Stopped(format!(
                "'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: {}",
                self.shown()
            ))),
            Ok(Cel::Bool(true)) => None,
            Ok(Cel::Bool(false)) => Some(Failure::Unmet(self.unmet(&mut scope, old))),
            Ok(_) => Some(Failure::Broken(
                "cel expression must evaluate to a bool".to_owned(),
            )),
            Err(error) => {
                let shown = || dialect::shown(&self.program, &scope, error);
                Some(Failure::Broken(self.broken(&with_room(self.depth, shown))))
            }
        };
        (failure, cost)
    }

    /// What the rule is called in complaints.
    fn shown(&self) -> &str {
        match self.message.as_str() {
            "" => &self.source,
            message => message,
        }
    }

    fn unmet(&self, scope: &mut Context, old: Option<&Cel>) -> String {
        if let Some(program) = &self.message_program {
            if let (OldSelf::Optional, Some(old)) = (self.old_self, old) {
                scope.add_variable_from_value("oldSelf", old.clone());
            }
            if let Ok(Cel::String(text)) = with_room(self.depth, || scope.resolve(program)) {
                let text = text.trim();
                if !text.is_empty() && !text.contains('\n') && text.len() <= MAX_MESSAGE_BYTES {
                    return text.to_owned();
                }
            }
        }
        if self.message.is_empty() {
            format!("failed rule: {}", self.source)
        } else {
            self.message.clone()
        }
    }

    fn broken(&self, error: &ExecutionError) -> String {
        let shown = self.shown();
        if words::is_overload(error) {
            return format!(
                "'no such overload': call arguments did not match a supported operator, function or macro signature for rule: {shown}"
            );
        }
        let what = words::of(error);
        format!("{what} evaluating rule: {shown}")
    }

    /// Rules about changes report always; so do rules that cannot be evaluated.
    pub(super) fn may_be_forgiven(&self, failure: &Failure) -> bool {
        match failure {
            Failure::Unmet(_) => self.old_self == OldSelf::Unused,
            Failure::Broken(_) | Failure::Stopped(_) => false,
        }
    }

    pub(super) fn cause(&self, failure: Failure, kind: Type, path: &Path) -> Cause {
        let value = shown_type(kind);
        let at = path.bracketed();
        let text = match failure {
            Failure::Broken(text) | Failure::Stopped(text) => {
                return cause::invalid(at, &value, &text);
            }
            Failure::Unmet(text) => text,
        };
        let at = match (&self.field, at.as_str()) {
            (None, _) => at,
            (Some(below), "") => below.clone(),
            (Some(below), at) => format!("{at}.{below}"),
        };
        match self.reason {
            Reason::Invalid => cause::invalid(at, &value, &text),
            Reason::Forbidden => cause::forbidden(at, &text),
            Reason::Required => cause::required(at, &text),
            Reason::Duplicate => cause::duplicate(at, &value),
        }
    }
}

/// What complaints of rules show for a value.
pub(super) fn shown_type(kind: Type) -> Value {
    match kind {
        Type::IntOrString => "".into(),
        declared => declared.name().into(),
    }
}

/// Source: apiserver v0.34.3, pkg/apis/cel/config.go.
const MAX_MESSAGE_BYTES: usize = 5 * 1024;
