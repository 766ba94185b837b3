//! What every reconcile is given.

use std::sync::Arc;

use jiff::Timestamp;
use kube::Client;

use super::echo::Echoes;
use crate::settings::Settings;

/// Tells the time of the cluster.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What every reconcile is given: the way to the API, the time, and what the site decided.
#[derive(Clone)]
pub struct Context {
    /// Every read and write goes through it.
    pub client: Client,
    /// Read once per reconcile.
    pub clock: Clock,
    /// What the site decided.
    pub settings: Settings,
    /// What was written and has not been heard of yet.
    pub echoes: Echoes,
}

impl Context {
    /// A context in which nothing has been written yet.
    #[must_use]
    pub fn new(client: Client, clock: Clock, settings: Settings) -> Self {
        Self {
            client,
            clock,
            settings,
            echoes: Echoes::default(),
        }
    }
}
