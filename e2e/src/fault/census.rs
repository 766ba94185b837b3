//! How many objects of a collection there ever were.

use std::collections::BTreeSet;
use std::pin::pin;

use anyhow::{Context, Result, bail};
use futures::StreamExt;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::wait;

/// Marks the last event that counts.
const LAST: &str = "arc-e2e/last";

/// Sees every object that is made between its beginning and its end, those that do not last included, unless they come and
/// go while the API server is away.
pub(super) struct Census {
    objects: Api<DynamicObject>,
    seen: JoinHandle<Result<BTreeSet<String>>>,
}

impl Census {
    /// Begins with a collection that is empty.
    ///
    /// # Errors
    /// It is not, or cannot be read.
    pub(super) async fn of(objects: Api<DynamicObject>) -> Result<Self> {
        let listed = objects.list(&ListParams::default()).await?;
        if let Some(object) = listed.items.first() {
            bail!("{} was there before", object.name_any());
        }
        let seen = tokio::spawn(uids(objects.clone()));
        Ok(Self { objects, seen })
    }

    /// How many there were, told by their uids. One of them must still be there.
    ///
    /// # Errors
    /// None is, or they cannot be watched.
    pub(super) async fn count(self) -> Result<usize> {
        // The events of a collection come in one sequence: when this one is seen, those before it were.
        let listed = self.objects.list(&ListParams::default()).await?;
        let last = listed
            .items
            .first()
            .context("nothing is left to count by")?;
        let mark = json!({"metadata": {"annotations": {LAST: "true"}}});
        let params = PatchParams::default();
        self.objects
            .patch(&last.name_any(), &params, &Patch::Merge(mark))
            .await?;
        Ok(self.seen.await??.len())
    }
}

/// The uids of what there is until the marked event.
async fn uids(objects: Api<DynamicObject>) -> Result<BTreeSet<String>> {
    let mut uids = BTreeSet::new();
    let events = watch(objects, watcher::Config::default()).default_backoff();
    let mut events = pin!(events);
    let mut is_last = false;
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Apply(object)) => {
                is_last = object.annotations().contains_key(LAST);
                uids.extend(object.uid());
            }
            Ok(Event::InitApply(object)) => {
                is_last |= object.annotations().contains_key(LAST);
                uids.extend(object.uid());
                continue;
            }
            Ok(Event::Init | Event::InitDone | Event::Delete(_)) => {}
            Err(error) if wait::is_passing(&error) => {}
            Err(error) => return Err(error.into()),
        }
        if is_last {
            return Ok(uids);
        }
    }
    bail!("the watch ended before the count did")
}
