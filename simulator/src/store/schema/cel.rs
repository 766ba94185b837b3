//! `x-kubernetes-validations`: rules in the Common Expression Language.
//!
//! Source: `spec/kube-api.md` §1.19; apiextensions-apiserver v0.34.3, pkg/apiserver/schema/cel/validation.go.

pub(in crate::store) mod expression;

mod dialect;
mod extent;
mod inference;
mod kind_of;
mod rule;
mod scope;
mod sign;
mod stack;
mod token;
mod value;
mod words;

use std::collections::BTreeMap;

use kube_cel::KubeCelExt;
use kube_cel::cel::Context;

use super::before::Before;
use super::cause;
use super::node::Node;
use super::path::{MAX_DEPTH, Path};
use super::validate::Old;
use crate::json::Value;
use crate::store::status::Cause;
use rule::Rule;
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
    /// Compiles every rule of `node` and below; causes name fields below `path`.
    ///
    /// # Errors
    /// Rules that do not parse, name what is not declared, or use `oldSelf` where no old value can be told.
    pub fn compile(node: &Node, path: &str) -> Result<Self, Vec<Cause>> {
        let mut compiler = Compiler { causes: Vec::new() };
        let place = Place {
            path: &Path::ROOT.field(path),
            uncorrelatable: None,
            depth: 0,
        };
        let root = compiler.branch(node, node, &place);
        if compiler.causes.is_empty() {
            Ok(Self { root })
        } else {
            Err(compiler.causes)
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
        FUNCTIONS.with(|functions| {
            let mut run = Run {
                functions,
                skips_shared: before.is_some_and(|before| before.fits),
                causes: Vec::new(),
            };
            let ratchet = Ratchet {
                current: old,
                nearest: None,
            };
            run.branch(
                root,
                Spot {
                    node,
                    value: new,
                    old,
                    ratchet,
                },
                &Path::ROOT,
            );
            run.causes
        })
    }
}

thread_local! {
    /// Building the function table costs more than most rules do.
    static FUNCTIONS: Context<'static> = {
        let mut context = Context::default().with_all();
        kind_of::add_to(&mut context);
        dialect::add_to(&mut context);
        context
    };
}

struct Compiler {
    causes: Vec<Cause>,
}

/// Where a schema stands in its definition.
#[derive(Clone)]
struct Place<'a> {
    path: &'a Path<'a>,
    /// The list around this schema whose elements cannot be told apart, if there is one.
    uncorrelatable: Option<String>,
    depth: usize,
}

impl Place<'_> {
    fn below<'b>(&self, path: &'b Path<'b>) -> Place<'b> {
        Place {
            path,
            uncorrelatable: self.uncorrelatable.clone(),
            depth: self.depth + 1,
        }
    }
}

impl Compiler {
    /// The rules of `checks`, which is `node` itself or one of its `allOf`; types are those of `node`.
    fn branch(&mut self, checks: &Node, node: &Node, place: &Place) -> Option<Branch> {
        use super::node::ListType;
        if place.depth > MAX_DEPTH {
            return None;
        }
        let mut branch = Branch::default();
        for (i, raw) in checks.rules.iter().enumerate() {
            let field = format!("{}.x-kubernetes-validations[{i}]", place.path);
            match rule::compile(raw, node, &field, place.uncorrelatable.as_deref()) {
                Ok((rule, reach)) => {
                    branch.own.push(rule);
                    branch.reach.extend(reach);
                }
                Err(cause) => self.causes.push(cause),
            }
        }
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
            let mut below = place.below(&path);
            if !matches!(node.list_type, ListType::Map(_)) {
                below
                    .uncorrelatable
                    .get_or_insert_with(|| place.path.bracketed());
            }
            branch.items = self.branch(items, typed, &below).map(Box::new);
        }
        if let (Some(additional), Some(typed)) = (&checks.additional, &node.additional) {
            let path = place.path.field("additionalProperties");
            let below = self.branch(additional, typed, &place.below(&path));
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
}

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
    causes: Vec<Cause>,
}

impl Run<'_> {
    fn branch(&mut self, branch: &Branch, spot: Spot, path: &Path) {
        if spot.value.is_null() || path.is_too_deep() {
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
            let Some(failure) = rule.evaluate(self.functions, &new, old.as_ref()) else {
                continue;
            };
            if rule.may_be_forgiven(&failure) && spot.is_unchanged() {
                continue;
            }
            self.causes.push(rule.cause(failure, spot.node.kind, path));
        }
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
