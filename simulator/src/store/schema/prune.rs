//! Dropping what a schema does not know.

use std::sync::{Arc, LazyLock};

use super::before::Before;
use super::builtin;
use super::node::Node;
use super::path::Path;
use crate::json::{Map, Value};

/// Drops fields that `node`, the schema of a whole object, does not declare, then nulls that are neither allowed nor
/// to be replaced by a default, if `nulls` says so. Returns the paths of the unknown fields, those of metadata first and those
/// of embedded metadata last, as `unknown field "…"` messages print them.
///
/// `apiVersion` and `kind` stay, at the root and in embedded resources; `metadata` there is reduced to what ObjectMeta
/// knows. Levels beyond the depth limit stay as they are; validation refuses them. So does what is shared with `before`.
///
/// Source: `spec/kube-api.md` §1.14 and §1.18; apiextensions-apiserver v0.34.3, pkg/apiserver/schema/pruning and
/// objectmeta.
pub fn prune(node: &Node, value: &mut Value, before: Option<Before>, nulls: Nulls) -> Vec<String> {
    let mut unknown = Unknown::new(nulls);
    let before = before.and_then(Before::fitting);
    unknown.prune(node, (value, before), &Path::ROOT);
    unknown.found.sort_by(|a, b| a.path.cmp(&b.path));
    let is_of_root = |found: &Stranger| found.path.starts_with("metadata.");
    let (in_metadata, elsewhere): (Vec<_>, Vec<_>) = unknown
        .found
        .into_iter()
        .partition(|found| found.is_in_metadata);
    let (own, embedded): (Vec<_>, Vec<_>) = in_metadata.into_iter().partition(is_of_root);
    let all = own.into_iter().chain(elsewhere).chain(embedded);
    all.map(|found| found.path).collect()
}

/// The same, with the unknown fields in the order of the value.
pub fn prune_in_order(
    node: &Node,
    value: &mut Value,
    before: Option<Before>,
    nulls: Nulls,
) -> Vec<String> {
    let mut unknown = Unknown::new(nulls);
    let before = before.and_then(Before::fitting);
    unknown.prune(node, (value, before), &Path::ROOT);
    unknown.found.into_iter().map(|found| found.path).collect()
}

/// Drops unknown fields of `value`, which is not a whole object.
pub(super) fn prune_part(node: &Node, value: &mut Value) {
    Unknown::new(Nulls::Kept).prune(node, (value, None), &Path::ROOT.field("default"));
}

/// What becomes of a known field that is null although it may not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// It stays, and is refused.
    Kept,
    /// It goes, as everything that is decoded.
    Dropped,
}

struct Unknown {
    metadata: Arc<Node>,
    nulls: Nulls,
    found: Vec<Stranger>,
}

/// A field that nobody knows.
struct Stranger {
    path: String,
    is_in_metadata: bool,
}

impl Unknown {
    fn new(nulls: Nulls) -> Self {
        Self {
            metadata: builtin::object_meta(),
            nulls,
            found: Vec::new(),
        }
    }

    fn prune(&mut self, node: &Node, (value, before): (&mut Value, Option<&Value>), path: &Path) {
        if let Some(pruned) = self.pruned(node, (value, before), path) {
            *value = pruned;
        }
    }

