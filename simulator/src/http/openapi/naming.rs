//! Names that documents make of groups, versions and kinds.
//!
//! Source: apiserver v0.34.3, pkg/endpoints/openapi/openapi.go and pkg/endpoints/installer.go.

/// `core_v1` or `rbacAuthorization_v1`.
pub(super) fn tag(group: &str, version: &str) -> String {
    format!("{}_{version}", group_tag(group))
}

/// `core` or `rbacAuthorization`.
pub(super) fn group_tag(group: &str) -> String {
    let mut words = group.trim_end_matches(".k8s.io").split('.');
    let first = match words.next() {
        None | Some("") => "core",
        Some(word) => word,
    };
    let rest = words.map(capitalised);
    format!("{first}{}", rest.collect::<String>())
}

/// `CoreV1` or `RbacAuthorizationV1`.
pub(super) fn camel(group: &str, version: &str) -> String {
    capitalised(&tag(group, version).replace('_', " "))
}

/// Every word with a capital, without the spaces.
pub(super) fn capitalised(words: &str) -> String {
    let words = words.split(' ').map(|word| {
        let (head, tail) = word.split_at(word.len().min(1));
        head.to_uppercase() + tail
    });
    words.collect()
}

/// What stands before a noun; plurals have no article.
pub(super) fn article(noun: &str) -> &'static str {
    if noun.ends_with('s') && !noun.ends_with("ss") {
        " "
    } else if noun.starts_with(['A', 'E', 'I', 'O', 'U']) {
        " an "
    } else {
        " a "
    }
}
