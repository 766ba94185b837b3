//! Names of images.
//!
//! Source: kubernetes v1.34 `pkg/util/parsers/parsers.go`; github.com/distribution/reference v0.6.0.

use std::sync::LazyLock;

use regex::Regex;

/// A registry: its host and its port.
static REGISTRY: LazyLock<Regex> = LazyLock::new(|| {
    let part = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
    let host = format!(r"(?:{part}(?:\.{part})*|\[[a-fA-F0-9:]+\])");
    pattern(&format!("^{host}(?::[0-9]+)?$"))
});
/// A repository, perhaps a tag, perhaps a digest.
static REPOSITORY: LazyLock<Regex> = LazyLock::new(|| {
    let part = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
    let kind = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*";
    let digest = format!("{kind}:[0-9a-fA-F]{{32,}}");
    let tag = r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}";
    pattern(&format!("^{part}(?:/{part})*(?::({tag}))?(@{digest})?$"))
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a literal that compiles")
}

/// Whether an image is the latest of its repository, by its tag or for want of one. What is no name of an image is not.
pub(super) fn is_latest(image: &str) -> bool {
    let repository = match image.split_once('/') {
        Some((registry, rest)) if is_registry(registry) => match REGISTRY.is_match(registry) {
            true => rest,
            false => return false,
        },
        _ => image,
    };
    let is_id = image.len() == 64 && image.bytes().all(|b| b"0123456789abcdef".contains(&b));
    let Some(parts) = REPOSITORY.captures(repository).filter(|_| !is_id) else {
        return false;
    };
    match (parts.get(1), parts.get(2)) {
        (None, digest) => digest.is_none(),
        (Some(tag), _) => tag.as_str() == "latest",
    }
}

/// Whether what stands before the first slash is a registry, rather than the first part of a repository.
fn is_registry(text: &str) -> bool {
    text.contains(['.', ':']) || text == "localhost" || text.to_lowercase() != text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("alpine", true)]
    #[case("alpine:latest", true)]
    #[case("alpine:3", false)]
    #[case("host:5000/a/b", true)]
    #[case("host:5000/a:1", false)]
    #[case(
        "a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        false
    )]
    #[case(" a ", false)]
    #[case("", false)]
    #[case("A", false)]
    #[case("Host/a", true)]
    fn the_latest_of_a_repository_is_known(#[case] image: &str, #[case] expected: bool) {
        assert_eq!(is_latest(image), expected);
    }
}
