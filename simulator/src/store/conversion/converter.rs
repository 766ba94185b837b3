//! What the webhook of one definition is asked, and whether its answer is one.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/apiserver/conversion/webhook_converter.go.

use std::sync::Arc;

use super::restored::{check_identity, restore_metadata};
use crate::json::{Value, json};
use crate::store::object::texts;
use crate::store::webhook::{
    Endpoint, Heard, Inquiry, REVIEW_VERSIONS, ReviewType, Unanswered, body,
};

/// How long a call may take.
///
/// Source: seen of kube-apiserver 1.34.3.
const CALL_SECONDS: i64 = 30;
const GROUP: &str = "apiextensions.k8s.io";

/// The webhook of one definition.
#[derive(Debug)]
pub(super) struct Converter {
    id: Arc<str>,
    endpoint: Arc<Endpoint>,
    /// The version of its reviews, if a real server knows one of them.
    review_version: Option<&'static str>,
}

/// An object with the version that it is wanted in.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The object, with `apiVersion` and `kind`.
    pub(super) object: &'a Value,
    pub(super) api_version: &'a str,
}

impl Converter {
    /// The webhook that the `spec.conversion` of a definition names.
    pub(super) fn read(definition: &str, conversion: &Value) -> Self {
        let hook = &conversion["webhook"];
        let known = texts(&hook["conversionReviewVersions"])
            .into_iter()
            .find_map(|version| REVIEW_VERSIONS.into_iter().find(|known| *known == version));
        Self {
            id: format!("conversion_webhook_for_{definition}").into(),
            endpoint: Arc::new(Endpoint::read(&hook["clientConfig"], CALL_SECONDS)),
            review_version: known,
        }
    }

    /// What it has to be asked.
    ///
    /// # Errors
    /// It understands no review that a real server writes.
    pub(super) fn inquiry(&self, wanted: Wanted) -> Result<Inquiry, String> {
        let Some(version) = self.review_version else {
            return Err("no supported conversion review versions".to_owned());
        };
        let review = json!({
            "kind": "ConversionReview", "apiVersion": format!("{GROUP}/{version}"),
            "request": {"desiredAPIVersion": wanted.api_version, "objects": [wanted.object]},
        });
        Ok(Inquiry {
            hook: Arc::clone(&self.id),
            endpoint: Arc::clone(&self.endpoint),
            review,
        })
    }

    /// What it made of an object, with the metadata of that but for labels and annotations.
    ///
    /// # Errors
    /// It could not be asked, failed, or answered something else.
    pub(super) fn converted(&self, wanted: Wanted, heard: &Heard) -> Result<Value, String> {
        let what = gvk(wanted.object);
        let failed = |why| format!("conversion webhook for {what} failed: {why}");
        let returned = |why: String| format!("conversion webhook for {what} returned {why}");
        let mut objects = self.objects(heard).map_err(failed)?;
        if objects.len() != 1 {
            let why = format!("{} objects, expected 1", objects.len());
            return Err(returned(why));
        }
        let mut converted = objects.swap_remove(0);
        check_type(&converted)?;
        let invalid = |why: String| returned(format!("invalid object{why}"));
        let (wanted_version, version) = (wanted.api_version, text(&converted, "apiVersion"));
        if version != wanted_version {
            return Err(invalid(format!(
                " at index 0: invalid groupVersion (expected {wanted_version}, received {version})"
            )));
        }
        let (wanted_kind, kind) = (text(wanted.object, "kind"), text(&converted, "kind"));
        if kind != wanted_kind {
            return Err(invalid(format!(
                " at index 0: invalid kind (expected {wanted_kind}, received {kind})"
            )));
        }
        check_identity(wanted.object, &converted).map_err(|why| invalid(format!(": {why}")))?;
        restore_metadata(wanted.object, &mut converted)
            .map_err(|why| returned(format!("invalid metadata: {why}")))?;
        Ok(converted)
    }

    /// The objects of a response that tells of success.
    fn objects(&self, heard: &Heard) -> Result<Vec<Value>, String> {
        let answer = heard.answer.as_ref().map_err(|why| match why {
            Unanswered::Client(why) | Unanswered::Call(why) => why.clone(),
        })?;
        let own = ReviewType {
            group: GROUP,
            version: self.review_version.unwrap_or_default(),
            kind: "ConversionReview",
        };
        let review = body(answer, own)?;
        own.check_told(&review)?;
        let response = &review["response"];
        if !response.is_object() {
            return Err("no response provided".to_owned());
        }
        let uid = text(response, "uid");
        if own.version == "v1" && uid != heard.uid {
            return Err(format!(
                "expected response.uid={:?}, got {uid:?}",
                heard.uid
            ));
        }
        let result = &response["result"];
        match (text(result, "status"), text(result, "message")) {
            ("Success", _) => {}
            (status, "") => {
                return Err(format!(
                    "response.result.status was '{status}', not 'Success'"
                ));
            }
            (_, message) => return Err(message.to_owned()),
        }
        let objects = response["convertedObjects"].as_array();
        Ok(objects.map_or_else(Vec::new, |objects| objects.to_vec()))
    }
}

