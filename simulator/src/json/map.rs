//! The fields of an object.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use super::{Text, Value};

/// The fields of an object in the order of their names; a copy shares them until one of the two is changed.
///
/// Most maps have none, and take no room for that.
#[derive(Clone, Default)]
pub struct Map(Option<Arc<Vec<(Text, Value)>>>);

impl Map {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Fields in any order; of those with one name the last counts.
    pub(super) fn of_fields(mut fields: Vec<(Text, Value)>) -> Self {
        if !fields.is_sorted_by(|(a, _), (b, _)| order(a, b).is_lt()) {
            fields.reverse();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            fields.dedup_by(|(a, _), (b, _)| a == b);
        }
        Self((!fields.is_empty()).then(|| Arc::new(fields)))
    }

    /// Whether both are the same in memory.
    #[must_use]
    pub(crate) fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(fields), Some(others)) => Arc::ptr_eq(fields, others),
            (fields, others) => fields.is_none() && others.is_none(),
        }
    }

    /// Whether another map shares the fields.
    pub(super) fn is_shared(&self) -> bool {
        let fields = self.0.as_ref();
        fields.is_some_and(|fields| Arc::strong_count(fields) > 1)
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields().is_empty()
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        let sought = head(name);
        self.fields().binary_search_by(|(known, _)| {
            head(known)
                .cmp(&sought)
                .then_with(|| known.as_str().cmp(name))
        })
    }

    /// Calls `visit` once for every field of either map, both being walked side by side.
    pub(crate) fn each_of<'a>(
        before: Option<&'a Self>,
        after: Option<&'a Self>,
        mut visit: impl FnMut(&'a str, Option<&'a Value>, Option<&'a Value>),
    ) {
        let mut old = before.into_iter().flatten().peekable();
        let mut new = after.into_iter().flatten().peekable();
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((old, _)), Some((new, _))) => order(old, new),
            };
            let gone = if order.is_le() { old.next() } else { None };
            let come = if order.is_ge() { new.next() } else { None };
            if let Some((name, _)) = gone.or(come) {
                visit(
                    name,
                    gone.map(|(_, value)| value),
                    come.map(|(_, value)| value),
                );
            }
        }
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        Some(&self.fields()[self.position(name).ok()?].1)
    }

    /// The value of a field, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        let index = self.position(name).ok()?;
        Some(&mut self.fields_mut()[index].1)
    }

    /// Whether there is such a field.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// Sets a field and gives what it was.
    pub fn insert(&mut self, name: impl Into<Text> + AsRef<str>, value: Value) -> Option<Value> {
        match self.position(name.as_ref()) {
            Ok(index) => Some(std::mem::replace(&mut self.fields_mut()[index].1, value)),
            Err(index) => {
                self.fields_mut().insert(index, (name.into(), value));
                None
            }
        }
    }

    /// Takes a field away and gives what it was.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let index = self.position(name).ok()?;
        Some(self.fields_mut().remove(index).1)
    }

    /// Takes a field away and gives it.
    pub fn remove_entry(&mut self, name: &str) -> Option<(Text, Value)> {
        let index = self.position(name).ok()?;
        Some(self.fields_mut().remove(index))
    }

    /// Keeps the fields that `keep` likes.
    pub fn retain(&mut self, mut keep: impl FnMut(&Text, &mut Value) -> bool) {
        self.fields_mut()
            .retain_mut(|(name, value)| keep(name, value));
    }

    /// The place of a field, whether it is there or not.
    pub fn entry(&mut self, name: impl Into<Text> + AsRef<str>) -> Entry<'_> {
        let (index, missing) = match self.position(name.as_ref()) {
            Ok(index) => (index, None),
            Err(index) => (index, Some(name.into())),
        };
        Entry {
            fields: self.fields_mut(),
            index,
            missing,
        }
    }

    /// All fields.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.fields().iter())
    }

    /// All fields, to change.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&Text, &mut Value)> {
        self.fields_mut()
            .iter_mut()
            .map(|(name, value)| (&*name, value))
    }

    /// The names of all fields.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Text> + ExactSizeIterator + Clone {
        self.fields().iter().map(|(name, _)| name)
    }

    /// The values of all fields.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.fields().iter().map(|(_, value)| value)
    }

    /// The values of all fields, to change.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Value> {
        self.fields_mut().iter_mut().map(|(_, value)| value)
    }

    /// The values of all fields, without their names.
    pub fn into_values(self) -> impl DoubleEndedIterator<Item = Value> {
        self.into_iter().map(|(_, value)| value)
    }

    fn fields(&self) -> &[(Text, Value)] {
        self.0.as_ref().map_or(&[], |fields| fields.as_slice())
    }

    fn fields_mut(&mut self) -> &mut Vec<(Text, Value)> {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

/// The order of two names; most differ at their beginnings, which are compared at once.
fn order(a: &str, b: &str) -> Ordering {
    head(a).cmp(&head(b)).then_with(|| a.cmp(b))
}

/// The first eight bytes of a name, as a number in their order; those that it lacks are zero.
fn head(name: &str) -> u64 {
    let bytes = name.as_bytes();
    if let Some(first) = bytes.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let missing = 8 * (8 - bytes.len());
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            // What both hold falls out on the left.
            let rest = u64::from(u32::from_be_bytes(*last)) << missing & u64::from(u32::MAX);
            u64::from(u32::from_be_bytes(*first)) << 32 | rest
        }
        _ if bytes.is_empty() => 0,
        _ => bytes.iter().fold(0, |head, b| head << 8 | u64::from(*b)) << missing,
    }
}

