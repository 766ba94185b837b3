//! What a check finds, and the words for it.
//!
//! Source: pod-security-admission v0.34.3, policy/checks.go and policy/helpers.go.

/// Why a pod does not keep to a standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    /// In few words.
    pub(super) reason: &'static str,
    /// Who does what.
    pub(super) detail: String,
}

/// Why a pod does not keep to a standard, in full.
pub(super) fn told(violations: &[Violation]) -> String {
    let told = violations.iter().map(|one| match one.detail.as_str() {
        "" => one.reason.to_owned(),
        detail => format!("{} ({detail})", one.reason),
    });
    Vec::from_iter(told).join(", ")
}

/// Texts in quotes.
pub(super) fn quoted<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let texts = texts
        .into_iter()
        .map(|text| format!("\"{}\"", text.as_ref()));
    Vec::from_iter(texts).join(", ")
}

/// The word for so many.
pub(super) fn word(one: &'static str, many: &'static str, n: usize) -> &'static str {
    if n == 1 { one } else { many }
}

/// Containers by their names.
pub(super) fn containers(names: &[&str]) -> String {
    let word = word("container", "containers", names.len());
    format!("{word} {}", quoted(names))
}

/// The pod, its containers, or both, of those who set something; nothing if nobody does.
pub(super) fn setters(is_pod: bool, names: &[&str]) -> Vec<String> {
    let pod = is_pod.then(|| "pod".to_owned());
    let containers = (!names.is_empty()).then(|| containers(names));
    pod.into_iter().chain(containers).collect()
}
