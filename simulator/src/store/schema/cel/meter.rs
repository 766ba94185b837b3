//! What the evaluation of an expression really costs: the expression is said in another way that counts as it goes.
//!
//! Source: cel-go v0.26 `interpreter/runtimecost.go`; apiserver v0.34.3, pkg/cel/library/cost.go.

use std::cell::Cell;

use kube_cel::cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue};
use kube_cel::cel::extractors::Arguments;
use kube_cel::cel::{Context, ExecutionError, Value as Cel};

use super::FUNCTIONS;
use super::checker::{Checked, qualified};
use super::cost::range::scaled;
use super::expansion::is_bound;
use super::library;

/// The most that one evaluation may cost. Source: apiserver v0.34.3, pkg/apis/cel/config.go.
pub(super) const CALL_MAX: u64 = 1_000_000;

/// What a question to the authorizer costs: two fit into one evaluation.
const CHECK: i64 = 350_000;

/// The function that counts a fixed cost and gives back what it is given; no expression can name it, nor the next.
const SPEND: &str = "@spend";
/// The function that calls another, whose cost depends on what that is given.
const CALL: &str = "@call";

thread_local! {
    static SPENT: Cell<u64> = const { Cell::new(0) };
}

/// Makes the counting functions known.
pub(super) fn add_to(context: &mut Context<'_>) {
    context.add_function(
        SPEND,
        |cost: i64, value: Cel| -> Result<Cel, ExecutionError> {
            spend(cost.unsigned_abs())?;
            Ok(value)
        },
    );
    context.add_function(CALL, |Arguments(given): Arguments| called(&given));
}

/// What `work` makes, and what it costs.
pub(super) fn measured<T>(work: impl FnOnce() -> T) -> (T, u64) {
    SPENT.set(0);
    let made = work();
    (made, SPENT.get())
}

fn spend(cost: u64) -> Result<(), ExecutionError> {
    let spent = SPENT.get().saturating_add(cost);
    SPENT.set(spent);
    match spent > CALL_MAX {
        true => Err(ExecutionError::function_error(SPEND, "too much")),
        false => Ok(()),
    }
}

/// Calls a function by its name, as a member if so, with the rest of what is given.
fn called(given: &[Cel]) -> Result<Cel, ExecutionError> {
    let [Cel::String(name), Cel::Bool(is_member), values @ ..] = given else {
        return Err(ExecutionError::function_error(CALL, "misuse"));
    };
    let made = FUNCTIONS.with(|functions| library::called(functions, name, *is_member, values));
    spend(cost(name, values, made.as_ref().ok()))?;
    made
}

/// The expression, of which `checked` knows the types, said so that it counts what it costs.
pub(super) fn metered(expression: &IdedExpr, checked: &Checked) -> IdedExpr {
    Meter { checked, cost: 0 }.whole(expression)
}

/// Gathers the fixed costs of what is evaluated together, so that they are counted in one.
struct Meter<'a> {
    checked: &'a Checked,
    cost: i64,
}

