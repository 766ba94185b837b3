//! What Go writes of an object of a built-in kind in which nothing is set: fields that are never left out.
//!
//! Bookmarks are such objects, with a revision.
//!
//! Source: kube-apiserver v1.34.3, bookmarks of all kinds; apiserver v0.34.3, pkg/storage/cacher/cacher.go
//! (`newFunc`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::json::{Map, Value, parsed};
use crate::store::kind::{Kind, Origin};

/// A line for each kind of which there is something: its version, its name, and what there is as JSON.
const BLANKS: &str = include_str!("blanks.txt");

static TABLE: LazyLock<BTreeMap<(&str, &str), Value>> =
    LazyLock::new(|| BLANKS.lines().filter_map(of_line).collect());

fn of_line(line: &'static str) -> Option<((&'static str, &'static str), Value)> {
    let mut words = line.splitn(3, ' ');
    let names = (words.next()?, words.next()?);
    Some((names, parsed(words.next()?.as_bytes()).ok()?))
}

/// An object of `kind` in which only the metadata are set.
pub(super) fn object(kind: &Kind, metadata: &Value) -> Value {
    let version = kind.api_version();
    let blank = match kind.origin {
        Origin::BuiltIn => TABLE.get(&(version.as_str(), kind.kind.as_str())),
        Origin::Custom => None,
    };
    let mut object = blank.cloned().unwrap_or_else(|| Value::Object(Map::new()));
    object["metadata"] = metadata.clone();
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        assert_eq!(TABLE.len(), BLANKS.lines().count());
        assert!(TABLE.values().all(Value::is_object));
    }
}
