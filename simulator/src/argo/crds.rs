//! The CustomResourceDefinitions of Argo Workflows, with full schemas as its default installation since v4.0.
//!
//! Source: `spec/argo.md` §1; argo-workflows v3.7.4 `manifests/base/crds`.

use super::schema::schema_of;
use super::spec::{WorkflowSpec, WorkflowStatus};
use crate::json::{Value, json};

/// How a kind is called and where its objects live.
struct Names {
    kind: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    scope: &'static str,
    status_subresource: bool,
}

/// All definitions, ready to be applied.
#[must_use]
pub fn crds() -> Vec<Value> {
    let spec = schema_of::<WorkflowSpec>();
    let opaque = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let both: [(&str, &Value); 2] = [("spec", &opaque), ("status", &opaque)];
    let templates: [(&str, &Value); 1] = [("spec", &spec)];
    let cluster = Names {
        scope: "Cluster",
        ..Names::new(
            "ClusterWorkflowTemplate",
            "clusterworkflowtemplates",
            &["clusterwftmpl", "cwft"],
        )
    };
    let task_set = Names::new("WorkflowTaskSet", "workflowtasksets", &["wfts"]);
    let gc_task = Names::new(
        "WorkflowArtifactGCTask",
        "workflowartifactgctasks",
        &["wfat"],
    );
    let binding = Names::new("WorkflowEventBinding", "workfloweventbindings", &["wfeb"]);
    vec![
        workflows(&spec),
        definition(
            &Names::new("WorkflowTemplate", "workflowtemplates", &["wftmpl"]),
            &templates,
        ),
        definition(&cluster, &templates),
        definition(
            &Names::new("CronWorkflow", "cronworkflows", &["cwf", "cronwf"]),
            &both,
        ),
        task_results(),
        definition(&task_set.with_status(), &both),
        definition(&gc_task.with_status(), &both),
        definition(&binding, &both[..1]),
    ]
}

impl Names {
    /// A kind in namespaces without subresources.
    fn new(kind: &'static str, plural: &'static str, short: &'static [&'static str]) -> Self {
        Self {
            kind,
            plural,
            short,
            scope: "Namespaced",
            status_subresource: false,
        }
    }

    fn with_status(self) -> Self {
        Self {
            status_subresource: true,
            ..self
        }
    }
}

fn workflows(spec: &Value) -> Value {
    let names = Names::new("Workflow", "workflows", &["wf"]);
    let mut crd = definition(
        &names,
        &[("spec", spec), ("status", &schema_of::<WorkflowStatus>())],
    );
    crd["spec"]["versions"][0]["additionalPrinterColumns"] = json!([
        {"name": "Status", "type": "string", "jsonPath": ".status.phase", "description": "Status of the workflow"},
        {"name": "Age", "type": "date", "format": "date-time", "jsonPath": ".status.startedAt", "description": "When the workflow was started"},
        {"name": "Message", "type": "string", "jsonPath": ".status.message", "description": "Human readable message indicating details about why the workflow is in this condition."},
    ]);
    crd
}

fn task_results() -> Value {
    let names = Names::new("WorkflowTaskResult", "workflowtaskresults", &[]);
    let text = json!({"type": "string"});
    let outputs = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let fields = [
        ("message", &text),
        ("outputs", &outputs),
        ("phase", &text),
        ("progress", &text),
    ];
    let mut crd = definition(&names, &fields);
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["required"] = json!(["metadata"]);
    crd
}

fn definition(names: &Names, fields: &[(&str, &Value)]) -> Value {
    let mut properties = json!({
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
    });
    for (name, schema) in fields {
        properties[*name] = (*schema).clone();
    }
    let mut crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{}.argoproj.io", names.plural)},
        "spec": {
            "group": "argoproj.io",
            "names": {
                "kind": names.kind,
                "listKind": format!("{}List", names.kind),
                "plural": names.plural,
                "singular": names.kind.to_lowercase(),
                "shortNames": names.short,
            },
            "scope": names.scope,
            "versions": [{
                "name": "v1alpha1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "required": ["metadata", "spec"],
                    "properties": properties,
                }},
            }],
        },
    });
    if names.status_subresource {
        crd["spec"]["versions"][0]["subresources"] = json!({"status": {}});
    }
    crd
}

#[cfg(test)]
mod tests {
    use super::crds;

    #[test]
    fn workflows_are_written_without_a_status_subresource() {
        let workflows = &crds()[0];
        assert_eq!(workflows["metadata"]["name"], "workflows.argoproj.io");
        assert!(workflows["spec"]["versions"][0]["subresources"].is_null());
    }

    #[test]
    fn the_schema_reaches_into_containers() {
        let crds = crds();
        let schema = &crds[1]["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        let pointer = "/properties/spec/properties/templates/items/properties/script/properties/volumeMounts/items/properties/mountPath/type";
        assert_eq!(schema.pointer(pointer).unwrap(), "string");
    }
}
