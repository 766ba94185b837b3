//! The API server: shared state behind a tower service.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use jiff::Timestamp;
use tokio::sync::Notify;
use tower::{BoxError, Service};

use super::body::ResponseBody;
use super::call::Call;
use super::direct::Direct;
use super::dispatch::Lost;
use super::gate::OwnToken;
use super::hold::Open;
use super::journal::Journal;
use super::presentation::presented;
use super::state::State;
use crate::access::User;
use crate::clock::Clock;
use crate::faults::{Faults, Firing};
use crate::ids::Ids;
use crate::part::PartClient;
use crate::state::{Kept, StateError, StateFile};
use crate::store::kernel::Kernel;
use crate::store::kind::Kind;
use crate::store::log::TableId;
use crate::store::object::Object;
use crate::store::service_account::AccountAdmission;
use crate::store::token::TokenSecret;
use crate::store::window::Window;

/// One object at one moment, with its kind.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its kind, in one of the versions that are served.
    pub kind: Arc<Kind>,
    /// Its state.
    pub object: Arc<Object>,
}

/// A Kubernetes API server in memory; clones share one cluster.
#[derive(Clone)]
pub struct ApiServer(Arc<Shared>);

struct Shared {
    clock: Clock,
    state: Mutex<State>,
    open: Open,
    /// Told when a change could not be kept.
    unkept: Notify,
}

impl ApiServer {
    /// A cluster with nothing in it but the namespaces that are always there; its uids and generated names come from `seed`.
    #[must_use]
    pub fn new(clock: Clock, seed: u64) -> Self {
        let mut ids = Ids::new(seed);
        let mut kernel = Kernel::new();
        kernel.found(clock.now(), &mut ids);
        kernel.set_token_secret(TokenSecret::of(seed));
        Self::with(clock, State::new(Arc::new(kernel), ids, Journal::default()))
    }

    /// A cluster that was kept in a file.
    #[must_use]
    pub fn started_again(clock: Clock, seed: u64, mut kept: Kept) -> Self {
        let ids = Ids::of_start(seed, kept.starts);
        kept.kernel.set_token_secret(TokenSecret::of(seed));
        let kernel = Arc::new(kept.kernel);
        Self::with(clock, State::new(kernel, ids, Journal::default()))
    }

    fn with(clock: Clock, state: State) -> Self {
        Self(Arc::new(Shared {
            clock,
            state: Mutex::new(state),
            open: Open::default(),
            unkept: Notify::new(),
        }))
    }

