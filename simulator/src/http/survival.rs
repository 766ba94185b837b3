//! A fault of this program costs the request that met it, where others are served too.
//!
//! Source: Kubernetes v1.34 `staging/src/k8s.io/apiserver/pkg/server/filters/wrap.go`.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt;

use super::call::Call;
use super::dispatch::Answered;
use super::response::text_response;
use super::service::ApiServer;

impl ApiServer {
    /// From now on a request that panics is answered 500, and the others go on; else whoever asks panics too, so that no
    /// test passes over it.
    pub fn outlive_panics(&self) {
        self.lock().outlives_panics = true;
    }

    /// Answers one call, whatever happens.
    pub(crate) async fn answer_surely(&self, call: &Call) -> Answered {
        match AssertUnwindSafe(self.answer(call)).catch_unwind().await {
            Ok(answered) => answered,
            Err(_) if self.lock().outlives_panics => {
                let (method, path) = (&call.method, call.uri.path());
                tracing::error!(%method, path, "a request caused a panic");
                let text =
                    "This request caused apiserver to panic. Look in the logs for details.\n";
                Ok(text_response(500, text))
            }
            Err(panic) => resume_unwind(panic),
        }
    }
}
