//! What a namespace of a real cluster holds, kept up to date by watches.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use futures::StreamExt;
use kube::Client;
use kube::api::DynamicObject;
use kube::runtime::reflector::Store;
use kube::runtime::reflector::store::Writer;
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::kinds::{OBSERVED, api, resource};

/// Follows the observed kinds until it is dropped.
pub(super) struct Observer {
    stores: BTreeMap<&'static str, Store<DynamicObject>>,
    changes: watch::Receiver<()>,
    _tasks: JoinSet<()>,
}

impl Observer {
    /// Begins to follow `namespace`.
    ///
    /// # Errors
    /// A kind cannot be watched.
    pub(super) async fn start(client: &Client, namespace: &str) -> Result<Self> {
        let (sender, changes) = watch::channel(());
        let mut tasks = JoinSet::new();
        let mut stores = BTreeMap::new();
        for kind in OBSERVED {
            let writer = Writer::new(resource(kind)?);
            stores.insert(kind, writer.as_reader());
            let objects = watcher(api(client, namespace, kind)?, watcher::Config::default());
            let mut objects = objects.default_backoff().reflect(writer).boxed();
            let sender = sender.clone();
            tasks.spawn(async move {
                while objects.next().await.is_some() {
                    sender.send_replace(());
                }
            });
        }
        for (kind, store) in &stores {
            let ready = store.wait_until_ready().await;
            ready.with_context(|| format!("watch {kind}"))?;
        }
        Ok(Self {
            stores,
            changes,
            _tasks: tasks,
        })
    }

    /// The objects of every kind, by name.
    ///
    /// # Errors
    /// An object cannot be written as JSON.
    pub(super) fn objects(&mut self) -> Result<BTreeMap<String, Vec<Value>>> {
        self.changes.mark_unchanged();
        let mut objects = BTreeMap::new();
        for (kind, store) in &self.stores {
            let mut found = store.state();
            found.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
            let found: Result<_, _> = found
                .into_iter()
                .map(|object| serde_json::to_value(&*object))
                .collect();
            objects.insert((*kind).to_owned(), found?);
        }
        Ok(objects)
    }

    /// Ready once something changed since [`Observer::objects`].
    ///
    /// # Errors
    /// Nothing is watched any more.
    pub(super) async fn changed(&mut self) -> Result<()> {
        self.changes.changed().await.context("follow the namespace")
    }
}
