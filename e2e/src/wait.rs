//! Waiting for conditions, by watches.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{TryStreamExt, pin_mut};
use kube::Api;
use kube::api::DynamicObject;
use kube::runtime::{WatchStreamExt, watcher};

/// How long something may take.
#[derive(Clone, Copy, Debug)]
pub struct Limit(Duration);

impl Limit {
    /// For a node or a service that starts.
    pub const STARTUP: Self = Self(Duration::from_secs(180));
    /// For a run of a pipeline.
    pub const RUN: Self = Self(Duration::from_secs(300));
}

/// Waits until `condition` holds for some object of the collection, and gives it.
///
/// # Errors
/// It does not within `limit`, or the objects cannot be watched.
pub async fn until_any(
    api: &Api<DynamicObject>,
    what: &str,
    limit: Limit,
    condition: impl Fn(&DynamicObject) -> bool,
) -> Result<DynamicObject> {
    tokio::time::timeout(limit.0, follow(api, condition))
        .await
        .with_context(|| format!("it took more than {:?} until {what}", limit.0))?
        .with_context(|| format!("wait until {what}"))
}

/// Waits until the object of this name exists and `condition` holds for it, and gives it.
///
/// # Errors
/// As [`until_any`].
pub async fn until(
    api: &Api<DynamicObject>,
    name: &str,
    (what, limit): (&str, Limit),
    condition: impl Fn(&DynamicObject) -> bool,
) -> Result<DynamicObject> {
    let is_it = |object: &DynamicObject| object.metadata.name.as_deref() == Some(name);
    until_any(api, what, limit, |object| {
        is_it(object) && condition(object)
    })
    .await
}

async fn follow(
    api: &Api<DynamicObject>,
    condition: impl Fn(&DynamicObject) -> bool,
) -> Result<DynamicObject> {
    let objects = watcher(api.clone(), watcher::Config::default())
        .default_backoff()
        .applied_objects();
    pin_mut!(objects);
    while let Some(object) = objects.try_next().await? {
        if condition(&object) {
            return Ok(object);
        }
    }
    bail!("the watch ended")
}
