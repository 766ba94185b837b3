//! Which objects to look at again when another one changes.

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::api::artifact_workflow::ArtifactWorkflow;
use crate::api::endpoint::Endpoint;
use crate::api::order::Order;
use crate::api::reference::LocalRef;

/// An object of a known kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// `metadata.namespace`; empty for cluster-scoped objects.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl ObjectKey {
    /// The object `namespace/name`.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The object with this metadata.
    #[must_use]
    pub fn of(metadata: &ObjectMeta) -> Self {
        Self::new(
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default(),
        )
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

/// The Order that owns an ArtifactWorkflow.
#[must_use]
pub fn order_for_artifact_workflow(artifact_workflow: &ObjectMeta) -> Option<ObjectKey> {
    owner_name(artifact_workflow, "Order")
        .map(|name| ObjectKey::new(&ObjectKey::of(artifact_workflow).namespace, name))
}

/// The Orders that name an Endpoint, there or not.
///
/// Source: spec/arc.md §4.1, as are the other references.
#[must_use]
pub fn orders_for_endpoint<'a>(
    endpoint: &ObjectMeta,
    orders: impl IntoIterator<Item = &'a Order>,
) -> Vec<ObjectKey> {
    let endpoint = ObjectKey::of(endpoint);
    orders
        .into_iter()
        .filter(|order| is_in(&order.metadata, &endpoint.namespace))
        .filter(|order| names_endpoint(order, &endpoint.name))
        .map(|order| ObjectKey::of(&order.metadata))
        .collect()
}

/// The Orders that name an ArtifactType, or a ClusterArtifactType if it has no namespace.
#[must_use]
pub fn orders_for_artifact_type<'a>(
    artifact_type: &ObjectMeta,
    orders: impl IntoIterator<Item = &'a Order>,
) -> Vec<ObjectKey> {
    let key = ObjectKey::of(artifact_type);
    orders
        .into_iter()
        .filter(|order| key.namespace.is_empty() || is_in(&order.metadata, &key.namespace))
        .filter(|order| {
            order
                .spec
                .artifacts
                .iter()
                .any(|artifact| artifact.r#type == key.name)
        })
        .map(|order| ObjectKey::of(&order.metadata))
        .collect()
}

/// The Orders that name an Endpoint that names a Secret.
#[must_use]
pub fn orders_for_secret<'a, 'b>(
    secret: &ObjectMeta,
    endpoints: impl IntoIterator<Item = &'b Endpoint>,
    orders: impl IntoIterator<Item = &'a Order>,
) -> Vec<ObjectKey> {
    let secret = ObjectKey::of(secret);
    let endpoints: Vec<&str> = endpoints
        .into_iter()
        .filter(|endpoint| is_in(&endpoint.metadata, &secret.namespace))
        .filter(|endpoint| {
            LocalRef::name_of(endpoint.spec.secret_ref.as_ref()) == Some(secret.name.as_str())
        })
        .filter_map(|endpoint| endpoint.metadata.name.as_deref())
        .collect();
    orders
        .into_iter()
        .filter(|order| is_in(&order.metadata, &secret.namespace))
        .filter(|order| {
            endpoints
                .iter()
                .any(|endpoint| names_endpoint(order, endpoint))
        })
        .map(|order| ObjectKey::of(&order.metadata))
        .collect()
}

/// The ArtifactWorkflow behind a Workflow or CronWorkflow: its owner, or the owner of the CronWorkflow whose run it is,
/// or else the one whose name it takes.
///
/// Source: spec/arc.md §6.2.
#[must_use]
pub fn artifact_workflow_for_argo(argo: &ObjectMeta) -> ObjectKey {
    let key = ObjectKey::of(argo);
    let name = owner_name(argo, "ArtifactWorkflow")
        .or(owner_name(argo, "CronWorkflow"))
        .unwrap_or(&key.name);
    ObjectKey::new(&key.namespace, name)
}

/// The ArtifactWorkflows that have not started and name a Secret.
#[must_use]
pub fn artifact_workflows_for_secret<'a>(
    secret: &ObjectMeta,
    artifact_workflows: impl IntoIterator<Item = &'a ArtifactWorkflow>,
) -> Vec<ObjectKey> {
    let secret = ObjectKey::of(secret);
    artifact_workflows
        .into_iter()
        .filter(|child| is_in(&child.metadata, &secret.namespace))
        .filter(|child| {
            child
                .status
                .as_ref()
                .is_none_or(|status| status.run.phase.is_none())
        })
        .filter(|child| {
            [&child.spec.src_secret_ref, &child.spec.dst_secret_ref]
                .into_iter()
                .any(|reference| LocalRef::name_of(reference.as_ref()) == Some(&secret.name))
        })
        .map(|child| ObjectKey::of(&child.metadata))
        .collect()
}

