//! OpenAPI: what kubectl reads before it creates, applies and explains.
//!
//! Documents hold what clients act on: the paths of every kind with their operations, query parameters and media types,
//! and a schema for each kind and each part of a built-in one.
//!
//! Source: `spec/kube-api.md` §1.4; names and layout as kube-apiserver v1.34.3 answers them.

pub mod binary;
mod components;
mod documents;
mod messages;
mod naming;
mod operations;
mod parts;
mod roots;
mod swagger;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use sha2::{Digest, Sha512};

use self::components::schemas;
use self::operations::{add_paths, add_root};
pub use self::swagger::{swagger, swagger_hash};
use crate::json::{Map, Value, json};
use crate::store::kind::{Kind, Origin};
use crate::store::schema::builtin::{definition, definitions};
use crate::store::schema::openapi::{to_component, to_openapi};

/// `GET /openapi/v3`: where the document of each served group and version lies.
#[must_use]
pub fn index(kinds: &[&Kind]) -> Value {
    let mut paths = Map::new();
    for path in all_paths(kinds) {
        let url = format!("/openapi/v3/{path}?hash={}", hash(kinds, &path));
        paths.insert(path, json!({"serverRelativeURL": url}));
    }
    json!({"paths": paths})
}

/// The paths of all documents.
fn all_paths(kinds: &[&Kind]) -> BTreeSet<String> {
    let of_versions = kinds.iter();
    let of_versions = of_versions.map(|kind| path_of(&kind.group, &kind.version));
    of_versions.chain(roots::paths(kinds)).collect()
}

/// The document of a path, such as `apis/apps/v1`; `None` if nothing is served there.
#[must_use]
pub fn document(kinds: &[&Kind], path: &str) -> Option<Value> {
    let Some((group, version)) = group_and_version(path) else {
        let (paths, schemas) = roots::parts(kinds, path)?;
        return Some(whole(Origin::BuiltIn, paths, schemas));
    };
    let kinds: Vec<&Kind> = of_version(kinds, group, version).collect();
    let mut paths = Map::new();
    kinds.iter().for_each(|kind| add_paths(&mut paths, kind));
    let origin = kinds.first()?.origin;
    if origin == Origin::BuiltIn {
        add_root(&mut paths, group, version);
    }
    Some(whole(origin, paths, schemas(&kinds)))
}

fn whole(origin: Origin, paths: Map, schemas: Map) -> Value {
    let mut document = json!({
        "openapi": "3.0.0",
        "paths": paths,
        "components": {"schemas": schemas},
    });
    match origin {
        Origin::BuiltIn => {
            document["info"] = json!({"title": "Kubernetes", "version": "1.34"});
            document["components"]["securitySchemes"] = security();
        }
        Origin::Custom => {
            document["info"] = json!({"title": "Kubernetes CRD Swagger", "version": "v0.1.0"});
        }
    }
    document
}

/// How clients show who they are.
fn security() -> Value {
    let description = "Bearer Token authentication";
    let token = json!({"type": "apiKey", "description": description, "name": "authorization", "in": "header"});
    json!({"BearerToken": token})
}

/// What changes whenever the document of a path changes: 128 upper-case hex digits.
#[must_use]
pub fn hash(kinds: &[&Kind], path: &str) -> String {
    let mut digest = Sha512::new();
    let Some((group, version)) = group_and_version(path) else {
        digest.update(path);
        digest.update(*BUILT_IN);
        return hex(&digest.finalize());
    };
    for kind in of_version(kinds, group, version) {
        digest.update(format!("{} {:?}\n", kind.kind, kind.subresources));
        match kind.origin {
            Origin::BuiltIn => digest.update(*BUILT_IN),
            Origin::Custom => {
                digest.update(to_openapi(&kind.schema).to_string());
                digest.update(format!("{:?}", kind.selectable_fields));
            }
        }
    }
    hex(&digest.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A digest of the parts of all built-in kinds, made once, for they are large and do not change while we run. They do
/// from one release to the next, and kubectl keeps documents on disk under their hashes.
static BUILT_IN: LazyLock<[u8; 64]> = LazyLock::new(|| {
    let parts = definitions().filter_map(definition);
    let digest = parts.fold(Sha512::new(), |digest, part| {
        digest.chain_update(to_component(&part, &mut BTreeSet::new()).to_string())
    });
    digest.finalize().into()
});

/// `api/v1` or `apis/{group}/{version}`.
fn path_of(group: &str, version: &str) -> String {
    if group.is_empty() {
        format!("api/{version}")
    } else {
        format!("apis/{group}/{version}")
    }
}

/// What [`path_of`] made a path of.
fn group_and_version(path: &str) -> Option<(&str, &str)> {
    let mut words = path.split('/');
    let named = match (words.next(), words.next(), words.next()) {
        (Some("api"), Some(version), None) => ("", version),
        (Some("apis"), Some(group), Some(version)) => (group, version),
        _ => return None,
    };
    words.next().is_none().then_some(named)
}

fn of_version<'k>(
    kinds: &[&'k Kind],
    group: &str,
    version: &str,
) -> impl Iterator<Item = &'k Kind> {
    kinds
        .iter()
        .copied()
        .filter(move |kind| kind.group == group && kind.version == version)
}

#[cfg(test)]
mod tests;