impl Meter<'_> {
    /// An expression that may be evaluated any number of times, or never.
    fn whole(&self, expression: &IdedExpr) -> IdedExpr {
        let mut meter = Meter {
            checked: self.checked,
            cost: 0,
        };
        let said = meter.visit(expression);
        spending(meter.cost, said)
    }

    fn all(&mut self, parts: &[IdedExpr]) -> Vec<IdedExpr> {
        parts.iter().map(|part| self.visit(part)).collect()
    }

    fn visit(&mut self, expression: &IdedExpr) -> IdedExpr {
        let mut copy = expression.clone();
        match &mut copy.expr {
            Expr::Unspecified | Expr::Literal(_) | Expr::Struct(_) => {}
            Expr::Ident(_) => self.cost += 1,
            Expr::Select(select) => {
                self.cost += if select.test {
                    0
                } else {
                    step(&select.operand)
                };
                *select.operand = self.visit(&select.operand);
            }
            Expr::List(list) => {
                self.cost += 10;
                list.elements = self.all(&list.elements);
            }
            Expr::Map(map) => {
                self.cost += 30;
                for entry in &mut map.entries {
                    if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                        entry.key = self.visit(&entry.key);
                        entry.value = self.visit(&entry.value);
                    }
                }
            }
            Expr::Comprehension(all) => {
                // A value that is only named is evaluated where its name is.
                let is_unused =
                    is_bound(all) && !all.result.references().has_variable(&all.accu_var);
                let accumulated = (!is_unused).then_some(&mut all.accu_init);
                let once = [&mut all.iter_range, &mut all.result].into_iter();
                for part in once.chain(accumulated) {
                    *part = self.visit(part);
                }
                for part in [&mut all.loop_cond, &mut all.loop_step] {
                    *part = self.whole(part);
                }
            }
            Expr::Call(call) => return self.call(expression, call),
        }
        copy
    }

    fn call(&mut self, expression: &IdedExpr, call: &CallExpr) -> IdedExpr {
        let name = call.func_name.as_str();
        if let ("_&&_" | "_||_" | "_?_:_", [first, rest @ ..]) = (name, call.args.as_slice()) {
            let mut args = vec![self.visit(first)];
            args.extend(rest.iter().map(|part| self.whole(part)));
            return part(Expr::Call(CallExpr {
                args,
                ..call.clone()
            }));
        }
        let is_namespace = |target: &&IdedExpr| qualified(target, name).is_some();
        let target = call.target.as_deref();
        let space = target.filter(is_namespace).cloned();
        let target = target.filter(|_| space.is_none());
        let is_fixed = |part: &IdedExpr| self.checked.kind(part).is_scalar();
        let depends =
            space.is_none() && depends(name) && !target.into_iter().chain(&call.args).all(is_fixed);
        self.cost += match name {
            "_[_]" => step(&call.args[0]),
            "check" => CHECK,
            _ if depends => 0,
            _ => 1,
        };
        let target = target.map(|target| self.visit(target));
        let args = self.all(&call.args);
        if depends {
            let head = [
                literal(LiteralValue::String(name.into())),
                literal(LiteralValue::Boolean(target.is_some().into())),
            ];
            return part(Expr::Call(CallExpr {
                func_name: CALL.to_owned(),
                target: None,
                args: head.into_iter().chain(target).chain(args).collect(),
            }));
        }
        IdedExpr {
            id: expression.id,
            expr: Expr::Call(CallExpr {
                func_name: name.to_owned(),
                target: target.or(space).map(Box::new),
                args,
            }),
        }
    }
}

/// What a step into a value costs: more where the value is not named but made.
fn step(operand: &IdedExpr) -> i64 {
    match &operand.expr {
        Expr::Ident(_) | Expr::Select(_) => 1,
        Expr::Call(call) if call.func_name == "_[_]" => 1,
        _ => 2,
    }
}

/// Whether what a function costs depends on what it is given.
fn depends(name: &str) -> bool {
    const NAMES: [&str; 39] = [
        "@in",
        "_!=_",
        "_+_",
        "_<=_",
        "_<_",
        "_==_",
        "_>=_",
        "_>_",
        "bytes",
        "cidr",
        "contains",
        "containsCIDR",
        "containsIP",
        "endsWith",
        "find",
        "findAll",
        "format",
        "indexOf",
        "ip",
        "isCIDR",
        "isIP",
        "isQuantity",
        "isSemver",
        "isSorted",
        "join",
        "lastIndexOf",
        "lowerAscii",
        "matches",
        "max",
        "min",
        "quantity",
        "replace",
        "semver",
        "split",
        "startsWith",
        "substring",
        "sum",
        "trim",
        "upperAscii",
    ];
    let others = ["fieldSelector", "labelSelector", "url", "validate"];
    NAMES.binary_search(&name).is_ok() || others.contains(&name)
}

/// What a call costs that was given these values.
fn cost(name: &str, values: &[Cel], made: Option<&Cel>) -> u64 {
    let sizes: Vec<u64> = values.iter().map(size).collect();
    let at = |i: usize| sizes.get(i).copied().unwrap_or(1);
    let is_text = matches!(values.first(), Some(Cel::String(_) | Cel::Bytes(_)));
    let characters = |n: u64| scaled(n, 0.1);
    let twice = |n: u64| scaled(n, 2.0 * 0.1);
    match name {
        "_==_" | "_!=_" => characters(at(0).min(at(1))),
        "_<_" | "_<=_" | "_>_" | "_>=_" if is_text => characters(at(0).min(at(1))),
        "_+_" if is_text => characters(at(0) + at(1)),
        "fieldSelector" | "labelSelector" => {
            10 + characters(at(1)) + scaled(scaled(at(1), 0.5), 50.0)
        }
        "@in" if matches!(values.get(1), Some(Cel::List(_))) => at(1),
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
            values.first().map_or(0, traversal)
        }
        "replace" | "split" => twice(at(0)),
        "join" => twice(made.map_or(1, size)),
        "matches" | "find" | "findAll" => characters(at(0) + 1) * scaled(at(1), 0.25),
        "contains" => characters(at(0)) * characters(at(1)),
        "containsIP" | "containsCIDR" => {
            let address = 2 * 16;
            characters(address + 16 * u64::from(name == "containsCIDR")) + characters(at(1))
        }
        "validate" => characters(at(1) + 1) * scaled(128, 0.25),
        "bytes" | "cidr" | "ip" | "isIP" | "isCIDR" | "quantity" | "isQuantity" | "semver"
        | "isSemver" | "url" | "lowerAscii" | "upperAscii" | "substring" | "trim"
        | "startsWith" | "endsWith" | "format"
            if is_text =>
        {
            characters(at(0))
        }
        _ => 1,
    }
}

