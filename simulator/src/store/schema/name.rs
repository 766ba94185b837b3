//! What names may look like.
//!
//! Source: k8s.io/apimachinery v0.34.3, pkg/util/validation/validation.go.

/// Why `text` is no DNS label that starts with a letter; `None` if it is one.
pub(crate) fn dns_1035_label_fault(text: &str) -> Option<String> {
    let mut faults = Vec::new();
    if text.len() > 63 {
        faults.push("must be no more than 63 characters".to_owned());
    }
    if !(is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())) {
        faults.push(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
                .to_owned(),
        );
    }
    (!faults.is_empty()).then(|| faults.join(","))
}

/// Why `text` is no DNS subdomain; `None` if it is one.
pub(crate) fn dns_1123_subdomain_fault(text: &str) -> Option<String> {
    let mut faults = Vec::new();
    if text.len() > 253 {
        faults.push("must be no more than 253 characters".to_owned());
    }
    if !text.split('.').all(is_label) {
        faults.push(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
                .to_owned(),
        );
    }
    (!faults.is_empty()).then(|| faults.join(","))
}

fn is_label(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(allowed)
        && text.ends_with(allowed)
        && text.chars().all(|c| allowed(c) || c == '-')
}
