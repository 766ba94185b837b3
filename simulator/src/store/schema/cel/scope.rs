//! Names in rules: variables that do not exist, and fields that the schema does not declare, are found when a rule is
//! compiled. Operators and functions are not type-checked.

use std::collections::BTreeSet;

use kube_cel::cel::common::ast::{EntryExpr, Expr, IdedExpr};

use super::inference::Kind;
use super::kind_of::TYPES;
use super::value::escaped;
use crate::store::schema::node::{Node, Type};

/// What an expression looks at.
#[derive(Debug, Default)]
pub(super) struct Reach {
    whole: bool,
    fields: BTreeSet<String>,
}

impl Reach {
    /// Adds what another expression looks at.
    pub(super) fn extend(&mut self, other: Self) {
        self.whole |= other.whole;
        self.fields.extend(other.fields);
    }

    /// Whether the field that rules call `name` of `self` or `oldSelf` is looked at.
    pub(super) fn has(&self, name: &str) -> bool {
        self.whole || self.fields.contains(name)
    }
}

/// A variable that expressions without a schema may name, or a field of one.
#[derive(Clone, Debug)]
pub(in crate::store) struct Declared {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// All that it has; `None` if that is not known.
    pub(super) fields: Option<Vec<Declared>>,
}

impl Declared {
    /// Something of a type.
    pub(in crate::store) fn new(name: &str, kind: Kind) -> Self {
        let name = name.to_owned();
        Self {
            name,
            kind,
            fields: None,
        }
    }

    /// Something with these fields and no others.
    pub(in crate::store) fn with_fields(name: &str, fields: Vec<Self>) -> Self {
        Self {
            fields: Some(fields),
            ..Self::new(name, Kind::Unknown)
        }
    }
}

/// Checks that an expression names what is declared.
///
/// # Errors
/// What it names that is not.
pub(super) fn check_names(
    expression: &IdedExpr,
    source: &str,
    declared: &[Declared],
) -> Result<(), String> {
    let declared = declared.iter();
    let mut scope = Scope {
        variables: declared
            .map(|variable| (variable.name.clone(), Known::Declared(variable)))
            .collect(),
        reach: Reach::default(),
    };
    let fault = |fault: Fault| format!("compilation failed: {}", fault.text(source));
    scope.visit(expression).map(drop).map_err(fault)
}

/// What a rule about `node` looks at.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_rule(
    expression: &IdedExpr,
    source: &str,
    node: &Node,
) -> Result<Reach, String> {
    let fault = |fault: Fault| format!("compilation failed: {}", fault.text(source));
    let (result, reach) = visited(expression, node).map_err(fault)?;
    let is_bool = result.may_be(Type::Boolean);
    let complaint = || "cel expression must evaluate to a bool".to_owned();
    is_bool.then_some(reach).ok_or_else(complaint)
}

/// What a message expression about `node` looks at.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_message(
    expression: &IdedExpr,
    source: &str,
    node: &Node,
) -> Result<Reach, String> {
    let fault = |fault: Fault| {
        format!(
            "messageExpression compilation failed: {}",
            fault.text(source)
        )
    };
    let (result, reach) = visited(expression, node).map_err(fault)?;
    let is_text = result.may_be(Type::String);
    let complaint = || "messageExpression must evaluate to a string".to_owned();
    is_text.then_some(reach).ok_or_else(complaint)
}

/// What is known of the result of an expression about `node`, and what it looks at.
fn visited<'a>(expression: &IdedExpr, node: &'a Node) -> Result<(Known<'a>, Reach), Fault> {
    let mut scope = Scope::of(node);
    let result = scope.visit(expression)?;
    Ok((result, scope.reach))
}

/// What is known of the value of an expression.
#[derive(Clone, Copy)]
enum Known<'a> {
    Node(&'a Node),
    Declared(&'a Declared),
    Nothing,
}

impl Known<'_> {
    /// Whether the value may be of this type.
    fn may_be(self, kind: Type) -> bool {
        match self {
            Self::Node(node) => {
                node.kind == kind || matches!(node.kind, Type::Any | Type::IntOrString)
            }
            Self::Declared(_) | Self::Nothing => true,
        }
    }
}

