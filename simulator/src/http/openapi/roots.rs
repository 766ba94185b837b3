//! The documents of what leads to groups and versions: one operation each.
//!
//! Source: kube-apiserver v1.34.3, `/openapi/v3`.

use std::collections::BTreeSet;

use super::components::{add_parts, meta};
use super::naming::{capitalised, group_tag};
use super::operations::{WRITTEN, read};
use crate::json::{Map, Value, json};
use crate::store::kind::{Kind, Origin};

const VERSION: &str = "io.k8s.apimachinery.pkg.version.Info";

/// The paths of these documents, without the slashes around them.
pub(super) fn paths(kinds: &[&Kind]) -> BTreeSet<String> {
    let built_in = kinds.iter().filter(|kind| kind.origin == Origin::BuiltIn);
    let named = built_in.filter(|kind| !kind.group.is_empty());
    let mut paths: BTreeSet<String> = named.map(|kind| format!("apis/{}", kind.group)).collect();
    paths.extend(["api", "apis", "version"].map(str::to_owned));
    paths
}

/// What the operation of a document is, and the name of the schema of what it answers; `None` if there is none.
fn operation(kinds: &[&Kind], path: &str) -> Option<(Value, String)> {
    if !paths(kinds).contains(path) {
        return None;
    }
    let (tag, told, answer) = match path.strip_prefix("apis/") {
        Some(group) => {
            let tag = group_tag(group);
            let id = format!("get{}APIGroup", capitalised(&tag));
            (tag, ("get information of a group", id), meta("APIGroup"))
        }
        None => {
            let (description, id, answer) = match path {
                "api" => (
                    "get available API versions",
                    "getCoreAPIVersions",
                    meta("APIVersions"),
                ),
                "apis" => (
                    "get available API versions",
                    "getAPIVersions",
                    meta("APIGroupList"),
                ),
                _ => (
                    "get the version information for this server",
                    "getCodeVersion",
                    VERSION.to_owned(),
                ),
            };
            let tag = if path == "api" { "core" } else { path };
            (tag.to_owned(), (description, id.to_owned()), answer)
        }
    };
    let media = if path == "version" {
        &WRITTEN[..1]
    } else {
        &WRITTEN
    };
    let told = (told.0, told.1.as_str());
    Some((read(&tag, told, &answer, media), answer))
}

/// The path item and the schemas of one of these documents.
pub(super) fn parts(kinds: &[&Kind], path: &str) -> Option<(Map, Map)> {
    let (get, answer) = operation(kinds, path)?;
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    paths.insert(format!("/{path}/"), json!({"get": get}));
    add_parts(&mut schemas, BTreeSet::from([answer.as_str().into()]));
    Some((paths, schemas))
}
