//! Image names: which are valid, and what a container runtime makes of them.

use std::sync::LazyLock;

use regex::Regex;

/// Repository, tag and digest. Source: `github.com/distribution/reference` v0.6 `regexp.go`.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?P<name>(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?/)?",
        r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)",
        r"(?P<tag>:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?",
        r"(?P<digest>@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$"
    ))
    .expect("the pattern is a valid regular expression")
});

/// The full name of `image`, such as `docker.io/library/alpine:latest`.
///
/// # Errors
/// The text of the kubelet for a name that is none. Source: kubernetes v1.34 `pkg/util/parsers`, `pkg/kubelet/images`.
pub(super) fn full_name(image: &str) -> Result<String, String> {
    let refuse = |why: &str| {
        format!(
            "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": {why}"
        )
    };
    let (domain, path) = split_domain(image);
    let repository = path.split([':', '@']).next().unwrap_or_default();
    if repository.chars().any(char::is_uppercase) {
        let why =
            format!("invalid reference format: repository name ({repository}) must be lowercase");
        return Err(refuse(&why));
    }
    let full = format!("{domain}/{path}");
    let Some(parts) = REFERENCE.captures(&full) else {
        return Err(refuse("invalid reference format"));
    };
    if parts.name("tag").is_some() || parts.name("digest").is_some() {
        Ok(full)
    } else {
        Ok(format!("{full}:latest"))
    }
}

fn split_domain(image: &str) -> (&str, String) {
    match image.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.chars().any(char::is_uppercase) =>
        {
            (first, rest.to_owned())
        }
        Some(_) => ("docker.io", image.to_owned()),
        None => ("docker.io", format!("library/{image}")),
    }
}

/// The message of a container whose image is not in its registry.
///
/// Source: kubernetes v1.34 `pkg/kubelet/images/image_manager.go`, containerd v2.1.
pub(super) fn back_off(image: &str) -> String {
    let full = full_name(image).unwrap_or_else(|_| image.to_owned());
    format!(
        "Back-off pulling image \"{image}\": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": {full}: not found"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("alpine", "docker.io/library/alpine:latest")]
    #[case("aquasec/trivy:0.5", "docker.io/aquasec/trivy:0.5")]
    #[case("localhost:5000/a", "localhost:5000/a:latest")]
    #[case("quay.io/argoproj/argoexec:v3.7.4", "quay.io/argoproj/argoexec:v3.7.4")]
    #[case(
        "a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "docker.io/library/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    )]
    fn a_name_is_completed(#[case] image: &str, #[case] full: &str) {
        assert_eq!(full_name(image), Ok(full.to_owned()));
    }

    #[rstest]
    #[case("a b", "invalid reference format")]
    #[case(
        "Alpine",
        "invalid reference format: repository name (library/Alpine) must be lowercase"
    )]
    #[case("a:", "invalid reference format")]
    #[case("{{inputs.x}}", "invalid reference format")]
    fn a_name_that_is_none_is_refused(#[case] image: &str, #[case] why: &str) {
        let expected = format!(
            "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": {why}"
        );
        assert_eq!(full_name(image), Err(expected));
    }
}
