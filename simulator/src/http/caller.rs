//! In whose name a request is made, and what it asks for.
//!
//! Source: `spec/kube-api.md` §1.21; kubernetes v1.34 `apiserver/pkg/endpoints/filters/impersonation.go` and
//! `apiserver/pkg/endpoints/request/requestinfo.go`.

use http::{HeaderMap, Method};

use super::query::Query;
use super::route::{Route, Target, percent_decoded};
use super::service::Call;
use crate::access::{Question, ResourceQuestion, User};
use crate::store::status::Status;

const USER: &str = "impersonate-user";
const GROUP: &str = "impersonate-group";
const UID: &str = "impersonate-uid";
const EXTRA: &str = "impersonate-extra-";

/// The user in whose name a request is made, if it is another than the one who makes it; without implied groups.
///
/// # Errors
/// 500 if something of a user is given, but no name.
pub(super) fn impersonated(headers: &HeaderMap) -> Result<Option<User>, Status> {
    let is_impersonation = |name: &http::HeaderName| name.as_str().starts_with("impersonate-");
    if !headers.keys().any(is_impersonation) {
        return Ok(None);
    }
    let texts = |name: &str| {
        let values = headers.get_all(name).iter();
        values.filter_map(|value| value.to_str().ok().map(str::to_owned))
    };
    let mut user = User {
        name: texts(USER).next().unwrap_or_default(),
        uid: texts(UID).next().unwrap_or_default(),
        groups: texts(GROUP).collect(),
        ..User::default()
    };
    for name in headers.keys().map(http::HeaderName::as_str) {
        if let Some(key) = name.strip_prefix(EXTRA) {
            let values = texts(name).collect();
            let key = percent_decoded(key).unwrap_or_else(|| key.to_owned());
            user.extra.insert(key, values);
        }
    }
    if user.name.is_empty() {
        let nothing = User::default();
        return match user == nothing {
            true => Ok(None),
            false => Err(Status::internal("requested without impersonating a user")),
        };
    }
    Ok(Some(user))
}

/// What somebody must be allowed who wants to act as `user`.
pub(super) fn impersonation(user: &User) -> Vec<Question> {
    let question =
        |group: &str, (resource, subresource): (&str, &str), namespace: &str, name: &str| {
            Question::Resource(ResourceQuestion {
                verb: "impersonate".to_owned(),
                group: group.to_owned(),
                resource: resource.to_owned(),
                subresource: subresource.to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            })
        };
    const AUTHENTICATION: &str = "authentication.k8s.io";
    let mut questions = vec![match user.account() {
        Some((namespace, name)) => question("", ("serviceaccounts", ""), namespace, name),
        None => question("", ("users", ""), "", &user.name),
    }];
    questions.extend(
        user.groups
            .iter()
            .map(|group| question("", ("groups", ""), "", group)),
    );
    if !user.uid.is_empty() {
        questions.push(question(AUTHENTICATION, ("uids", ""), "", &user.uid));
    }
    for (key, values) in &user.extra {
        let extra = ("userextras", key.as_str());
        questions.extend(
            values
                .iter()
                .map(|value| question(AUTHENTICATION, extra, "", value)),
        );
    }
    questions
}

/// What a call asks for.
pub(super) fn question(call: &Call, route: &Route) -> Question {
    match route {
        Route::Resource(target) => Question::Resource(resource_question(call, target)),
        _ => Question::Path {
            verb: call.method.as_str().to_lowercase(),
            path: call.uri.path().to_owned(),
        },
    }
}

fn resource_question(call: &Call, target: &Target) -> ResourceQuestion {
    let query = Query::parse(call.uri.query().unwrap_or_default());
    let is_collection = target.name.is_empty();
    let verb = match call.method {
        Method::GET | Method::HEAD if !is_collection => "get",
        Method::GET | Method::HEAD if target.watch || query.flag("watch") => "watch",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if is_collection => "deletecollection",
        Method::DELETE => "delete",
        _ => "",
    };
    let is_namespace = target.group.is_empty() && target.resource == "namespaces";
    ResourceQuestion {
        verb: verb.to_owned(),
        group: target.group.clone(),
        resource: target.resource.clone(),
        subresource: target.subresource.clone(),
        namespace: if is_namespace {
            target.name.clone()
        } else {
            target.namespace.clone()
        },
        name: match (is_collection, verb) {
            (true, "list" | "watch" | "deletecollection") => selected_name(&query),
            _ => target.name.clone(),
        },
    }
}

/// The name that a field selector asks for, which counts as the name of the request.
fn selected_name(query: &Query) -> String {
    let terms = query.text("fieldSelector").split(',');
    let name = terms.filter_map(|term| term.strip_prefix("metadata.name="));
    name.map(|name| name.trim_start_matches('='))
        .next()
        .unwrap_or_default()
        .to_owned()
}
