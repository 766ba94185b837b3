//! The fields of an object.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Index, IndexMut};

use ecow::EcoVec;

use super::{Text, Value};

/// The fields of an object, or other things by name, in the order of their names; a copy shares them until one of the
/// two is changed.
///
/// Most are those of field sets and have none, and take no room for that. Fields and the count of who shares them lie
/// together: half of what a simulation allocates is such maps.
#[derive(Clone)]
pub struct Map<V = Value>(EcoVec<Field<V>>);

/// A field with what decides about its order, nearly always, at hand.
#[derive(Clone)]
struct Field<V> {
    head: u64,
    name: Text,
    value: V,
}

impl<V> Field<V> {
    fn new(name: Text, value: V) -> Self {
        let head = head(name.as_bytes());
        Self { head, name, value }
    }

    fn order(&self, other: &Self) -> Ordering {
        self.order_by_name(other.head, &other.name)
    }

    fn order_by_name(&self, head: u64, name: &str) -> Ordering {
        let order = self.head.cmp(&head);
        order.then_with(|| order_behind_heads(self.name.as_bytes(), name.as_bytes()))
    }
}

/// The fields of a map to be, in any order; of those with one name the last counts.
pub(super) struct Unsorted<V = Value>(EcoVec<Field<V>>);

impl<V: Clone> Unsorted<V> {
    pub(super) fn with_capacity(n_fields: usize) -> Self {
        Self(EcoVec::with_capacity(n_fields))
    }

    pub(super) fn push(&mut self, name: Text, value: V) {
        self.0.push(Field::new(name, value));
    }
}

impl<V: Clone> From<Unsorted<V>> for Map<V> {
    fn from(Unsorted(mut fields): Unsorted<V>) -> Self {
        let is_before = |a: &Field<V>, b: &Field<V>| a.order(b).is_lt();
        if !fields.is_sorted_by(is_before) {
            let sorted = fields.make_mut();
            sorted.reverse();
            sorted.sort_by(Field::order);
            if !sorted.is_sorted_by(is_before) {
                let mut once = sorted.to_vec();
                once.dedup_by(|a, b| a.name == b.name);
                fields = once.into();
            }
        }
        Self(fields)
    }
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self(EcoVec::new())
    }
}

impl<V: Clone> Map<V> {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether both are the same in memory.
    #[must_use]
    pub(crate) fn is_shared_with(&self, other: &Self) -> bool {
        std::ptr::eq(self.fields(), other.fields())
    }

    /// Where the fields lie in memory: the same for maps that share them, and, while both live, for no others that are not
    /// empty.
    #[must_use]
    pub(crate) fn address(&self) -> usize {
        self.fields().as_ptr().addr()
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
        let head = head(name.as_bytes());
        let fields = self.fields();
        // Comparing no more than numbers, this takes no branches.
        let begin = fields.partition_point(|field| field.head < head);
        match fields.get(begin) {
            Some(first) if first.head == head => {
                if is_same_behind_heads(first.name.as_bytes(), name.as_bytes()) {
                    return Ok(begin);
                }
            }
            _ => return Err(begin),
        }
        let same = &fields[begin..];
        let same = match same.get(1) {
            Some(second) if second.head == head => {
                &same[..same.partition_point(|field| field.head == head)]
            }
            _ => &same[..1],
        };
        let found = same.binary_search_by(|field| field.order_by_name(head, name));
        found
            .map(|index| begin + index)
            .map_err(|index| begin + index)
    }

    /// Where a field is or belongs; most that are added come in their order.
    fn place(&self, name: &str) -> Result<usize, usize> {
        let head = head(name.as_bytes());
        match self.fields().last() {
            Some(last) if last.order_by_name(head, name).is_ge() => self.position(name),
            _ => Err(self.len()),
        }
    }

