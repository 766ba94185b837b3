//! Stored states in the version that somebody asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::conversions::Conversions;
use super::converter::Wanted;
use crate::json::{Value, json};
use crate::store::form::drop_type;
use crate::store::kernel::Kernel;
use crate::store::log::TableId;
use crate::store::object::{Key, Object, metadata_mut};
use crate::store::registry::{Conversion, Found, Served};
use crate::store::schema::default::apply_defaults;
use crate::store::schema::prune::{Nulls, prune};
use crate::store::status::Status;
use crate::store::webhook::{Conversation, unheard};

/// How many objects a webhook is asked about at the same time.
const N_AT_ONCE: usize = 100;

impl Kernel {
    /// A stored state in the version of a resource, if nobody has to be asked for it: as it was shown before.
    #[must_use]
    pub fn at_hand(&self, served: &Served, object: &Arc<Object>) -> Option<Arc<Object>> {
        if served.conversion != Conversion::Webhook {
            return Some(Arc::clone(object));
        }
        let (table, version) = (served.table, &*served.kind.version);
        let revision = object.revision();
        if self.conversions.stored_version(table, revision) == version {
            let read = self.read(served, object.value(), version);
            return Some(Object::new(read, revision));
        }
        self.conversions.shown(table, (version, revision)).cloned()
    }

    /// The same, which is asked for and remembered if it was never shown before.
    ///
    /// # Errors
    /// The webhook fails; or it is yet to be asked, and `conversation` is open.
    pub fn shown(
        &mut self,
        served: &Served,
        object: &Arc<Object>,
        conversation: &mut Conversation,
    ) -> Result<Arc<Object>, Status> {
        if let Some(shown) = self.at_hand(served, object) {
            return Ok(shown);
        }
        let shown = self.shown_afresh(served, object, conversation)?;
        self.remember(served, Arc::clone(&shown));
        Ok(shown)
    }

    /// The same of every state.
    ///
    /// # Errors
    /// As [`Kernel::shown`].
    pub(in crate::store) fn all_shown(
        &mut self,
        served: &Served,
        objects: impl Iterator<Item = Arc<Object>>,
        conversation: &mut Conversation,
    ) -> Result<BTreeMap<Key, Arc<Object>>, Status> {
        let mut all = BTreeMap::new();
        for object in objects {
            match self.shown(served, &object, conversation) {
                Ok(shown) => {
                    all.insert(shown.key(), shown);
                }
                Err(why) if !conversation.is_open() => return Err(why),
                Err(_) if conversation.n_open() >= N_AT_ONCE => break,
                Err(_) => {}
            }
        }
        if conversation.is_open() {
            return Err(unheard());
        }
        Ok(all)
    }

    /// Makes sure that every present object of a resource is at hand in its version, without which nobody lists or watches
    /// them.
    ///
    /// # Errors
    /// 429 if the webhook fails; or it is yet to be asked, and `conversation` is open.
    pub(in crate::store) fn initialise(
        &mut self,
        served: &Served,
        conversation: &mut Conversation,
    ) -> Result<(), Status> {
        if served.conversion != Conversion::Webhook {
            return Ok(());
        }
        let present: Vec<_> = self.log.objects(served.table).values().cloned().collect();
        let shown = self.all_shown(served, present.into_iter(), conversation);
        shown.map(drop).map_err(|why| match conversation.is_open() {
            true => why,
            false => initialising(served, &why.message),
        })
    }

    /// A stored state in the version of a resource, for which the webhook is asked anew.
    ///
    /// # Errors
    /// As [`Kernel::shown`].
    pub(in crate::store) fn shown_afresh(
        &self,
        served: &Served,
        object: &Arc<Object>,
        conversation: &mut Conversation,
    ) -> Result<Arc<Object>, Status> {
        if served.conversion != Conversion::Webhook {
            return Ok(Arc::clone(object));
        }
        let revision = object.revision();
        let stored = self.conversions.stored_version(served.table, revision);
        let shown = self.shown_value(served, (object.value(), stored), conversation)?;
        Ok(Object::new(shown, revision))
    }

