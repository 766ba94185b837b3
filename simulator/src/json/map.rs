//! The fields of an object.

use std::fmt;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use super::{Text, Value};

/// The fields of an object in the order of their names; a copy shares them until one of the two is changed.
#[derive(Clone, Default)]
pub struct Map(Arc<Vec<(Text, Value)>>);

impl Map {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Fields in any order; of those with one name the last counts.
    pub(super) fn of_fields(mut fields: Vec<(Text, Value)>) -> Self {
        if !fields.is_sorted_by(|(a, _), (b, _)| a < b) {
            fields.reverse();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            fields.dedup_by(|(a, _), (b, _)| a == b);
        }
        Self(Arc::new(fields))
    }

    /// Whether both are the same in memory.
    #[must_use]
    pub(crate) fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether another map shares the fields.
    pub(super) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(known, _)| known.as_str().cmp(name))
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        Some(&self.0[self.position(name).ok()?].1)
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
        Iter(self.0.iter())
    }

    /// All fields, to change.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&Text, &mut Value)> {
        self.fields_mut()
            .iter_mut()
            .map(|(name, value)| (&*name, value))
    }

    /// The names of all fields.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Text> + ExactSizeIterator + Clone {
        self.0.iter().map(|(name, _)| name)
    }

    /// The values of all fields.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values of all fields, to change.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Value> {
        self.fields_mut().iter_mut().map(|(_, value)| value)
    }

    /// The values of all fields, without their names.
    pub fn into_values(self) -> impl DoubleEndedIterator<Item = Value> {
        self.into_iter().map(|(_, value)| value)
    }

    fn fields_mut(&mut self) -> &mut Vec<(Text, Value)> {
        Arc::make_mut(&mut self.0)
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
        Arc::unwrap_or_clone(self.0).into_iter()
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
        self.is_shared_with(other) || *self.0 == *other.0
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
