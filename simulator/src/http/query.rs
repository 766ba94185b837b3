//! The parameters of a URL as options of a request.
//!
//! Source: `spec/kube-api.md` §1.10, §1.11, §1.14, §1.15.

use std::collections::BTreeMap;

use super::route::percent_decoded;

/// The parameters of a URL; of a repeated one the first counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads what follows the `?`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut parameters = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters
                .entry(decoded(key))
                .or_insert_with(|| decoded(value));
        }
        Self(parameters)
    }

    /// The value of a parameter, empty if absent.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// The value of a parameter that is present and not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0
            .get(key)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// The value of a parameter that is present, be it empty.
    pub(crate) fn given(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// These parameters, for the one object of this name.
    pub(crate) fn named(&self, name: &str) -> Self {
        let mut parameters = self.0.clone();
        let fields = parameters.entry("fieldSelector".to_owned()).or_default();
        let comma = if fields.is_empty() { "" } else { "," };
        fields.push_str(&format!("{comma}metadata.name={name}"));
        Self(parameters)
    }

    /// Whether a flag is set; `0` and `false` are not.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.0
            .get(key)
            .is_some_and(|value| !matches!(value.as_str(), "0" | "false"))
    }
}

fn decoded(text: &str) -> String {
    percent_decoded(&text.replace('+', " "))
}
