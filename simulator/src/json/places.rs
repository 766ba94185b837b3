//! Where fields stand in a text.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Those of the `wanted` paths that occur in a JSON text, which has been read before, in its order and as often as they do.
pub(crate) fn occurrences(text: &str, wanted: &BTreeSet<String>) -> Vec<String> {
    let mut places = Places {
        wanted,
        path: String::new(),
        found: Vec::new(),
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = (&mut places).deserialize(&mut reader);
    debug_assert!(read.is_ok(), "the text has been read before");
    places.found
}

struct Places<'w> {
    wanted: &'w BTreeSet<String>,
    path: String,
    found: Vec<String>,
}

impl<'de> DeserializeSeed<'de> for &mut Places<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Places<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let n_bytes = self.path.len();
        let mut index = 0;
        loop {
            self.path.push_str(&format!("[{index}]"));
            let element = sequence.next_element_seed(&mut *self)?;
            self.path.truncate(n_bytes);
            if element.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let n_bytes = self.path.len();
        while let Some(name) = map.next_key::<Cow<str>>()? {
            if n_bytes > 0 {
                self.path.push('.');
            }
            self.path.push_str(&name);
            if self.wanted.contains(&self.path) {
                self.found.push(self.path.clone());
            }
            map.next_value_seed(&mut *self)?;
            self.path.truncate(n_bytes);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_in_the_order_of_the_text() {
        let text =
            r#"{"b": 1, "a": {"z": [{"y": 1}, {"x": 1.5}], "b": null}, "b": "again", "c": 1}"#;
        let wanted = ["a.b", "a.z[1].x", "b", "d"].map(str::to_owned);
        let found = occurrences(text, &BTreeSet::from(wanted));
        assert_eq!(found, ["b", "a.z[1].x", "a.b", "b"]);
    }
}
