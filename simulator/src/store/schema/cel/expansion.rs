//! The macros that the parser leaves as calls: those of optional values, and those of two variables.
//!
//! Source: cel-go v0.26 `cel/library.go`, `ext/comprehensions.go` and `parser/helper.go`.

use std::collections::BTreeMap;

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, Expr, ListExpr, LiteralValue, MapExpr,
};

use super::fault::Fault;
use super::parsing::parts_of;

/// The function that adds an entry to a map, or those of another map; no expression can name it.
pub(super) const INSERT: &str = "cel.@mapInsert";

/// What the value is called that a macro makes.
const RESULT: &str = "@result";

/// What it was called once; no variable may be called so.
const OLD_RESULT: &str = "__result__";

/// What the variable is called of a macro that goes through nothing.
const UNUSED: &str = "#unused";

/// How many parts of an expression may be copies. Real servers have no such bound; each `optMap` behind another doubles
/// what they hold in memory.
const N_COPIES_MAX: usize = 50_000;

/// Where parts stand that are not in the text: with those that they come from, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Origins(BTreeMap<u64, u64>);

impl Origins {
    /// The part of the text that a part stands for.
    pub(super) fn of(&self, id: u64) -> u64 {
        self.0.get(&id).copied().unwrap_or(id)
    }
}

/// Whether a macro goes through nothing, but names a value.
pub(super) fn is_bound(all: &ComprehensionExpr) -> bool {
    let is_false = |part: &IdedExpr| match &part.expr {
        Expr::Literal(LiteralValue::Boolean(flag)) => !flag.inner(),
        _ => false,
    };
    let is_empty = matches!(&all.iter_range.expr, Expr::List(list) if list.elements.is_empty());
    is_empty && is_false(&all.loop_cond) && all.accu_var != OLD_RESULT
}

/// Says the macros in `program` in terms of what is known without them.
///
/// # Errors
/// Their variables are none, or they make too much of it.
pub(super) fn expand(program: &mut IdedExpr) -> Result<Origins, Vec<Fault>> {
    let mut expansion = Expansion {
        next_id: id_max(program) + 1,
        call_id: 0,
        n_copies: 0,
        origins: Origins::default(),
        faults: Vec::new(),
    };
    expansion.visit(program);
    match expansion.faults.is_empty() {
        true => Ok(expansion.origins),
        false => Err(expansion.faults),
    }
}

fn id_max(expression: &mut IdedExpr) -> u64 {
    let own = expression.id;
    let parts = parts_of(expression).into_iter();
    parts.map(id_max).fold(own, u64::max)
}

