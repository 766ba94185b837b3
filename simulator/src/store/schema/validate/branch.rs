//! `allOf`, `anyOf`, `oneOf` and `not`.
//!
//! Source: kube-openapi pkg/validation/validate/schema_props.go.

use std::sync::Arc;

use super::{Checks, Failure, Matches, Node, Old, Path, Walk};
use crate::json::Value;

/// What an alternative made of a value.
struct Attempt {
    failures: Vec<Failure>,
    matches: Matches,
}

impl Walk {
    pub(super) fn branches(
        &mut self,
        checks: &Checks,
        value: &Value,
        old: Option<Old>,
        path: &Path,
    ) -> Matches {
        let mut matches = 0;
        if !checks.any_of.is_empty() {
            matches += self.any_of(&checks.any_of, value, old, path);
        }
        if !checks.one_of.is_empty() {
            matches += self.one_of(&checks.one_of, value, old, path);
        }
        if !checks.all_of.is_empty() {
            matches += self.all_of(&checks.all_of, value, old, path);
        }
        if let Some(not) = &checks.not
            && self.attempt(not, value, old, path).failures.is_empty()
        {
            self.failures.push(Failure::combination(
                path,
                "must not validate the schema (not)",
            ));
        }
        matches
    }

    fn attempt(&mut self, node: &Node, value: &Value, old: Option<Old>, path: &Path) -> Attempt {
        let before = std::mem::take(&mut self.failures);
        let skips_shared = std::mem::take(&mut self.skips_shared);
        let matches = self.walk(node, value, old, path);
        self.skips_shared = skips_shared;
        let failures = std::mem::replace(&mut self.failures, before);
        Attempt { failures, matches }
    }

    fn any_of(
        &mut self,
        nodes: &[Arc<Node>],
        value: &Value,
        old: Option<Old>,
        path: &Path,
    ) -> Matches {
        let mut closest: Option<Attempt> = None;
        for node in nodes {
            let attempt = self.attempt(node, value, old, path);
            if attempt.failures.is_empty() {
                return attempt.matches;
            }
            if closest
                .as_ref()
                .is_none_or(|best| attempt.matches > best.matches)
            {
                closest = Some(attempt);
            }
        }
        self.failures.push(Failure::combination(
            path,
            "must validate at least one schema (anyOf)",
        ));
        self.merge(closest)
    }

    fn one_of(
        &mut self,
        nodes: &[Arc<Node>],
        value: &Value,
        old: Option<Old>,
        path: &Path,
    ) -> Matches {
        let mut closest: Option<Attempt> = None;
        let mut first_valid: Option<Attempt> = None;
        let mut n_valid = 0;
        for node in nodes {
            let attempt = self.attempt(node, value, old, path);
            if attempt.failures.is_empty() {
                n_valid += 1;
                closest = None;
                first_valid.get_or_insert(attempt);
            } else if n_valid == 0
                && closest
                    .as_ref()
                    .is_none_or(|best| attempt.matches > best.matches)
            {
                closest = Some(attempt);
            }
        }
        if n_valid == 1 {
            return self.merge(first_valid);
        }
        let found = if n_valid == 0 {
            "Found none valid".to_owned()
        } else {
            format!("Found {n_valid} valid alternatives")
        };
        let text = format!("must validate one and only one schema (oneOf). {found}");
        self.failures.push(Failure::combination(path, &text));
        self.merge(closest)
    }

    fn all_of(
        &mut self,
        nodes: &[Arc<Node>],
        value: &Value,
        old: Option<Old>,
        path: &Path,
    ) -> Matches {
        let mut matches = 0;
        let mut n_valid = 0;
        for node in nodes {
            let attempt = self.attempt(node, value, old, path);
            n_valid += usize::from(attempt.failures.is_empty());
            matches += self.merge(Some(attempt));
        }
        if n_valid != nodes.len() {
            let none = if n_valid == 0 { ". None validated" } else { "" };
            let text = format!("must validate all the schemas (allOf){none}");
            self.failures.push(Failure::combination(path, &text));
        }
        matches
    }

    fn merge(&mut self, attempt: Option<Attempt>) -> Matches {
        let Some(mut attempt) = attempt else {
            return 0;
        };
        self.failures.append(&mut attempt.failures);
        attempt.matches
    }
}
