//! What namespaces allow.
//!
//! Source: `spec/kube-api.md` §1.9, §1.16.

use std::sync::Arc;

use super::kernel::Kernel;
use super::log::TableId;
use super::metadata;
use super::object::{Key, Object};
use super::request::{Part, Request};
use super::status::{Qualified, Status};
use crate::json::{Value, json};

/// Namespaces that cannot be deleted.
pub(super) const PROTECTED: [&str; 3] = ["default", "kube-public", "kube-system"];

impl Kernel {
    /// What a namespace holds of a kind of the core group, by name; nothing where there is no namespace.
    pub(super) fn held_in<'a>(
        &'a self,
        namespace: &'a str,
        plural: &str,
    ) -> impl Iterator<Item = &'a Arc<Object>> {
        let table = self.registry.get("", "v1", plural).table;
        let all = self.log.objects(table).range(Key::new(namespace, "")..);
        let held = all.map(|(_, object)| object);
        held.take_while(move |object| !namespace.is_empty() && object.namespace() == namespace)
    }

    /// Refuses new content in a namespace that is missing or terminating.
    pub(super) fn admit_content(&self, request: &Request, name: &str) -> Result<(), Status> {
        let kind = &request.served.kind;
        if !kind.namespaced {
            return Ok(());
        }
        let namespace = self
            .log
            .get(self.namespaces(), &Key::new("", &request.namespace))
            .ok_or_else(|| {
                let namespaces = Qualified {
                    group: "",
                    name: "namespaces",
                };
                Status::not_found(&namespaces, &request.namespace)
            })?;
        if !namespace.is_terminating() {
            return Ok(());
        }
        let why = format!(
            "unable to create new content in namespace {} because it is being terminated",
            request.namespace
        );
        let mut status = Status::forbidden(&kind.resource(), name, &why);
        if let Some(details) = &mut status.details {
            details["causes"] = json!([{
                "reason": "NamespaceTerminating",
                "message": format!("namespace {} is being terminated", request.namespace),
                "field": "metadata.namespace"
            }]);
        }
        Err(status)
    }

    pub(super) fn namespaces(&self) -> TableId {
        self.registry.get("", "v1", "namespaces").table
    }
}

/// Puts back what a write to a namespace does not change, although who would is recorded.
pub(super) fn restore(request: &Request, value: &mut Value, old: &Value) {
    let kind = &request.served.kind;
    if request.part == Part::Whole
        && kind.kind == "Namespace"
        && kind.group.is_empty()
        && let Some(fields) = value.as_object_mut()
    {
        metadata::restore(fields, old, "spec");
    }
}
