//! Which paths an object has, and which ones differ between two states of it.

use std::collections::BTreeMap;

use super::fields::{Branch, FieldSet, field_element};
use super::shape::{Form, Shape};
use crate::json::{Map, Text, Value};
use crate::store::schema::node::Node;

/// Fields of the object that nobody owns.
const UNTRACKED: &[&str] = &["apiVersion", "kind", "metadata"];

/// Fields of `metadata` that nobody owns. Source: `spec/kube-api.md` §1.13.
const UNTRACKED_METADATA: &[&str] = &[
    "clusterName",
    "creationTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Up to this many items are searched for twins one by one; a longer list is indexed.
const SHORT_LIST: usize = 16;

/// What a write did to the paths of an object that can be owned.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Comparison {
    /// Added, or there with another value.
    pub(super) touched: FieldSet,
    /// Gone.
    pub(super) removed: FieldSet,
}

impl Comparison {
    /// Compares two states of an object.
    ///
    /// Source: structured-merge-diff v6 `typed/compare.go`.
    pub(super) fn of(before: &Value, after: &Value, node: &Node) -> Self {
        let shape = Shape::of(node);
        let mut root = Difference::default();
        root.fields(before.as_object(), after.as_object(), shape, UNTRACKED);
        if let Some(metadata) = shape.field("metadata") {
            let mut below = Difference::default();
            below.fields(
                before.get("metadata").and_then(Value::as_object),
                after.get("metadata").and_then(Value::as_object),
                metadata,
                UNTRACKED_METADATA,
            );
            root.attach(|| field_element("metadata"), below);
        }
        Self {
            touched: root.touched.below,
            removed: root.removed.below,
        }
    }
}

/// What differs at one place and below it.
#[derive(Default)]
struct Difference {
    touched: Branch,
    removed: Branch,
}

impl Difference {
    fn attach<E: Into<Text>>(&mut self, element: impl Fn() -> E, below: Self) {
        self.touched.below.attach(&element, below.touched);
        self.removed.below.attach(&element, below.removed);
    }

    /// Compares what stands at one place; at least one side does.
    fn of(before: Option<&Value>, after: Option<&Value>, shape: Shape) -> Self {
        let mut difference = Self::default();
        let forms = (before.map(|v| shape.form(v)), after.map(|v| shape.form(v)));
        match forms {
            (Some(old), Some(new)) if old != new => {
                difference.place(before, after, shape, old);
                difference.place(before, after, shape, new);
            }
            (Some(form), _) | (_, Some(form)) => difference.place(before, after, shape, form),
            (None, None) => {}
        }
        match (before, after) {
            (None, Some(_)) => difference.touched.member = true,
            (Some(_), None) => difference.removed.member = true,
            (Some(_), Some(_)) | (None, None) => {}
        }
        difference
    }

    fn place(&mut self, before: Option<&Value>, after: Option<&Value>, shape: Shape, form: Form) {
        match form {
            Form::Leaf => self.leaf(before, after),
            Form::Fields => {
                let (old, new) = (
                    before.and_then(Value::as_object),
                    after.and_then(Value::as_object),
                );
                if old.is_none_or(Map::is_empty) && new.is_none_or(Map::is_empty) {
                    self.leaf(before, after);
                } else {
                    self.fields(old, new, shape, &[]);
                }
            }
            Form::Set | Form::Keyed(_) => {
                let (old, new) = (list(before), list(after));
                if old.is_empty() && new.is_empty() {
                    self.leaf(before, after);
                } else {
                    self.items(old, new, shape, form);
                }
            }
        }
    }

    fn leaf(&mut self, before: Option<&Value>, after: Option<&Value>) {
        if let (Some(old), Some(new)) = (before, after) {
            self.touched.member |= !same(old, new);
        }
    }

    fn fields(
        &mut self,
        before: Option<&Map>,
        after: Option<&Map>,
        shape: Shape,
        skipped: &[&str],
    ) {
        Map::each_of(before, after, |name, old, new| {
            if skipped.contains(&name) || old == new {
                return;
            }
            let below = Self::of(old, new, shape.field(name).unwrap_or(Shape::Deduced));
            self.attach(|| field_element(name), below);
        });
    }