fn owner_name<'a>(object: &'a ObjectMeta, kind: &str) -> Option<&'a str> {
    object
        .owner_references
        .iter()
        .flatten()
        .find(|owner| owner.kind == kind)
        .map(|owner| owner.name.as_str())
}

fn is_in(object: &ObjectMeta, namespace: &str) -> bool {
    object.namespace.as_deref().unwrap_or_default() == namespace
}

fn names_endpoint(order: &Order, endpoint: &str) -> bool {
    let defaults = [&order.spec.defaults.src_ref, &order.spec.defaults.dst_ref];
    let own = order
        .spec
        .artifacts
        .iter()
        .flat_map(|artifact| [&artifact.src_ref, &artifact.dst_ref]);
    defaults
        .into_iter()
        .chain(own)
        .any(|reference| LocalRef::name_of(reference.as_ref()) == Some(endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::builders::{
        artifact, artifact_workflow, endpoint, meta, order, run, workflow,
    };
    use rstest::rstest;

    fn elsewhere() -> ObjectMeta {
        ObjectMeta {
            namespace: Some("elsewhere".into()),
            ..meta("src")
        }
    }

    fn the_order() -> Vec<ObjectKey> {
        vec![ObjectKey::new("default", "o")]
    }

    #[rstest]
    #[case::a_source(meta("src"), true)]
    #[case::a_destination(meta("dst"), true)]
    #[case::a_default(meta("fallback"), true)]
    #[case::another(meta("other"), false)]
    #[case::another_namespace(elsewhere(), false)]
    fn an_endpoint_wakes_the_orders_that_name_it(
        #[case] endpoint: ObjectMeta,
        #[case] wakes: bool,
    ) {
        let mut order = order(vec![artifact("oci", "{}")]);
        order.spec.defaults.src_ref = Some(LocalRef::to("fallback"));
        let expected = if wakes { the_order() } else { vec![] };
        assert_eq!(orders_for_endpoint(&endpoint, [&order]), expected);
    }

    #[rstest]
    #[case::namespaced(meta("oci"), true)]
    #[case::cluster(ObjectMeta { namespace: None, ..meta("oci") }, true)]
    #[case::another_name(meta("helm"), false)]
    #[case::another_namespace(ObjectMeta { name: Some("oci".into()), ..elsewhere() }, false)]
    fn a_type_wakes_the_orders_that_name_it(
        #[case] artifact_type: ObjectMeta,
        #[case] wakes: bool,
    ) {
        let order = order(vec![artifact("oci", "{}")]);
        let expected = if wakes { the_order() } else { vec![] };
        assert_eq!(orders_for_artifact_type(&artifact_type, [&order]), expected);
    }

    #[rstest]
    #[case::named(meta("creds"), true)]
    #[case::another(meta("other"), false)]
    fn a_secret_wakes_the_orders_whose_endpoints_name_it(
        #[case] secret: ObjectMeta,
        #[case] wakes: bool,
    ) {
        let mut src = Endpoint::new("src", endpoint("oci", "gcr.io"));
        src.metadata = meta("src");
        src.spec.secret_ref = Some(LocalRef::to("creds"));
        let order = order(vec![artifact("oci", "{}")]);
        let expected = if wakes { the_order() } else { vec![] };
        assert_eq!(orders_for_secret(&secret, [&src], [&order]), expected);
    }

    #[rstest]
    #[case::its_own(workflow("Running").metadata, "aw")]
    #[case::a_run_of_its_schedule(run("aw-1893499200", "Running", 0).metadata, "aw")]
    #[case::one_that_takes_its_name(meta("aw"), "aw")]
    fn a_workflow_wakes(#[case] argo: ObjectMeta, #[case] name: &str) {
        assert_eq!(
            artifact_workflow_for_argo(&argo),
            ObjectKey::new("default", name)
        );
    }

    #[test]
    fn a_secret_wakes_what_waits_for_it() {
        let mut waiting = artifact_workflow();
        waiting.spec.src_secret_ref = Some(LocalRef::to("creds"));
        let keys = artifact_workflows_for_secret(&meta("creds"), [&waiting, &artifact_workflow()]);
        assert_eq!(keys, [ObjectKey::new("default", "aw")]);
    }
}
