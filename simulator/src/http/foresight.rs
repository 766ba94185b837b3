//! What a request is about to change, found out on a fork of the kernel.

use jiff::Timestamp;

use super::content;
use super::shape::Shape;
use crate::faults::{Change, name_of};
use crate::ids::Ids;
use crate::json::Value;
use crate::store::kernel::Kernel;
use crate::store::object::{Key, Object};
use crate::store::request::{Request, Verb};

/// Every object of the resource of `request` that it would change, before and after, or the one that it is about and would
/// leave as it is; nothing if it would be refused. Webhooks are not asked.
pub(super) fn changes(
    (kernel, ids): (&Kernel, &Ids),
    request: &Request,
    now: Timestamp,
) -> Vec<Change> {
    if matches!(request.verb, Verb::List(_) | Verb::Watch(_)) {
        return Vec::new();
    }
    let table = request.served.table;
    let shown = |object: &Object| content::object(&request.served, Shape::Full, object);
    let mut fork = kernel.without_webhooks();
    let before = fork.log().revision();
    if fork.apply(request.clone(), now, &mut ids.clone()).is_err() {
        return Vec::new();
    }
    let events = fork.log().events_since(before);
    let changes = events.filter(|event| event.table == table).map(|event| {
        let old = event.old.as_deref().map_or(Value::Null, shown);
        let new = match event.deleted {
            true => Value::Null,
            false => shown(&event.new),
        };
        Change { old, new }
    });
    let changes: Vec<_> = changes.collect();
    if !changes.is_empty() {
        return changes;
    }
    let key = Key::new(&request.namespace, name_of(request));
    let present = kernel.log().get(table, &key).map(|object| shown(object));
    let unchanged = present.map(|object| Change {
        old: object.clone(),
        new: object,
    });
    unchanged.into_iter().collect()
}
