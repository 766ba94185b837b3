//! Waiting for conditions, by watches.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{StreamExt, pin_mut};
use kube::api::DynamicObject;
use kube::runtime::watcher::Event;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};

/// How long something may take.
#[derive(Clone, Copy, Debug)]
pub struct Limit(Duration);

impl Limit {
    /// For a node or a service that starts.
    pub const STARTUP: Self = Self(Duration::from_secs(180));
    /// For a run of a pipeline.
    pub const RUN: Self = Self(Duration::from_secs(300));
}

/// The objects of a collection, by name.
pub type Objects = BTreeMap<String, DynamicObject>;

/// Waits until `answer` has one for the objects of the collection, and gives it.
///
/// # Errors
/// It has none within `limit`, or the objects cannot be watched.
pub async fn for_objects<T>(
    api: &Api<DynamicObject>,
    what: &str,
    limit: Limit,
    answer: impl Fn(&Objects) -> Option<T>,
) -> Result<T> {
    tokio::time::timeout(limit.0, follow(api, answer))
        .await
        .with_context(|| format!("it took more than {:?} until {what}", limit.0))?
        .with_context(|| format!("wait until {what}"))
}

/// Waits until `condition` holds for some object of the collection, and gives it.
///
/// # Errors
/// As [`for_objects`].
pub async fn until_any(
    api: &Api<DynamicObject>,
    what: &str,
    limit: Limit,
    condition: impl Fn(&DynamicObject) -> bool,
) -> Result<DynamicObject> {
    let first = |objects: &Objects| objects.values().find(|object| condition(object)).cloned();
    for_objects(api, what, limit, first).await
}

/// Waits until `condition` holds for no object of the collection.
///
/// # Errors
/// As [`for_objects`].
pub async fn until_none(
    api: &Api<DynamicObject>,
    what: &str,
    limit: Limit,
    condition: impl Fn(&DynamicObject) -> bool,
) -> Result<()> {
    let none = |objects: &Objects| (!objects.values().any(&condition)).then_some(());
    for_objects(api, what, limit, none).await
}

/// Waits until the object of this name exists and `condition` holds for it, and gives it.
///
/// # Errors
/// As [`for_objects`].
pub async fn until(
    api: &Api<DynamicObject>,
    name: &str,
    (what, limit): (&str, Limit),
    condition: impl Fn(&DynamicObject) -> bool,
) -> Result<DynamicObject> {
    let it = |objects: &Objects| objects.get(name).filter(|it| condition(it)).cloned();
    for_objects(api, what, limit, it).await
}

/// Whether a watch gets over `error` by itself: the API server is away, or only just back and does not serve all kinds yet.
pub fn is_passing(error: &watcher::Error) -> bool {
    use watcher::Error::{InitialListFailed, WatchError, WatchFailed, WatchStartFailed};
    let status = match error {
        InitialListFailed(kube::Error::Api(status))
        | WatchStartFailed(kube::Error::Api(status))
        | WatchFailed(kube::Error::Api(status))
        | WatchError(status) => status,
        _ => return true,
    };
    status.code >= 500 || matches!(status.code, 404 | 410 | 429)
}

async fn follow<T>(api: &Api<DynamicObject>, answer: impl Fn(&Objects) -> Option<T>) -> Result<T> {
    let events = watcher(api.clone(), watcher::Config::default()).default_backoff();
    pin_mut!(events);
    let mut objects = Objects::new();
    while let Some(event) = events.next().await {
        let event = match event {
            Err(error) if is_passing(&error) => continue,
            event => event?,
        };
        match event {
            Event::Init => {
                objects.clear();
                continue;
            }
            Event::InitApply(object) => {
                objects.insert(object.name_any(), object);
                continue;
            }
            Event::InitDone => {}
            Event::Apply(object) => {
                objects.insert(object.name_any(), object);
            }
            Event::Delete(object) => {
                objects.remove(&object.name_any());
            }
        }
        if let Some(answer) = answer(&objects) {
            return Ok(answer);
        }
    }
    bail!("the watch ended")
}
