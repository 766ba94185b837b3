//! `x-kubernetes-validations`: rules in the Common Expression Language.
//!
//! Source: `spec/kube-api.md` §1.19; apiextensions-apiserver v0.34.3, pkg/apiserver/schema/cel/validation.go.

pub(in crate::store) mod expression;

mod authorizer;
mod budget;
mod cel_type;
mod checker;
mod constant;
mod conversion;
mod cost;
mod declaration;
mod dialect;
mod expansion;
mod extent;
mod fault;
mod format_check;
mod formatting;
mod function_table;
mod instant;
mod kind_of;
mod library;
mod literal;
mod meter;
mod named_format;
mod pair;
mod parsing;
mod part;
mod refusal;
mod rule;
mod scope;
mod sign;
mod signature;
mod stack;
mod substitution;
mod token;
mod value;
mod words;

use std::collections::BTreeMap;

use kube_cel::KubeCelExt;
use kube_cel::cel::Context;

use super::before::Before;
use super::cause;
use super::node::{ListType, Node};
use super::path::{MAX_DEPTH, Path};
use super::validate::Old;
use crate::json::Value;
use crate::store::status::Cause;
use budget::{Budget, Count};
use declaration::Declaration;
use rule::{Failure, Rule, Subject};
use scope::Reach;

/// The compiled rules of a schema; parts without rules are left out.
#[derive(Debug, Default)]
pub struct Rules {
    root: Option<Branch>,
}

/// The rules at one node and below.
#[derive(Debug, Default)]
struct Branch {
    own: Vec<Rule>,
    /// What they look at; the rest of the value need not be made known to them.
    reach: Reach,
    properties: BTreeMap<String, Branch>,
    items: Option<Box<Branch>>,
    additional: Option<Box<Branch>>,
    all_of: Vec<Branch>,
}

impl Rules {
    /// Compiles every rule of `node` and below; causes name fields below `path`. Of rules that are `old`, each may cost what
    /// it likes, since a server accepted them before.
    ///
    /// # Errors
    /// Rules that do not parse, name what is not declared, give functions what they do not take, use `oldSelf` where no old
    /// value can be told, or cost too much.
    pub fn compile(node: &Node, path: &str, are_old: bool) -> Result<Self, Vec<Cause>> {
        let mut compiler = Compiler {
            causes: Vec::new(),
            budget: Budget::new(are_old),
        };
        let place = Place {
            path: &Path::ROOT.field(path),
            uncorrelatable: None,
            count: Count::Within(1),
            depth: 0,
        };
        let root = compiler.branch(node, node, &place);
        let mut causes = compiler.causes;
        causes.extend(compiler.budget.close(path));
        if causes.is_empty() {
            Ok(Self { root })
        } else {
            Err(causes)
        }
    }

    /// Whether there are no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Evaluates the rules on `new`, an object of the schema `node` that these rules were compiled from. Rules about
    /// changes apply where an old value can be told; a rule about an unchanged part passes.
    #[must_use]
    pub fn check(&self, node: &Node, new: &Value, before: Option<Before>) -> Vec<Cause> {
        let Some(root) = &self.root else {
            return Vec::new();
        };
        let old = before.map(|before| Old::whole(before, node));
        let ratchet = Ratchet {
            current: old,
            nearest: None,
        };
        let spot = Spot {
            node,
            value: new,
            old,
            ratchet,
        };
        let skips_shared = before.is_some_and(|before| before.fits);
        let quick = Run::of(root, spot, (skips_shared, false));
        match quick.state {
            // It may cost too much, which only counting tells.
            State::Unsure => Run::of(root, spot, (skips_shared, true)).causes,
            State::Going | State::Stopped => quick.causes,
        }
    }
}

thread_local! {
    /// Building the function table costs more than most rules do.
    static FUNCTIONS: Context<'static> = {
        let mut context = Context::default().with_all();
        kind_of::add_to(&mut context);
        conversion::add_to(&mut context);
        formatting::add_to(&mut context);
        instant::add_to(&mut context);
        library::add_to(&mut context);
        named_format::add_to(&mut context);
        dialect::add_to(&mut context);
        meter::add_to(&mut context);
        pair::add_to(&mut context);
        authorizer::add_to(&mut context);
        context
    };
}

struct Compiler {
    causes: Vec<Cause>,
    budget: Budget,
}

/// Where a schema stands in its definition.
#[derive(Clone)]
struct Place<'a> {
    path: &'a Path<'a>,
    /// The list around this schema whose elements cannot be told apart, if there is one.
    uncorrelatable: Option<String>,
    /// How many values of it there may be.
    count: Count,
    depth: usize,
}

impl Place<'_> {
    fn below<'b>(&self, path: &'b Path<'b>) -> Place<'b> {
        Place {
            path,
            uncorrelatable: self.uncorrelatable.clone(),
            count: self.count,
            depth: self.depth + 1,
        }
    }

    /// The same for what may be there so many times.
    fn each<'b>(&self, path: &'b Path<'b>, n_max: Option<u64>) -> Place<'b> {
        Place {
            count: self.count.each(n_max),
            ..self.below(path)
        }
    }
}

