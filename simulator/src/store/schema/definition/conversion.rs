//! What is wrong with how the versions of a definition are converted into each other.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/apis/apiextensions/validation/validation.go,
//! `validateCustomResourceConversion`; apiserver v0.34.3, pkg/util/webhook/validation.go.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::check::is_established;
use super::text;
use crate::json::Value;
use crate::store::object::texts;
use crate::store::schema::cause::{forbidden, invalid, not_supported, required};
use crate::store::status::Cause;
use crate::store::webhook::{REVIEW_VERSIONS, address_faults, version_faults};

/// Where the internal form of a definition, which is what is checked, has the webhook and its reviews.
const CLIENT: &str = "spec.conversion.webhookClientConfig";
const VERSIONS: &str = "spec.conversion.conversionReviewVersions";

/// Adds everything that is wrong with `spec.conversion` to `causes`.
pub(super) fn check(crd: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let conversion = &crd["spec"]["conversion"];
    let field = "spec.conversion.strategy";
    let strategy = text(conversion, "/strategy");
    if strategy != "None" && crd["spec"]["preserveUnknownFields"] == true {
        let detail = "must be None if spec.preserveUnknownFields is true";
        causes.push(invalid(field, &strategy.into(), detail));
    }
    match strategy {
        "Webhook" => return webhook(&conversion["webhook"], old, causes),
        "None" => {}
        "" => causes.push(required(field, "")),
        other => {
            let supported = ["None", "Webhook"].map(str::to_owned);
            causes.push(not_supported(field, &other.into(), &supported));
        }
    }
    let detail = "should not be set when strategy is not set to Webhook";
    let hook = &conversion["webhook"];
    if hook["clientConfig"].is_object() {
        causes.push(forbidden(CLIENT, detail));
    }
    if !texts(&hook["conversionReviewVersions"]).is_empty() {
        causes.push(forbidden(VERSIONS, detail));
    }
}

fn webhook(hook: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let client = &hook["clientConfig"];
    if client.is_object() {
        causes.extend(address_faults(CLIENT, client));
        if !old.is_none_or(may_keep_bundle) {
            causes.extend(bundle_fault(&client["caBundle"]));
        }
    } else {
        let detail = "required when strategy is set to Webhook";
        causes.push(required(CLIENT, detail));
    }
    let versions = &hook["conversionReviewVersions"];
    let found = version_faults(VERSIONS, &texts(versions), "");
    let knows_none = |old: &Value| {
        let old = &old["spec"]["conversion"]["webhook"]["conversionReviewVersions"];
        let old = texts(old);
        !old.is_empty() && !old.iter().any(|version| REVIEW_VERSIONS.contains(version))
    };
    let may_stay_unknown = old.is_some_and(knows_none);
    // What a server did not know before it may still not know.
    let is_of_all = |cause: &Cause| cause.field == VERSIONS && cause.reason == "FieldValueInvalid";
    causes.extend(
        found
            .into_iter()
            .filter(|cause| !(may_stay_unknown && is_of_all(cause))),
    );
}

/// Whether a definition may be replaced by one with a bundle that is none: it has such a one, or is not established.
fn may_keep_bundle(old: &Value) -> bool {
    let bundle = &old["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"];
    !is_established(old) || bundle_fault(bundle).is_some()
}

/// What is wrong with the authorities of a webhook.
fn bundle_fault(bundle: &Value) -> Option<Cause> {
    let pem = BASE64_STANDARD.decode(bundle.as_str()?).ok()?;
    let is_good = pem.is_empty() || CertificateDer::pem_slice_iter(&pem).any(|one| one.is_ok());
    let detail = "unable to load root certificates: unable to parse bytes as PEM block";
    (!is_good).then(|| invalid(format!("{CLIENT}.caBundle"), bundle, detail))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"clientConfig": {"url": "https://h/c"}, "conversionReviewVersions": ["v1"]}), &[])]
    #[case::nothing(json!(null), &["spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook", "spec.conversion.conversionReviewVersions: Required value"])]
    #[case::no_address(json!({"clientConfig": {}, "conversionReviewVersions": ["v1"]}), &["spec.conversion.webhookClientConfig: Required value: exactly one of url or service is required"])]
    #[case::scheme(json!({"clientConfig": {"url": "http://h"}, "conversionReviewVersions": ["v1"]}), &["spec.conversion.webhookClientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]"])]
    #[case::versions(json!({"clientConfig": {"url": "https://h"}, "conversionReviewVersions": ["v9"]}), &["spec.conversion.conversionReviewVersions: Invalid value: [\"v9\"]: must include at least one of v1, v1beta1"])]
    fn a_webhook_is_refused_for_what_is_wrong_with_it(
        #[case] webhook: Value,
        #[case] expected: &[&str],
    ) {
        let crd = json!({"spec": {"conversion": {"strategy": "Webhook", "webhook": webhook}}});
        let mut causes = Vec::new();
        check(&crd, None, &mut causes);
        let texts = causes.iter().map(Cause::to_string);
        assert_eq!(texts.collect::<Vec<_>>(), expected);
    }
}
