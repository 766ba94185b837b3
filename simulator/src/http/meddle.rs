//! Somebody else, who writes to the object that a client is about to write to.
//!
//! Source: `spec/kube-api.md` §5.2 F7.

use std::sync::Arc;

use super::pending::Pending;
use super::service::{ApiServer, State};
use crate::access::User;
use crate::faults::{Meddling, name_of};
use crate::json::{Value, json};
use crate::store::object::Key;
use crate::store::request::{
    DeleteOptions, Part, PatchBody, PatchKind, Request, Verb, WriteOptions,
};

/// Who it is, to the log and to the object.
const ACTOR: &str = "somebody";
/// The annotation that a touch sets, to a value that it did not have.
const TOUCHED: &str = "example.com/touched-after";
/// What the server gives an object, and nobody else does.
const GIVEN: [&str; 7] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
];

impl ApiServer {
    /// Does `what` to the object that `asked` means, if it is there; a write that is refused is none.
    pub(super) fn meddle(
        &self,
        state: &mut State,
        path: &str,
        (asked, what): (&Request, Meddling),
    ) {
        let key = Key::new(&asked.namespace, name_of(asked));
        let table = asked.served.table;
        let Some(object) = state.kernel.log().get(table, &key).map(Arc::clone) else {
            return;
        };
        let mut write = |name: &str, verb| {
            let request = Request {
                actor: ACTOR.into(),
                user: Arc::new(User::admin()),
                served: Arc::clone(&asked.served),
                namespace: asked.namespace.clone(),
                name: name.to_owned(),
                part: Part::Whole,
                verb,
            };
            // Nobody waits for webhooks here: a write about which one is to be asked is refused.
            let mut pending = Pending::new(request);
            let result = self.apply(state, path, &mut pending);
            result.is_ok() && !pending.conversation.is_open()
        };
        match what {
            Meddling::Touch => {
                let value = object.revision().to_string();
                let patch = json!({"metadata": {"annotations": {TOUCHED: value}}});
                let patch = PatchBody::Value(patch);
                write(&key.name, Verb::Patch(PatchKind::Merge, patch, options()));
            }
            Meddling::Delete => {
                write(&key.name, Verb::Delete(DeleteOptions::default()));
            }
            Meddling::Recreate => {
                let again = unmade(object.value().clone());
                // It is refused as long as something keeps the old one.
                if write(&key.name, Verb::Delete(DeleteOptions::default())) {
                    write("", Verb::Create(again, options()));
                }
            }
        }
    }
}

fn options() -> WriteOptions {
    WriteOptions {
        field_manager: ACTOR.to_owned(),
        ..WriteOptions::default()
    }
}

/// An object as somebody would write it.
fn unmade(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for name in GIVEN {
            metadata.remove(name);
        }
    }
    object
}
