//! Claims that ask for more room.

use super::kernel::Kernel;
use super::object::Key;
use super::quota::Amount;
use super::request::{Part, Request};
use super::status::Status;
use crate::json::Value;

impl Kernel {
    /// Refuses to enlarge a claim whose class does not allow it.
    ///
    /// Source: kubernetes v1.34 `plugin/pkg/admission/storage/persistentvolume/resize/admission.go`.
    pub(super) fn admit_expansion(
        &self,
        request: &Request,
        new: &Value,
        old: &Value,
    ) -> Result<(), Status> {
        let kind = &request.served.kind;
        let is_claim = kind.group.is_empty() && kind.kind == "PersistentVolumeClaim";
        if !is_claim || request.part != Part::Whole {
            return Ok(());
        }
        let size = |claim: &Value| {
            let text = claim["spec"]["resources"]["requests"]["storage"].as_str()?;
            Amount::read(text)
        };
        if size(new) <= size(old) {
            return Ok(());
        }
        let class = old["spec"]["storageClassName"].as_str().unwrap_or_default();
        let table = self
            .registry
            .get("storage.k8s.io", "v1", "storageclasses")
            .table;
        let class = self.log.get(table, &Key::new("", class));
        if class.is_some_and(|class| class.value()["allowVolumeExpansion"] == true) {
            return Ok(());
        }
        let why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
        Err(Status::forbidden(&kind.resource(), &request.name, why))
    }
}
