//! What a URL names.
//!
//! Source: `spec/kube-api.md` §1.2.

use crate::json::repaired;

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/version`.
    Version,
    /// `/healthz`, `/livez`, `/readyz`, and a check below them.
    Health(String),
    /// `/metrics`.
    Metrics,
    /// `/metrics/slis`.
    Indicators,
    /// `/` and `/index.html`.
    Root,
    /// `/api`.
    CoreVersions,
    /// `/apis`.
    Groups,
    /// `/apis/{group}`.
    Group(String),
    /// `/api/v1` or `/apis/{group}/{version}`.
    Resources {
        /// Empty for the core group.
        group: String,
        /// Such as `v1`.
        version: String,
    },
    /// `/openapi/…`, the rest of the path.
    OpenApi(String),
    /// A collection, an object or a subresource.
    Resource(Target),
    /// Anything else.
    Unknown,
    /// A path with a `%` that no two digits follow.
    Broken,
    /// An old prefix with nothing behind it.
    Prefix,
}

/// A collection, an object or a subresource, as the URL spells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// Empty for the core group.
    pub(crate) group: String,
    /// Such as `v1`.
    pub(crate) version: String,
    /// Empty if the URL has none.
    pub(crate) namespace: String,
    /// Plural resource.
    pub(crate) resource: String,
    /// Empty for a collection.
    pub(crate) name: String,
    /// Empty for the object itself.
    pub(crate) subresource: String,
    /// Whether the deprecated prefix `/watch` was used.
    pub(crate) watch: bool,
    /// Whether two slashes stand side by side, which only custom resources bear.
    pub(crate) is_doubled: bool,
    /// Whether they stand where a namespace should, and nowhere else, which built-in ones bear too.
    pub(crate) has_no_namespace: bool,
}

impl Route {
    /// Reads a path, which starts with a slash.
    pub(crate) fn parse(path: &str) -> Self {
        let Some(path) = percent_decoded(path) else {
            return Self::Broken;
        };
        if let Some(route) = doubled(&path) {
            return route;
        }
        let segments = path.split('/');
        let words: Vec<&str> = segments.filter(|segment| !segment.is_empty()).collect();
        match words.as_slice() {
            [] => Self::Root,
            ["index.html"] if !path.ends_with('/') => Self::Root,
            ["version"] => Self::Version,
            ["healthz" | "livez" | "readyz"] if path.ends_with('/') => Self::Unknown,
            ["healthz" | "livez" | "readyz", rest @ ..] => Self::Health(rest.join("/")),
            ["metrics"] if !path.ends_with('/') => Self::Metrics,
            ["metrics", "slis"] if !path.ends_with('/') => Self::Indicators,
            ["openapi", rest @ ..] => Self::OpenApi(rest.join("/")),
            ["api"] => Self::CoreVersions,
            ["api", version, rest @ ..] => in_version("", version, rest),
            ["apis"] => Self::Groups,
            ["apis", group] => Self::Group((*group).to_owned()),
            ["apis", group, version, rest @ ..] => in_version(group, version, rest),
            _ => Self::Unknown,
        }
    }
}

/// What a path with two slashes side by side, but at its end, leads to: to no resource below a group, and else nowhere.
///
/// Source: go-restful v3.12 `curly.go`; kubernetes v1.34 `apiserver/pkg/server/handler.go`.
fn doubled(path: &str) -> Option<Route> {
    if path.starts_with("//") {
        return Some(Route::Unknown);
    }
    let (before, _) = path.trim_end_matches('/').split_once("//")?;
    let words: Vec<&str> = before.split('/').skip(1).collect();
    Some(match words.as_slice() {
        ["api", ..] => {
            let words = path.trim_matches('/').split('/').skip(1);
            Route::Resource(doubled_target("", &words.collect::<Vec<_>>()))
        }
        ["apis", group, ..] => {
            let words = path.trim_matches('/').split('/').skip(2);
            Route::Resource(doubled_target(group, &words.collect::<Vec<_>>()))
        }
        _ => Route::Unknown,
    })
}

/// What `words` name below a group, of which some are empty.
fn doubled_target(group: &str, words: &[&str]) -> Target {
    let (watch, behind) = match words.get(1..).unwrap_or_default() {
        ["watch", rest @ ..] if rest.first() == Some(&"namespaces") => (true, rest),
        rest => (false, rest),
    };
    let has_no_namespace = match behind {
        ["namespaces", "", rest @ ..] => !rest.is_empty() && !rest.contains(&""),
        _ => false,
    };
    let (namespace, rest) = match behind {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
        rest => ("", rest),
    };
    let word = |index: usize| rest.get(index).copied().unwrap_or_default().to_owned();
    Target {
        group: group.to_owned(),
        version: words.first().copied().unwrap_or_default().to_owned(),
        namespace: namespace.to_owned(),
        resource: word(0),
        name: word(1),
        subresource: word(2),
        watch,
        is_doubled: true,
        has_no_namespace,
    }
}

fn in_version(group: &str, version: &str, rest: &[&str]) -> Route {
    let (watch, rest) = match rest {
        ["watch", rest @ ..] if !rest.is_empty() => (true, rest),
        _ => (false, rest),
    };
    let target = |namespace: &str, resource: &str, name: &str, subresource: String| {
        Route::Resource(Target {
            group: group.to_owned(),
            version: version.to_owned(),
            namespace: namespace.to_owned(),
            resource: resource.to_owned(),
            name: name.to_owned(),
            subresource,
            watch,
            is_doubled: false,
            has_no_namespace: false,
        })
    };
    match rest {
        ["watch" | "proxy"] => Route::Prefix,
        [] => Route::Resources {
            group: group.to_owned(),
            version: version.to_owned(),
        },
        ["namespaces", name, sub @ ("status" | "finalize")] => {
            target("", "namespaces", name, (*sub).to_owned())
        }
        ["namespaces", namespace, resource] => target(namespace, resource, "", String::new()),
        ["namespaces", namespace, resource, name, sub @ ..] => {
            target(namespace, resource, name, sub.join("/"))
        }
        [resource] => target("", resource, "", String::new()),
        [resource, name, sub @ ..] => target("", resource, name, sub.join("/")),
    }
}

/// Decodes `%XX`; `None` if no two digits follow a `%`. Bytes that are no UTF-8 are replaced.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.as_bytes().split_at_checked(2)?;
        let digits = str::from_utf8(digits).ok()?;
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        decoded.push(is_hex.then(|| u8::from_str_radix(digits, 16).ok())??);
        decoded.extend_from_slice(rest);
    }
    Some(repaired(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("a+b", Some("a+b"))]
    #[case::escaped("%61%2F%c3%A4x", Some("a/äx"))]
    #[case::no_utf_8("a%ff%e2%82", Some("a\u{fffd}\u{fffd}\u{fffd}"))]
    #[case::no_digits("a%zz", None)]
    #[case::a_sign("%+1", None)]
    #[case::one_digit("a%2", None)]
    #[case::no_digit("%", None)]
    #[case::a_letter_of_two_bytes("%aä", None)]
    fn escapes_are_decoded(#[case] text: &str, #[case] decoded: Option<&str>) {
        assert_eq!(percent_decoded(text).as_deref(), decoded);
    }

    #[rstest]
    #[case::broken("/api/%zz", Route::Broken)]
    #[case::slashes("//version", Route::Unknown)]
    #[case::slashes_below_a_version("/apis/apps/v1//x", Route::Resource(Target { group: "apps".to_owned(), version: "v1".to_owned(), name: "x".to_owned(), is_doubled: true, ..Target::default() }))]
    #[case::a_name_after_two_slashes("/apis/a.b/v1/namespaces/n/xs//x", Route::Resource(Target { group: "a.b".to_owned(), version: "v1".to_owned(), namespace: "n".to_owned(), resource: "xs".to_owned(), subresource: "x".to_owned(), is_doubled: true, ..Target::default() }))]
    #[case::no_namespace("/api/v1/watch/namespaces//pods", Route::Resource(Target { version: "v1".to_owned(), resource: "pods".to_owned(), watch: true, is_doubled: true, has_no_namespace: true, ..Target::default() }))]
    #[case::two_slashes_more("/api/v1/namespaces//pods//x", Route::Resource(Target { version: "v1".to_owned(), resource: "pods".to_owned(), subresource: "x".to_owned(), is_doubled: true, ..Target::default() }))]
    #[case::figures("/metrics/slis", Route::Indicators)]
    #[case::no_figures("/metrics/", Route::Unknown)]
    #[case::a_page("/index.html", Route::Root)]
    #[case::health("/healthz/", Route::Unknown)]
    #[case::a_slash("/api%2Fv1", Route::Resources { group: String::new(), version: "v1".to_owned() })]
    fn a_path_is_decoded_before_it_is_split(#[case] path: &str, #[case] route: Route) {
        assert_eq!(Route::parse(path), route);
    }
}
