//! A cluster that begins as a real one.

use super::service::{ApiServer, State};

impl ApiServer {
    /// Gives a cluster that holds namespaces alone the roles, classes, flows and services that a real one begins with.
    pub fn found(&self) {
        let now = self.clock().now();
        let mut state = self.lock();
        let State { kernel, ids, .. } = &mut *state;
        std::sync::Arc::make_mut(kernel).found_rest(now, ids);
    }
}
