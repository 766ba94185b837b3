//! ArtifactWorkflows: observe, plan, apply.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use kube::api::PropagationPolicy;
use tracing::Instrument;

use super::context::Context;
use super::error::{Act, Error};
use super::events::Reporter;
use super::logs;
use super::read::{self, Reader};
use super::related::ObjectKey;
use super::write::{self, Creation};
use crate::api::argo::{CronWorkflow, Workflow};
use crate::api::artifact_workflow::{ArtifactWorkflow, ArtifactWorkflowStatus};
use crate::api::keys;
use crate::api::reference::LocalRef;
use crate::plan::artifact_workflow::{self, Observed, Plan, Stage};
use crate::plan::ownership::Own;
use crate::plan::workflow::ArgoObject;

/// What events name as their controller. Source: spec/arc.md §9.
const CONTROLLER: &str = "artifact-workflow-controller";

/// Brings the cluster closer to what the ArtifactWorkflow asks for; `Some(delay)` asks to be called again. One that is
/// gone needs nothing.
///
/// # Errors
/// A request that failed. What was done before it is not repeated by the next call.
pub async fn reconcile(
    context: &Context,
    namespace: &str,
    name: &str,
) -> Result<Option<SignedDuration>, Error> {
    let span = tracing::info_span!("reconcile", kind = "ArtifactWorkflow", namespace, name);
    async {
        let now = (context.clock)();
        let Some((artifact_workflow, observed)) = observe(context, namespace, name, now).await?
        else {
            return Ok(None);
        };
        let plan = artifact_workflow::plan(&artifact_workflow, &observed, &context.settings, now);
        let next = plan.next_look(&artifact_workflow, &observed, &context.settings, now);
        apply(context, &artifact_workflow, plan, now).await?;
        Ok(next)
    }
    .instrument(span)
    .await
}

async fn observe(
    context: &Context,
    namespace: &str,
    name: &str,
    now: Timestamp,
) -> Result<Option<(ArtifactWorkflow, Observed)>, Error> {
    let reader = Reader {
        client: &context.client,
        namespace,
    };
    let Some(artifact_workflow) = reader.get::<ArtifactWorkflow>(name).await? else {
        return Ok(None);
    };
    let mut observed = Observed::default();
    match Stage::of(&artifact_workflow, now) {
        Stage::Released | Stage::Unclaimed | Stage::Expired | Stage::Finished => {}
        Stage::Forced => observed.argo = argo(&reader, &artifact_workflow).await?,
        Stage::Deleting => observed.argo = argo_if_served(&reader, &artifact_workflow).await?,
        Stage::NotStarted => {
            observed.argo = argo_if_served(&reader, &artifact_workflow).await?;
            observed = more(context, &reader, &artifact_workflow, observed).await?;
        }
        Stage::Started => {
            observed.argo = argo(&reader, &artifact_workflow).await?;
            observed = more(context, &reader, &artifact_workflow, observed).await?;
        }
    }
    Ok(Some((artifact_workflow, observed)))
}

/// Without Argo's definitions there is nothing to clean up, and what is made is refused, which the status then tells;
/// a run that was there, however, is not taken for lost.
///
/// Source: spec/arc.md §7.2.
async fn argo_if_served(
    reader: &Reader<'_>,
    artifact_workflow: &ArtifactWorkflow,
) -> Result<Option<ArgoObject>, Error> {
    match argo(reader, artifact_workflow).await {
        Err(error) if error.is_kind_missing() => Ok(None),
        found => found,
    }
}

async fn argo(
    reader: &Reader<'_>,
    artifact_workflow: &ArtifactWorkflow,
) -> Result<Option<ArgoObject>, Error> {
    let name = artifact_workflow
        .metadata
        .name
        .as_deref()
        .unwrap_or_default();
    Ok(match artifact_workflow.spec.cron {
        None => reader
            .workflow(name)
            .await?
            .map(|workflow| ArgoObject::Workflow(Box::new(workflow))),
        Some(_) => reader
            .get::<CronWorkflow>(name)
            .await?
            .map(|cron_workflow| ArgoObject::CronWorkflow(Box::new(cron_workflow))),
    })
}

