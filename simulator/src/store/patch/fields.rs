//! Sets of field paths, in the very form in which an object stores them.

use std::cmp::Ordering;

use crate::json::{Map, Text, Value, html_escaped};

/// The key that says of a branch with branches below it that it is in the set itself.
const SELF: &str = ".";

/// A set of field paths: the tree that `fieldsV1` holds, with keys such as `f:spec`, `k:{"name":"c"}`, `v:"x"`, `i:0`.
///
/// A branch is `{}` if it alone is in the set, `{".": {}, …}` if it is and so is something below it, and
/// `{…}` if only something below it is. Keeping the stored form lets an entry be changed where it stands,
/// at the cost of the change and not of the entry.
///
/// Source: `spec/kube-api.md` §1.13; structured-merge-diff v6 `fieldpath/serialize.go`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSet(Map);

/// What stands at one place of a set: the place itself, and what is below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branch {
    /// Whether the place itself is in the set.
    pub member: bool,
    /// The paths below it.
    pub below: FieldSet,
}

/// A `fieldsV1` that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parse fieldsV1: bad path element {element:?}")]
pub struct Malformed {
    /// The key at fault.
    pub element: String,
}

impl FieldSet {
    /// Reads a `fieldsV1` of any origin and brings its keys into their one canonical form.
    ///
    /// # Errors
    /// If a key is no path element, or something other than an object stands below one.
    pub fn parse(fields: Value) -> Result<Self, Malformed> {
        match fields {
            Value::Object(fields) if !fields.contains_key(SELF) && is_canonical(&fields) => {
                Ok(Self(fields))
            }
            Value::Object(fields) => parse_branches(&fields).map(Self),
            Value::Null => Ok(Self::default()),
            other => Err(Malformed {
                element: other.to_string(),
            }),
        }
    }

    /// Takes a `fieldsV1` that a `FieldSet` wrote.
    pub(super) fn from_stored(fields: Value) -> Self {
        match fields {
            Value::Object(fields) => Self(fields),
            _ => Self::default(),
        }
    }

    /// The set as `fieldsV1`.
    #[must_use]
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// Whether no path is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts `branch` at `element`, where nothing stands yet; `element` is made only if `branch` holds anything.
    pub(super) fn attach<E: Into<Text>>(&mut self, element: impl FnOnce() -> E, branch: Branch) {
        let Branch { member, below } = branch;
        let mut below = below.0;
        if seal(&mut below, member) {
            self.0.insert(element().into(), Value::Object(below));
        }
    }

    /// The whole set, to walk down.
    pub(super) fn root(&self) -> BranchRef<'_> {
        BranchRef(&self.0)
    }

    /// Adds all paths of `other`.
    pub fn union(&mut self, other: Self) {
        add(&mut self.0, other.0);
    }

    /// Removes the paths of `other`; what is below one of them stays.
    pub fn subtract(&mut self, other: &Self) {
        subtract(&mut self.0, &other.0);
    }

    /// The paths that are in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(common(&self.0, &other.0))
    }

    /// Every path as messages print it, such as `.spec.containers[name="c"].image`: first the short ones of a place, then the longer ones.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        collect_paths(&self.0, "", &mut paths);
        paths
    }
}

/// A branch of a set, borrowed.
#[derive(Clone, Copy)]
pub(super) struct BranchRef<'a>(&'a Map);

impl<'a> BranchRef<'a> {
    /// Whether the place itself is in the set.
    pub(super) fn is_member(self) -> bool {
        is_member(self.0)
    }

    /// What is below it.
    pub(super) fn branches(self) -> impl Iterator<Item = (&'a str, BranchRef<'a>)> {
        self.0.iter().filter_map(|(element, value)| match value {
            Value::Object(fields) if element != SELF => Some((element.as_str(), BranchRef(fields))),
            _ => None,
        })
    }

    /// What stands at `element` below it.
    pub(super) fn branch(self, element: &str) -> Option<BranchRef<'a>> {
        match self.0.get(element)? {
            Value::Object(fields) => Some(BranchRef(fields)),
            _ => None,
        }
    }

    /// Whether anything is below it.
    pub(super) fn has_branches(self) -> bool {
        self.branches().next().is_some()
    }
}

