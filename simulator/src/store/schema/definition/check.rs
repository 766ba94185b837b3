//! What is wrong with a definition as a whole.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::conversion;
use super::version::{self, Parsed};
use super::{list, text};
use crate::json::{Value, json};
use crate::store::schema::cause::{invalid, invalid_shown, not_supported, required};
use crate::store::schema::format::Format;
use crate::store::schema::memory::Memory;
use crate::store::schema::name::{dns_1035_label_fault, dns_1123_subdomain_fault};
use crate::store::status::Cause;

/// What Go takes for printable at the beginning of a text.
///
/// Source: Go 1.24 `unicode`, `IsPrint`.
static PRINTABLE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = Regex::new(r"^[\pL\pM\pN\pP\pS ]*");
    pattern.expect("the pattern is well formed")
});
/// How long a warning may be, in bytes.
const DEPRECATION_BYTES_MAX: usize = 256;

/// Adds everything that is wrong to `causes` and gives back the schema of every version that can be read.
pub(super) fn check(
    crd: &Value,
    old: Option<&Value>,
    (memory, causes): (&mut Memory, &mut Vec<Cause>),
) -> Vec<Option<Arc<Parsed>>> {
    identity(crd, causes);
    versions(crd, causes);
    names(crd, causes);
    let schemas = version::check_all(crd, old, (memory, causes));
    causes.sort_by_key(place);
    conversion::check(crd, old, causes);
    if let Some(old) = old {
        immutable(crd, old, causes);
    }
    stored_versions(crd, causes);
    approval(crd, old, causes);
    if crd["spec"]["preserveUnknownFields"] == json!(true) {
        let field = "spec.preserveUnknownFields";
        let detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        causes.push(invalid(field, &json!(true), detail));
    }
    schemas
}

