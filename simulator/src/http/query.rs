//! The parameters of a URL as options of a request.
//!
//! Source: `spec/kube-api.md` §1.10, §1.11, §1.14, §1.15.

use std::collections::BTreeMap;

use super::route::percent_decoded;

/// The parameters of a URL; of a repeated one the first counts, a broken one does not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(BTreeMap<String, Vec<String>>);

impl Query {
    /// Reads what follows the `?`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if let (Some(key), Some(value)) = (decoded(key), decoded(value)) {
                parameters.entry(key).or_default().push(value);
            }
        }
        Self(parameters)
    }

    /// The value of a parameter, empty if absent.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.given(key).unwrap_or_default()
    }

    /// The value of a parameter that is present and not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.given(key).filter(|v| !v.is_empty())
    }

    /// The value of a parameter that is present, be it empty.
    pub(crate) fn given(&self, key: &str) -> Option<&str> {
        self.all(key).first().map(String::as_str)
    }

    /// Every value of a parameter, as often as it is there.
    pub(crate) fn all(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether a flag is set; `0` and `false` are not.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.given(key)
            .is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }
}

/// Source: Go 1.24 `net/url`, `parseQuery`, whose errors nobody looks at.
fn decoded(text: &str) -> Option<String> {
    percent_decoded(&text.replace('+', " ")).filter(|_| !text.contains(';'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::first_counts("a=1&a=2", "1")]
    #[case::escaped("a=%31+%3b", "1 ;")]
    #[case::broken("a=%zz", "")]
    #[case::broken_then_whole("a=%&a=2", "2")]
    #[case::a_semicolon("a=1;b=2", "")]
    #[case::no_value("a&&", "")]
    fn a_query_has_parameters(#[case] query: &str, #[case] value: &str) {
        assert_eq!(Query::parse(query).text("a"), value);
    }
}
