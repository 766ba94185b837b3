//! Create, update and patch.
//!
//! Source: `spec/kube-api.md` §1.7, §1.8, §1.14, §1.17.

use std::sync::Arc;

use serde_json::Value;

use super::answer::Answer;
use super::kernel::{Context, Kernel};
use super::metadata::{restore, seconds};
use super::object::{Key, Object, metadata_mut};
use super::request::{PatchKind, Request, WriteOptions};
use super::status::Status;

impl Kernel {
    pub(super) fn create(
        &mut self,
        request: &Request,
        mut value: Value,
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let kind = &request.served.kind;
        let metadata = metadata_mut(&mut value);
        if kind.namespaced {
            metadata.insert("namespace".into(), request.namespace.clone().into());
        } else {
            metadata.remove("namespace");
        }
        if metadata
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .is_empty()
        {
            let base = metadata
                .get("generateName")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let name = format!("{base}{}", context.ids.suffix());
            metadata.insert("name".into(), name.into());
        }
        metadata.insert("uid".into(), context.ids.uid().into());
        metadata.insert("creationTimestamp".into(), seconds(context.now).into());
        if request.served.behaviour.manages_generation {
            metadata.insert("generation".into(), 1.into());
        }
        let key = Key {
            namespace: request.namespace.clone(),
            name: metadata["name"].as_str().unwrap_or_default().to_owned(),
        };
        if self.log.get(request.served.table, &key).is_some() {
            return Err(Status::already_exists(&kind.resource(), &key.name));
        }
        Ok(Answer::Object(201, self.store(request, value, options)))
    }

    pub(super) fn update(
        &mut self,
        request: &Request,
        mut value: Value,
        options: &WriteOptions,
        _context: &mut Context,
    ) -> Result<Answer, Status> {
        let old = Arc::clone(self.find(request)?);
        let metadata = metadata_mut(&mut value);
        if let Some(revision) = metadata.get("resourceVersion").and_then(Value::as_str)
            && revision != old.revision().to_string()
        {
            return Err(Status::conflict(
                &request.served.kind.resource(),
                &request.name,
            ));
        }
        let before = &old.value()["metadata"];
        for field in [
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "generation",
            "resourceVersion",
        ] {
            restore(metadata, before, field);
        }
        Ok(Answer::Object(200, self.store(request, value, options)))
    }

    pub(super) fn patch(
        &mut self,
        request: &Request,
        (kind, body): (PatchKind, &[u8]),
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        if kind != PatchKind::Merge {
            return Err(Status::not_implemented(&format!("{kind:?} patches")));
        }
        let patch: Value = serde_json::from_slice(body)
            .map_err(|e| Status::bad_request(format!("error decoding patch: {e}")))?;
        let mut value = self.find(request)?.value().clone();
        json_patch::merge(&mut value, &patch);
        self.update(request, value, options, context)
    }

    fn store(&mut self, request: &Request, value: Value, options: &WriteOptions) -> Arc<Object> {
        if options.dry_run {
            Object::new(value, 0)
        } else {
            self.log.put(request.served.table, value)
        }
    }
}
