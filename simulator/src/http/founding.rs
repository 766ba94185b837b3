//! A cluster that begins as a real one, and knows further kinds.

use super::journal::Entry;
use super::service::ApiServer;
use super::state::State;
use crate::json::Value;
use crate::store::kind::Kind;
use crate::store::status::Status;

impl ApiServer {
    /// Gives a cluster that holds namespaces alone the roles, classes, flows and services that a real one begins with.
    pub fn found(&self) {
        let now = self.clock().now();
        let mut state = self.lock();
        let State { kernel, ids, .. } = &mut *state;
        std::sync::Arc::make_mut(kernel).found_rest(now, ids);
    }

    /// Creates a definition whose kinds were read before.
    ///
    /// # Errors
    /// As from the API.
    pub(crate) fn define(&self, definition: Value, kinds: Vec<Kind>) -> Result<(), Status> {
        let now = self.clock().now();
        let mut state = self.lock();
        let State { kernel, ids, .. } = &mut *state;
        std::sync::Arc::make_mut(kernel).define((definition, kinds), now, ids)?;
        let revision = kernel.log().revision();
        state.journal.record(&Entry {
            now,
            actor: "admin",
            verb: "create",
            path: DEFINITIONS,
            code: 201,
            revision,
        });
        Ok(())
    }
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
