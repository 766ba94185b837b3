//! One rule: compiled, evaluated, reported.

use std::sync::Arc;

use kube_cel::cel::objects::OptionalValue;
use kube_cel::cel::parser::Parser;
use kube_cel::cel::{Context, ExecutionError, IdedExpr, ParseErrors, Value as Cel};

use super::scope::Reach;
use super::sign::without_pairs;
use super::stack::with_room;
use super::{Cause, Path, cause, extent, scope, words};
use crate::json::{Value, json};
use crate::store::schema::node::{Node, Type};

/// A compiled rule.
#[derive(Debug)]
pub(super) struct Rule {
    program: IdedExpr,
    depth: usize,
    source: String,
    message: String,
    message_program: Option<IdedExpr>,
    reason: Reason,
    field: Option<String>,
    old_self: OldSelf,
}

/// A rule and what it looks at.
pub(super) type Compiled = (Rule, Reach);

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
}

/// Compiles `raw`, a rule about values of `node` that stands at `field`. `uncorrelatable` is the list around it whose
/// elements have no identity.
pub(super) fn compile(
    raw: &Value,
    node: &Node,
    field: &str,
    uncorrelatable: Option<&str>,
) -> Result<Compiled, Cause> {
    let text = |name: &str| raw.get(name).and_then(Value::as_str).unwrap_or_default();
    let source = text("rule");
    checked_texts(raw, field)?;
    let refused =
        |part: &str, why: &str| cause::invalid_shown(format!("{field}.{part}"), &as_go(raw), why);
    let mut depth = extent::depth(source).map_err(|why| refused("rule", &why))?;
    let checked = with_room(depth, || {
        let program = parsed(source)?;
        scope::check_rule(&program, source, node).map(|reach| (program, reach))
    });
    let (program, mut reach) = checked.map_err(|why| refused("rule", &why))?;
    let message_program = match text("messageExpression") {
        "" => None,
        source => {
            let (program, more, of_message) =
                message(source, node).map_err(|why| refused("messageExpression", &why))?;
            reach.extend(more);
            depth = depth.max(of_message);
            Some(program)
        }
    };
    let old_self = old_self(raw, &program, field, uncorrelatable)?;
    let rule = Rule {
        program,
        depth,
        source: source.trim().to_owned(),
        message: text("message").trim().to_owned(),
        message_program,
        reason: reason(raw, field)?,
        field: field_path(raw, node, field)?,
        old_self,
    };
    Ok((rule, reach))
}

/// The expression of a message, what it looks at and how deep it is.
fn message(source: &str, node: &Node) -> Result<(IdedExpr, Reach, usize), String> {
    let unread = |why| format!("messageExpression {why}");
    let depth = extent::depth(source).map_err(unread)?;
    with_room(depth, || {
        let program = parsed(source).map_err(unread)?;
        let reach = scope::check_message(&program, source, node)?;
        Ok((program, reach, depth))
    })
}

/// What a text means. Its own depth has been limited; the parser's limit would end in the middle of an expression.
pub(super) fn parsed(source: &str) -> Result<IdedExpr, String> {
    let parser = Parser::new()
        .enable_optional_syntax(true)
        .max_recursion_depth(u16::MAX);
    parser
        .parse(&without_pairs(source))
        .map_err(|errors| format!("compilation failed: {}", faults(&errors)))
}

/// What is wrong with a text, without the lines of a long one.
///
/// Source: cel-go v0.26 `common/error.go`, `parser/options.go`.
fn faults(errors: &ParseErrors) -> String {
    let shown = errors.errors.iter().take(FAULTS_MAX);
    let shown = shown.map(|error| {
        let text = error.to_string();
        let mut lines = text.split("\n|");
        match lines.clone().any(|line| line.len() > LINE_BYTES_MAX) {
            true => lines.next().unwrap_or_default().to_owned(),
            false => lines.collect::<Vec<_>>().join("\n |"),
        }
    });
    let mut lines: Vec<String> = shown.collect();
    if errors.errors.len() > FAULTS_MAX {
        lines.push("1 more errors were truncated".to_owned());
    }
    lines.join("\n")
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
        return match optional {
            Some(flag) => {
                let detail = "may not be set if oldSelf is not used in rule";
                Err(cause::invalid(
                    format!("{field}.optionalOldSelf"),
                    flag,
                    detail,
                ))
            }
            None => Ok(OldSelf::Unused),
        };
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

    /// `None` if the rule holds or does not apply.
    pub(super) fn evaluate(
        &self,
        functions: &Context<'static>,
        new: &Cel,
        old: Option<&Cel>,
    ) -> Option<Failure> {
        let mut scope = functions.new_inner_scope();
        scope.add_variable_from_value("self", new.clone());
        match (self.old_self, old) {
            (OldSelf::Unused, _) => {}
            (OldSelf::Needed, None) => return None,
            (OldSelf::Needed, Some(old)) => scope.add_variable_from_value("oldSelf", old.clone()),
            (OldSelf::Optional, old) => {
                let optional =
                    old.map_or_else(OptionalValue::none, |old| OptionalValue::of(old.clone()));
                scope.add_variable_from_value("oldSelf", Cel::Opaque(Arc::new(optional)));
            }
        }
        match with_room(self.depth, || scope.resolve(&self.program)) {
            Ok(Cel::Bool(true)) => None,
            Ok(Cel::Bool(false)) => Some(Failure::Unmet(self.unmet(&mut scope, old))),
            Ok(_) => Some(Failure::Broken(
                "cel expression must evaluate to a bool".to_owned(),
            )),
            Err(error) => Some(Failure::Broken(self.broken(&error))),
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
        let shown = if self.message.is_empty() {
            &self.source
        } else {
            &self.message
        };
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
            Failure::Broken(_) => false,
        }
    }

    pub(super) fn cause(&self, failure: Failure, kind: Type, path: &Path) -> Cause {
        let value = json!(match kind {
            Type::Object => "object",
            Type::Array => "array",
            Type::String => "string",
            Type::Integer => "integer",
            Type::Number => "number",
            Type::Boolean => "boolean",
            Type::Any | Type::IntOrString => "",
        });
        let at = path.bracketed();
        let text = match failure {
            Failure::Broken(text) => return cause::invalid(at, &value, &text),
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

/// How many faults of a text are told.
const FAULTS_MAX: usize = 100;

/// The longest line of a text that is shown with a fault.
const LINE_BYTES_MAX: usize = 16_384;

/// Source: apiserver v0.34.3, pkg/apis/cel/config.go.
const MAX_MESSAGE_BYTES: usize = 5 * 1024;