    /// What becomes of `value`, if anything does: what stays as it is stays shared.
    fn pruned(
        &mut self,
        node: &Node,
        (value, before): (&Value, Option<&Value>),
        path: &Path,
    ) -> Option<Value> {
        if path.is_too_deep() || before.is_some_and(|before| value.is_evidently(before)) {
            return None;
        }
        match value {
            Value::Object(object) => {
                let before = before.and_then(Value::as_object);
                self.pruned_object(node, (object, before), path)
                    .map(Value::Object)
            }
            Value::Array(elements) => {
                let items = match &node.items {
                    Some(items) => items,
                    None if node.preserve_unknown => return None,
                    None => &*NOTHING_KNOWN,
                };
                let before = before.and_then(Value::as_array);
                let mut kept = None;
                for (i, element) in elements.iter().enumerate() {
                    let before = before.and_then(|before| before.get(i));
                    if let Some(pruned) = self.pruned(items, (element, before), &path.index(i)) {
                        kept.get_or_insert_with(|| elements.clone())[i] = pruned;
                    }
                }
                kept.map(Value::Array)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
    }

    fn pruned_object(
        &mut self,
        node: &Node,
        (object, before): (&Map, Option<&Map>),
        path: &Path,
    ) -> Option<Map> {
        let mut kept = None;
        Map::each_of(before, Some(object), |name, before, child| {
            let Some(child) = child else {
                return;
            };
            match self.fate(node, name, (child, before), path) {
                Fate::Stays => {}
                Fate::Goes => {
                    kept.get_or_insert_with(|| object.clone()).remove(name);
                }
                Fate::Becomes(pruned) => {
                    let kept = kept.get_or_insert_with(|| object.clone());
                    kept.insert(name, pruned);
                }
            }
        });
        kept
    }

    fn fate(
        &mut self,
        node: &Node,
        name: &str,
        (child, before): (&Value, Option<&Value>),
        path: &Path,
    ) -> Fate {
        let is_resource = path.is_root() || node.embedded_resource;
        let property = node.properties.get(name);
        let known = property.or(node.additional.as_ref());
        let both = (child, before);
        let pruned = match (name, known) {
            (_, Some(known)) if child.is_null() && self.drops_null(known, property.is_none()) => {
                return Fate::Goes;
            }
            ("apiVersion" | "kind", _) if is_resource => None,
            ("metadata", _) if is_resource => self.pruned_metadata(both, path),
            (_, Some(known)) if property.is_some() => self.pruned(known, both, &path.field(name)),
            (_, Some(known)) => self.pruned(known, both, &path.key(name)),
            (_, None) if node.preserve_unknown => None,
            (_, None) => {
                self.found.push(Stranger {
                    path: path.field(name).dotted(),
                    is_in_metadata: false,
                });
                return Fate::Goes;
            }
        };
        pruned.map_or(Fate::Stays, Fate::Becomes)
    }

    /// An amount that is null in a list of resources is zero.
    fn drops_null(&self, known: &Node, is_in_map: bool) -> bool {
        let is_amount = is_in_map && known.has_quantity && known.children().next().is_none();
        self.nulls == Nulls::Dropped && !known.nullable && known.default.is_none() && !is_amount
    }

    fn pruned_metadata(&mut self, both: (&Value, Option<&Value>), path: &Path) -> Option<Value> {
        let metadata = Arc::clone(&self.metadata);
        let prefix = path.field("metadata").bracketed();
        let before = self.found.len();
        let pruned = self.pruned(&metadata, both, &Path::ROOT.field("metadata"));
        for found in &mut self.found[before..] {
            let below = found.path.strip_prefix("metadata").unwrap_or(&found.path);
            found.path = format!("{prefix}{below}");
            found.is_in_metadata = true;
        }
        pruned
    }
}

/// What pruning makes of a field.
enum Fate {
    Stays,
    Goes,
    Becomes(Value),
}

static NOTHING_KNOWN: LazyLock<Node> = LazyLock::new(Node::default);

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;
    use crate::store::schema::parse::parse;

    fn schema() -> Node {
        let known = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "a": {"type": "string"},
            "n": {"type": "string", "nullable": true},
            "d": {"type": "string", "default": "x"},
            "list": {"type": "array", "items": known},
            "map": {"type": "object", "additionalProperties": known},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"known": known}},
            "emb": {"type": "object", "x-kubernetes-embedded-resource": true, "properties": {"spec": known}},
        }}}});
        parse(&schema, "").unwrap()
    }

    #[rstest]
    #[case::field(json!({"a": "x", "z": 1}), json!({"a": "x"}), &["spec.z"])]
    #[case::list(json!({"list": [{"a": "x"}, {"z": 1}]}), json!({"list": [{"a": "x"}, {}]}), &["spec.list[1].z"])]
    #[case::map(json!({"map": {"k": {"z": 1}}}), json!({"map": {"k": {}}}), &["spec.map.k.z"])]
    #[case::preserved(json!({"free": {"z": {"y": 1}}}), json!({"free": {"z": {"y": 1}}}), &[])]
    #[case::declared_below_preserved(json!({"free": {"known": {"z": 1}}}), json!({"free": {"known": {}}}), &["spec.free.known.z"])]
    #[case::embedded(
        json!({"emb": {"apiVersion": "v1", "kind": "X", "metadata": {"name": "n", "zz": 1}, "spec": {"z": 1}, "y": 1}}),
        json!({"emb": {"apiVersion": "v1", "kind": "X", "metadata": {"name": "n"}, "spec": {}}}),
        &["spec.emb.spec.z", "spec.emb.y", "spec.emb.metadata.zz"]
    )]
    #[case::nulls(json!({"a": null, "n": null, "d": null, "free": {"z": null}}), json!({"n": null, "d": null, "free": {"z": null}}), &[])]
    fn unknown_fields_are_dropped_and_named(
        #[case] spec: Value,
        #[case] expected: Value,
        #[case] unknown: &[&str],
    ) {
        let mut object = json!({"apiVersion": "ex.io/v1", "kind": "X", "spec": spec});
        assert_eq!(prune(&schema(), &mut object, None, Nulls::Dropped), unknown);
        assert_eq!(
            object,
            json!({"apiVersion": "ex.io/v1", "kind": "X", "spec": expected})
        );
    }

    /// What shares with a state that fits is not looked at, which shows where that state does not fit after all.
    #[rstest]
    #[case::of_a_state_that_fits(true, &[])]
    #[case::of_a_state_of_another_schema(false, &["spec.z"])]
    fn shared_parts(#[case] fits: bool, #[case] unknown: &[&str]) {
        let old = json!({"apiVersion": "ex.io/v1", "spec": {"z": 1}});
        let mut object = old.clone();
        let before = Before { value: &old, fits };
        assert_eq!(
            prune(&schema(), &mut object, Some(before), Nulls::Dropped),
            unknown
        );
    }

    #[test]
    fn metadata_comes_first() {
        let mut object = json!({"apiVersion": "v1", "aaa": 1, "metadata": {"name": "x", "zzz": 1, "ownerReferences": [{"uid": "u", "y": 1}], "labels": {"a": "b"}, "creationTimestamp": null}});
        let unknown = prune(&schema(), &mut object, None, Nulls::Dropped);
        assert_eq!(
            unknown,
            ["metadata.ownerReferences[0].y", "metadata.zzz", "aaa"]
        );
        assert_eq!(
            object,
            json!({"apiVersion": "v1", "metadata": {"name": "x", "ownerReferences": [{"uid": "u"}], "labels": {"a": "b"}}})
        );
    }
}