fn n_parts(expression: &mut IdedExpr) -> usize {
    let parts = parts_of(expression).into_iter();
    1 + parts.map(n_parts).sum::<usize>()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Macro {
    OptMap,
    OptFlatMap,
    All,
    Exists,
    ExistsOne,
    TransformList,
    TransformMap,
    TransformMapEntry,
}

impl Macro {
    /// The macro that a call is, if it is one.
    fn of(expression: &Expr) -> Option<Self> {
        let Expr::Call(call) = expression else {
            return None;
        };
        call.target.as_ref()?;
        match (call.func_name.as_str(), call.args.len()) {
            ("optMap", 2) => Some(Self::OptMap),
            ("optFlatMap", 2) => Some(Self::OptFlatMap),
            ("all", 3) => Some(Self::All),
            ("exists", 3) => Some(Self::Exists),
            ("existsOne" | "exists_one", 3) => Some(Self::ExistsOne),
            ("transformList", 3 | 4) => Some(Self::TransformList),
            ("transformMap", 3 | 4) => Some(Self::TransformMap),
            ("transformMapEntry", 3 | 4) => Some(Self::TransformMapEntry),
            _ => None,
        }
    }
}

struct Expansion {
    next_id: u64,
    /// The call that is being expanded.
    call_id: u64,
    n_copies: usize,
    origins: Origins,
    faults: Vec<Fault>,
}

impl Expansion {
    /// What is inside comes first, as it does for the parser of real servers.
    fn visit(&mut self, expression: &mut IdedExpr) {
        let parts = parts_of(expression).into_iter();
        parts.for_each(|part| self.visit(part));
        let Some(found) = Macro::of(&expression.expr) else {
            return;
        };
        let Expr::Call(call) = std::mem::take(&mut expression.expr) else {
            return;
        };
        self.call_id = expression.id;
        let target = call.target.map(|target| *target).unwrap_or_default();
        match self.expanded(found, target, call.args) {
            Ok(expr) => expression.expr = expr,
            Err(fault) => self.faults.push(fault),
        }
    }

    fn expanded(
        &mut self,
        found: Macro,
        target: IdedExpr,
        mut args: Vec<IdedExpr>,
    ) -> Result<Expr, Fault> {
        let made = args.pop().unwrap_or_default();
        if let Macro::OptMap | Macro::OptFlatMap = found {
            return self.optional(found, target, &args[0], made);
        }
        let (first, second) = names(&args[0], &args[1])?;
        let filter = args.into_iter().nth(2);
        let is_quantifier = matches!(found, Macro::All | Macro::Exists | Macro::ExistsOne);
        let (accu_init, loop_cond, loop_step, result) = match is_quantifier {
            true => self.quantifier(found, made),
            false => self.transformation(found, &first, filter, made),
        };
        Ok(Expr::Comprehension(Box::new(ComprehensionExpr {
            iter_range: target,
            iter_var: first,
            iter_var2: Some(second),
            accu_var: RESULT.to_owned(),
            accu_init,
            loop_cond,
            loop_step,
            result,
        })))
    }

    /// `target.hasValue() ? optional.of(made) : optional.none()`, where `made` may name the value of the target; without
    /// `optional.of` where it is optional itself.
    fn optional(
        &mut self,
        found: Macro,
        target: IdedExpr,
        variable: &IdedExpr,
        made: IdedExpr,
    ) -> Result<Expr, Fault> {
        let Expr::Ident(name) = &variable.expr else {
            let called = match found {
                Macro::OptFlatMap => "optFlatMap",
                _ => "optMap",
            };
            return Err(Fault {
                id: variable.id,
                message: format!("{called}() variable name must be a simple identifier"),
            });
        };
        let copy = self.copy(&target)?;
        let bound = ComprehensionExpr {
            iter_range: self.node(Expr::List(ListExpr::default())),
            iter_var: UNUSED.to_owned(),
            iter_var2: None,
            accu_var: name.clone(),
            accu_init: self.member(copy, "value"),
            loop_cond: self.flag(false),
            loop_step: self.node(Expr::Ident(name.clone())),
            result: made,
        };
        let mut bound = self.node(Expr::Comprehension(Box::new(bound)));
        if found == Macro::OptMap {
            bound = self.call("optional.of", vec![bound]);
        }
        let is_there = self.member(target, "hasValue");
        let none = self.call("optional.none", Vec::new());
        Ok(self.call("_?_:_", vec![is_there, bound, none]).expr)
    }

    /// What the result begins with, while what it goes on, each step, and what comes out.
    fn quantifier(
        &mut self,
        found: Macro,
        holds: IdedExpr,
    ) -> (IdedExpr, IdedExpr, IdedExpr, IdedExpr) {
        let before = self.result();
        match found {
            Macro::Exists => {
                let is_open = self.call("!_", vec![before]);
                let goes_on = self.call("@not_strictly_false", vec![is_open]);
                let before = self.result();
                let step = self.call("_||_", vec![before, holds]);
                (self.flag(false), goes_on, step, self.result())
            }
            Macro::ExistsOne => {
                let one = self.number(1);
                let more = self.call("_+_", vec![before, one]);
                let before = self.result();
                let step = self.call("_?_:_", vec![holds, more, before]);
                let (n_found, one) = (self.result(), self.number(1));
                let is_one = self.call("_==_", vec![n_found, one]);
                (self.number(0), self.flag(true), step, is_one)
            }
            _ => {
                let goes_on = self.call("@not_strictly_false", vec![before]);
                let before = self.result();
                let step = self.call("_&&_", vec![before, holds]);
                (self.flag(true), goes_on, step, self.result())
            }
        }
    }

    /// The same for macros that make a list or a map.
    fn transformation(
        &mut self,
        found: Macro,
        key: &str,
        filter: Option<IdedExpr>,
        made: IdedExpr,
    ) -> (IdedExpr, IdedExpr, IdedExpr, IdedExpr) {
        let before = self.result();
        let (nothing, mut step) = match found {
            Macro::TransformList => {
                let one = self.node(Expr::List(ListExpr::new(vec![made])));
                let step = self.call("_+_", vec![before, one]);
                (Expr::List(ListExpr::default()), step)
            }
            Macro::TransformMap => {
                let key = self.node(Expr::Ident(key.to_owned()));
                let step = self.call(INSERT, vec![before, key, made]);
                (Expr::Map(MapExpr::default()), step)
            }
            _ => {
                let step = self.call(INSERT, vec![before, made]);
                (Expr::Map(MapExpr::default()), step)
            }
        };
        if let Some(filter) = filter {
            let before = self.result();
            step = self.call("_?_:_", vec![filter, step, before]);
        }
        (self.node(nothing), self.flag(true), step, self.result())
    }

    fn new_id(&mut self, origin: u64) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.origins.0.insert(id, self.origins.of(origin));
        id
    }

    fn node(&mut self, expr: Expr) -> IdedExpr {
        let id = self.new_id(self.call_id);
        IdedExpr { id, expr }
    }

    fn result(&mut self) -> IdedExpr {
        self.node(Expr::Ident(RESULT.to_owned()))
    }

    fn flag(&mut self, flag: bool) -> IdedExpr {
        self.node(Expr::Literal(LiteralValue::Boolean(flag.into())))
    }

    fn number(&mut self, number: i64) -> IdedExpr {
        self.node(Expr::Literal(LiteralValue::Int(number.into())))
    }

    fn call(&mut self, function: &str, args: Vec<IdedExpr>) -> IdedExpr {
        self.node(Expr::Call(CallExpr {
            func_name: function.to_owned(),
            target: None,
            args,
        }))
    }

    fn member(&mut self, target: IdedExpr, function: &str) -> IdedExpr {
        self.node(Expr::Call(CallExpr {
            func_name: function.to_owned(),
            target: Some(Box::new(target)),
            args: Vec::new(),
        }))
    }

    /// The same once more, with numbers of its own.
    fn copy(&mut self, expression: &IdedExpr) -> Result<IdedExpr, Fault> {
        let mut copy = expression.clone();
        self.n_copies += n_parts(&mut copy);
        if self.n_copies > N_COPIES_MAX {
            return Err(Fault::unsupported("so many optMap behind each other"));
        }
        self.renumber(&mut copy);
        Ok(copy)
    }

    fn renumber(&mut self, expression: &mut IdedExpr) {
        expression.id = self.new_id(expression.id);
        let parts = parts_of(expression).into_iter();
        parts.for_each(|part| self.renumber(part));
    }
}