/// Where a real server tells a cause, which looks at the versions one by one, then at all of them, and then at what they
/// have alike.
///
/// Source: apiextensions-apiserver v0.34.3, pkg/apis/apiextensions/validation/validation.go,
/// `validateCustomResourceDefinitionSpec`.
fn place(cause: &Cause) -> (usize, usize) {
    const ORDER: [&str; 6] = [
        "spec.version",
        "spec.names",
        "spec.validation",
        "spec.subresources",
        "spec.additionalPrinterColumns",
        "spec.selectableFields",
    ];
    let field = cause.field.as_str();
    if let Some((index, part)) = field
        .strip_prefix("spec.versions[")
        .and_then(|rest| rest.split_once(']'))
    {
        let is_missing = cause.reason == "FieldValueRequired" && part == ".schema.openAPIV3Schema";
        let index = index.parse().unwrap_or(0);
        return if is_missing { (1, index) } else { (2, index) };
    }
    if field == "spec.versions" {
        return (3, 0);
    }
    let is_of = |part: &&str| {
        let rest = field.strip_prefix(*part);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let known = ORDER.iter().position(is_of);
    known.map_or((0, 0), |index| (4 + index, 0))
}

fn identity(crd: &Value, causes: &mut Vec<Cause>) {
    let (name, group) = (text(crd, "/metadata/name"), text(crd, "/spec/group"));
    if name != format!("{}.{group}", text(crd, "/spec/names/plural")) {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        causes.push(invalid("metadata.name", &name.into(), detail));
    }
    if group.is_empty() {
        causes.push(required("spec.group", ""));
    } else if let Some(fault) = dns_1123_subdomain_fault(group) {
        causes.push(invalid("spec.group", &group.into(), &fault));
    } else if !group.contains('.') {
        let detail = "should be a domain with at least one dot";
        causes.push(invalid("spec.group", &group.into(), detail));
    }
    match text(crd, "/spec/scope") {
        "" => causes.push(required("spec.scope", "")),
        "Cluster" | "Namespaced" => {}
        other => {
            let supported = ["Cluster", "Namespaced"].map(str::to_owned);
            causes.push(not_supported("spec.scope", &other.into(), &supported));
        }
    }
}

fn versions(crd: &Value, causes: &mut Vec<Cause>) {
    let versions = list(crd, "/spec/versions");
    let shown = as_go_prints(&crd["spec"]["versions"]);
    let mut seen = BTreeSet::new();
    for (i, version) in versions.iter().enumerate() {
        let name = text(version, "/name");
        if let Some(fault) = dns_1035_label_fault(name) {
            causes.push(invalid(
                format!("spec.versions[{i}].name"),
                &name.into(),
                &fault,
            ));
        }
        if let (0, Some(fault)) = (i, dns_1035_label_fault(name)) {
            causes.push(invalid("spec.version", &name.into(), &fault));
        }
        for fault in deprecation_faults(version) {
            let field = format!("spec.versions[{i}].deprecationWarning");
            let shown = version["deprecationWarning"].to_string();
            causes.push(invalid_shown(field, &shown, &fault));
        }
        seen.insert(name);
    }
    if seen.len() < versions.len() {
        let detail = "must contain unique version names";
        causes.push(invalid_shown("spec.versions", &shown, detail));
    }
    let n_stored = versions
        .iter()
        .filter(|version| version["storage"] == json!(true))
        .count();
    if n_stored != 1 {
        let detail = "must have exactly one version marked as storage version";
        causes.push(invalid_shown("spec.versions", &shown, detail));
    }
}

/// What is wrong with what is said of a deprecated version.
///
/// Source: as [`place`], `validateDeprecationWarning`.
fn deprecation_faults(version: &Value) -> Vec<String> {
    let Some(warning) = version["deprecationWarning"].as_str() else {
        return Vec::new();
    };
    if version["deprecated"] != json!(true) {
        return vec!["can only be set for deprecated versions".to_owned()];
    }
    let mut faults = Vec::new();
    if warning.len() > DEPRECATION_BYTES_MAX {
        faults.push("must be <= 256 characters long".to_owned());
    }
    if warning.is_empty() {
        faults.push("must not be an empty string".to_owned());
    }
    let index = PRINTABLE
        .find(warning)
        .map_or(0, |printable| printable.end());
    if index < warning.len() {
        faults.push(format!(
            "must only contain printable UTF-8 characters; non-printable character found at index {index}"
        ));
    }
    faults
}

/// Versions as Go prints its internal form of them; what all of them have alike stands elsewhere there.
///
/// Source: Kubernetes v1.34 `apiextensions/v1/conversion.go`.
fn as_go_prints(versions: &Value) -> String {
    let Some(versions) = versions.as_array() else {
        return "null".to_owned();
    };
    let own = |version: &Value, name: &str| {
        let is_alike = versions.iter().all(|other| other[name] == version[name]);
        if is_alike {
            Value::Null
        } else {
            version[name].clone()
        }
    };
    let printed = versions.iter().map(|version| {
        let flag = |name: &str| version[name] == json!(true);
        format!(
            "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\"Schema\":{},\"Subresources\":{},\"AdditionalPrinterColumns\":{},\"SelectableFields\":{}}}",
            Value::from(text(version, "/name")),
            flag("served"),
            flag("storage"),
            flag("deprecated"),
            version["deprecationWarning"],
            own(version, "schema"),
            own(version, "subresources"),
            own(version, "additionalPrinterColumns"),
            own(version, "selectableFields"),
        )
    });
    format!("[{}]", printed.collect::<Vec<_>>().join(","))
}

fn names(crd: &Value, causes: &mut Vec<Cause>) {
    let names = &crd["spec"]["names"];
    for name in ["plural", "singular", "kind", "listKind"] {
        if text(names, &format!("/{name}")).is_empty() {
            causes.push(required(format!("spec.names.{name}"), ""));
        }
    }
    for (name, is_kind) in [
        ("plural", false),
        ("singular", false),
        ("kind", true),
        ("listKind", true),
    ] {
        let value = text(names, &format!("/{name}"));
        let (label, hint) = if is_kind {
            (
                value.to_lowercase(),
                "may have mixed case, but should otherwise match: ",
            )
        } else {
            (value.to_owned(), "")
        };
        if let Some(fault) = dns_1035_label_fault(&label).filter(|_| !value.is_empty()) {
            let field = format!("spec.names.{name}");
            causes.push(invalid(field, &value.into(), &format!("{hint}{fault}")));
        }
    }
    let kind = text(names, "/kind");
    if !kind.is_empty() && kind == text(names, "/listKind") {
        let detail = "kind and listKind may not be the same";
        causes.push(invalid("spec.names.listKind", &kind.into(), detail));
    }
    for group in ["shortNames", "categories"] {
        for (i, name) in list(names, &format!("/{group}")).iter().enumerate() {
            if let Some(fault) = dns_1035_label_fault(name.as_str().unwrap_or_default()) {
                causes.push(invalid(format!("spec.names.{group}[{i}]"), name, &fault));
            }
        }
    }
}

fn immutable(crd: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let fields: &[&str] = if is_established(old) {
        &["scope", "names/kind", "group", "names/plural"]
    } else {
        &["group", "names/plural"]
    };
    for field in fields {
        let pointer = format!("/spec/{field}");
        if crd.pointer(&pointer) != old.pointer(&pointer) {
            let value = crd.pointer(&pointer).unwrap_or(&Value::Null);
            let path = format!("spec.{}", field.replace('/', "."));
            causes.push(invalid(path, value, "field is immutable"));
        }
    }
}

pub(super) fn is_established(crd: &Value) -> bool {
    list(crd, "/status/conditions").iter().any(|condition| {
        condition["type"] == json!("Established") && condition["status"] == json!("True")
    })
}

fn stored_versions(crd: &Value, causes: &mut Vec<Cause>) {
    let mut seen = BTreeSet::new();
    let names: BTreeSet<&str> = list(crd, "/spec/versions")
        .iter()
        .filter_map(|version| version["name"].as_str())
        .collect();
    let stored = list(crd, "/status/storedVersions");
    let field = "status.storedVersions";
    if stored.is_empty() {
        let detail = "must have at least one stored version";
        causes.push(invalid(field, &Value::Null, detail));
        return;
    }
    for version in list(crd, "/spec/versions") {
        // A second version of this name finds it gone.
        let is_stored = seen.insert(text(version, "/name")) && stored.contains(&version["name"]);
        if version["storage"] == json!(true) && !is_stored {
            let detail = format!("must have the storage version {}", text(version, "/name"));
            causes.push(invalid(field, &stored.to_vec().into(), &detail));
        }
    }
    for (i, stored) in stored.iter().enumerate() {
        let Some(name) = stored.as_str().filter(|name| !names.contains(name)) else {
            continue;
        };
        let detail = format!(
            "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
        );
        causes.push(invalid(
            format!("status.storedVersions[{i}]"),
            stored,
            &detail,
        ));
    }
}

/// Groups of the Kubernetes community need an annotation that says where they were approved.
fn approval(crd: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let group = text(crd, "/spec/group");
    let is_protected = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|domain| group == *domain || group.ends_with(&format!(".{domain}")));
    let annotation =
        |crd: &Value| text(&crd["metadata"]["annotations"], ANNOTATION_POINTER).to_owned();
    let found = annotation(crd);
    if !is_protected || old.is_some_and(|old| annotation(old) == found) {
        return;
    }
    let field = format!("metadata.annotations[{ANNOTATION}]");
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    let is_bypassed = found.starts_with("unapproved");
    let is_url = found.contains("://") && Format::new("uri").matches(&found);
    if found.is_empty() {
        let detail =
            format!("protected groups must have approval annotation \"{ANNOTATION}\", {see}");
        causes.push(required(field, &detail));
    } else if !is_bypassed && !is_url {
        let detail = format!(
            "protected groups must have approval annotation \"{ANNOTATION}\" with either a URL or a reason starting with \"unapproved\", {see}"
        );
        causes.push(invalid(field, &found.as_str().into(), &detail));
    }
}

const ANNOTATION: &str = "api-approved.kubernetes.io";
const ANNOTATION_POINTER: &str = "/api-approved.kubernetes.io";
