//! The type check of an expression: every name is declared, and every operator and function gets what it takes.
//!
//! Source: cel-go v0.26 `checker/checker.go` and `checker/errors.go`.

use std::collections::BTreeMap;

use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, ListExpr, LiteralValue,
    SelectExpr, StructExpr,
};

use super::cel_type::CelType;
use super::fault::Fault;
use super::signature::{Signature, signatures};
use super::substitution::{Substitution, map_params, more_general};

/// What the names stand for that an expression may use.
pub(in crate::store) type Variable = (String, CelType);

/// What is known of the parts of an expression, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Checked {
    types: BTreeMap<u64, CelType>,
    calls: BTreeMap<u64, Vec<&'static Signature>>,
}

impl Checked {
    /// The type of a part.
    pub(super) fn kind(&self, part: &IdedExpr) -> &CelType {
        self.types.get(&part.id).unwrap_or(&CelType::Dyn)
    }

    /// The forms of a function that a call may mean: more than one where types are known at evaluation alone.
    pub(super) fn forms(&self, call: &IdedExpr) -> &[&'static Signature] {
        self.calls.get(&call.id).map_or(&[], Vec::as_slice)
    }
}

/// Checks an expression, which may use `variables`.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn check(expression: &IdedExpr, variables: &[Variable]) -> Result<Checked, Vec<Fault>> {
    let mut checker = Checker {
        variables: variables.to_vec(),
        substitution: Substitution::default(),
        checked: Checked::default(),
        faults: Vec::new(),
        n_formats: 0,
    };
    checker.visit(expression);
    if !checker.faults.is_empty() {
        return Err(checker.faults);
    }
    let mut checked = checker.checked;
    for kind in checked.types.values_mut() {
        *kind = checker.substitution.settled(kind);
    }
    Ok(checked)
}

struct Checker {
    variables: Vec<Variable>,
    substitution: Substitution,
    checked: Checked,
    faults: Vec<Fault>,
    /// How many calls of [`FORMAT`] there are around: what they are given may be of several types.
    n_formats: usize,
}

/// The function that takes values of several types.
const FORMAT: &str = "format";

impl Checker {
    fn fault(&mut self, at: &IdedExpr, message: String) {
        self.faults.push(Fault { id: at.id, message });
    }

    fn mismatch(&mut self, at: &IdedExpr, expected: &CelType, found: &CelType) {
        self.fault(
            at,
            format!("expected type '{expected}' but found '{found}'"),
        );
    }

    fn undeclared(&mut self, at: &IdedExpr, name: &str) -> CelType {
        self.fault(
            at,
            format!("undeclared reference to '{name}' (in container '')"),
        );
        CelType::Error
    }

    fn fresh(&mut self) -> CelType {
        CelType::Param(self.substitution.fresh(1))
    }

    /// Finds out the type of an expression and of everything in it.
    fn visit(&mut self, expression: &IdedExpr) -> CelType {
        let kind = match &expression.expr {
            Expr::Unspecified => CelType::Error,
            Expr::Literal(literal) => of_literal(literal),
            Expr::Ident(name) => self.name(expression, name),
            Expr::Select(select) => self.select(expression, select),
            Expr::Call(call) => self.call(expression, call),
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(&map.entries),
            Expr::Struct(made) => self.structure(expression, made),
            Expr::Comprehension(all) => self.comprehension(all),
        };
        self.checked.types.insert(expression.id, kind.clone());
        kind
    }

    fn name(&mut self, at: &IdedExpr, name: &str) -> CelType {
        let known = self.variables.iter().rev();
        let known = known.clone().find(|(known, _)| known == name);
        if let Some((_, kind)) = known {
            return kind.clone();
        }
        match CelType::of_name(name) {
            Some(kind) => CelType::Type(kind.into()),
            None => self.undeclared(at, name),
        }
    }

    fn select(&mut self, at: &IdedExpr, select: &SelectExpr) -> CelType {
        let operand = self.visit(&select.operand);
        let field = self.field(at, &operand, &select.field);
        if select.test { CelType::BOOL } else { field }
    }

    /// The type of a field of something.
    fn field(&mut self, at: &IdedExpr, operand: &CelType, field: &str) -> CelType {
        let operand = self.substitution.resolved(operand);
        let (target, is_optional) = match &operand {
            CelType::Optional(of) => (&**of, true),
            other => (other, false),
        };
        let found = match target {
            CelType::Map(_, values) => CelType::clone(values),
            CelType::Object(structure) => match structure.field(field) {
                Some(kind) => kind.clone(),
                None => {
                    self.fault(at, format!("undefined field '{field}'"));
                    CelType::Error
                }
            },
            CelType::Param(_) => {
                self.substitution.assign(&CelType::Dyn, target);
                CelType::Dyn
            }
            sealed if sealed.is_sealed() => {
                self.fault(at, format!("unexpected failed resolution of '{sealed}'"));
                CelType::Error
            }
            open if open.is_open() => CelType::Dyn,
            other => {
                self.fault(
                    at,
                    format!("type '{other}' does not support field selection"),
                );
                CelType::Dyn
            }
        };
        let found = self.substitution.resolved(&found);
        match is_optional {
            true => CelType::optional(found),
            false => found,
        }
    }

