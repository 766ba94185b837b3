//! Whether a body fits the Go types of a built-in kind, as the decoder of kube-apiserver finds out.
//!
//! Source: `spec/kube-api.md` §1.8; Go `encoding/json`.

use super::go_base64;
use super::kind::{Kind, Origin};
use super::misfit::Misfit;
use super::schema::node::{Node, Type};
use super::schema::path::Path;
use crate::json::{Text, Value};

/// Checks the types of all fields of a built-in kind; metadata has been checked.
///
/// # Errors
/// The first value that does not fit.
pub(super) fn check(kind: &Kind, value: &Value) -> Result<(), Misfit> {
    check_changes(kind, value, &Value::Null)
}

/// The same for the fields that are not as they are in `old`, which has been checked.
///
/// # Errors
/// As [`check`].
pub(super) fn check_changes(kind: &Kind, value: &Value, old: &Value) -> Result<(), Misfit> {
    if kind.origin == Origin::Custom {
        return Ok(());
    }
    let fields = value.as_object().into_iter().flatten();
    let changed = |(name, field): &(&Text, &Value)| old.get(*name) != Some(*field);
    for (name, field) in fields
        .filter(|(name, _)| *name != "metadata")
        .filter(changed)
    {
        if let Some(node) = kind.schema.properties.get(name.as_str()) {
            fit(node, field, (&Path::ROOT.field(name), &kind.kind))?;
        }
    }
    let hooks = value["webhooks"].as_array().into_iter().flatten();
    for hook in hooks.filter(|_| kind.group == "admissionregistration.k8s.io") {
        let bundle = &hook["clientConfig"]["caBundle"];
        check_base64(bundle.as_str().unwrap_or_default())?;
    }
    if kind.kind == "CustomResourceDefinition" {
        let bundle = &value["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"];
        check_base64(bundle.as_str().unwrap_or_default())?;
    }
    if kind.group == "certificates.k8s.io" {
        let binary = [&value["spec"]["request"], &value["status"]["certificate"]];
        for text in binary {
            check_base64(text.as_str().unwrap_or_default())?;
        }
    }
    let binary = match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Secret") => Some("data"),
        ("", "ConfigMap") => Some("binaryData"),
        _ => None,
    };
    if let Some(field) = binary {
        for text in value[field].as_object().into_iter().flatten() {
            check_base64(text.1.as_str().unwrap_or_default())?;
        }
    }
    Ok(())
}

/// Checks the value at a path, which is that of a field of the Go struct called `holder`.
fn fit(node: &Node, value: &Value, (path, holder): (&Path, &str)) -> Result<(), Misfit> {
    let is_fitting = match node.kind {
        Type::Any => true,
        Type::IntOrString => value.is_string() || is_of_size(node, value),
        Type::Object => value.is_object(),
        Type::Array => value.is_array(),
        Type::String => value.is_string(),
        Type::Integer => is_of_size(node, value),
        Type::Number => value.is_number(),
        Type::Boolean => value.is_boolean(),
    };
    if value.is_null() || node.preserve_unknown {
        return Ok(());
    }
    let field = || format!("{holder}.{}", path.dotted());
    if let Some(layout) = node.time {
        return Misfit::check_time(value, layout, field);
    }
    if !is_fitting {
        return Err(Misfit::new(value, field(), type_name(node)));
    }
    match value {
        Value::Object(fields) => {
            let own = node.definition.as_deref().map(go_name);
            let own = own.map_or(holder, |own| {
                own.rsplit_once('.').map_or(own, |(_, own)| own)
            });
            for (name, field) in fields {
                if let Some(below) = node.properties.get(name.as_str()) {
                    fit(below, field, (&path.field(name), own))?;
                } else if let Some(below) = &node.additional {
                    fit(below, field, (path, holder))?;
                }
            }
        }
        Value::Array(list) => {
            for element in list {
                if let Some(items) = &node.items {
                    fit(items, element, (path, holder))?;
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

/// Whether a number is one of as many bits as its field has.
fn is_of_size(node: &Node, value: &Value) -> bool {
    let number = value.as_i64();
    number.is_some_and(|number| type_name(node) == "int64" || i32::try_from(number).is_ok())
}

/// Cuts the numbers of a built-in kind to the size of their fields, as Go's converter does; whether there was any to cut.
pub(super) fn cut_numbers(kind: &Kind, value: &mut Value) -> bool {
    kind.origin == Origin::BuiltIn && cut(&kind.schema, value)
}

fn cut(node: &Node, value: &mut Value) -> bool {
    let mut is_cut = false;
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let below = node.properties.get(name.as_str());
                let below = below.or(node.additional.as_ref());
                is_cut |= below.is_some_and(|below| cut(below, field));
            }
        }
        Value::Array(list) => {
            for element in list.iter_mut() {
                is_cut |= node.items.as_ref().is_some_and(|items| cut(items, element));
            }
        }
        Value::Number(_) if node.kind == Type::Integer && !is_of_size(node, value) => {
            if let Some(number) = value.as_i64() {
                *value = i64::from(number as i32).into();
                is_cut = true;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    is_cut
}

/// What Go calls the struct of a definition: its package and its name.
fn go_name(definition: &str) -> &str {
    let mut dots = definition.rmatch_indices('.').skip(1);
    dots.next()
        .map_or(definition, |(at, _)| &definition[at + 1..])
}

fn type_name(node: &Node) -> String {
    match node.kind {
        Type::Any => "interface {}".to_owned(),
        Type::Object => match &node.additional {
            Some(values) => format!("map[string]{}", type_name(values)),
            None => node
                .definition
                .as_deref()
                .map_or("struct", go_name)
                .to_owned(),
        },
        Type::Array => match &node.items {
            Some(items) => format!("[]{}", type_name(items)),
            None => "[]interface {}".to_owned(),
        },
        Type::String => "string".to_owned(),
        Type::Integer => match &node.checks.format {
            Some(format) if format.name() == "int64" => "int64".to_owned(),
            _ => "int32".to_owned(),
        },
        Type::Number => "float64".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::IntOrString => "int32".to_owned(),
    }
}

fn check_base64(text: &str) -> Result<(), Misfit> {
    match go_base64::decoded(text) {
        Ok(_) => Ok(()),
        Err(at) => Err(Misfit::Base64 { at }),
    }
}
