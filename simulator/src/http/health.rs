//! Version and health of the server.
//!
//! Source: `spec/kube-api.md` §1.5.

use http::Response;
use http::header::ACCEPT;

use super::body::ResponseBody;
use super::call::Call;
use super::negotiate::is_routed;
use super::query::Query;
use super::response::{
    JSON, nowhere, refusal, strict_text, text_response, unavailable_as, value_response,
};
use crate::json::{Value, json};

/// The checks of a real server; here nothing can fail that they would look at.
///
/// Source: kube-apiserver v1.34.3, `/livez?verbose`.
const CHECKS: [&str; 31] = [
    "ping",
    "log",
    "etcd",
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter",
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
];
/// What `/readyz` looks at besides, after the first three and at the end.
const BEFORE_READY: [&str; 2] = ["etcd-readiness", "informer-sync"];
const WHILE_READY: &str = "shutdown";

/// The checks of `/healthz`, `/livez` or `/readyz`.
fn checks(name: &str) -> Vec<&'static str> {
    let mut checks = CHECKS.to_vec();
    if name == "readyz" {
        checks.splice(3..3, BEFORE_READY);
        checks.push(WHILE_READY);
    }
    checks
}

/// The paths of all checks.
pub(crate) fn paths() -> impl Iterator<Item = String> {
    ["healthz", "livez", "readyz"].into_iter().flat_map(|name| {
        let checks = checks(name).into_iter();
        let checks = checks.map(move |check| format!("/{name}/{check}"));
        std::iter::once(format!("/{name}")).chain(checks)
    })
}

/// The answer of `/version`, which is JSON.
pub(crate) fn version(call: &Call) -> Response<ResponseBody> {
    let accept = call.header(ACCEPT);
    if !accept.is_empty() && !is_routed(accept, &[JSON]) {
        return refusal(call.headers.get(ACCEPT), &unavailable_as(JSON));
    }
    value_response(200, &build())
}

/// What the server says of its build.
pub(super) fn build() -> Value {
    json!({
        "major": "1", "minor": "34",
        "emulationMajor": "1", "emulationMinor": "34",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "33",
        "gitVersion": "v1.34.3+sim", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "2030-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc",
        "platform": "simulated/memory"
    })
}

/// The answer of `/healthz`, `/livez` and `/readyz`, and of one check below them.
pub(crate) fn health(call: &Call, check: &str) -> Response<ResponseBody> {
    let path = call.uri.path().trim_matches('/');
    let name = path.split('/').next().unwrap_or_default();
    let checks = checks(name);
    if !check.is_empty() {
        return match checks.contains(&check) {
            true => text_response(200, "ok"),
            false => nowhere(),
        };
    }
    let query = Query::parse(call.uri.query().unwrap_or_default());
    if query.given("verbose").is_none() {
        return strict_text(200, "ok");
    }
    let excluded = query.all("exclude");
    let line = |check: &&str| match excluded.iter().any(|other| other == check) {
        true => format!("[+]{check} excluded: ok\n"),
        false => format!("[+]{check} ok\n"),
    };
    let lines: String = checks.iter().map(line).collect();
    let unknown = excluded
        .iter()
        .filter(|other| !checks.contains(&other.as_str()));
    let mut unknown: Vec<String> = unknown.map(|other| format!("{other:?}")).collect();
    unknown.sort_unstable();
    let warning = match unknown.is_empty() {
        true => String::new(),
        false => format!(
            "warn: some health checks cannot be excluded: no matches for {}\n",
            unknown.join(", ")
        ),
    };
    strict_text(200, format!("{lines}{warning}{name} check passed\n"))
}
