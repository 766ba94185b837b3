//! Version and health of the server.
//!
//! Source: `spec/kube-api.md` §1.5.

use http::Response;

use super::body::ResponseBody;
use super::response::text_response;
use super::service::Call;
use crate::json::{Value, json};

/// The checks that `?verbose` lists.
const CHECKS: [&str; 2] = ["ping", "log"];

/// The document of `/version`.
pub(crate) fn version() -> Value {
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
    if !check.is_empty() && !CHECKS.contains(&check) {
        return text_response(404, "404 page not found\n");
    }
    let query = call.uri.query().unwrap_or_default();
    if !query
        .split('&')
        .any(|parameter| parameter.starts_with("verbose"))
    {
        return text_response(200, "ok");
    }
    let name = call.uri.path().trim_matches('/');
    let lines = CHECKS.map(|check| format!("[+]{check} ok\n")).concat();
    text_response(200, format!("{lines}{name} check passed\n"))
}
