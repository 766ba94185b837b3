//! What an answer that is none is called, in the words of client-go.
//!
//! Source: client-go v0.34.3, rest/request.go; apimachinery v0.34.3, pkg/api/errors/errors.go, `NewGenericServerResponse`.

use super::conversation::Answered;
use crate::json::Value;

/// What is said of an answer with a status code that is none of success.
pub(super) fn refused(answer: &Answered) -> String {
    let status: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let status = status.filter(|body| body["kind"] == "Status" && body["status"] == "Failure");
    if let Some(message) = status.as_ref().and_then(|body| body["message"].as_str()) {
        return message.to_owned();
    }
    let is_text = answer.content_type.is_empty() || answer.content_type.starts_with("text/");
    let said = if is_text {
        String::from_utf8_lossy(&answer.body).trim().to_owned()
    } else {
        "unknown".to_owned()
    };
    match answer.code {
        400 => "the server rejected our request for an unknown reason".to_owned(),
        401 => "the server has asked for the client to provide credentials".to_owned(),
        403 | 406 | 415 => said,
        404 => "the server could not find the requested resource".to_owned(),
        405 => "the server does not allow this method on the requested resource".to_owned(),
        409 => "the server reported a conflict".to_owned(),
        422 => "the server rejected our request due to an error in our request".to_owned(),
        429 => "the server has received too many requests and has asked us to try again later".to_owned(),
        503 => "the server is currently unable to handle the request".to_owned(),
        504 => "the server was unable to return a response in the time allotted, but may still be processing the request".to_owned(),
        code if code >= 500 => format!("an error on the server ({said:?}) has prevented the request from succeeding"),
        code => format!("the server responded with the status code {code} but did not return more information"),
    }
}
