//! In whose name a request is made, and what it asks for.
//!
//! Source: `spec/kube-api.md` §1.21; kubernetes v1.34 `apiserver/pkg/endpoints/filters/impersonation.go` and
//! `apiserver/pkg/endpoints/request/requestinfo.go`.

use http::{HeaderMap, Method};

use super::call::Call;
use super::query::Query;
use super::route::{Route, Target, percent_decoded};
use crate::access::{Question, ResourceQuestion, User};
use crate::store::selector::{is_field_selector, is_label_selector};

/// How each header begins that tells in whose name a request is made.
const IMPERSONATE: &str = "impersonate-";
const USER: &str = "impersonate-user";
const GROUP: &str = "impersonate-group";
const UID: &str = "impersonate-uid";
const EXTRA: &str = "impersonate-extra-";

/// The user in whose name a request is made, if it is another than the one who makes it; without implied groups.
pub(super) fn impersonated(headers: &HeaderMap) -> Option<User> {
    let user = asked(headers);
    (!user.name.is_empty()).then_some(user)
}

/// What is said to who wants to act as somebody without a name.
///
/// Source: apiserver v0.34.3, pkg/endpoints/filters/impersonation.go, `buildImpersonationRequests`, and
/// pkg/endpoints/handlers/responsewriters/errors.go, `InternalError`.
pub(super) fn nameless(call: &Call) -> Option<String> {
    const VERSION: &str = "authentication.k8s.io/v1";
    let user = asked(&call.headers);
    if !user.name.is_empty() || user == User::default() {
        return None;
    }
    let groups = user.groups.iter();
    let groups = groups.map(|name| format!("{{Group  {name}    }}"));
    let extra = user.extra.iter().flat_map(|(key, values)| {
        let one = move |value: &String| format!("{{UserExtra  {value}  {VERSION}  {key}}}");
        values.iter().map(one)
    });
    let uid = Some(&user.uid).filter(|uid| !uid.is_empty());
    let uid = uid.map(|uid| format!("{{UID  {uid}  {VERSION}  }}"));
    let wanted: Vec<_> = groups.chain(extra).chain(uid).collect();
    let path = call.uri.path_and_query().map_or("", |path| path.as_str());
    let text = format!(
        "Internal Server Error: {path:?}: requested [{}] without impersonating a user\n",
        wanted.join(" ")
    );
    let text = text.replace('&', "&amp;");
    Some(text.replace('<', "&lt;").replace('>', "&gt;"))
}

fn asked(headers: &HeaderMap) -> User {
    let mut names = headers.keys().map(http::HeaderName::as_str);
    if !names.any(|name| name.starts_with(IMPERSONATE)) {
        return User::default();
    }
    let texts = |name: &str| {
        let values = headers.get_all(name).iter();
        // Go takes the bytes of a header for text as they are.
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
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
    user
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

/// What a call does to a resource, empty if nobody knows.
pub(super) fn verb(call: &Call, target: &Target) -> &'static str {
    let query = Query::parse(call.uri.query().unwrap_or_default());
    let is_collection = target.name.is_empty();
    match call.method {
        Method::GET | Method::HEAD if target.watch => "watch",
        Method::GET | Method::HEAD if !is_collection => "get",
        Method::GET | Method::HEAD if query.flag("watch") => "watch",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if is_collection => "deletecollection",
        Method::DELETE => "delete",
        _ => "",
    }
}

fn resource_question(call: &Call, target: &Target) -> ResourceQuestion {
    let query = Query::parse(call.uri.query().unwrap_or_default());
    let (is_collection, verb) = (target.name.is_empty(), verb(call, target));
    let is_namespace = target.group.is_empty() && target.resource == "namespaces";
    ResourceQuestion {
        verb: verb.to_owned(),
        group: target.group.clone(),
        resource: target.resource.clone(),
        // What stands behind it is for whom the request is passed on to.
        subresource: target.subresource.split('/').take(1).collect(),
        namespace: if is_namespace {
            target.name.clone()
        } else {
            target.namespace.clone()
        },
        name: match (is_collection, verb) {
            (true, "list" | "watch") => selected_name(&query),
            _ => target.name.clone(),
        },
    }
}

/// The name that a field selector asks for, which counts as the name of the request where both selectors can be read.
fn selected_name(query: &Query) -> String {
    let is_read = is_label_selector(query.text("labelSelector"))
        && is_field_selector(query.text("fieldSelector"));
    if !is_read {
        return String::new();
    }
    let terms = query.text("fieldSelector").split(',');
    let name = terms.filter_map(|term| term.strip_prefix("metadata.name="));
    name.map(|name| name.trim_start_matches('='))
        .next()
        .unwrap_or_default()
        .to_owned()
}