fn is_member(branch: &Map) -> bool {
    branch.is_empty() || branch.contains_key(SELF)
}

/// Gives `branch` its mark; `false` if it holds nothing any more.
fn seal(branch: &mut Map, member: bool) -> bool {
    branch.remove(SELF);
    if member && !branch.is_empty() {
        branch.insert(SELF.to_owned(), Value::Object(Map::new()));
    }
    member || !branch.is_empty()
}

fn add(set: &mut Map, other: Map) {
    for (element, theirs) in other {
        let Some(ours) = set.get_mut(&element) else {
            set.insert(element, theirs);
            continue;
        };
        if let (Value::Object(ours), Value::Object(theirs)) = (ours, theirs)
            && element != SELF
        {
            let member = is_member(ours) || is_member(&theirs);
            add(ours, theirs);
            seal(ours, member);
        }
    }
}

fn subtract(set: &mut Map, other: &Map) {
    for (element, theirs) in other {
        let (Some(Value::Object(ours)), Value::Object(theirs)) = (set.get_mut(element), theirs)
        else {
            continue;
        };
        if element == SELF {
            continue;
        }
        let member = is_member(ours) && !is_member(theirs);
        subtract(ours, theirs);
        if !seal(ours, member) {
            set.remove(element);
        }
    }
}

fn common(set: &Map, other: &Map) -> Map {
    let mut both = FieldSet::default();
    for (element, theirs) in other {
        let (Some(Value::Object(ours)), Value::Object(theirs)) = (set.get(element), theirs) else {
            continue;
        };
        if element == SELF {
            continue;
        }
        let branch = Branch {
            member: is_member(ours) && is_member(theirs),
            below: FieldSet(common(ours, theirs)),
        };
        both.attach(|| element.clone(), branch);
    }
    both.0
}

/// Whether a set is as this module writes it, which nearly all are that clients send back.
fn is_canonical(fields: &Map) -> bool {
    fields.iter().all(|(element, below)| {
        let Value::Object(below) = below else {
            return false;
        };
        if element == SELF {
            return below.is_empty() && fields.len() > 1;
        }
        let canonical = element.starts_with("f:")
            || canonical_element(element).flatten().as_deref() == Some(element);
        canonical && is_canonical(below)
    })
}

fn parse_branches(fields: &Map) -> Result<Map, Malformed> {
    let mut set = FieldSet::default();
    for (element, below) in fields.iter().filter(|(element, _)| *element != SELF) {
        let malformed = || Malformed {
            element: element.to_string(),
        };
        let Some(canonical) = canonical_element(element).ok_or_else(malformed)? else {
            continue;
        };
        let branch = match below {
            Value::Object(below) => {
                let mut below_set = parse_branches(below)?;
                let member = below_set.is_empty() || below.contains_key(SELF);
                seal(&mut below_set, member);
                below_set
            }
            Value::Null => Map::new(),
            _ => return Err(malformed()),
        };
        add(
            &mut set.0,
            Map::from_iter([(canonical, Value::Object(branch))]),
        );
    }
    Ok(set.0)
}

/// `None` if `element` is no path element, `Some(None)` if it is of a kind not known.
fn canonical_element(element: &str) -> Option<Option<String>> {
    let (kind, content) = element.split_at_checked(2)?;
    let canonical = match kind {
        "f:" => element.to_owned(),
        "i:" => format!("i:{}", content.parse::<i64>().ok()?),
        "v:" => value_element(&serde_json::from_str(content).ok()?),
        "k:" => key_element(serde_json::from_str(content).ok()?),
        _ => return kind.ends_with(':').then_some(None),
    };
    Some(Some(canonical))
}

/// The element of the field `name` of an object.
pub(super) fn field_element(name: &str) -> Text {
    // Most are short enough to need no room of their own.
    let mut element = Text::const_new("f:");
    element.push_str(name);
    element
}

/// The element of the member `value` of a set.
pub(super) fn value_element(value: &Value) -> String {
    html_escaped(format!("v:{value}"))
}

