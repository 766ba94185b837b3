//! Orders: observe, plan, apply.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::PropagationPolicy;
use tracing::Instrument;

use super::context::Context;
use super::error::{Act, Error};
use super::events::Reporter;
use super::read::{self, Reader};
use super::related::ObjectKey;
use super::write::{self, Creation};
use crate::api::artifact_type::{ArtifactType, ClusterArtifactType};
use crate::api::artifact_workflow::ArtifactWorkflow;
use crate::api::endpoint::{Endpoint, EndpointSpec};
use crate::api::keys;
use crate::api::order::Order;
use crate::api::reference::LocalRef;
use crate::plan::identity;
use crate::plan::order::{self, Observed, Plan, Stage};
use crate::plan::ownership::{Own, is_owned};
use crate::plan::resolve::{self, FoundType, References};

/// What events name as their controller. Source: spec/arc.md §9.
const CONTROLLER: &str = "order-controller";

/// Brings the cluster closer to what the Order asks for; `Some(delay)` asks to be called again. An Order that is gone
/// needs nothing.
///
/// # Errors
/// A request that failed. What was done before it is not repeated by the next call.
pub async fn reconcile(
    context: &Context,
    namespace: &str,
    name: &str,
) -> Result<Option<SignedDuration>, Error> {
    let span = tracing::info_span!("reconcile", kind = "Order", namespace, name);
    async {
        let now = (context.clock)();
        let Some((order, observed)) = observe(context, namespace, name, now).await? else {
            return Ok(None);
        };
        let plan = order::plan(&order, &observed, &context.settings, now);
        let next = plan.next_look(&order, &observed, &context.settings, now);
        apply(context, &order, plan, now).await?;
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
) -> Result<Option<(Order, Observed)>, Error> {
    let reader = Reader {
        client: &context.client,
        namespace,
    };
    let Some(order) = reader.get::<Order>(name).await? else {
        return Ok(None);
    };
    let mut observed = Observed::default();
    match Stage::of(&order, now) {
        Stage::Released | Stage::Unclaimed | Stage::Expired => {}
        Stage::Deleting => observed.children = children(&reader, &order).await?,
        Stage::Live => {
            observed.references = references(&reader, &order).await?;
            observed.children = children(&reader, &order).await?;
        }
    }
    Ok(Some((order, observed)))
}

async fn children(reader: &Reader<'_>, order: &Order) -> Result<Vec<ArtifactWorkflow>, Error> {
    let name = order.metadata.name.as_deref().unwrap_or_default();
    let labels = if identity::is_label_value(name) {
        format!("{}={name}", keys::ORDER_LABEL)
    } else {
        String::new()
    };
    let mut children: Vec<ArtifactWorkflow> = reader.list(&labels, name).await?;
    children.retain(|child| is_owned(&child.metadata, &order.metadata));
    Ok(children)
}

/// Everything that the Order's artifacts refer to, each read once.
async fn references(reader: &Reader<'_>, order: &Order) -> Result<References, Error> {
    let mut references = References::default();
    let named = order
        .spec
        .artifacts
        .iter()
        .filter_map(|artifact| resolve::named(artifact, &order.spec.defaults).ok());
    let (mut endpoints, mut types) = (BTreeSet::new(), BTreeSet::new());
    for named in named {
        endpoints.extend([named.src, named.dst]);
        types.insert(named.artifact.r#type.as_str());
    }
    for name in endpoints {
        if let Some(endpoint) = reader.get::<Endpoint>(name).await? {
            references.endpoints.insert(name.to_owned(), endpoint.spec);
        }
    }
    for name in types {
        if let Some(found) = artifact_type(reader, name).await? {
            references.types.insert(name.to_owned(), found);
        }
    }
    for name in secret_names(references.endpoints.values()) {
        if reader.exists::<Secret>(&name).await? {
            references.secrets.insert(name);
        }
    }
    Ok(references)
}

/// Source: spec/arc.md §2.5.
async fn artifact_type(reader: &Reader<'_>, name: &str) -> Result<Option<FoundType>, Error> {
    if let Some(found) = reader.get::<ArtifactType>(name).await? {
        return Ok(Some(FoundType::Namespaced(found.spec)));
    }
    let cluster: Api<ClusterArtifactType> = Api::all(reader.client.clone());
    let found = read::get(&cluster, &ObjectKey::new("", name)).await?;
    Ok(found.map(|found| FoundType::Cluster(found.spec.0)))
}

fn secret_names<'a>(endpoints: impl Iterator<Item = &'a EndpointSpec>) -> BTreeSet<String> {
    endpoints
        .filter_map(|endpoint| LocalRef::name_of(endpoint.secret_ref.as_ref()))
        .map(str::to_owned)
        .collect()
}

async fn apply(context: &Context, order: &Order, plan: Plan, now: Timestamp) -> Result<(), Error> {
    let client = &context.client;
    let reporter = Reporter::new(context, CONTROLLER, order, now);
    match plan.own {
        Own::Keep => {}
        Own::AddFinalizer => {
            write::add_finalizer::<Order>(client, &order.metadata, keys::ORDER_FINALIZER).await?;
        }
        Own::RemoveFinalizer => {
            write::remove_finalizer::<Order>(client, &order.metadata, keys::ORDER_FINALIZER)
                .await?;
            context.echoes.forget::<Order>(&order.metadata);
        }
        Own::Delete => {
            let uid = order.metadata.uid.as_deref().unwrap_or_default();
            write::delete::<Order>(
                client,
                &ObjectKey::of(&order.metadata),
                uid,
                PropagationPolicy::Background,
            )
            .await?;
        }
    }
    let refused = create(context, &reporter, order, &plan.create).await?;
    report(context, &reporter, order, &plan, &refused).await?;
    for deletion in &plan.delete {
        let key = ObjectKey::new(&ObjectKey::of(&order.metadata).namespace, &deletion.name);
        write::delete::<ArtifactWorkflow>(
            client,
            &key,
            &deletion.uid,
            PropagationPolicy::Background,
        )
        .await?;
        if let Some(event) = &deletion.event {
            reporter.tell(event).await;
        }
    }
    for event in &plan.events {
        reporter.tell(event).await;
    }
    match refused.into_iter().next() {
        Some(refused) => Err(refused.error),
        None => Ok(()),
    }
}

/// A child that the API server did not take.
struct Refused {
    /// For people.
    line: String,
    error: Error,
}

async fn create(
    context: &Context,
    reporter: &Reporter<'_>,
    order: &Order,
    children: &[ArtifactWorkflow],
) -> Result<Vec<Refused>, Error> {
    let mut refused = Vec::new();
    for child in children {
        let name = child.metadata.name.as_deref().unwrap_or_default();
        match write::create(&context.client, child).await? {
            Creation::Made => reporter.tell(&order::created(child)).await,
            Creation::Refused(error, reason) => {
                let line = format!("Failed to create ArtifactWorkflow {name}: {reason}");
                refused.push(Refused { line, error });
            }
            Creation::Taken => {
                if let Some(error) = stranger(context, order, child).await? {
                    let line = format!(
                        "Failed to create ArtifactWorkflow {name}: there is one that this Order does not own"
                    );
                    refused.push(Refused { line, error });
                }
            }
        }
    }
    Ok(refused)
}

/// Whether the child's name is taken by one that is not ours, which is never adopted. Source: spec/arc.md §4.5.
async fn stranger(
    context: &Context,
    order: &Order,
    child: &ArtifactWorkflow,
) -> Result<Option<Error>, Error> {
    let key = ObjectKey::of(&child.metadata);
    let reader = Reader {
        client: &context.client,
        namespace: &key.namespace,
    };
    let is_ours = reader
        .get::<ArtifactWorkflow>(&key.name)
        .await?
        .is_some_and(|existing| is_owned(&existing.metadata, &order.metadata));
    let taken = || {
        let status =
            kube::core::Status::failure("the name is taken", "AlreadyExists").with_code(409);
        read::failed::<ArtifactWorkflow>(Act::Create, &key, kube::Error::Api(status.boxed()))
    };
    Ok((!is_ours).then(taken))
}

/// Writes the status, with what was refused in its message.
async fn report(
    context: &Context,
    reporter: &Reporter<'_>,
    order: &Order,
    plan: &Plan,
    refused: &[Refused],
) -> Result<(), Error> {
    let write = async |new: &_| {
        let old = order.status.as_ref();
        write::patch_status::<Order, _>(context, &order.metadata, old, new).await
    };
    if refused.is_empty() {
        return match &plan.status {
            Some(status) => write(status).await,
            None => Ok(()),
        };
    }
    let old = order.status.clone().unwrap_or_default();
    let lines: Vec<String> = refused.iter().map(|refused| refused.line.clone()).collect();
    let status = plan.status.clone().unwrap_or_else(|| old.clone());
    let (status, events) = order::with_refusals(status, &old, &lines, reporter.now());
    write(&status).await?;
    for event in &events {
        reporter.tell(event).await;
    }
    Ok(())
}
