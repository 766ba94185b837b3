//! Answers that say no although nothing is wrong with the request.

use super::chain::Instant;
use super::rule::name_of;
use crate::json::json;
use crate::store::policy::denial;
use crate::store::request::Request;
use crate::store::status::Status;
use crate::store::watch::too_large;
use crate::store::webhook::failed_call;

/// What is said of a webhook that takes longer than its timeout.
///
/// Source: apiserver v0.34.3, pkg/admission/plugin/webhook/validating/dispatcher.go; Go 1.24 `context`.
const WEBHOOK_TIMEOUT: &str = "failed to call webhook: Post \"https://slow.default.svc:443/?timeout=10s\": context deadline exceeded";

/// An answer that no kernel gave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    /// A status.
    Status(Status),
    /// Plain text under a code, maybe none at all.
    Text(u16, &'static str),
}

/// What a client is told in place of what it asked for; nothing has happened.
///
/// Source: `spec/kube-api.md` §5.2 F5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// 403, as if a right had been withdrawn.
    Forbidden,
    /// 403, as if a quota were used up.
    QuotaExceeded,
    /// 404, as if the kind were not served any more.
    NotServed,
    /// 409, as if somebody else had written the object in between.
    Conflict,
    /// 410, as if the revision that was asked for were forgotten.
    Expired,
    /// 422, as if a policy were against it.
    Denied,
    /// 504, as if the cluster had not reached the revision that was asked for.
    TooLargeRevision,
    /// 429 as a status, to try again after a second.
    TooManyRequests,
    /// 429 as plain text, with `Retry-After`: what a server says that has too much to do to say more.
    ///
    /// Source: apiserver v0.34.3, pkg/server/filters/maxinflight.go, `tooManyRequests`.
    Overloaded,
    /// 429 as a status: the kind was defined a moment ago, or anew.
    ///
    /// Source: apiserver v0.34.3, pkg/registry/generic/registry/storage_factory.go; `spec/kube-api.md` §1.9.
    Initializing,
    /// 500 as from etcd, which chose another leader.
    LeaderChanged,
    /// 500 as from etcd, which had no time.
    EtcdTimedOut,
    /// 500: a webhook had to be asked, and did not answer in time.
    WebhookTimedOut,
    /// 503 as a status.
    Unavailable,
    /// 503 as plain text, as from a server behind another.
    ///
    /// Source: kube-aggregator v0.34.3, pkg/apiserver/handler_proxy.go, `proxyError`.
    UnavailableText,
    /// 503 without a word, as from whatever stands before a server that is not there.
    UnavailableBare,
}

impl Refusal {
    /// The answer to `request` at `instant`.
    pub(super) fn answer(self, request: &Request, instant: Instant) -> Said {
        let resource = &request.served.kind.resource();
        let (verb, actor, name) = (request.verb.name(), &request.actor, name_of(request));
        let forbidden = |why: &str| {
            let message = format!("{resource} {name:?} is forbidden: {why}");
            plain(403, "Forbidden", &message)
        };
        Said::Status(match self {
            Self::Overloaded => {
                return Said::Text(429, "Too many requests, please try again later.\n");
            }
            Self::UnavailableText => return Said::Text(503, "service unavailable\n"),
            Self::UnavailableBare => return Said::Text(503, ""),
            Self::EtcdTimedOut => return timed_out(),
            Self::LeaderChanged => from_etcd("leader changed"),
            Self::Forbidden => forbidden(&format!(
                "User {actor:?} cannot {verb} resource \"{resource}\""
            )),
            Self::QuotaExceeded => forbidden(
                "exceeded quota: compute, requested: pods=1, used: pods=1, limited: pods=1",
            ),
            Self::NotServed => plain(
                404,
                "NotFound",
                "the server could not find the requested resource",
            ),
            Self::Conflict => Status::conflict(resource, name),
            Self::Expired => plain(
                410,
                "Expired",
                "The resourceVersion for the provided watch is too old.",
            ),
            Self::Denied => denial(
                (resource, name),
                ("fault", Some("fault")),
                "failed expression: false",
            ),
            Self::TooLargeRevision => too_large(instant.revision + 1, instant.revision),
            Self::TooManyRequests => try_again(
                "the server has received too many requests and has asked us to try again later",
            ),
            Self::Initializing => try_again("storage is (re)initializing"),
            Self::WebhookTimedOut => failed_call("slow.example.com", WEBHOOK_TIMEOUT),
            Self::Unavailable => plain(
                503,
                "ServiceUnavailable",
                "the server is currently unable to handle the request",
            ),
        })
    }
}

fn plain(code: u16, reason: &'static str, message: &str) -> Status {
    Status {
        code,
        reason: reason.into(),
        message: message.to_owned(),
        details: None,
    }
}

/// 429, for a second.
fn try_again(message: &str) -> Status {
    Status {
        details: Some(json!({"retryAfterSeconds": 1})),
        ..plain(429, "TooManyRequests", message)
    }
}

/// 500 after a request may have taken effect.
pub(super) fn timed_out() -> Said {
    Said::Status(from_etcd("request timed out"))
}

/// An error that the server does not know, and passes on.
///
/// Source: apiserver v0.34.3, pkg/endpoints/handlers/responsewriters/status.go, `ErrorToAPIStatus`.
fn from_etcd(what: &str) -> Status {
    Status {
        reason: "".into(),
        ..Status::internal(format!("etcdserver: {what}"))
    }
}