    fn call(&mut self, at: &IdedExpr, call: &CallExpr) -> CelType {
        if let ("_?._", [operand, field]) = (call.func_name.as_str(), call.args.as_slice()) {
            return self.optional_field(at, operand, field);
        }
        let n_around = self.n_formats;
        self.n_formats += usize::from(call.func_name == FORMAT);
        let takes = call.args.iter().map(|part| self.visit(part));
        let mut takes: Vec<CelType> = takes.collect();
        self.n_formats = n_around;
        let Some(target) = &call.target else {
            return self.function(at, call, &call.func_name, &takes);
        };
        if let Some(function) = qualified(target, &call.func_name) {
            return self.function(at, call, &function, &takes);
        }
        takes.insert(0, self.visit(target));
        match signatures(&call.func_name) {
            Some(forms) => self.resolve(at, call, (&call.func_name, forms, true), &takes),
            None => self.undeclared(at, &call.func_name),
        }
    }

    fn function(
        &mut self,
        at: &IdedExpr,
        call: &CallExpr,
        name: &str,
        takes: &[CelType],
    ) -> CelType {
        match signatures(name) {
            Some(forms) => self.resolve(at, call, (name, forms, false), takes),
            None => self.undeclared(at, name),
        }
    }

    fn optional_field(&mut self, at: &IdedExpr, operand: &IdedExpr, field: &IdedExpr) -> CelType {
        let operand = self.visit(operand);
        let name = match &field.expr {
            Expr::Literal(LiteralValue::String(name)) => name.inner(),
            _ => "",
        };
        match self.field(at, &operand, name) {
            already @ CelType::Optional(_) => already,
            kind => CelType::optional(kind),
        }
    }

