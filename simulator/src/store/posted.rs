//! Kinds that are posted and never stored: reviews, and what is asked of pods and of service accounts.
//!
//! Source: `spec/kube-api.md` §1.17, §1.21.

use std::sync::Arc;

use super::kind::{Kind, Origin};
use super::metadata;
use super::object::metadata_mut;
use super::request::{Part, Request, WriteOptions};
use super::schema::whole::WholeSchema;
use super::status::Status;
use super::{identity, shape};
use crate::json::Value;

/// A kind that is posted.
pub(crate) fn kind(group: &str, name: &str, namespaced: bool) -> Kind {
    let singular = name.to_lowercase();
    Kind {
        group: group.to_owned(),
        version: "v1".to_owned(),
        kind: name.to_owned(),
        list_kind: format!("{name}List"),
        plural: format!("{singular}s"),
        singular,
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced,
        origin: Origin::BuiltIn,
        subresources: Vec::new(),
        schema: WholeSchema::of(group, "v1", name),
        rules: Arc::default(),
        columns: Vec::new(),
        selectable_fields: Vec::new(),
        stored_as: String::new(),
        scale: None,
        deprecation: String::new(),
    }
}

/// What is posted to a part of an object, read as the kind that belongs there.
///
/// # Errors
/// 400 for a body that is no such thing, or that lies in another namespace.
pub(super) fn read_part(
    request: &Request,
    body: &Value,
    options: &WriteOptions,
    warnings: &mut Vec<String>,
) -> Result<Value, Status> {
    let kind = match request.part {
        Part::Eviction => kind("policy", "Eviction", true),
        Part::Token => kind("authentication.k8s.io", "TokenRequest", true),
        _ => kind("", "Binding", true),
    };
    let mut value = body.clone();
    read(&kind, &mut value, options, warnings)?;
    place(&mut value, &request.namespace)?;
    Ok(value)
}

/// Puts the namespace of the URL into what is posted there.
///
/// # Errors
/// 400 if it says that it lies in another one.
pub(crate) fn place(value: &mut Value, namespace: &str) -> Result<(), Status> {
    if !namespace.is_empty() {
        metadata::place_in(metadata_mut(value), namespace)?;
    }
    Ok(())
}

/// Reads what is posted as a `kind`: what is unknown in it is dropped, and told as the request wants.
///
/// # Errors
/// 400 for a body that is no such thing.
pub(crate) fn read(
    kind: &Kind,
    value: &mut Value,
    options: &WriteOptions,
    warnings: &mut Vec<String>,
) -> Result<(), Status> {
    identity::check_body(kind, value)?;
    shape::fit_posted(kind, value, options, warnings).map_err(|why| identity::unfit(kind, &why))?;
    metadata::normalise(value);
    if !kind.namespaced {
        metadata_mut(value).remove("namespace");
    }
    Ok(())
}
