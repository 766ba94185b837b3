//! OpenAPI v3 structural schemas as JSON → [`Node`].

use std::sync::Arc;

use super::cause::{forbidden, invalid, required};
use super::default::validity;
use super::format::Format;
use super::invariants;
use super::memory::Memory;
use super::node::{Checks, Found, ListType, Node, PatchStrategy, Type};
use super::path::{MAX_DEPTH, Path};
use super::pattern::Pattern;
use super::restrictions;
use crate::json::{Map, Value};
use crate::store::status::Cause;

/// Parses the schema of a CustomResourceDefinition and checks that it is structural. `path` is where it stands, such
/// as `spec.validation.openAPIV3Schema`; causes name fields below it.
///
/// # Errors
/// Everything that makes the schema unacceptable, with the texts of kube-apiserver.
///
/// Source: `spec/kube-api.md` §1.18.
pub fn parse(schema: &Value, path: &str) -> Result<Node, Vec<Cause>> {
    parse_beside(schema, path, &mut Memory::default())
}

/// The same for a schema that shares parts with others, of which `memory` tells.
pub(super) fn parse_beside(
    schema: &Value,
    path: &str,
    memory: &mut Memory,
) -> Result<Node, Vec<Cause>> {
    let Value::Object(object) = schema else {
        return Err(vec![required(path, "")]);
    };
    let mut restrictions = restrictions::check(object, path, &mut memory.unrestricted);
    if restrictions.is_unreadable {
        return Err(restrictions.causes);
    }
    let mut causes = invariants::check(object, path, &mut memory.structural);
    let is_structural = causes.is_empty();
    let mut reader = Reader {
        causes: Vec::new(),
        memory,
    };
    let root = Path::ROOT.field(path);
    let node = reader.node(object, &root, 0);
    if is_structural && reader.causes.is_empty() {
        validity::check(&node, &root, &mut causes);
    }
    causes.append(&mut restrictions.causes);
    causes.append(&mut reader.causes);
    if causes.is_empty() {
        Ok(node)
    } else {
        Err(causes)
    }
}

struct Reader<'m> {
    causes: Vec<Cause>,
    memory: &'m mut Memory,
}