/// The element of the list item whose key fields are `keys`.
pub(super) fn key_element(keys: Map) -> String {
    html_escaped(format!("k:{}", Value::Object(keys)))
}

fn collect_paths(set: &Map, prefix: &str, paths: &mut Vec<String>) {
    let mut branches: Vec<(Element, BranchRef)> = BranchRef(set)
        .branches()
        .map(|(element, branch)| (Element::of(element), branch))
        .collect();
    branches.sort_by(|(a, _), (b, _)| a.order(b));
    for (element, branch) in &branches {
        if branch.is_member() {
            paths.push(format!("{prefix}{element}"));
        }
    }
    for (element, branch) in &branches {
        collect_paths(branch.0, &format!("{prefix}{element}"), paths);
    }
}

/// A path element taken apart, to be sorted and printed.
enum Element<'a> {
    Field(&'a str),
    Key(Map),
    Member(Value),
    Index(i64),
}

impl<'a> Element<'a> {
    /// `element` is canonical, so that every part of it can be read.
    fn of(element: &'a str) -> Self {
        let (kind, content) = element.split_at_checked(2).unwrap_or(("f:", ""));
        match kind {
            "k:" => Self::Key(serde_json::from_str(content).unwrap_or_default()),
            "v:" => Self::Member(serde_json::from_str(content).unwrap_or_default()),
            "i:" => Self::Index(content.parse().unwrap_or_default()),
            _ => Self::Field(content),
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a.cmp(b),
            (Self::Key(a), Self::Key(b)) => a
                .iter()
                .zip(b)
                .map(|((name, a), (other, b))| name.cmp(other).then_with(|| order_scalars(a, b)))
                .find(|order| order.is_ne())
                .unwrap_or_else(|| a.len().cmp(&b.len())),
            (Self::Member(a), Self::Member(b)) => order_scalars(a, b),
            (Self::Index(a), Self::Index(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Member(_) => 2,
            Self::Index(_) => 3,
        }
    }
}

fn order_scalars(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Null | Value::Array(_) | Value::Object(_) => 3,
    };
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => {
            let number = |value: &Value| value.as_f64().unwrap_or_default();
            number(a).total_cmp(&number(b))
        }
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    }
}

