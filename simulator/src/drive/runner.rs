//! One part with the watches that feed it and the queue that paces it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::poll_immediate;
use futures::stream::{BoxStream, SelectAll, StreamExt};
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::core::ApiResource;

use super::follow::{self, Opened};
use super::queue::Queue;
use crate::clock::{Clock, after};
use crate::part::{
    Cache, Caches, Change, ChangeKind, News, Part, PartClient, PartObject, Wake, Watch,
};

/// How long a collection that cannot be listed (a kind not served yet) waits for its next attempt.
const RELIST: SignedDuration = SignedDuration::from_secs(10);
/// A watch that ends sooner, and without a word, has failed, and is tried again only after as long.
///
/// Source: `spec/kube-api.md` §1.11.
const SHORT: SignedDuration = SignedDuration::from_secs(1);

/// Runs one part: takes up changes, keeps its caches, reconciles its keys.
pub struct Runner {
    part: Box<dyn Part>,
    client: PartClient,
    follows: Vec<Follow>,
    caches: Caches,
    news: SelectAll<BoxStream<'static, (usize, News)>>,
    queue: Queue,
}

struct Follow {
    watch: Watch,
    state: State,
    /// When it was opened last, if it has told nothing since.
    mute_since: Option<Timestamp>,
    /// The highest resource version this watch has shown.
    revision: u64,
}

enum State {
    /// It is to be opened.
    Closed,
    /// Nobody answered; it is to be tried again then.
    Lost(Timestamp),
    /// The server said no.
    Refused {
        /// When it is to be tried again.
        retry_at: Timestamp,
        /// Whether it said so to a second attempt too, and nothing has happened since.
        is_final: bool,
    },
    Open,
}

impl Follow {
    /// When it is to be opened; `None` if it is open.
    fn due(&self) -> Option<Timestamp> {
        match self.state {
            State::Closed => Some(Timestamp::MIN),
            State::Lost(retry_at) | State::Refused { retry_at, .. } => Some(retry_at),
            State::Open => None,
        }
    }

    fn is_to_open(&self, now: Timestamp) -> bool {
        self.due().is_some_and(|at| at <= now)
    }

    /// It could not be opened at `now`.
    fn failed(&mut self, error: &kube::Error, now: Timestamp) {
        let retry_at = now + RELIST;
        self.state = match error {
            kube::Error::Api(_) => State::Refused {
                retry_at,
                is_final: matches!(self.state, State::Refused { .. }),
            },
            _ => State::Lost(retry_at),
        };
    }

    /// Something happened somewhere: what was refused may be allowed.
    fn doubt(&mut self) {
        if let State::Refused { is_final, .. } = &mut self.state {
            *is_final = false;
        }
    }

    fn is_quiet(&self) -> bool {
        match self.state {
            State::Open => true,
            State::Refused { is_final, .. } => is_final,
            State::Closed | State::Lost(_) => false,
        }
    }
}

impl Runner {
    /// A runner that has listed nothing yet.
    #[must_use]
    pub fn new(part: Box<dyn Part>, client: PartClient) -> Self {
        let mut runner = Self {
            part,
            client,
            follows: Vec::new(),
            caches: Caches::default(),
            news: SelectAll::new(),
            queue: Queue::default(),
        };
        let watches = runner.part.watches();
        runner.follow(watches);
        runner
    }

