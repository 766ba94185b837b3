//! One followed collection: list, then watch from there, and list again when the watch breaks.

use futures::stream::{self, BoxStream, StreamExt};
use kube::api::{Api, ListParams, WatchParams};
use kube::core::{PartialObjectMeta, WatchEvent};
use kube::{Client, ResourceExt};

use crate::part::{LazyObject, Watch};

/// What a followed collection tells.
pub(crate) enum News {
    /// One event of the watch.
    Event(Box<WatchEvent<LazyObject>>),
    /// The watch ended or failed; the collection must be listed again.
    Broken,
}

/// A collection as listed, and the watch that continues from there.
pub(crate) struct Opened {
    /// All objects at the time of the list.
    pub(crate) objects: Vec<LazyObject>,
    /// The resource version of the list.
    pub(crate) revision: u64,
    /// Everything later; ends with [`News::Broken`].
    pub(crate) news: BoxStream<'static, News>,
}

/// Lists the collection and starts to watch it.
///
/// # Errors
/// What the API answered, for example 404 while the kind is not served.
pub(crate) async fn open(client: &Client, watch: &Watch) -> Result<Opened, kube::Error> {
    let api: Api<LazyObject> = Api::all_with(client.clone(), &watch.resource);
    let params = ListParams {
        label_selector: watch.labels.clone(),
        ..ListParams::default()
    };
    let (objects, version) = if watch.metadata_only {
        let list = api.list_metadata(&params).await?;
        (
            list.items
                .into_iter()
                .map(|meta| whole(meta, watch))
                .collect(),
            list.metadata.resource_version,
        )
    } else {
        let list = api.list(&params).await?;
        (list.items, list.metadata.resource_version)
    };
    let version = version.unwrap_or_default();
    let news = events(&api, watch, &version)
        .await?
        .chain(stream::iter([News::Broken]))
        .boxed();
    Ok(Opened {
        objects,
        revision: version.parse().unwrap_or_default(),
        news,
    })
}

async fn events(
    api: &Api<LazyObject>,
    watch: &Watch,
    version: &str,
) -> Result<BoxStream<'static, News>, kube::Error> {
    let params = WatchParams {
        label_selector: watch.labels.clone(),
        ..WatchParams::default()
    };
    if watch.metadata_only {
        let watch = watch.clone();
        let events = api.watch_metadata(&params, version).await?;
        return Ok(events
            .map(move |event| news(event.map(|event| whole_event(event, &watch))))
            .boxed());
    }
    Ok(api.watch(&params, version).await?.map(news).boxed())
}

fn news(event: Result<WatchEvent<LazyObject>, kube::Error>) -> News {
    match event {
        Ok(WatchEvent::Error(_)) | Err(_) => News::Broken,
        Ok(event) => News::Event(Box::new(event)),
    }
}

fn whole(meta: PartialObjectMeta<LazyObject>, watch: &Watch) -> LazyObject {
    let mut object = LazyObject::new(&meta.name_any(), &watch.resource);
    object.metadata = meta.metadata;
    object
}

fn whole_event(
    event: WatchEvent<PartialObjectMeta<LazyObject>>,
    watch: &Watch,
) -> WatchEvent<LazyObject> {
    match event {
        WatchEvent::Added(meta) => WatchEvent::Added(whole(meta, watch)),
        WatchEvent::Modified(meta) => WatchEvent::Modified(whole(meta, watch)),
        WatchEvent::Deleted(meta) => WatchEvent::Deleted(whole(meta, watch)),
        WatchEvent::Bookmark(bookmark) => WatchEvent::Bookmark(bookmark),
        WatchEvent::Error(status) => WatchEvent::Error(status),
    }
}
