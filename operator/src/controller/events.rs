//! Events, named and dated without chance or wall clock.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::PostParams;
use kube::{Api, Resource};
use sha2::{Digest, Sha256};

use super::context::Context;
use super::error::chain;
use crate::api::keys::FIELD_MANAGER;
use crate::plan::event::Event;

/// How much of an object's name goes into those of its events, so that both parts fit into 253 characters.
const NAME_BYTES_MAX: usize = 230;

/// Tells about one object on behalf of one controller.
pub(super) struct Reporter<'a> {
    context: &'a Context,
    /// Source: spec/arc.md §9.
    controller: &'static str,
    regarding: ObjectReference,
    now: Timestamp,
}

impl<'a> Reporter<'a> {
    pub(super) fn new<K>(
        context: &'a Context,
        controller: &'static str,
        object: &K,
        now: Timestamp,
    ) -> Self
    where
        K: Resource<DynamicType = ()>,
    {
        Self {
            context,
            controller,
            regarding: object.object_ref(&()),
            now,
        }
    }

    /// When this reconcile began.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Publishes `event`. One that cannot be told is logged and otherwise ignored: nobody's work depends on it.
    pub(super) async fn tell(&self, event: &Event) {
        let namespace = self.regarding.namespace.as_deref().unwrap_or_default();
        let api: Api<v1::Event> = Api::namespaced(self.context.client.clone(), namespace);
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        match api.create(&params, &self.wire(event)).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.is_already_exists() => {}
            Err(error) => {
                let reason = event.reason.as_str();
                tracing::warn!(error = chain(&error), reason, "cannot publish an event");
            }
        }
    }

    fn wire(&self, event: &Event) -> v1::Event {
        v1::Event {
            metadata: ObjectMeta {
                name: Some(self.name(event)),
                namespace: self.regarding.namespace.clone(),
                ..ObjectMeta::default()
            },
            event_time: Some(MicroTime(self.now)),
            reporting_controller: Some(self.controller.to_owned()),
            reporting_instance: Some(self.context.settings.reporting_instance.clone()),
            action: Some(event.reason.action().to_owned()),
            reason: Some(event.reason.as_str().to_owned()),
            regarding: Some(self.regarding.clone()),
            note: Some(event.note().to_owned()),
            type_: Some(event.reason.type_().to_owned()),
            ..v1::Event::default()
        }
    }

    /// The same event at the same instant has the same name, so that a repetition changes nothing.
    fn name(&self, event: &Event) -> String {
        let object = self.regarding.name.as_deref().unwrap_or_default();
        let told = [
            self.regarding.uid.as_deref().unwrap_or_default(),
            event.reason.as_str(),
            event.note(),
            &self.now.to_string(),
        ];
        let digest = Sha256::digest(told.join("\0"));
        let suffix: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!(
            "{}.{suffix}",
            &object[..object.floor_char_boundary(NAME_BYTES_MAX)]
        )
    }
}