    fn items(&mut self, before: &[Value], after: &[Value], shape: Shape, form: Form) {
        let in_place = before.len() == after.len()
            && after.len() <= SHORT_LIST
            && before
                .iter()
                .zip(after)
                .all(|(old, new)| shape.same_item(form, old, new));
        if in_place && !has_twins(after, shape, form) {
            for (old, new) in before.iter().zip(after) {
                let below = Self::of(Some(old), Some(new), shape.item());
                // Items that can be compared at once have their keys.
                self.attach(|| shape.element(form, new).unwrap_or_default(), below);
            }
            return;
        }
        let mut by_element: BTreeMap<String, (Vec<&Value>, Vec<&Value>)> = BTreeMap::new();
        for item in before {
            if let Ok(element) = shape.element(form, item) {
                by_element.entry(element).or_default().0.push(item);
            }
        }
        for item in after {
            if let Ok(element) = shape.element(form, item) {
                by_element.entry(element).or_default().1.push(item);
            }
        }
        for (element, (old, new)) in by_element {
            let below = Self::twins(&old, &new, shape.item());
            self.attach(|| element.clone(), below);
        }
    }

    /// Compares the items that share one path element: usually one on either side; more than one are one value.
    fn twins(before: &[&Value], after: &[&Value], shape: Shape) -> Self {
        let mut difference = match (before, after) {
            ([old], [new]) => return Self::of(Some(old), Some(new), shape),
            ([_, _, ..], [new, ..]) if after.len() == 1 => Self::of(None, Some(new), shape),
            ([old, ..], [_, _, ..]) if before.len() == 1 => Self::of(Some(old), None, shape),
            ([old], []) => return Self::of(Some(old), None, shape),
            ([], [new]) => return Self::of(None, Some(new), shape),
            _ => Self::default(),
        };
        match (before.len() > 1, after.len() > 1) {
            (true, true) => difference.touched.member |= before != after,
            (true, false) => difference.removed.member = true,
            (false, true) => difference.touched.member = true,
            (false, false) => {}
        }
        difference
    }
}

fn has_twins(items: &[Value], shape: Shape, form: Form) -> bool {
    items.iter().enumerate().any(|(index, item)| {
        items[index + 1..]
            .iter()
            .any(|other| shape.same_item(form, item, other))
    })
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Equal, with `1` and `1.0` taken for one number, also inside of lists and maps.
fn same(a: &Value, b: &Value) -> bool {
    let deeply = || match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let is_same = |(key, a): (&Text, &Value)| b.get(key).is_some_and(|b| same(a, b));
            a.len() == b.len() && a.iter().all(is_same)
        }
        _ => false,
    };
    a == b || deeply()
}

/// Every path of `object` that its author owns by applying it.
///
/// Source: structured-merge-diff v6 `typed/tofieldset.go`.
pub(super) fn paths_of(object: &Value, shape: Shape) -> FieldSet {
    paths_at(object, shape).below
}

/// Takes out of a set made by [`paths_of`] what nobody owns.
pub(super) fn without_untracked(mut set: FieldSet) -> FieldSet {
    let leaf = || Branch {
        member: true,
        below: FieldSet::default(),
    };
    let mut metadata = Branch {
        member: true,
        below: FieldSet::default(),
    };
    for name in UNTRACKED_METADATA {
        metadata.below.attach(|| field_element(name), leaf());
    }
    let mut untracked = FieldSet::default();
    untracked.attach(|| field_element("metadata"), metadata);
    for name in ["apiVersion", "kind"] {
        untracked.attach(|| field_element(name), leaf());
    }
    set.subtract(&untracked);
    set
}

fn paths_at(value: &Value, shape: Shape) -> Branch {
    let mut branch = Branch::default();
    match (shape.form(value), value) {
        (Form::Leaf, _) => branch.member = true,
        (Form::Fields, Value::Object(fields)) => {
            for (name, value) in fields {
                let field = shape.field(name).unwrap_or(Shape::Deduced);
                let mut below = paths_at(value, field);
                let empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
                below.member |= empty || !shape.declares(name);
                branch.below.attach(|| field_element(name), below);
            }
        }
        (form @ (Form::Set | Form::Keyed(_)), Value::Array(items)) => {
            let mut by_element: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
            for item in items {
                if let Ok(element) = shape.element(form, item) {
                    by_element.entry(element).or_default().push(item);
                }
            }
            for (element, items) in by_element {
                let mut below = match items.as_slice() {
                    [item] => paths_at(item, shape.item()),
                    _ => Branch::default(),
                };
                below.member = true;
                branch.below.attach(|| element, below);
            }
        }
        (Form::Fields | Form::Set | Form::Keyed(_), _) => {}
    }
    branch
}
