//! A pod, or what pods are made of, as the checks see it.
//!
//! Source: pod-security-admission v0.34.3, policy/visitor.go.

use crate::json::Value;
use crate::store::rules::{CONTAINERS, items, text};

/// What is checked, and by the rules of which version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pod<'a> {
    pub(super) metadata: &'a Value,
    pub(super) spec: &'a Value,
    /// The minor version of Kubernetes.
    pub(super) minor: i64,
}

impl<'a> Pod<'a> {
    /// Every container: those that begin, those that run, those that are added for a while.
    pub(super) fn containers(self) -> impl Iterator<Item = &'a Value> {
        let lists = CONTAINERS.iter();
        lists.flat_map(move |list| items(&self.spec[*list]))
    }

    /// The names of the containers that are bad.
    pub(super) fn bad(self, is_bad: impl Fn(&Value) -> bool) -> Vec<&'a str> {
        let bad = self.containers().filter(|container| is_bad(container));
        bad.map(|container| text(container, "name")).collect()
    }

    /// Part of what the pod says about its own security.
    pub(super) fn context(self, field: &str) -> &'a Value {
        &self.spec["securityContext"][field]
    }

    /// Whether it is told to run on Windows, where from 1.25 on some checks make no sense.
    pub(super) fn is_of_windows(self) -> bool {
        self.minor >= 25 && self.spec["os"]["name"] == "windows"
    }
}

/// Part of what a container says about its security.
pub(super) fn context<'a>(container: &'a Value, field: &str) -> &'a Value {
    &container["securityContext"][field]
}
