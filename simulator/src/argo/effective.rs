//! The specification that a Workflow runs by. Source: `spec/argo.md` §4, §5.

use k8s_openapi::api::core::v1::Volume;

use super::arguments::decode;
use super::globals::{self, Sources};
use super::key;
use super::lookup::Missing;
use super::merge;
use super::pass::{Halt, Pass};
use super::resolution::to_value;
use super::spec::{WorkflowPhase, WorkflowSpec};
use super::tag::{self, Mode, Scope};
use crate::json::{Value, from_value};

/// Why there is no effective specification.
pub(crate) enum Unusable {
    /// Something must be read first.
    Missing(Missing),
    /// The Workflow becomes Error.
    Error(String),
    /// The Workflow becomes Failed.
    Failed(String),
}

impl Pass<'_> {
    /// Sets specification, templates, globals and volumes.
    pub(crate) fn set_effective_spec(&mut self) -> Result<(), Unusable> {
        let own = &self.input.workflow.data["spec"];
        let referred = !own["workflowTemplateRef"].is_null();
        let mut spec = if referred {
            self.store_spec(own)?;
            let stored = &self.status.stored_workflow_template_spec;
            self.templates = stored["templates"].clone();
            without_templates(stored)
        } else {
            self.templates = own["templates"].clone();
            without_templates(own)
        };
        let decoded = |value: &Value| {
            from_value::<WorkflowSpec>(value)
                .map_err(|error| Unusable::Failed(format!("cannot unmarshall spec: {error}")))
        };
        self.spec = decoded(&spec)?;
        self.check_spec()?;
        self.set_globals()?;
        if tag::occurs(&spec) {
            tag::replace_in(&mut spec, &Scope(&[&self.globals]), Mode::Lenient)
                .map_err(|error| Unusable::Error(error.to_string()))?;
            self.spec = decoded(&spec)?;
        }
        self.volumes.clone_from(&self.spec.volumes);
        if self.status.phase == WorkflowPhase::Unknown {
            self.add_metadata();
        }
        self.set_runtime_globals();
        Ok(())
    }

    fn set_globals(&mut self) -> Result<(), Unusable> {
        let sources = Sources {
            identity: &self.identity,
            spec: &self.spec,
            status: &self.status,
            labels: &self.labels,
            annotations: &self.annotations,
            lookups: self.input.lookups,
        };
        self.globals = globals::globals(&sources).map_err(|halt| match halt {
            Halt::Missing(missing) => Unusable::Missing(missing),
            other => Unusable::Failed(format!(
                "failed to set global parameters: {}",
                other.message()
            )),
        })?;
        Ok(())
    }

    fn set_runtime_globals(&mut self) {
        self.globals.insert(
            "workflow.status".to_owned(),
            self.status.phase.name().to_owned(),
        );
        let started = self
            .status
            .started_at
            .as_ref()
            .map_or(self.input.now, |time| time.0);
        let seconds = self.input.now.duration_since(started).as_secs_f64();
        self.globals
            .insert("workflow.duration".to_owned(), format!("{seconds:.6}"));
    }

    /// Fetches and merges the referred specification at first sight.
    fn store_spec(&mut self, own: &Value) -> Result<(), Unusable> {
        let stored = &self.status.stored_workflow_template_spec;
        let differs = |field: &str| own.get(field) != stored.get(field);
        let lacks_entrypoint = !own["entrypoint"].is_null() && stored["entrypoint"].is_null();
        if !stored.is_null() && !lacks_entrypoint && !differs("suspend") && !differs("shutdown") {
            return Ok(());
        }
        let low = if stored.is_null() {
            self.referred_spec(&own["workflowTemplateRef"])?
        } else {
            stored.clone()
        };
        let joined = merge::join(own, &low);
        let typed: WorkflowSpec =
            decode(Some(&joined)).map_err(|halt| Unusable::Failed(halt.message()))?;
        self.status.stored_workflow_template_spec =
            decode(Some(&to_value(&typed))).map_err(|halt| Unusable::Failed(halt.message()))?;
        self.updated = true;
        Ok(())
    }

    fn referred_spec(&mut self, reference: &Value) -> Result<Value, Unusable> {
        let name = reference["name"].as_str().unwrap_or_default().to_owned();
        let cluster = reference["clusterScope"] == true;
        let (missing, plural, label) = if cluster {
            let missing = Missing::ClusterWorkflowTemplate(name.clone());
            (
                missing,
                "clusterworkflowtemplates",
                key::CLUSTER_WORKFLOW_TEMPLATE,
            )
        } else {
            let missing = Missing::WorkflowTemplate(name.clone());
            (missing, "workflowtemplates", key::WORKFLOW_TEMPLATE)
        };
        if self.differences.labels_template {
            self.labels.insert(label.to_owned(), name.clone());
        }
        let found = self.input.lookups.get(missing).map_err(Unusable::Missing)?;
        found
            .map(|object| object.data["spec"].clone())
            .ok_or_else(|| Unusable::Error(format!("{plural}.argoproj.io \"{name}\" not found")))
    }

    fn check_spec(&self) -> Result<(), Unusable> {
        let spec = &self.spec;
        if self.status.phase == WorkflowPhase::Unknown && spec.entrypoint.is_empty() {
            return Err(Unusable::Failed(
                "invalid spec: spec.entrypoint is required".to_owned(),
            ));
        }
        let own = &self.input.workflow.data["spec"];
        if !own["workflowTemplateRef"].is_null()
            && own["templates"].as_array().is_some_and(|t| !t.is_empty())
        {
            let message = "Templates is invalid field in spec if workflow referred WorkflowTemplate reference";
            return Err(Unusable::Failed(format!("invalid spec: {message}")));
        }
        let computed = spec
            .workflow_metadata
            .as_ref()
            .is_some_and(|m| !m.labels_from.is_empty());
        let features = [
            (
                spec.synchronization.is_some(),
                "synchronization of Workflows",
            ),
            (!spec.on_exit.is_empty(), "onExit"),
            (!spec.hooks.is_empty(), "hooks"),
            (spec.ttl_strategy.is_some(), "ttlStrategy"),
            (computed, "workflowMetadata.labelsFrom"),
            (spec.artifact_gc.is_some(), "artifactGC"),
            (
                spec.artifact_repository_ref.is_some(),
                "artifactRepositoryRef",
            ),
            (spec.pod_resources.is_some(), "podResources"),
            (!spec.resource_claims.is_empty(), "resourceClaims"),
            (!spec.executor_plugins.is_null(), "executorPlugins"),
        ];
        match features.into_iter().find(|(used, _)| *used) {
            Some((_, feature)) => Err(Unusable::Error(Halt::unsupported(feature).message())),
            None => Ok(()),
        }
    }

    /// Copies the labels and annotations that the specification gives to the Workflow.
    fn add_metadata(&mut self) {
        let Some(metadata) = self.spec.workflow_metadata.clone() else {
            return;
        };
        self.labels.extend(metadata.labels);
        self.annotations.extend(metadata.annotations);
        self.updated = true;
    }

    /// Substitutes `names` in the volumes of the Workflow.
    pub(crate) fn substitute_volumes(&mut self) -> Result<(), Halt> {
        let mut volumes = to_value(&self.volumes);
        if tag::occurs(&volumes) {
            tag::replace_in(&mut volumes, &Scope(&[&self.globals]), Mode::Lenient)?;
            self.volumes = decode::<Vec<Volume>>(Some(&volumes))?;
        }
        Ok(())
    }
}

fn without_templates(spec: &Value) -> Value {
    let fields = spec.as_object().into_iter().flatten();
    fields
        .filter(|(name, _)| *name != "templates")
        .map(|(name, field)| (name.clone(), field.clone()))
        .collect()
}
