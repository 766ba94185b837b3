//! What parts read: an object, a collection, and what becomes of it.

use bytes::Bytes;
use futures::io::AsyncBufReadExt;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use http_body_util::BodyExt;
use kube::Error;
use kube::core::{ObjectList, WatchEvent};

use super::send::{Answer, Built, exchange, read};
use super::{PartClient, PartObject};
use crate::http::direct::{self, Told};
use crate::json::Value;

/// What a watch tells.
#[derive(Debug)]
pub enum News {
    /// The object is there, or is now like this.
    Applied(PartObject),
    /// The object is gone; its last state.
    Deleted(PartObject),
    /// Everything up to this revision has been told.
    Bookmark(u64),
    /// The watch ended or failed; nothing follows.
    Broken,
}

/// A collection at one moment.
#[derive(Debug)]
pub struct Listed {
    /// Its objects.
    pub objects: Vec<PartObject>,
    /// The resource version of the list.
    pub revision: u64,
}

/// Reads an object; `None` if there is none.
///
/// # Errors
/// The request cannot be built, or what the API answered.
pub async fn get(client: &PartClient, built: Built) -> Result<Option<PartObject>, Error> {
    let built = built.map_err(Error::BuildRequest)?;
    match exchange(client, built, None).await {
        Ok(Answer::Told(Told::Object(value))) => object(value).map(Some),
        Ok(Answer::Told(_)) => Ok(None),
        Ok(Answer::Text(response)) => read(response).await.map(Some),
        Err(Error::Api(status)) if status.reason == "NotFound" => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a collection.
///
/// # Errors
/// The request cannot be built, or what the API answered.
pub async fn list(client: &PartClient, built: Built) -> Result<Listed, Error> {
    let built = built.map_err(Error::BuildRequest)?;
    match exchange(client, built, None).await? {
        Answer::Told(Told::List(items, revision)) => Ok(Listed {
            objects: items.into_iter().map(object).collect::<Result<_, _>>()?,
            revision,
        }),
        Answer::Told(_) => Ok(Listed {
            objects: Vec::new(),
            revision: 0,
        }),
        Answer::Text(response) => {
            let list: ObjectList<PartObject> = read(response).await?;
            let version = list.metadata.resource_version.unwrap_or_default();
            Ok(Listed {
                objects: list.items,
                revision: version.parse().unwrap_or_default(),
            })
        }
    }
}

/// Follows a collection; ends with [`News::Broken`].
///
/// # Errors
/// The request cannot be built, or what the API answered.
pub async fn watch(client: &PartClient, built: Built) -> Result<BoxStream<'static, News>, Error> {
    let built = built.map_err(Error::BuildRequest)?;
    let news = match exchange(client, built, None).await? {
        Answer::Told(told) => stream::iter(told.take_watch())
            .flatten()
            .map(told_news)
            .boxed(),
        Answer::Text(response) => lines(response).map(|line| line_news(&line)).boxed(),
    };
    Ok(news.chain(stream::iter([News::Broken])).boxed())
}

fn object(value: Value) -> Result<PartObject, Error> {
    PartObject::of(value).map_err(Error::SerdeError)
}

fn told_news(news: direct::News) -> News {
    match news {
        direct::News::Applied(value) => object(value).map_or(News::Broken, News::Applied),
        direct::News::Deleted(value) => object(value).map_or(News::Broken, News::Deleted),
        direct::News::Bookmark(revision) => News::Bookmark(revision),
        direct::News::Failed => News::Broken,
    }
}

/// The lines of an answer; one that breaks off is a watch that ended.
fn lines(response: http::Response<kube::client::Body>) -> BoxStream<'static, Bytes> {
    let body = response.into_body().into_data_stream();
    let body = body.map_err(std::io::Error::other).into_async_read();
    let lines = stream::unfold(Box::pin(body), |mut body| async {
        let mut line = Vec::new();
        let n_bytes = body.read_until(b'\n', &mut line).await.unwrap_or_default();
        (n_bytes > 0).then_some((Bytes::from(line), body))
    });
    lines.boxed()
}

fn line_news(line: &[u8]) -> News {
    match serde_json::from_slice::<WatchEvent<PartObject>>(line) {
        Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => News::Applied(object),
        Ok(WatchEvent::Deleted(object)) => News::Deleted(object),
        Ok(WatchEvent::Bookmark(bookmark)) => {
            let version = bookmark.metadata.resource_version;
            News::Bookmark(version.parse().unwrap_or_default())
        }
        Ok(WatchEvent::Error(_)) | Err(_) => News::Broken,
    }
}