    /// Calls `visit` once for every field of either map, both being walked side by side.
    pub(crate) fn each_of<'a>(
        before: Option<&'a Self>,
        after: Option<&'a Self>,
        mut visit: impl FnMut(&'a str, Option<&'a V>, Option<&'a V>),
    ) {
        let fields = |map: Option<&'a Self>| map.map_or(&[][..], Self::fields).iter().peekable();
        let (mut old, mut new) = (fields(before), fields(after));
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.order(new),
            };
            let gone = if order.is_le() { old.next() } else { None };
            let come = if order.is_ge() { new.next() } else { None };
            if let Some(field) = gone.or(come) {
                let value = |field: Option<&'a Field<V>>| field.map(|field| &field.value);
                visit(&field.name, value(gone), value(come));
            }
        }
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&V> {
        Some(&self.fields()[self.position(name).ok()?].value)
    }

    /// The value of a field, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        let index = self.position(name).ok()?;
        Some(&mut self.0.make_mut()[index].value)
    }

    /// Whether there is such a field.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// Sets a field and gives what it was.
    pub fn insert(&mut self, name: impl Into<Text> + AsRef<str>, value: V) -> Option<V> {
        match self.place(name.as_ref()) {
            Ok(index) => Some(std::mem::replace(
                &mut self.0.make_mut()[index].value,
                value,
            )),
            Err(index) => {
                self.0.insert(index, Field::new(name.into(), value));
                None
            }
        }
    }

    /// Takes a field away and gives what it was.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        let index = self.position(name).ok()?;
        Some(self.0.remove(index).value)
    }

    /// Takes a field away and gives it.
    pub fn remove_entry(&mut self, name: &str) -> Option<(Text, V)> {
        let index = self.position(name).ok()?;
        let field = self.0.remove(index);
        Some((field.name, field.value))
    }

    /// Keeps the fields that `keep` likes.
    pub fn retain(&mut self, mut keep: impl FnMut(&Text, &mut V) -> bool) {
        self.0.retain(|field| keep(&field.name, &mut field.value));
    }

    /// The place of a field, whether it is there or not.
    pub fn entry(&mut self, name: impl Into<Text> + AsRef<str>) -> Entry<'_, V> {
        let (index, missing) = match self.position(name.as_ref()) {
            Ok(index) => (index, None),
            Err(index) => (index, Some(name.into())),
        };
        Entry {
            fields: &mut self.0,
            index,
            missing,
        }
    }

    /// All fields.
    pub fn iter(&self) -> Iter<'_, V> {
        Iter(self.fields().iter())
    }

    /// All fields, to change.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&Text, &mut V)> {
        self.0
            .make_mut()
            .iter_mut()
            .map(|field| (&field.name, &mut field.value))
    }

    /// The names of all fields.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Text> + ExactSizeIterator + Clone {
        self.fields().iter().map(|field| &field.name)
    }

    /// The values of all fields.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator + Clone {
        self.fields().iter().map(|field| &field.value)
    }

    /// The values of all fields, to change.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
        self.0.make_mut().iter_mut().map(|field| &mut field.value)
    }

    /// The values of all fields, without their names.
    pub fn into_values(self) -> impl DoubleEndedIterator<Item = V> {
        self.into_iter().map(|(_, value)| value)
    }

    fn fields(&self) -> &[Field<V>] {
        self.0.as_slice()
    }
}

/// The order of two names whose heads are equal.
fn order_behind_heads(a: &[u8], b: &[u8]) -> Ordering {
    match (a.get(HEAD..), b.get(HEAD..)) {
        (Some(a), Some(b)) => a.cmp(b),
        // One is the beginning of the other.
        _ => a.len().cmp(&b.len()),
    }
}

/// Whether two names whose heads are equal are the same.
fn is_same_behind_heads(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && match (a.last_chunk::<HEAD>(), b.last_chunk::<HEAD>()) {
            // Their ends are all that is left: numbers again.
            (Some(a_end), Some(b_end)) if a.len() <= 2 * HEAD => a_end == b_end,
            (Some(_), Some(_)) => a[HEAD..] == b[HEAD..],
            _ => true,
        }
}

/// How many bytes of a name are its head.
const HEAD: usize = 8;

