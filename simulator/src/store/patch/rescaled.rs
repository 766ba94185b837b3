//! Who owns the wish for replicas after a write to the `scale` of an object.
//!
//! The entries of the object become entries of its `scale` and back, with all that gets lost on the way: an `Update` gives up
//! the field to an entry without a time, even if nothing changed, and where nobody owns it nobody comes to.
//!
//! Source: apimachinery v0.34 `pkg/util/managedfields/scalehandler.go`.

use super::fields::FieldSet;
use super::managed::{
    Entry, Operation, Writer, managed_fields, put_entries, take_managed_fields, take_stored,
};
use crate::json::{Value, json};

/// How many replicas are wanted.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Wish {
    /// Before the write.
    pub(in crate::store) before: i64,
    /// After it; zero is left out of a `scale`, so that nobody owns it.
    pub(in crate::store) after: i64,
}

/// Records in `after` who owns the field at `path`, such as `.spec.replicas`, now that `writer` wrote a wish by anything but
/// an apply.
pub(in crate::store) fn track_scale(
    before: &Value,
    after: &mut Value,
    writer: &Writer,
    (path, wish): (&str, Wish),
) {
    let field = field_at(path);
    let entries = entries_of(before);
    let mut owners: Vec<Entry> = entries
        .iter()
        .filter(|entry| owns(entry, &field))
        .map(|entry| Entry {
            time: None,
            fields: field.clone(),
            ..entry.clone()
        })
        .collect();
    if wish.before != wish.after && !owners.is_empty() {
        owners.clear();
        if wish.after != 0 {
            owners.push(Entry::of(writer, Operation::Update, None, field.clone()));
        }
    }
    carry_back(after, entries, (owners, &field));
}

/// The same for an apply to `scale`, which is as it made it.
pub(in crate::store) fn track_applied_scale(
    before: &Value,
    after: &mut Value,
    scale: &Value,
    (path, api_version): (&str, &str),
) {
    let field = field_at(path);
    let of_scale = field_at(".spec.replicas");
    let owners = entries_of(scale).into_iter();
    let owners = owners.filter(|entry| owns(entry, &of_scale));
    let owners = owners.map(|entry| Entry {
        time: None,
        api_version: api_version.to_owned(),
        fields: field.clone(),
        ..entry
    });
    carry_back(after, entries_of(before), (owners.collect(), &field));
}

/// Writes the entries of an object with those of its `scale`. Only an `Apply` is told to be the same in both.
fn carry_back(
    object: &mut Value,
    mut entries: Vec<Entry>,
    (mut owners, field): (Vec<Entry>, &FieldSet),
) {
    for entry in &mut entries {
        let applied = owners
            .iter()
            .position(|owner| owner.operation == Operation::Apply && owner.same_as(entry));
        match applied {
            Some(index) => drop(owners.remove(index)),
            None => entry.fields.subtract(field),
        }
    }
    entries.retain(|entry| !entry.fields.is_empty());
    entries.extend(owners);
    take_managed_fields(object);
    put_entries(object, entries);
}

fn entries_of(object: &Value) -> Vec<Entry> {
    let stored = managed_fields(object).cloned();
    stored.map(take_stored).unwrap_or_default()
}

fn owns(entry: &Entry, field: &FieldSet) -> bool {
    let mut rest = entry.fields.clone();
    rest.subtract(field);
    rest != entry.fields
}

fn field_at(path: &str) -> FieldSet {
    let steps = path.rsplit('.').filter(|step| !step.is_empty());
    let fields = steps.fold(json!({}), |below, step| {
        Value::from_iter([(format!("f:{step}"), below)])
    });
    FieldSet::from_stored(fields)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;

    use super::*;

    fn entry(manager: &str, operation: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1", "time": "2030-01-01T00:00:00Z",
            "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    fn summary(object: &Value) -> Vec<String> {
        // Each for itself: of two for the same writes both are told.
        let entries = managed_fields(object).and_then(Value::as_array).into_iter();
        let entries = entries
            .flatten()
            .flat_map(|entry| take_stored(json!([entry.clone()])));
        let line = |entry: Entry| {
            let time = if entry.time.is_some() { "then" } else { "-" };
            let fields = entry.fields.into_value();
            format!("{} {} {time} {fields}", entry.manager, entry.subresource)
        };
        entries.map(line).collect()
    }

    /// Seen on kube-apiserver v1.34.3.
    #[rstest]
    #[case::nothing_changes("Update", &[("m", 1)], &[r#"m  - {"f:spec":{"f:replicas":{}}}"#, r#"m  then {"f:spec":{"f:paused":{}}}"#])]
    #[case::then_what_is_twice_is_lost("Update", &[("m", 1), ("n", 1)], &[r#"m  then {"f:spec":{"f:paused":{}}}"#])]
    #[case::then_nobody_comes_to_own("Update", &[("m", 1), ("n", 1), ("n", 3)], &[r#"m  then {"f:spec":{"f:paused":{}}}"#])]
    #[case::a_change("Update", &[("n", 3)], &[r#"n scale - {"f:spec":{"f:replicas":{}}}"#, r#"m  then {"f:spec":{"f:paused":{}}}"#])]
    #[case::zero("Update", &[("n", 0)], &[r#"m  then {"f:spec":{"f:paused":{}}}"#])]
    #[case::who_applied_keeps_it("Apply", &[("n", 1)], &[r#"m  then {"f:spec":{"f:paused":{},"f:replicas":{}}}"#])]
    fn the_wish_has_owners(
        #[case] operation: &str,
        #[case] writes: &[(&str, i64)],
        #[case] expected: &[&str],
    ) {
        let fields = json!({"f:spec": {"f:paused": {}, "f:replicas": {}}});
        let mut object = json!({"metadata": {"managedFields": [entry("m", operation, fields)]}});
        let mut replicas = 1;
        for (manager, wanted) in writes {
            let writer = Writer {
                manager,
                api_version: "apps/v1",
                subresource: "scale",
                now: Timestamp::UNIX_EPOCH,
            };
            let before = object.clone();
            let wish = Wish {
                before: replicas,
                after: *wanted,
            };
            track_scale(&before, &mut object, &writer, (".spec.replicas", wish));
            replicas = *wanted;
        }
        assert_eq!(summary(&object), expected);
    }
}
