//! Defaults must satisfy the schema that they stand in.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/apiserver/schema/defaulting/validation.go.

use crate::store::schema::cause::invalid;
use crate::store::schema::node::Node;
use crate::store::schema::path::Path;
use crate::store::schema::prune::prune_part;
use crate::store::schema::validate::validate_part;
use crate::store::status::Cause;

/// Adds a cause for every default in `node`, which stands at `path`, that is not valid or has unknown fields.
pub(in crate::store::schema) fn check(node: &Node, path: &Path, causes: &mut Vec<Cause>) {
    if let Some(default) = &node.default {
        let at = format!("{path}.default");
        let mut pruned = default.clone();
        prune_part(node, &mut pruned);
        if pruned != *default {
            causes.push(invalid(
                at.as_str(),
                default,
                "must not have unknown fields",
            ));
        }
        causes.append(&mut validate_part(node, default, &at));
    }
    if !node.has_default_below() {
        return;
    }
    if let Some(items) = &node.items {
        check(items, &path.field("items"), causes);
    }
    let fields = path.field("properties");
    for (name, property) in &node.properties {
        check(property, &fields.key(name), causes);
    }
}
