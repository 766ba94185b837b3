//! Values that nobody scripted and that a run has all the same.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde::Serialize;

/// One output that the outcome book did not give.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MadeUpValue {
    /// Namespace of the Workflow.
    pub namespace: String,
    /// Name of the Workflow.
    pub workflow: String,
    /// Display name of the node.
    pub node: String,
    /// The template whose output it is.
    pub template: String,
    /// Such as `outputs.parameters.tag`, `outputs.result` or `outputs.artifacts.report`.
    pub output: String,
    /// The text it was given.
    pub value: String,
}

/// What was made up in one cluster so far; clones share one list.
#[derive(Clone, Debug, Default)]
pub struct MadeUp(Arc<Mutex<BTreeSet<MadeUpValue>>>);

impl MadeUp {
    /// Adds `values`; one that is there already changes nothing.
    pub fn record(&self, values: impl IntoIterator<Item = MadeUpValue>) {
        self.0
            .lock()
            .expect("no holder of the list panics")
            .extend(values);
    }

    /// Everything so far, sorted.
    #[must_use]
    pub fn values(&self) -> Vec<MadeUpValue> {
        self.0
            .lock()
            .expect("no holder of the list panics")
            .iter()
            .cloned()
            .collect()
    }
}
