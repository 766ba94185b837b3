//! Where URLs of custom resources lead that lead nowhere, or elsewhere, for built-in kinds.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/apiserver/customresource_handler.go, `ServeHTTP` and `serveResource`.

use std::sync::Arc;

use http::Method;

use super::call::Call;
use super::caller;
use super::route::Target;
use crate::store::kind::{Kind, Origin};
use crate::store::status::Status;

/// Whether nobody looks at a URL any further: only lists and watches reach across namespaces.
pub(super) fn is_nowhere(call: &Call, target: &Target, kind: &Kind) -> bool {
    if kind.origin != Origin::Custom {
        return false;
    }
    let reaches_all = matches!(caller::verb(call, target), "list" | "watch");
    match target.namespace.is_empty() {
        true => kind.namespaced && !reaches_all,
        false => !kind.namespaced,
    }
}

/// The call as one that wants the whole answer, if it asks only for the head of one.
pub(super) fn whole(call: &Call, kind: &Kind) -> Option<Call> {
    let is_head = call.method == Method::HEAD && kind.origin == Origin::Custom;
    is_head.then(|| Call {
        actor: Arc::clone(&call.actor),
        user: Arc::clone(&call.user),
        method: Method::GET,
        uri: call.uri.clone(),
        headers: call.headers.clone(),
        body: call.body.clone(),
        direct: None,
        own_token: call.own_token.clone(),
    })
}

/// Why a call cannot be served whose method does not go with its URL; `None` for a built-in kind.
pub(super) fn refusal(call: &Call, target: &Target, kind: &Kind) -> Option<Status> {
    if kind.origin != Origin::Custom {
        return None;
    }
    let verb = caller::verb(call, target);
    if target.subresource.is_empty() && matches!(verb, "update" | "patch") {
        return Some(Status::bad_request("name must be provided"));
    }
    Some(Status::unsupported(verb, &kind.resource()))
}