    /// Asks anew about everything that is listed in the version of a resource; a failure counts once it is met.
    pub(in crate::store) fn show_all_afresh(
        &self,
        served: &Served,
        listed: &[Arc<Object>],
        conversation: &mut Conversation,
    ) {
        for item in listed {
            if let Some(object) = self.log.get(served.table, &item.key()) {
                drop(self.shown_afresh(served, object, conversation));
            }
        }
    }

    /// What is stored in a version in that of a resource, without its revision.
    pub(super) fn shown_value(
        &self,
        served: &Served,
        (value, stored): (&Value, &str),
        conversation: &mut Conversation,
    ) -> Result<Value, Status> {
        let read = self.read(served, value, stored);
        self.converted(served, read, (stored, &served.kind.version), conversation)
    }

    /// Remembers what was made of a state.
    pub(super) fn remember(&mut self, served: &Served, shown: Arc<Object>) {
        let n_objects = self.log.objects(served.table).len();
        let shown = (&*served.kind.version, shown);
        Conversions::remember(&mut self.conversions, served.table, shown, n_objects);
    }

    /// What a webhook makes of an object; it neither sees nor returns its revision.
    pub(super) fn converted(
        &self,
        served: &Served,
        mut value: Value,
        (from, to): (&str, &str),
        conversation: &mut Conversation,
    ) -> Result<Value, Status> {
        metadata_mut(&mut value).remove("resourceVersion");
        if from == to {
            return Ok(value);
        }
        let kind = &served.kind;
        value["apiVersion"] = format!("{}/{from}", kind.group).into();
        value["kind"] = kind.kind.clone().into();
        let wanted = Wanted {
            object: &value,
            api_version: &format!("{}/{to}", kind.group),
        };
        let mut converted = self.asked(served.table, wanted, conversation)?;
        if let Some(target) = self.version(served, to) {
            prune(&target.kind.schema, &mut converted, None, Nulls::Dropped);
        }
        drop_type(&mut converted);
        Ok(converted)
    }

    fn asked(
        &self,
        table: TableId,
        wanted: Wanted,
        conversation: &mut Conversation,
    ) -> Result<Value, Status> {
        let Some(converter) = self.conversions.converter(table) else {
            return Ok(wanted.object.clone());
        };
        let inquiry = converter
            .inquiry(wanted)
            .map_err(|why| Status::bare_internal(&why))?;
        let Some(heard) = conversation.heard(inquiry) else {
            return Err(unheard());
        };
        let converted = converter.converted(wanted, heard);
        converted.map_err(|why| Status::bare_internal(&why))
    }

    /// A stored value as its own version has it: pruned, and with its defaults.
    fn read(&self, served: &Served, value: &Value, version: &str) -> Value {
        let mut value = value.clone();
        if let Some(own) = self.version(served, version) {
            prune(&own.kind.schema, &mut value, None, Nulls::Dropped);
            apply_defaults(&own.kind.schema, &mut value);
        }
        value
    }

    /// Another version of a resource, if it is served.
    fn version(&self, served: &Served, version: &str) -> Option<Arc<Served>> {
        let kind = &served.kind;
        match self.registry.find(&kind.group, version, &kind.plural) {
            Found::Resource(found) => Some(found),
            Found::NoResource
            | Found::NoCustomResource
            | Found::NoVersion
            | Found::NoCustomVersion
            | Found::NoGroup => None,
        }
    }
}

/// 429 as long as the watch cache of a real server cannot be filled.
///
/// Source: apiserver v0.34.3, pkg/storage/cacher/cacher.go and client-go v0.34.3, tools/cache/reflector.go.
fn initialising(served: &Served, why: &str) -> Status {
    let kind = &served.kind;
    let (group, version, kind) = (&kind.group, &kind.version, &kind.kind);
    Status {
        code: 429,
        reason: "TooManyRequests".into(),
        message: format!(
            "storage is (re)initializing: failed to list {group}/{version}, Kind={kind}: {why}"
        ),
        details: Some(json!({"retryAfterSeconds": 1})),
    }
}
