//! Names and their values, and texts in which tags stand for them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::json::{Map, Value};

/// Names and their values; later layers hide earlier ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a>(pub(crate) &'a [&'a BTreeMap<String, String>]);

impl<'a> Scope<'a> {
    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .rev()
            .find_map(|layer| layer.get(name))
            .map(String::as_str)
    }
}

/// What happens to a tag that has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It stays as it is.
    Lenient,
    /// It stays as it is, unless it asks for something of a step or task: then the asker waits.
    Await,
    /// It is an error.
    Strict,
}

/// Why a text could not be substituted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TagError {
    /// Something of a step or task has no value yet.
    #[error("failed to resolve {{{{{0}}}}}")]
    Awaited(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// `text` with its tags substituted; borrowed if it has none.
pub(crate) fn replace<'t>(
    text: &'t str,
    scope: &Scope,
    mode: Mode,
) -> Result<Cow<'t, str>, TagError> {
    if !opens(text) {
        return Ok(Cow::Borrowed(text));
    }
    let mut output = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        output.push_str(&rest[..start]);
        let after = &rest[start + 2..];
        let Some(end) = after.find("}}") else {
            output.push_str(&rest[start..]);
            return Ok(Cow::Owned(output));
        };
        one(&after[..end], scope, mode, &mut output)?;
        rest = &after[end + 2..];
    }
    output.push_str(rest);
    Ok(Cow::Owned(output))
}

fn one(tag: &str, scope: &Scope, mode: Mode, output: &mut String) -> Result<(), TagError> {
    if let Some(source) = tag.strip_prefix('=') {
        return super::expression::one(source, scope, mode, output);
    }
    let name = tag.trim();
    if let Some(value) = scope.get(name) {
        output.push_str(printable(value)?);
        return Ok(());
    }
    if let Some(at) = tag.rfind("{{").filter(|at| *at > 0)
        && let Some(value) = scope.get(&tag[at + 2..])
    {
        output.push_str("{{");
        output.push_str(&tag[..at]);
        output.push_str(printable(value)?);
        return Ok(());
    }
    let awaited = is_awaited(name);
    match mode {
        Mode::Strict => Err(TagError::Failed(format!("failed to resolve {{{{{tag}}}}}"))),
        Mode::Await if awaited => Err(TagError::Awaited(tag.to_owned())),
        Mode::Await | Mode::Lenient => {
            output.push_str("{{");
            output.push_str(tag);
            output.push_str("}}");
            Ok(())
        }
    }
}

/// Whether a name asks for something that a step or task may still bring.
fn is_awaited(name: &str) -> bool {
    (name.starts_with("steps.") || name.starts_with("tasks."))
        && !name.contains(".outputs.artifacts.")
}

/// Go quotes values before it puts them into JSON, and some control characters become escapes that JSON does not know.
fn printable(value: &str) -> Result<&str, TagError> {
    let unknown = |c: char| {
        (c < ' ' && !matches!(c, '\u{8}' | '\u{c}' | '\n' | '\r' | '\t')) || c == '\u{7f}'
    };
    if value.contains(unknown) {
        let message = "cannot finish template replacement because the result was invalid JSON";
        return Err(TagError::Failed(message.to_owned()));
    }
    Ok(value)
}

/// Substitutes in all strings and keys of `value`, in place.
pub(crate) fn replace_in(value: &mut Value, scope: &Scope, mode: Mode) -> Result<(), TagError> {
    if let Some(new) = replaced(value, scope, mode)? {
        *value = new;
    }
    Ok(())
}

/// `value` with its tags substituted, if it has any: what has none stays shared.
fn replaced(value: &Value, scope: &Scope, mode: Mode) -> Result<Option<Value>, TagError> {
    Ok(match value {
        Value::String(text) => match replace(text, scope, mode)? {
            Cow::Owned(new) => Some(new.into()),
            Cow::Borrowed(_) => None,
        },
        Value::Array(items) => {
            let mut new = None;
            for (index, item) in items.iter().enumerate() {
                if let Some(item) = replaced(item, scope, mode)? {
                    new.get_or_insert_with(|| items.clone())[index] = item;
                }
            }
            new.map(Value::Array)
        }
        Value::Object(fields) => {
            let mut new = None;
            if fields.keys().any(|key| opens(key)) {
                new = Some(with_keys_replaced(fields, scope, mode)?);
            }
            let renamed = new.clone().unwrap_or_else(|| fields.clone());
            for (key, field) in &renamed {
                if let Some(field) = replaced(field, scope, mode)? {
                    let new = new.get_or_insert_with(|| fields.clone());
                    new.insert(key.clone(), field);
                }
            }
            new.map(Value::Object)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    })
}

fn with_keys_replaced(fields: &Map, scope: &Scope, mode: Mode) -> Result<Map, TagError> {
    let mut new = Map::new();
    for (key, value) in fields {
        new.insert(replace(key, scope, mode)?, value.clone());
    }
    Ok(new)
}

/// Whether a tag may begin in `text`. Few texts have any brace, which is found sooner than two of them.
fn opens(text: &str) -> bool {
    text.contains('{') && text.contains("{{")
}

/// Whether a tag occurs anywhere in `value`.
pub(crate) fn occurs(value: &Value) -> bool {
    match value {
        Value::String(text) => opens(text),
        Value::Array(items) => items.iter().any(occurs),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, field)| opens(key) || occurs(field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
