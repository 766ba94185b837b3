//! What an expression costs at most, told from how large the values that it looks at may be.
//!
//! Source: cel-go v0.26 `checker/cost.go` and `common/cost.go`.

mod call;
pub(super) mod range;

use std::collections::BTreeMap;

use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue, SelectExpr,
};

use self::call::Call;
use self::range::Range;
use super::cel_type::CelType;
use super::checker::{Checked, qualified};
use super::declaration::{Declaration, Step};

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

/// Where a value lies that an expression names: nowhere, or at what is declared, or at what is not.
#[derive(Clone, Copy, Debug, Default)]
enum Place<'a> {
    #[default]
    Nowhere,
    At(Option<&'a Declaration>),
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

/// A variable of a macro.
struct Local<'a> {
    name: String,
    place: Place<'a>,
    size: Option<Range>,
    entry: Option<Entry>,
}

struct Estimator<'a> {
    checked: &'a Checked,
    root: &'a Declaration,
    bytes_max: u64,
    /// By the numbers of expressions, as is what follows.
    places: BTreeMap<u64, Place<'a>>,
    sizes: BTreeMap<u64, Range>,
    entries: BTreeMap<u64, Entry>,
    locals: Vec<Local<'a>>,
}

impl<'a> Estimator<'a> {
    fn cost(&mut self, expression: &IdedExpr) -> Range {
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) | Expr::Struct(_) => NOTHING,
            Expr::Ident(name) => {
                let local = self.local(name).map(|local| local.place);
                let place = local.unwrap_or(Place::At(Some(self.root)));
                self.places.insert(expression.id, place);
                ONE
            }
            Expr::Select(select) => self.select(expression, select),
            Expr::Call(call) => self.call(expression, call),
            Expr::List(list) => {
                let costs = list.elements.iter().map(|element| self.cost(element));
                let cost = costs.fold(LIST, Range::plus);
                let value = self.union(list.elements.iter());
                let entry = Entry {
                    is_list: true,
                    key: ONE,
                    value,
                };
                self.entries.insert(expression.id, entry);
                cost
            }
            Expr::Map(map) => self.map(expression, &map.entries),
            Expr::Comprehension(all) => self.comprehension(expression, all),
        }
    }

    fn local(&self, name: &str) -> Option<&Local<'a>> {
        self.locals.iter().rev().find(|local| local.name == name)
    }

    fn select(&mut self, expression: &IdedExpr, select: &SelectExpr) -> Range {
        let cost = self.cost(&select.operand);
        if select.test {
            return cost;
        }
        let step = Step::Field(&select.field);
        let place = self.step(self.place(&select.operand), step);
        self.places.insert(expression.id, place);
        match self.checked.kind(&select.operand) {
            CelType::Map(..) | CelType::Object(_) | CelType::Param(_) => cost.plus(ONE),
            kind if kind.is_sealed() => cost.plus(ONE),
            _ => cost,
        }
    }

    /// The place in another; the first step is not told apart from the name of a variable, which is what real servers do.
    fn step(&self, place: Place<'a>, step: Step) -> Place<'a> {
        match place {
            Place::Nowhere => Place::At(Some(self.root)),
            Place::At(declared) => Place::At(declared.and_then(|declared| declared.at(step))),
        }
    }

    fn place(&self, expression: &IdedExpr) -> Place<'a> {
        let local = match &expression.expr {
            Expr::Ident(name) => self.local(name),
            _ => None,
        };
        match local {
            Some(local) => local.place,
            None => self.places.get(&expression.id).copied().unwrap_or_default(),
        }
    }

    /// The size that the declaration at a place tells.
    fn declared_size(&self, place: Place) -> Option<Range> {
        match place {
            Place::Nowhere => None,
            Place::At(declared) => {
                let max = declared?.size_max.min(self.bytes_max);
                Some(Range::new(0, max))
            }
        }
    }

    /// The size of a value, if there is something to tell it from.
    fn size(&mut self, expression: &IdedExpr) -> Option<Range> {
        if let Some(known) = self.sizes.get(&expression.id) {
            return Some(*known);
        }
        if let Some(size) = written_size(expression) {
            return Some(Range::fixed(size));
        }
        if let Some(size) = self.declared_size(self.place(expression)) {
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

    fn union<'e>(&mut self, parts: impl ExactSizeIterator<Item = &'e IdedExpr>) -> Range {
        if parts.len() == 0 {
            return NOTHING;
        }
        parts.fold(Range::NEVER, |size, part| {
            size.or(self.size_or_unknown(part))
        })
    }

    fn map(&mut self, expression: &IdedExpr, entries: &[IdedEntryExpr]) -> Range {
        let pairs = entries.iter().filter_map(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => Some((&entry.key, &entry.value)),
            EntryExpr::StructField(_) => None,
        });
        let (keys, values): (Vec<_>, Vec<_>) = pairs.unzip();
        let parts = keys.iter().chain(&values);
        let cost = parts.fold(MAP, |cost, part| cost.plus(self.cost(part)));
        let entry = Entry {
            is_list: false,
            key: self.union(keys.into_iter()),
            value: self.union(values.into_iter()),
        };
        self.entries.insert(expression.id, entry);
        cost
    }

    fn comprehension(&mut self, expression: &IdedExpr, all: &ComprehensionExpr) -> Range {
        let start = self.cost(&all.iter_range).plus(self.cost(&all.accu_init));
        let accumulated = Local {
            name: all.accu_var.clone(),
            place: self.place(&all.accu_init),
            size: self.size(&all.accu_init),
            entry: self.entry(&all.accu_init),
        };
        let n_outside = self.locals.len();
        self.locals.push(accumulated);
        let iterated = self.iterated(&all.iter_var, &all.iter_range);
        self.locals.push(iterated);
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

    fn iterated(&self, name: &str, range: &IdedExpr) -> Local<'a> {
        let entry = self.entry(range);
        let is_list = match entry {
            Some(entry) => entry.is_list,
            None => matches!(self.checked.kind(range), CelType::List(_)),
        };
        let (step, size) = match is_list {
            true => (Step::Element, entry.map(|entry| entry.value)),
            false => (Step::Key, entry.map(|entry| entry.key)),
        };
        Local {
            name: name.to_owned(),
            place: self.step(self.place(range), step),
            size,
            entry: None,
        }
    }

    fn call(&mut self, expression: &IdedExpr, call: &CallExpr) -> Range {
        if let ("dyn", [argument]) = (call.func_name.as_str(), call.args.as_slice()) {
            let cost = self.cost(argument).plus(ONE);
            if let Some(size) = self.size(argument) {
                self.sizes.insert(expression.id, size);
            }
            if let Some(entry) = self.entry(argument) {
                self.entries.insert(expression.id, entry);
            }
            return cost;
        }
        let costs: Vec<Range> = call.args.iter().map(|part| self.cost(part)).collect();
        let target = call.target.as_deref();
        let name = target.and_then(|target| qualified(target, &call.func_name));
        let target = target.filter(|_| name.is_none());
        let name = name.as_deref().unwrap_or(&call.func_name);
        let of_target = target.map_or(NOTHING, |target| self.cost(target));
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
                let place = self.step(self.place(range), Step::Element);
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