/// The names of both variables.
fn names(first: &IdedExpr, second: &IdedExpr) -> Result<(String, String), Fault> {
    let fault = |at: &IdedExpr, message: String| Fault { id: at.id, message };
    let name = |at: &IdedExpr| match &at.expr {
        Expr::Ident(name) => Ok(name.clone()),
        _ => Err(fault(at, "argument must be a simple name".to_owned())),
    };
    let names = (name(first)?, name(second)?);
    if names.0 == names.1 {
        let message = format!("duplicate variable name: {}", names.0);
        return Err(fault(second, message));
    }
    for (at, name) in [(first, &names.0), (second, &names.1)] {
        if name == OLD_RESULT {
            let message = "iteration variable overwrites accumulator variable";
            return Err(fault(at, message.to_owned()));
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::json::json;
    use crate::store::schema::cel::FUNCTIONS;
    use crate::store::schema::cel::declaration::Declaration;
    use crate::store::schema::cel::part::Part;
    use crate::store::schema::cel::refusal::Refusal;
    use crate::store::schema::cel::stack::with_room;
    use crate::store::schema::parse::parse;

    fn compiled(source: &str) -> Result<Part, Refusal> {
        let node = parse(&json!({"type": "object"}), "").unwrap();
        let declaration = Declaration::of(&node, "selfType").unwrap();
        Part::compile(source, &[], &declaration)
    }

    #[rstest]
    #[case::in_each_other("optional.of(1).optMap(v, ", "v", ")", 80)]
    #[case::pairs_in_each_other("[1].all(i, v, ", "true", ")", 120)]
    #[case::behind_each_other("", "optional.of(1)", ".optMap(v, v)", 9)]
    fn a_deep_expression_is_evaluated(
        #[case] head: &str,
        #[case] inner: &str,
        #[case] tail: &str,
        #[case] depth: usize,
    ) {
        let source = format!("{}{inner}{}", head.repeat(depth), tail.repeat(depth));
        let part = compiled(&source).unwrap();
        let resolve = || FUNCTIONS.with(|functions| functions.resolve(&part.metered).is_ok());
        assert!(with_room(2 * part.depth, resolve));
    }

    #[test]
    fn what_would_be_copied_without_end_is_refused() {
        let source = format!("optional.of(1){}", ".optMap(v, v)".repeat(60));
        let why = compiled(&source).map(drop).unwrap_err().to_string();
        assert!(why.contains("does not support so many optMap"));
    }
}