/// The first bytes of a name, as a number in their order; those that it lacks are zero.
fn head(bytes: &[u8]) -> u64 {
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
pub struct Entry<'a, V = Value> {
    fields: &'a mut EcoVec<Field<V>>,
    index: usize,
    /// The name of a field that is not there.
    missing: Option<Text>,
}

impl<'a, V: Clone> Entry<'a, V> {
    /// The value there, or `value` put there.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// The value there, or what `make` makes, put there.
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'a mut V {
        if let Some(name) = self.missing {
            self.fields.insert(self.index, Field::new(name, make()));
        }
        &mut self.fields.make_mut()[self.index].value
    }
}

/// The fields of an object, one after the other.
#[derive(Clone)]
pub struct Iter<'a, V = Value>(std::slice::Iter<'a, Field<V>>);

impl<'a, V> Iterator for Iter<'a, V> {
    type Item = (&'a Text, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|field| (&field.name, &field.value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<V> DoubleEndedIterator for Iter<'_, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|field| (&field.name, &field.value))
    }
}

impl<V> ExactSizeIterator for Iter<'_, V> {}

impl<'a, V: Clone> IntoIterator for &'a Map<V> {
    type Item = (&'a Text, &'a V);
    type IntoIter = Iter<'a, V>;

    fn into_iter(self) -> Iter<'a, V> {
        self.iter()
    }
}

impl<'a, V: Clone> IntoIterator for &'a mut Map<V> {
    type Item = (&'a Text, &'a mut V);
    type IntoIter = IterMut<'a, V>;

    fn into_iter(self) -> IterMut<'a, V> {
        IterMut(self.0.make_mut().iter_mut())
    }
}

/// The fields of an object, one after the other, to change.
pub struct IterMut<'a, V = Value>(std::slice::IterMut<'a, Field<V>>);

impl<'a, V> Iterator for IterMut<'a, V> {
    type Item = (&'a Text, &'a mut V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|field| (&field.name, &mut field.value))
    }
}

impl<V: Clone> IntoIterator for Map<V> {
    type Item = (Text, V);
    type IntoIter = IntoIter<V>;

    fn into_iter(self) -> IntoIter<V> {
        IntoIter(self.0.into_iter())
    }
}

/// The fields of an object, one after the other, taken out of it.
pub struct IntoIter<V: Clone = Value>(ecow::vec::IntoIter<Field<V>>);

impl<V: Clone> Iterator for IntoIter<V> {
    type Item = (Text, V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|field| (field.name, field.value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<V: Clone> DoubleEndedIterator for IntoIter<V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|field| (field.name, field.value))
    }
}

impl<V: Clone> ExactSizeIterator for IntoIter<V> {}

impl<N: Into<Text>, V: Clone> FromIterator<(N, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let fields = fields.into_iter();
        let fields = fields.map(|(name, value)| Field::new(name.into(), value));
        Unsorted(fields.collect()).into()
    }
}

impl<N: Into<Text> + AsRef<str>, V: Clone> Extend<(N, V)> for Map<V> {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, fields: I) {
        for (name, value) in fields {
            self.insert(name, value);
        }
    }
}

impl<V: Clone + PartialEq> PartialEq for Map<V> {
    fn eq(&self, other: &Self) -> bool {
        let are_same = |(one, other): (&Field<V>, &Field<V>)| {
            one.order(other).is_eq() && one.value == other.value
        };
        self.is_shared_with(other)
            || self.len() == other.len() && self.fields().iter().zip(other.fields()).all(are_same)
    }
}

impl<V: Clone + fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V: Clone> Index<&str> for Map<V> {
    type Output = V;

    /// The value of a field, which must be there.
    fn index(&self, name: &str) -> &V {
        self.get(name).expect("there is such a field")
    }
}

impl<V: Clone> IndexMut<&str> for Map<V> {
    /// The value of a field, which must be there.
    fn index_mut(&mut self, name: &str) -> &mut V {
        self.get_mut(name).expect("there is such a field")
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Text};

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
                let [one, other] = [a, b].map(|name| Field::new(Text::from(name), ()));
                assert_eq!(one.order(&other), a.cmp(b), "{a:?} {b:?}");
            }
        }
    }
}
