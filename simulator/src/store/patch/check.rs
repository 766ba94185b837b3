//! What an applied object must be before ownership can be computed: of the types that the schema says.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use super::fields::{field_element, printed};
use super::refusal::go_text;
use super::shape::{Form, Shape};
use crate::json::Value;
use crate::store::schema::before::Before;
use crate::store::schema::format::Format;
use crate::store::schema::node::{Node, Type};

/// Says what is wrong with `config`, in the words of the real server.
///
/// # Errors
/// One line, or several below `errors:`.
///
/// Source: structured-merge-diff v6 `typed/validate.go`, `typed/helpers.go`.
pub(super) fn check(config: &Value, shape: Shape) -> Result<(), String> {
    let mut findings = Findings::default();
    findings.visit(config, shape, Place::ROOT);
    match findings.found.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        many => Err(format!("errors:\n  {}", many.join("\n  "))),
    }
}

/// Whether an object is of the types that its schema says; items may occur twice, unlike in an apply. Fields that are
/// those of `before` are.
pub(crate) fn is_typed(object: &Value, before: Before, node: &Node) -> bool {
    let mut findings = Findings {
        allows_twins: true,
        ..Findings::default()
    };
    let known = before.fitting().and_then(Value::as_object);
    let mut object = object.clone();
    if let (Some(fields), Some(known)) = (object.as_object_mut(), known) {
        fields.retain(|name, field| {
            !known
                .get(name)
                .is_some_and(|known| field.is_evidently(known))
        });
    }
    findings.visit(&object, Shape::of(node), Place::ROOT);
    findings.found.is_empty()
}

/// Where in an object a visit is, to be printed only if something is wrong there.
#[derive(Clone, Copy)]
struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Index(usize),
    /// A path element of an item that is told by what it holds.
    Item(&'a str),
}

impl<'a> Place<'a> {
    const ROOT: Place<'static> = Place {
        above: None,
        step: Step::Root,
    };

    fn below(&'a self, step: Step<'a>) -> Self {
        Self {
            above: Some(self),
            step,
        }
    }
}

impl Display for Place<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(out)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Field(name) => out.write_str(&printed(&field_element(name))),
            Step::Index(index) => out.write_str(&printed(&format!("i:{index}"))),
            Step::Item(element) => out.write_str(&printed(element)),
        }
    }
}

#[derive(Default)]
struct Findings {
    found: Vec<String>,
    allows_twins: bool,
}

impl Findings {
    fn add(&mut self, place: Place, what: &str) {
        self.found.push(match place.step {
            Step::Root => what.to_owned(),
            _ => format!("{place}: {what}"),
        });
    }

    fn visit(&mut self, value: &Value, shape: Shape, place: Place) {
        if let Some(mismatch) = mismatch(value, shape) {
            return self.add(place, &mismatch);
        }
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let place = place.below(Step::Field(name));
                    let Some(field) = shape.field(name) else {
                        return self.add(place, "field not declared in schema");
                    };
                    self.visit(value, field, place);
                }
            }
            Value::Array(items) => match shape.form(value) {
                Form::Leaf | Form::Fields => {
                    for (index, item) in items.iter().enumerate() {
                        self.visit(item, shape.item(), place.below(Step::Index(index)));
                    }
                }
                form @ (Form::Set | Form::Keyed(_)) => self.visit_items(items, shape, form, place),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn visit_items(&mut self, items: &[Value], shape: Shape, form: Form, place: Place) {
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let element = match shape.element(form, item) {
                Ok(element) => element,
                Err(why) => return self.add(place, &format!("element {index}: {why}")),
            };
            if !self.allows_twins && seen.contains(&element) {
                let twins = format!("duplicate entries for key {}", printed(&element));
                self.add(place, &twins);
            }
            self.visit(item, shape.item(), place.below(Step::Item(&element)));
            seen.insert(element);
        }
    }
}

/// Why `value` is not of the type that stands here; null is of every type.
fn mismatch(value: &Value, shape: Shape) -> Option<String> {
    let Shape::Declared { node, .. } = shape else {
        return None;
    };
    let fits = match node.kind {
        Type::Any => true,
        Type::Object => value.is_object(),
        Type::Array => value.is_array(),
        Type::String => {
            value.is_string()
                || (is_loose(node.checks.format.as_ref().map(Format::name)) && is_scalar(value))
        }
        Type::Integer | Type::Number => value.is_number(),
        Type::Boolean => value.is_boolean(),
        Type::IntOrString => is_scalar(value),
    };
    if fits || value.is_null() {
        return None;
    }
    Some(match node.kind {
        Type::Object => format!("expected map, got &{{{}}}", go_text(value)),
        Type::Array => format!("expected list, got &{{{}}}", go_text(value)),
        Type::String if !is_loose(node.checks.format.as_ref().map(Format::name)) => format!(
            "expected string, got &value.valueUnstructured{{Value:{}}}",
            go_syntax(value)
        ),
        Type::Integer | Type::Number => {
            format!("expected numeric (int or float), got {}", go_type(value))
        }
        Type::Boolean => format!("expected boolean, got &{{{}}}", go_text(value)),
        Type::Any | Type::String | Type::IntOrString => {
            format!("expected any scalar, got &{{{}}}", go_text(value))
        }
    })
}

/// A string with any format but `byte` may be any scalar.
fn is_loose(format: Option<&str>) -> bool {
    !matches!(format, None | Some("" | "byte"))
}

fn is_scalar(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

/// The type of `value` as Go's `%T` prints it.
pub(crate) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// `value` as Go's `%#v` prints it.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), go_syntax(value)))
                .collect();
            format!("map[string]interface {{}}{{{}}}", fields.join(", "))
        }
    }
}
