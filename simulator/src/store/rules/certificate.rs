//! Requests for certificates: who asks, who approves, and what is issued.
//!
//! What is inside of a request or of a certificate is not read, only what it is wrapped in.
//!
//! Source: kubernetes v1.34 `pkg/registry/certificates/certificates/strategy.go` and
//! `pkg/apis/certificates/validation/validation.go`.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;

use super::of_kind::required;
use super::pod_spec::choice_fault;
use crate::access::User;
use crate::json::{Value, json};
use crate::store::kind::{Kind, Origin};
use crate::store::metadata::{invalid, invalid_json, seconds};
use crate::store::request::Part;
use crate::store::schema::cause::{duplicate, forbidden};
use crate::store::status::Cause;

/// What a key may be used for.
pub(in crate::store) const USAGES: [&str; 23] = [
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];
/// Conditions that once told stay.
const LASTING: [&str; 3] = ["Approved", "Denied", "Failed"];
/// The signer that older versions took where none was given.
const LEGACY_SIGNER: &str = "kubernetes.io/legacy-unknown";
/// The shortest life of a certificate that may be asked for.
const SECONDS_MIN: i64 = 600;

/// Whether the kind is that of requests for certificates.
pub(super) fn is_request(kind: &Kind) -> bool {
    kind.origin == Origin::BuiltIn
        && kind.group == "certificates.k8s.io"
        && kind.kind == "CertificateSigningRequest"
}

/// Writes into a new request who asks.
pub(super) fn name_requester(value: &mut Value, user: &User) {
    let spec = &mut value["spec"];
    let known = [
        ("username", json!(user.name)),
        ("uid", json!(user.uid)),
        ("groups", json!(user.groups)),
        ("extra", json!(user.extra)),
    ];
    for (field, known) in known {
        let is_empty = match &known {
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            other => other
                .as_object()
                .is_none_or(|map| map.iter().next().is_none()),
        };
        match spec.as_object_mut() {
            Some(fields) if is_empty => drop(fields.remove(field)),
            Some(fields) => drop(fields.insert(field.to_owned(), known)),
            None => *spec = json!({field: known}),
        }
    }
}

/// Drops what nobody is recorded as the owner of.
pub(super) fn drop_unowned(part: Part, value: &mut Value) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    fields.remove("spec");
    match (
        part,
        fields.get_mut("status").and_then(Value::as_object_mut),
    ) {
        (Part::Approval, Some(status)) => drop(status.remove("certificate")),
        (Part::Status, Some(status)) => {
            let conditions = status.get_mut("conditions").and_then(Value::as_array_mut);
            if let Some(conditions) = conditions {
                conditions.retain(|c| c["type"] != "Approved" && c["type"] != "Denied");
            }
        }
        (Part::Status, None) => {}
        _ => drop(fields.remove("status")),
    }
}

/// Puts back what was asked for, and what an approval does not issue.
pub(super) fn restore(part: Part, value: &mut Value, old: &Value) {
    value["spec"] = old["spec"].clone();
    if part == Part::Approval {
        match old["status"].get("certificate") {
            Some(kept) => value["status"]["certificate"] = kept.clone(),
            None => drop(
                value["status"]
                    .as_object_mut()
                    .map(|status| status.remove("certificate")),
            ),
        }
    }
}

/// Writes the times of conditions that say none.
pub(super) fn stamp(value: &mut Value, old: &Value, now: Timestamp) {
    let known = old["status"]["conditions"].as_array().into_iter().flatten();
    let known: Vec<&Value> = known.collect();
    let conditions = value.pointer_mut("/status/conditions");
    for condition in conditions
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let before = known.iter().find(|known| {
            known["type"] == condition["type"] && known["status"] == condition["status"]
        });
        let before = before.map(|before| before["lastTransitionTime"].clone());
        let before = before.filter(|time| !time.is_null());
        let now = json!(seconds(now));
        for (time, otherwise) in [
            ("lastUpdateTime", now.clone()),
            ("lastTransitionTime", before.unwrap_or(now)),
        ] {
            if condition[time].is_null() {
                condition[time] = otherwise;
            }
        }
    }
}

/// What is wrong with a request, and what a write to `part` may not change.
pub(super) fn faults(part: Part, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    if block_types(&spec["request"]).first().map(String::as_str) != Some("CERTIFICATE REQUEST") {
        let why = "PEM block type must be CERTIFICATE REQUEST";
        causes.push(invalid_json(
            "spec.request",
            &spec["request"].to_string(),
            why,
        ));
    }
    usage_faults(spec, &mut causes);
    causes.extend(signer_fault(
        spec["signerName"].as_str().unwrap_or_default(),
    ));
    if let Some(lifetime) = spec["expirationSeconds"]
        .as_i64()
        .filter(|life| *life < SECONDS_MIN)
    {
        let why = "may not specify a duration less than 600 seconds (10 minutes)";
        causes.push(invalid_json(
            "spec.expirationSeconds",
            &lifetime.to_string(),
            why,
        ));
    }
    condition_faults(&new["status"]["conditions"], &mut causes);
    if let Some(why) = certificate_fault(&new["status"]["certificate"]) {
        causes.push(invalid("status.certificate", "<certificate data>", &why));
    }
    if let Some(old) = old {
        change_faults(part, (&new["status"], &old["status"]), &mut causes);
    }
    causes
}

