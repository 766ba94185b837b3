//! The cells of an Event of either group.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use jiff::Timestamp;

use super::field::{name, non_empty, since, str_at, timestamp};
use crate::json::Value;

/// What one group calls `involvedObject` and `message` the other calls `regarding` and `note`.
pub(super) fn event(event: &Value, now: Timestamp) -> Vec<Value> {
    let group = match event.get("regarding") {
        Some(_) => Group::Events,
        None => Group::Core,
    };
    let about = group.field(event, "involvedObject", "regarding");
    let kind = str_at(about, "/kind").to_lowercase();
    let target = match str_at(about, "/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let message = group.field(event, "message", "note");
    let seen = seen(event, group, now);
    vec![
        seen.last.into(),
        str_at(event, "/type").into(),
        str_at(event, "/reason").into(),
        target.into(),
        str_at(about, "/fieldPath").into(),
        source(event, group).into(),
        message.as_str().unwrap_or_default().trim().into(),
        seen.first.into(),
        seen.count.into(),
        name(event),
    ]
}

#[derive(Clone, Copy)]
enum Group {
    Core,
    Events,
}

impl Group {
    /// A field that the two groups name differently.
    fn field<'e>(self, event: &'e Value, core: &str, events: &str) -> &'e Value {
        match self {
            Self::Core => &event[core],
            Self::Events => &event[events],
        }
    }
}

struct Seen {
    first: String,
    last: String,
    count: i64,
}

fn seen(event: &Value, group: Group, now: Timestamp) -> Seen {
    let first = group.field(event, "firstTimestamp", "deprecatedFirstTimestamp");
    let first = match timestamp(first) {
        Some(_) => since(first, now),
        None => since(&event["eventTime"], now),
    };
    let series = &event["series"];
    if series.is_object() {
        return Seen {
            first,
            last: since(&series["lastObservedTime"], now),
            count: series["count"].as_i64().unwrap_or(0),
        };
    }
    let last = group.field(event, "lastTimestamp", "deprecatedLastTimestamp");
    let last = match timestamp(last) {
        Some(_) => since(last, now),
        None => first.clone(),
    };
    let count = group.field(event, "count", "deprecatedCount");
    let count = count.as_i64().unwrap_or(0).max(1);
    Seen { first, last, count }
}

fn source(event: &Value, group: Group) -> String {
    let source = group.field(event, "source", "deprecatedSource");
    let reporter = group.field(event, "reportingComponent", "reportingController");
    let component = non_empty(str_at(source, "/component")).or(reporter.as_str());
    let host = non_empty(str_at(source, "/host")).or(event["reportingInstance"].as_str());
    let parts = [component, host].into_iter().flatten();
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}
