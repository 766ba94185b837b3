//! A whole cluster in memory, in virtual time: one API server and the parts that move in it.
//!
//! One thread, one seed: at every instant the parts that can act take turns in an order drawn from the seed, each
//! turn reconciling one key to its end. When none can act, time jumps to the next timer.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use kube::core::ApiResource;

use crate::clock::{Clock, EPOCH};
use crate::drive::{Runner, Seat};
use crate::http::service::ApiServer;
use crate::ids::Ids;
use crate::part::{Part, PartClient};

/// How many turns may pass at one instant before the cluster counts as spinning.
const TURNS_AT_ONE_INSTANT_MAX: usize = 200_000;

/// How far [`Cluster::settle`] looks into the future.
pub const SETTLE_HORIZON: SignedDuration = SignedDuration::from_hours(6);

/// What keeps uids apart from scheduling choices although both come from one seed.
const SCHEDULING_STREAM: u64 = 0x5eed_0f70_5c4e_d1a7;

/// A simulated cluster.
pub struct Cluster {
    server: ApiServer,
    clock: Clock,
    seats: Vec<Seat>,
    starts: BTreeMap<&'static str, (Start, PartClient)>,
    choices: Ids,
    transport: Transport,
    seen: Seen,
}

/// What has happened at the server.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    revision: u64,
    /// A request that failed is tried again, which may be a write.
    n_faults: usize,
}

/// Makes a part that knows nothing yet, and reaches the API through the given client.
pub type Start = Box<dyn Fn(PartClient) -> Box<dyn Part> + Send>;

/// How the parts reach the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// By calls in this process: what is written is visible at once.
    InProcess,
    /// By sockets: after each round the cluster waits until every watch has shown everything.
    Sockets,
}

/// A cluster that does not come to rest.
#[derive(Debug, thiserror::Error)]
#[error("after {TURNS_AT_ONE_INSTANT_MAX} turns at {at} these parts still act: {parts}")]
pub struct Spinning {
    /// The instant that time cannot leave.
    at: Timestamp,
    /// Their names.
    parts: String,
}

impl Cluster {
    /// A cluster without parts at [`EPOCH`].
    #[must_use]
    pub fn new(seed: u64, transport: Transport) -> Self {
        let server = ApiServer::new(Clock::virtual_from(EPOCH), seed);
        Self::on(server, seed, transport)
    }

    /// A cluster without parts around `server`, whose clock must be virtual; the order of turns comes from `seed`.
    #[must_use]
    pub fn on(server: ApiServer, seed: u64, transport: Transport) -> Self {
        Self {
            clock: server.clock().clone(),
            server,
            seats: Vec::new(),
            starts: BTreeMap::new(),
            choices: Ids::new(seed ^ SCHEDULING_STREAM),
            transport,
            seen: Seen::default(),
        }
    }

    /// The API server.
    #[must_use]
    pub fn server(&self) -> &ApiServer {
        &self.server
    }

    /// The clock, which only the cluster moves.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Adds a part that [`Cluster::restart`] can start again, and that comes back by itself after a fault killed it.
    pub fn add_restartable(&mut self, start: Start, client: PartClient) {
        let part = start(client.clone());
        self.starts.insert(part.name(), (start, client.clone()));
        self.add(part, client);
    }

    /// Adds a part, which reaches the API through `client`; a fault that kills it removes it.
    pub fn add(&mut self, part: Box<dyn Part>, client: PartClient) {
        self.seats.push(Seat::new(Runner::new(part, client)));
    }

