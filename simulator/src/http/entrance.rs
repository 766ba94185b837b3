//! Who makes a call, in whose name, and whether it is allowed.
//!
//! Source: `spec/kube-api.md` §1.21.

use std::sync::Arc;

use super::call::Call;
use super::gate::Credentials;
use super::route::Route;
use super::service::ApiServer;
use super::{caller, gate};
use crate::access::{Policy, Question, User, Verdict};
use crate::store::status::Status;

impl ApiServer {
    /// Who makes a call.
    pub(super) fn authenticated(&self, call: &Call) -> Result<Arc<User>, Status> {
        let account = self.bearer(call)?;
        Ok(account.map_or_else(|| Arc::clone(&call.user), Arc::new))
    }

    /// The user in whose name the call is made, who may make it.
    pub(super) fn admitted(
        &self,
        mut user: Arc<User>,
        call: &Call,
        route: &Route,
    ) -> Result<Arc<User>, Status> {
        if let Some(other) = caller::impersonated(&call.headers) {
            for question in caller::impersonation(&other) {
                self.permit(&user, &question)?;
            }
            user = Arc::new(other.in_implied_groups());
        }
        if !user.is_master() {
            self.permit(&user, &caller::question(call, route))?;
        }
        Ok(user)
    }

    /// The service account whose token a call brings.
    fn bearer(&self, call: &Call) -> Result<Option<User>, Status> {
        let token = match gate::credentials(&call.headers) {
            Credentials::Bearer(token) if gate::is_of_account(token) => token,
            Credentials::Bearer(_) | Credentials::None | Credentials::Misplaced => return Ok(None),
        };
        let token = String::from_utf8_lossy(token);
        let bearer = self.lock().kernel.bearer(&token, &[], self.clock().now());
        let known = bearer.map_err(|_| gate::unauthorized())?;
        Ok(Some(known.user))
    }

    /// Refuses what the policy does not allow.
    fn permit(&self, user: &User, question: &Question) -> Result<(), Status> {
        match Policy::of(&self.lock().kernel).decide(user, question) {
            Verdict::Allowed(_) => Ok(()),
            Verdict::Denied(reason) => Err(question.denial(user, &reason)),
        }
    }
}
