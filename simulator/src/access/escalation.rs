//! What a role grants that somebody does not hold, who therefore must not grant it.
//!
//! Source: kubernetes v1.34 `pkg/registry/rbac/validation/rule.go` and `policy_compact.go`; component-helpers v0.34.3,
//! auth/rbac/validation/policy_comparator.go.

use std::collections::{BTreeMap, BTreeSet};

use super::rule::{ALL, Rule, covers_path};
use super::{Policy, User};
use crate::json::{Value, json};

/// The smallest part of a rule: one verb for one thing.
#[derive(Clone, Debug)]
struct Piece<'a> {
    thing: Thing<'a>,
    verb: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing<'a> {
    Resource {
        group: &'a str,
        resource: &'a str,
        /// `None` for all.
        name: Option<&'a str>,
    },
    Path(&'a str),
}

/// Rules that allow everything.
#[must_use]
pub fn everything() -> [Value; 2] {
    [
        json!({"verbs": [ALL], "apiGroups": [ALL], "resources": [ALL]}),
        json!({"verbs": [ALL], "nonResourceURLs": [ALL]}),
    ]
}

impl Policy<'_> {
    /// Why `user` must not grant `rules` in a namespace, which is empty for the whole cluster; `None` if nothing in them is
    /// new to the user.
    #[must_use]
    pub fn escalation<'r>(
        self,
        user: &User,
        namespace: &str,
        rules: impl IntoIterator<Item = &'r Value>,
    ) -> Option<String> {
        let (held, unread) = self.rules(user, namespace);
        let pieces = rules.into_iter().flat_map(|rule| pieces(Rule(rule)));
        let missing: Vec<Piece> = pieces
            .filter(|piece| !held.iter().any(|rule| piece.is_covered(Rule(rule))))
            .collect();
        if missing.is_empty() {
            return None;
        }
        let missing = Vec::from_iter(shown(missing)).join("\n");
        let mut why = format!(
            "user {:?} (groups={}) is attempting to grant RBAC permissions not currently held:\n{missing}",
            user.name,
            quoted(user.groups.iter().map(String::as_str)),
        );
        if !unread.is_empty() {
            let unread = match unread.as_slice() {
                [why] => why.clone(),
                all => format!("[{}]", all.join(", ")),
            };
            why += &format!("; resolution errors: [{unread}]");
        }
        Some(why)
    }
}

fn pieces(rule: Rule) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let names: Vec<_> = match rule.texts("resourceNames").next() {
        None => vec![None],
        Some(_) => rule.texts("resourceNames").map(Some).collect(),
    };
    for group in rule.texts("apiGroups") {
        for resource in rule.texts("resources") {
            for verb in rule.texts("verbs") {
                pieces.extend(names.iter().map(|name| Piece {
                    thing: Thing::Resource {
                        group,
                        resource,
                        name: *name,
                    },
                    verb,
                }));
            }
        }
    }
    for path in rule.texts("nonResourceURLs") {
        let thing = Thing::Path(path);
        pieces.extend(rule.texts("verbs").map(|verb| Piece { thing, verb }));
    }
    pieces
}

impl Piece<'_> {
    fn is_covered(&self, rule: Rule) -> bool {
        if !rule.names("verbs", self.verb) {
            return false;
        }
        match self.thing {
            Thing::Path(path) => rule
                .texts("nonResourceURLs")
                .any(|url| url == path || url.ends_with(ALL) && covers_path(url, path)),
            Thing::Resource {
                group,
                resource,
                name,
            } => {
                let of_any = resource
                    .split_once('/')
                    .map(|(_, subresource)| format!("*/{subresource}"));
                let mut resources = rule.texts("resources");
                rule.names("apiGroups", group)
                    && resources.any(|known| {
                        known == ALL || known == resource || Some(known) == of_any.as_deref()
                    })
                    && match name {
                        Some(name) => rule.covers_name(name),
                        None => rule.texts("resourceNames").next().is_none(),
                    }
            }
        }
    }
}

/// The pieces as Go prints rules, with the verbs for one resource together.
fn shown(missing: Vec<Piece>) -> BTreeSet<String> {
    let mut verbs = BTreeMap::<Thing, Vec<&str>>::new();
    let mut texts = BTreeSet::new();
    for piece in missing {
        match piece.thing {
            Thing::Path(path) => {
                let (path, verb) = (quoted([path]), quoted([piece.verb]));
                texts.insert(format!("{{NonResourceURLs:{path}, Verbs:{verb}}}"));
            }
            thing @ Thing::Resource { .. } => verbs.entry(thing).or_default().push(piece.verb),
        }
    }
    texts.extend(
        verbs
            .into_iter()
            .map(|(thing, verbs)| resource_text(thing, verbs)),
    );
    texts
}

fn resource_text(thing: Thing, verbs: Vec<&str>) -> String {
    let Thing::Resource {
        group,
        resource,
        name,
    } = thing
    else {
        return String::new();
    };
    let names = name.map_or(String::new(), |name| {
        format!(", ResourceNames:{}", quoted([name]))
    });
    format!(
        "{{APIGroups:{}, Resources:{}{names}, Verbs:{}}}",
        quoted([group]),
        quoted([resource]),
        quoted(verbs),
    )
}

/// Texts as Go prints a list of them.
fn quoted<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let texts = texts.into_iter().map(|text| format!("{text:?}"));
    format!("[{}]", texts.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn rule(groups: &[&str], resources: &[&str], names: &[&str], verbs: &[&str]) -> Value {
        json!({"apiGroups": groups, "resources": resources, "resourceNames": names, "verbs": verbs})
    }

    fn missing(held: &[Value], wanted: &Value) -> Vec<String> {
        let missing = pieces(Rule(wanted)).into_iter();
        let is_held = |piece: &Piece| held.iter().any(|held| piece.is_covered(Rule(held)));
        let missing = missing.filter(|piece| !is_held(piece));
        shown(missing.collect()).into_iter().collect()
    }

    #[rstest]
    #[case::nothing_held(&[], rule(&[""], &["pods", "secrets"], &[], &["get", "list"]), &[
        r#"{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}"#,
        r#"{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}"#,
    ])]
    #[case::in_two_rules(&[rule(&[""], &["pods"], &[], &["get"]), rule(&["*"], &["pods"], &[], &["list"])], rule(&[""], &["pods"], &[], &["get", "list"]), &[])]
    #[case::by_name(&[rule(&[""], &["pods"], &["a"], &["get"])], rule(&[""], &["pods"], &["a", "b"], &["get"]), &[
        r#"{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}"#,
    ])]
    #[case::all_names_are_more_than_one(&[rule(&[""], &["pods"], &["a"], &["get"])], rule(&[""], &["pods"], &[], &["get"]), &[
        r#"{APIGroups:[""], Resources:["pods"], Verbs:["get"]}"#,
    ])]
    #[case::a_subresource_of_all(&[rule(&["a"], &["*/status"], &[], &["*"])], rule(&["a"], &["xs/status"], &[], &["get"]), &[])]
    #[case::everything(&everything(), rule(&["*"], &["*"], &[], &["*"]), &[])]
    #[case::paths(&[json!({"nonResourceURLs": ["/a/*"], "verbs": ["get"]})], json!({"nonResourceURLs": ["/a/b", "/c"], "verbs": ["get"]}), &[
        r#"{NonResourceURLs:["/c"], Verbs:["get"]}"#,
    ])]
    fn what_is_not_held_is_told(
        #[case] held: &[Value],
        #[case] wanted: Value,
        #[case] expected: &[&str],
    ) {
        assert_eq!(missing(held, &wanted), expected);
    }
}
