//! Answers that say no although nothing is wrong with the request.

use super::chain::Instant;
use super::rule::name_of;
use crate::json::json;
use crate::store::request::Request;
use crate::store::status::Status;
use crate::store::watch::too_large;

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
    /// 504, as if the cluster had not reached the revision that was asked for.
    TooLargeRevision,
    /// 429, to try again after a second.
    TooManyRequests,
    /// 500 as from etcd.
    LeaderChanged,
    /// 503.
    Unavailable,
}

impl Refusal {
    /// The answer to `request` at `instant`.
    pub(super) fn answer(self, request: &Request, instant: Instant) -> Status {
        let resource = request.served.kind.resource().to_string();
        let name = name_of(request);
        let status = |code, reason, message: String| Status {
            code,
            reason,
            message,
            details: None,
        };
        match self {
            Self::Forbidden => {
                let (verb, actor) = (request.verb.name(), &request.actor);
                let what = format!("User {actor:?} cannot {verb} resource {resource:?}");
                let message = format!("{resource} {name:?} is forbidden: {what}");
                status(403, "Forbidden", message)
            }
            Self::QuotaExceeded => {
                let why =
                    "exceeded quota: compute, requested: pods=1, used: pods=1, limited: pods=1";
                let message = format!("{resource} {name:?} is forbidden: {why}");
                status(403, "Forbidden", message)
            }
            Self::NotServed => {
                let message = "the server could not find the requested resource";
                status(404, "NotFound", message.to_owned())
            }
            Self::Conflict => Status::conflict(&request.served.kind.resource(), name),
            Self::Expired => {
                let message = "The resourceVersion for the provided watch is too old.";
                status(410, "Expired", message.to_owned())
            }
            Self::TooLargeRevision => too_large(instant.revision + 1, instant.revision),
            Self::TooManyRequests => Status {
                details: Some(json!({"retryAfterSeconds": 1})),
                ..status(
                    429,
                    "TooManyRequests",
                    "the server has received too many requests and has asked us to try again later"
                        .to_owned(),
                )
            },
            Self::LeaderChanged => Status::internal("etcdserver: leader changed"),
            Self::Unavailable => {
                let message = "the server is currently unable to handle the request";
                status(503, "ServiceUnavailable", message.to_owned())
            }
        }
    }
}