impl Compiler {
    /// The rules of `checks`, which is `node` itself or one of its `allOf`; types are those of `node`.
    fn branch(&mut self, checks: &Node, node: &Node, place: &Place) -> Option<Branch> {
        if place.depth > MAX_DEPTH || !checks.has_rules() {
            return None;
        }
        let mut branch = Branch::default();
        self.own(checks, node, place, &mut branch);
        let fields = place.path.field("properties");
        for (name, property) in &checks.properties {
            let Some(typed) = node.properties.get(name) else {
                continue;
            };
            let path = fields.key(name);
            if let Some(below) = self.branch(property, typed, &place.below(&path)) {
                branch.properties.insert(name.to_string(), below);
            }
        }
        if let (Some(items), Some(typed)) = (&checks.items, &node.items) {
            let path = place.path.field("items");
            let mut below = place.each(&path, node.checks.items.1);
            if !matches!(node.list_type, ListType::Map(_)) {
                below
                    .uncorrelatable
                    .get_or_insert_with(|| place.path.bracketed());
            }
            branch.items = self.branch(items, typed, &below).map(Box::new);
        }
        if let (Some(additional), Some(typed)) = (&checks.additional, &node.additional) {
            let path = place.path.field("additionalProperties");
            let below = place.each(&path, node.checks.properties.1);
            let below = self.branch(additional, typed, &below);
            branch.additional = below.map(Box::new);
        }
        for (i, part) in checks.checks.all_of.iter().enumerate() {
            let path = place.path.field("allOf");
            let path = path.index(i);
            branch
                .all_of
                .extend(self.branch(part, node, &place.below(&path)));
        }
        let is_empty = branch.own.is_empty()
            && branch.properties.is_empty()
            && branch.items.is_none()
            && branch.additional.is_none()
            && branch.all_of.is_empty();
        (!is_empty).then_some(branch)
    }

    /// Compiles the rules of `checks` itself.
    fn own(&mut self, checks: &Node, node: &Node, place: &Place, branch: &mut Branch) {
        if checks.rules.is_empty() {
            return;
        }
        let field = format!("{}.x-kubernetes-validations", place.path);
        let Some(declaration) = Declaration::of(node, "selfType") else {
            self.causes.push(cause::internal(field, UNTYPED));
            return;
        };
        let subject = Subject {
            node,
            declaration: &declaration,
            count: place.count,
            uncorrelatable: place.uncorrelatable.as_deref(),
        };
        for (i, raw) in checks.rules.iter().enumerate() {
            let field = format!("{field}[{i}]");
            let (budget, causes) = (&mut self.budget, &mut self.causes);
            let compiled = rule::compile(raw, &subject, &field, budget, causes);
            if let Some((rule, reach)) = compiled {
                branch.own.push(rule);
                branch.reach.extend(reach);
            }
        }
    }
}

/// What is said of rules about values without a type.
const UNTYPED: &str = "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations";

/// A part of the object under evaluation.
#[derive(Clone, Copy)]
struct Spot<'a> {
    node: &'a Node,
    value: &'a Value,
    old: Option<Old<'a>>,
    ratchet: Ratchet<'a>,
}

/// The old value to compare with before a failure is reported: this part's, or else that of the nearest part around it.
#[derive(Clone, Copy)]
struct Ratchet<'a> {
    current: Option<Old<'a>>,
    nearest: Option<(Old<'a>, &'a Value)>,
}

impl<'a> Spot<'a> {
    fn step(&self, node: &'a Node, value: &'a Value, old: Option<Old<'a>>, is_type: bool) -> Self {
        let ratchet = match self.ratchet.current {
            Some(_) if is_type => Ratchet {
                current: None,
                nearest: None,
            },
            Some(current) => Ratchet {
                current: old,
                nearest: Some((current, self.value)),
            },
            None => self.ratchet,
        };
        Spot {
            node,
            value,
            old,
            ratchet,
        }
    }

    /// Whether nothing changed, as can be told at a glance.
    fn is_shared(&self) -> bool {
        match (self.ratchet.current, self.ratchet.nearest) {
            (Some(old), _) => old.value.is_evidently(self.value),
            (None, Some((old, value))) => old.value.is_evidently(value),
            (None, None) => false,
        }
    }

    fn is_unchanged(&self) -> bool {
        match (self.ratchet.current, self.ratchet.nearest) {
            (Some(old), _) => old.equals(self.value),
            (None, Some((old, value))) => old.equals(value),
            (None, None) => false,
        }
    }
}

struct Run<'a> {
    functions: &'a Context<'static>,
    /// Whether rules are passed over that decided the same of what is shared with the old object.
    skips_shared: bool,
    /// Whether costs are counted, or only told to be small enough.
    is_counted: bool,
    /// What the rules may still cost.
    budget: u64,
    state: State,
    causes: Vec<Cause>,
}

