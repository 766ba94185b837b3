//! What an applied object must be before ownership can be computed: of the types that the schema says.

use std::collections::BTreeSet;

use super::fields::{field_element, printed};
use super::refusal::go_text;
use super::shape::{Form, Shape};
use crate::json::Value;
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
    findings.visit(config, shape, "");
    match findings.found.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        many => Err(format!("errors:\n  {}", many.join("\n  "))),
    }
}

/// Whether an object is of the types that its schema says; items may occur twice, unlike in an apply.
pub(crate) fn is_typed(object: &Value, node: &Node) -> bool {
    let mut findings = Findings {
        allows_twins: true,
        ..Findings::default()
    };
    findings.visit(object, Shape::of(node), "");
    findings.found.is_empty()
}

#[derive(Default)]
struct Findings {
    found: Vec<String>,
    allows_twins: bool,
}

impl Findings {
    fn add(&mut self, path: &str, what: &str) {
        self.found.push(if path.is_empty() {
            what.to_owned()
        } else {
            format!("{path}: {what}")
        });
    }

    fn visit(&mut self, value: &Value, shape: Shape, path: &str) {
        if let Some(mismatch) = mismatch(value, shape) {
            return self.add(path, &mismatch);
        }
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let path = format!("{path}{}", printed(&field_element(name)));
                    let Some(field) = shape.field(name) else {
                        return self.add(&path, "field not declared in schema");
                    };
                    self.visit(value, field, &path);
                }
            }
            Value::Array(items) => self.visit_items(items, shape, shape.form(value), path),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn visit_items(&mut self, items: &[Value], shape: Shape, form: Form, path: &str) {
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let element = match form {
                Form::Leaf | Form::Fields => format!("i:{index}"),
                Form::Set | Form::Keyed(_) => match shape.element(form, item) {
                    Ok(element) => element,
                    Err(why) => return self.add(path, &format!("element {index}: {why}")),
                },
            };
            let place = printed(&element);
            if !seen.insert(element) && !self.allows_twins {
                self.add(path, &format!("duplicate entries for key {place}"));
            }
            self.visit(item, shape.item(), &format!("{path}{place}"));
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

fn go_type(value: &Value) -> &'static str {
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
