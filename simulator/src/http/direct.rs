//! Bodies and answers as values, between clients and a server in one process.
//!
//! The text of an object is written when somebody reads it. A client in the same process need not: it attaches what it
//! sends to the request, and the server what it answers to the response. Over a network nothing is attached, and
//! everything is text.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::Stream;

use super::body::WatchBody;
use super::content;
use super::pull::Pulled;
use super::shape::Shape;
use crate::json::Value;
use crate::store::answer::Page;
use crate::store::object::Object;
use crate::store::registry::Served;
use crate::store::watch::Signal;

/// On a request: the client is in this process and takes the answer as a value. What it sends, if anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Direct(pub(crate) Option<Value>);

/// On an answer, whose body is then empty.
#[derive(Clone)]
pub(crate) enum Told {
    /// One object.
    Object(Value),
    /// A collection as of a revision.
    List(Vec<Value>, u64),
    /// A watch, to be taken.
    Watch(Arc<Mutex<Option<WatchBody>>>),
}

impl Told {
    /// An object of `served`.
    pub(crate) fn object(served: &Served, shape: Shape, object: &Object) -> Self {
        Self::Object(content::object(served, shape, object))
    }

    /// A page of `served`.
    pub(crate) fn list(served: &Served, shape: Shape, page: &Page) -> Self {
        let items = page
            .items
            .iter()
            .map(|item| content::object(served, shape, item));
        Self::List(items.collect(), page.revision)
    }

    /// A watch.
    pub(crate) fn watch(watch: WatchBody) -> Self {
        Self::Watch(Arc::new(Mutex::new(Some(watch))))
    }

    /// The watch, if it is one that nobody has taken yet.
    pub(crate) fn take_watch(&self) -> Option<DirectWatch> {
        match self {
            Self::Watch(watch) => {
                let taken = watch.lock().unwrap_or_else(PoisonError::into_inner).take();
                taken.map(DirectWatch)
            }
            Self::Object(_) | Self::List(..) => None,
        }
    }
}

/// What a watch tells, as values.
pub(crate) enum News {
    /// The object is there, or is now like this.
    Applied(Value),
    /// The object is gone; its last state.
    Deleted(Value),
    /// Everything up to this revision has been told.
    Bookmark(u64),
    /// The watch failed; nothing follows.
    Failed,
}

/// An open watch; it ends as the text of one would.
pub(crate) struct DirectWatch(WatchBody);

impl Stream for DirectWatch {
    type Item = News;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<News>> {
        let watch = &mut self.0;
        let next = watch.poll_pulled(cx);
        let told = |object: &Object| content::object(&watch.served, watch.shape, object);
        let whole = next.map(|pulled| match pulled? {
            Pulled::Whole(signal) => Some(signal),
            Pulled::Torn(_) | Pulled::Unconverted(..) => None,
        });
        whole.map(|signal| match signal? {
            Signal::Added(object) | Signal::Modified(object) => Some(News::Applied(told(&object))),
            Signal::Deleted(object) => Some(News::Deleted(told(&object))),
            Signal::Bookmark(bookmark) => Some(News::Bookmark(bookmark.revision)),
            Signal::Error(_) => Some(News::Failed),
            Signal::End => None,
        })
    }
}
