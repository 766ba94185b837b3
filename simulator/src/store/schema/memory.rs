//! What is remembered from one definition to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::node::Node;
use super::pattern::Pattern;
use super::seen::Seen;

/// What every walk through the schemas of some definitions has seen: what these share in memory is read and checked once.
/// The definitions must outlive this.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By whether defaults are allowed there, and whether it is metadata.
    pub(super) unrestricted: Seen<(bool, bool), ()>,
    /// Below the root.
    pub(super) structural: Seen<(), ()>,
    pub(super) nodes: Seen<(), Arc<Node>>,
    /// Compiled once each: large schemas repeat a few patterns hundreds of times.
    pub(super) patterns: BTreeMap<String, Pattern>,
}