fn size(value: &Cel) -> u64 {
    let size = match value {
        Cel::String(text) => text.chars().count(),
        Cel::Bytes(bytes) => bytes.len(),
        Cel::List(list) => list.len(),
        Cel::Map(map) => map.map.len(),
        _ => 1,
    };
    size as u64
}

/// What it costs to look at all of a value, which is rounded down for each text in it.
fn traversal(value: &Cel) -> u64 {
    match value {
        Cel::String(text) => text.len() as u64 / 10,
        Cel::Bytes(bytes) => bytes.len() as u64 / 10,
        Cel::List(list) => list.iter().map(traversal).sum(),
        Cel::Map(map) => map.map.values().map(traversal).sum(),
        _ => 1,
    }
}

fn spending(cost: i64, value: IdedExpr) -> IdedExpr {
    if cost == 0 {
        return value;
    }
    part(Expr::Call(CallExpr {
        func_name: SPEND.to_owned(),
        target: None,
        args: vec![literal(LiteralValue::Int(cost.into())), value],
    }))
}

fn literal(literal: LiteralValue) -> IdedExpr {
    part(Expr::Literal(literal))
}

fn part(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;
    use crate::store::schema::cel::cel_type::CelType;
    use crate::store::schema::cel::{pair, parsing, value};

    #[rstest]
    #[case::a_comparison("self.n > 1", true, 3)]
    #[case::a_short_cut("self.n < 1 && self.n > 2", false, 3)]
    #[case::a_loop("self.l.all(x, x > 0)", true, 2 + 1 + 3 * (2 + 1 + 1 + 1))]
    #[case::a_loop_that_ends_early("self.l.all(x, x > 1)", false, 2 + 1 + 2 + 3 + 2)]
    #[case::a_text("self.t == 'abcdefghijklmnopqrst'", false, 2 + 2)]
    #[case::a_pattern("self.t.matches('^[a-z]+$')", true, 2 + 3 * 2)]
    #[case::presence("has(self.n) && !has(self.x)", true, 1 + 1 + 1)]
    #[case::a_list("[1, 2].size() == 2", true, 10 + 1 + 1)]
    #[case::two_variables("self.l.all(i, x, x > i)", true, 2 + 1 + 3 * (2 + 1 + 1 + 1 + 1))]
    #[case::a_map_made("self.l.transformMap(i, x, x).size() == 3", true, 1 + 1 + 1 + 2 + 30 + 3 * (1 + 2 + 1))]
    #[case::a_value_named("optional.of(1).optMap(x, x + x).hasValue()", true, 1 + 1 + 1 + 10 + 1 + 1 + 2 + 1 + 1)]
    #[case::a_value_not_named("optional.of(1).optMap(x, 1).hasValue()", true, 1 + 1 + 1 + 10 + 1)]
    #[case::a_choice("self.n == 3 ? self.l[0] == 1 : self.l[1] == 1", true, 3 + 4)]
    fn an_evaluation_costs(#[case] source: &str, #[case] expected: bool, #[case] cost: u64) {
        let variables = [("self".to_owned(), CelType::Dyn)];
        let (program, checked) = parsing::checked(source, &variables).unwrap();
        let object = json!({"n": 3, "l": [1, 2, 3], "t": "abcdefghijklmnopqrstuvwxyz"});
        let (made, spent) = FUNCTIONS.with(|functions| {
            let mut scope = functions.new_inner_scope();
            scope.add_variable_from_value("self", value::untyped(&object));
            let mut metered = metered(&program, &checked);
            pair::lower(&mut metered);
            measured(|| scope.resolve(&metered))
        });
        assert_eq!((made.unwrap(), spent), (Cel::Bool(expected), cost));
    }

    #[test]
    fn an_evaluation_ends_where_it_costs_too_much() {
        let list = vec!["1"; 100].join(",");
        let source = format!("[{list}].all(a, [{list}].all(b, [{list}].all(c, a == c)))");
        let (program, checked) = parsing::checked(&source, &[]).unwrap();
        let program = metered(&program, &checked);
        let (made, spent) = FUNCTIONS.with(|functions| measured(|| functions.resolve(&program)));
        assert!(made.is_err() && spent > CALL_MAX);
    }
}