impl Reader<'_> {
    fn node(&mut self, schema: &Map, path: &Path, depth: usize) -> Node {
        if depth > MAX_DEPTH {
            let detail = format!("must not nest more than {MAX_DEPTH} levels");
            self.causes.push(forbidden(path.bracketed(), &detail));
            return Node::default();
        }
        Node {
            kind: kind(schema),
            definition: None,
            description: text(schema, "description").unwrap_or_default().to_owned(),
            properties: self.properties(schema, path, depth),
            additional: self.additional(schema, path, depth),
            items: self.child(schema, "items", path, depth),
            required: texts(schema, "required"),
            nullable: flag(schema, "nullable"),
            default: schema
                .get("default")
                .filter(|value| !value.is_null())
                .cloned(),
            preserve_unknown: flag(schema, "x-kubernetes-preserve-unknown-fields"),
            embedded_resource: flag(schema, "x-kubernetes-embedded-resource"),
            list_type: match text(schema, "x-kubernetes-list-type") {
                Some("set") => ListType::Set,
                Some("map") => ListType::Map(texts(schema, "x-kubernetes-list-map-keys")),
                Some(_) | None => ListType::Atomic,
            },
            atomic_map: text(schema, "x-kubernetes-map-type") == Some("atomic"),
            patch: PatchStrategy::default(),
            has_quantity: false,
            time: None,
            has_time: false,
            checks: self.checks(schema, path, depth),
            rules: list(schema, "x-kubernetes-validations").to_vec(),
            has_default_below: Found::default(),
            has_rules: Found::default(),
        }
    }

    fn properties(&mut self, schema: &Map, path: &Path, depth: usize) -> Map<Arc<Node>> {
        let Some(Value::Object(properties)) = schema.get("properties") else {
            return Map::new();
        };
        let fields = path.field("properties");
        properties
            .iter()
            .map(|(name, property)| {
                let node = self.object(property, &fields.key(name), depth + 1);
                (name.clone(), node)
            })
            .collect()
    }

    fn additional(&mut self, schema: &Map, path: &Path, depth: usize) -> Option<Arc<Node>> {
        match schema.get("additionalProperties")? {
            Value::Bool(true) => Some(Arc::default()),
            Value::Object(object) => {
                let path = path.field("additionalProperties");
                Some(self.shared(object, &path, depth + 1))
            }
            _ => None,
        }
    }

    fn child(&mut self, schema: &Map, name: &str, path: &Path, depth: usize) -> Option<Arc<Node>> {
        let child = schema.get(name)?;
        Some(self.object(child, &path.field(name), depth + 1))
    }

    fn object(&mut self, schema: &Value, path: &Path, depth: usize) -> Arc<Node> {
        if let Value::Object(object) = schema {
            self.shared(object, path, depth)
        } else {
            self.causes
                .push(invalid(path.bracketed(), schema, "must be a schema"));
            Arc::default()
        }
    }

    /// The node of a schema, which places that share the schema share as well.
    fn shared(&mut self, schema: &Map, path: &Path, depth: usize) -> Arc<Node> {
        if let Some(known) = self.memory.nodes.known(schema, (), depth) {
            return known;
        }
        let n_causes = self.causes.len();
        let node = Arc::new(self.node(schema, path, depth));
        if self.causes.len() == n_causes {
            self.memory
                .nodes
                .note(schema, (), (depth, Arc::clone(&node)));
        }
        node
    }

    fn branches(&mut self, schema: &Map, name: &str, path: &Path, depth: usize) -> Vec<Arc<Node>> {
        list(schema, name)
            .iter()
            .enumerate()
            .map(|(i, branch)| self.object(branch, &path.field(name).index(i), depth + 1))
            .collect()
    }

    fn checks(&mut self, schema: &Map, path: &Path, depth: usize) -> Checks {
        if schema
            .keys()
            .all(|keyword| UNCHECKED.contains(&keyword.as_str()))
        {
            return Checks::default();
        }
        Checks {
            allowed: list(schema, "enum").to_vec(),
            pattern: self.pattern(schema, path),
            format: text(schema, "format")
                .filter(|format| !format.is_empty())
                .map(Format::new),
            minimum: bound(schema, "minimum", "exclusiveMinimum"),
            maximum: bound(schema, "maximum", "exclusiveMaximum"),
            multiple_of: schema.get("multipleOf").and_then(Value::as_f64),
            length: (count(schema, "minLength"), count(schema, "maxLength")),
            items: (count(schema, "minItems"), count(schema, "maxItems")),
            properties: (
                count(schema, "minProperties"),
                count(schema, "maxProperties"),
            ),
            all_of: self.branches(schema, "allOf", path, depth),
            any_of: self.branches(schema, "anyOf", path, depth),
            one_of: self.branches(schema, "oneOf", path, depth),
            not: self.child(schema, "not", path, depth),
        }
    }

    fn pattern(&mut self, schema: &Map, path: &Path) -> Option<Pattern> {
        let source = text(schema, "pattern").filter(|source| !source.is_empty())?;
        if let Some(known) = self.memory.patterns.get(source) {
            return Some(known.clone());
        }
        match Pattern::new(source) {
            Ok(pattern) => {
                self.memory
                    .patterns
                    .insert(source.to_owned(), pattern.clone());
                Some(pattern)
            }
            Err(why) => {
                let detail = format!("must be a valid regular expression, but isn't: {why}");
                let field = format!("{path}.pattern");
                self.causes.push(invalid(field, &source.into(), &detail));
                None
            }
        }
    }
}

/// Keywords that say nothing about single values; most schemas have no others.
const UNCHECKED: [&str; 7] = [
    "additionalProperties",
    "default",
    "description",
    "items",
    "properties",
    "required",
    "type",
];

fn kind(schema: &Map) -> Type {
    if flag(schema, "x-kubernetes-int-or-string") {
        return Type::IntOrString;
    }
    match text(schema, "type") {
        Some("object") => Type::Object,
        Some("array") => Type::Array,
        Some("string") => Type::String,
        Some("integer") => Type::Integer,
        Some("number") => Type::Number,
        Some("boolean") => Type::Boolean,
        Some(_) | None => Type::Any,
    }
}

fn bound(schema: &Map, name: &str, exclusive: &str) -> Option<(f64, bool)> {
    let value = schema.get(name)?.as_f64()?;
    Some((value, flag(schema, exclusive)))
}

pub(super) fn flag(schema: &Map, name: &str) -> bool {
    schema.get(name) == Some(&Value::Bool(true))
}

pub(super) fn text<'a>(schema: &'a Map, name: &str) -> Option<&'a str> {
    schema.get(name).and_then(Value::as_str)
}

pub(super) fn list<'a>(schema: &'a Map, name: &str) -> &'a [Value] {
    schema
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn texts(schema: &Map, name: &str) -> Vec<String> {
    list(schema, name)
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn count(schema: &Map, name: &str) -> Option<u64> {
    schema.get(name).and_then(Value::as_u64)
}