enum Fault {
    Variable(String),
    Field(String),
    /// The same in a `has(…)`.
    Test(String),
    Unsupported(&'static str),
}

impl Fault {
    fn text(&self, source: &str) -> String {
        let (what, offset) = match self {
            Fault::Variable(name) => (
                format!("undeclared reference to '{name}' (in container '')"),
                source.find(name),
            ),
            Fault::Test(name) => (
                format!("undefined field '{name}'"),
                source
                    .find(&format!(".{name})"))
                    .and_then(|at| Some(source[..at].rfind("has(")? + 3)),
            ),
            Fault::Unsupported(what) => {
                return format!(
                    "the simulated API server does not support {what} in rules; see FIDELITY.md"
                );
            }
            Fault::Field(name) => (
                format!("undefined field '{name}'"),
                source.find(&format!(".{name}")),
            ),
        };
        let before = &source[..offset.unwrap_or(0)];
        let line = before.matches('\n').count();
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count();
        let shown = source.lines().nth(line).unwrap_or_default();
        format!(
            "ERROR: <input>:{}:{}: {what}\n | {shown}\n | {}^",
            line + 1,
            column + 1,
            ".".repeat(column)
        )
    }
}

struct Scope<'a> {
    variables: Vec<(String, Known<'a>)>,
    reach: Reach,
}

impl<'a> Scope<'a> {
    fn of(node: &'a Node) -> Self {
        let variable = |name: &str| (name.to_owned(), Known::Node(node));
        Self {
            variables: vec![variable("self"), ("oldSelf".to_owned(), Known::Nothing)],
            reach: Reach::default(),
        }
    }

    fn visit(&mut self, expression: &IdedExpr) -> Result<Known<'a>, Fault> {
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => Ok(Known::Nothing),
            Expr::Ident(name) => {
                self.reach.whole |= is_value(name);
                self.variable(name)
            }
            Expr::Select(select) => {
                let operand = self.operand(&select.operand, &select.field)?;
                let found = selected(operand, &select.field);
                if select.test {
                    found.map_err(|()| Fault::Test(select.field.clone()))?;
                    return Ok(Known::Nothing);
                }
                found.map_err(|()| Fault::Field(select.field.clone()))
            }
            Expr::Call(call) => {
                if call.args.len() > 2 && TWO_VARIABLE_MACROS.contains(&call.func_name.as_str()) {
                    return Err(Fault::Unsupported("comprehensions of two variables"));
                }
                if let Some(target) = &call.target
                    && !is_namespace(target)
                {
                    self.visit(target)?;
                }
                let mut first = Known::Nothing;
                for (i, argument) in call.args.iter().enumerate() {
                    let known = self.visit(argument)?;
                    if i == 0 {
                        first = known;
                    }
                }
                Ok(match (call.func_name.as_str(), first) {
                    ("_[_]", Known::Node(node)) => element(node),
                    _ => Known::Nothing,
                })
            }
            Expr::List(list) => self.all(list.elements.iter()),
            Expr::Map(map) => self.entries(&map.entries),
            Expr::Struct(fields) => self.entries(&fields.entries),
            Expr::Comprehension(comprehension) => {
                let range = self.visit(&comprehension.iter_range)?;
                let iterated = match range {
                    Known::Node(node) if node.kind == Type::Array => element(node),
                    Known::Node(_) | Known::Declared(_) | Known::Nothing => Known::Nothing,
                };
                let depth = self.variables.len();
                self.visit(&comprehension.accu_init)?;
                self.variables
                    .push((comprehension.accu_var.clone(), Known::Nothing));
                let two = comprehension.iter_var2.as_ref();
                let first = if two.is_some() {
                    Known::Nothing
                } else {
                    iterated
                };
                self.variables.push((comprehension.iter_var.clone(), first));
                if let Some(second) = two {
                    self.variables.push((second.clone(), iterated));
                }
                self.visit(&comprehension.loop_cond)?;
                self.visit(&comprehension.loop_step)?;
                self.visit(&comprehension.result)?;
                self.variables.truncate(depth);
                Ok(Known::Nothing)
            }
        }
    }

    /// What a field is selected from.
    fn operand(&mut self, expression: &IdedExpr, field: &str) -> Result<Known<'a>, Fault> {
        match &expression.expr {
            Expr::Ident(name) if is_value(name) => {
                self.reach.fields.insert(field.to_owned());
                self.variable(name)
            }
            _ => self.visit(expression),
        }
    }

    fn variable(&self, name: &str) -> Result<Known<'a>, Fault> {
        if let Some((_, known)) = self.variables.iter().rev().find(|(known, _)| known == name) {
            return Ok(*known);
        }
        if name.starts_with('@') || TYPES.contains(&name) {
            return Ok(Known::Nothing);
        }
        Err(Fault::Variable(name.to_owned()))
    }

    fn all<'e>(
        &mut self,
        expressions: impl Iterator<Item = &'e IdedExpr>,
    ) -> Result<Known<'a>, Fault> {
        for expression in expressions {
            self.visit(expression)?;
        }
        Ok(Known::Nothing)
    }

    fn entries(
        &mut self,
        entries: &[kube_cel::cel::common::ast::IdedEntryExpr],
    ) -> Result<Known<'a>, Fault> {
        for entry in entries {
            match &entry.expr {
                EntryExpr::StructField(field) => {
                    self.visit(&field.value)?;
                }
                EntryExpr::MapEntry(entry) => {
                    self.visit(&entry.key)?;
                    self.visit(&entry.value)?;
                }
            }
        }
        Ok(Known::Nothing)
    }
}

