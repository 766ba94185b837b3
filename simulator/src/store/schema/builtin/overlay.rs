//! What the generated schemas do not say: which lists are sets or maps, and how patches treat them.

use std::sync::Arc;

use crate::store::schema::node::Node;

/// The node of `field` of the type `owner`, with its list type and patch strategy.
pub(super) fn apply(_owner: &str, _field: &str, node: Arc<Node>) -> Arc<Node> {
    node
}

/// Adjusts the node of the type `owner` itself.
pub(super) fn finish(_owner: &str, _node: &mut Node) {}
