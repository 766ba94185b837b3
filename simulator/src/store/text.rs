//! The JSON text of an object.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};

use crate::json::{Value, write, write_string};

/// As much room as is kept from one text to the next, in bytes; most objects take less.
const ROOM_BYTES: usize = 64 * 1024;

thread_local! {
    /// Where texts are written: they stay for long, in no more room than they need.
    static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The text of an object and where in it its metadata is.
#[derive(Clone, Debug)]
pub(super) struct Text {
    whole: Bytes,
    metadata: Range<usize>,
}

impl Text {
    /// Writes an object.
    pub(super) fn of(object: &Value) -> Self {
        ROOM.with_borrow_mut(|text| {
            let mut metadata = 0..0;
            text.clear();
            text.push(b'{');
            for (name, field) in object.as_object().into_iter().flatten() {
                write_name(text, name);
                let start = text.len();
                write(text, field);
                if name == "metadata" {
                    metadata = start..text.len();
                }
            }
            text.push(b'}');
            let whole = Bytes::copy_from_slice(text);
            text.shrink_to(ROOM_BYTES);
            Self { whole, metadata }
        })
    }

    /// All of it.
    pub(super) fn whole(&self) -> &Bytes {
        &self.whole
    }

    /// The text of `metadata`.
    pub(super) fn metadata(&self) -> Bytes {
        self.whole.slice(self.metadata.clone())
    }

    /// The text with another revision.
    pub(super) fn restamped(&self, revision: u64) -> Self {
        let known: Result<BTreeMap<Cow<str>, &RawValue>, _> =
            serde_json::from_slice(&self.whole[self.metadata.clone()]);
        let mut fields = known.expect("the text of metadata was written from a value");
        let stamp = to_raw_value(&revision.to_string()).expect("a number has a text");
        fields.insert("resourceVersion".into(), &stamp);
        let metadata = serde_json::to_vec(&fields).expect("fields with texts have a text");
        let (start, end) = (self.metadata.start, self.metadata.end);
        let whole = [&self.whole[..start], &metadata, &self.whole[end..]].concat();
        Self {
            whole: whole.into(),
            metadata: start..start + metadata.len(),
        }
    }
}

/// Writes the name of a field, after a comma unless it is the first.
fn write_name(text: &mut Vec<u8>, name: &str) {
    if text.last() != Some(&b'{') {
        text.push(b',');
    }
    write_string(text, name);
    text.push(b':');
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::json::json;

    #[test]
    fn a_text_is_what_serde_json_writes() {
        let object = json!({
            "a": [], "b": [1, -2, 0.5, null, true, false], "c{": {"{": {}, "\"": "\n\\"},
            "metadata": {"name": "ä\u{1}\u{7f}"}, "z": [{}, {"y": "x"}]
        });
        let text = Text::of(&object);
        assert_eq!(text.whole(), object.to_string().as_bytes());
        assert_eq!(text.metadata(), object["metadata"].to_string().as_bytes());
    }

    #[test]
    fn a_text_takes_another_revision_and_stays_as_it_is_otherwise() {
        let object = |revision: &str| json!({"a": {"resourceVersion": "1"}, "metadata": {"name": "n", "resourceVersion": revision, "uid": "u"}, "z": 1});
        let restamped = Text::of(&object("1")).restamped(23);
        assert_eq!(restamped.whole(), object("23").to_string().as_bytes());
        assert_eq!(
            restamped.metadata(),
            object("23")["metadata"].to_string().as_bytes()
        );
    }
}
