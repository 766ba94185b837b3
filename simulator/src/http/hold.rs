//! Holding the state of a server, and what is known of it without: what every request needs to know lies open for as long
//! as nothing is out of order, so that most requests wait for the state once.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, MutexGuard, PoisonError, RwLock, TryLockError};
use std::thread;

use tokio::task::yield_now;

use super::flow::Flows;
use super::service::ApiServer;
use super::state::State;
use crate::store::registry::Registry;

/// How often a request that finds the state held lets others go first.
const N_TURNS: usize = 64;

/// What every request needs to know of the state.
#[derive(Clone)]
pub(super) struct Present {
    pub(super) registry: Arc<Registry>,
    pub(super) flows: Arc<Flows>,
}

/// What lies open, if anything does.
#[derive(Default)]
pub(super) struct Open(RwLock<Option<Present>>);

impl Open {
    fn get(&self) -> Option<Present> {
        let open = self.0.read().unwrap_or_else(PoisonError::into_inner);
        open.clone()
    }

    fn set(&self, present: Option<Present>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = present;
    }
}

/// The state, for as long as this lives.
pub(crate) struct Held<'a> {
    state: MutexGuard<'a, State>,
    open: &'a Open,
}

impl Deref for Held<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let is_open = match (&self.state.open, self.state.calm()) {
            (None, None) => true,
            (Some(open), Some((registry, flows))) => {
                Arc::ptr_eq(&open.registry, registry) && Arc::ptr_eq(&open.flows, flows)
            }
            _ => false,
        };
        if !is_open {
            let present = self.state.calm().map(|(registry, flows)| Present {
                registry: Arc::clone(registry),
                flows: Arc::clone(flows),
            });
            self.state.open.clone_from(&present);
            self.open.set(present);
        }
    }
}

impl State {
    /// What a request needs to know, if time has nothing to put right.
    fn calm(&self) -> Option<(&Arc<Registry>, &Arc<Flows>)> {
        let flows = self.flows.as_ref()?;
        let is_calm = flows.are_of(&self.kernel) && self.trouble.ends_at().is_none();
        is_calm.then_some((self.kernel.registry(), flows))
    }
}

impl ApiServer {
    /// The state, also if a request panicked while it held it: the kernel has undone what that request did, and
    /// nothing else in the state is ever half changed.
    pub(crate) fn lock(&self) -> Held<'_> {
        let locked = self.state().lock();
        self.held(locked.unwrap_or_else(PoisonError::into_inner))
    }

    /// The same for a request: where another thread holds the state, whatever else there is to do goes first, here and on
    /// this core, which costs less than to sleep and to be woken.
    pub(super) async fn lock_in_turn(&self) -> Held<'_> {
        for _ in 0..N_TURNS {
            if let Some(state) = self.try_lock() {
                return state;
            }
            thread::yield_now();
            yield_now().await;
        }
        self.lock()
    }

    fn try_lock(&self) -> Option<Held<'_>> {
        match self.state().try_lock() {
            Ok(state) => Some(self.held(state)),
            Err(TryLockError::Poisoned(poisoned)) => Some(self.held(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn held<'a>(&'a self, state: MutexGuard<'a, State>) -> Held<'a> {
        Held {
            state,
            open: self.open(),
        }
    }

    /// What there is now that time has put right what it could; nothing if nobody is there to answer.
    pub(super) async fn present(&self) -> Option<Present> {
        if let Some(present) = self.open().get() {
            return Some(present);
        }
        let now = self.clock().now();
        let mut state = self.lock_in_turn().await;
        if state.trouble.lifecycle.establishes_at(now) {
            drop(state);
            self.pass();
            state = self.lock();
        }
        state.trouble.pass(now);
        if state.trouble.is_away() {
            return None;
        }
        let known = state.flows.take();
        let flows = Flows::of(&state.kernel, known);
        state.flows = Some(Arc::clone(&flows));
        let registry = state.served();
        Some(Present { registry, flows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, EPOCH};

    #[tokio::test]
    async fn what_lies_open_is_what_there_is() {
        let server = ApiServer::new(Clock::virtual_from(EPOCH), 1);
        assert!(server.open().get().is_none());
        let first = server.present().await.unwrap();
        assert!(Arc::ptr_eq(
            &server.open().get().unwrap().flows,
            &first.flows
        ));

        server.found();
        assert!(server.open().get().is_none(), "there are more flows now");
        let second = server.present().await.unwrap();
        assert!(!Arc::ptr_eq(&first.flows, &second.flows));
        assert!(Arc::ptr_eq(
            &second.registry,
            server.lock().kernel.registry()
        ));
    }
}
