//! Names of objects that a cluster has once, where many scenarios share the cluster.

use serde_json::Value;

use super::kinds::is_shared;

/// Calls types and cluster templates after a tenant, so that each scenario has its own, and calls them back what the
/// scenario calls them.
pub(super) struct Naming {
    suffix: String,
}

impl Naming {
    /// The naming of the scenario in `namespace`.
    pub(super) fn of(namespace: &str) -> Self {
        Self {
            suffix: format!("-in-{namespace}"),
        }
    }

    /// What the cluster calls the object that a scenario calls `name`.
    pub(super) fn name_there(&self, kind: &str, name: &str) -> String {
        // A type of the namespace hides the cluster's of the same name.
        if (is_shared(kind) || kind == "ArtifactType") && !name.is_empty() {
            format!("{name}{}", self.suffix)
        } else {
            name.to_owned()
        }
    }

    /// `object` as the cluster is to have it.
    pub(super) fn there(&self, kind: &str, object: &mut Value) {
        self.rename(kind, object.pointer_mut("/metadata/name"));
        let artifacts = object
            .pointer_mut("/spec/artifacts")
            .and_then(Value::as_array_mut);
        for artifact in artifacts.into_iter().flatten() {
            self.rename("ArtifactType", artifact.get_mut("type"));
        }
        let reference = object.pointer_mut("/spec/workflowTemplateRef");
        if let Some(reference) = reference
            && (kind == "ClusterArtifactType" || reference["clusterScope"] == true)
        {
            self.rename("ClusterWorkflowTemplate", reference.get_mut("name"));
        }
    }

    /// `value` as the scenario knows it.
    pub(super) fn here(&self, value: &mut Value) {
        match value {
            Value::String(text) if text.contains(&self.suffix) => {
                *text = text.replace(&self.suffix, "");
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.here(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.here(field)),
            _ => {}
        }
    }

    fn rename(&self, kind: &str, name: Option<&mut Value>) {
        if let Some(Value::String(name)) = name {
            *name = self.name_there(kind, name);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: &str, object: &Value, expected: &Value) {
        let naming = Naming::of("s-7");
        let mut there = object.clone();
        naming.there(kind, &mut there);
        assert_eq!(there, *expected);
        naming.here(&mut there);
        assert_eq!(there, *object);
    }

    #[test]
    fn a_type_is_called_after_its_tenant_wherever_it_is_named() {
        check(
            "Order",
            &json!({"metadata": {"name": "o"}, "spec": {"artifacts": [{"type": "oci"}, {"type": ""}]}}),
            &json!({"metadata": {"name": "o"}, "spec": {"artifacts": [{"type": "oci-in-s-7"}, {"type": ""}]}}),
        );
    }

    #[test]
    fn a_template_of_the_cluster_is_and_one_of_the_namespace_is_not() {
        check(
            "ClusterArtifactType",
            &json!({"metadata": {"name": "oci"}, "spec": {"workflowTemplateRef": {"name": "t"}}}),
            &json!({"metadata": {"name": "oci-in-s-7"}, "spec": {"workflowTemplateRef": {"name": "t-in-s-7"}}}),
        );
        check(
            "ArtifactType",
            &json!({"metadata": {"name": "oci"}, "spec": {"workflowTemplateRef": {"name": "t"}}}),
            &json!({"metadata": {"name": "oci-in-s-7"}, "spec": {"workflowTemplateRef": {"name": "t"}}}),
        );
    }
}