/// Whether a variable is what a rule is about.
fn is_value(name: &str) -> bool {
    matches!(name, "self" | "oldSelf")
}

const TWO_VARIABLE_MACROS: [&str; 7] = [
    "all",
    "exists",
    "existsOne",
    "exists_one",
    "transformList",
    "transformMap",
    "transformMapEntry",
];

/// Whether a call's target is not a value but the first part of a function's name.
fn is_namespace(target: &IdedExpr) -> bool {
    const NAMESPACES: [&str; 8] = [
        "optional",
        "sets",
        "base64",
        "format",
        "ip",
        "cidr",
        "jsonpatch",
        "strings",
    ];
    matches!(&target.expr, Expr::Ident(name) if NAMESPACES.contains(&name.as_str()))
}

fn selected<'a>(operand: Known<'a>, field: &str) -> Result<Known<'a>, ()> {
    let node = match operand {
        Known::Node(node) => node,
        Known::Declared(variable) => return selected_of(variable, field),
        Known::Nothing => return Ok(Known::Nothing),
    };
    if let Some(additional) = &node.additional {
        return Ok(Known::Node(additional));
    }
    let declared = node
        .properties
        .iter()
        .find(|(name, _)| escaped(name).as_deref() == Some(field));
    match declared {
        Some((_, property)) => Ok(Known::Node(property)),
        None if node.embedded_resource && matches!(field, "apiVersion" | "kind" | "metadata") => {
            Ok(Known::Nothing)
        }
        None if matches!(node.kind, Type::Any | Type::IntOrString) => Ok(Known::Nothing),
        None => Err(()),
    }
}

fn selected_of<'a>(variable: &'a Declared, field: &str) -> Result<Known<'a>, ()> {
    match &variable.fields {
        None => Ok(Known::Nothing),
        Some(fields) => {
            let found = fields.iter().find(|known| known.name == field);
            found.map(Known::Declared).ok_or(())
        }
    }
}

fn element(node: &Node) -> Known<'_> {
    node.items
        .as_deref()
        .or(node.additional.as_deref())
        .map_or(Known::Nothing, Known::Node)
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
        let reach = check_rule(&expression, source, &Node::default()).unwrap();
        assert_eq!(reach.whole, whole);
        assert!(reach.fields.iter().eq(fields));
    }
}
