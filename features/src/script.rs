//! What the steps of a run do, as scenarios script it.

use anyhow::Result;
use serde_json::{Value, json};

/// The scripted outcomes; what a scenario says stands before what its example says.
#[derive(Debug, Default)]
pub(crate) struct Script {
    scripted: Vec<(String, Value)>,
    example: Vec<Value>,
}

impl Script {
    /// Every attempt of `step` ends as `run` says.
    pub(crate) fn always(&mut self, step: &str, run: &Value) {
        self.add(step, json!({"step": step}), run);
    }

    /// The first `n_times` attempts of `step` fail.
    pub(crate) fn fails(&mut self, step: &str, n_times: u32) {
        for attempt in 0..n_times {
            self.add(
                step,
                json!({"step": step, "attempt": attempt}),
                &json!({"exitCode": 1}),
            );
        }
    }

    /// Forgets what was scripted for `step`.
    pub(crate) fn forget(&mut self, step: &str) {
        self.scripted.retain(|(scripted, _)| scripted != step);
    }

    /// Lets runs go as the outcome book `text` says, unless scripted otherwise.
    ///
    /// # Errors
    /// The text is not YAML.
    pub(crate) fn follow(&mut self, text: &str) -> Result<()> {
        self.example.clear();
        self.follow_too(text)
    }

    /// Adds the outcome book `text` behind the one that is followed.
    ///
    /// # Errors
    /// The text is not YAML.
    pub(crate) fn follow_too(&mut self, text: &str) -> Result<()> {
        for book in arc_fixtures::documents(text)? {
            self.example
                .extend(book["outcomes"].as_array().cloned().unwrap_or_default());
        }
        Ok(())
    }

    /// The outcome book of all this.
    pub(crate) fn book(&self) -> Value {
        let scripted = self.scripted.iter().map(|(_, rule)| rule);
        let rules: Vec<_> = scripted.chain(&self.example).collect();
        json!({ "outcomes": rules })
    }

    fn add(&mut self, step: &str, matching: Value, run: &Value) {
        self.scripted
            .push((step.to_owned(), json!({"match": matching, "run": run})));
    }
}
