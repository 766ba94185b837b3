//! Reading the parts of a spec, and saying what is wrong with one of them.

use std::ops::RangeInclusive;

use crate::json::{Map, Value};
use crate::store::naming::subdomain_faults;
use crate::store::schema::cause::{invalid, required};
use crate::store::status::Cause;

const PATH: &str = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";

/// The elements of a list; none if there is no list.
pub(in crate::store) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The lists of containers of a spec, in the order in which they are visited.
///
/// Source: kubernetes v1.34 `pkg/api/pod/util.go`, `VisitContainers`.
pub(in crate::store) const CONTAINERS: [&str; 3] =
    ["initContainers", "containers", "ephemeralContainers"];

/// Every container of a spec, which lies at `path`, with where it lies.
pub(super) fn containers<'s>(
    path: &str,
    spec: &'s Value,
) -> impl Iterator<Item = (String, &'s Value)> {
    CONTAINERS.iter().flat_map(move |list| {
        let list_path = format!("{path}.{list}");
        let all = items(&spec[*list]).enumerate();
        all.map(move |(index, container)| (format!("{list_path}[{index}]"), container))
    })
}

/// The text of a field; empty if there is none.
pub(in crate::store) fn text<'v>(part: &'v Value, field: &str) -> &'v str {
    part[field].as_str().unwrap_or_default()
}

/// Whether a field is given.
pub(in crate::store) fn has(part: &Value, field: &str) -> bool {
    !part[field].is_null()
}

/// Whether a list has no elements, or is none.
pub(super) fn is_empty(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}

/// Names those of `fields` whose text is empty.
pub(super) fn require(path: &str, part: &Value, fields: &[&str], causes: &mut Vec<Cause>) {
    let empty = fields.iter().filter(|field| text(part, field).is_empty());
    causes.extend(empty.map(|field| required(format!("{path}.{field}"), "")));
}

/// Refuses a text for each of `reasons`.
pub(super) fn refuse(
    field: &str,
    text: &str,
    reasons: impl IntoIterator<Item = String>,
    causes: &mut Vec<Cause>,
) {
    let reasons = reasons.into_iter();
    causes.extend(reasons.map(|why| invalid(field, &text.into(), &why)));
}

/// Refuses a number outside of `range`.
pub(super) fn range_fault(
    field: &str,
    number: &Value,
    range: RangeInclusive<i64>,
    causes: &mut Vec<Cause>,
) {
    if number
        .as_i64()
        .is_some_and(|number| !range.contains(&number))
    {
        let (least, most) = (range.start(), range.end());
        let why = format!("must be between {least} and {most}, inclusive");
        causes.push(invalid(field, number, &why));
    }
}

/// Refuses what is not a path behind a domain, such as `acme.io/foo`.
///
/// Source: apimachinery v0.34.3 `pkg/util/validation/validation.go`, `IsDomainPrefixedPath`.
pub(super) fn domain_path_faults(field: &str, name: &str, causes: &mut Vec<Cause>) {
    match name.split_once('/') {
        _ if name.is_empty() => causes.push(required(field, "")),
        Some((domain, path)) if !domain.is_empty() && !path.is_empty() => {
            let found = subdomain_faults(domain);
            let domain = domain.into();
            causes.extend(found.iter().map(|why| invalid(field, &domain, why)));
            let is_inner = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b);
            if !path.bytes().all(is_inner) {
                causes.push(invalid(field, &path.into(), PATH));
            }
        }
        _ => {
            let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            causes.push(invalid(field, &name.into(), why));
        }
    }
}

/// Refuses a path that climbs to a parent.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validatePathNoBacksteps`.
pub(super) fn climb_fault(field: &str, path: &str, causes: &mut Vec<Cause>) {
    if climbs(path) {
        causes.push(invalid(field, &path.into(), "must not contain '..'"));
    }
}

/// Whether a path has a step to a parent.
pub(super) fn climbs(path: &str) -> bool {
    path.split('/').any(|step| step == "..")
}

/// Refuses a path that leaves the place where it begins.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateLocalDescendingPath`.
pub(super) fn descent_faults(field: &str, path: &str, causes: &mut Vec<Cause>) {
    if path.starts_with('/') {
        causes.push(invalid(field, &path.into(), "must be a relative path"));
    }
    climb_fault(field, path, causes);
}

/// Gives a field the value that it has in `old`, where it may be missing.
pub(super) fn take_back(new: &mut Value, old: &Value, field: &str) {
    if new.is_null() && has(old, field) {
        *new = Value::Object(Map::new());
    }
    let Some(fields) = new.as_object_mut() else {
        return;
    };
    match old.get(field) {
        Some(value) => drop(fields.insert(field.to_owned(), value.clone())),
        None => drop(fields.remove(field)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a/b", &[])]
    #[case("/a", &["must be a relative path"])]
    #[case("a/../b", &["must not contain '..'"])]
    #[case("/..", &["must be a relative path", "must not contain '..'"])]
    #[case("..a", &[])]
    fn a_path_stays_below_its_start(#[case] path: &str, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        descent_faults("f", path, &mut causes);
        let whys = causes.iter().map(|cause| cause.message.rsplit(": ").next());
        assert!(whys.eq(expected.iter().copied().map(Some)));
    }
}
