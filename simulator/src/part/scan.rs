//! JSON text taken apart without being read.

use std::ops::Range;

use serde::de::Error as _;
use serde_json::Error;

/// A place in JSON text.
///
/// What it passes over it does not check: whoever reads that part finds out whether it is JSON.
pub(super) struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Scanner<'t> {
    /// Stands before a text.
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Passes over the object that follows and says where it is; `visit` gets each name, and passes over its value.
    pub(super) fn each_field(
        &mut self,
        mut visit: impl FnMut(&mut Self, &'t [u8]) -> Result<(), Error>,
    ) -> Result<Range<usize>, Error> {
        self.pass(b'{', "object")?;
        let start = self.at - 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(start..self.at);
        }
        loop {
            self.pass(b'"', "field")?;
            let name = self.string()?;
            self.pass(b':', "colon")?;
            visit(self, &self.text[name])?;
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => break,
            }
        }
        self.pass(b'}', "end of an object")?;
        Ok(start..self.at)
    }

    /// Passes over the value that follows and says where it is.
    pub(super) fn value(&mut self) -> Result<Range<usize>, Error> {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'{' | b'[') => self.nested()?,
            Some(b'"') => {
                self.at += 1;
                self.string()?;
            }
            _ => self.plain(),
        }
        Ok(start..self.at)
    }

    /// Passes over a list or an object to its end.
    fn nested(&mut self) -> Result<(), Error> {
        let mut depth = 0_usize;
        while let Some(byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 1 => return Ok(()),
                b'}' | b']' => depth -= 1,
                _ => {}
            }
        }
        Err(self.lacks("end of a value"))
    }

    /// Passes over what is left of a string and says where its content is.
    fn string(&mut self) -> Result<Range<usize>, Error> {
        let start = self.at;
        loop {
            self.plain_text();
            match self.text.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(start..self.at - 1);
                }
                Some(_) if self.at + 1 < self.text.len() => self.at += 2,
                _ => return Err(self.lacks("end of a string")),
            }
        }
    }

    /// Passes over the bytes of a string up to a quotation mark or a backslash.
    fn plain_text(&mut self) {
        while let Some(word) = self.text[self.at..].first_chunk() {
            match quote_or_backslash(*word) {
                Some(offset) => {
                    self.at += offset;
                    return;
                }
                None => self.at += word.len(),
            }
        }
        let rest = self.text[self.at..].iter();
        let plain = rest.take_while(|byte| !matches!(byte, b'"' | b'\\'));
        self.at += plain.count();
    }

    /// Passes over a number, a boolean or `null`.
    fn plain(&mut self) {
        let rest = &self.text[self.at..];
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
    }

    /// The next byte that is no space, which becomes the place.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text[self.at..];
        self.at += rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.text.get(self.at).copied()
    }

    fn pass(&mut self, byte: u8, what: &str) -> Result<(), Error> {
        if self.peek() != Some(byte) {
            return Err(self.lacks(what));
        }
        self.at += 1;
        Ok(())
    }

    fn lacks(&self, what: &str) -> Error {
        Error::custom(format_args!("no {what} at byte {}", self.at))
    }
}

/// Where the first quotation mark or backslash is, looked for in all bytes at once: most of a text is in strings.
fn quote_or_backslash(word: [u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    let word = u64::from_le_bytes(word);
    let zeros = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes & HIGHS;
    // Above a find there may be false ones, but not below.
    let found = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn fields(text: &str) -> Result<Vec<(&str, &str)>, Error> {
        let mut found = Vec::new();
        let mut scanner = Scanner::new(text.as_bytes());
        scanner.each_field(|scanner, name| {
            let value = scanner.value()?;
            found.push((std::str::from_utf8(name).unwrap(), &text[value]));
            Ok(())
        })?;
        Ok(found)
    }

    #[rstest]
    #[case::empty("{}", &[])]
    #[case::plain(r#"{"a":1,"b":null,"c":true}"#, &[("a", "1"), ("b", "null"), ("c", "true")])]
    #[case::nested(r#"{"a":{"b":[1,{"c":2}]},"d":[]}"#, &[("a", r#"{"b":[1,{"c":2}]}"#), ("d", "[]")])]
    #[case::brackets_in_strings(r#"{"a":{"}":"]{\"}\\"},"b":"}"}"#, &[("a", r#"{"}":"]{\"}\\"}"#), ("b", r#""}""#)])]
    #[case::strings_of_one_word_and_more(r#"{"a":"12345678","b":"1234567\\","c":"12345678\"1234567890"}"#, &[("a", r#""12345678""#), ("b", r#""1234567\\""#), ("c", r#""12345678\"1234567890""#)])]
    #[case::neighbours_of_the_bytes_looked_for(r#"{"a":"!#[]¢£ÜÝ","b":1}"#, &[("a", r#""!#[]¢£ÜÝ""#), ("b", "1")])]
    #[case::spaces(" { \"a\" : 1 , \"b\" : [ 2 ] } ", &[("a", "1"), ("b", "[ 2 ]")])]
    fn fields_are_found(#[case] text: &str, #[case] expected: &[(&str, &str)]) {
        assert_eq!(fields(text).unwrap(), expected);
    }

    #[rstest]
    #[case::list("[]", "no object at byte 0")]
    #[case::cut_short(r#"{"a":{"b":1}"#, "no end of an object at byte 12")]
    #[case::cut_in_a_value(r#"{"a":{"b":1"#, "no end of a value at byte 11")]
    #[case::cut_in_a_string(r#"{"a":"b"#, "no end of a string at byte 7")]
    #[case::cut_after_a_backslash(r#"{"a":"12345678\"#, "no end of a string at byte 14")]
    #[case::no_colon(r#"{"a" 1}"#, "no colon at byte 5")]
    fn text_that_is_no_object_is_refused(#[case] text: &str, #[case] message: &str) {
        assert_eq!(fields(text).unwrap_err().to_string(), message);
    }
}