/// The place of a field.
pub struct Entry<'a> {
    fields: &'a mut Vec<(Text, Value)>,
    index: usize,
    /// The name of a field that is not there.
    missing: Option<Text>,
}

impl<'a> Entry<'a> {
    /// The value there, or `value` put there.
    pub fn or_insert(self, value: Value) -> &'a mut Value {
        self.or_insert_with(|| value)
    }

    /// The value there, or what `make` makes, put there.
    pub fn or_insert_with(self, make: impl FnOnce() -> Value) -> &'a mut Value {
        if let Some(name) = self.missing {
            self.fields.insert(self.index, (name, make()));
        }
        &mut self.fields[self.index].1
    }
}

/// The fields of an object, one after the other.
#[derive(Clone)]
pub struct Iter<'a>(std::slice::Iter<'a, (Text, Value)>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Text, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(name, value)| (name, value))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Text, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Map {
    type Item = (&'a Text, &'a mut Value);
    type IntoIter = IterMut<'a>;

    fn into_iter(self) -> IterMut<'a> {
        IterMut(self.fields_mut().iter_mut())
    }
}

/// The fields of an object, one after the other, to change.
pub struct IterMut<'a>(std::slice::IterMut<'a, (Text, Value)>);

impl<'a> Iterator for IterMut<'a> {
    type Item = (&'a Text, &'a mut Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (&*name, value))
    }
}

impl IntoIterator for Map {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        let fields = self.0.map(Arc::unwrap_or_clone);
        fields.unwrap_or_default().into_iter()
    }
}

impl<N: Into<Text>> FromIterator<(N, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(fields: I) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value));
        Self::of_fields(fields.collect())
    }
}

impl<N: Into<Text> + AsRef<str>> Extend<(N, Value)> for Map {
    fn extend<I: IntoIterator<Item = (N, Value)>>(&mut self, fields: I) {
        for (name, value) in fields {
            self.insert(name, value);
        }
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared_with(other) || self.fields() == other.fields()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Index<&str> for Map {
    type Output = Value;

    /// The value of a field, which must be there.
    fn index(&self, name: &str) -> &Value {
        self.get(name).expect("there is such a field")
    }
}

impl IndexMut<&str> for Map {
    /// The value of a field, which must be there.
    fn index_mut(&mut self, name: &str) -> &mut Value {
        self.get_mut(name).expect("there is such a field")
    }
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn the_order_of_names_is_that_of_strings() {
        let names = [
            "",
            "\0",
            "a",
            "a\0",
            "ab",
            "abc",
            "abcd",
            "abcd\0",
            "abcde",
            "abcdef",
            "abcdefg",
            "abcdefgh",
            "abcdefgha",
            "abcdefghi",
            "abcdefh",
            "b",
            "äöüß",
            "äöüßa",
        ];
        for a in names {
            for b in names {
                assert_eq!(order(a, b), a.cmp(b), "{a:?} {b:?}");
            }
        }
    }
}
