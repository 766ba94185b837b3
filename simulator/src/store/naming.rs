//! The grammars of names, label keys and label values.
//!
//! Source: `spec/kube-api.md` §1.7; kubernetes v1.34 `staging/src/k8s.io/apimachinery/pkg/util/validation`.

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const OLD_LABEL: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
/// What a qualified name consists of.
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
/// What is wrong with a qualified name without a name.
const EMPTY_NAME: &str = "name part must be non-empty";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/// What is wrong with an RFC 1123 subdomain first, if anything.
pub(super) fn subdomain_fault(text: &str) -> Option<String> {
    subdomain_faults(text).into_iter().next()
}

/// Everything that is wrong with an RFC 1123 subdomain.
pub(super) fn subdomain_faults(text: &str) -> Vec<String> {
    let is_good = text.split('.').all(is_dns_label);
    let grammar = (!is_good).then(|| SUBDOMAIN.to_owned());
    longer_than(253, text).into_iter().chain(grammar).collect()
}

/// What is wrong with an RFC 1123 label first, if anything.
pub(super) fn label_fault(text: &str) -> Option<String> {
    label_faults(text).into_iter().next()
}

/// Everything that is wrong with an RFC 1123 label.
pub(super) fn label_faults(text: &str) -> Vec<String> {
    let grammar = match () {
        () if is_dns_label(text) => None,
        () if text.split('.').all(is_dns_label) => Some("must not contain dots"),
        () => Some(LABEL),
    };
    let grammar = grammar.map(str::to_owned);
    longer_than(63, text).into_iter().chain(grammar).collect()
}

/// What is wrong with an RFC 1035 label, which begins with a letter, first, if anything.
pub(super) fn old_label_fault(text: &str) -> Option<String> {
    old_label_faults(text).into_iter().next()
}

/// Everything that is wrong with an RFC 1035 label.
pub(super) fn old_label_faults(text: &str) -> Vec<String> {
    let is_good = is_dns_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase());
    let grammar = (!is_good).then(|| OLD_LABEL.to_owned());
    longer_than(63, text).into_iter().chain(grammar).collect()
}

fn longer_than(length: usize, text: &str) -> Option<String> {
    (text.len() > length).then(|| format!("must be no more than {length} characters"))
}

/// What is wrong with a name that is only a path segment first, if anything.
pub(super) fn path_segment_fault(text: &str) -> Option<String> {
    path_segment_faults(text).into_iter().next()
}

/// Everything that is wrong with a name that is only a path segment.
pub(super) fn path_segment_faults(text: &str) -> Vec<String> {
    if matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    path_segment_base_faults(text)
}

/// Everything that is wrong with a base of names that are only path segments.
///
/// Source: apimachinery v0.34.3, pkg/api/validation/path/name.go, `IsValidPathSegmentPrefix`.
pub(super) fn path_segment_base_faults(text: &str) -> Vec<String> {
    let found = ['/', '%'].into_iter().filter(|c| text.contains(*c));
    found.map(|c| format!("may not contain '{c}'")).collect()
}

/// What is wrong with a label or annotation key first, if anything.
pub(super) fn qualified_name_fault(text: &str) -> Option<String> {
    qualified_name_faults(text).into_iter().next()
}

/// Everything that is wrong with a label or annotation key.
pub(super) fn qualified_name_faults(text: &str) -> Vec<String> {
    let (mut faults, name) = match text.split_once('/') {
        None => (Vec::new(), text),
        Some((_, name)) if name.contains('/') => {
            return vec![format!(
                "a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                QUALIFIED.trim_start_matches("name part ")
            )];
        }
        Some(("", name)) => (vec!["prefix part must be non-empty".to_owned()], name),
        Some((prefix, name)) => {
            let faults = subdomain_faults(prefix).into_iter();
            (
                faults.map(|why| format!("prefix part {why}")).collect(),
                name,
            )
        }
    };
    match longer_than(63, name) {
        Some(why) => faults.push(format!("name part {why}")),
        None if name.is_empty() => faults.push(EMPTY_NAME.to_owned()),
        None => {}
    }
    if !is_word(name) {
        faults.push(QUALIFIED.to_owned());
    }
    faults
}

/// What is wrong with a label value first, if anything.
pub(super) fn label_value_fault(text: &str) -> Option<String> {
    label_value_faults(text).into_iter().next()
}

/// Everything that is wrong with a label value.
pub(super) fn label_value_faults(text: &str) -> Vec<String> {
    let is_good = text.is_empty() || is_word(text);
    let grammar = (!is_good).then(|| VALUE.to_owned());
    longer_than(63, text).into_iter().chain(grammar).collect()
}

/// What is wrong with a key of a Secret or ConfigMap, if anything.
pub(super) fn config_key_fault(text: &str) -> Option<String> {
    let is_good = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    if !is_good {
        return Some(CONFIG_KEY.to_owned());
    }
    match text {
        "." => Some("must not be '.'".to_owned()),
        ".." => Some("must not be '..'".to_owned()),
        _ if text.starts_with("..") => Some("must not start with '..'".to_owned()),
        _ => None,
    }
}

fn is_dns_label(text: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_word(text: &str) -> bool {
    let is_edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && is_edge(text.bytes().next())
        && is_edge(text.bytes().last())
}
