//! What is written in one version, and stored in another.
//!
//! Source: apiserver v0.34.3, pkg/storage/etcd3/store.go: an object is encoded in the version of the storage, and what
//! was stored is decoded again for the answer.

use std::sync::Arc;

use crate::json::Value;
use crate::store::answer::Answer;
use crate::store::kernel::{Context, Kernel};
use crate::store::object::{Object, metadata_mut};
use crate::store::quota::Charge;
use crate::store::registry::{Conversion, Served};
use crate::store::status::Status;
use crate::store::webhook::{Conversation, unheard};

impl Kernel {
    /// What is stored of an object in the version of the request.
    pub(in crate::store) fn converted_to_storage(
        &self,
        served: &Served,
        value: Value,
        conversation: &mut Conversation,
    ) -> Result<Value, Status> {
        if served.conversion != Conversion::Webhook {
            return Ok(value);
        }
        let versions = (&*served.kind.version, storage_version(served));
        self.converted(served, value, versions, conversation)
    }

    /// Whether `value`, which would be stored in place of `shown`, is what is stored.
    pub(in crate::store) fn is_stored(
        &self,
        served: &Served,
        (shown, value): (&Object, &Value),
    ) -> bool {
        if served.conversion != Conversion::Webhook {
            return *value == *shown.value();
        }
        let stored = self.log.get(served.table, &shown.key());
        stored.is_some_and(|stored| {
            let mut live = stored.value().clone();
            metadata_mut(&mut live).remove("resourceVersion");
            let version = self
                .conversions
                .stored_version(served.table, stored.revision());
            live == *value && version == storage_version(served)
        })
    }

    /// What a dry run answers, which stores nothing of `value`.
    ///
    /// Source: apiserver v0.34.3, pkg/registry/generic/registry/dryrun.go: what would be stored is encoded and decoded.
    pub(in crate::store) fn imagined(
        &self,
        served: &Served,
        (value, revision): (Value, u64),
        conversation: &mut Conversation,
    ) -> Result<Arc<Object>, Status> {
        if served.conversion != Conversion::Webhook {
            return Ok(Object::new(value, revision));
        }
        let stored = self.converted_to_storage(served, value, conversation)?;
        let stored = (&stored, storage_version(served));
        let shown = self.shown_value(served, stored, conversation)?;
        Ok(Object::new(shown, revision))
    }

    /// Stores a new state, which is in the version of the storage and takes this of quotas, and answers with what becomes of it in that of the
    /// request. If nothing does, it is stored all the same.
    pub(in crate::store) fn store_and_show(
        &mut self,
        served: &Served,
        (code, value): (u16, Value),
        charges: Vec<Charge>,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        if served.conversion != Conversion::Webhook {
            self.raise(charges, context)?;
            return Ok(Answer::Object(code, self.store(served, value, context)?));
        }
        let stored = (&value, storage_version(served));
        let shown = self.shown_value(served, stored, context.conversation);
        if context.conversation.is_open() {
            return Err(unheard());
        }
        self.raise(charges, context)?;
        let revision = self.store(served, value, context)?.revision();
        Ok(match shown {
            Ok(shown) => {
                let shown = Object::new(shown, revision);
                self.remember(served, Arc::clone(&shown));
                Answer::Object(code, shown)
            }
            Err(why) => Answer::Done(why.code, why.body()),
        })
    }
}

/// What a deletion answers with, whose object is shown as it was before it.
pub(in crate::store) fn deleted_as_shown(
    served: &Served,
    shown: &Object,
    answer: Answer,
) -> Answer {
    match answer {
        Answer::Object(code, last) if served.conversion == Conversion::Webhook => {
            let mut value = shown.value().clone();
            let mut metadata = last.value()["metadata"].clone();
            for field in ["labels", "annotations"] {
                metadata[field] = value["metadata"][field].clone();
            }
            value["metadata"] = metadata;
            crate::store::metadata::normalise(&mut value);
            Answer::Object(code, Object::new(value, last.revision()))
        }
        other => other,
    }
}

/// The version in which a resource is stored.
fn storage_version(served: &Served) -> &str {
    let stored = &served.kind.stored_as;
    stored
        .rsplit_once('/')
        .map_or(stored, |(_, version)| version)
}
