//! What a webhook answers, once it is found to be an answer.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/webhook/request/admissionreview.go and errors/statuserror.go.

use super::conversation::{Answered, Heard, Unanswered};
use super::hook::Webhook;
use super::review_type::ReviewType;
use super::trouble;
use crate::json::{Value, parsed};
use crate::store::go_base64;
use crate::store::json_type::json_type;
use crate::store::object::texts;
use crate::store::status::Status;
use crate::yaml;

/// A response that is one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Response {
    pub(super) is_allowed: bool,
    /// `status`.
    result: Value,
    /// Empty if there is none.
    pub(super) patch: Vec<u8>,
    pub(super) patch_type: String,
    pub(super) warnings: Vec<String>,
}

impl Response {
    /// Reads what came of a call of `hook`, which may change the object or not.
    ///
    /// # Errors
    /// Why the call failed.
    pub(super) fn read(hook: &Webhook, heard: &Heard, is_mutating: bool) -> Result<Self, String> {
        let failed = |why| format!("failed to call webhook: {why}");
        let answer = heard.answer.as_ref().map_err(|why| match why {
            Unanswered::Client(why) => format!("could not get REST client: {why}"),
            Unanswered::Call(why) => failed(why.clone()),
        })?;
        let own = ReviewType {
            group: "admission.k8s.io",
            version: hook.version,
            kind: "AdmissionReview",
        };
        let review = body(answer, own).map_err(failed)?;
        check_allowed(&review).map_err(failed)?;
        let patch = decoded(&review["response"]["patch"]);
        let patch = patch.map_err(failed)?;
        let invalid = |why| format!("received invalid webhook response: {why}");
        verify(own, &review, &heard.uid).map_err(invalid)?;
        let response = &review["response"];
        let patch_type = response["patchType"].as_str();
        check_patch(&patch, patch_type, is_mutating).map_err(invalid)?;
        let warnings = texts(&response["warnings"]).into_iter();
        Ok(Self {
            is_allowed: response["allowed"] == true,
            result: response["status"].clone(),
            patch,
            patch_type: patch_type.unwrap_or_default().to_owned(),
            warnings: warnings.map(str::to_owned).collect(),
        })
    }

    /// The refusal that it is, if it does not allow the write.
    pub(super) fn refusal(&self, hook: &Webhook) -> Option<Status> {
        if self.is_allowed {
            return None;
        }
        let text = |field: &str| self.result[field].as_str().unwrap_or_default();
        let denied = format!("admission webhook {:?} denied the request", hook.name);
        let message = match (text("message"), text("reason")) {
            ("", "") => format!("{denied} without explanation"),
            ("", why) | (why, _) => format!("{denied}: {why}"),
        };
        let code = self.result["code"].as_u64().unwrap_or(0);
        let details = self.result.get("details").filter(|it| it.is_object());
        Some(Status {
            code: u16::try_from(code).unwrap_or(500).max(400),
            reason: text("reason").to_owned().into(),
            message,
            details: details.cloned(),
        })
    }
}

/// The body of an answer that is one, of this kind.
///
/// # Errors
/// Why it is none, in the words of client-go.
pub(in crate::store) fn body(answer: &Answered, own: ReviewType) -> Result<Value, String> {
    if !(200..=206).contains(&answer.code) {
        return Err(trouble::refused(answer));
    }
    if answer.body.is_empty() {
        return Err(format!(
            "0-length response with status code: {} and content type: {}",
            answer.code, answer.content_type
        ));
    }
    let unreadable = |why| format!("couldn't get version/kind; json parse error: {why}");
    let review = read(&answer.body).map_err(unreadable)?;
    // Go takes null for an object of which nothing is said.
    if !review.is_object() && !review.is_null() {
        let why = format!(
            "json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
            json_type(&review)
        );
        return Err(unreadable(why));
    }
    own.check_readable(&review)?;
    Ok(review)
}

fn check_allowed(review: &Value) -> Result<(), String> {
    let allowed = &review["response"]["allowed"];
    if !allowed.is_null() && !allowed.is_boolean() {
        return Err(format!(
            "json: cannot unmarshal {} into Go struct field AdmissionResponse.response.allowed of type bool",
            json_type(allowed)
        ));
    }
    Ok(())
}

/// A body as a value: what does not look like JSON is YAML, whatever it is called.
fn read(body: &[u8]) -> Result<Value, String> {
    if body.trim_ascii_start().starts_with(b"{") {
        return parsed(body);
    }
    let text = yaml::text(body)?;
    yaml::read(text).map(|read| read.value)
}

fn decoded(patch: &Value) -> Result<Vec<u8>, String> {
    let text = patch.as_str().unwrap_or_default();
    let corrupt = |at| format!("illegal base64 data at input byte {at}");
    go_base64::decoded(text).map_err(corrupt)
}

fn verify(own: ReviewType, review: &Value, uid: &str) -> Result<(), String> {
    let response = &review["response"];
    if !response.is_object() {
        return Err("webhook response was absent".to_owned());
    }
    let told = response["uid"].as_str().unwrap_or_default();
    if own.version == "v1" && told != uid {
        return Err(format!("expected response.uid={uid:?}, got {told:?}"));
    }
    own.check_told(review)
}

fn check_patch(patch: &[u8], kind: Option<&str>, is_mutating: bool) -> Result<(), String> {
    let why = match (is_mutating, patch.is_empty(), kind) {
        (true, false, None) => "webhook returned response.patch but not response.patchType",
        (true, true, Some(_)) => "webhook returned response.patchType but not response.patch",
        (true, _, Some("")) => "webhook returned invalid response.patchType of \"\"",
        (true, _, _) | (false, true, None) => return Ok(()),
        (false, false, _) => "validating webhook may not return response.patch",
        (false, true, Some(_)) => "validating webhook may not return response.patchType",
    };
    Err(why.to_owned())
}
