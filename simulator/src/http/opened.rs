//! Answers that go on: watches, and logs that are followed.

use std::sync::Arc;

use http::Response;
use jiff::{SignedDuration, Timestamp};

use super::body::{LogBody, ResponseBody, Tear, WatchBody};
use super::call::Call;
use super::direct::Told;
use super::dispatch::Wanted;
use super::heartbeat::Heartbeat;
use super::response::{text_response, told_response, watch_response};
use super::service::ApiServer;
use crate::faults::Instant;
use crate::store::pod_log::Follow;
use crate::store::watch::Cursor;

impl ApiServer {
    /// The answer to a watch.
    pub(super) fn watched(
        &self,
        call: &Call,
        wanted: &Wanted,
        cursor: Cursor,
    ) -> Response<ResponseBody> {
        let mut watch = self.watch(call, wanted, cursor);
        if wanted.accepted.form.is_list() {
            watch.tear = Tear::Speechless;
        }
        if call.direct.is_some() {
            told_response(200, Told::watch(watch))
        } else {
            watch_response(watch)
        }
    }

    fn watch(&self, call: &Call, wanted: &Wanted, cursor: Cursor) -> WatchBody {
        let mut state = self.lock();
        let timeout_seconds = wanted.timeout_seconds;
        let (id, revision) = (state.watchers.register(), state.kernel.log().revision());
        let now = self.clock().now();
        let whose = (&call.actor, timeout_seconds);
        state
            .trouble
            .open(id, &cursor, whose, Instant { now, revision });
        let ends_at = end(now, timeout_seconds);
        let is_running = self.clock().wall_duration(SignedDuration::ZERO).is_some();
        let beats = is_running && cursor.allows_bookmarks();
        WatchBody {
            server: self.clone(),
            served: Arc::clone(&wanted.served),
            shape: wanted.shape,
            format: wanted.accepted.format,
            cursor,
            id,
            barriers_seen: state.watchers.barriers(),
            heartbeat: beats.then(|| Heartbeat::begin(now, ends_at)),
            actor: Arc::clone(&call.actor),
            tear: Tear::Absent,
            deadline: ends_at.and_then(|end| self.alarm(end)),
            looks_again_at: None,
            converting: None,
            alarm: None,
        }
    }

    /// The answer to who follows a log.
    pub(super) fn followed(&self, follow: Follow) -> Response<ResponseBody> {
        let body = LogBody {
            server: self.clone(),
            follow,
            id: self.lock().watchers.register(),
        };
        let mut response = text_response(200, "");
        *response.body_mut() = ResponseBody::log(body);
        response
    }
}

/// When a watch ends that may take so long; never, if it may take any time.
fn end(now: Timestamp, timeout_seconds: u64) -> Option<Timestamp> {
    let asked = i64::try_from(timeout_seconds)
        .ok()
        .filter(|asked| *asked > 0)?;
    now.saturating_add(SignedDuration::from_secs(asked)).ok()
}