    /// Removes a part with all it knows, as a crash would; returns whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.seats.len();
        self.seats.retain(|seat| seat.name() != name);
        self.seats.len() < before
    }

    /// Starts a part with empty caches and an empty queue, in place of the one that runs; returns whether it is known
    /// how, which needs [`Cluster::add_restartable`].
    pub fn restart(&mut self, name: &str) -> bool {
        let Some((start, client)) = self.starts.get(name) else {
            return false;
        };
        let seat = Seat::new(Runner::new(start(client.clone()), client.clone()));
        match self.seats.iter_mut().find(|known| known.name() == name) {
            Some(running) => *running = seat,
            None => self.seats.push(seat),
        }
        true
    }

    /// Removes the parts that a fault killed and starts them afresh; returns whether there were any.
    fn bury_crashed(&mut self) -> bool {
        let crashed = self.server.take_crashed();
        for name in &crashed {
            if !self.restart(name) {
                self.remove(name);
            }
        }
        !crashed.is_empty()
    }

    /// Lets the parts act until none can before the next timer.
    ///
    /// # Errors
    /// Parts keep each other busy for ever.
    pub async fn settle_now(&mut self) -> Result<(), Spinning> {
        for _ in 0..TURNS_AT_ONE_INSTANT_MAX {
            if !self.turn().await && !self.catch_up().await {
                return Ok(());
            }
        }
        let now = self.clock.now();
        let is_due = |seat: &&Seat| seat.is_due(now, &self.server);
        let busy = self.seats.iter().filter(is_due);
        let parts = busy.map(Seat::name).collect::<Vec<_>>().join(", ");
        Err(Spinning { at: now, parts })
    }

    /// One part takes one turn; returns whether any had something to do.
    async fn turn(&mut self) -> bool {
        let now = self.clock.now();
        self.take_news(now).await;
        let due: Vec<usize> = (0..self.seats.len())
            .filter(|index| self.seats[*index].is_due(now, &self.server))
            .collect();
        if due.is_empty() {
            return self.bury_crashed();
        }
        let chosen = due[self.choices.below(due.len())];
        let acted = self.seats[chosen].act(&self.server).await;
        self.bury_crashed() || acted
    }

    async fn take_news(&mut self, now: Timestamp) {
        let happened = self.happened();
        let is_new = std::mem::replace(&mut self.seen, happened) != happened;
        for seat in &mut self.seats {
            seat.take_news(now, &self.server).await;
        }
        if is_new {
            self.forget_visits();
        }
    }

    fn happened(&self) -> Seen {
        Seen {
            revision: self.server.revision(),
            n_faults: self.server.n_faults(),
        }
    }

    /// Something was written, went wrong, or can be seen now: every key that waits may have something to do again.
    fn forget_visits(&mut self) {
        let runners = self.seats.iter_mut().filter_map(Seat::runner_mut);
        runners.for_each(Runner::forget_visits);
    }

    /// Over sockets events take a while: waits until every watch has shown the newest write.
    async fn catch_up(&mut self) -> bool {
        if self.transport == Transport::InProcess {
            return false;
        }
        let now = self.clock.now();
        let revision = self.server.barrier();
        let mut any = false;
        for seat in &mut self.seats {
            let (name, server) = (seat.name(), &self.server);
            let Some(runner) = seat.runner_mut() else {
                continue;
            };
            let until = |resource: &ApiResource| {
                let seen = server.seen_by(name, (&resource.group, &resource.plural));
                revision.min(seen)
            };
            any |= runner.catch_up(until, now).await;
        }
        any
    }

    /// When the next part can act; `None` if nothing waits for any time.
    #[must_use]
    pub fn next_timer(&self) -> Option<Timestamp> {
        let runners = self.seats.iter().filter_map(Seat::runner);
        let timers = runners.filter_map(Runner::next_due);
        timers.chain(self.server.trouble_ends_at()).min()
    }

    /// Whether everything that still waits has had its turn since the last write or fault, and wrote nothing itself: such a
    /// cluster changes only if somebody changes it, or when a timer of another kind runs out.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.happened() == self.seen
            && self.server.trouble_ends_at().is_none()
            && self
                .seats
                .iter()
                .all(|seat| seat.runner().is_some_and(Runner::is_quiet))
    }

    /// Lets time pass until the cluster is quiet, at most [`SETTLE_HORIZON`].
    ///
    /// # Errors
    /// Parts keep each other busy for ever.
    pub async fn settle(&mut self) -> Result<(), Spinning> {
        let horizon = self.clock.now() + SETTLE_HORIZON;
        self.settle_now().await?;
        while !self.is_quiet() && self.step(horizon).await? {}
        Ok(())
    }

    /// Jumps to the next timer before `until` and lets the parts act; returns whether there was one.
    ///
    /// # Errors
    /// Parts keep each other busy for ever.
    pub async fn step(&mut self, until: Timestamp) -> Result<bool, Spinning> {
        match self.next_timer() {
            Some(timer) if timer <= until => {
                self.clock.advance_to(timer);
                if self.server.trouble_ends_at().is_some_and(|at| at <= timer) {
                    self.server.pass();
                    self.forget_visits();
                }
                self.settle_now().await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Lets exactly `duration` pass.
    ///
    /// # Errors
    /// Parts keep each other busy for ever.
    pub async fn advance(&mut self, duration: SignedDuration) -> Result<(), Spinning> {
        let until = self.clock.now() + duration;
        self.settle_now().await?;
        while self.step(until).await? {}
        self.clock.advance_to(until);
        self.settle_now().await
    }
}