impl std::fmt::Display for Element<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(keys) => {
                let keys: Vec<String> = keys
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                write!(f, "[{}]", keys.join(","))
            }
            Self::Member(value) => write!(f, "[={value}]"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// `element`, a canonical one, as messages print it.
pub(super) fn printed(element: &str) -> String {
    Element::of(element).to_string()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    fn set(fields: &Value) -> FieldSet {
        FieldSet::parse(fields.clone()).unwrap()
    }

    #[rstest]
    #[case::keys_are_sorted(json!({"k:{\"b\": 1, \"a\":\"x\"}": {}}), json!({"k:{\"a\":\"x\",\"b\":1}": {}}))]
    #[case::html_is_escaped(json!({"v:\"<&>\"": {}}), json!({"v:\"\\u003c\\u0026\\u003e\"": {}}))]
    #[case::a_lone_mark_is_a_leaf(json!({"f:a": {".": {}}}), json!({"f:a": {}}))]
    #[case::a_mark_among_others_stays(json!({"f:a": {".": {}, "f:b": {}}}), json!({"f:a": {".": {}, "f:b": {}}}))]
    #[case::elements_of_a_future_version_are_dropped(json!({"f:a": {}, "z:b": {}}), json!({"f:a": {}}))]
    #[case::null_is_empty(json!(null), json!({}))]
    fn a_set_is_read_into_its_canonical_form(#[case] given: Value, #[case] expected: Value) {
        assert_eq!(set(&given).into_value(), expected);
    }

    #[rstest]
    #[case::too_short(json!({"f": {}}), "f")]
    #[case::no_kind(json!({"foo": {}}), "foo")]
    #[case::no_json(json!({"v:x": {}}), "v:x")]
    #[case::no_index(json!({"i:x": {}}), "i:x")]
    #[case::no_branch(json!({"f:a": {"f:b": 1}}), "f:b")]
    fn a_malformed_set_names_the_element(#[case] given: Value, #[case] element: &str) {
        let element = element.to_owned();
        assert_eq!(FieldSet::parse(given), Err(Malformed { element }));
    }

    #[rstest]
    #[case::side_by_side(json!({"f:a": {}}), json!({"f:b": {}}), json!({"f:a": {}, "f:b": {}}))]
    #[case::below_a_leaf(json!({"f:a": {}}), json!({"f:a": {"f:b": {}}}), json!({"f:a": {".": {}, "f:b": {}}}))]
    #[case::above_a_leaf(json!({"f:a": {"f:b": {}}}), json!({"f:a": {}}), json!({"f:a": {".": {}, "f:b": {}}}))]
    #[case::with_nothing(json!({"f:a": {}}), json!({}), json!({"f:a": {}}))]
    fn a_union_has_the_paths_of_both(#[case] a: Value, #[case] b: Value, #[case] expected: Value) {
        let mut union = set(&a);
        union.union(set(&b));
        assert_eq!(union.into_value(), expected);
    }

    #[rstest]
    #[case::a_leaf(json!({"f:a": {}, "f:b": {}}), json!({"f:b": {}}), json!({"f:a": {}}))]
    #[case::a_parent_stays_without_its_child(json!({"f:a": {".": {}, "f:b": {}}}), json!({"f:a": {"f:b": {}}}), json!({"f:a": {}}))]
    #[case::a_child_stays_without_its_parent(json!({"f:a": {".": {}, "f:b": {}}}), json!({"f:a": {}}), json!({"f:a": {"f:b": {}}}))]
    #[case::a_branch_that_is_no_member_goes_with_its_last_leaf(json!({"f:a": {"f:b": {"f:c": {}}}}), json!({"f:a": {"f:b": {"f:c": {}}}}), json!({}))]
    #[case::a_parent_is_not_its_child(json!({"f:a": {}}), json!({"f:a": {"f:b": {}}}), json!({"f:a": {}}))]
    fn a_difference_lacks_the_paths_of_the_other(
        #[case] a: Value,
        #[case] b: Value,
        #[case] expected: Value,
    ) {
        let mut difference = set(&a);
        difference.subtract(&set(&b));
        assert_eq!(difference.into_value(), expected);
    }

    #[rstest]
    #[case::a_leaf(json!({"f:a": {}, "f:b": {}}), json!({"f:b": {}, "f:c": {}}), json!({"f:b": {}}))]
    #[case::a_parent_is_not_its_child(json!({"f:a": {}}), json!({"f:a": {"f:b": {}}}), json!({}))]
    #[case::below_a_member(json!({"f:a": {".": {}, "f:b": {}}}), json!({"f:a": {"f:b": {}}}), json!({"f:a": {"f:b": {}}}))]
    fn an_intersection_has_what_both_have(
        #[case] a: Value,
        #[case] b: Value,
        #[case] expected: Value,
    ) {
        assert_eq!(set(&a).intersection(&set(&b)).into_value(), expected);
    }

    #[test]
    fn paths_print_in_the_order_of_the_real_server() {
        let fields = set(&json!({
            "f:spec": {
                "f:ports": {".": {}, "k:{\"port\":443,\"protocol\":\"TCP\"}": {".": {}, "f:name": {}}, "k:{\"port\":80,\"protocol\":\"TCP\"}": {}},
                "f:b": {}},
            "f:set": {"v:\"x\"": {}, "v:10": {}, "v:9": {}, "v:true": {}, "i:3": {}}}));
        assert_eq!(
            fields.paths(),
            [
                ".set[=9]",
                ".set[=10]",
                ".set[=\"x\"]",
                ".set[=true]",
                ".set[3]",
                ".spec.b",
                ".spec.ports",
                ".spec.ports[port=80,protocol=\"TCP\"]",
                ".spec.ports[port=443,protocol=\"TCP\"]",
                ".spec.ports[port=443,protocol=\"TCP\"].name",
            ]
        );
    }
}
