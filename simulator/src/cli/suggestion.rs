//! What somebody may have meant.

use kube::Client;
use serde_json::Value;

use super::manifest::Document;

/// How many names are worth listing.
const NAMES_MAX: usize = 16;

/// What to say after `wrong` was refused where one of `names` was expected: the name that is near, or all of them if
/// they are few, or nothing.
pub(super) fn hint<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    let lower = wrong.to_lowercase();
    let distance = |name: &&&str| strsim::osa_distance(&name.to_lowercase(), &lower);
    let nearest = names.iter().min_by_key(distance);
    match nearest {
        Some(name) if distance(&name) <= wrong.chars().count().div_ceil(3) => {
            format!("; did you mean \"{name}\"?")
        }
        Some(_) if names.len() <= NAMES_MAX => format!("; expected one of {}", names.join(", ")),
        _ => String::new(),
    }
}

/// The fields that may stand beside the one at `path`, by the published schema of the document's kind; none if it is
/// not known.
pub(super) async fn siblings(client: &Client, document: &Document, path: &str) -> Vec<String> {
    let version = document.value["apiVersion"].as_str().unwrap_or_default();
    let root = if version.contains('/') { "apis" } else { "api" };
    let request = http::Request::get(format!("/openapi/v3/{root}/{version}")).body(Vec::new());
    let Ok(request) = request else {
        return Vec::new();
    };
    let published = client.request::<Value>(request).await.unwrap_or_default();
    let schemas = &published["components"]["schemas"];
    let kind = schemas
        .as_object()
        .into_iter()
        .flatten()
        .find(|(_, schema)| {
            is_of(
                schema,
                version,
                document.value["kind"].as_str().unwrap_or_default(),
            )
        });
    let Some((_, kind)) = kind else {
        return Vec::new();
    };
    let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
    let mut node = referenced(schemas, kind);
    for name in parent.split('.').filter(|name| !name.is_empty()) {
        node = below(schemas, node, name);
    }
    let fields = node["properties"].as_object().into_iter().flatten();
    fields.map(|(name, _)| name.clone()).collect()
}

fn is_of(schema: &Value, version: &str, kind: &str) -> bool {
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let kinds = schema["x-kubernetes-group-version-kind"].as_array();
    kinds.into_iter().flatten().any(|named| {
        named["group"] == group && named["version"] == version && named["kind"] == kind
    })
}

/// The schema of a field such as `artifacts[0]`.
fn below<'a>(schemas: &'a Value, node: &'a Value, name: &str) -> &'a Value {
    let (name, indices) = name.split_once('[').unwrap_or((name, ""));
    let mut node = match &node["properties"][name] {
        Value::Null => &node["additionalProperties"],
        field => field,
    };
    node = referenced(schemas, node);
    for _ in 0..indices.matches(']').count() {
        node = referenced(schemas, &node["items"]);
    }
    node
}

fn referenced<'a>(schemas: &'a Value, node: &'a Value) -> &'a Value {
    let reference = node["$ref"].as_str().or(node["allOf"][0]["$ref"].as_str());
    match reference.and_then(|text| text.rsplit('/').next()) {
        Some(name) => &schemas[name],
        None => node,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Ordr", "; did you mean \"Order\"?")]
    #[case("endpoint", "; did you mean \"Endpoint\"?")]
    #[case("Deployment", "; expected one of Endpoint, Order")]
    fn a_near_name_is_offered_and_otherwise_all(#[case] wrong: &str, #[case] expected: &str) {
        let names = ["Order", "Endpoint", "Order"];
        assert_eq!(hint(wrong, names.into_iter()), expected);
    }
}
