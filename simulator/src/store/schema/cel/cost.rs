//! What an expression costs at most, told from how large the values that it looks at may be.
//!
//! Source: cel-go v0.26 `checker/cost.go` and `common/cost.go`.

mod call;
mod place;
pub(super) mod range;

use std::collections::BTreeMap;

use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue, SelectExpr,
};

use self::call::Call;
use self::place::Place;
use self::range::Range;
use super::cel_type::CelType;
use super::checker::{Checked, qualified};
use super::declaration::{Declaration, Step};
use super::expansion::is_bound;

const LIST: Range = Range::fixed(10);
const MAP: Range = Range::fixed(30);
const NOTHING: Range = Range::fixed(0);
const ONE: Range = Range::fixed(1);

/// The cost of an expression about values of which `root` tells how large they may be, and which have no more bytes than that
/// as JSON.
pub(super) fn estimate(
    expression: &IdedExpr,
    checked: &Checked,
    root: &Declaration,
    bytes_max: u64,
) -> Range {
    let mut estimator = Estimator {
        checked,
        root,
        bytes_max,
        places: BTreeMap::new(),
        sizes: BTreeMap::new(),
        entries: BTreeMap::new(),
        locals: Vec::new(),
    };
    estimator.cost(expression)
}

/// The sizes of what is in a list or a map.
#[derive(Clone, Copy, Debug)]
struct Entry {
    is_list: bool,
    key: Range,
    value: Range,
}

impl Entry {
    fn or(self, other: Self) -> Self {
        Self {
            is_list: self.is_list,
            key: self.key.or(other.key),
            value: self.value.or(other.value),
        }
    }
}

/// The sizes of parts that may take each other's place.
#[derive(Default)]
struct Sizes(Option<Range>);

impl Sizes {
    fn add(&mut self, size: Range) {
        self.0 = Some(self.0.map_or(size, |known| known.or(size)));
    }

    fn union(self) -> Range {
        self.0.unwrap_or(NOTHING)
    }
}

/// A variable of a macro.
struct Local {
    name: String,
    place: Place,
    size: Option<Range>,
    entry: Option<Entry>,
}

struct Estimator<'a> {
    checked: &'a Checked,
    root: &'a Declaration,
    bytes_max: u64,
    /// By the numbers of expressions, as is what follows.
    places: BTreeMap<u64, Place>,
    sizes: BTreeMap<u64, Range>,
    entries: BTreeMap<u64, Entry>,
    locals: Vec<Local>,
}

