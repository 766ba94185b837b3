//! What a URL names.
//!
//! Source: `spec/kube-api.md` §1.2.

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/version`.
    Version,
    /// `/healthz`, `/livez`, `/readyz`, and a check below them.
    Health(String),
    /// `/`.
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
}

impl Route {
    /// Reads a path, which starts with a slash.
    pub(crate) fn parse(path: &str) -> Self {
        let segments: Vec<String> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(percent_decoded)
            .collect();
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] => Self::Root,
            ["version"] => Self::Version,
            ["healthz" | "livez" | "readyz", rest @ ..] => Self::Health(rest.join("/")),
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
        })
    };
    match rest {
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

/// Decodes `%XX`; a broken escape stays as it is.
pub(crate) fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escape {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