    /// Keeps the cluster in a file, as it is and as it will be.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep_in(&self, mut file: StateFile) -> Result<(), StateError> {
        let mut state = self.lock();
        file.keep_all(&state.kernel, self.0.clock.now())?;
        state.file = Some(file);
        Ok(())
    }

    /// Ready once a change could not be kept: nothing is answered any more.
    pub async fn unkept(&self) -> StateError {
        loop {
            let told = self.0.unkept.notified();
            if let Some(why) = self.lock().unkept.take() {
                return why;
            }
            told.await;
        }
    }

    /// A cluster of its own with the same objects and history, but without open watches and faults; its clock stands
    /// where this one does, and its uids and generated names come from `seed`. Takes the same time however large the
    /// cluster is: the first write of either copies what tables and history consist of, not what is in them.
    #[must_use]
    pub fn fork(&self, seed: u64) -> Self {
        let state = self.lock();
        let mut forked = State::new(
            Arc::clone(&state.kernel),
            Ids::of_fork(seed),
            state.journal.clone(),
        );
        forked.backends = state.backends.clone();
        Self::with(Clock::virtual_from(self.0.clock.now()), forked)
    }

    /// From now on new pods need their service account, as by default on a real API server.
    pub fn enable_account_admission(&self) {
        let mut state = self.lock();
        let kernel = state.kernel_mut();
        kernel.set_account_admission(AccountAdmission::Enabled);
    }

    /// A client in this process, known to the log as `actor`; its namespace is `default`.
    ///
    /// Must be called within a tokio runtime, on which kube places its request queue.
    #[must_use]
    pub fn client(&self, actor: &str) -> kube::Client {
        kube::Client::new(self.service(actor), "default")
    }

    /// The same for a part, which exchanges values with the server instead of text.
    #[must_use]
    pub fn part_client(&self, actor: &str) -> PartClient {
        PartClient::direct(self.service(actor))
    }

    /// The service itself, for a listener or a client of one's own.
    #[must_use]
    pub fn service(&self, actor: &str) -> ApiService {
        self.service_of(actor, User::admin())
    }

    /// The service for a client whom authentication takes for `user`.
    #[must_use]
    pub fn service_of(&self, actor: &str, user: User) -> ApiService {
        ApiService {
            server: self.clone(),
            actor: Arc::from(actor),
            user: Arc::new(user),
        }
    }

    /// The revision of the newest write.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.lock().kernel.log().revision()
    }

    /// The revision of the newest write to the objects of a resource in any of its versions; zero if nobody has written
    /// any.
    #[must_use]
    pub fn revision_of(&self, group: &str, plural: &str) -> u64 {
        let state = self.lock();
        let table = state.table(group, plural);
        table.map_or(0, |table| state.kernel.log().revision_of(table))
    }

    /// Makes every open watch that allows bookmarks deliver one after all events so far; its revision is not below
    /// the one returned.
    #[must_use]
    pub fn barrier(&self) -> u64 {
        let mut state = self.lock();
        state.watchers.raise_barrier();
        state.kernel.log().revision()
    }

    /// The SHA-256, in hex, over one line for each write request: virtual time, actor, verb, object path, result code
    /// and revision.
    #[must_use]
    pub fn log_digest(&self) -> String {
        self.lock().journal.hex_digest()
    }

    /// Keeps the lines that [`ApiServer::log_digest`] covers from now on, for [`ApiServer::log_lines`].
    pub fn keep_log_lines(&self) {
        self.lock().journal.keep_lines();
    }

    /// The lines kept since [`ApiServer::keep_log_lines`].
    #[must_use]
    pub fn log_lines(&self) -> Vec<String> {
        self.lock().journal.lines().to_vec()
    }

    /// The kinds that discovery shows now, by group, version and plural.
    #[must_use]
    pub fn kinds(&self) -> Vec<Arc<Kind>> {
        self.lock().discovered()
    }

    /// Forgets history up to `revision`: older watches, lists and page tokens answer 410.
    pub fn compact(&self, revision: u64) {
        self.lock().kernel_mut().compact(revision);
    }

    /// From now on history is forgotten as far as it does not fit into `window`.
    pub fn bound_history(&self, window: Window) {
        let mut state = self.lock();
        state.window = Some(window);
        state.kernel_mut().keep_within(&window);
    }

    /// From now on requests fail as `faults` say, in place of what was set before; clients are told apart by the name
    /// given to [`ApiServer::client`].
    pub fn set_faults(&self, faults: Faults) {
        self.lock().faults = Some(faults);
    }

    /// From now on nothing fails; returns what did.
    #[must_use]
    pub fn end_faults(&self) -> Vec<Firing> {
        let faults = self.lock().faults.take();
        faults.map_or_else(Vec::new, |faults| faults.log().to_vec())
    }

    /// The faults that have happened since [`ApiServer::set_faults`].
    #[must_use]
    pub fn fault_log(&self) -> Vec<Firing> {
        let state = self.lock();
        state.faults.iter().flat_map(Faults::log).cloned().collect()
    }

    /// How many faults have happened since [`ApiServer::set_faults`].
    pub(crate) fn n_faults(&self) -> usize {
        let faults = &self.lock().faults;
        faults.as_ref().map_or(0, |faults| faults.log().len())
    }

    /// The clients that a fault killed since the last call; they may come back now.
    pub(crate) fn take_crashed(&self) -> BTreeSet<Arc<str>> {
        std::mem::take(&mut self.lock().crashed)
    }

    /// Every object there is with its kind, in one version of each.
    #[must_use]
    pub fn objects(&self) -> Vec<Stored> {
        let state = self.lock();
        let log = state.kernel.log();
        let mut tables = BTreeMap::new();
        for served in state.kernel.registry().all() {
            tables.entry(served.table).or_insert(&served.kind);
        }
        let stored = |(table, kind): (TableId, &Arc<Kind>)| {
            let objects = log.objects(table).values().map(Arc::clone);
            let kind = Arc::clone(kind);
            objects
                .map(|object| Stored {
                    kind: Arc::clone(&kind),
                    object,
                })
                .collect::<Vec<_>>()
        };
        tables.into_iter().flat_map(stored).collect()
    }

    /// The clock of the cluster.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Keeps what has changed after revision `before`, where changes are kept.
    pub(crate) fn keep(&self, state: &mut State, before: u64) {
        let Some(file) = &mut state.file else {
            return;
        };
        if let Err(why) = file.keep(&state.kernel, before, self.0.clock.now()) {
            state.is_lost = true;
            state.unkept = Some(why);
            self.0.unkept.notify_waiters();
        }
    }

    pub(super) fn state(&self) -> &Mutex<State> {
        &self.0.state
    }

    pub(super) fn open(&self) -> &Open {
        &self.0.open
    }

    /// The last revision that the watches of a client on a resource can show.
    #[must_use]
    pub(crate) fn seen_by(&self, actor: &str, (group, plural): (&str, &str)) -> u64 {
        let state = self.lock();
        let view = state.trouble.view(actor).unwrap_or(u64::MAX);
        if !state.trouble.streams.has_flaws() {
            return view;
        }
        let (table, kernel) = (state.table(group, plural), &state.kernel);
        let streams = table.map(|table| state.trouble.streams.seen_by(actor, table, kernel));
        view.min(streams.unwrap_or(u64::MAX))
    }

    /// The clock of a client, which a fault may put wrong.
    #[must_use]
    pub fn clock_of(&self, actor: &str) -> Clock {
        self.0.clock.ahead(self.lock().trouble.lead(actor))
    }

    /// When the next trouble that faults made is over, for [`ApiServer::pass`]; a cluster with such is not at rest.
    #[must_use]
    pub fn trouble_ends_at(&self) -> Option<Timestamp> {
        self.lock().trouble.ends_at()
    }

    /// Does what time brings about by itself: Events run out, as they do at any request, and what faults did is put
    /// right, so that who saw an old state sees the newest again.
    pub fn pass(&self) {
        let mut state = self.lock();
        let (now, before) = (self.0.clock.now(), state.kernel.log().revision());
        let shown = state.trouble.clock(now);
        state.kernel_mut().expire(shown);
        state.establish_held(shown);
        self.keep(&mut state, before);
        state.wake_since(before, now);
        state.trouble.pass(now);
        state.watchers.wake_all();
    }
}

/// One client's way into an [`ApiServer`].
#[derive(Clone)]
pub struct ApiService {
    server: ApiServer,
    actor: Arc<str>,
    /// Whom authentication takes the client for.
    user: Arc<User>,
}

impl<B> Service<Request<B>> for ApiService
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (server, actor) = (self.server.clone(), Arc::clone(&self.actor));
        let user = Arc::clone(&self.user);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let direct = parts.extensions.remove::<Direct>();
            let own_token = parts.extensions.remove::<OwnToken>();
            let body = match &direct {
                Some(_) => Bytes::new(),
                None => match body.collect().await {
                    Ok(collected) => collected.to_bytes(),
                    Err(error) => return Err(io::Error::other(error.into())),
                },
            };
            let call = Call {
                actor,
                user,
                method: parts.method,
                uri: parts.uri,
                headers: parts.headers,
                body,
                direct,
                own_token,
            };
            match server.answer_surely(&call).await {
                Ok(response) => Ok(presented(&call, response)),
                Err(Lost::Broken) => Err(broken()),
                Err(Lost::Hanging(hanging)) => {
                    hanging.await;
                    Err(io::Error::new(io::ErrorKind::TimedOut, "no answer came"))
                }
            }
        })
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection was reset")
}
