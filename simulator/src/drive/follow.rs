//! One followed collection: list, then watch from there, and list again when the watch breaks.

use bytes::Bytes;
use futures::io::AsyncBufReadExt;
use futures::stream::{self, BoxStream, StreamExt};
use kube::api::{ListParams, WatchParams};
use kube::core::{ObjectList, Request, WatchEvent};
use kube::{Client, Resource};

use crate::part::{LazyObject, Watch, event};

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
    let url = LazyObject::url_path(&watch.resource, None);
    let collection = Request::new(url);
    let selection = ListParams {
        label_selector: watch.labels.clone(),
        ..ListParams::default()
    };
    let request = if watch.metadata_only {
        collection.list_metadata(&selection)
    } else {
        collection.list(&selection)
    };
    let list: ObjectList<LazyObject> = client.request(request.map_err(unbuilt)?).await?;
    let version = list.metadata.resource_version.unwrap_or_default();
    let news = events(client, (&collection, &version), watch).await?;
    Ok(Opened {
        objects: list.items,
        revision: version.parse().unwrap_or_default(),
        news: news.chain(stream::iter([News::Broken])).boxed(),
    })
}

/// The events of `collection` after `version`.
async fn events(
    client: &Client,
    (collection, version): (&Request, &str),
    watch: &Watch,
) -> Result<BoxStream<'static, News>, kube::Error> {
    let params = WatchParams {
        label_selector: watch.labels.clone(),
        ..WatchParams::default()
    };
    let request = if watch.metadata_only {
        collection.watch_metadata(&params, version)
    } else {
        collection.watch(&params, version)
    };
    let body = client.request_stream(request.map_err(unbuilt)?).await?;
    let lines = stream::unfold(Box::pin(body), |mut body| async {
        let mut line = Vec::new();
        // A body that breaks off is a watch that ended.
        let n_bytes = body.read_until(b'\n', &mut line).await.unwrap_or_default();
        (n_bytes > 0).then_some((line, body))
    });
    Ok(lines.map(|line| news(line.into())).boxed())
}

fn unbuilt(error: kube::core::request::Error) -> kube::Error {
    kube::Error::BuildRequest(error)
}

fn news(line: Bytes) -> News {
    match event(&line) {
        Ok(WatchEvent::Error(_)) | Err(_) => News::Broken,
        Ok(event) => News::Event(Box::new(event)),
    }
}
