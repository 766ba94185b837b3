//! Calls of webhooks, which the kernel asks for.
//!
//! Source: `spec/kube-api.md` §1.20; apiserver v0.34.3, pkg/util/webhook/client.go.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{Request, Response};
use jiff::SignedDuration;
use tokio::time::timeout;
use tower::ServiceExt;

use super::outgoing::{self, Unsent};
use super::service::ApiServer;
use crate::json::json;
use crate::store::object::Object;
use crate::store::registry::Served;
use crate::store::status::Status;
use crate::store::webhook::{
    Address, Answered, Conversation, Endpoint, Heard, Inquiry, Unanswered,
};

impl ApiServer {
    /// Asks what a request has to ask, all at the same time.
    ///
    /// # Errors
    /// 504 for a request that leads to ever more inquiries.
    pub(super) async fn ask_all(
        &self,
        inquiries: Vec<Inquiry>,
        conversation: &mut Conversation,
    ) -> Result<(), Status> {
        if conversation.is_endless() {
            return Err(endless());
        }
        let asked = inquiries.into_iter().map(|inquiry| async {
            let heard = self.ask(&inquiry).await;
            (inquiry, heard)
        });
        for (inquiry, heard) in join_all(asked).await {
            conversation.hear(inquiry, heard);
        }
        Ok(())
    }

    /// Lets a webhook convert a stored state, so that it is at hand.
    ///
    /// # Errors
    /// The webhook fails.
    pub(super) async fn convert(
        &self,
        served: &Served,
        object: &Arc<Object>,
    ) -> Result<(), Status> {
        let mut conversation = Conversation::default();
        loop {
            let shown = {
                let mut state = self.lock();
                state.kernel_mut().shown(served, object, &mut conversation)
            };
            let inquiries = conversation.take_open();
            if inquiries.is_empty() {
                return shown.map(drop);
            }
            self.ask_all(inquiries, &mut conversation).await?;
        }
    }

    /// Asks a webhook.
    async fn ask(&self, inquiry: &Inquiry) -> Heard {
        let uid = self.lock().ids.uid();
        let body = inquiry.body(&uid).to_string();
        let endpoint = &inquiry.endpoint;
        let url = endpoint.url();
        let posted = self.post(endpoint, &url, body.into());
        let answer = match self.limit(endpoint) {
            // A wall clock runs: real webhooks are called from a running cluster alone.
            Some(limit) => timeout(limit, posted)
                .await
                .unwrap_or_else(|_| Err(Unsent::Call("context deadline exceeded".to_owned()))),
            None => posted.await,
        };
        let answer = answer.map(answered).map_err(|why| match why {
            Unsent::Client(why) => Unanswered::Client(why),
            Unsent::Call(why) => Unanswered::Call(format!("Post {url:?}: {why}")),
        });
        Heard { uid, answer }
    }

    /// How long a call may take; in virtual time nothing takes any.
    fn limit(&self, endpoint: &Endpoint) -> Option<Duration> {
        let seconds = SignedDuration::from_secs(endpoint.timeout_seconds);
        Duration::try_from(self.clock().wall_duration(seconds)?).ok()
    }

    async fn post(
        &self,
        endpoint: &Endpoint,
        url: &str,
        body: Bytes,
    ) -> Result<Response<Bytes>, Unsent> {
        let request = Request::post(url)
            .header(ACCEPT, "application/json, */*")
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, "kube-apiserver-admission")
            .body(body)
            .map_err(|why| Unsent::Call(why.to_string()))?;
        match &endpoint.address {
            Address::Url(_) => outgoing::send(request, &endpoint.authority_pem).await,
            Address::Service {
                namespace,
                name,
                port,
                ..
            } => {
                let backend = self.backend(namespace, name, *port).map_err(Unsent::Call)?;
                let answer = backend.oneshot(request).await;
                answer.map_err(|why| Unsent::Call(why.to_string()))
            }
        }
    }
}

fn answered(response: Response<Bytes>) -> Answered {
    let content_type = response.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    Answered {
        code: response.status().as_u16(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: response.into_body(),
    }
}

fn endless() -> Status {
    Status {
        code: 504,
        reason: "Timeout".into(),
        message: "Timeout: request did not complete within requested timeout".to_owned(),
        details: Some(json!({})),
    }
}
