//! How many objects of a collection there ever were.

use std::collections::BTreeSet;
use std::pin::pin;

use anyhow::{Context, Result, bail};
use futures::TryStreamExt;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, WatchEvent, WatchParams};
use serde_json::json;
use tokio::task::JoinHandle;

/// Marks the last event that counts.
const LAST: &str = "arc-e2e/last";

/// Sees every object that is made between its beginning and its end, those that do not last included.
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
        let version = listed.metadata.resource_version.unwrap_or_default();
        let seen = tokio::spawn(watch(objects.clone(), version));
        Ok(Self { objects, seen })
    }

    /// How many there were, told by their uids. One of them must still be there.
    ///
    /// # Errors
    /// None is, or the watch was interrupted.
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

/// The uids of what appears after `version`, until the marked event.
async fn watch(objects: Api<DynamicObject>, version: String) -> Result<BTreeSet<String>> {
    let mut uids = BTreeSet::new();
    let events = objects.watch(&WatchParams::default(), &version).await?;
    let mut events = pin!(events);
    while let Some(event) = events.try_next().await? {
        match event {
            WatchEvent::Added(object) => {
                uids.extend(object.uid());
            }
            WatchEvent::Modified(object) if object.annotations().contains_key(LAST) => {
                return Ok(uids);
            }
            WatchEvent::Modified(_) | WatchEvent::Deleted(_) | WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(status) => bail!("the watch says {status:?}"),
        }
    }
    bail!("the watch ended before the count did")
}
