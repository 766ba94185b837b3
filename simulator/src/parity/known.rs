//! Differences that are known, each with its reason.

use std::path::Path;

use serde::Deserialize;

use super::parse::Error;
use crate::input_error::InputError;

/// What `known.yaml` holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known(Vec<Explained>);

/// A case that differs, and why that is right or bearable.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Explained {
    /// `area/name` of the case.
    pub case: String,
    /// Why it differs.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    known: Vec<Explained>,
}

impl Known {
    /// Reads `known.yaml` in `folder`; nothing is known without it.
    ///
    /// # Errors
    /// It cannot be read, or is wrong.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("known.yaml");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&path.display().to_string(), &text)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(Error::Read { path, source }),
        }
    }

    fn parse(file: &str, text: &str) -> Result<Self, InputError> {
        let written: Written =
            serde_saphyr::from_str(text).map_err(|error| InputError::of_yaml(file, &error))?;
        Ok(Self(written.known))
    }

    /// Why the case `title`, which is `area/name`, differs.
    #[must_use]
    pub fn reason(&self, title: &str) -> Option<&str> {
        let found = self.0.iter().find(|explained| explained.case == title);
        found.map(|explained| explained.reason.as_str())
    }

    /// Everything that is known.
    pub fn iter(&self) -> impl Iterator<Item = &Explained> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_found_by_the_title_of_its_case() {
        let text = "known:\n- {case: list/a page, reason: no etcd}\n";
        let known = Known::parse("known.yaml", text).unwrap();
        assert_eq!(known.reason("list/a page"), Some("no etcd"));
        assert_eq!(known.reason("list/b"), None);
    }
}
