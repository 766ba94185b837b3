//! Manifests into a cluster, as `kubectl apply --server-side` does.

use anyhow::{Context, Result};
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::gvk::GroupVersionKind;
use kube::discovery::{self, Scope};
use kube::{Client, ResourceExt};
use serde_json::Value;

use crate::wait::{self, Limit};

/// Who owns what the suite writes.
const MANAGER: &str = "arc-e2e";

/// Applies `manifests` in their order; those of namespaced kinds that name none go to `namespace`. A
/// CustomResourceDefinition is served before the next one is applied.
///
/// # Errors
/// The API refuses one.
pub async fn apply(client: &Client, namespace: &str, manifests: Vec<Value>) -> Result<()> {
    for manifest in manifests {
        let object: DynamicObject =
            serde_json::from_value(manifest).context("read a manifest as an object")?;
        let what = described(&object);
        apply_one(client, namespace, object)
            .await
            .with_context(|| format!("apply {what}"))?;
    }
    Ok(())
}

async fn apply_one(client: &Client, namespace: &str, object: DynamicObject) -> Result<()> {
    let types = object
        .types
        .clone()
        .context("it has no apiVersion and kind")?;
    let gvk = GroupVersionKind::try_from(&types)?;
    let (resource, capabilities) = discovery::pinned_kind(client, &gvk).await?;
    let api: Api<DynamicObject> = match capabilities.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => {
            let own = object.namespace();
            let namespace = own.as_deref().unwrap_or(namespace);
            Api::namespaced_with(client.clone(), namespace, &resource)
        }
    };
    let params = PatchParams::apply(MANAGER).force();
    let name = object.name_any();
    api.patch(&name, &params, &Patch::Apply(&object)).await?;
    if gvk.kind == "CustomResourceDefinition" {
        let what = ("it is served", Limit::STARTUP);
        let is_served = |definition: &DynamicObject| has_condition(definition, "Established");
        wait::until(&api, &name, what, is_served).await?;
    }
    Ok(())
}

/// Whether a condition of this type is True.
#[must_use]
pub fn has_condition(object: &DynamicObject, kind: &str) -> bool {
    let conditions = object.data["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == kind && condition["status"] == "True")
}

fn described(object: &DynamicObject) -> String {
    let kind = object
        .types
        .as_ref()
        .map_or("an object", |types| &types.kind);
    format!("{kind} {}", object.name_any())
}