    /// The type of what a function makes, in all forms that take what it is given.
    fn resolve(
        &mut self,
        at: &IdedExpr,
        call: &CallExpr,
        (name, forms, is_member): (&str, &'static [Signature], bool),
        takes: &[CelType],
    ) -> CelType {
        if matches!(name, "_&&_" | "_||_") {
            return self.logical(at, call, forms, takes);
        }
        let mut made: Option<CelType> = None;
        let mut meant = Vec::new();
        for form in forms.iter().filter(|form| form.is_member == is_member) {
            let first = self.substitution.fresh(form.n_params);
            let own = |kind| map_params(kind, &|index| CelType::Param(first + index));
            let wanted: Vec<CelType> = form.takes.iter().map(own).collect();
            let fits = takes.len() == wanted.len()
                && self.substitution.assign_all(takes.iter().zip(&wanted));
            if !fits {
                continue;
            }
            meant.push(form);
            let makes = self.substitution.resolved(&own(&form.makes));
            made = Some(match made {
                None => makes,
                Some(made) if made == CelType::Dyn || made == makes => made,
                Some(_) => CelType::Dyn,
            });
        }
        self.checked.calls.insert(at.id, meant);
        made.unwrap_or_else(|| self.no_form(at, name, takes, is_member))
    }

    fn no_form(
        &mut self,
        at: &IdedExpr,
        name: &str,
        takes: &[CelType],
        is_member: bool,
    ) -> CelType {
        let texts = takes.iter().map(|kind| self.substitution.settled(kind));
        let texts: Vec<String> = texts.map(|kind| kind.to_string()).collect();
        let (target, taken) = match (is_member, texts.split_first()) {
            (true, Some((target, taken))) => (format!("{target}."), taken),
            _ => (String::new(), texts.as_slice()),
        };
        let taken = taken.join(", ");
        self.fault(
            at,
            format!("found no matching overload for '{name}' applied to '{target}({taken})'"),
        );
        CelType::Error
    }

    fn logical(
        &mut self,
        at: &IdedExpr,
        call: &CallExpr,
        forms: &'static [Signature],
        takes: &[CelType],
    ) -> CelType {
        self.checked.calls.insert(at.id, forms.iter().collect());
        let mut kind = CelType::BOOL;
        for (argument, found) in call.args.iter().zip(takes) {
            if !self.substitution.assign(found, &CelType::BOOL) {
                self.mismatch(argument, &CelType::BOOL, found);
                kind = CelType::Error;
            }
        }
        kind
    }

    fn list(&mut self, list: &ListExpr) -> CelType {
        let mut joined = None;
        for (i, element) in list.elements.iter().enumerate() {
            let mut kind = self.visit(element);
            if list.optional_indices.contains(&i) {
                kind = self.unwrapped(element, kind);
            }
            joined = Some(self.join(element, joined, kind));
        }
        let of = joined.unwrap_or_else(|| self.fresh());
        CelType::list(of)
    }

    fn map(&mut self, entries: &[IdedEntryExpr]) -> CelType {
        let (mut keys, mut values) = (None, None);
        for entry in entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                continue;
            };
            let key = self.visit(&entry.key);
            keys = Some(self.join(&entry.key, keys, key));
            let mut value = self.visit(&entry.value);
            if entry.optional {
                value = self.unwrapped(&entry.value, value);
            }
            values = Some(self.join(&entry.value, values, value));
        }
        let keys = keys.unwrap_or_else(|| self.fresh());
        let values = values.unwrap_or_else(|| self.fresh());
        CelType::map(keys, values)
    }

    /// The type in an optional one, which this has to be.
    fn unwrapped(&mut self, at: &IdedExpr, kind: CelType) -> CelType {
        match kind {
            CelType::Optional(of) => CelType::clone(&of),
            CelType::Dyn => CelType::Dyn,
            other => {
                self.mismatch(at, &CelType::optional(other.clone()), &other);
                other
            }
        }
    }

    fn join(&mut self, at: &IdedExpr, before: Option<CelType>, kind: CelType) -> CelType {
        let Some(before) = before else {
            return kind;
        };
        if self.substitution.assign(&before, &kind) {
            return more_general(&before, &kind).clone();
        }
        if self.n_formats > 0 {
            return CelType::Dyn;
        }
        self.mismatch(at, &before, &kind);
        CelType::Error
    }

    fn structure(&mut self, at: &IdedExpr, made: &StructExpr) -> CelType {
        for entry in &made.entries {
            if let EntryExpr::StructField(field) = &entry.expr {
                self.visit(&field.value);
            }
        }
        self.undeclared(at, &made.type_name)
    }

    fn comprehension(&mut self, all: &ComprehensionExpr) -> CelType {
        let range = self.visit(&all.iter_range);
        let range = self.substitution.resolved(&range);
        let accumulated = self.visit(&all.accu_init);
        let n_outside = self.variables.len();
        self.variables
            .push((all.accu_var.clone(), accumulated.clone()));
        let (first, second) = match &range {
            CelType::List(of) if all.iter_var2.is_some() => (CelType::INT, CelType::clone(of)),
            CelType::List(of) => (CelType::clone(of), CelType::Error),
            CelType::Map(keys, values) => (CelType::clone(keys), CelType::clone(values)),
            CelType::Dyn | CelType::Error | CelType::Param(_) => {
                self.substitution.assign(&CelType::Dyn, &range);
                (CelType::Dyn, CelType::Dyn)
            }
            other => {
                self.fault(
                    &all.iter_range,
                    format!("expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"),
                );
                (CelType::Error, CelType::Error)
            }
        };
        self.variables.push((all.iter_var.clone(), first));
        let second = all.iter_var2.clone().map(|name| (name, second));
        self.variables.extend(second);
        for (part, wanted) in [
            (&all.loop_cond, &CelType::BOOL),
            (&all.loop_step, &accumulated),
        ] {
            let found = self.visit(part);
            if !self.substitution.assign(wanted, &found) {
                self.mismatch(part, wanted, &found);
            }
        }
        self.variables.truncate(n_outside + 1);
        let result = self.visit(&all.result);
        self.variables.truncate(n_outside);
        self.substitution.resolved(&result)
    }
}

fn of_literal(literal: &LiteralValue) -> CelType {
    match literal {
        LiteralValue::Boolean(_) => CelType::BOOL,
        LiteralValue::Bytes(_) => CelType::BYTES,
        LiteralValue::Double(_) => CelType::DOUBLE,
        LiteralValue::Int(_) => CelType::INT,
        LiteralValue::Null => CelType::NULL,
        LiteralValue::String(_) => CelType::STRING,
        LiteralValue::UInt(_) => CelType::UINT,
    }
}

/// The full name of a function whose name begins with what looks like a target.
pub(super) fn qualified(target: &IdedExpr, function: &str) -> Option<String> {
    let Expr::Ident(space) = &target.expr else {
        return None;
    };
    let name = format!("{space}.{function}");
    signatures(&name).is_some().then_some(name)
}