impl<'a> Estimator<'a> {
    fn cost(&mut self, expression: &IdedExpr) -> Range {
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) | Expr::Struct(_) => NOTHING,
            Expr::Ident(name) => {
                let local = self.local(name).map(|local| local.place.clone());
                let place = local.unwrap_or_else(Place::variable);
                self.places.insert(expression.id, place);
                ONE
            }
            Expr::Select(select) => self.select(expression, select),
            Expr::Call(call) => self.call(expression, call),
            Expr::List(list) => {
                let mut value = Sizes::default();
                let cost = list.elements.iter().fold(LIST, |cost, element| {
                    let cost = cost.plus(self.cost(element));
                    value.add(self.size_or_unknown(element));
                    cost
                });
                let entry = Entry {
                    is_list: true,
                    key: ONE,
                    value: value.union(),
                };
                self.entries.insert(expression.id, entry);
                cost
            }
            Expr::Map(map) => self.map(expression, &map.entries),
            Expr::Comprehension(all) => self.comprehension(expression, all),
        }
    }

    fn local(&self, name: &str) -> Option<&Local> {
        self.locals.iter().rev().find(|local| local.name == name)
    }

    fn select(&mut self, expression: &IdedExpr, select: &SelectExpr) -> Range {
        let cost = self.cost(&select.operand);
        if select.test {
            return cost;
        }
        let place = self.place(&select.operand);
        let place = place.step(Step::Field(select.field.clone()));
        self.places.insert(expression.id, place);
        match self.checked.kind(&select.operand) {
            CelType::Map(..) | CelType::Object(_) | CelType::Param(_) => cost.plus(ONE),
            kind if kind.is_sealed() => cost.plus(ONE),
            _ => cost,
        }
    }

    fn place(&self, expression: &IdedExpr) -> Place {
        let local = match &expression.expr {
            Expr::Ident(name) => self.local(name),
            _ => None,
        };
        match local {
            Some(local) => local.place.clone(),
            None => self.places.get(&expression.id).cloned().unwrap_or_default(),
        }
    }

    /// The size that the declaration at a place tells.
    fn declared_size(&self, place: &Place) -> Option<Range> {
        Some(self.size_of(place.declaration(self.root)??))
    }

    fn size_of(&self, declared: &Declaration) -> Range {
        Range::new(0, declared.size_max.min(self.bytes_max))
    }

    /// The size of a value, if there is something to tell it from.
    fn size(&mut self, expression: &IdedExpr) -> Option<Range> {
        if let Some(known) = self.sizes.get(&expression.id) {
            return Some(*known);
        }
        if let Some(size) = written_size(expression) {
            return Some(Range::fixed(size));
        }
        if let Some(size) = self.declared_size(&self.place(expression)) {
            self.sizes.insert(expression.id, size);
            return Some(size);
        }
        if self.checked.kind(expression).is_scalar() {
            return Some(ONE);
        }
        match &expression.expr {
            Expr::Ident(name) => self.local(name)?.size,
            _ => None,
        }
    }

    fn size_or_unknown(&mut self, expression: &IdedExpr) -> Range {
        self.size(expression).unwrap_or(Range::UNKNOWN)
    }

    fn entry(&self, expression: &IdedExpr) -> Option<Entry> {
        let known = self.entries.get(&expression.id).copied();
        known.or_else(|| match &expression.expr {
            Expr::Ident(name) => self.local(name)?.entry,
            _ => None,
        })
    }

    fn map(&mut self, expression: &IdedExpr, entries: &[IdedEntryExpr]) -> Range {
        let pairs = entries.iter().filter_map(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => Some((&entry.key, &entry.value)),
            EntryExpr::StructField(_) => None,
        });
        let (mut keys, mut values) = (Sizes::default(), Sizes::default());
        let cost = pairs.fold(MAP, |cost, (key, value)| {
            let cost = cost.plus(self.cost(key)).plus(self.cost(value));
            keys.add(self.size_or_unknown(key));
            values.add(self.size_or_unknown(value));
            cost
        });
        let entry = Entry {
            is_list: false,
            key: keys.union(),
            value: values.union(),
        };
        self.entries.insert(expression.id, entry);
        cost
    }

    fn comprehension(&mut self, expression: &IdedExpr, all: &ComprehensionExpr) -> Range {
        if is_bound(all) {
            return self.bound(expression, all);
        }
        let start = self.cost(&all.iter_range).plus(self.cost(&all.accu_init));
        let accumulated = self.named(&all.accu_var, &all.accu_init);
        let n_outside = self.locals.len();
        self.locals.push(accumulated);
        self.iterate(all);
        let round = self.cost(&all.loop_cond).plus(self.cost(&all.loop_step));
        self.locals.truncate(n_outside + 1);
        let result = self.cost(&all.result);
        self.locals.truncate(n_outside);
        let n_rounds = self.size_or_unknown(&all.iter_range);
        match &all.accu_init.expr {
            Expr::Literal(_) => {
                if let Some(size) = self.size(&all.accu_init) {
                    self.sizes.insert(expression.id, size);
                }
            }
            Expr::List(_) | Expr::Map(_) => {
                self.sizes.insert(expression.id, n_rounds);
                if let Some(entry) = self.entry(&all.loop_step) {
                    self.entries.insert(expression.id, entry);
                }
            }
            _ => {}
        }
        start.plus(result).plus(n_rounds.times(round))
    }

    /// The cost of a macro that goes through nothing, but names a value.
    fn bound(&mut self, expression: &IdedExpr, all: &ComprehensionExpr) -> Range {
        let start = self.cost(&all.iter_range).plus(self.cost(&all.accu_init));
        let named = self.named(&all.accu_var, &all.accu_init);
        self.locals.push(named);
        let result = self.cost(&all.result);
        self.locals.pop();
        self.copy_sizes(expression, &all.result);
        start.plus(result)
    }

    fn named(&mut self, name: &str, value: &IdedExpr) -> Local {
        Local {
            name: name.to_owned(),
            place: self.place(value),
            size: self.size(value),
            entry: self.entry(value),
        }
    }

    /// Lets the variables of a macro stand for what is in its range.
    fn iterate(&mut self, all: &ComprehensionExpr) {
        let range = &all.iter_range;
        let entry = self.entry(range);
        let is_list = match entry {
            Some(entry) => entry.is_list,
            None => matches!(self.checked.kind(range), CelType::List(_)),
        };
        let key = (
            if is_list { Step::Index } else { Step::Key },
            entry.map(|entry| entry.key),
        );
        let value = (Step::Element, entry.map(|entry| entry.value));
        let variables = match &all.iter_var2 {
            Some(second) => vec![(&all.iter_var, key), (second, value)],
            None if is_list => vec![(&all.iter_var, value)],
            None => vec![(&all.iter_var, key)],
        };
        for (name, (step, size)) in variables {
            self.locals.push(Local {
                name: name.clone(),
                place: self.place(range).step(step),
                size,
                entry: None,
            });
        }
    }

    /// Takes what is known of one part for another.
    fn copy_sizes(&mut self, to: &IdedExpr, from: &IdedExpr) {
        if let Some(size) = self.size(from) {
            self.sizes.insert(to.id, size);
        }
        if let Some(entry) = self.entry(from) {
            self.entries.insert(to.id, entry);
        }
    }

    /// The cost of a part whose size counts as it is told now, since steps to its place may be lost later.
    fn sized(&mut self, part: &IdedExpr) -> Range {
        let cost = self.cost(part);
        self.size(part);
        cost
    }

    fn call(&mut self, expression: &IdedExpr, call: &CallExpr) -> Range {
        if let ("dyn", [argument]) = (call.func_name.as_str(), call.args.as_slice()) {
            let cost = self.cost(argument).plus(ONE);
            self.copy_sizes(expression, argument);
            return cost;
        }
        let costs: Vec<Range> = call.args.iter().map(|part| self.sized(part)).collect();
        let target = call.target.as_deref();
        let name = target.and_then(|target| qualified(target, &call.func_name));
        let target = target.filter(|_| name.is_none());
        let name = name.as_deref().unwrap_or(&call.func_name);
        let of_target = target.map_or(NOTHING, |target| self.sized(target));
        let checked = self.checked;
        let forms = checked.forms(expression);
        if name == "_?._" {
            return costs.into_iter().fold(ONE, Range::plus);
        }
        let (mut cost, mut size) = (Range::NEVER, None);
        for form in forms {
            let of_form = Call {
                name,
                form,
                expression,
                target,
                arguments: &call.args,
                costs: &costs,
            };
            let (of_form, made) = of_form.cost(self);
            cost = cost.or(of_form);
            size = match (size, made) {
                (Some(size), Some(made)) => Some(Range::or(size, made)),
                (size, made) => size.or(made),
            };
            if let ("_[_]", [range, _]) = (name, call.args.as_slice())
                && matches!(form.takes[0], CelType::List(_) | CelType::Map(..))
            {
                size = self.entry(range).map(|entry| entry.value);
                let place = self.place(range).step(Step::Element);
                self.places.insert(expression.id, place);
            }
            if size.is_none() {
                size = self.size(expression);
            }
        }
        if let Some(size) = size {
            self.sizes.insert(expression.id, size);
        }
        match forms {
            [] => NOTHING,
            _ => of_target.plus(cost),
        }
    }
}

/// The size of what an expression spells out.
fn written_size(expression: &IdedExpr) -> Option<u64> {
    let size = match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => text.inner().chars().count(),
        Expr::Literal(LiteralValue::Bytes(bytes)) => bytes.inner().len(),
        Expr::Literal(_) => 1,
        Expr::List(list) => list.elements.len(),
        Expr::Map(map) => map.entries.len(),
        _ => return None,
    };
    Some(size as u64)
}