    /// The name of the part.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.part.name()
    }

    /// A part may follow more collections as it learns of more kinds; the ones it has stay where they are.
    fn follow(&mut self, watches: Vec<Watch>) {
        for watch in watches {
            self.follows.push(Follow {
                watch,
                state: State::Closed,
                mute_since: None,
                revision: 0,
            });
            self.caches.0.push(Cache::new());
        }
    }

    /// Whether a watch is closed that may be tried at `now`.
    #[must_use]
    pub fn is_to_connect(&self, now: Timestamp) -> bool {
        self.follows.iter().any(|follow| follow.is_to_open(now))
    }

    /// Opens every watch that is closed and may be tried by now.
    pub async fn connect(&mut self, clock: &Clock) {
        let mut index = 0;
        while index < self.follows.len() {
            let follow = &self.follows[index];
            if follow.is_to_open(clock.now()) {
                let opened = follow::open(&self.client, &follow.watch).await;
                // It may have hung.
                let now = clock.now();
                match opened {
                    Ok(opened) => self.opened(index, opened, now),
                    Err(error) => {
                        tracing::debug!(part = self.part.name(), kind = follow.watch.resource.kind, %error, "cannot list yet");
                        self.follows[index].failed(&error, now);
                    }
                }
            }
            index += 1;
        }
    }

    fn opened(&mut self, index: usize, opened: Opened, now: Timestamp) {
        let follow = &mut self.follows[index];
        follow.state = State::Open;
        follow.mute_since = Some(now);
        follow.revision = opened.listed.revision;
        self.news
            .push(opened.news.map(move |news| (index, news)).boxed());
        let mut gone = self.caches.0[index].clone();
        for object in opened.listed.objects {
            gone.remove(&cache_key(&object));
            self.absorb(index, ChangeKind::Applied, object, now);
        }
        for object in gone.into_values() {
            self.absorb(
                index,
                ChangeKind::Deleted,
                Arc::unwrap_or_clone(object),
                now,
            );
        }
    }

    /// Takes up all changes that have arrived; returns whether there were any.
    pub async fn take_news(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        while let Some(Some((index, news))) = poll_immediate(self.news.next()).await {
            any |= self.hear(index, news, now);
        }
        any
    }

    /// Waits for one change and takes it up; waits for ever if nothing is followed.
    pub async fn await_news(&mut self, now: Timestamp) -> bool {
        match self.news.next().await {
            Some((index, news)) => self.hear(index, news, now),
            None => std::future::pending().await,
        }
    }

    /// Waits until every open watch has shown the revision that `until` names for its resource; returns whether there were
    /// changes.
    pub async fn catch_up(&mut self, until: impl Fn(&ApiResource) -> u64, now: Timestamp) -> bool {
        let mut any = false;
        while self.follows.iter().any(|follow| {
            matches!(follow.state, State::Open) && follow.revision < until(&follow.watch.resource)
        }) {
            any |= self.await_news(now).await;
        }
        any
    }

    fn hear(&mut self, index: usize, news: News, now: Timestamp) -> bool {
        let mute_since = self.follows[index].mute_since.take();
        let (kind, object) = match news {
            News::Applied(object) => (ChangeKind::Applied, object),
            News::Deleted(object) => (ChangeKind::Deleted, object),
            News::Bookmark(revision) => {
                self.shown(index, revision);
                return false;
            }
            News::Broken => {
                let short = mute_since.filter(|since| now.duration_since(*since) < SHORT);
                self.follows[index].state =
                    short.map_or(State::Closed, |since| State::Lost(since + SHORT));
                return true;
            }
        };
        let version = object.metadata.resource_version.as_deref();
        let revision = version.and_then(|version| version.parse().ok());
        self.shown(index, revision.unwrap_or_default());
        self.absorb(index, kind, object, now);
        true
    }

    fn shown(&mut self, index: usize, revision: u64) {
        let follow = &mut self.follows[index];
        follow.revision = follow.revision.max(revision);
    }

    fn absorb(&mut self, index: usize, kind: ChangeKind, object: PartObject, now: Timestamp) {
        let key = cache_key(&object);
        let object = Arc::new(object);
        match kind {
            ChangeKind::Applied => self.caches.0[index].insert(key, object.clone()),
            ChangeKind::Deleted => self.caches.0[index].remove(&key),
        };
        let change = Change {
            watch: index,
            kind,
            object,
        };
        for Wake { key, after: wait } in self.part.observe(&change, &self.caches) {
            self.queue.add(key, after(now, wait));
        }
        let watches = self.part.further_watches();
        self.follow(watches);
    }

    /// When this part can act next: at once if a watch is to be opened, else when its first key is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let relist = self.follows.iter().filter_map(Follow::due);
        relist.chain(self.queue.next_due()).min()
    }

    /// Whether a key is due at `now`.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.queue.next_due().is_some_and(|at| at <= now)
    }

    /// Reconciles the first key that is due by now, which the part takes for `told`; returns whether there was one.
    pub async fn reconcile_next(&mut self, clock: &Clock, told: Timestamp) -> bool {
        let Some(key) = self.queue.take(clock.now()) else {
            return false;
        };
        let outcome = self.part.reconcile(&key, &self.caches, told).await;
        // It may have hung, and waits from here on.
        let now = clock.now();
        let watches = self.part.further_watches();
        self.follow(watches);
        match outcome {
            Ok(again) => {
                self.queue.succeeded(&key);
                if let Some(wait) = again {
                    self.queue.add_timer(key, after(now, wait));
                }
            }
            Err(error) => {
                let wait = self.queue.failed(key.clone(), now);
                let (kind, namespace, name) = (&key.kind, &key.namespace, &key.name);
                tracing::warn!(part = self.part.name(), kind, namespace, name, %error, retry_seconds = wait.as_secs(), "reconcile failed");
            }
        }
        true
    }

    /// Something was written somewhere, or went wrong: every key that waits may have something to do again.
    pub fn forget_visits(&mut self) {
        self.queue.forget_visits();
        self.follows.iter_mut().for_each(Follow::doubt);
    }

    /// Whether every key that waits has had its turn since the last write without writing itself, and every watch is open, or
    /// has been refused in a turn of its own since then.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.queue.all_visited() && self.follows.iter().all(Follow::is_quiet)
    }

    /// What this part follows, for a description of the cluster: kind → number of objects.
    #[must_use]
    pub fn cached(&self) -> BTreeMap<&str, usize> {
        self.follows
            .iter()
            .zip(&self.caches.0)
            .map(|(follow, cache)| (follow.watch.resource.kind.as_str(), cache.len()))
            .collect()
    }
}

fn cache_key(object: &PartObject) -> (String, String) {
    (object.namespace().unwrap_or_default(), object.name_any())
}