/// Whether there is more to evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Going,
    /// The budget is spent.
    Stopped,
    /// The budget may be spent.
    Unsure,
}

/// The most that the rules of an object may cost. Source: apiserver v0.34.3, pkg/apis/cel/config.go.
const OBJECT_MAX: u64 = 10_000_000;

impl Run<'_> {
    fn of(root: &Branch, spot: Spot, (skips_shared, is_counted): (bool, bool)) -> Outcome {
        FUNCTIONS.with(|functions| {
            let mut run = Run {
                functions,
                skips_shared,
                is_counted,
                budget: OBJECT_MAX,
                state: State::Going,
                causes: Vec::new(),
            };
            run.branch(root, spot, &Path::ROOT);
            Outcome {
                state: run.state,
                causes: run.causes,
            }
        })
    }

    fn branch(&mut self, branch: &Branch, spot: Spot, path: &Path) {
        if spot.value.is_null() || path.is_too_deep() || self.state != State::Going {
            return;
        }
        self.own(branch, spot, path);
        for part in &branch.all_of {
            let ratchet = Ratchet {
                current: None,
                nearest: spot.ratchet.nearest,
            };
            self.branch(part, Spot { ratchet, ..spot }, path);
        }
        match spot.value {
            Value::Object(object) => {
                for (name, child) in object {
                    let old = spot.old.and_then(|old| old.child(name));
                    let is_type = path.is_root() && matches!(name.as_str(), "apiVersion" | "kind");
                    if let (Some(below), Some(node)) = (
                        branch.properties.get(name.as_str()),
                        spot.node.properties.get(name.as_str()),
                    ) {
                        let spot = spot.step(node, child, old, is_type);
                        self.branch(below, spot, &path.field(name));
                    } else if let (Some(below), Some(node)) =
                        (&branch.additional, &spot.node.additional)
                    {
                        let spot = spot.step(node, child, old, is_type);
                        self.branch(below, spot, &path.key(name));
                    }
                }
            }
            Value::Array(elements) => {
                let (Some(below), Some(node)) = (&branch.items, &spot.node.items) else {
                    return;
                };
                for (i, element) in elements.iter().enumerate() {
                    let old = spot.old.and_then(|old| old.element(element));
                    self.branch(below, spot.step(node, element, old, false), &path.index(i));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn own(&mut self, branch: &Branch, spot: Spot, path: &Path) {
        let skips_shared = self.skips_shared && spot.is_shared();
        let rules = branch.own.iter();
        let mut rules = rules
            .filter(|rule| rule.needs_old() || !skips_shared)
            .peekable();
        if rules.peek().is_none() {
            return;
        }
        let new = value::within(&branch.reach, spot.node, spot.value);
        let old = spot
            .old
            .filter(|_| branch.own.iter().any(Rule::needs_old))
            .map(|old| match old.value.is_evidently(spot.value) {
                true => new.clone(),
                false => value::within(&branch.reach, spot.node, old.value),
            });
        for rule in rules {
            if self.is_broke(rule, &spot, path) {
                return;
            }
            let values = (&new, old.as_ref());
            let (failure, cost) = rule.evaluate(self.functions, values, self.is_counted);
            if cost > self.budget {
                return self.stop(&spot, path);
            }
            self.budget -= cost;
            let Some(failure) = failure else {
                continue;
            };
            if let Failure::Stopped(_) = failure {
                self.state = State::Stopped;
                self.causes.push(rule.cause(failure, spot.node.kind, path));
                return;
            }
            if rule.may_be_forgiven(&failure) && spot.is_unchanged() {
                continue;
            }
            self.causes.push(rule.cause(failure, spot.node.kind, path));
        }
    }
}

/// What a run comes to.
struct Outcome {
    state: State,
    causes: Vec<Cause>,
}

impl Run<'_> {
    /// Whether a rule cannot be evaluated any more, for what it costs or may cost.
    fn is_broke(&mut self, rule: &Rule, spot: &Spot, path: &Path) -> bool {
        if self.is_counted {
            if self.budget == 0 {
                self.stop(spot, path);
            }
            return self.budget == 0;
        }
        let cost = rule.cost_max(spot.value);
        if cost > meter::CALL_MAX || cost > self.budget {
            self.state = State::Unsure;
            return true;
        }
        self.budget -= cost;
        false
    }

    fn stop(&mut self, spot: &Spot, path: &Path) {
        let detail = "validation failed due to running out of cost budget, no further validation rules will be run";
        let shown = rule::shown_type(spot.node.kind);
        self.causes
            .push(cause::invalid(path.bracketed(), &shown, detail));
        self.state = State::Stopped;
    }
}

/// The cause that stands for rules left out because the object is invalid anyway.
pub(super) fn skipped() -> Cause {
    cause::invalid(
        cause::NO_FIELD,
        &Value::Null,
        "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
    )
}

#[cfg(test)]
mod tests;
