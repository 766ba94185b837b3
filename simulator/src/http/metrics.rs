//! What the server counts, as Prometheus reads it: only figures that are true here.
//!
//! Source: kube-apiserver v1.34.3, `/metrics` and `/metrics/slis`; Prometheus text format 0.0.4.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write};

use http::Response;

use super::body::ResponseBody;
use super::health;
use super::response::response;
use super::service::ApiServer;

const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
/// Resources that are stored nowhere.
const UNSTORED: [&str; 2] = ["bindings", "componentstatuses"];

/// A text of metrics.
#[derive(Default)]
struct Text(String);

impl Text {
    /// Begins a family of gauges.
    fn gauges(&mut self, name: &str, about: &str) {
        self.line(format_args!("# HELP {name} {about}"));
        self.line(format_args!("# TYPE {name} gauge"));
    }

    fn gauge(&mut self, name: &str, labels: &[(&str, &str)], value: usize) {
        let labels = labels.iter();
        let labels: Vec<String> = labels
            .map(|(label, text)| format!("{label}={text:?}"))
            .collect();
        self.line(format_args!("{name}{{{}}} {value}", labels.join(",")));
    }

    fn line(&mut self, line: impl Display) {
        // Memory takes all that is written to it.
        let _: std::fmt::Result = writeln!(self.0, "{line}");
    }

    fn add_checks(&mut self) {
        const NAME: &str = "kubernetes_healthcheck";
        self.gauges(NAME, "Whether a check of health is passed.");
        let paths: BTreeSet<String> = health::paths().collect();
        for path in paths {
            let path = path.trim_start_matches('/');
            if let Some((kind, check)) = path.split_once('/') {
                self.gauge(NAME, &[("name", check), ("type", kind)], 1);
            }
        }
    }
}

impl ApiServer {
    /// `GET /metrics`.
    pub(super) fn metrics(&self) -> Response<ResponseBody> {
        const OBJECTS: &str = "apiserver_resource_objects";
        const STORED: &str = "apiserver_storage_objects";
        const BUILD: &str = "kubernetes_build_info";
        let mut text = Text::default();
        let counts = self.n_stored();
        text.gauges(OBJECTS, "How many objects of a resource are stored.");
        for ((group, resource), n_objects) in &counts {
            text.gauge(
                OBJECTS,
                &[("group", group), ("resource", resource)],
                *n_objects,
            );
        }
        text.gauges(STORED, "The same by the full name of the resource.");
        for ((group, resource), n_objects) in &counts {
            let full = format!("{resource}.{group}");
            let full = full.trim_end_matches('.');
            text.gauge(STORED, &[("resource", full)], *n_objects);
        }
        text.gauges(
            BUILD,
            "Always one; the labels tell the version of the server.",
        );
        let build = health::build();
        let label = |name| build[name].as_str().unwrap_or_default();
        let labels = [
            ("build_date", label("buildDate")),
            ("compiler", label("compiler")),
            ("git_commit", label("gitCommit")),
            ("git_tree_state", label("gitTreeState")),
            ("git_version", label("gitVersion")),
            ("go_version", label("goVersion")),
            ("major", label("major")),
            ("minor", label("minor")),
            ("platform", label("platform")),
        ];
        text.gauge(BUILD, &labels, 1);
        text.add_checks();
        response(200, MEDIA_TYPE, text.0)
    }

    /// How many objects there are by group and resource, which have one name in all versions.
    fn n_stored(&self) -> BTreeMap<(String, String), usize> {
        let state = self.lock();
        let mut tables = BTreeSet::new();
        let mut counts = BTreeMap::new();
        for served in state.kernel.registry().all() {
            let kind = &served.kind;
            let is_stored = !kind.group.is_empty() || !UNSTORED.contains(&kind.plural.as_str());
            if is_stored && tables.insert(served.table) {
                let n_objects = state.kernel.log().objects(served.table).len();
                counts.insert((kind.group.clone(), kind.plural.clone()), n_objects);
            }
        }
        counts
    }
}

/// `GET /metrics/slis`.
pub(super) fn indicators() -> Response<ResponseBody> {
    let mut text = Text::default();
    text.add_checks();
    response(200, MEDIA_TYPE, text.0)
}
