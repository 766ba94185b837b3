//! Addresses of services, which the server gives out.

use crate::json::Value;

use super::kernel::Kernel;
use super::kind::Origin;
use super::request::{Part, Request};
use super::rules::{Taken, drop_dependent, give_addresses, give_health_port};
use super::status::Status;

impl Kernel {
    /// Gives a service what no other has, and takes what its type has no longer; other kinds stay as they are, and so does a
    /// service whose status is written.
    ///
    /// Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/registry/core/service/storage/storage.go`, `NewREST`.
    pub(super) fn give_addresses(
        &self,
        request: &Request,
        value: &mut Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let served = &request.served;
        let kind = &served.kind;
        let is_service = (kind.group.as_str(), kind.kind.as_str()) == ("", "Service");
        if !is_service || kind.origin == Origin::Custom || request.part != Part::Whole {
            return Ok(());
        }
        if let Some(old) = old {
            drop_dependent(value, old);
        }
        let own = value["metadata"]["uid"].clone();
        let services = self.log.objects(served.table).values();
        let others = services.filter(|service| service.value()["metadata"]["uid"] != own);
        let taken = Taken::by(others.map(|service| service.value()));
        let name = value["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        give_addresses(value, old, &taken)
            .map_err(|causes| Status::invalid(&kind.qualified_kind(), &name, &causes))?;
        give_health_port(value, old, &taken).map_err(|why| Status::occurred(&why))
    }
}
