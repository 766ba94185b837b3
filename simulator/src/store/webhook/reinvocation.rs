//! Which webhooks are called a second time.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/webhook/mutating/reinvocationcontext.go.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::hook::Webhook;

/// Who was called and who is to be called again.
#[derive(Debug, Default)]
pub(super) struct Reinvocation {
    /// Whether this is the second time.
    pub(super) is_second: bool,
    /// Whether there has to be one.
    pub(super) is_needed: bool,
    called: BTreeSet<Arc<str>>,
    due: BTreeSet<Arc<str>>,
}

impl Reinvocation {
    /// Whether a webhook that a write is meant for is called.
    pub(super) fn calls(&self, hook: &Webhook) -> bool {
        !self.is_second || self.due.contains(&hook.id)
    }

    /// Notes that a webhook was called, and whether it changed the object: then those before it are called again.
    pub(super) fn note(&mut self, hook: &Webhook, has_changed: bool) {
        if has_changed {
            self.due.append(&mut self.called);
            self.is_needed = true;
        }
        if hook.is_reinvoked {
            self.called.insert(Arc::clone(&hook.id));
        }
    }
}