fn usage_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let usages = spec["usages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if usages.is_empty() {
        causes.push(required("spec.usages", "Required value"));
    }
    let mut seen = BTreeSet::new();
    for (index, usage) in usages.iter().enumerate() {
        let field = format!("spec.usages[{index}]");
        choice_fault(&field, usage, &USAGES, causes);
        if !seen.insert(usage.as_str()) {
            causes.push(duplicate(field, usage));
        }
    }
}

fn signer_fault(signer: &str) -> Option<Cause> {
    let why = match signer {
        "" => return Some(required("spec.signerName", "Required value")),
        LEGACY_SIGNER => "the legacy signerName is not allowed via this API version",
        _ if signer.split('/').count() != 2 => {
            "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        }
        _ => return None,
    };
    Some(invalid("spec.signerName", signer, why))
}

fn condition_faults(conditions: &Value, causes: &mut Vec<Cause>) {
    let mut seen = BTreeSet::new();
    for (index, condition) in conditions.as_array().into_iter().flatten().enumerate() {
        let path = format!("status.conditions[{index}]");
        let kind = condition["type"].as_str().unwrap_or_default();
        if kind.is_empty() {
            causes.push(required(format!("{path}.type"), "Required value"));
        }
        let field = format!("{path}.status");
        let known: &[&str] = match kind {
            "Approved" | "Denied" | "Failed" => &["True"],
            _ => &["False", "True", "Unknown"],
        };
        if condition["status"].as_str().unwrap_or_default().is_empty() {
            causes.push(required(field, "Required value"));
        } else {
            choice_fault(&field, &condition["status"], known, causes);
        }
        let other = match kind {
            "Approved" => "Denied",
            "Denied" => "Approved",
            _ => "",
        };
        if seen.contains(other) {
            let why = "Approved and Denied conditions are mutually exclusive";
            causes.push(invalid("status.conditions", kind, why));
        }
        let field = format!("{path}.type");
        if !seen.insert(kind) {
            causes.push(duplicate(field, &condition["type"]));
        }
    }
}

fn certificate_fault(certificate: &Value) -> Option<String> {
    if certificate.as_str().unwrap_or_default().is_empty() {
        return None;
    }
    let types = block_types(certificate);
    if types.is_empty() {
        return Some("must contain at least one CERTIFICATE PEM block".to_owned());
    }
    let other = types.iter().find(|kind| *kind != "CERTIFICATE")?;
    Some(format!(
        "only CERTIFICATE PEM blocks are allowed, found {other:?}"
    ))
}

fn change_faults(part: Part, (new, old): (&Value, &Value), causes: &mut Vec<Cause>) {
    let field = "status.conditions";
    for kind in LASTING {
        let of_kind = |status: &Value| -> Vec<Value> {
            let conditions = status["conditions"].as_array().into_iter().flatten();
            conditions.filter(|c| c["type"] == kind).cloned().collect()
        };
        let (new, old) = (of_kind(new), of_kind(old));
        if new.len() < old.len() {
            let why = format!("updates may not remove a condition of type {kind:?}");
            causes.push(forbidden(field, &why));
        } else if part != Part::Approval && kind != "Failed" && new != old {
            let act = if new.len() > old.len() {
                "add"
            } else {
                "modify"
            };
            let why = format!("updates may not {act} a condition of type {kind:?}");
            causes.push(forbidden(field, &why));
        }
    }
    let (new, old) = (&new["certificate"], &old["certificate"]);
    if new != old {
        let why = match part {
            Part::Status if old.is_null() => return,
            Part::Status => "updates may not modify existing certificate content",
            _ => "updates may not set certificate content",
        };
        causes.push(forbidden("status.certificate", why));
    }
}

/// The types of the PEM blocks in something that is encoded for JSON.
fn block_types(encoded: &Value) -> Vec<String> {
    let bytes = BASE64_STANDARD.decode(encoded.as_str().unwrap_or_default());
    let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.unwrap_or_default();
    let begin = |line: &str| {
        let kind = line
            .trim()
            .strip_prefix("-----BEGIN ")?
            .strip_suffix("-----")?;
        text.contains(&format!("-----END {kind}-----"))
            .then(|| kind.to_owned())
    };
    text.lines().filter_map(begin).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::request("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", &["CERTIFICATE REQUEST"])]
    #[case::open("-----BEGIN CERTIFICATE-----\nAAAA\n", &[])]
    #[case::text("AAAA", &[])]
    fn blocks_are_found(#[case] text: &str, #[case] expected: &[&str]) {
        let encoded = json!(BASE64_STANDARD.encode(text));
        assert_eq!(block_types(&encoded), expected);
    }

    #[test]
    fn an_approval_stays() {
        let approved = json!({"conditions": [{"type": "Approved", "status": "True"}]});
        let mut causes = Vec::new();
        change_faults(Part::Approval, (&json!({}), &approved), &mut causes);
        let expected = "updates may not remove a condition of type \"Approved\"";
        assert_eq!(causes, [forbidden("status.conditions", expected)]);
    }
}
