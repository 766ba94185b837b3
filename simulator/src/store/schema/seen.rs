//! What a walk through a schema has seen: whatever several places share in memory is walked once.

use std::collections::BTreeMap;

use crate::json::Map;

/// Parts of a schema with what a walk made of them, by where they lie in memory. The schema must outlive this.
///
/// How deep a schema may be is limited, so that what holds at one depth holds at every lower one, and is looked at again
/// further down.
#[derive(Debug)]
pub(super) struct Seen<C, T>(BTreeMap<(usize, C), (usize, T)>);

impl<C, T> Default for Seen<C, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<C: Ord, T: Clone> Seen<C, T> {
    /// What became of `part` in a place such as `context`, if that is known for `depth`.
    pub(super) fn known(&self, part: &Map, context: C, depth: usize) -> Option<T> {
        let (known_depth, made) = self.0.get(&(part.address(), context))?;
        (depth <= *known_depth).then(|| made.clone())
    }

    /// Notes what became of `part`, against which there is nothing to say.
    pub(super) fn note(&mut self, part: &Map, context: C, (depth, made): (usize, T)) {
        self.0.insert((part.address(), context), (depth, made));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn what_is_shared_is_known_at_its_depth_and_above() {
        let value = json!({"a": {"type": "string"}, "b": {"type": "string"}});
        let part = |name: &str| value[name].as_object().unwrap();
        let copy = value.clone();
        let mut seen = Seen::default();
        seen.note(part("a"), (), (3, "made"));
        let shared = copy["a"].as_object().unwrap();
        assert_eq!(seen.known(shared, (), 3), Some("made"));
        assert_eq!(seen.known(shared, (), 4), None);
        assert_eq!(seen.known(part("b"), (), 0), None);
    }
}
