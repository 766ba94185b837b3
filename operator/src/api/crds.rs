//! The definitions that a cluster needs before it knows ARC.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

use super::artifact_type::{ArtifactType, ClusterArtifactType};
use super::artifact_workflow::ArtifactWorkflow;
use super::endpoint::Endpoint;
use super::order::Order;

/// The definitions of all five kinds, in the order in which a reader meets them.
#[must_use]
pub fn all() -> Vec<CustomResourceDefinition> {
    let mut crds = vec![
        Order::crd(),
        ArtifactWorkflow::crd(),
        Endpoint::crd(),
        ArtifactType::crd(),
        ClusterArtifactType::crd(),
    ];
    let schemas = crds
        .iter_mut()
        .flat_map(|crd| &mut crd.spec.versions)
        .filter_map(|version| version.schema.as_mut()?.open_api_v3_schema.as_mut());
    schemas.for_each(drop_sources);
    crds
}

/// Descriptions are for users, who do not have the documents that doc comments cite.
fn drop_sources(schema: &mut JSONSchemaProps) {
    if let Some(description) = &mut schema.description
        && let Some(at) = description.find("\n\nSource:")
    {
        description.truncate(at);
    }
    schema
        .properties
        .iter_mut()
        .flatten()
        .for_each(|(_, property)| drop_sources(property));
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        drop_sources(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        drop_sources(values);
    }
}

/// The same as a YAML stream, as `arc-operator crds` prints it and `deploy/crds.yaml` holds it.
///
/// # Errors
/// A definition that is no YAML, which none is.
pub fn yaml() -> Result<String, serde_saphyr::ser::Error> {
    all()
        .iter()
        .map(|crd| Ok(format!("---\n{}", serde_saphyr::to_string(crd)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_GOLDEN=1 cargo test -p arc-operator golden` rewrites the file.
    #[test]
    fn the_golden_definitions_are_what_the_code_makes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/crds.yaml");
        let made = yaml().unwrap();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        assert!(
            std::fs::read_to_string(path).unwrap() == made,
            "{path} is out of date: run this test with UPDATE_GOLDEN=1"
        );
    }

    #[test]
    fn all_kinds_are_in_one_category() {
        let categories: Vec<_> = all()
            .into_iter()
            .map(|crd| {
                (
                    crd.spec.names.kind,
                    crd.spec.names.short_names,
                    crd.spec.names.categories,
                )
            })
            .collect();
        let of = |kind: &str, short: &str| {
            (
                kind.to_owned(),
                Some(vec![short.to_owned()]),
                Some(vec!["arc".to_owned()]),
            )
        };
        assert_eq!(
            categories,
            [
                of("Order", "arcorder"),
                of("ArtifactWorkflow", "aw"),
                of("Endpoint", "arcep"),
                of("ArtifactType", "at"),
                of("ClusterArtifactType", "cat"),
            ]
        );
    }
}
