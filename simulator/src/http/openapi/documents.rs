//! What documents tell of the parts of built-in kinds beyond their types.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::json::{Value, json};
use crate::store::schema::builtin::short;

/// A line for each saying about a type, which is followed by names of fields: those that default to a value
/// (`default=VALUE`), that have no default (`bare`), that are required, in order (`required`), that make it a union by the
/// first (`union`), whose values are told among the words about them (`words`), of which nothing is told but what lies
/// elsewhere (`plain`), and that have an extension (`x-…=VALUE`) or none (`-x-…`). A type may be more than an object
/// (`any`).
///
/// Source: `/openapi/v3` of kube-apiserver v1.34.3.
const SAYINGS: &str = include_str!("documents.txt");
/// The one list that is neither a set nor a map nor one value.
const FREE: (&str, &str) = ("meta.v1.APIResource", "verbs");
const LIST_TYPE: &str = "x-kubernetes-list-type";

/// What is said, and the fields that it is said of.
type Saying = (&'static str, Vec<&'static str>);

static BY_TYPE: LazyLock<BTreeMap<&str, Vec<Saying>>> = LazyLock::new(|| {
    let mut by_type: BTreeMap<&str, Vec<Saying>> = BTreeMap::new();
    for line in SAYINGS.lines() {
        let mut words = line.split(' ');
        if let (Some(saying), Some(name)) = (words.next(), words.next()) {
            by_type
                .entry(name)
                .or_default()
                .push((saying, words.collect()));
        }
    }
    by_type
});

/// Adds to the schema of a part what else is said of it.
pub(super) fn amend(name: &str, part: &mut Value) {
    let name = short(name);
    mark_lists(name, part);
    for (saying, fields) in BY_TYPE.get(name).into_iter().flatten() {
        match *saying {
            "required" => part["required"] = fields.clone().into(),
            "union" => part["x-kubernetes-unions"] = union(fields),
            "any" => drop(part.as_object_mut().map(|part| part.remove("type"))),
            saying => {
                for field in fields {
                    amend_field(saying, &mut part["properties"][*field]);
                }
            }
        }
    }
}

/// Lists of which nothing else is said are one value to appliers.
fn mark_lists(name: &str, part: &mut Value) {
    let properties = part.get_mut("properties").and_then(Value::as_object_mut);
    for (field, property) in properties.into_iter().flat_map(|fields| fields.iter_mut()) {
        let is_list = property["type"] == "array" && property[LIST_TYPE].is_null();
        if is_list && (name, field.as_str()) != FREE {
            property[LIST_TYPE] = "atomic".into();
        }
    }
}

fn amend_field(saying: &str, property: &mut Value) {
    if let Some((name, value)) = saying.split_once('=').filter(|_| saying.starts_with("x-")) {
        property[name] = serde_json::from_str(value).unwrap_or_default();
    } else if let Some(name) = saying.strip_prefix('-') {
        drop(property.as_object_mut().map(|fields| fields.remove(name)));
    } else if saying == "plain" {
        let place = match property["type"].as_str() {
            Some("array") => &mut property["items"],
            Some(_) => &mut property["additionalProperties"],
            None => property,
        };
        *place = place["allOf"][0].clone();
    } else if let Some(default) = saying.strip_prefix("default=") {
        property["default"] = serde_json::from_str(default).unwrap_or_default();
    } else if saying == "words" {
        let values = property["enum"].as_array().into_iter().flatten();
        let values = values.map(|value| format!("\n - `{value}`"));
        let told = property["description"].as_str().unwrap_or_default();
        let told = format!(
            "{told}\n\nPossible enum values:{}",
            values.collect::<String>()
        );
        property["description"] = told.into();
    } else if let Some(fields) = property.as_object_mut() {
        fields.remove("default");
        if fields.len() == 1
            && let Some(place) = fields.remove("allOf")
        {
            *property = place[0].clone();
        }
    }
}