/// Refuses what is no object of any kind.
///
/// Source: apimachinery v0.34.3, pkg/apis/meta/v1/unstructured/unstructured.go.
fn check_type(converted: &Value) -> Result<(), String> {
    if text(converted, "kind").is_empty() {
        return Err(format!("Object 'Kind' is missing in '{converted}'"));
    }
    Ok(())
}

/// Group, version and kind as Go prints them.
fn gvk(object: &Value) -> String {
    let api_version = text(object, "apiVersion");
    let slash = if api_version.contains('/') { "" } else { "/" };
    format!("{slash}{api_version}, Kind={}", text(object, "kind"))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::store::webhook::Answered;

    fn object() -> Value {
        json!({
            "apiVersion": "e.x/v1", "kind": "Widget", "spec": {"size": 1},
            "metadata": {"name": "w", "namespace": "n", "uid": "u", "generation": 2, "labels": {"a": "b"}},
        })
    }

    fn converter() -> Converter {
        let hook =
            json!({"clientConfig": {"url": "https://h"}, "conversionReviewVersions": ["v9", "v1"]});
        Converter::read("widgets.e.x", &json!({"webhook": hook}))
    }

    /// What the object becomes if the webhook answers that with one field of its answer replaced.
    fn answered(place: &str, field: Value) -> Result<Value, String> {
        let mut converted = object();
        converted["apiVersion"] = "e.x/v2".into();
        converted["spec"] = json!({"length": 1});
        converted["metadata"]["labels"] = json!({"c": "d"});
        converted["metadata"]["generation"] = 9.into();
        let mut review = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
            "response": {"uid": "r", "result": {"status": "Success"}, "convertedObjects": [converted]},
        });
        *review.pointer_mut(place).unwrap() = field;
        let heard = Heard {
            uid: "r".to_owned(),
            answer: Ok(Answered {
                code: 200,
                content_type: "application/json".to_owned(),
                body: review.to_string().into(),
            }),
        };
        let wanted = Wanted {
            object: &object(),
            api_version: "e.x/v2",
        };
        converter().converted(wanted, &heard)
    }

    #[test]
    fn labels_may_change_and_the_rest_of_the_metadata_stays() {
        let converted = answered("/response/uid", "r".into()).unwrap();
        let expected = json!({
            "apiVersion": "e.x/v2", "kind": "Widget", "spec": {"length": 1},
            "metadata": {"name": "w", "namespace": "n", "uid": "u", "generation": 2, "labels": {"c": "d"}},
        });
        assert_eq!(converted, expected);
    }

    #[rstest]
    #[case::kind_of_review("/kind", json!("X"), "failed: no kind \"X\" is registered for version \"apiextensions.k8s.io/v1\" in scheme \"pkg/runtime/scheme.go:110\"")]
    #[case::no_kind("/kind", json!(""), "failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got apiextensions.k8s.io/v1, Kind=")]
    #[case::nothing("/response", Value::Null, "failed: no response provided")]
    #[case::uid("/response/uid", json!("s"), "failed: expected response.uid=\"r\", got \"s\"")]
    #[case::failure("/response/result", json!({"status": "Failed", "message": "no way"}), "failed: no way")]
    #[case::no_reason("/response/result", json!({"status": "Failed"}), "failed: response.result.status was 'Failed', not 'Success'")]
    #[case::number("/response/convertedObjects", json!([]), "returned 0 objects, expected 1")]
    #[case::version("/response/convertedObjects/0/apiVersion", json!("e.x/v1"), "returned invalid object at index 0: invalid groupVersion (expected e.x/v2, received e.x/v1)")]
    #[case::kind("/response/convertedObjects/0/kind", json!("X"), "returned invalid object at index 0: invalid kind (expected Widget, received X)")]
    #[case::name("/response/convertedObjects/0/metadata/name", json!("x"), "returned invalid object: must have the same name: w != x")]
    #[case::namespace("/response/convertedObjects/0/metadata/namespace", json!("x"), "returned invalid object: must have the same namespace: n != x")]
    #[case::uid_of_object("/response/convertedObjects/0/metadata/uid", json!("x"), "returned invalid object: must have the same UID: u != x")]
    #[case::label("/response/convertedObjects/0/metadata/labels", json!({"a": 1}), "returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object")]
    fn an_answer_is_refused_for_what_is_wrong_with_it(
        #[case] place: &str,
        #[case] field: Value,
        #[case] expected: &str,
    ) {
        let expected = format!("conversion webhook for e.x/v1, Kind=Widget {expected}");
        assert_eq!(answered(place, field), Err(expected));
    }
}
