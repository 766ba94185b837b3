//! The columns and cells of kinds that few programs list.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use jiff::{SignedDuration, Timestamp};

use super::column::Cells;
use super::field::{NONE, created, items, name, non_empty, or, str_at};
use super::heading::{AGE, Heading, NAME_COLUMN, text};
use crate::http::age::span;
use crate::json::Value;
use crate::store::kind::Kind;

/// In the words of v1beta1, which real servers still use here.
const SIGNER: &str = "Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will be defaulted:\n 1. If it's a kubelet client certificate, it is assigned\n    \"kubernetes.io/kube-apiserver-client-kubelet\".\n 2. If it's a kubelet serving certificate, it is assigned\n    \"kubernetes.io/kubelet-serving\".\n 3. Otherwise, it is assigned \"kubernetes.io/legacy-unknown\".\nDistribution of trust for signers happens out of band. You can select on this field using `spec.signerName`.";
const LIFETIME: &str = "expirationSeconds is the requested duration of validity of the issued certificate. The certificate signer may issue a certificate with a different validity duration so a client must check the delta between the notBefore and and notAfter fields in the issued certificate to determine the actual duration.\n\nThe v1.22+ in-tree implementations of the well-known Kubernetes signers will honor this field as long as the requested duration is not greater than the maximum duration they will honor per the --cluster-signing-duration CLI flag to the Kubernetes controller manager.\n\nCertificate signers may not honor this field for various reasons:\n\n  1. Old signer that is unaware of the field (such as the in-tree\n     implementations prior to v1.22)\n  2. Signer whose configured maximum is shorter than the requested duration\n  3. Signer whose configured minimum is longer than the requested duration\n\nThe minimum valid value for expirationSeconds is 600, i.e. 10 minutes.";
const CERTIFICATE_REQUEST: &[Heading] = &[
    NAME_COLUMN,
    AGE,
    text("SignerName", SIGNER),
    text("Requestor", "Base64-encoded PKCS#10 CSR data"),
    text("RequestedDuration", LIFETIME),
    text(
        "Condition",
        "Conditions applied to the request, such as approval or denial.",
    ),
];

const COMPONENT: &[Heading] = &[
    NAME_COLUMN,
    text("Status", "Status of the component conditions"),
    text("Message", "Message of the component conditions"),
    text("Error", "Error of the component conditions"),
];
const API_SERVICE: &[Heading] = &[
    NAME_COLUMN,
    text(
        "Service",
        "The reference to the service that hosts this API endpoint.",
    ),
    text("Available", "Whether this service is available."),
    AGE,
];

/// The columns of a kind, and its cells.
pub(super) fn built_in(kind: &Kind) -> Option<(&'static [Heading], Cells)> {
    Some(match (kind.group.as_str(), kind.kind.as_str()) {
        ("certificates.k8s.io", "CertificateSigningRequest") => {
            (CERTIFICATE_REQUEST, certificate_request)
        }
        ("", "ComponentStatus") => (COMPONENT, component),
        ("apiregistration.k8s.io", "APIService") => (API_SERVICE, api_service),
        _ => return None,
    })
}

fn certificate_request(object: &Value, now: Timestamp) -> Vec<Value> {
    let lifetime = object.pointer("/spec/expirationSeconds");
    let lifetime = lifetime
        .and_then(Value::as_i64)
        .map(|seconds| span(SignedDuration::from_secs(seconds)));
    vec![
        name(object),
        created(object, now),
        or(str_at(object, "/spec/signerName"), NONE),
        str_at(object, "/spec/username").into(),
        lifetime.unwrap_or_else(|| NONE.to_owned()).into(),
        certificate_status(object).into(),
    ]
}

fn certificate_status(object: &Value) -> String {
    let has = |kind: &str| items(object, "/status/conditions").any(|c| c["type"] == kind);
    let mut status = match () {
        () if has("Denied") => "Denied",
        () if has("Approved") => "Approved",
        () => "Pending",
    }
    .to_owned();
    if has("Failed") {
        status.push_str(",Failed");
    }
    if !str_at(object, "/status/certificate").is_empty() {
        status.push_str(",Issued");
    }
    status
}

fn component(object: &Value, _: Timestamp) -> Vec<Value> {
    let healthy = items(object, "/conditions").find(|condition| condition["type"] == "Healthy");
    let status = match healthy {
        None => "Unknown",
        Some(condition) if condition["status"] == "True" => "Healthy",
        Some(_) => "Unhealthy",
    };
    let told = |field: &str| healthy.map_or("", |condition| str_at(condition, field));
    vec![
        name(object),
        status.into(),
        told("/message").into(),
        told("/error").into(),
    ]
}

/// Source: kubernetes v1.34 `staging/src/k8s.io/kube-aggregator/pkg/registry/apiservice/etcd/etcd.go`.
fn api_service(object: &Value, now: Timestamp) -> Vec<Value> {
    let service = match &object["spec"]["service"] {
        Value::Null => "Local".to_owned(),
        of => format!("{}/{}", str_at(of, "/namespace"), str_at(of, "/name")),
    };
    let available =
        items(object, "/status/conditions").find(|condition| condition["type"] == "Available");
    let available = available.map_or_else(
        || "Unknown".to_owned(),
        |condition| {
            let status = str_at(condition, "/status");
            match non_empty(str_at(condition, "/reason")).filter(|_| status != "True") {
                Some(reason) => format!("{status} ({reason})"),
                None => status.to_owned(),
            }
        },
    );
    vec![
        name(object),
        service.into(),
        available.into(),
        created(object, now),
    ]
}