fn union(fields: &[&str]) -> Value {
    let (discriminator, rest) = fields.split_first().unwrap_or((&"", &[]));
    let members = rest.iter().map(|field| {
        let (first, rest) = field.split_at(1);
        (
            (*field).to_owned(),
            Value::from(first.to_uppercase() + rest),
        )
    });
    let members = Value::Object(members.collect());
    json!([{"discriminator": discriminator, "fields-to-discriminateBy": members}])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;
    use crate::store::schema::builtin::{definition, definitions};
    use crate::store::schema::openapi::to_component;

    fn part(name: &str) -> Value {
        let mut part = to_component(&definition(name).unwrap(), &mut BTreeSet::new());
        amend(name, &mut part);
        part
    }

    #[rstest]
    #[case::order("core.v1.VolumeMount", "/required", json!(["name", "mountPath"]))]
    #[case::one_value("core.v1.Container", "/properties/command/x-kubernetes-list-type", json!("atomic"))]
    #[case::map("core.v1.Container", "/properties/env/x-kubernetes-list-type", json!("map"))]
    #[case::default("core.v1.RBDVolumeSource", "/properties/pool/default", json!("rbd"))]
    #[case::no_default("apps.v1.DeploymentSpec", "/properties/selector/default", Value::Null)]
    #[case::elsewhere("apiextensions.v1.JSONSchemaProps", "/properties/not", json!({"$ref": "#/components/schemas/io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"}))]
    #[case::extension("core.v1.PersistentVolumeSpec", "/properties/claimRef/x-kubernetes-map-type", json!("granular"))]
    #[case::no_extension(
        "apps.v1.ControllerRevision",
        "/properties/data/x-kubernetes-map-type",
        Value::Null
    )]
    #[case::anything("apiextensions.v1.JSON", "/type", Value::Null)]
    #[case::below_a_recursive_type("apiextensions.v1.ValidationRule", "/properties/rule/type", json!("string"))]
    #[case::union("flowcontrol.v1.LimitResponse", "/x-kubernetes-unions", json!([{"discriminator": "type", "fields-to-discriminateBy": {"queuing": "Queuing"}}]))]
    fn a_part_is_told_as_by_a_real_server(
        #[case] name: &str,
        #[case] pointer: &str,
        #[case] expected: Value,
    ) {
        let package = match name.starts_with("apiextensions") {
            true => "apiextensions-apiserver.pkg.apis",
            false => "api",
        };
        let part = part(&format!("io.k8s.{package}.{name}"));
        let found = part.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(found, expected);
    }

    #[test]
    fn values_without_words_of_their_own_are_listed() {
        let spec = part("io.k8s.api.core.v1.PodSpec");
        let told = spec["properties"]["restartPolicy"]["description"].as_str();
        let end = "\n\nPossible enum values:\n - `\"Always\"`\n - `\"Never\"`\n - `\"OnFailure\"`";
        assert!(told.unwrap().ends_with(end), "{told:?}");
    }

    /// What documents alone say is required: writers may leave it out.
    fn told_alone(name: &str) -> Option<&'static str> {
        match name {
            "core.v1.Event" => Some("metadata"),
            "events.v1.Event" => Some("eventTime"),
            _ => None,
        }
    }

    #[test]
    fn what_is_said_is_said_of_types_and_fields_that_there_are() {
        let mut unknown: BTreeSet<&str> = BY_TYPE.keys().copied().collect();
        for name in definitions() {
            unknown.remove(short(name));
            let node = definition(name).unwrap();
            for (saying, fields) in BY_TYPE.get(short(name)).into_iter().flatten() {
                for field in fields {
                    assert!(
                        node.properties.contains_key(field),
                        "{saying} {name} {field}"
                    );
                }
                if *saying == "required" {
                    let told: BTreeSet<&str> = fields.iter().copied().collect();
                    let known = node.required.iter().map(String::as_str);
                    let known = known.chain(told_alone(short(name))).collect();
                    assert_eq!(told, known, "{name}");
                }
            }
        }
        assert_eq!(unknown, BTreeSet::new());
    }
}