/// Secrets if something is to be made, else runs and the logs of what failed.
async fn more(
    context: &Context,
    reader: &Reader<'_>,
    artifact_workflow: &ArtifactWorkflow,
    mut observed: Observed,
) -> Result<Observed, Error> {
    let name = artifact_workflow
        .metadata
        .name
        .as_deref()
        .unwrap_or_default();
    match &observed.argo {
        None => {
            let spec = &artifact_workflow.spec;
            for reference in [&spec.src_secret_ref, &spec.dst_secret_ref] {
                if let Some(secret) = LocalRef::name_of(reference.as_ref())
                    && !reader.exists::<Secret>(secret).await?
                {
                    observed.missing_secrets.push(format!("Secret {secret:?}"));
                }
            }
        }
        Some(ArgoObject::Workflow(_)) => {}
        Some(ArgoObject::CronWorkflow(_)) => {
            let labels = format!("{}={name}", keys::CRON_WORKFLOW_LABEL);
            observed.runs = reader.list(&labels, name).await?;
        }
    }
    if let Some(failed) = artifact_workflow::failed_anew(artifact_workflow, &observed) {
        observed.logs = logs::read(reader, failed, context.settings.failure_log_lines).await;
    }
    Ok(observed)
}

async fn apply(
    context: &Context,
    artifact_workflow: &ArtifactWorkflow,
    plan: Plan,
    now: Timestamp,
) -> Result<(), Error> {
    let metadata = &artifact_workflow.metadata;
    let key = ObjectKey::of(metadata);
    let reporter = Reporter::new(context, CONTROLLER, artifact_workflow, now);
    if let Some(argo) = &plan.create {
        create(context, &reporter, artifact_workflow, argo, now).await?;
    }
    if let Some(status) = &plan.status {
        write_status(context, artifact_workflow, status).await?;
    }
    if let Some(deletion) = &plan.delete {
        let uid = deletion.argo.metadata().uid.as_deref().unwrap_or_default();
        // The next run of this name would find the claims of this one, if it did not stay until they are gone.
        let last = PropagationPolicy::Foreground;
        match &deletion.argo {
            ArgoObject::Workflow(_) => {
                write::delete::<Workflow>(&context.client, &key, uid, last).await?
            }
            ArgoObject::CronWorkflow(_) => {
                write::delete::<CronWorkflow>(&context.client, &key, uid, last).await?;
            }
        }
        reporter.tell(&deletion.event).await;
    }
    let finalizer = keys::ARTIFACT_WORKFLOW_FINALIZER;
    match plan.own {
        Own::Keep => {}
        Own::AddFinalizer => {
            write::add_finalizer::<ArtifactWorkflow>(&context.client, metadata, finalizer).await?;
        }
        Own::RemoveFinalizer => {
            write::remove_finalizer::<ArtifactWorkflow>(&context.client, metadata, finalizer)
                .await?;
            context.echoes.forget::<ArtifactWorkflow>(metadata);
        }
        Own::Delete => {
            let uid = metadata.uid.as_deref().unwrap_or_default();
            write::delete::<ArtifactWorkflow>(
                &context.client,
                &key,
                uid,
                PropagationPolicy::Background,
            )
            .await?;
        }
    }
    for event in &plan.events {
        reporter.tell(event).await;
    }
    Ok(())
}

async fn write_status(
    context: &Context,
    artifact_workflow: &ArtifactWorkflow,
    new: &ArtifactWorkflowStatus,
) -> Result<(), Error> {
    write::patch_status::<ArtifactWorkflow, _>(
        context,
        &artifact_workflow.metadata,
        artifact_workflow.status.as_ref(),
        new,
    )
    .await
}

/// Makes the Argo object; what the API server refuses is told in the status before it is returned.
async fn create(
    context: &Context,
    reporter: &Reporter<'_>,
    artifact_workflow: &ArtifactWorkflow,
    argo: &ArgoObject,
    now: Timestamp,
) -> Result<(), Error> {
    let creation = match argo {
        ArgoObject::Workflow(workflow) => write::create(&context.client, &**workflow).await?,
        ArgoObject::CronWorkflow(cron_workflow) => {
            write::create(&context.client, &**cron_workflow).await?
        }
    };
    match creation {
        Creation::Made => {
            reporter.tell(&artifact_workflow::created(argo)).await;
            Ok(())
        }
        Creation::Taken => Err(taken(artifact_workflow)),
        Creation::Refused(error, reason) => {
            let message = format!("failed to create {}: {reason}", argo.kind());
            let (status, event) = artifact_workflow::with_refusal(artifact_workflow, &message, now);
            if let Some(status) = &status {
                write_status(context, artifact_workflow, status).await?;
            }
            if let Some(event) = &event {
                reporter.tell(event).await;
            }
            Err(error)
        }
    }
}

/// Somebody took the name since it was read; the next observation shows who.
fn taken(artifact_workflow: &ArtifactWorkflow) -> Error {
    let status = kube::core::Status::failure("the name is taken", "AlreadyExists").with_code(409);
    let key = ObjectKey::of(&artifact_workflow.metadata);
    read::failed::<Workflow>(Act::Create, &key, kube::Error::Api(status.boxed()))
}
