//! Macros of two variables for the evaluator, which knows one: they go through a list of pairs.

use std::sync::Arc;

use kube_cel::cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue};
use kube_cel::cel::extractors::Arguments;
use kube_cel::cel::objects::{Key, Map};
use kube_cel::cel::{Context, ExecutionError, IdedExpr, Value as Cel};

use super::expansion::INSERT;
use super::parsing::parts_of;

/// The function that makes pairs of what is in a list or a map; no expression can name it.
pub(super) const PAIRS: &str = "@pairs";

/// Makes the functions known that such macros need.
pub(super) fn add_to(context: &mut Context<'_>) {
    context.add_function(PAIRS, |range: Cel| pairs(&range));
    context.add_function(INSERT, |Arguments(given): Arguments| inserted(&given));
}

/// Indices or keys with what is there; the entries of a map in the order of their keys, though real servers have none.
fn pairs(range: &Cel) -> Result<Cel, ExecutionError> {
    let pair = |key: Cel, value: &Cel| Cel::List(Arc::new(vec![key, value.clone()]));
    let pairs = match range {
        Cel::List(list) => {
            let indices = (0..).map(Cel::Int);
            indices
                .zip(list.iter())
                .map(|(i, it)| pair(i, it))
                .collect()
        }
        Cel::Map(map) => {
            let mut entries: Vec<_> = map.map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries.into_iter();
            entries
                .map(|(key, value)| pair(key.into(), value))
                .collect()
        }
        other => {
            let message = format!("unsupported comprehension range type: {}", go_type(other));
            return Err(ExecutionError::function_error(PAIRS, message));
        }
    };
    Ok(Cel::List(Arc::new(pairs)))
}

/// What Go calls the type of a value.
fn go_type(value: &Cel) -> &'static str {
    match value {
        Cel::List(_) => "traits.Lister",
        Cel::Map(_) => "traits.Mapper",
        Cel::Int(_) => "types.Int",
        Cel::UInt(_) => "types.Uint",
        Cel::Float(_) => "types.Double",
        Cel::String(_) => "types.String",
        Cel::Bytes(_) => "types.Bytes",
        Cel::Bool(_) => "types.Bool",
        Cel::Duration(_) => "types.Duration",
        Cel::Timestamp(_) => "types.Timestamp",
        Cel::Null => "types.Null",
        Cel::Function(..) | Cel::Opaque(_) => "*types.Optional",
    }
}

/// A map with a key and its value, or with all of another map.
///
/// Source: cel-go v0.26 `common/types/map.go`, `InsertMapKeyValue`.
fn inserted(given: &[Cel]) -> Result<Cel, ExecutionError> {
    let added: Vec<(Key, &Cel)> = match given {
        [Cel::Map(_), Cel::Map(added)] => {
            let mut added: Vec<_> = added.map.iter().collect();
            added.sort_by_key(|(key, _)| *key);
            let added = added.into_iter();
            added.map(|(key, value)| (key.clone(), value)).collect()
        }
        [Cel::Map(_), key, value] => {
            let refused = |_| ExecutionError::NoSuchOverload;
            vec![(key.clone().try_into().map_err(refused)?, value)]
        }
        _ => Vec::new(),
    };
    let Some(Cel::Map(map)) = given.first() else {
        return Err(ExecutionError::NoSuchOverload);
    };
    let mut map = (*map.map).clone();
    for (key, value) in added {
        let is_there = map.contains_key(&key) || twin(&key).is_some_and(|it| map.contains_key(&it));
        if is_there {
            let message = format!("insert failed: key {} already exists", shown(&key));
            return Err(ExecutionError::function_error(INSERT, message));
        }
        map.insert(key, value.clone());
    }
    Ok(Cel::Map(Map { map: Arc::new(map) }))
}

/// The key of another type that equals this one.
fn twin(key: &Key) -> Option<Key> {
    match key {
        Key::Int(number) => u64::try_from(*number).ok().map(Key::Uint),
        Key::Uint(number) => i64::try_from(*number).ok().map(Key::Int),
        Key::Bool(_) | Key::String(_) => None,
    }
}

fn shown(key: &Key) -> String {
    match key {
        Key::Int(number) => number.to_string(),
        Key::Uint(number) => number.to_string(),
        Key::Bool(flag) => flag.to_string(),
        Key::String(text) => text.to_string(),
    }
}

/// Says macros of two variables as such of one, which stands for a pair.
pub(super) fn lower(program: &mut IdedExpr) {
    Scope::default().visit(program);
}

/// What names stand for at one place: a pair and which of the two it is, or what they did before.
#[derive(Default)]
struct Scope {
    names: Vec<(String, Option<(String, i64)>)>,
    n_pairs: usize,
}

impl Scope {
    fn visit(&mut self, expression: &mut IdedExpr) {
        match &mut expression.expr {
            Expr::Ident(name) => {
                let known = self.names.iter().rfind(|(known, _)| known == name);
                if let Some((_, Some((pair, index)))) = known {
                    expression.expr = element(pair, *index);
                }
            }
            Expr::Comprehension(all) => self.comprehension(all),
            _ => {
                let parts = parts_of(expression).into_iter();
                parts.for_each(|part| self.visit(part));
            }
        }
    }

    fn comprehension(&mut self, all: &mut ComprehensionExpr) {
        self.visit(&mut all.iter_range);
        self.visit(&mut all.accu_init);
        let n_outside = self.names.len();
        self.names.push((all.accu_var.clone(), None));
        let first = all.iter_var.clone();
        match all.iter_var2.take() {
            None => self.names.push((first, None)),
            Some(second) => {
                let pair = format!("@pair{}", self.n_pairs);
                self.n_pairs += 1;
                self.names.push((first, Some((pair.clone(), 0))));
                self.names.push((second, Some((pair.clone(), 1))));
                let range = std::mem::take(&mut all.iter_range);
                all.iter_range = part(call(PAIRS, vec![range]));
                all.iter_var = pair;
            }
        }
        self.visit(&mut all.loop_cond);
        self.visit(&mut all.loop_step);
        self.names.truncate(n_outside + 1);
        self.visit(&mut all.result);
        self.names.truncate(n_outside);
    }
}

fn element(pair: &str, index: i64) -> Expr {
    let pair = part(Expr::Ident(pair.to_owned()));
    let index = part(Expr::Literal(LiteralValue::Int(index.into())));
    call("_[_]", vec![pair, index])
}

fn call(function: &str, args: Vec<IdedExpr>) -> Expr {
    Expr::Call(CallExpr {
        func_name: function.to_owned(),
        target: None,
        args,
    })
}

fn part(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}
