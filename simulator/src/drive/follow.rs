//! One followed collection: list, then watch from there, and list again when the watch breaks.

use futures::stream::BoxStream;
use kube::Resource;
use kube::api::{ListParams, WatchParams};
use kube::core::Request;

use crate::part::{self, Listed, News, PartClient, PartObject, Watch};

/// A collection as listed, and the watch that continues from there.
pub(crate) struct Opened {
    /// All objects at the time of the list.
    pub(crate) listed: Listed,
    /// Everything later; ends with [`News::Broken`].
    pub(crate) news: BoxStream<'static, News>,
}

/// Lists the collection and starts to watch it.
///
/// # Errors
/// What the API answered, for example 404 while the kind is not served.
pub(crate) async fn open(client: &PartClient, watch: &Watch) -> Result<Opened, kube::Error> {
    let collection = Request::new(PartObject::url_path(&watch.resource, None));
    let selection = ListParams {
        label_selector: watch.labels.clone(),
        ..ListParams::default()
    };
    let listing = if watch.metadata_only {
        collection.list_metadata(&selection)
    } else {
        collection.list(&selection)
    };
    let listed = part::list(client, listing).await?;
    let params = WatchParams {
        label_selector: watch.labels.clone(),
        ..WatchParams::default()
    };
    let version = listed.revision.to_string();
    let watching = if watch.metadata_only {
        collection.watch_metadata(&params, &version)
    } else {
        collection.watch(&params, &version)
    };
    let news = part::watch(client, watching).await?;
    Ok(Opened { listed, news })
}
