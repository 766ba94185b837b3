//! The schema of the whole objects of a kind, read when it is first looked at.

use std::ops::Deref;
use std::sync::Arc;

use super::builtin;
use super::node::Node;

/// A schema that is there, or one of Kubernetes that is made with the first look at it: a server starts without those of
/// the kinds that nobody has used yet.
#[derive(Clone, Debug)]
pub struct WholeSchema(Source);

#[derive(Clone, Debug)]
enum Source {
    Read(Arc<Node>),
    /// By [`builtin::position`].
    BuiltIn(usize),
}

impl WholeSchema {
    /// That of a built-in kind; one that keeps everything where none is known.
    #[must_use]
    pub fn of(group: &str, version: &str, kind: &str) -> Self {
        if let Some(position) = builtin::position(group, version, kind) {
            return Self(Source::BuiltIn(position));
        }
        Self::from(Node {
            preserve_unknown: true,
            ..Node::default()
        })
    }

    /// The schema, to be kept.
    #[must_use]
    pub fn shared(&self) -> &Arc<Node> {
        match &self.0 {
            Source::Read(node) => node,
            Source::BuiltIn(position) => builtin::at(*position),
        }
    }
}

impl Deref for WholeSchema {
    type Target = Node;

    fn deref(&self) -> &Node {
        self.shared()
    }
}

impl From<Arc<Node>> for WholeSchema {
    fn from(node: Arc<Node>) -> Self {
        Self(Source::Read(node))
    }
}

impl From<Node> for WholeSchema {
    fn from(node: Node) -> Self {
        Self::from(Arc::new(node))
    }
}

impl Default for WholeSchema {
    fn default() -> Self {
        Self::from(Node::default())
    }
}
